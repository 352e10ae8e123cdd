"""The content-addressed store: what a stage made, under a key that names everything it was made from."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from django.conf import settings

KEY = re.compile(r"[0-9a-f]{16,64}")
MANIFEST = "manifest.json"
READ_BYTES = 1024**2
UNFINISHED_FOR_S = 7 * 24 * 3600


class ArtefactStore:
    """Folders of files, each complete or absent.

    A writer fills a folder of its own under `incoming/` and moves it to its key in one rename, so a reader never sees
    half an artefact. Whoever comes second with the same key loses silently: by the key, both hold the same content.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.incoming = root / "incoming"
        self._unfinished = root / "unfinished"

    def path(self, key: str) -> Path:
        """Where the artefact lies, or would. Raises ValueError on a key that is not lower-case hex."""
        if not KEY.fullmatch(key):
            raise ValueError(f"an artefact key is 16 to 64 hex digits, got {key!r}")
        return self.root / key[:2] / key

    def exists(self, key: str) -> bool:
        return self.path(key).is_dir()

    def unfinished(self, key: str) -> Path:
        """A folder of what a long making of `key` keeps, so that its next attempt can go on from there. Nobody makes it
        here; it is swept a week after it was last written to."""
        return self._unfinished / self.path(key).name

    def manifest(self, key: str) -> dict[str, dict[str, Any]]:
        """name → {"sha256", "size_bytes"} of every file. Raises FileNotFoundError when there is no such artefact."""
        manifest: dict[str, dict[str, Any]] = json.loads((self.path(key) / MANIFEST).read_text())["files"]
        return manifest

    @contextmanager
    def writing(self, key: str) -> Iterator[Path]:
        """A folder to fill; on leaving without an error it becomes the artefact `key`."""
        final = self.path(key)
        self.incoming.mkdir(parents=True, exist_ok=True)
        self.sweep()
        with self._own_folder() as folder:
            yield folder
            files = sorted(path for path in folder.rglob("*") if path.is_file())
            manifest = {str(path.relative_to(folder)): _facts_of(path) for path in files}
            (folder / MANIFEST).write_text(json.dumps({"files": manifest}, indent=1, sort_keys=True))
            for path in (folder / MANIFEST, *folder.rglob("*"), folder):
                _sync(path)
            final.parent.mkdir(exist_ok=True)
            _rename_unless_there(folder, final)
            _sync(final.parent)

    def remove(self, key: str) -> None:
        """Forget an artefact that nothing refers to any more; whoever reads a file of it reads on. Complete until it is
        absent: it leaves its key in one rename, and what a kill leaves behind is swept."""
        self.incoming.mkdir(parents=True, exist_ok=True)
        with self._own_folder() as folder, suppress(FileNotFoundError):
            self.path(key).rename(folder)

    def sweep(self) -> int:
        """Remove what killed writers left behind; how many folders that were."""
        removed = 0
        for kept in self._unfinished.glob("*"):
            with suppress(FileNotFoundError):
                if time.time() - kept.stat().st_mtime > UNFINISHED_FOR_S:
                    shutil.rmtree(kept, ignore_errors=True)
                    removed += 1
        for lock_path in self.incoming.glob("*.lock"):
            with suppress(FileNotFoundError, BlockingIOError), lock_path.open("rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # its writer is alive while this fails
                folder = lock_path.with_suffix("")
                if folder.exists():
                    shutil.rmtree(folder)
                    removed += 1
                lock_path.unlink()
        return removed

    @contextmanager
    def _own_folder(self) -> Iterator[Path]:
        folder = self.incoming / uuid.uuid4().hex
        lock_path = folder.with_suffix(".lock")
        while True:
            with lock_path.open("wb") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                # A sweeper may have taken the file for a dead writer's between our open and our lock.
                if not lock_path.exists() or os.fstat(lock.fileno()).st_ino != lock_path.stat().st_ino:
                    continue
                folder.mkdir()
                try:
                    yield folder
                finally:
                    shutil.rmtree(folder, ignore_errors=True)
                    lock_path.unlink(missing_ok=True)
                return


def store() -> ArtefactStore:
    """The store of this installation."""
    return ArtefactStore(settings.MEDIA_FOLDER / "artefacts")


def _rename_unless_there(folder: Path, final: Path) -> None:
    try:
        folder.rename(final)
    except OSError:  # "directory not empty", or "exists": which of them differs between systems
        if not final.is_dir():
            raise


def _facts_of(path: Path) -> dict[str, Any]:
    return {"sha256": sha256_of(path), "size_bytes": path.stat().st_size}


def sha256_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(READ_BYTES):
            digest.update(block)
    return digest.hexdigest()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
