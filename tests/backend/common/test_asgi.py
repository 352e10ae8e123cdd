from __future__ import annotations

import json
from typing import Any

import pytest
from asgiref.sync import async_to_sync

from backend.common.asgi import limit_body


def ask(*headers: tuple[bytes, bytes], kind: str = "http") -> list[Any]:
    """What goes out, with "application" where the request was let through."""
    sent: list[Any] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        sent.append("application")

    async def receive() -> Any:
        raise AssertionError("the body of a refused request must not be read")

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": kind, "headers": list(headers)}
    async_to_sync(limit_body(application, 100))(scope, receive, send)
    return sent


def test_a_body_within_the_limit_reaches_django():
    assert ask((b"content-length", b"100")) == ["application"]
    assert ask() == ["application"]
    assert ask(kind="lifespan") == ["application"]


@pytest.mark.parametrize(
    ("header", "status", "code"),
    [
        ((b"content-length", b"101"), 413, "chunk_too_large"),
        ((b"content-length", b"9" * 30), 413, "chunk_too_large"),
        ((b"content-length", b"-1"), 413, "chunk_too_large"),
        ((b"transfer-encoding", b"chunked"), 411, "length_required"),
    ],
)
def test_a_longer_or_endless_body_is_refused_unread(header: tuple[bytes, bytes], status: int, code: str):
    start, body = ask(header)
    assert start["status"] == status
    assert (b"connection", b"close") in start["headers"]
    assert json.loads(body["body"])["code"] == code
