"""What the commands remember between calls: tokens, and uploads under way. Files only their owner can read."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kineme_client.errors import KinemeError

NOT_SIGNED_IN = "Sign in first: kineme login https://your.server"


@dataclass(frozen=True)
class Login:
    url: str
    token: str
    insecure: bool = False

    def __repr__(self) -> str:
        return f"Login({self.url!r})"  # a traceback must not show the token


def _folder(variable: str, otherwise: str) -> Path:
    return Path(os.environ.get(variable) or Path.home() / otherwise) / "kineme"


def logins_file() -> Path:
    return _folder("XDG_CONFIG_HOME", ".config") / "servers.json"


def uploads_file() -> Path:
    return _folder("XDG_STATE_HOME", ".local/state") / "uploads.json"


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise KinemeError(f"{path} is damaged. Remove it and sign in again.") from error
    return found if isinstance(found, dict) else {}


def _write(path: Path, content: Mapping[str, Any]) -> None:
    """Whole or not at all, and never readable by others, not even for a moment."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # made with mode 0600
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(content, file, indent=1)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def login() -> Login:
    """The server to talk to: KINEME_URL and KINEME_TOKEN where both are set, else the last one signed in to.

    Raises KinemeError where there is none.
    """
    url, token = os.environ.get("KINEME_URL"), os.environ.get("KINEME_TOKEN")
    if url and token:
        return Login(url, token, insecure=os.environ.get("KINEME_INSECURE") == "1")
    kept = _read(logins_file())
    servers = kept.get("servers", {})
    address = kept.get("current")
    if address is None or address not in servers:
        raise KinemeError(NOT_SIGNED_IN)
    return Login(str(address), str(servers[address]["token"]), bool(servers[address].get("insecure")))


def keep_login(one: Login) -> None:
    kept = _read(logins_file())
    row = {"token": one.token, "insecure": one.insecure}
    _write(logins_file(), {"current": one.url, "servers": {**kept.get("servers", {}), one.url: row}})


def forget_login(url: str | None) -> str | None:
    """Forget a server's token, or the current one's. Returns its address; None if there was none."""
    kept = _read(logins_file())
    servers = dict(kept.get("servers", {}))
    address = url if url is not None else kept.get("current")
    if address not in servers:
        return None
    del servers[address]
    current = kept.get("current")
    _write(logins_file(), {"current": None if current == address else current, "servers": servers})
    return str(address)


def upload_key(server: str, project: int, path: Path) -> str:
    """Names a file as it is now: changed since, it is another file."""
    facts = path.stat()
    return json.dumps([server, project, str(path.resolve()), facts.st_size, facts.st_mtime_ns])


def upload_under_way(key: str) -> str | None:
    """Where the file was being sent."""
    found = _read(uploads_file()).get(key)
    return None if found is None else str(found)


def keep_upload(key: str, url: str | None) -> None:
    """Remember where a file is being sent; None: it has arrived."""
    kept = {name: value for name, value in _read(uploads_file()).items() if name != key}
    _write(uploads_file(), kept if url is None else {**kept, key: url})
