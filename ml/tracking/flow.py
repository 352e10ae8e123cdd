"""Following points by dense inverse-search flow (DIS), computed once a frame for all windows.

Every point gets a motion, also on surfaces too plain for Lucas-Kanade, which loses it there. The price: errors add up
along a window (a small object's points end 1 px off in the median, against 0.04 px), and a frame costs seven times as
much (docs/benchmarks.md). So this is a choice for plain surfaces, not the default.
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
    """Points carried along by DIS flow, with forward-backward check, on grey pictures. See `ml.tracking.track`."""
    # The fast presets end 3.5 and 7.9 px off where this one ends 1.2 px off.
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)

    def step(previous: Image, grey: Image, points: Float) -> tuple[Float, Mask]:
        forward, backward = _flow(search, previous, grey), _flow(search, grey, previous)
        moved = points + _at(forward, points)
        error = moved + _at(backward, moved) - points
        close = np.square(error).sum(axis=1) <= config.max_fb_error_px**2
        return moved, close & inside(moved, grey)

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
