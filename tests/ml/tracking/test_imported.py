from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ml.artefacts import Tracks
from ml.config import TrackingConfig
from ml.energy import fastest_speed
from ml.errors import TooShort, UnusableTracks
from ml.tracking import TracksFile, facts, track_video
from tests.ml.media import SHARED, needs_shared_data, numbered, write_video

CONFIG = TrackingConfig(backend="tracks")


def imported(path: Path, config: TrackingConfig = CONFIG) -> Tracks:
    track_video(path, config, path.parent / "t")
    return TracksFile.open(path.parent / "t").read()


def npz(path: Path, **arrays: Any) -> Path:
    np.savez(path / "a.npz", **arrays)
    return path / "a.npz"


def npy(path: Path, tracks: np.ndarray) -> Path:
    np.save(path / "a.npy", tracks)
    return path / "a.npy"


def walk(frames: int, points: int, axes: int = 2) -> np.ndarray:
    return np.cumsum(np.random.default_rng(0).normal(0, 1, (frames, points, axes)), axis=0) + 100


def test_pixels_become_the_pictures_edges(tmp_path: Path) -> None:
    # 4 × 2 pixels: the centre of the first one lies an eighth of the width and a quarter of the height inside.
    tracks = np.zeros((20, 2, 2))
    tracks[:, 1] = [3, 1]
    found = imported(npz(tmp_path, tracks=tracks, fps=10, width=4, height=2))
    assert found.points.shape == (2, 16, 400, 2)
    assert found.points[0, 0, 0] == pytest.approx([-0.75, -0.5], abs=1e-4)
    assert found.points[0, 0, 1] == pytest.approx([0.75, 0.5], abs=1e-4)
    assert found.aspect == 2
    assert found.visible.all()


def test_thirty_frames_a_second_become_ten(tmp_path: Path) -> None:
    tracks = np.random.default_rng(0).uniform(-0.9, 0.9, (90, 400, 2))
    found = imported(npz(tmp_path, tracks=tracks, fps=30))
    assert len(found.points) == 1 + (30 - 16) // 4
    assert found.times_s[1] == pytest.approx(0.4 + np.arange(16) / 10)
    assert found.points[1] == pytest.approx(tracks[12:60:3], abs=1e-4)


def test_between_samples_points_lie_on_a_line(tmp_path: Path) -> None:
    # One sample every 0.2 s, x rising by 0.02 each: 0.01 a step of 0.1 s.
    tracks = np.zeros((20, 1, 2))
    tracks[:, 0, 0] = 0.02 * np.arange(20)
    found = imported(npz(tmp_path, tracks=tracks, times_s=7 + 0.2 * np.arange(20)))
    assert found.times_s[0, 0] == 0
    assert found.velocities()[..., 0] == pytest.approx(0.01, abs=1e-4)


def test_few_points_are_repeated_and_of_many_some_are_taken(tmp_path: Path) -> None:
    few = imported(npz(tmp_path, tracks=walk(20, 3), fps=10, width=200, height=200))
    assert np.array_equal(few.points[:, :, :3], few.points[:, :, 3:6])
    assert np.array_equal(few.points[:, :, 399], few.points[:, :, 0])  # 399 = 133 · 3
    many = imported(npz(tmp_path, tracks=walk(20, 1000), fps=10, width=200, height=200))
    assert many.points.shape[2] == 400
    assert len(np.unique(many.points[0, 0], axis=0)) == 400


def test_a_lost_point_stays_lost_for_its_window_and_keeps_its_place(tmp_path: Path) -> None:
    tracks, visible = np.random.default_rng(0).uniform(-0.5, 0.5, (40, 400, 2)), np.ones((40, 400), dtype=bool)
    visible[18, 5] = False
    tracks[18, 6] = np.nan
    found = imported(npz(tmp_path, tracks=tracks, visible=visible, fps=10))
    for point in (5, 6):
        assert found.visible[0, :, point].all()  # frames 0 to 15
        assert found.visible[1, :14, point].all()  # frames 4 to 17
        assert not found.visible[1, 14:, point].any()  # 18 and 19
        assert np.array_equal(found.points[1, 14:, point], found.points[1, [13, 13], point])
        assert found.visible[5, :, point].all()  # from 20 on it is there again
    assert found.visible[..., :5].all()


def test_points_in_space_are_looked_at_through_a_pinhole(tmp_path: Path) -> None:
    # x/z from -0.5 to 0.5 and y/z from -0.25 to 0.25, a twentieth of room on each side: half is 0.55, and 0.275.
    tracks = np.array([[[-1, -0.5, 2], [2, 1, 4], [0, 0, 1], [0, 0, -1]]] * 20, dtype=float)
    found = imported(npz(tmp_path, tracks=tracks, fps=10))
    assert found.points[0, 0, :3] == pytest.approx(
        np.array([[-0.5 / 0.55, -0.25 / 0.275], [0.5 / 0.55, 0.25 / 0.275], [0, 0]]), abs=1e-4
    )
    assert found.aspect == pytest.approx(2)
    assert found.visible[0, 0, :4].tolist() == [True, True, True, False]  # what is behind the camera is not seen


@pytest.mark.parametrize(("layout", "axes"), [("xy_rows", 2), ("xyz_rows", 3)])
def test_rows_of_coordinates_are_the_same_tracks(tmp_path: Path, layout: Any, axes: int) -> None:
    tracks = walk(20, 5, axes)
    expected = imported(npz(tmp_path, tracks=tracks, fps=10))
    rows = tracks.transpose(2, 1, 0).reshape(axes * 5, 20)
    config = TrackingConfig(backend="tracks", tracks_layout=layout, tracks_fps=10)
    assert np.array_equal(imported(npy(tmp_path, rows), config).points, expected.points)


def test_a_long_recording_is_read_piece_by_piece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = npz(tmp_path, tracks=walk(200, 4), fps=10)
    whole = imported(path)
    monkeypatch.setattr("ml.tracking.imported.BLOCK_FRAMES", 3)
    pieces = imported(path)
    assert np.array_equal(pieces.points, whole.points)
    assert np.array_equal(pieces.times_s, whole.times_s)
    assert len(whole.points) == 1 + (200 - 16) // 4


@pytest.mark.parametrize(
    ("arrays", "sentence"),
    [
        ({"points": walk(20, 3)}, "no array `tracks` in this file, only points"),
        ({"tracks": walk(20, 3)}, "say --tracks-fps"),
        ({"tracks": walk(20, 3)[0], "fps": 10}, "--tracks-layout"),
        ({"tracks": walk(20, 3, 4), "fps": 10}, r"\[frames, points, 2 or 3\]"),
        ({"tracks": walk(20, 3), "fps": 0}, "rate must be"),
        ({"tracks": walk(20, 3), "times_s": np.zeros(20)}, "20 rising times"),
        ({"tracks": walk(20, 3), "fps": 10, "visible": np.ones((20, 4), dtype=bool)}, "visible is"),
        ({"tracks": walk(20, 3), "fps": 10, "width": 0, "height": 5}, "above 0"),
        ({"tracks": np.full((20, 3, 2), np.nan), "fps": 10}, "ever visible"),
        ({"tracks": np.full((20, 3, 2), "x"), "fps": 10}, "must be numbers"),
    ],
)
def test_what_cannot_be_used_is_refused_in_a_sentence(tmp_path: Path, arrays: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UnusableTracks, match=sentence):
        imported(npz(tmp_path, **arrays))
    assert not (tmp_path / "t" / "tracks.json").exists()


def test_fifteen_frames_are_too_short(tmp_path: Path) -> None:
    with pytest.raises(TooShort, match=r"1\.5 s, needs 1\.6 s"):
        imported(npz(tmp_path, tracks=walk(15, 3), fps=10))


def test_objects_and_rubbish_are_not_loaded(tmp_path: Path) -> None:
    for content in (np.array([{}] * 20, dtype=object), None):
        path = tmp_path / "a.npy"
        if content is None:
            path.write_bytes(b"rubbish")
        else:
            np.save(path, content, allow_pickle=True)
        with pytest.raises(UnusableTracks, match="not a file of arrays"):
            imported(path)


def test_a_video_is_not_taken_for_tracks(tmp_path: Path) -> None:
    with pytest.raises(UnusableTracks, match="not a file of tracks"):
        track_video(write_video(tmp_path / "a.mp4", numbered(48), 30), CONFIG, tmp_path / "t")


@needs_shared_data
def test_a_real_skeleton_moves_and_rests(tmp_path: Path) -> None:
    path = SHARED / "tracks" / "ha4m" / "IDU001V001.upskel.npy"
    config = TrackingConfig(backend="tracks", tracks_layout="xyz_rows", tracks_fps=30)
    track_video(path, config, tmp_path / "t")
    tracks = TracksFile.open(tmp_path / "t").read()
    info = facts(path, config)
    assert info.duration_s == pytest.approx(80.9)
    assert len(tracks.points) == 1 + (809 - 16) // 4
    assert tracks.visible.all()
    speed = fastest_speed(tracks)
    assert np.percentile(speed, 95) > 4 * np.percentile(speed, 5) > 0
