"""Following points by dense inverse-search flow (DIS), computed once a pair of frames for all windows.

Every point gets a motion, also on surfaces too plain or too fast for Lucas-Kanade, which loses a moving hand there: on
annotated recordings the points it still sees are mostly the background. The price is drift: errors add up along a
window (a small object's points end 1.5 px off in the median, against 0.03 px). What is cut and encoded are velocities,
which do not care, so this is the default (docs/results.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import cv2
import numpy as np

from ml.artefacts import Float, Tracks
from ml.config import TrackingConfig
from ml.tracking.windows import Mask, fill_windows, inside
from ml.video import Frame, Image


def track_flow(frames: Iterable[Frame], config: TrackingConfig) -> Iterator[Tracks]:
    """Points carried along by DIS flow, on grey pictures. See `ml.tracking.track`.

    A point is lost only where it leaves the picture. There is no forward-backward check: it would drop exactly the
    points that move fast, and cost as much again.
    """
    # The slower presets drift less and find no better boundaries.
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)

    def step(previous: Image, grey: Image, points: Float) -> tuple[Float, Mask]:
        moved = points + _at(_flow(search, previous, grey), points)
        return moved, inside(moved, grey)

    return fill_windows(frames, config, step)


def _flow(search: cv2.DISOpticalFlow, previous: Image, grey: Image) -> Float:
    """[H, W, 2] pixels. On one thread: DIS splits the picture by threads, and what comes out depends on the split."""
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        return np.asarray(search.calc(previous, grey, None), dtype=np.float32)  # type: ignore[call-overload]
    finally:
        cv2.setNumThreads(threads)


def _at(flow: Float, points: Float) -> Float:
    """The flow at points [P, 2] between pixels, [P, 2]."""
    x, y = np.ascontiguousarray(points.T)[..., None]
    sampled = cv2.remap(flow, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)  # [P, 1, 2]
    return np.asarray(sampled, dtype=np.float32)[:, 0]
