from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from backend.accounts import selectors, services
from backend.accounts.exceptions import InvitationOver
from backend.accounts.models import Invitation
from backend.projects.models import AuditEntry, Membership, Project, Role, User
from tests.factories.runs import a_project, a_user

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery staple"


@pytest.fixture
def owner() -> User:
    return a_user("mira")


@pytest.fixture
def project(owner: User) -> Project:
    return a_project(owner)


def link_to(project: Project, role: Role = Role.REVIEWER, days: int = 7) -> str:
    owner = project.memberships.get(role=Role.OWNER).user
    return services.invite(project=project, role=role, note="", days=days, by=owner)[1]


def join(client: Client, token: str, **change: object):
    body = {"username": "ada", "display_name": "Ada L.", "password": PASSWORD, **change}
    return client.post(f"/api/invitations/{token}/join/", body, content_type="application/json")


def test_an_owner_makes_a_link_that_is_shown_once(client_of, owner: User, project: Project):
    client = client_of(owner)
    address = f"/api/projects/{project.pk}/invitations/"
    made = client.post(address, {"role": "reviewer", "note": "for Ada"}, content_type="application/json")
    assert made.status_code == 201
    token = made.json()["path"].removeprefix("/invite/")
    assert len(token) == 43
    listed = client.get(address)
    assert [row["note"] for row in listed.json()] == ["for Ada"]
    assert token not in listed.content.decode()
    assert Invitation.objects.get().digest == selectors.digest_of(token)
    assert AuditEntry.objects.get().kind == "member.invited"
    assert token not in str(AuditEntry.objects.get().facts)


def test_the_link_says_what_it_invites_to_and_no_more(client: Client, owner: User, project: Project):
    shown = client.get(f"/api/invitations/{link_to(project)}/").json()
    assert (shown["project"], shown["role"], shown["invited_by"]) == (project.name, "reviewer", "mira")
    assert shown["project_id"] is None


def test_a_newcomer_makes_an_account_and_is_in(client: Client, project: Project):
    made = join(client, link_to(project), email="ada@example.org")
    assert made.status_code == 201
    assert made.json()["user"]["display_name"] == "Ada L."
    assert client.get(f"/api/projects/{project.pk}/").json()["role"] == "reviewer"
    assert AuditEntry.objects.filter(kind="member.joined").count() == 1


def test_somebody_with_an_account_accepts(client_of, project: Project):
    ada = a_user("ada")
    client = client_of(ada)
    assert client.get(f"/api/projects/{project.pk}/").status_code == 404
    done = client.post(f"/api/invitations/{link_to(project)}/accept/")
    assert (done.status_code, done.json()) == (200, {"project": project.pk, "role": "reviewer"})
    assert client.get(f"/api/projects/{project.pk}/").status_code == 200


def test_a_link_works_once(client_of, project: Project):
    token = link_to(project)
    assert client_of(a_user()).post(f"/api/invitations/{token}/accept/").status_code == 200
    for client in (client_of(a_user()), Client()):
        assert client.get(f"/api/invitations/{token}/").status_code == 410
    refused = client_of(a_user()).post(f"/api/invitations/{token}/accept/")
    assert (refused.status_code, refused.json()["code"]) == (410, "invitation_over")
    assert "used already" in refused.json()["message"]
    assert join(Client(), token).status_code == 410
    assert project.memberships.count() == 2
    assert not User.objects.filter(username="ada").exists()


@pytest.mark.parametrize("how", ["revoked", "expired", "inviter switched off", "inviter demoted"])
def test_a_link_that_does_not_hold_is_refused(client_of, owner: User, project: Project, how: str):
    token = link_to(project)
    if how == "revoked":
        client_of(owner).delete(f"/api/projects/{project.pk}/invitations/{Invitation.objects.get().pk}/")
    elif how == "expired":
        Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    elif how == "inviter switched off":
        User.objects.filter(pk=owner.pk).update(is_active=False)
    else:
        other = a_user()
        Membership.objects.create(project=project, user=other, role=Role.OWNER)
        services.change_role(project=project, member=owner.pk, role=Role.VIEWER, by=other)
    assert client_of(a_user()).post(f"/api/invitations/{token}/accept/").status_code == 410
    assert join(Client(), token).status_code == 410


@pytest.mark.parametrize("token", ["x", "a" * 43, "a" * 5000, "%00", "%E2%80%AEabc", "<script>"])
def test_a_guessed_token_is_nothing(client: Client, token: str):
    refused = client.get(f"/api/invitations/{token}/")
    assert (refused.status_code, refused.json()["code"]) == (404, "no_such_invitation")


def test_a_link_never_makes_a_member_less_and_is_left_to_others(client_of, owner: User, project: Project):
    token = link_to(project, Role.VIEWER)
    answer = client_of(owner).post(f"/api/invitations/{token}/accept/").json()
    assert answer["role"] == "owner"
    assert client_of(a_user()).post(f"/api/invitations/{token}/accept/").status_code == 200


def test_a_link_makes_a_member_more(client_of, project: Project):
    ada = a_user()
    Membership.objects.create(project=project, user=ada, role=Role.VIEWER)
    assert client_of(ada).post(f"/api/invitations/{link_to(project, Role.MANAGER)}/accept/").json()["role"] == "manager"


@pytest.mark.parametrize(
    "change",
    [
        {"username": "<script>alert(1)</script>"},
        {"username": "ada\u202egnp"},
        {"username": "ada\u0000"},
        {"username": "a" * 10_000},
        {"username": "../../etc"},
        {"username": ""},
        {"username": None},
        {"username": {"a": 1}},
        {"display_name": "Ada\u202e"},
        {"display_name": "<script>"},
        {"display_name": "A" * 10_000},
        {"password": "short"},
        {"password": "password12"},
        {"password": "ada.lovelace", "username": "ada.lovelace"},
        {"password": "x" * 10_000},
        {"email": "no address"},
        {"email": "ada@example.org\r\nBcc: all@example.org"},
    ],
)
def test_an_account_that_cannot_be_is_refused_in_words_and_leaves_the_link(
    client: Client, project: Project, change: dict[str, object]
):
    token = link_to(project)
    refused = join(client, token, **change)
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid")
    assert User.objects.count() == 1
    assert client.get(f"/api/invitations/{token}/").status_code == 200


def test_a_name_somebody_has_in_another_case_is_taken(client: Client, project: Project):
    token = link_to(project)
    taken = join(client, token, username="MIRA")
    assert (taken.status_code, taken.json()["code"]) == (409, "name_taken")
    assert client.get(f"/api/invitations/{token}/").status_code == 200


def test_whoever_is_signed_in_makes_no_second_account(client_of, project: Project):
    assert join(client_of(a_user()), link_to(project)).status_code == 409


def test_joining_needs_the_csrf_token(project: Project):
    client = Client(enforce_csrf_checks=True)
    assert join(client, link_to(project)).json()["code"] == "csrf_failed"


def test_another_projects_invitations_stay_out(client_of, owner: User, project: Project):
    link_to(project)
    stranger = a_user()
    theirs = a_project(stranger)
    client = client_of(stranger)
    assert client.get(f"/api/projects/{theirs.pk}/invitations/").json() == []
    mine = Invitation.objects.get().pk
    assert client.delete(f"/api/projects/{theirs.pk}/invitations/{mine}/").status_code == 404
    assert client.delete(f"/api/projects/{project.pk}/invitations/{mine}/").status_code == 404
    assert Invitation.objects.open().exists()


@pytest.mark.parametrize(
    "body", [{"role": "god"}, {"role": "viewer", "days": 0}, {"role": "viewer", "days": 10**9}, {}, {"role": None}]
)
def test_an_invitation_that_cannot_be_is_refused(client_of, owner: User, project: Project, body: dict[str, object]):
    address = f"/api/projects/{project.pk}/invitations/"
    assert client_of(owner).post(address, body, content_type="application/json").status_code == 400


@pytest.mark.django_db(transaction=True)
def test_of_two_people_with_one_link_one_gets_in():
    project = a_project(a_user("mira"))
    invitation = selectors.invitation_of(link_to(project))
    people = [a_user(), a_user()]
    start = threading.Barrier(2)
    refused: list[str] = []

    def accept(user: User) -> None:
        start.wait()
        try:
            services.accept_invitation(invitation=Invitation.objects.get(pk=invitation.pk), by=user)
        except InvitationOver as error:
            refused.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=accept, args=(user,)) for user in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == ["invitation_over"]
    assert project.memberships.count() == 2
