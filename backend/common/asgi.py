"""What has to happen before Django sees a request."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from backend.common.errors import error_body

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]


def limit_body(application: Application, longest_bytes: int, other: Mapping[str, int] | None = None) -> Application:
    """Refuse a longer request body unread. Django under ASGI stores a body before any view can say no to it.

    other: the limits of addresses that end otherwise.
    """

    async def limited(scope: Message, receive: Receive, send: Send) -> None:
        headers = dict(scope.get("headers", ()))
        length = headers.get(b"content-length", b"")
        most = next((n for end, n in (other or {}).items() if scope.get("path", "").endswith(end)), longest_bytes)
        if scope["type"] == "http" and b"transfer-encoding" in headers:
            await _refuse(send, 411, "length_required", "The request has to say how long it is.")
        elif scope["type"] == "http" and length and (not length.isdigit() or int(length) > most):
            sentence = f"One request may carry {most // 1024**2} MB at most. Send the file in pieces."
            await _refuse(send, 413, "chunk_too_large", sentence)
        else:
            await application(scope, receive, send)

    return limited


async def _refuse(send: Send, status: int, code: str, sentence: str) -> None:
    body = json.dumps(error_body(code, sentence)).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),  # the body that was not read must not be taken for the next request
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
