from __future__ import annotations

import hashlib
import os
import tarfile
from pathlib import Path

import pytest

from ml.exports.archive import pack


def fill(folder: Path) -> Path:
    (folder / "b").mkdir(parents=True)
    (folder / "b" / "two.txt").write_bytes(b"two")
    (folder / "a.txt").write_bytes(b"one")
    return folder


def test_the_archive_holds_every_file_below_one_folder_in_order_of_name(tmp_path: Path) -> None:
    digest = pack(fill(tmp_path / "in"), tmp_path / "out.tar")
    with tarfile.open(tmp_path / "out.tar") as tar:
        assert tar.getnames() == ["dataset/a.txt", "dataset/b/two.txt"]
        content = tar.extractfile("dataset/b/two.txt")
        assert content is not None
        assert content.read() == b"two"
    assert digest == hashlib.sha256((tmp_path / "out.tar").read_bytes()).hexdigest()


def test_times_and_modes_of_the_files_change_nothing(tmp_path: Path) -> None:
    one, other = fill(tmp_path / "one"), fill(tmp_path / "other")
    os.utime(other / "a.txt", (1, 1))
    (other / "a.txt").chmod(0o600)
    assert pack(one, tmp_path / "1.tar") == pack(other, tmp_path / "2.tar")


def test_a_link_is_refused_and_nothing_is_left(tmp_path: Path) -> None:
    (fill(tmp_path / "in") / "link").symlink_to("/etc/hostname")
    with pytest.raises(ValueError, match="link is no file"):
        pack(tmp_path / "in", tmp_path / "out.tar")
    assert not list(tmp_path.glob("out*"))
