"""The one view helper that sends files: byte ranges, validators, and never more than a block in memory.

Django's FileResponse ignores Range, and under ASGI a synchronous iterator in a StreamingHttpResponse is read whole
into memory before the first byte goes out (2 GB of file became 2 GB of process). So: an async generator that reads in a
thread.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header, parse_etags

from backend.common.errors import common_error, error_body
from backend.common.security import MEDIA_POLICY

READ_BYTES = 1024**2
LONGEST_ANSWER_BYTES = 8 * 1024**2
RANGE = re.compile(r"\s*bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*", re.IGNORECASE)
FOR_A_YEAR = "private, max-age=31536000, immutable"
ASK_EACH_TIME = "private, no-cache"


@dataclass(frozen=True)
class StoredFile:
    """A file of ours and how it may be shown. `version` names its content: it becomes the ETag."""

    path: Path
    content_type: str
    version: str
    download_as: str | None = None  # an attachment, whole on request; otherwise shown in place


class Unsatisfiable(Exception):
    """The range starts behind the end of the file."""


def parse_range(header: str, size: int) -> tuple[int, int] | None:
    """The half-open interval a Range header asks for; None if it is to be ignored: malformed, or several ranges."""
    match = RANGE.fullmatch(header)
    if match is None:
        return None
    first, last = match.groups()
    if not first and not last:
        return None
    if not first:  # the last n bytes
        if int(last) == 0 or size == 0:
            raise Unsatisfiable
        return max(0, size - int(last)), size
    start, stop = int(first), int(last) + 1 if last else size
    if stop <= start and last:
        return None
    if start >= size:
        raise Unsatisfiable
    return start, min(stop, size)


async def send_file(request: HttpRequest, stored: StoredFile, *, cache: str = ASK_EACH_TIME) -> HttpResponseBase:
    """Answer GET or HEAD: 200, 206, 304, 404, 405 or 416.

    A range of something shown in place is answered with at most 8 MB, so a player that asks for "the rest" and seeks
    away costs little; players ask on. A download manager trusts that it gets what it asked for: no limit there.
    """
    if request.method not in ("GET", "HEAD"):
        response = common_error(405)
        response["Allow"] = "GET, HEAD"
        return response
    try:
        file = await asyncio.to_thread(stored.path.open, "rb")
    except FileNotFoundError:
        return common_error(404)
    size = os.fstat(file.fileno()).st_size
    etag = f'"{stored.version}-{size:x}"'

    if _matches(request.headers.get("If-None-Match"), etag):
        file.close()
        return _with_headers(HttpResponseNotModified(), stored, etag, cache)

    wanted = None
    if (header := request.headers.get("Range")) and _still_current(request.headers.get("If-Range"), etag):
        try:
            wanted = parse_range(header, size)
        except Unsatisfiable:
            file.close()
            refusal = _out_of_range(size)
            return _with_headers(refusal, stored, etag, cache, content_type=False)
    start, stop = wanted or (0, size)
    if wanted and stored.download_as is None:
        stop = min(stop, start + LONGEST_ANSWER_BYTES)

    response: HttpResponseBase
    if request.method == "HEAD":
        file.close()
        response = HttpResponse()
    else:
        response = StreamingHttpResponse(_blocks(file, start, stop))
        response._resource_closers.append(file.close)  # the reader may leave before the generator starts
    response.status_code = 206 if wanted else 200
    response["Content-Length"] = str(stop - start)
    if wanted:
        response["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    return _with_headers(response, stored, etag, cache)


def _out_of_range(size: int) -> HttpResponse:
    response = JsonResponse(error_body("bad_range", "The file is shorter than that."), status=416)
    response["Content-Range"] = f"bytes */{size}"
    return response


async def _blocks(file: BinaryIO, start: int, stop: int) -> AsyncIterator[bytes]:
    try:
        await asyncio.to_thread(file.seek, start)
        left = stop - start
        while left > 0:
            block = await asyncio.to_thread(file.read, min(READ_BYTES, left))
            if not block:
                return
            left -= len(block)
            yield block
    finally:
        file.close()


def _matches(header: str | None, etag: str) -> bool:
    """If-None-Match compares weakly."""
    if header is None:
        return False
    return any(tag in ("*", etag, f"W/{etag}") for tag in parse_etags(header))


def _still_current(header: str | None, etag: str) -> bool:
    """If-Range compares strongly; a date never matches, as we send none."""
    return header is None or header.strip() == etag


def _with_headers(
    response: HttpResponseBase, stored: StoredFile, etag: str, cache: str, *, content_type: bool = True
) -> HttpResponseBase:
    if content_type:
        response["Content-Type"] = stored.content_type
    response["ETag"] = etag
    response["Accept-Ranges"] = "bytes"
    response["Cache-Control"] = cache
    response["Content-Security-Policy"] = MEDIA_POLICY
    response["X-Content-Type-Options"] = "nosniff"
    if stored.download_as is not None:
        response["Content-Disposition"] = content_disposition_header(True, stored.download_as) or "attachment"
    return response
