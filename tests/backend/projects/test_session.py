from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from backend import VERSION
from backend.projects import services
from backend.projects.models import FailedSignIn
from tests.factories.runs import a_user

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery staple"
SESSION = "/api/session/"
SIGN_IN = "/api/auth/login/"
OFFERED = {"version": VERSION, "oidc": [], "email": False}


def sign_in(client: Client, username: str, password: str = PASSWORD, **extra: str):
    return client.post(SIGN_IN, {"username": username, "password": password}, content_type="application/json", **extra)


def test_signing_in_and_out(client: Client):
    user = a_user("ada")
    assert client.get(SESSION).json() == {"user": None, **OFFERED}
    signed_in = sign_in(client, "ada")
    assert signed_in.status_code == 200
    assert signed_in.json() == {"user": {"id": user.pk, "username": "ada", "display_name": "ada"}, **OFFERED}
    assert client.get(SESSION).json()["user"]["id"] == user.pk
    assert client.delete(SESSION).status_code == 204
    assert client.get(SESSION).json()["user"] is None


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(client: Client):
    a_user("ada")
    cookie = sign_in(client, "ada").cookies["kineme_session"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


@pytest.mark.parametrize(("username", "password"), [("ada", "wrong"), ("nobody", PASSWORD), ("a" * 150, "x" * 1000)])
def test_a_wrong_name_and_a_wrong_password_look_the_same(client: Client, username: str, password: str):
    a_user("ada")
    response = sign_in(client, username, password)
    assert (response.status_code, response.json()) == (
        400,
        {"code": "invalid_credentials", "message": "The name or the password is wrong."},
    )


@pytest.mark.parametrize(
    "body",
    [
        '{"username": "ada"}',
        '{"username": "ada\\u0000", "password": "x"}',
        "[]",
        '"x"',
        "{",
        '{"username": {"a": 1}, "password": []}',
    ],
)
def test_a_body_that_is_no_credentials_is_refused_in_words(client: Client, body: str):
    response = client.post(SIGN_IN, body, content_type="application/json")
    assert response.status_code == 400
    assert set(response.json()) >= {"code", "message"}


def test_signing_in_needs_the_csrf_token():
    a_user("ada")
    client = Client(enforce_csrf_checks=True)
    refused = sign_in(client, "ada")
    assert (refused.status_code, refused.json()["code"]) == (403, "csrf_failed")
    client.get(SESSION)
    token = client.cookies["csrftoken"].value
    assert sign_in(client, "ada", headers={"X-CSRFToken": token}).status_code == 200


def test_writing_needs_the_csrf_token():
    client = Client(enforce_csrf_checks=True)
    client.force_login(a_user())
    refused = client.post("/api/projects/", {"name": "x"}, content_type="application/json")
    assert (refused.status_code, refused.json()["code"]) == (403, "csrf_failed")


def test_guessing_is_stopped_even_if_the_last_guess_is_right(client: Client):
    a_user("ada")
    for _ in range(services.MOST_FAILURES):
        assert sign_in(client, "Ada", "wrong").status_code == 400
    stopped = sign_in(client, "ada")
    assert (stopped.status_code, stopped.json()["code"]) == (429, "too_many_sign_ins")
    assert sign_in(client, "ada", REMOTE_ADDR="203.0.113.9").status_code == 200  # the owner, from elsewhere


def test_after_a_while_one_may_try_again(client: Client):
    a_user("ada")
    for _ in range(services.MOST_FAILURES):
        sign_in(client, "ada", "wrong")
    FailedSignIn.objects.update(at=timezone.now() - services.FAILURES_COUNT_FOR - timedelta(seconds=1))
    assert sign_in(client, "ada").status_code == 200
    assert not FailedSignIn.objects.exists()


def test_one_address_cannot_try_every_name(client: Client, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(services, "MOST_FAILURES_OF_ADDRESS", 5)
    assert [sign_in(client, f"user{n}", "wrong").status_code for n in range(6)] == [400] * 5 + [429]


def test_many_addresses_cannot_try_one_name(client: Client, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(services, "MOST_FAILURES_OF_NAME", 5)
    statuses = [sign_in(client, "ada", "wrong", REMOTE_ADDR=f"203.0.113.{n}").status_code for n in range(6)]
    assert statuses == [400] * 5 + [429]


def test_an_account_that_is_switched_off_does_not_sign_in(client: Client):
    user = a_user("ada")
    user.is_active = False
    user.save()
    assert sign_in(client, "ada").status_code == 400


def test_trying_on_while_stopped_does_not_make_the_wait_longer(client: Client):
    for _ in range(services.MOST_FAILURES):
        sign_in(client, "ada", "wrong")
    for _ in range(3):
        assert sign_in(client, "ada", "wrong").status_code == 429
    assert FailedSignIn.objects.count() == services.MOST_FAILURES


def test_a_name_is_one_name_in_whatever_case(client: Client):
    user = a_user("Ada")
    assert sign_in(client, "aDA").json()["user"]["id"] == user.pk


def test_who_is_signed_in_is_told_so_and_not_signed_in_twice(client: Client):
    a_user("ada")
    sign_in(client, "ada")
    again = sign_in(client, "ada")
    assert (again.status_code, again.json()["code"]) == (409, "signed_in_already")


def test_signing_in_changes_the_key_of_the_session(client: Client):
    a_user("ada")
    client.session.save()
    before = client.session.session_key
    sign_in(client, "ada")
    assert client.session.session_key != before


def test_a_stopped_guesser_hears_when_to_come_back(client: Client, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(services, "MOST_FAILURES", 0)
    assert sign_in(client, "ada", "wrong")["Retry-After"] == "900"
