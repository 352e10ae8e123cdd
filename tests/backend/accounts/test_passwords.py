from __future__ import annotations

import re
from datetime import timedelta
from io import StringIO
from unittest import mock

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from backend.common import throttles
from backend.config.env import BadEnvironment, parse_email_url
from backend.projects.models import User
from tests.factories.runs import a_user

pytestmark = pytest.mark.django_db
OLD, NEW = "correct horse battery staple", "staple battery horse correct"
REQUEST, RESET, CHANGE = "/api/auth/password/request/", "/api/auth/password/reset/", "/api/auth/password/change/"


@pytest.fixture
def ada() -> User:
    user = a_user("ada")
    User.objects.filter(pk=user.pk).update(email="ada@example.org")
    return user


def post(client: Client, address: str, **body: object):
    return client.post(address, body, content_type="application/json")


def key_for(name: str = "ada") -> str:
    out = StringIO()
    call_command("reset_link", name, stdout=out)
    return out.getvalue().strip().removeprefix("/reset/")


def test_a_mailed_link_leads_to_a_new_password(client: Client, ada: User, settings):
    settings.MAIL_IS_ON = True
    assert post(client, REQUEST, email="ADA@example.org").status_code == 204
    (sent,) = mail.outbox
    assert sent.to == ["ada@example.org"] or sent.to == ["ADA@example.org"]
    key = re.search(r"http://testserver/reset/(\S+)", sent.body)[1]
    assert client.get(RESET, headers={"X-Password-Reset-Key": key}).json() == {"username": "ada"}
    assert post(client, RESET, key=key, password=NEW).status_code == 204
    assert post(Client(), "/api/auth/login/", username="ada", password=NEW).status_code == 200
    assert post(Client(), "/api/auth/login/", username="ada", password=OLD).status_code == 400


def test_nobody_learns_who_has_an_account(client: Client, ada: User, settings):
    settings.MAIL_IS_ON = True
    known, unknown = post(client, REQUEST, email="ada@example.org"), post(client, REQUEST, email="zoe@example.org")
    assert (known.status_code, known.content) == (unknown.status_code, unknown.content)
    assert len(mail.outbox) == 1


def test_without_mail_it_says_so(client: Client, ada: User):
    refused = post(client, REQUEST, email="ada@example.org")
    assert (refused.status_code, refused.json()["code"]) == (409, "mail_is_off")
    assert mail.outbox == []


def test_a_link_works_once(client: Client, ada: User):
    key = key_for()
    assert post(client, RESET, key=key, password=NEW).status_code == 204
    again = post(client, RESET, key=key, password="another good password")
    assert (again.status_code, "used already" in again.json()["message"]) == (400, True)
    assert client.get(RESET, headers={"X-Password-Reset-Key": key}).status_code == 400


def test_a_link_expires(client: Client, ada: User):
    key = key_for()
    later = timezone.now().replace(tzinfo=None) + timedelta(hours=25)
    with mock.patch("django.contrib.auth.tokens.PasswordResetTokenGenerator._now", return_value=later):
        assert post(client, RESET, key=key, password=NEW).status_code == 400


def test_a_reset_ends_every_session_and_signs_nobody_in(client: Client, client_of, ada: User):
    elsewhere = client_of(ada)
    assert elsewhere.get("/api/account/").status_code == 200
    post(client, RESET, key=key_for(), password=NEW)
    assert elsewhere.get("/api/account/").status_code == 401
    assert client.get("/api/session/").json()["user"] is None


def test_a_poor_password_is_refused_and_leaves_the_link(client: Client, ada: User):
    key = key_for()
    refused = post(client, RESET, key=key, password="brief")
    assert (refused.status_code, "too short" in refused.json()["message"]) == (400, True)
    assert post(client, RESET, key=key, password=NEW).status_code == 204


@pytest.mark.parametrize(
    "key", ["", "x", "1-", "-", "zzzzzzzzzzzzz-abc", "\x00", "1-" + "a" * 10_000, "١-abc", None, {}]
)
def test_a_guessed_key_is_refused_in_words(client: Client, ada: User, key: object):
    refused = post(client, RESET, key=key, password=NEW)
    assert refused.status_code == 400
    assert set(refused.json()) >= {"code", "message"}


def test_the_command_knows_who_is_there(ada: User):
    assert key_for("ADA")
    with pytest.raises(CommandError, match="Nobody here"):
        key_for("zoe")


def test_asking_for_links_is_limited(client: Client, ada: User, settings, monkeypatch: pytest.MonkeyPatch):
    settings.MAIL_IS_ON = True
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "resets"}}
    monkeypatch.setattr(throttles.ResetAsking, "most", 1)
    assert [post(client, REQUEST, email="ada@example.org").status_code for _ in range(2)] == [204, 429]


def test_a_changed_password_ends_the_other_sessions_only(client_of, ada: User):
    here, elsewhere = client_of(ada), client_of(ada)
    assert post(here, CHANGE, current_password=OLD, new_password=NEW).status_code == 204
    assert here.get("/api/account/").status_code == 200
    assert elsewhere.get("/api/account/").status_code == 401


@pytest.mark.parametrize(
    "body",
    [{"current_password": "wrong", "new_password": NEW}, {"new_password": NEW}, {"current_password": OLD}, {}]
    + [
        {"current_password": OLD, "new_password": bad} for bad in ("short", "password12", "1234567890", None, "x\0" * 9)
    ],
)
def test_a_change_that_cannot_be_changes_nothing(client_of, ada: User, body: dict[str, object]):
    refused = post(client_of(ada), CHANGE, **body)
    assert refused.status_code == 400
    ada.refresh_from_db()
    assert ada.check_password(OLD)


def test_a_person_says_how_they_are_shown(client_of, ada: User):
    client = client_of(ada)
    changed = client.patch(
        "/api/account/", {"display_name": "Ada L.", "username": "root"}, content_type="application/json"
    )
    assert (changed.json()["display_name"], changed.json()["username"]) == ("Ada L.", "ada")
    for name in ("<b>", "a\u202eb", "a\0", "x" * 10_000, None):
        refused = client.patch("/api/account/", {"display_name": name}, content_type="application/json")
        assert refused.status_code == 400
    assert client.get("/api/account/").json()["display_name"] == "Ada L."


def test_where_mail_goes_is_read_from_an_address():
    sent = parse_email_url("smtp://me:p%40ss@mail.example.org?from=kineme@example.org")
    assert (sent.host, sent.port, sent.user, sent.password, sent.starttls) == (
        "mail.example.org",
        587,
        "me",
        "p@ss",
        True,
    )
    plain = parse_email_url("smtp://127.0.0.1:1025?from=kineme@example.org&starttls=0")
    assert (plain.port, plain.tls, plain.starttls) == (1025, False, False)
    for bad in ("http://x?from=a@b", "smtp://x", "smtp://x:y?from=a@b", "smtp://x?from=a@b&color=red"):
        with pytest.raises(BadEnvironment):
            parse_email_url(bad)
