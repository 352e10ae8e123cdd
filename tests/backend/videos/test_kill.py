"""The real server, killed while it receives a file."""

from __future__ import annotations

import hashlib
import http.client
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import connection
from django.test import Client

from backend.config.env import REPOSITORY
from backend.videos.models import Upload, Video
from tests.factories.runs import a_project, a_user

CONTENT = random.Random(9).randbytes(48 * 1024**2)
PIECE_BYTES = 4 * 1024**2
TUS = {"Tus-Resumable": "1.0.0"}


def _database_url() -> str:
    """The test run's own database, for another process."""
    found = {name: quote(str(value), safe="") for name, value in connection.settings_dict.items()}
    where = f"?host={found['HOST']}&port={found['PORT']}"
    return f"postgresql://{found['USER']}:{found['PASSWORD']}@/{found['NAME']}{where}"


@contextmanager
def server(port: int, data: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The web process as `up` starts it; killed on leaving, if it still lives."""
    environment = {**os.environ, "DATABASE_URL": _database_url(), "KINEME_DATA": str(data)}
    environment["DJANGO_SETTINGS_MODULE"] = "backend.config.settings.test"
    command = [sys.executable, "-m", "uvicorn", "backend.config.asgi:application", "--port", str(port)]
    with subprocess.Popen([*command, "--log-level", "warning"], cwd=REPOSITORY, env=environment) as process:
        try:
            give_up_at = time.monotonic() + 120
            while True:
                assert process.poll() is None, "the server did not start"
                try:
                    socket.create_connection(("127.0.0.1", port), timeout=1).close()
                    break
                except OSError:
                    assert time.monotonic() < give_up_at, "the server did not answer"
                    time.sleep(0.1)
            yield process
        finally:
            process.kill()


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_an_upload_survives_kill_9_of_the_server(tmp_path: Path, media: Path):
    user = a_user()
    project = a_project(user)
    browser = Client()
    browser.force_login(user)
    browser.get("/")
    session = {
        "Cookie": "; ".join(f"{name}={cookie.value}" for name, cookie in browser.cookies.items()),
        "X-CSRFToken": browser.cookies["csrftoken"].value,
        **TUS,
    }
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def ask(method: str, address: str, body: bytes | None = None, **headers: str) -> http.client.HTTPResponse:
        asking = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        asking.request(method, address, body, {**session, **headers})
        answer = asking.getresponse()
        answer.read()
        asking.close()
        return answer

    def go_on(address: str) -> str | None:
        """Send what is missing, piece by piece; the video's number at the end."""
        offset = int(ask("HEAD", address).headers["Upload-Offset"])
        video = None
        while offset < len(CONTENT):
            answer = ask(
                "PATCH",
                address,
                CONTENT[offset : offset + PIECE_BYTES],
                **{"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"},
            )
            assert answer.status == 204
            offset, video = int(answer.headers["Upload-Offset"]), answer.headers.get("Kineme-Video")
        return video

    address = ""
    for written in (0.2, 0.6):  # killed once the file has grown that far, so in the middle of a piece or just after
        with server(port, tmp_path) as process:
            address = (
                address
                or ask("POST", f"/api/projects/{project.pk}/uploads/", **{"Upload-Length": str(len(CONTENT))}).headers[
                    "Location"
                ]
            )
            path = tmp_path / "media" / Upload.objects.get().path.relative_to(media)

            def kill_when_written(share: float = written, path: Path = path, pid: int = process.pid) -> None:
                while not path.exists() or path.stat().st_size < share * len(CONTENT):
                    time.sleep(0.001)
                os.kill(pid, signal.SIGKILL)

            killer = threading.Thread(target=kill_when_written)
            killer.start()
            with pytest.raises((ConnectionError, http.client.HTTPException)):
                go_on(address)
            killer.join()
        arrived = Upload.objects.get().offset_bytes
        assert 0 <= arrived <= path.stat().st_size < len(CONTENT)
    with server(port, tmp_path):
        video = Video.objects.get(pk=go_on(address))
    stored = tmp_path / "media" / video.path.relative_to(media)
    assert hashlib.sha256(stored.read_bytes()).digest() == hashlib.sha256(CONTENT).digest()
