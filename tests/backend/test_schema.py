"""The API's schema: complete, and the same as the copy the front end's types are generated from."""

from __future__ import annotations

import re
from collections.abc import Iterable
from io import StringIO
from pathlib import Path

import pytest
import yaml
from django.core.management import call_command
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RoutePattern

from backend.config.env import REPOSITORY

COMMITTED = REPOSITORY / "frontend" / "src" / "api" / "openapi.yaml"
OPEN = {
    "/api/session/",
    "/api/health/",
    "/api/auth/login/",
    "/api/auth/password/request/",
    "/api/auth/password/reset/",
    "/api/auth/provider/",
    "/api/auth/original/callback/",
    "/api/invitations/original/",
    "/api/invitations/original/join/",
}  # to strangers: signing in, and what comes before it
METHODS = ("get", "head", "post", "put", "patch", "delete")


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> str:
    target = tmp_path_factory.mktemp("schema") / "openapi.yaml"
    call_command("spectacular", file=str(target), validate=True, fail_on_warn=True, stdout=StringIO())
    return Path(target).read_text()


def test_the_committed_schema_is_the_servers(schema: str):
    assert schema == COMMITTED.read_text(), (
        "the API has changed: run `python manage.py spectacular --file frontend/src/api/openapi.yaml "
        "--validate --fail-on-warn`, then `npm run types` in frontend/"
    )


def test_every_operation_says_how_it_refuses(schema: str):
    described = yaml.safe_load(schema)
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            refusal = operation["responses"]["default"]["content"]["application/json"]["schema"]
            assert refusal == {"$ref": "#/components/schemas/Error"}, f"{method} {path}"


def api_addresses() -> list[str]:
    """Every address under /api/, DRF's views and plain ones, with a number for every parameter."""
    addresses = []

    def walk(patterns: Iterable[URLPattern | URLResolver], so_far: str) -> None:
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                walk(pattern.url_patterns, so_far + str(pattern.pattern))
            elif isinstance(pattern.pattern, RoutePattern):
                filled = re.sub("<uuid:[a-z_]+>", "0" * 8 + "-0000" * 3 + "-" + "0" * 12, str(pattern.pattern))
                addresses.append(
                    "/" + so_far + re.sub("<str:[a-z_]+>", "original", re.sub("<int:[a-z]+>", "1", filled))
                )

    walk(get_resolver().url_patterns, "")
    return [address for address in addresses if address.startswith("/api/")]


@pytest.mark.django_db
@pytest.mark.parametrize("address", api_addresses())
def test_every_address_is_closed_to_strangers_unless_it_is_meant_to_be_open(client: Client, address: str):
    """Deny by default, seen from outside: a new address is in here without anybody adding it."""
    if address in OPEN:
        return
    headers = {"Tus-Resumable": "1.0.0"}
    statuses = [getattr(client, method)(address, headers=headers).status_code for method in METHODS]
    assert 401 in statuses
    assert set(statuses) <= {401, 405}


def test_all_addresses_are_looked_at():
    assert {"/api/videos/1/files/original", "/api/projects/1/events/", "/api/segments/1/clip/"} <= set(api_addresses())
    assert not [address for address in api_addresses() if "<" in address]
