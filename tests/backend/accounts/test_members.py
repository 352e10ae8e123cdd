from __future__ import annotations

import threading
from pathlib import Path

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client

from backend.accounts import services
from backend.accounts.exceptions import LastOwner
from backend.exports.models import Export
from backend.projects.audit import record
from backend.projects.models import AuditEntry, Membership, Project, Role, User
from backend.runs.models import RunStatus
from backend.versions.models import VocabularyVersion
from tests.factories.runs import a_project, a_run, a_user, a_video

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> User:
    return a_user("mira")


@pytest.fixture
def project(owner: User) -> Project:
    return a_project(owner)


def a_member(project: Project, role: Role = Role.VIEWER, name: str | None = None) -> User:
    user = a_user(name)
    Membership.objects.create(project=project, user=user, role=role)
    return user


def at(project: Project, user: User) -> str:
    return f"/api/projects/{project.pk}/members/{user.pk}/"


def test_a_viewer_sees_who_is_in_the_project_and_nobody_of_another(client_of, owner: User, project: Project):
    ada = a_member(project, name="ada")
    a_project(a_user("zoe"))
    rows = client_of(ada).get(f"/api/projects/{project.pk}/members/").json()
    assert [(row["user"]["username"], row["role"]) for row in rows] == [("ada", "viewer"), ("mira", "owner")]
    assert "email" not in rows[0]["user"]


def test_an_owner_changes_a_role(client_of, owner: User, project: Project):
    ada = a_member(project)
    changed = client_of(owner).patch(at(project, ada), {"role": "manager"}, content_type="application/json")
    assert changed.json()["role"] == "manager"
    entry = AuditEntry.objects.get()
    assert (entry.kind, entry.facts["before"], entry.by) == ("member.role_changed", "viewer", owner)


def test_an_owner_removes_a_member_who_then_sees_nothing(client_of, owner: User, project: Project):
    ada = a_member(project)
    client = client_of(ada)
    assert client.get(f"/api/projects/{project.pk}/").status_code == 200
    assert client_of(owner).delete(at(project, ada)).status_code == 204
    assert client.get(f"/api/projects/{project.pk}/").status_code == 404
    assert AuditEntry.objects.get().kind == "member.removed"


@pytest.mark.parametrize("role", [Role.VIEWER, Role.REVIEWER, Role.MANAGER])
def test_everybody_may_leave_and_none_but_owners_remove_others(client_of, project: Project, owner: User, role: Role):
    ada, ben = a_member(project, role), a_member(project)
    assert client_of(ada).delete(at(project, ben)).status_code == 403
    assert client_of(ada).patch(at(project, ada), {"role": "owner"}, content_type="application/json").status_code == 403
    assert client_of(ada).delete(at(project, ada)).status_code == 204


def test_the_last_owner_stays_one(client_of, owner: User, project: Project):
    a_member(project, Role.MANAGER)
    for answer in (
        client_of(owner).delete(at(project, owner)),
        client_of(owner).patch(at(project, owner), {"role": "viewer"}, content_type="application/json"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "last_owner")
    assert project.memberships.get(user=owner).role == Role.OWNER


def test_an_owner_who_is_switched_off_does_not_count(owner: User, project: Project):
    gone = a_member(project, Role.OWNER)
    User.objects.filter(pk=gone.pk).update(is_active=False)
    with pytest.raises(LastOwner):
        services.remove_member(project=project, member=owner.pk, by=owner)


def test_of_another_project_nobody_can_be_changed(client_of, owner: User, project: Project):
    stranger = a_user()
    theirs = a_project(stranger)
    assert client_of(owner).delete(at(project, stranger)).status_code == 404
    assert client_of(owner).delete(at(theirs, stranger)).status_code == 404
    assert client_of(owner).delete(f"/api/projects/{project.pk}/members/{10**30}/").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_two_owners_who_leave_at_once_do_not_both_get_away():
    owner = a_user()
    project = a_project(owner)
    other = a_member(project, Role.OWNER)
    start = threading.Barrier(2)
    refused: list[str] = []

    def leave(user: User) -> None:
        start.wait()
        try:
            services.remove_member(project=project, member=user.pk, by=user)
        except LastOwner as error:
            refused.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=leave, args=(user,)) for user in (owner, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == ["last_owner"]
    assert project.memberships.count() == 1


def test_an_owner_renames_and_describes_the_project(client_of, owner: User, project: Project):
    before = project.name
    address = f"/api/projects/{project.pk}/"
    changed = client_of(owner).patch(address, {"name": "Line 7"}, content_type="application/json")
    assert (changed.status_code, changed.json()["name"]) == (200, "Line 7")
    entry = AuditEntry.objects.get()
    assert (entry.kind, entry.facts) == ("project.renamed", {"before": before, "name": "Line 7"})
    described = client_of(owner).patch(address, {"description": "two arms"}, content_type="application/json")
    assert (described.json()["name"], described.json()["description"]) == ("Line 7", "two arms")


@pytest.mark.parametrize("name", ["", " ", "x" * 10_000, "a\u0000b", None, 7.5e300, []])
def test_a_name_that_cannot_be_is_refused(client_of, owner: User, project: Project, name: object):
    before = project.name
    answer = client_of(owner).patch(f"/api/projects/{project.pk}/", {"name": name}, content_type="application/json")
    project.refresh_from_db()
    assert answer.status_code == 400 or project.name == str(name)
    assert answer.status_code == 200 or project.name == before


def delete(client: Client, project: Project, name: object):
    return client.post(f"/api/projects/{project.pk}/delete/", {"name": name}, content_type="application/json")


def test_a_project_goes_with_all_that_is_in_it_and_takes_nothing_else(
    client_of, owner: User, project: Project, media: Path, django_capture_on_commit_callbacks
):
    video = a_video(project)
    video.path.parent.mkdir(parents=True)
    video.path.write_bytes(b"film")
    run = a_run(project, [video])
    version = VocabularyVersion.objects.create(
        project=project,
        run=run,
        number=1,
        name="first",
        digest="ab" * 32,
        frozen_by=owner,
        **dict.fromkeys(("n_actions", "n_segments", "n_named", "n_rated", "n_kept"), 0),
    )
    Export.objects.create(
        project=project, version=version, kind="laps", status="done", key="k", sha256="s", size_bytes=1, asked_by=owner
    )
    record(project, by=owner, kind="run.started", summary="A run began.")
    other = a_project(owner)
    record(other, by=owner, kind="run.started", summary="A run began.")
    with django_capture_on_commit_callbacks(execute=True):
        assert delete(client_of(owner), project, project.name).status_code == 204
    assert list(Project.objects.all()) == [other]
    assert AuditEntry.objects.get().project == other
    assert not video.path.exists()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        AuditEntry.objects.all().delete()


@pytest.mark.parametrize("typed", ["", "line", None, "x" * 10_000, "Line\u0000"])
def test_deleting_needs_the_name_typed(client_of, owner: User, project: Project, typed: object):
    assert delete(client_of(owner), project, typed).status_code == 400
    assert Project.objects.filter(pk=project.pk).exists()


def test_a_project_at_work_is_not_deleted(client_of, owner: User, project: Project):
    a_run(project, status=RunStatus.RUNNING)
    answer = delete(client_of(owner), project, project.name)
    assert (answer.status_code, answer.json()["code"]) == (409, "project_in_use")
