import json
import resource
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from ml import tracking
from ml.artefacts import Tracks
from ml.config import TrackingConfig
from ml.errors import Cancelled, CannotDecode, TooShort
from ml.tracking import TracksFile, from_pixels, grid_points, prefetched, to_pixels, track, track_video
from ml.video import Frame
from tests.ml.media import grey, needs_shared_data, numbered, shared_files, spoil, textured, write_video

CONFIG = TrackingConfig()
W, H = 256, 144
Moves = npt.NDArray[np.float64]


def shifted(picture: npt.NDArray[np.uint8], dx: float, dy: float) -> npt.NDArray[np.uint8]:
    moved = cv2.warpAffine(picture, np.array([[1, 0, dx], [0, 1, dy]]), (W, H), borderMode=cv2.BORDER_REFLECT)
    return np.asarray(moved, dtype=np.uint8)


def as_frames(pictures: list[npt.NDArray[np.uint8]]) -> list[Frame]:
    return [Frame(i / 10, np.repeat(p[..., None], 3, axis=2)) for i, p in enumerate(pictures)]


def panning(n: int, step: tuple[float, float] = (2.3, -0.7)) -> list[Frame]:
    """The whole picture moves by `step` pixels a frame."""
    texture = textured(H, W)
    return as_frames([shifted(texture, step[0] * i, step[1] * i) for i in range(n)])


def moving_object(n: int, step_px: float, noise: float = 2.0, seed: int = 0) -> tuple[list[Frame], Moves]:
    """A textured square crosses a textured background, to and fro: frames, and its left upper corner [n, 2]."""
    rng = np.random.default_rng(seed)
    background, square, size = textured(H, W, seed, 4.0) // 2 + 60, textured(64, 64, seed + 1), 64
    pictures, corners = [], []
    for i in range(n):
        phase = (i * step_px / 120) % 2
        x, y = 30 + 120 * (phase if phase < 1 else 2 - phase), 40.0
        matrix = np.array([[1, 0, x], [0, 1, y]])
        mask = cv2.warpAffine(np.ones((size, size), dtype=np.float32), matrix, (W, H))
        scene = background * (1 - mask) + cv2.warpAffine(square.astype(np.float32), matrix, (W, H))
        pictures.append(np.clip(scene + rng.normal(0, noise, scene.shape), 0, 255).astype(np.uint8))
        corners.append((x, y))
    return as_frames(pictures), np.array(corners)


def in_pixels(tracks: Tracks) -> npt.NDArray[np.float32]:
    """The first window's points, [T, N, 2] pixels."""
    return to_pixels(tracks.points[0], W, H)


# Where the points are.


def test_the_grid_lies_on_the_centres_of_equal_cells() -> None:
    # Four cells of a 2×2 grid over -1..1 have their centres at ±0.5; row by row, x first.
    assert grid_points(2).tolist() == [[-0.5, -0.5], [0.5, -0.5], [-0.5, 0.5], [0.5, 0.5]]
    assert grid_points(20).shape == (400, 2)


def test_minus_one_and_one_are_the_edges_of_the_picture() -> None:
    # Four pixels: the centre of the first is an eighth of the width from the left edge, -1 + 2/8.
    points = np.array([[0.0, 0.0], [3.0, 1.0]], dtype=np.float32)
    assert from_pixels(points, 4, 2).tolist() == [[-0.75, -0.5], [0.75, 0.5]]
    assert to_pixels(from_pixels(points, 4, 2), 4, 2) == pytest.approx(points)


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


# How well they are followed.


def test_a_panning_picture_is_followed_to_a_tenth_of_a_pixel() -> None:
    step = (2.3, -0.7)
    tracks = next(iter(track(panning(16, step), CONFIG)))
    points, visible = in_pixels(tracks), tracks.visible[0]
    truth = points[0] + np.arange(16)[:, None, None] * np.array(step)
    stays = ((truth[-1] > 12) & (truth[-1] < (W - 13, H - 13)) & (points[0] > 12)).all(axis=-1)
    assert visible[-1, stays].mean() > 0.98
    error = np.linalg.norm(points - truth, axis=-1)[-1, stays & visible[-1]]
    assert np.median(error) < 0.1


@pytest.mark.parametrize("step_px", [0.7, 3.0, 7.0])
def test_a_moving_object_is_told_from_its_background(step_px: float) -> None:
    frames, corners = moving_object(16, step_px)
    tracks = next(iter(track(frames, CONFIG)))
    points, visible = in_pixels(tracks), tracks.visible[0]
    on_object = ((points[0] > corners[0] + 8) & (points[0] < corners[0] + 56)).all(axis=-1)
    far = (np.abs(points[0, :, 1] - 72) > 50) | (points[0, :, 0] > 230)
    truth = points[0] + (corners - corners[0])[:, None]
    error = np.linalg.norm(points - truth, axis=-1)[-1]
    assert visible[-1, on_object].mean() > 0.9
    assert np.median(error[on_object & visible[-1]]) < 0.3
    still = np.linalg.norm(points[-1] - points[0], axis=-1)[far & visible[-1]]
    assert np.median(still) < 0.3


def test_points_that_are_lost_stay_lost_where_they_were() -> None:
    scene = panning(8, (0.0, 0.0))
    other = as_frames([textured(H, W, seed=9)] * 8)
    cut = [*scene, *(replace(f, time_s=0.8 + i / 10) for i, f in enumerate(other))]
    tracks = next(iter(track(cut, CONFIG)))
    visible = tracks.visible[0]
    assert visible[7].mean() > 0.9
    assert visible[8].mean() < 0.3  # another scene: hardly any point is found in both directions
    assert not (visible[1:] & ~visible[:-1]).any()  # never back again in the same window
    lost = ~visible[1:]
    assert (tracks.velocities()[0][lost] == 0).all()


def test_points_that_leave_the_picture_are_lost() -> None:
    tracks = next(iter(track(panning(16, (6.0, 0.0)), CONFIG)))
    at_the_right = tracks.points[0, 0, :, 0] > 0.9
    assert not tracks.visible[0, -1, at_the_right].any()
    assert np.abs(tracks.points).max() <= 1.0


def test_sharing_a_step_between_windows_changes_nothing_that_matters(monkeypatch: pytest.MonkeyPatch) -> None:
    frames, _ = moving_object(20, 3.0)
    shared = list(track(frames, CONFIG))
    monkeypatch.setattr(tracking, "SHARED_PX", 1e-3)
    alone = list(track(frames, CONFIG))
    both = [a.visible & b.visible for a, b in zip(shared, alone, strict=True)]
    apart = [np.linalg.norm(to_pixels(a.points - b.points, W, H) - to_pixels(np.zeros(2, np.float32), W, H), axis=-1)
             for a, b in zip(shared, alone, strict=True)]  # fmt: skip
    errors = np.concatenate([e[v] for e, v in zip(apart, both, strict=True)])
    assert np.median(errors) < 0.01
    assert np.percentile(errors, 99) < 0.15
    assert np.mean([a.visible == b.visible for a, b in zip(shared, alone, strict=True)]) > 0.99


def test_points_on_one_spot_are_followed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    followed: list[int] = []
    follow = tracking.follow

    def counting(previous: object, grey: object, points: npt.NDArray[np.float32], config: TrackingConfig) -> object:
        followed.append(len(points))
        return follow(previous, grey, points, config)  # type: ignore[arg-type]

    monkeypatch.setattr(tracking, "follow", counting)
    list(track(panning(20, (0.0, 0.0)), CONFIG))
    assert max(followed) <= 400  # four windows are open, and nothing moves


def test_what_comes_later_changes_nothing_earlier() -> None:
    frames, _ = moving_object(20, 3.0)
    short, long = list(track(frames[:18], CONFIG)), list(track(frames, CONFIG))
    for a, b in zip(short, long, strict=False):
        assert np.array_equal(a.points, b.points)
        assert np.array_equal(a.visible, b.visible)


# Reading ahead.


def test_prefetched_items_come_in_order() -> None:
    with prefetched(range(100), 4) as items:
        assert list(items) == list(range(100))


def test_an_error_of_the_source_is_raised_at_the_consumer() -> None:
    def failing() -> Iterator[int]:
        yield 1
        raise CannotDecode("broken")

    with prefetched(failing(), 4) as items:
        assert next(items) == 1
        with pytest.raises(CannotDecode, match="broken"):
            next(items)


def test_reading_ahead_is_bounded_and_ends_with_the_consumer() -> None:
    made, before = [], threading.active_count()

    def endless() -> Iterator[int]:
        while True:
            made.append(len(made))
            yield len(made)

    with prefetched(endless(), 3) as items:
        assert next(items) == 1
        time.sleep(0.1)
        assert len(made) <= 6  # one consumed, three waiting, one in hand, and the next perhaps begun
    assert threading.active_count() == before


# On disk.


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
    assert header == {"version": 1, "windows": 2, "frames": 16, "points": 9, "stride": 4, "aspect": 4 / 3}
    record = 16 * 8 + 16 * 9 * 2 * 2 + 16 * 9 // 8
    content = (path / "tracks.bin").read_bytes()
    assert len(content) == 2 * record
    second = content[record:]
    assert np.frombuffer(second, "<f8", 16).tolist() == tracks.times_s[1].tolist()
    points = np.frombuffer(second, "<i2", 16 * 9 * 2, offset=128).reshape(16, 9, 2)
    assert points / 32767 == pytest.approx(tracks.points[1], abs=2e-5)
    assert (second[-18] >> 7 & 1) == tracks.visible[1, 0, 0]


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


# A whole file.


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
def test_a_real_pick_and_place_moves_more_than_its_pauses(tmp_path: Path) -> None:
    path = next(p for p in shared_files("videos") if p.name == "bowl_unloading_robot.mp4")
    track_video(path, CONFIG, tmp_path / "t")
    tracks = TracksFile.open(tmp_path / "t").read()
    assert len(tracks.points) == 1 + (171 - 16) // 4
    moving = np.linalg.norm(tracks.velocities(), axis=-1).mean(axis=(1, 2))
    assert moving.max() > 3 * np.percentile(moving, 5)


def test_a_grey_wall_gives_no_motion() -> None:
    frames = [Frame(i / 10, grey(120, W, H)) for i in range(16)]
    tracks = next(iter(track(frames, CONFIG)))
    assert (tracks.velocities() == 0).all()
    assert not tracks.visible[0, 1:].any()  # nothing to hold on to
