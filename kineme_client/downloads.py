"""Fetching a large file: it goes on where it was cut, and counts only once its checksum is right."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import httpx

from kineme_client.errors import KinemeError, WrongBytes
from kineme_client.transport import BUSY, Transport, pause_s, raise_for
from kineme_client.uploads import TRIES_WITHOUT_A_BYTE, Progress


def fetch(
    transport: Transport, url: str, to: Path, *, size_bytes: int, sha256: str, progress: Progress | None = None
) -> None:
    """Download into `to`, which appears whole or not at all. What has arrived waits beside it under the checksum.

    Raises:
        WrongBytes: it has arrived, and is not what the checksum says.
        NotReached: nothing got through for a long while. What did is kept; call again.
    """
    part = to.with_name(f".{to.name}.{sha256[:16]}.part")
    part.parent.mkdir(parents=True, exist_ok=True)
    fruitless = 0
    while True:
        have = part.stat().st_size if part.exists() else 0
        if have > size_bytes:
            part.unlink()
            have = 0
        if progress is not None:
            progress(have, size_bytes)
        if have == size_bytes and part.exists():
            break
        try:
            _more(transport, url, part, have, size_bytes, progress)
        except httpx.TransportError as error:
            fruitless = 0 if part.exists() and part.stat().st_size > have else fruitless + 1
            if fruitless >= TRIES_WITHOUT_A_BYTE:
                raise transport.not_reached(error) from error
            transport.sleep(pause_s(fruitless + 1))
    if _digest(part) != sha256:
        part.unlink()
        raise WrongBytes("What arrived is not what the server made: the checksum differs. Try again.")
    os.replace(part, to)


def _more(transport: Transport, url: str, part: Path, have: int, size_bytes: int, progress: Progress | None) -> None:
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    answer = transport.stream("GET", url, headers=headers)
    try:
        if answer.status_code in BUSY:
            raise httpx.ReadError(f"it answered {answer.status_code}")
        if answer.status_code >= 300:
            answer.read()
        raise_for(answer)
        goes_on = answer.status_code == 206
        if goes_on and not answer.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
            raise KinemeError("The server sent another part of the file than was asked for.")
        with part.open("ab" if goes_on else "wb") as file:
            for block in answer.iter_raw():  # as it comes: a chunk being filled would be lost with the line
                file.write(block)
                if progress is not None:
                    progress(min(file.tell(), size_bytes), size_bytes)
                if file.tell() > size_bytes:
                    raise WrongBytes("The server sent more than it announced.")
    finally:
        answer.close()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
