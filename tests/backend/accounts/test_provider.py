"""Sign-in by OpenID Connect, against a small provider of the test's own."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import Client

from backend.accounts import services
from backend.accounts.api.sign_in import local_path
from backend.config.env import BadEnvironment, parse_oidc
from backend.projects.models import Role, User
from tests.factories.runs import a_project, a_user

pytestmark = pytest.mark.django_db
CLIENT, SECRET = "kineme-test", "a secret of the test"


class Provider:
    """Says of whoever comes what `person` holds."""

    def __init__(self) -> None:
        self.person: dict[str, Any] = {"sub": "7", "name": "Ada Lovelace", "preferred_username": "ada"}
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.asked: list[dict[str, list[str]]] = []
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path == "/.well-known/openid-configuration":
                    self.answer(
                        {
                            "issuer": provider.issuer,
                            "authorization_endpoint": f"{provider.issuer}/authorize",
                            "token_endpoint": f"{provider.issuer}/token",
                            "userinfo_endpoint": f"{provider.issuer}/userinfo",
                            "jwks_uri": f"{provider.issuer}/keys",
                            "token_endpoint_auth_methods_supported": ["client_secret_post"],
                        }
                    )
                else:
                    self.answer(provider.person)

            def do_POST(self) -> None:
                sent = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                provider.asked.append(sent)
                claims = {"iss": provider.issuer, "aud": CLIENT, "iat": 0, "exp": 2**33, **provider.person}
                self.answer(
                    {
                        "access_token": "opaque",
                        "token_type": "Bearer",
                        "id_token": jwt.encode(claims, provider.key, "RS256", headers={"kid": "one"}),
                    }
                )

            def answer(self, body: dict[str, Any]) -> None:
                content = json.dumps(body).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def provider(settings) -> Iterator[Provider]:
    made = Provider()
    app = {
        "provider_id": "oidc",
        "name": "Works",
        "client_id": CLIENT,
        "secret": SECRET,
        "settings": {"server_url": made.issuer},
    }
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [app]}}
    yield made
    made.server.shutdown()
    made.server.server_close()


def begin(client: Client, **body: object):
    return client.post("/api/auth/provider/", {"provider": "oidc", **body}, content_type="application/json")


def come_back(client: Client, **body: object) -> str:
    """The whole way over the provider; where the browser ends."""
    begun = begin(client, **body)
    assert begun.status_code == 200, begun.content
    query = parse_qs(urlsplit(begun.json()["url"]).query)
    back = urlsplit(query["redirect_uri"][0])
    assert back.path == "/api/auth/oidc/callback/"
    answer = client.get(back.path, {"code": "one", "state": query["state"][0]})
    assert answer.status_code == 302
    return str(answer["Location"])


def an_invitation() -> tuple[str, int]:
    owner = a_user()
    project = a_project(owner)
    return services.invite(project=project, role=Role.REVIEWER, note="", days=1, by=owner)[1], project.pk


def test_it_is_offered_only_where_it_is_set_up(client: Client, provider: Provider, settings):
    assert client.get("/api/session/").json()["oidc"] == [{"id": "oidc", "name": "Works"}]
    settings.SOCIALACCOUNT_PROVIDERS = {}
    assert client.get("/api/session/").json()["oidc"] == []
    assert begin(client).status_code == 404
    assert client.get("/api/auth/oidc/callback/")["Location"] == "/signin?provider=failed"


def test_who_was_not_invited_gets_no_account(client: Client, provider: Provider):
    provider.person |= {"email": "ada@example.org", "email_verified": True}
    assert come_back(client) == "/signin?provider=uninvited"
    assert not User.objects.exists()
    assert client.get("/api/session/").json()["user"] is None


def test_an_invitation_and_a_first_sign_in_make_an_account(client: Client, provider: Provider):
    token, project = an_invitation()
    provider.person |= {"email": "ada@example.org", "email_verified": True}
    assert come_back(client, invitation=token, next="/projects") == "/projects"
    user = User.objects.get(username="ada")
    assert (user.display_name, user.has_usable_password()) == ("Ada Lovelace", False)
    assert client.get(f"/api/projects/{project}/").json()["role"] == "reviewer"
    assert EmailAddress.objects.get(user=user).verified
    assert provider.asked[0]["code_verifier"]  # PKCE
    assert token not in str(client.session.items())
    again = Client()
    assert come_back(again) == "/"
    assert again.get("/api/session/").json()["user"]["id"] == user.pk
    assert client.get(f"/api/invitations/{token}/").status_code == 410


def test_an_invitation_that_is_over_makes_no_account(client: Client, provider: Provider):
    token, project = an_invitation()
    begun = begin(client, invitation=token)
    services.revoke_invitation(
        invitation=services.Invitation.objects.get(), by=User.objects.get(memberships__project=project)
    )
    state = parse_qs(urlsplit(begun.json()["url"]).query)["state"][0]
    answer = client.get("/api/auth/oidc/callback/", {"code": "one", "state": state})
    assert answer["Location"] == "/signin?provider=uninvited"
    assert User.objects.count() == 1
    assert begin(client, invitation=token).status_code == 410


@pytest.mark.parametrize(
    ("here", "there", "connected"),
    [(True, True, True), (True, False, False), (False, True, False), (True, "true", False)],
)
def test_only_addresses_proven_on_both_sides_connect(
    client: Client, provider: Provider, here: bool, there: object, connected: bool
):
    ada = a_user("first")
    User.objects.filter(pk=ada.pk).update(email="ada@example.org")
    EmailAddress.objects.create(user=ada, email="ada@example.org", verified=here, primary=True)
    provider.person |= {"email": "Ada@example.org", "email_verified": there}
    ended = come_back(client)
    assert ended == ("/" if connected else "/signin?provider=uninvited")
    assert SocialAccount.objects.filter(user=ada).exists() is connected
    ada.refresh_from_db()
    assert ada.has_usable_password()


def test_a_taken_address_is_not_given_twice(client: Client, provider: Provider):
    ada = a_user("first")
    User.objects.filter(pk=ada.pk).update(email="ada@example.org")
    token, _ = an_invitation()
    provider.person |= {"email": "ada@example.org", "email_verified": True}
    assert come_back(client, invitation=token) == "/"
    made = User.objects.get(username="ada")
    assert made.email == ""
    assert not EmailAddress.objects.exists()


def test_a_name_that_is_taken_becomes_another(client: Client, provider: Provider):
    a_user("Ada")
    token, _ = an_invitation()
    come_back(client, invitation=token)
    made = SocialAccount.objects.get().user
    assert made.username.lower() != "ada"


def test_an_account_that_is_switched_off_stays_out(client: Client, provider: Provider):
    token, _ = an_invitation()
    come_back(client, invitation=token)
    User.objects.filter(username="ada").update(is_active=False)
    other = Client()
    assert come_back(other) == "/signin?provider=inactive"
    assert other.get("/api/session/").json()["user"] is None


def test_who_is_signed_in_connects_a_provider(client_of, provider: Provider):
    user = a_user("first")
    client = client_of(user)
    assert begin(client).status_code == 409
    assert come_back(client, connect=True, next="/account") == "/account"
    assert client.get("/api/account/").json()["connected"] == ["oidc"]
    other = Client()
    come_back(other)
    assert other.get("/api/session/").json()["user"]["id"] == user.pk


def test_a_callback_nobody_asked_for_signs_nobody_in(client: Client, provider: Provider):
    assert (
        client.get("/api/auth/oidc/callback/", {"code": "one", "state": "made up"})["Location"]
        == "/signin?provider=failed"
    )
    begin(client)
    state = parse_qs(urlsplit(begin(client).json()["url"]).query)["state"][0]
    stranger = Client()
    answer = stranger.get("/api/auth/oidc/callback/", {"code": "one", "state": state})
    assert answer["Location"] == "/signin?provider=failed"
    cancelled = client.get("/api/auth/oidc/callback/", {"error": "access_denied", "state": state})
    assert cancelled["Location"] == "/signin?provider=cancelled"


def test_a_provider_that_is_away_is_said_to_be(client: Client, provider: Provider):
    provider.server.shutdown()
    provider.server.server_close()
    refused = begin(client)
    assert (refused.status_code, refused.json()["code"]) == (502, "provider_away")


@pytest.mark.parametrize(
    "wanted",
    ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", "\\\\evil", "http:///x", ""],
)
def test_nobody_is_sent_elsewhere(wanted: str):
    assert local_path(wanted) == "/"


def test_a_path_here_is_kept():
    assert local_path("/projects/7?run=2") == "/projects/7?run=2"


def test_what_is_set_by_halves_is_refused():
    assert parse_oidc({}) is None
    whole = {
        "KINEME_OIDC_ISSUER": "https://id.example.org/",
        "KINEME_OIDC_CLIENT_ID": "a",
        "KINEME_OIDC_CLIENT_SECRET": "b",
    }
    found = parse_oidc(whole)
    assert found is not None
    assert (found.issuer, found.name) == ("https://id.example.org", "id.example.org")
    for name in whole:
        with pytest.raises(BadEnvironment):
            parse_oidc({key: value for key, value in whole.items() if key != name})
