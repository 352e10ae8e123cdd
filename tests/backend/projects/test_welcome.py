from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client

from backend.projects import services
from backend.projects.exceptions import LinkUsedUp
from backend.projects.models import User

pytestmark = pytest.mark.django_db


def bootstrap() -> dict[str, str]:
    out = StringIO()
    call_command("bootstrap_account", stdout=out)
    return dict(line.split(": ", 1) for line in out.getvalue().splitlines())


def signed_in(client: Client) -> str | None:
    user = client.get("/api/session/").json()["user"]
    return user and user["username"]


def test_the_first_account_gets_a_password_once_and_a_link_each_time():
    first, second = bootstrap(), bootstrap()
    assert first["account"] == second["account"] == "owner"
    assert User.objects.get().check_password(first["password"])
    assert "password" not in second
    assert len(first["password"]) >= 16
    assert second["sign-in"].startswith("/welcome?token=")


def test_the_link_signs_in_once(client: Client):
    link = bootstrap()["sign-in"]
    response = client.get(link)
    assert (response.status_code, response["Location"]) == (302, "/")
    assert "no-store" in response["Cache-Control"]
    assert signed_in(client) == "owner"

    other = Client()
    refused = other.get(link)
    assert refused["Location"] == "/signin?link=used"
    assert signed_in(other) is None


def test_whoever_is_signed_in_may_reload_a_used_link(client: Client):
    link = bootstrap()["sign-in"]
    client.get(link)
    assert client.get(link)["Location"] == "/"


def test_using_one_link_uses_up_the_others(client: Client):
    older, newer = bootstrap()["sign-in"], bootstrap()["sign-in"]
    client.get(newer)
    assert Client().get(older)["Location"] == "/signin?link=used"


def test_signing_in_with_the_password_uses_up_the_link(client: Client):
    made = bootstrap()
    body = {"username": "owner", "password": made["password"]}
    assert client.post("/api/auth/login/", body, content_type="application/json").status_code == 200
    assert Client().get(made["sign-in"])["Location"] == "/signin?link=used"


def test_a_link_is_good_for_an_hour(client: Client, settings):
    link = bootstrap()["sign-in"]
    settings.SIGN_IN_LINK_EXPIRES_AFTER = timedelta(seconds=-1)
    assert client.get(link)["Location"] == "/signin?link=used"


@pytest.mark.parametrize("token", ["", "x", "a:b:c", "\0", "eyJ1c2VyIjoxfQ:1xUde1:AAAA", "x" * 10_000])
def test_a_forged_link_is_refused(client: Client, token: str):
    bootstrap()
    assert client.get("/welcome", {"token": token})["Location"] == "/signin?link=used"
    assert signed_in(client) is None


def test_a_link_of_an_account_that_is_switched_off_is_refused(client: Client):
    link = bootstrap()["sign-in"]
    User.objects.update(is_active=False)
    assert client.get(link)["Location"] == "/signin?link=used"


def test_the_link_only_answers_get(client: Client):
    assert client.post(bootstrap()["sign-in"]).status_code == 405


def test_redeeming_alone_uses_the_link_up_so_two_requests_cannot_both_win():
    token = services.sign_in_token(services.ensure_first_account()[0])
    services.redeem_sign_in_token(token)
    with pytest.raises(LinkUsedUp):
        services.redeem_sign_in_token(token)
