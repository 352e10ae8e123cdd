"""Room on the disk, checked before a write and understood when it runs out all the same."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from rest_framework import status

from backend.common.errors import ApplicationError

OUT_OF_SPACE = (errno.ENOSPC, errno.EDQUOT)


class DiskFull(ApplicationError):
    code = "disk_full"
    status = status.HTTP_507_INSUFFICIENT_STORAGE


def free_bytes(folder: Path) -> int:
    """Free space where the folder is, or will be."""
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free


def ensure_space(folder: Path, needed_bytes: int) -> None:
    """Raises DiskFull when less than the reserve would be left after writing that many bytes."""
    spare = free_bytes(folder) - settings.MIN_FREE_BYTES
    if spare < needed_bytes:
        raise DiskFull(
            f"The server's disk is full: {shown(needed_bytes)} needed, {shown(max(0, spare))} free. "
            "Free some space, or ask whoever runs the server.",
            needed_bytes=needed_bytes,
            free_bytes=max(0, spare),
        )


@contextmanager
def room_for(folder: Path, needed_bytes: int) -> Iterator[None]:
    """Check before; and if the disk fills up meanwhile, raise DiskFull instead of the system's error."""
    ensure_space(folder, needed_bytes)
    try:
        yield
    except OSError as error:
        if error.errno not in OUT_OF_SPACE:
            raise
        raise DiskFull("The server's disk ran full. Free some space and try again.") from error


def shown(size_bytes: int) -> str:
    """1.5 GB, 23 MB, 0 MB."""
    return f"{size_bytes / 1e9:.1f} GB" if size_bytes >= 1e9 else f"{size_bytes / 1e6:.0f} MB"
