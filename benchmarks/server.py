"""A running Kineme to measure: started as anybody starts it, on a data folder of its own, stopped afterwards."""

from __future__ import annotations

import contextlib
import http.client
import http.cookies
import json
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from launcher.host import LauncherError, tail
from launcher.up import Installation

STARTS_WITHIN_S = 300.0


@dataclass
class Server:
    """An address, and the processes behind it by name."""

    address: str
    sign_in: str
    processes: dict[str, int]

    def client(self) -> Client:
        """A signed-in client."""
        client = Client(urlsplit(self.address).netloc)
        client.get(self.sign_in)
        client.get("/api/session/")
        return client


@dataclass
class Client:
    """One kept-alive connection with the session's cookies. Only what a measurement needs."""

    host: str
    cookies: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.connection = http.client.HTTPConnection(self.host, timeout=120)

    def request(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[http.client.HTTPResponse, bytes]:
        """The answer and its body, read to the end. Raises LauncherError for a status of 400 and more."""
        sent = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()), **(headers or {})}
        if method not in ("GET", "HEAD"):
            sent |= {"X-CSRFToken": self.cookies.get("csrftoken", ""), "Origin": f"http://{self.host}"}
        self.connection.request(method, path, body, sent)
        answer = self.connection.getresponse()
        received = answer.read()
        for header in answer.headers.get_all("Set-Cookie", []):
            self.cookies |= {name: morsel.value for name, morsel in http.cookies.SimpleCookie(header).items()}
        if answer.status >= 400:
            raise LauncherError(f"{method} {path} answered {answer.status}: {received[:300].decode(errors='replace')}")
        return answer, received

    def get(self, path: str) -> bytes:
        return self.request("GET", path)[1]

    def json(self, path: str) -> Any:
        return json.loads(self.get(path))

    def post(self, path: str, data: Any) -> Any:
        return json.loads(
            self.request("POST", path, json.dumps(data).encode(), {"Content-Type": "application/json"})[1]
        )


@contextlib.contextmanager
def running(data: Path | None = None, *, sample: bool = False) -> Iterator[Server]:
    """`kineme up` on `data`, or on a temporary folder; stopped in the end."""
    with contextlib.ExitStack() as end:
        if data is None:
            folder = Path(
                end.enter_context(tempfile.TemporaryDirectory(prefix="kineme-bench-", ignore_cleanup_errors=True))
            )
            folder.chmod(0o711)  # as root PostgreSQL runs as another user, who has to come in
            data = folder / "data"
        installation = Installation(data.absolute())
        installation.make()
        installation.address_file.unlink(missing_ok=True)
        log = installation.logs / "bench.log"
        command = [sys.executable, "-P", "-m", "launcher", "up", "--data", str(data), "--port", "0"]
        with log.open("wb") as output:
            up = subprocess.Popen([*command, *([] if sample else ["--no-sample"])], stdout=output, stderr=output)
        end.callback(_stop, up)
        deadline = time.monotonic() + STARTS_WITHIN_S
        while not installation.address_file.exists() or b"welcome" not in log.read_bytes():
            if up.poll() is not None or time.monotonic() > deadline:
                raise LauncherError(f"Kineme did not start:\n{tail(log)}")
            time.sleep(0.1)
        address = str(json.loads(installation.address_file.read_text())["address"])
        link = re.search(r"/welcome\?\S+", log.read_text())
        assert link is not None
        records = json.loads((installation.run / "processes.json").read_text())
        yield Server(address, link.group(), {row["name"]: row["pid"] for row in records})


def _stop(up: subprocess.Popen[bytes]) -> None:
    up.send_signal(signal.SIGTERM)
    up.wait()
