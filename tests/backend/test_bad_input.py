"""What nobody should send: every text of every body made odd, every list asked for what it does not know.

The answer is a plain error, or the text as text; nothing is half-written. Addresses and bodies are those of
`test_permissions`, so a new one is asked as well.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from backend.projects.models import Role
from tests.backend.test_permissions import PUBLIC, ROWS, SIGNED_IN, Row, World, filled, world

__all__ = ["world"]  # the fixture
pytestmark = pytest.mark.django_db

ODD = {
    "markup": "<script>alert(1)</script>",
    "a path": "../../../../etc/passwd",
    "a NUL": "a\0b",
    "10,000 characters": "x" * 10_000,
    "marks that turn the writing": "a\u202egpj.exe\u200f\u2066",
    "half of a pair": "a\ud800b",
    "a filter": "owner__password__startswith",
}
LEFT_OUT = ("\0", "\u202e", "\u2066", "\ud800")  # never comes back


def texts(body: Any, so_far: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where the texts of a body stand; what names a row of the world is none."""
    if isinstance(body, dict | list):
        for key, value in body.items() if isinstance(body, dict) else enumerate(body):
            yield from texts(value, (*so_far, key))
    elif isinstance(body, str) and not body.startswith("{"):
        yield so_far


def with_text(body: Any, where: tuple[Any, ...], text: str) -> Any:
    changed = copy.deepcopy(body)
    at = changed
    for key in where[:-1]:
        at = at[key]
    at[where[-1]] = text
    return changed


def who_may(row: Row, world: World) -> Client:
    if row.needs == PUBLIC:
        return world.clients["anonymous"]
    if row.own:
        return world.clients["viewer"]
    return world.clients["manager" if row.uploader else Role.VIEWER if row.needs == SIGNED_IN else "owner"]


@pytest.mark.parametrize("address", [address for address, row in ROWS.items() if list(texts(row.body))])
def test_an_odd_text_is_refused_in_words_or_stays_text(world: World, address: str):
    method, path = address.split(" ")
    row = ROWS[address]
    client = who_may(row, world)
    for where in texts(row.body):
        for odd, text in ODD.items():
            body = json.dumps(filled(with_text(row.body, where, "{odd}"), _with(world, text)))
            with transaction.atomic():
                answer = client.generic(method, path.format(**vars(world.names)), body, "application/json")
                transaction.set_rollback(True)
            what = f"{address} with {odd} as {where} answered {answer.status_code}: {answer.content[:200]!r}"
            assert answer.status_code < 500, what
            said = json.loads(answer.content) if answer.content else {}
            if answer.status_code >= 400:
                assert said["code"], what
                assert said["message"], what
            shown = json.dumps(said, ensure_ascii=False)
            assert [mark for mark in LEFT_OUT if mark in shown or json.dumps(mark)[1:-1] in shown] == [], what


def _with(world: World, odd: str) -> Any:
    names = copy.copy(world.names)
    names.odd = odd
    return names


@pytest.mark.parametrize("address", [address for address, row in ROWS.items() if address.startswith("GET ")])
def test_a_filter_through_other_tables_filters_nothing(world: World, address: str):
    """Either it is refused, or the answer is the one without it."""
    path = address.removeprefix("GET ").format(**vars(world.names))
    row = ROWS[address]
    client = who_may(row, world)
    query = row.query.format(**vars(world.names))

    def ask(more: str) -> tuple[int, bytes]:
        answer = client.get(f"{path}?{query}&{more}")
        content = b"" if answer.streaming else answer.content
        return answer.status_code, content

    plain = ask("")
    for odd in ("owner__password__startswith=p", "project__created_by__password__startswith=p", "password=p"):
        status, content = ask(odd)
        assert status == 400 or (status, content) == plain, f"{address} with {odd} answered {status}: {content[:200]!r}"
