from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import pytest

from ml.artefacts import Tracks
from ml.config import TrackingConfig
from ml.energy import fastest_speed
from ml.tracking import TracksFile, track, track_video
from ml.tracking.camera import without_camera_motion
from ml.tracking.grid import grid_points
from tests.ml.media import textured, write_video
from tests.ml.tracking.scenes import H, W, moving_object, panning

PLAIN = TrackingConfig(backend="lk")
CONFIG = replace(PLAIN, compensate_camera=True)
ASPECT = 16 / 9


def seen_by_a_moving_camera(own: np.ndarray, turn: float, zoom: float, shift: tuple[float, float]) -> Tracks:
    """Points that move by `own` [T, N, 2] in half picture heights, under a camera that moves the same every frame."""
    grid = grid_points(20).astype(np.float64) * [ASPECT, 1]
    c, s = zoom * np.cos(turn), zoom * np.sin(turn)
    one, motion, points = np.array([[c, -s, shift[0]], [s, c, shift[1]], [0, 0, 1]]), np.eye(3), []
    for moved in own:
        points.append(((grid + moved) @ motion[:2, :2].T + motion[:2, 2]) / [ASPECT, 1])
        motion = one @ motion
    visible = np.ones((1, len(own), len(grid)), dtype=np.bool_)
    return Tracks(np.array(points, dtype=np.float32)[None], visible, np.arange(len(own))[None] / 10, ASPECT)


@pytest.mark.parametrize(
    ("turn", "zoom", "shift"), [(0.0, 1.0, (0.05, -0.02)), (0.02, 1.0, (0.0, 0.0)), (-0.01, 1.02, (0.03, 0.01))]
)
def test_things_keep_their_own_motion_and_the_rest_stands_still(
    turn: float, zoom: float, shift: tuple[float, float]
) -> None:
    own = np.zeros((16, 400, 2))
    own[:, :80] = np.arange(16)[:, None, None] * np.array([0.04, 0.03])  # a fifth of the points moves by itself
    tracks = without_camera_motion(seen_by_a_moving_camera(own, turn, zoom, shift))
    velocities = tracks.velocities()[0]
    assert np.abs(velocities[:, 80:]).max() < 1e-4
    assert velocities[:, :80] == pytest.approx(np.broadcast_to([0.04, 0.03], (15, 80, 2)), abs=1e-4)


@pytest.mark.parametrize(("backend", "left"), [("lk", 0.05), ("flow", 0.1)])
def test_a_panned_still_scene_has_no_velocity(backend: Literal["lk", "flow"], left: float) -> None:
    frames = panning(20, (2.3, -0.7))
    moving = next(iter(track(frames, replace(PLAIN, backend=backend))))
    still = next(iter(track(frames, replace(CONFIG, backend=backend))))
    assert np.array_equal(still.visible, moving.visible)
    assert fastest_speed(moving).mean() > 0.03
    assert fastest_speed(still).mean() < left * fastest_speed(moving).mean()  # what is left is the tracker's noise
    assert np.abs(still.velocities()).mean() < 0.04 * np.abs(moving.velocities()).mean()


def test_a_camera_at_rest_changes_nothing() -> None:
    frames, _ = moving_object(16, 3.0)
    plain, compensated = (next(iter(track(frames, config))) for config in (PLAIN, CONFIG))
    assert np.array_equal(compensated.points, plain.points)


def test_without_a_background_nothing_is_taken_out() -> None:
    rng = np.random.default_rng(0)
    own = np.cumsum(rng.normal(0, 0.05, (16, 400, 2)), axis=0)  # every point its own way
    tracks = seen_by_a_moving_camera(own, 0.0, 1.0, (0.0, 0.0))
    assert np.allclose(without_camera_motion(tracks).points, tracks.points, atol=1e-6)


def test_a_lost_point_keeps_its_last_place_while_the_camera_moves_on() -> None:
    tracks = seen_by_a_moving_camera(np.zeros((16, 400, 2)), 0.0, 1.0, (0.05, 0.0))
    visible, points = tracks.visible.copy(), tracks.points.copy()
    visible[0, 8:, :10], points[0, 8:, :10] = False, points[0, 7, :10]
    stable = without_camera_motion(replace(tracks, visible=visible, points=points))
    assert np.abs(stable.velocities()[0, 7:, :10]).max() == 0


def test_coordinates_beyond_the_first_picture_survive_the_file(tmp_path: Path) -> None:
    # The camera follows a square to the right, by 9 px a frame: in the first picture's coordinates it leaves the right
    # edge, and it does so at full speed.
    scene, square = textured(H, W + 200, blur_px=2.0), textured(48, 48, seed=1)
    pictures = []
    for i in range(16):
        picture = np.ascontiguousarray(scene[:, 9 * i : 9 * i + W])
        picture[48:96, 170:218] = square
        pictures.append(cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB))
    path = write_video(tmp_path / "a.mp4", pictures, 10, codec_options={"crf": "4"})
    track_video(path, CONFIG, tmp_path / "t")
    tracks = TracksFile.open(tmp_path / "t").read(0, 1)
    start = tracks.points[0, 0]
    inside = (np.abs((start[:, 0] + 1) * W / 2 - 194) < 12) & (np.abs((start[:, 1] + 1) * H / 2 - 72) < 12)
    assert inside.any()
    assert tracks.visible[0, -1, inside].all()
    assert tracks.points[0, -1, inside, 0].min() > 1.2
    assert tracks.velocities()[0, :, inside, 0].mean() == pytest.approx(9 / (H / 2), rel=0.03)
