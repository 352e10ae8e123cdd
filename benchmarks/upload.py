"""`kineme bench upload`: how fast a file comes in by resumable upload over loopback, and the server's memory meanwhile.

Beside it, as the floor, the same bytes written in the same pieces to a file, and synced.
"""

from __future__ import annotations

import argparse
import base64
import os
import tempfile
import threading
import time
from dataclasses import dataclass, field

from benchmarks.machine import MiB, describe, peak_resident_bytes, resident_bytes, table
from benchmarks.server import Client, running

CHUNK = 16 * MiB
TUS = {"Tus-Resumable": "1.0.0"}


@dataclass
class Watch:
    """Samples what a process holds, from a thread, while something else happens."""

    pid: int
    seen: list[int] = field(default_factory=list)

    def __enter__(self) -> Watch:
        self.done = threading.Event()
        self.thread = threading.Thread(target=self._watch)
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.done.set()
        self.thread.join()

    def _watch(self) -> None:
        while not self.done.wait(0.02):
            self.seen.append(resident_bytes(self.pid))


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="kineme bench upload", description=__doc__)
    parser.add_argument("--mib", type=int, default=1024, help="size of one upload (1024)")
    parser.add_argument("--times", type=int, default=3, help="how many (3)")
    asked = parser.parse_args(arguments)
    print(describe(), flush=True)
    with running() as server:
        client, web = server.client(), server.processes["web"]
        project = client.post("/api/projects/", {"name": "Upload"})["id"]
        upload(client, project, 64 * MiB)  # warm: code paths imported, connections open
        rows = []
        for number in range(asked.times):
            before = resident_bytes(web)
            with Watch(web) as watch:
                seconds = upload(client, project, asked.mib * MiB)
            held = [before, max(watch.seen), resident_bytes(web)]
            rows.append([f"upload {number + 1}", f"{asked.mib / seconds:.0f}", *(f"{size / MiB:.0f}" for size in held)])
        peak = peak_resident_bytes(web)
    rows.append(["plain file", f"{asked.mib / write(asked.mib * MiB):.0f}", "", "", ""])
    print(f"\n{asked.mib} MiB in {CHUNK // MiB} MiB pieces, over loopback\n")
    print(table(["", "MiB/s", "server before, MiB", "most meanwhile", "after"], rows))
    print(f"\nMost the server ever held: {peak / MiB:.0f} MiB")
    return 0


def write(size: int) -> float:
    """Seconds to write `size` bytes to a temporary file and onto the disk."""
    piece = bytes(range(256)) * (CHUNK // 256)
    began = time.perf_counter()
    with tempfile.TemporaryFile() as file:
        for written in range(0, size, CHUNK):
            file.write(piece[: size - written])
        file.flush()
        os.fsync(file.fileno())
    return time.perf_counter() - began


def upload(client: Client, project: int, size: int) -> float:
    """Send `size` bytes that are no video; the seconds it took. The last byte is known to be stored when it returns."""
    name = base64.b64encode(b"noise.mp4").decode()
    headers = {**TUS, "Upload-Length": str(size), "Upload-Metadata": f"filename {name}"}
    piece = bytes(range(256)) * (CHUNK // 256)
    began = time.perf_counter()
    answer, _ = client.request("POST", f"/api/projects/{project}/uploads/", b"", headers)
    location = answer.headers["Location"]
    sent = 0
    while sent < size:
        part = piece[: size - sent]
        headers = {**TUS, "Content-Type": "application/offset+octet-stream", "Upload-Offset": str(sent)}
        client.request("PATCH", location, part, headers)
        sent += len(part)
    return time.perf_counter() - began
