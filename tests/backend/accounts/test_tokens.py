from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient, Client
from django.utils import timezone

from backend.accounts import selectors, services
from backend.accounts.models import ApiToken
from backend.common import throttles
from backend.projects.models import User
from tests.factories.runs import a_project, a_user, a_video
from tests.factories.videos import give_files

pytestmark = pytest.mark.django_db
TOKENS = "/api/tokens/"


@pytest.fixture
def ada() -> User:
    return a_user("ada")


def secret_of(user: User, *scopes: str, days: int = 1) -> str:
    return services.make_token(user=user, name="a script", scopes=scopes or ("read",), days=days)[1]


def by(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def test_a_token_is_shown_once_and_only_its_digest_is_kept(client_of, ada: User):
    client = client_of(ada)
    body = {"name": "nightly upload", "scopes": ["write", "read", "read"], "days": 365}
    made = client.post(TOKENS, body, content_type="application/json")
    assert made.status_code == 201
    secret = made.json()["token"]
    assert (secret[:4], len(secret)) == ("kin_", 47)
    listed = client.get(TOKENS)
    assert secret not in listed.content.decode()
    row = listed.json()[0]
    assert (row["name"], row["scopes"], row["prefix"]) == ("nightly upload", ["read", "write"], secret[:10])
    assert ApiToken.objects.get().digest == selectors.digest_of(secret)


def test_a_token_speaks_for_its_person(client: Client, ada: User):
    mine, _ = a_project(ada), a_project(a_user())
    rows = client.get("/api/projects/", headers=by(secret_of(ada))).json()
    assert [row["id"] for row in rows] == [mine.pk]
    assert client.get("/api/session/", headers=by(secret_of(ada))).json()["user"]["username"] == "ada"


def test_a_token_does_what_its_scopes_say(client: Client, ada: User):
    body = {"name": "Line 9"}
    refused = client.post("/api/projects/", body, content_type="application/json", headers=by(secret_of(ada)))
    assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing")
    writing = by(secret_of(ada, "write"))
    assert client.post("/api/projects/", body, content_type="application/json", headers=writing).status_code == 201
    assert client.get("/api/projects/", headers=writing).status_code == 403


def test_a_token_needs_no_csrf_token(ada: User):
    client = Client(enforce_csrf_checks=True)
    headers = by(secret_of(ada, "write"))
    made = client.post("/api/projects/", {"name": "x"}, content_type="application/json", headers=headers)
    assert made.status_code == 201


@pytest.mark.parametrize("how", ["revoked", "expired", "switched off", "unknown", "cut", "empty", "nul"])
def test_a_token_that_does_not_hold_is_refused_in_words(client: Client, ada: User, how: str):
    secret = secret_of(ada)
    if how == "revoked":
        services.revoke_token(token=ApiToken.objects.get())
    elif how == "expired":
        ApiToken.objects.update(expires_at=timezone.now())
    elif how == "switched off":
        User.objects.update(is_active=False)
    else:
        secret = {"unknown": "kin_" + "x" * 43, "cut": secret[:-1], "empty": "", "nul": "kin_\0" + "x" * 42}[how]
    refused = client.get("/api/projects/", headers=by(secret))
    assert (refused.status_code, refused.json()["code"]) == (401, "token_refused")
    assert refused["WWW-Authenticate"] == "Bearer"


def test_a_bad_token_is_not_made_good_by_a_session(client_of, ada: User):
    assert client_of(ada).get("/api/projects/", headers=by("kin_" + "x" * 43)).status_code == 401


def test_a_token_is_not_taken_from_the_query_or_a_cookie(client: Client, ada: User):
    secret = secret_of(ada)
    client.cookies["Authorization"] = f"Bearer {secret}"
    client.cookies["token"] = secret
    assert client.get(f"/api/projects/?token={secret}&access_token={secret}").status_code == 401


@pytest.mark.parametrize(
    ("method", "address"),
    [
        ("get", "/api/tokens/"),
        ("post", "/api/tokens/"),
        ("delete", "/api/tokens/{token}/"),
        ("get", "/api/account/"),
        ("patch", "/api/account/"),
        ("post", "/api/auth/password/change/"),
        ("post", "/api/auth/login/"),
        ("post", "/api/projects/{project}/invitations/"),
        ("post", "/api/invitations/{link}/accept/"),
        ("patch", "/api/projects/{project}/members/{user}/"),
        ("delete", "/api/projects/{project}/members/{user}/"),
        ("patch", "/api/projects/{project}/"),
        ("post", "/api/projects/{project}/delete/"),
    ],
)
def test_what_is_for_people_is_not_for_tokens(client: Client, ada: User, method: str, address: str):
    project = a_project(ada)
    secret = secret_of(ada, "read", "write", "export")
    link = services.invite(project=project, role="viewer", note="", days=1, by=ada)[1]
    path = address.format(token=ApiToken.objects.get().pk, project=project.pk, user=ada.pk, link=link)
    refused = getattr(client, method)(path, {}, content_type="application/json", headers=by(secret))
    assert (refused.status_code, refused.json()["code"]) == (403, "not_for_tokens")


def test_the_token_of_another_is_not_there(client_of, ada: User):
    secret_of(ada)
    other = client_of(a_user())
    assert other.get(TOKENS).json() == []
    assert other.delete(f"{TOKENS}{ApiToken.objects.get().pk}/").status_code == 404


def test_a_revoked_token_is_refused_at_once(client_of, client: Client, ada: User):
    headers = by(secret_of(ada))
    assert client.get("/api/projects/", headers=headers).status_code == 200
    assert client_of(ada).delete(f"{TOKENS}{ApiToken.objects.get().pk}/").status_code == 204
    assert client.get("/api/projects/", headers=headers).status_code == 401
    assert client_of(ada).get(TOKENS).json() == []


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"name": "<script>"},
        {"name": "a\u202eb"},
        {"name": "a\u0000"},
        {"name": "x" * 10_000},
        {"scopes": []},
        {"scopes": ["admin"]},
        {"scopes": "read"},
        {"days": 0},
        {"days": 366},
        {"days": "forever"},
    ],
)
def test_a_token_that_cannot_be_is_refused(client_of, ada: User, change: dict[str, object]):
    body = {"name": "a script", "scopes": ["read"], "days": 30, **change}
    assert client_of(ada).post(TOKENS, body, content_type="application/json").status_code == 400
    assert not ApiToken.objects.exists()


def test_nobody_hoards_tokens(client_of, ada: User, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(services, "MOST_TOKENS", 1)
    secret_of(ada)
    body = {"name": "a script", "scopes": ["read"]}
    assert client_of(ada).post(TOKENS, body, content_type="application/json").status_code == 409


def test_use_is_noted_once_a_minute(client: Client, ada: User, django_assert_num_queries):
    headers = by(secret_of(ada))
    client.get("/api/presets/", headers=headers)
    first = ApiToken.objects.get().last_used_at
    assert first is not None
    with django_assert_num_queries(1):
        client.get("/api/presets/", headers=headers)
    ApiToken.objects.update(last_used_at=first - timedelta(minutes=2))
    client.get("/api/presets/", headers=headers)
    assert ApiToken.objects.get().last_used_at > first


def test_files_are_read_by_a_token_too(media: Path, ada: User):
    video = give_files(a_video(a_project(ada)))
    address = f"/api/videos/{video.pk}/files/poster.webp"

    def asked(headers: dict[str, str]) -> int:
        return async_to_sync(AsyncClient().get)(address, headers=headers).status_code

    assert asked({}) == 401
    assert asked(by(secret_of(ada))) == 200
    assert asked(by(secret_of(ada, "write"))) == 403
    assert asked(by("kin_" + "x" * 43)) == 401
    assert asked(by(secret_of(a_user()))) == 404


@pytest.fixture
def counted(settings):
    """A cache that counts, empty."""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "limits"}}
    from django.core.cache import cache

    cache.clear()
    return cache


def test_a_token_that_asks_too_often_waits_and_nobody_else(
    client: Client, client_of, ada: User, counted, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(throttles.Everyday, "TOKEN_MOST", 2)
    headers = by(secret_of(ada))
    statuses = [client.get("/api/presets/", headers=headers).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    refused = client.get("/api/presets/", headers=headers)
    assert 1 <= int(refused["Retry-After"]) <= 60
    assert refused.json() == {"code": "too_many_requests", "message": "Too many requests. Wait a little and try again."}
    assert client.get("/api/presets/", headers=by(secret_of(ada))).status_code == 200
    assert client_of(ada).get("/api/presets/").status_code == 200


def test_making_tokens_is_limited(client_of, ada: User, counted, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(throttles.TokenMaking, "most", 1)
    body = {"name": "a script", "scopes": ["read"]}
    client = client_of(ada)
    assert [client.post(TOKENS, body, content_type="application/json").status_code for _ in range(2)] == [201, 429]
    assert client.get(TOKENS).status_code == 200


def test_guessing_invitations_is_limited(client: Client, counted, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(throttles.InvitationGuessing, "most", 2)
    assert [client.get(f"/api/invitations/{n}/").status_code for n in range(3)] == [404, 404, 429]
    assert client.get("/api/invitations/x/", REMOTE_ADDR="203.0.113.9").status_code == 404


def test_without_the_counter_the_page_goes_on(client_of, ada: User, monkeypatch: pytest.MonkeyPatch):
    from redis.exceptions import ConnectionError as Away

    def away(*_: object, **__: object) -> None:
        raise Away

    monkeypatch.setattr(throttles.cache, "add", away, raising=False)
    assert client_of(ada).get("/api/presets/").status_code == 200
