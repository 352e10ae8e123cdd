"""A video's files over the view: who gets them, and as what."""

from __future__ import annotations

from pathlib import Path

import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient

from backend.projects.models import Role
from tests.factories.runs import a_project, a_user, a_video
from tests.factories.videos import FILES, PREVIEW_KEY, give_files

pytestmark = pytest.mark.django_db


def fetch(client: AsyncClient, address: str, method: str = "get", **headers: str) -> tuple[int, dict[str, str], bytes]:
    async def answer() -> tuple[int, dict[str, str], bytes]:
        response = await getattr(client, method)(address, headers=headers)
        body = b"".join([b async for b in response.streaming_content]) if response.streaming else response.content
        return response.status_code, dict(response.headers), body

    return async_to_sync(answer)()


@pytest.fixture
def viewer(db):
    return a_user()


@pytest.fixture
def files(viewer, media: Path) -> str:
    video = a_video(a_project(viewer, Role.VIEWER))
    video.title = "<b>shift</b>/1.html"
    video.save()
    return f"/api/videos/{give_files(video).pk}/files"


@pytest.mark.parametrize(
    ("name", "kind"), [("browser.mp4", "video/mp4"), ("poster.webp", "image/webp"), ("sprite.webp", "image/webp")]
)
def test_a_viewer_gets_previews_with_a_type_of_ours(viewer, files: str, async_client_of, name: str, kind: str):
    status, headers, body = fetch(async_client_of(viewer), f"{files}/{name}")
    assert (status, headers["Content-Type"], body) == (200, kind, FILES[name])
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in headers["Content-Security-Policy"]
    assert "Content-Disposition" not in headers


def test_a_player_gets_ranges(viewer, files: str, async_client_of):
    status, headers, body = fetch(async_client_of(viewer), f"{files}/browser.mp4", Range="bytes=1000-1999")
    assert (status, headers["Content-Range"], len(body)) == (206, "bytes 1000-1999/3000", 1000)


def test_an_address_that_names_the_content_is_kept_for_good(viewer, files: str, async_client_of):
    client = async_client_of(viewer)
    assert "immutable" in fetch(client, f"{files}/poster.webp?v={PREVIEW_KEY[:12]}")[1]["Cache-Control"]
    for address in (f"{files}/poster.webp", f"{files}/poster.webp?v=000000000000"):
        assert fetch(client, address)[1]["Cache-Control"] == "private, no-cache"


def test_an_original_is_only_ever_a_download(viewer, files: str, async_client_of):
    status, headers, body = fetch(async_client_of(viewer), f"{files}/original")
    assert (status, headers["Content-Type"], body) == (200, "application/octet-stream", b"original bytes")
    assert headers["Content-Disposition"] == 'attachment; filename="<b>shift<_b>_1.html"'
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_head_needs_no_body(viewer, files: str, async_client_of):
    status, headers, body = fetch(async_client_of(viewer), f"{files}/browser.mp4", "head")
    assert (status, headers["Content-Length"], body) == (200, "3000", b"")


@pytest.mark.parametrize("name", ["manifest.json", "../manifest.json", "loops.mp4", "x", "%00", "original%00"])
def test_no_other_file_is_there(viewer, files: str, async_client_of, name: str):
    assert fetch(async_client_of(viewer), f"{files}/{name}")[0] == 404


def test_a_video_that_is_not_prepared_has_no_preview(viewer, media: Path, async_client_of):
    video = a_video(a_project(viewer))
    assert fetch(async_client_of(viewer), f"/api/videos/{video.pk}/files/poster.webp")[0] == 404


def test_strangers_get_nothing(files: str, async_client_of):
    stranger, nobody = async_client_of(a_user()), AsyncClient()
    for name in (*FILES, "original"):
        assert fetch(stranger, f"{files}/{name}")[0] == 404
        status, _, body = fetch(nobody, f"{files}/{name}")
        assert status == 401
        assert b'"code": "not_authenticated"' in body
    assert fetch(stranger, f"{files}/original", Range="bytes=0-3")[0] == 404
