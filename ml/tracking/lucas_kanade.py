"""Following points by pyramidal Lucas-Kanade with a forward-backward check: the tracker of machines without a GPU."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from ml.artefacts import Float, Tracks
from ml.config import TrackingConfig
from ml.errors import TooShort
from ml.tracking.grid import from_pixels, grid_points, to_pixels
from ml.video import Frame, Image

Mask = npt.NDArray[np.bool_]

SHARED_PX = 0.25


@dataclass
class _Window:
    """A window being filled. points: one [N, 2] in pixels per frame so far; visible: one [N] per frame."""

    points: list[Float]
    visible: list[Mask]
    times_s: list[float]

    def to_tracks(self, width: int, height: int) -> Tracks:
        return Tracks(
            points=from_pixels(np.stack(self.points), width, height)[None],  # [1, T, N, 2]
            visible=np.stack(self.visible)[None],
            times_s=np.array([self.times_s]),
            aspect=width / height,
        )


def track_lucas_kanade(frames: Iterable[Frame], config: TrackingConfig) -> Iterator[Tracks]:
    """Pyramidal Lucas-Kanade with forward-backward check, on grey pictures. See `ml.tracking.track`.

    All windows open at a time are followed in one call per pair of frames, so each pyramid is built once for them.
    """
    grid = grid_points(config.grid)
    windows: list[_Window] = []
    previous: Image | None = None
    count = 0
    for count, frame in enumerate(frames, start=1):
        height, width = frame.image.shape[:2]
        grey = np.asarray(cv2.cvtColor(frame.image, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
        if previous is not None and windows:
            _advance(windows, to_pixels(grid, width, height), previous, grey, frame.time_s, config)
        if (count - 1) % config.stride_frames == 0:
            points = to_pixels(grid, width, height)
            windows.append(_Window([points], [np.ones(len(points), dtype=np.bool_)], [frame.time_s]))
        if len(windows[0].times_s) == config.window_frames:
            yield windows.pop(0).to_tracks(width, height)
        previous = grey
    if count < config.window_frames:
        raise TooShort(f"too short: {count / config.fps:.1f} s, needs {config.window_s:.1f} s")


def _advance(
    windows: list[_Window], grid_px: Float, previous: Image, grey: Image, time_s: float, config: TrackingConfig
) -> None:
    """Add one frame to every open window."""
    before = np.stack([w.points[-1] for w in windows])  # [open windows, N, 2] pixels
    visible = np.stack([w.visible[-1] for w in windows])  # [open windows, N]
    after = before.copy()
    if visible.any():
        _, first, same = np.unique(_places(before - grid_px)[visible], return_index=True, return_inverse=True)
        start = before[visible][first]  # [P, 2]
        moved, found = follow(previous, grey, start, config)
        step = np.where(found[:, None], moved - start, 0.0).astype(np.float32)
        after[visible] += step[same]
        visible[visible] = found[same]
    for window, points, seen in zip(windows, after, visible, strict=True):
        window.points.append(points)
        window.visible.append(seen)
        window.times_s.append(time_s)


def _places(offsets: Float) -> npt.NDArray[np.int64]:
    """Equal for what need not be followed twice: [open windows, N, 2] offsets from the grid → [open windows, N].

    Windows overlap, and where nothing moved their points lie on the same spot, give or take noise. Points of one grid
    cell within the same quarter pixel share one step; their own fractions stay theirs. Against following each alone
    the points after 15 steps differ by 0.001 px in the median and less than 0.06 px in 99 of 100, and a still scene
    costs half.
    """
    x, y = np.moveaxis(np.rint(offsets / SHARED_PX).astype(np.int64) + (1 << 20), -1, 0)
    cell = np.arange(offsets.shape[1], dtype=np.int64)
    places: npt.NDArray[np.int64] = (cell << 42) + (x << 21) + y
    return places


def follow(previous: Image, grey: Image, points: Float, config: TrackingConfig) -> tuple[Float, Mask]:
    """Where points [P, 2] (pixels) of `previous` lie in `grey`, and which were found: [P, 2], [P].

    Found means: still inside the picture, and tracking back from there ends within `max_fb_error_px` of the start.
    """
    moved, there = _lucas_kanade(previous, grey, points, config)
    returned, back = _lucas_kanade(grey, previous, moved, config)
    height, width = grey.shape
    inside = ((moved >= -0.5) & (moved <= (width - 0.5, height - 0.5))).all(axis=1)
    close = np.square(returned - points).sum(axis=1) <= config.max_fb_error_px**2
    return moved, there & back & inside & close


def _lucas_kanade(previous: Image, grey: Image, points: Float, config: TrackingConfig) -> tuple[Float, Mask]:
    moved, status, _ = cv2.calcOpticalFlowPyrLK(
        previous,
        grey,
        points,
        np.empty_like(points),
        winSize=(config.patch_px, config.patch_px),
        maxLevel=config.levels,
        criteria=(cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 30, 0.01),
    )
    return np.asarray(moved, dtype=np.float32), np.asarray(status)[:, 0] == 1
