"""The front end: its page for every address that is nothing else, and its hashed files."""

from __future__ import annotations

import asyncio
import functools
import html
import re
from contextlib import closing
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.middleware.csrf import get_token
from whitenoise import WhiteNoise

from backend.common.errors import common_error
from backend.common.security import PAGE_POLICY

NOT_BUILT = (
    "<!doctype html><html lang=en><meta charset=utf-8><title>Kineme</title>"
    "<h1>The front end is not built yet</h1><p>Start Kineme with <code>./kineme up</code>, which builds it, "
    "or run <code>npm ci &amp;&amp; npm run build</code> in <code>{folder}</code>, then reload this page."
)
HASHED = re.compile(r"-[\w-]{8,}\.\w+$")  # Vite's names: index-B1gXq9aZ.js


def index(request: HttpRequest) -> HttpResponse:
    """The page. Which screen it shows is up to the address and the front end's router."""
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD"])
    try:
        page = (settings.FRONTEND_FOLDER / "index.html").read_text()
    except FileNotFoundError:
        page = NOT_BUILT.format(folder=html.escape(settings.FRONTEND_FOLDER.parent.name))
    get_token(request)  # sets the CSRF cookie with the page, before its first request
    headers = {"Content-Security-Policy": PAGE_POLICY, "Cache-Control": "no-store"}
    return HttpResponse(page, headers=headers)


async def static_file(request: HttpRequest, name: str) -> HttpResponse:
    """A file of the built front end, by WhiteNoise: types, compressed twins, ranges, validators.

    WhiteNoise's own middleware answers with a synchronous iterator and makes every other request change threads, so
    its file table is used without it. The files are small: each is read in one piece.
    """
    found = await asyncio.to_thread(_files().find_file, f"/static/{name}")
    if found is None:
        return common_error(404)
    answer = found.get_response(request.method, request.META)
    body = b""
    if answer.file is not None:
        with closing(answer.file):
            body = await asyncio.to_thread(answer.file.read)
    response = HttpResponse(body, status=int(answer.status))
    for header, value in answer.headers:
        response[header] = value
    response["Content-Security-Policy"] = PAGE_POLICY
    return response


@functools.cache
def _files() -> Any:
    # Looked up at each request, not listed once: the server may start before the front end is built, or outlive it.
    return WhiteNoise(
        None,
        root=settings.FRONTEND_FOLDER,
        prefix="static/",
        autorefresh=True,
        max_age=0,
        immutable_file_test=lambda path, url: bool(HASHED.search(url)),
    )


def no_such_api(request: HttpRequest) -> HttpResponse:
    return common_error(404)
