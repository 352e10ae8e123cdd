from __future__ import annotations

import resource
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from ml.artefacts import Tracks
from ml.config import TrackingConfig
from ml.errors import Cancelled, TooShort
from ml.tracking import TracksFile, track, track_video
from ml.tracking.grid import grid_points
from ml.video import Frame
from tests.ml.media import needs_shared_data, numbered, shared_files, spoil, textured, write_video
from tests.ml.tracking.scenes import H, W, moving_object, panning

CONFIG = TrackingConfig()


def test_windows_start_every_stride_on_a_fresh_grid() -> None:
    windows = list(track(panning(26), CONFIG))
    assert len(windows) == 1 + (26 - 16) // 4
    for k, window in enumerate(windows):
        assert window.points.shape == (1, 16, 400, 2)
        assert window.points[0, 0] == pytest.approx(grid_points(20), abs=1e-6)
        assert window.visible[0, 0].all()
        assert window.times_s[0] == pytest.approx([(4 * k + t) / 10 for t in range(16)])
        assert window.aspect == pytest.approx(W / H)


def test_sixteen_frames_make_one_window_and_fifteen_none() -> None:
    assert len(list(track(panning(16), CONFIG))) == 1
    with pytest.raises(TooShort, match=r"too short: 1\.5 s, needs 1\.6 s"):
        list(track(panning(15), CONFIG))


def test_a_window_comes_as_soon_as_it_is_complete() -> None:
    read = []

    def counted() -> Iterator[Frame]:
        for frame in panning(24):
            read.append(frame.time_s)
            yield frame

    next(iter(track(counted(), CONFIG)))
    assert len(read) == 16


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    frames, _ = moving_object(60, 1.5, noise=0)
    return write_video(tmp_path_factory.mktemp("clip") / "a.mp4", [f.image for f in frames], 25)


def test_a_video_is_tracked_to_the_same_bytes_every_time(clip: Path, tmp_path: Path) -> None:
    heard: list[float] = []
    assert track_video(clip, CONFIG, tmp_path / "a", lambda done, message: heard.append(done)) == ()
    assert track_video(clip, CONFIG, tmp_path / "b") == ()
    for name in ("tracks.bin", "tracks.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert sorted(p.name for p in (tmp_path / "a").iterdir()) == ["tracks.bin", "tracks.json"]
    assert heard == sorted(heard)
    assert heard[-1] == 1.0
    file = TracksFile.open(tmp_path / "a")
    assert file.n_windows == 1 + (24 - 16) // 4  # 2.4 s
    assert file.read().times_s[:, 0] == pytest.approx([0.0, 0.4, 0.8])


def test_stopping_leaves_no_thread_and_no_tracks(clip: Path, tmp_path: Path) -> None:
    def cancel(done: float, message: str) -> None:
        raise Cancelled

    before = threading.active_count()
    with pytest.raises(Cancelled):
        track_video(clip, CONFIG, tmp_path / "a", cancel)
    assert threading.active_count() == before
    assert list((tmp_path / "a").iterdir()) == []


def test_a_damaged_video_is_tracked_with_a_warning(tmp_path: Path) -> None:
    path = spoil(write_video(tmp_path / "a.mp4", numbered(48), 30, codec_options={"g": "1"}), slice(20, 23))
    warnings = track_video(path, CONFIG, tmp_path / "t")
    assert len(warnings) == 1
    assert warnings[0].startswith("damaged: about")


def test_a_full_disk_is_the_systems_error(clip: Path, tmp_path: Path) -> None:
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "tracks.bin.part").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left"):
        track_video(clip, CONFIG, tmp_path / "t")
    with pytest.raises(FileNotFoundError):
        TracksFile.open(tmp_path / "t")


def test_memory_does_not_grow_with_the_video() -> None:
    picture = np.repeat(textured(H, W)[..., None], 3, axis=2)

    def peak_kib(n: int, use: Callable[[Tracks], None] = lambda tracks: None) -> int:
        for tracks in track((Frame(i / 10, picture.copy()) for i in range(n)), replace(CONFIG, grid=4)):
            use(tracks)
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    first = peak_kib(40)
    assert peak_kib(400) - first < 20_000  # 400 frames of 110 kB would be 44 MB


@needs_shared_data
@pytest.mark.parametrize(("backend", "times"), [("flow", 2), ("lk", 3)])
def test_a_real_pick_and_place_moves_more_than_its_pauses(
    tmp_path: Path, backend: Literal["flow", "lk"], times: int
) -> None:
    path = next(p for p in shared_files("videos") if p.name == "bowl_unloading_robot.mp4")
    track_video(path, replace(CONFIG, backend=backend), tmp_path / "t")
    tracks = TracksFile.open(tmp_path / "t").read()
    assert len(tracks.points) == 1 + (171 - 16) // 4
    moving = np.linalg.norm(tracks.velocities(), axis=-1).mean(axis=(1, 2))
    assert moving.max() > times * np.percentile(moving, 5)
