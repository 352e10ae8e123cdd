from __future__ import annotations

import asyncio
import inspect
from pathlib import Path

import pytest
from asgiref.sync import async_to_sync
from django.http import StreamingHttpResponse
from django.test import AsyncRequestFactory

from backend.common import byte_range
from backend.common.byte_range import StoredFile, Unsatisfiable, parse_range, send_file
from backend.config.env import REPOSITORY

CONTENT = bytes(range(256)) * 40  # 10,240 bytes


@pytest.fixture
def stored(tmp_path: Path) -> StoredFile:
    (tmp_path / "film").write_bytes(CONTENT)
    return StoredFile(tmp_path / "film", "video/mp4", "v1")


def ask(stored: StoredFile, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    async def answer() -> tuple[int, dict[str, str], bytes]:
        request = AsyncRequestFactory().generic(method, "/film", headers=headers)
        response = await send_file(request, stored)
        if isinstance(response, StreamingHttpResponse):
            assert response.is_async, "a synchronous iterator would be read whole into memory under ASGI"
            body = b"".join([block async for block in response.streaming_content])
        else:
            body = response.content
        response.close()
        return response.status_code, dict(response.headers), body

    return async_to_sync(answer)()


@pytest.mark.parametrize(
    ("header", "size", "interval"),
    [
        ("bytes=0-0", 10, (0, 1)),
        ("bytes=2-5", 10, (2, 6)),
        ("bytes=2-", 10, (2, 10)),
        ("bytes=2-99", 10, (2, 10)),
        ("bytes=-3", 10, (7, 10)),
        ("bytes=-99", 10, (0, 10)),
        ("Bytes = 2 - 5", 10, (2, 6)),
        ("bytes=5-2", 10, None),  # invalid, so it is as if it were not there
        ("bytes=-", 10, None),
        ("bytes=0-1,4-5", 10, None),  # several at once: allowed to be ignored
        ("bytes=a-b", 10, None),
        ("lines=0-1", 10, None),
        ("", 10, None),
    ],
)
def test_ranges_are_read_as_rfc_9110_has_them(header: str, size: int, interval: tuple[int, int] | None):
    assert parse_range(header, size) == interval


@pytest.mark.parametrize(
    ("header", "size"), [("bytes=10-", 10), ("bytes=11-20", 10), ("bytes=-0", 10), ("bytes=-5", 0)]
)
def test_a_range_behind_the_end_cannot_be_had(header: str, size: int):
    with pytest.raises(Unsatisfiable):
        parse_range(header, size)


def test_without_a_range_the_whole_file_comes(stored: StoredFile):
    status, headers, body = ask(stored)
    assert (status, body) == (200, CONTENT)
    assert (headers["Content-Length"], headers["Accept-Ranges"], headers["Content-Type"]) == (
        "10240",
        "bytes",
        "video/mp4",
    )


def test_a_range_comes_alone(stored: StoredFile):
    status, headers, body = ask(stored, Range="bytes=100-199")
    assert (status, body) == (206, CONTENT[100:200])
    assert (headers["Content-Range"], headers["Content-Length"]) == ("bytes 100-199/10240", "100")


def test_the_last_bytes_can_be_asked_for(stored: StoredFile):
    assert ask(stored, Range="bytes=-7")[2] == CONTENT[-7:]


def test_behind_the_end_is_416_with_the_size(stored: StoredFile):
    status, headers, body = ask(stored, Range="bytes=10240-")
    assert (status, headers["Content-Range"]) == (416, "bytes */10240")
    assert b'"code": "bad_range"' in body


def test_several_ranges_get_the_whole_file(stored: StoredFile):
    assert ask(stored, Range="bytes=0-1,5-6")[::2] == (200, CONTENT)


def test_head_tells_the_same_without_the_bytes(stored: StoredFile):
    whole, part = ask(stored, "HEAD"), ask(stored, "HEAD", Range="bytes=0-9")
    assert (whole[0], whole[1]["Content-Length"], whole[2]) == (200, "10240", b"")
    assert (part[0], part[1]["Content-Length"], part[1]["Content-Range"]) == (206, "10", "bytes 0-9/10240")


def test_a_browser_that_has_it_gets_304(stored: StoredFile):
    etag = ask(stored)[1]["ETag"]
    assert ask(stored, **{"If-None-Match": f'"other", W/{etag}'})[0] == 304
    assert ask(stored, **{"If-None-Match": '"other"'})[0] == 200


def test_if_range_gives_the_part_only_of_the_same_file(stored: StoredFile):
    etag = ask(stored)[1]["ETag"]
    assert ask(stored, Range="bytes=0-9", **{"If-Range": etag})[0] == 206
    for other in ('"older"', f"W/{etag}", "Sat, 21 Nov 2026 05:00:00 GMT"):
        assert ask(stored, Range="bytes=0-9", **{"If-Range": other})[::2] == (200, CONTENT)


def test_a_player_that_asks_for_the_rest_gets_eight_megabytes(stored: StoredFile, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(byte_range, "LONGEST_ANSWER_BYTES", 1000)
    status, headers, body = ask(stored, Range="bytes=200-")
    assert (status, body, headers["Content-Range"]) == (206, CONTENT[200:1200], "bytes 200-1199/10240")


def test_a_download_gets_all_it_asked_for(stored: StoredFile, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(byte_range, "LONGEST_ANSWER_BYTES", 1000)
    download = StoredFile(stored.path, "application/octet-stream", "v1", 'fi"lm\r\nX: y.mp4')
    status, headers, body = ask(download, Range="bytes=200-")
    assert (status, body) == (206, CONTENT[200:])
    assert headers["Content-Disposition"].startswith("attachment; filename")
    assert "\n" not in headers["Content-Disposition"]


def test_a_file_longer_than_a_block_arrives_whole(tmp_path: Path):
    content = bytes(3 * byte_range.READ_BYTES + 17)
    (tmp_path / "long").write_bytes(content)
    assert ask(StoredFile(tmp_path / "long", "video/mp4", "v1"))[2] == content


def test_what_is_not_there_is_404_and_other_methods_405(stored: StoredFile, tmp_path: Path):
    assert ask(StoredFile(tmp_path / "gone", "video/mp4", "v1"))[0] == 404
    assert ask(stored, "POST")[0] == 405


def test_a_file_cannot_run_anything(stored: StoredFile):
    headers = ask(stored)[1]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in headers["Content-Security-Policy"]
    assert "default-src 'none'" in headers["Content-Security-Policy"]


def test_a_reader_that_leaves_closes_the_file(stored: StoredFile, monkeypatch: pytest.MonkeyPatch):
    opened = []
    open_file = Path.open

    def remember(path: Path, *args: str):
        opened.append(open_file(path, *args))
        return opened[-1]

    monkeypatch.setattr(Path, "open", remember)

    async def leave_early() -> None:
        response = await send_file(AsyncRequestFactory().get("/film"), stored)
        response.close()  # what Django does when the connection is gone

    async_to_sync(leave_early)()
    assert [file.closed for file in opened] == [True]


def test_no_synchronous_iterator_is_ever_streamed():
    """Every StreamingHttpResponse in the backend gets an async generator function's result."""
    from backend.projects.api import audit, events
    from backend.selections.api import export

    users = [
        path.relative_to(REPOSITORY).as_posix()
        for path in (REPOSITORY / "backend").rglob("*.py")
        if "StreamingHttpResponse(" in path.read_text() or "FileResponse(" in path.read_text()
    ]
    assert sorted(users) == [
        "backend/common/byte_range.py",
        "backend/projects/api/audit.py",
        "backend/projects/api/events.py",
        "backend/selections/api/views.py",
    ]
    assert inspect.isasyncgenfunction(export.as_csv)
    assert inspect.isasyncgenfunction(audit.as_csv)
    assert inspect.isasyncgenfunction(export.as_json)
    assert inspect.isasyncgenfunction(byte_range._blocks)
    assert inspect.isasyncgenfunction(events._stream)
    assert asyncio.iscoroutinefunction(send_file)
