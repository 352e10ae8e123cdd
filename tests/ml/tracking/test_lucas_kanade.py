from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from ml.config import TrackingConfig
from ml.tracking import lucas_kanade, track, windows
from ml.tracking.grid import grid_points, to_pixels
from ml.video import Frame
from tests.ml.media import grey, textured
from tests.ml.tracking.scenes import H, W, as_frames, in_pixels, moving_object, panning, shifted

CONFIG = TrackingConfig(backend="lk")


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
    monkeypatch.setattr(windows, "SHARED_PX", 1e-3)
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
    follow = lucas_kanade.follow

    def counting(previous: object, grey: object, points: npt.NDArray[np.float32], config: TrackingConfig) -> object:
        followed.append(len(points))
        return follow(previous, grey, points, config)  # type: ignore[arg-type]

    monkeypatch.setattr(lucas_kanade, "follow", counting)
    list(track(panning(20, (0.0, 0.0)), CONFIG))
    assert max(followed) <= 400  # four windows are open, and nothing moves


def test_noise_is_no_change_and_half_a_pixel_is_one() -> None:
    rng = np.random.default_rng(0)
    scene = textured(H, W)
    noisy = [np.clip(scene + rng.normal(0, 2, scene.shape), 0, 255).astype(np.uint8) for _ in range(2)]
    points = to_pixels(grid_points(20), W, H)
    assert lucas_kanade.unchanged(*noisy, points, CONFIG.patch_px).mean() > 0.9
    half = shifted(noisy[1], 0.5, 0.0)
    assert lucas_kanade.unchanged(noisy[0], half, points, CONFIG.patch_px).mean() < 0.1


def test_an_object_passing_nearby_drags_no_point_along() -> None:
    # A bright bar moves 6 px a frame, 12 px above a line of points whose own patches show the same weak texture.
    background = (textured(H, W, blur_px=1.5) // 12 + 90).astype(np.uint8)
    points = np.array([[x, 80.0] for x in range(40, 220, 10)], dtype=np.float32)
    pictures = []
    for i in range(2):
        picture = background.copy()
        picture[38:68, 60 + 6 * i : 180 + 6 * i] = textured(30, 120, seed=3)
        pictures.append(picture)
    moved, found = lucas_kanade.follow(pictures[0], pictures[1], points, CONFIG)
    assert found.all()
    assert np.abs(moved - points).max() < 0.05


def test_what_comes_later_changes_nothing_earlier() -> None:
    frames, _ = moving_object(20, 3.0)
    short, long = list(track(frames[:18], CONFIG)), list(track(frames, CONFIG))
    for a, b in zip(short, long, strict=False):
        assert np.array_equal(a.points, b.points)
        assert np.array_equal(a.visible, b.visible)


def test_a_grey_wall_gives_no_motion() -> None:
    frames = [Frame(i / 10, grey(120, W, H)) for i in range(16)]
    tracks = next(iter(track(frames, CONFIG)))
    assert (tracks.velocities() == 0).all()
    assert not tracks.visible[0, 1:].any()  # nothing to hold on to
