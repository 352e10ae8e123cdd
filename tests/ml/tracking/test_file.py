from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ml.artefacts import Tracks
from ml.tracking import TracksFile


def random_tracks(n_windows: int, seed: int = 0) -> Tracks:
    rng = np.random.default_rng(seed)
    return Tracks(
        points=rng.uniform(-1, 1, (n_windows, 16, 9, 2)).astype(np.float32),
        visible=rng.random((n_windows, 16, 9)) < 0.7,
        times_s=np.arange(n_windows)[:, None] * 0.4 + np.arange(16) / 10,
        aspect=4 / 3,
    )


def written(path: Path, *chunks: Tracks) -> Path:
    with TracksFile.create(path) as file:
        for chunk in chunks:
            file.append(chunk)
    return path


def test_tracks_come_back_from_disk(tmp_path: Path) -> None:
    tracks = random_tracks(7)
    path = written(tmp_path / "t", Tracks(tracks.points[:3], tracks.visible[:3], tracks.times_s[:3], tracks.aspect),
                   Tracks(tracks.points[3:], tracks.visible[3:], tracks.times_s[3:], tracks.aspect))  # fmt: skip
    file = TracksFile.open(path)
    assert (file.n_windows, len(file), file.stride, file.aspect) == (7, 7, 4, 4 / 3)
    read = file.read()
    assert np.abs(read.points - tracks.points).max() <= 0.5 / 32767 + 1e-7
    assert np.array_equal(read.visible, tracks.visible)
    assert np.array_equal(read.times_s, tracks.times_s)
    part = file.read(2, 5)
    assert np.array_equal(part.points, read.points[2:5])
    assert np.array_equal(part.visible, read.visible[2:5])
    assert file.read(6, 99).points.shape == (1, 16, 9, 2)
    assert file.read(7, 9).points.shape == (0, 16, 9, 2)
    assert [len(c.points) for c in file.chunks(3)] == [3, 3, 1]


def test_the_file_is_what_its_docstring_says(tmp_path: Path) -> None:
    tracks = random_tracks(2)
    path = written(tmp_path / "t", tracks)
    header = json.loads((path / "tracks.json").read_text())
    assert header == {
        "version": 2, "windows": 2, "frames": 16, "points": 9, "stride": 4, "aspect": 4 / 3,
        "extent": 1.0, "tracker": "",
    }  # fmt: skip
    record = 16 * 8 + 16 * 9 * 2 * 2 + 16 * 9 // 8
    content = (path / "tracks.bin").read_bytes()
    assert len(content) == 2 * record
    second = content[record:]
    assert np.frombuffer(second, "<f8", 16).tolist() == tracks.times_s[1].tolist()
    points = np.frombuffer(second, "<i2", 16 * 9 * 2, offset=128).reshape(16, 9, 2)
    assert points / 32767 == pytest.approx(tracks.points[1], abs=2e-5)
    assert (second[-18] >> 7 & 1) == tracks.visible[1, 0, 0]


def test_points_beyond_the_picture_are_kept_up_to_the_extent(tmp_path: Path) -> None:
    tracks = random_tracks(2)
    wide = Tracks(1.5 * tracks.points, tracks.visible, tracks.times_s, tracks.aspect)
    with TracksFile.create(tmp_path / "t", extent=2.0) as file:
        file.append(wide)
    assert np.abs(TracksFile.open(tmp_path / "t").read().points - wide.points).max() <= 2 * 0.5 / 32767 + 1e-6


def test_tracks_written_before_there_was_an_extent_are_read(tmp_path: Path) -> None:
    path = written(tmp_path / "t", random_tracks(2))
    header = json.loads((path / "tracks.json").read_text())
    del header["extent"], header["tracker"]
    expected = TracksFile.open(path).read()
    (path / "tracks.json").write_text(json.dumps({**header, "version": 1}))
    assert np.array_equal(TracksFile.open(path).read().points, expected.points)
    (path / "tracks.json").write_text(json.dumps({**header, "version": 3}))
    with pytest.raises(ValueError, match="version 3"):
        TracksFile.open(path)


def test_an_unfinished_file_is_not_taken_for_a_finished_one(tmp_path: Path) -> None:
    file = TracksFile.create(tmp_path / "t")
    file.append(random_tracks(2))
    with pytest.raises(FileNotFoundError):
        TracksFile.open(tmp_path / "t")
    file.abandon()
    assert list((tmp_path / "t").iterdir()) == []


def test_starting_again_removes_what_was_there(tmp_path: Path) -> None:
    path = written(tmp_path / "t", random_tracks(2))
    TracksFile.create(path).append(random_tracks(1))
    with pytest.raises(FileNotFoundError):
        TracksFile.open(path)


def test_a_shortened_file_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "t", random_tracks(2))
    content = (path / "tracks.bin").read_bytes()
    (path / "tracks.bin").write_bytes(content[:-1])
    with pytest.raises(ValueError, match="does not hold the 2 windows"):
        TracksFile.open(path)


def test_windows_of_another_shape_do_not_mix(tmp_path: Path) -> None:
    tracks = random_tracks(1)
    other = Tracks(tracks.points[:, :, :4], tracks.visible[:, :, :4], tracks.times_s, tracks.aspect)
    with pytest.raises(ValueError, match="do not fit"):
        written(tmp_path / "t", tracks, other)
