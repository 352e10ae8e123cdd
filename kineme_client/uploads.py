"""Sending a file in pieces over tus 1.0 (https://tus.io/protocols/resumable-upload), so that nothing is sent twice."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import httpx

from kineme_client.errors import KinemeError, Refused
from kineme_client.transport import BUSY, Transport, pause_s, raise_for

TUS = {"Tus-Resumable": "1.0.0"}
PIECE_BYTES = 16 * 1024**2  # the server spools a piece before it handles it
BLOCK_BYTES = 256 * 1024
TRIES_WITHOUT_A_BYTE = 10
Progress = Callable[[int, int], None]
"""Called with how many bytes have been sent, and of how many."""


def begin(transport: Transport, project: int, path: Path, *, view: str = "", recording: str = "") -> str:
    """Announce a file. Returns the address to send it to, which outlives this process."""
    facts = {"filename": path.name, "view": view, "recording": recording}
    metadata = ",".join(
        f"{name} {base64.b64encode(value.encode(errors='replace')).decode()}" for name, value in facts.items() if value
    )
    headers = {**TUS, "Upload-Length": str(path.stat().st_size), "Upload-Metadata": metadata}
    answer = transport.request("POST", f"/api/projects/{project}/uploads/", headers=headers)
    return httpx.URL(answer.headers["Location"]).path


def go_on(transport: Transport, url: str, path: Path, progress: Progress | None = None) -> int:
    """Send what the server does not have yet. Returns the id of the video.

    Raises:
        Refused: with status 404 where the server has forgotten the upload; begin another.
        NotReached: nothing got through for a long while. What did is kept; call again.
        KinemeError: the file changed meanwhile.
    """
    size = path.stat().st_size
    fruitless = 0
    with path.open("rb") as file:
        offset, video = _state(transport, url, size)
        while video is None:
            if progress is not None:
                progress(offset, size)
            before = offset
            try:
                answer = _send(transport, url, file, offset, size, progress)
                if answer.status_code in BUSY or answer.status_code in (409, 423):  # busy, or another offset by now
                    fruitless += 1
                    if fruitless >= TRIES_WITHOUT_A_BYTE:
                        raise_for(answer)
                    transport.sleep(pause_s(fruitless, answer.headers))
                    offset, video = _state(transport, url, size)
                else:
                    raise_for(answer)
                    offset, video = _read(answer)
            except httpx.TransportError as error:
                fruitless += 1
                if fruitless >= TRIES_WITHOUT_A_BYTE:
                    raise transport.not_reached(error) from error
                transport.sleep(pause_s(fruitless))
                offset, video = _state(transport, url, size)
            if offset > before:
                fruitless = 0
        if progress is not None:
            progress(size, size)
    return video


def _state(transport: Transport, url: str, size: int) -> tuple[int, int | None]:
    answer = transport.request("HEAD", url, headers=TUS)
    if int(answer.headers.get("Upload-Length", size)) != size:
        raise KinemeError("The file is not as long as the one that was begun.")
    return _read(answer)


def _read(answer: httpx.Response) -> tuple[int, int | None]:
    video = answer.headers.get("Kineme-Video")
    return int(answer.headers["Upload-Offset"]), None if video is None else int(video)


def _send(
    transport: Transport, url: str, file: BinaryIO, offset: int, size: int, progress: Progress | None
) -> httpx.Response:
    length = min(PIECE_BYTES, size - offset)

    def blocks() -> Iterator[bytes]:
        file.seek(offset)
        left = length
        while left > 0:
            block = file.read(min(BLOCK_BYTES, left))
            if not block:
                raise KinemeError("The file became shorter while it was sent.")
            left -= len(block)
            yield block
            if progress is not None:
                progress(offset + length - left, size)

    headers = {
        **TUS,
        "Upload-Offset": str(offset),
        "Content-Length": str(length),
        "Content-Type": "application/offset+octet-stream",
    }
    answer = transport.stream("PATCH", url, content=blocks(), headers=headers)
    try:
        answer.read()
    finally:
        answer.close()
    return answer


def is_forgotten(error: Refused) -> bool:
    """Whether the server no longer knows the upload."""
    return error.status in (404, 410)
