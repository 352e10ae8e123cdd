from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
import pytest

from ml.config import TrackingConfig
from ml.tracking import track
from tests.ml.tracking.scenes import in_pixels, moving_object, panning

CONFIG = TrackingConfig(backend="flow")


@pytest.fixture
def threads() -> Iterator[None]:
    before = cv2.getNumThreads()
    yield
    cv2.setNumThreads(before)


def test_a_moving_object_is_told_from_its_background() -> None:
    frames, corners = moving_object(16, 3.0)
    tracks = next(iter(track(frames, CONFIG)))
    points, visible = in_pixels(tracks), tracks.visible[0]
    on_object = ((points[0] > corners[0] + 8) & (points[0] < corners[0] + 56)).all(axis=-1)
    truth = points[0] + (corners - corners[0])[:, None]
    error = np.linalg.norm(points - truth, axis=-1)[-1]
    assert visible[-1, on_object].mean() > 0.8
    assert np.median(error[on_object & visible[-1]]) < 4.0  # of 45: it adds up, where Lucas-Kanade stays below 0.3
    far = (np.abs(points[0, :, 1] - 72) > 50) | (points[0, :, 0] > 230)
    assert np.median(np.linalg.norm(points[-1] - points[0], axis=-1)[far & visible[-1]]) < 0.5


def test_points_that_leave_the_picture_are_lost() -> None:
    tracks = next(iter(track(panning(16, (6.0, 0.0)), CONFIG)))
    assert not tracks.visible[0, -1, tracks.points[0, 0, :, 0] > 0.9].any()
    assert np.abs(tracks.points).max() <= 1.0


@pytest.mark.usefixtures("threads")
def test_the_number_of_threads_changes_nothing() -> None:
    frames, _ = moving_object(16, 3.0)
    found = []
    for n in (1, 3):
        cv2.setNumThreads(n)
        found.append(next(iter(track(frames, CONFIG))))
        assert cv2.getNumThreads() == n
    assert np.array_equal(found[0].points, found[1].points)
    assert np.array_equal(found[0].visible, found[1].visible)
