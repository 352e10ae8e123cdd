"""One file of a folder: a tar that depends on the names and contents of its files, and on nothing else."""

from __future__ import annotations

import hashlib
import tarfile
from pathlib import Path
from typing import IO

MODE = 0o644


def pack(folder: Path, out: Path, root: str = "dataset") -> str:
    """Write the files below `folder` into the tar `out`, each under `root`/; returns its SHA-256 in hex.

    Sorted by name; no owner, time 0, one mode. Not compressed: video does not get smaller, and a reader may seek.
    `out` has its name once it is complete; until then it is `<name>.part`, which an exception removes.

    Raises ValueError for a link, or anything else that is neither file nor folder: its content lies elsewhere.
    """
    files = sorted(
        (path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir()),
        key=lambda path: path.relative_to(folder).as_posix(),
    )
    part = out.with_name(out.name + ".part")
    try:
        with part.open("wb") as raw:
            hashed = _Hashed(raw)
            # PAX writes plain ustar headers except where a file is larger than 8 GB.
            with tarfile.open(fileobj=hashed, mode="w|", format=tarfile.PAX_FORMAT) as tar:  # type: ignore[call-overload]
                for path in files:
                    if path.is_symlink() or not path.is_file():
                        raise ValueError(f"{path.name} is no file")
                    entry = tarfile.TarInfo(f"{root}/{path.relative_to(folder).as_posix()}")
                    entry.size, entry.mode = path.stat().st_size, MODE
                    with path.open("rb") as content:
                        tar.addfile(entry, content)
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
    return hashed.hexdigest()


class _Hashed:
    """A file that is only written to, and its digest."""

    def __init__(self, raw: IO[bytes]):
        self._raw, self._digest = raw, hashlib.sha256()

    def write(self, content: bytes) -> int:
        self._digest.update(content)
        return self._raw.write(content)

    def hexdigest(self) -> str:
        return self._digest.hexdigest()
