"""The API as a script uses it, for what a browser test needs to find there."""

from __future__ import annotations

import time
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import APIRequestContext, Browser

PATIENCE_S = 240.0


class Api:
    """Signed in as the owner, by the password or, where it was not printed, by the one-time link."""

    def __init__(self, browser: Browser, address: str, *, password: str | None, sign_in: str) -> None:
        self.address = address
        self.context = browser.new_context()
        self.request: APIRequestContext = self.context.request
        self.get("/api/session/")  # sets the CSRF cookie
        if password:
            self.call("POST", "/api/auth/login/", data={"username": "owner", "password": password})
        else:
            assert self.request.get(sign_in).ok

    def call(self, method: str, path: str, *, data: Any = None, headers: dict[str, str] | None = None) -> Any:
        tokens = {c["name"]: c["value"] for c in self.context.cookies()}
        sent = {"X-CSRFToken": tokens.get("csrftoken", ""), "Referer": self.address, **(headers or {})}
        answer = self.request.fetch(self.address + path, method=method, data=data, headers=sent)
        assert answer.ok, f"{method} {path}: {answer.status} {answer.text()[:500]}"
        return answer

    def get(self, path: str) -> Any:
        return self.call("GET", path).json()

    def upload(
        self, project: int, film: Path, *, title: str = "shift-a.mp4", view: str = "", recording: str = ""
    ) -> int:
        """The id of the video that the file has become; it still has to be checked."""
        tus = {"Tus-Resumable": "1.0.0"}
        said = {"filename": title, "view": view, "recording": recording}
        metadata = ",".join(f"{key} {b64encode(value.encode()).decode()}" for key, value in said.items() if value)
        made = self.call(
            "POST",
            f"/api/projects/{project}/uploads/",
            headers={**tus, "Upload-Length": str(film.stat().st_size), "Upload-Metadata": metadata},
        )
        patch = {**tus, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
        done = self.call("PATCH", made.headers["location"], data=film.read_bytes(), headers=patch)
        return int(done.headers["kineme-video"])


def eventually(what: Callable[[], Any], said: Callable[[], object] = lambda: "") -> Any:
    deadline = time.monotonic() + PATIENCE_S
    while not (found := what()):
        assert time.monotonic() < deadline, said()
        time.sleep(0.1)
    return found
