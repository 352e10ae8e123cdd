from __future__ import annotations

import errno
from pathlib import Path

import pytest

from backend.common.disk import DiskFull, ensure_space, free_bytes, room_for, shown


def test_what_fits_beside_the_reserve_is_let_in(tmp_path: Path, settings):
    settings.MIN_FREE_BYTES = 1000
    ensure_space(tmp_path / "not" / "there" / "yet", 1000)


def test_the_reserve_is_never_given_away(tmp_path: Path, settings):
    settings.MIN_FREE_BYTES = free_bytes(tmp_path) + 10**9
    with pytest.raises(DiskFull, match="disk is full") as refused:
        ensure_space(tmp_path, 1)
    assert (refused.value.status, refused.value.code) == (507, "disk_full")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_disk_that_fills_up_meanwhile_is_the_same_sentence(tmp_path: Path, number: int):
    with pytest.raises(DiskFull, match="ran full"), room_for(tmp_path, 1):
        raise OSError(number, "no space")


def test_another_failure_of_the_disk_stays_what_it_is(tmp_path: Path):
    with pytest.raises(PermissionError), room_for(tmp_path, 1):
        raise PermissionError(errno.EACCES, "no")


def test_sizes_are_said_in_units_people_use():
    assert [shown(n) for n in (0, 23_400_000, 1_500_000_000)] == ["0 MB", "23 MB", "1.5 GB"]
