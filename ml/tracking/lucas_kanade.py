"""Following points by pyramidal Lucas-Kanade with a forward-backward check: exact, but plain and fast things are lost.

Its cost is the points it follows, not the picture. Two things keep it low without changing what comes out (the figures
are in docs/benchmarks.md): the patch is as wide as OpenCV's vectors, and a point whose surroundings hardly changed is
matched once, at full resolution, in place of four times forward and four times back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import cv2
import numpy as np

from ml.artefacts import Float, Tracks
from ml.config import TrackingConfig
from ml.tracking.windows import Mask, fill_windows, inside
from ml.video import Frame, Image

ITERATIONS, ENOUGH_PX = 10, 0.03  # of each level; OpenCV's own 30 and 0.01 cost a fifth more for 0.001 px
UNCHANGED_GREY = 2  # grey levels, of the average over SMOOTH_PX²
SMOOTH_PX = 5


def track_lucas_kanade(frames: Iterable[Frame], config: TrackingConfig) -> Iterator[Tracks]:
    """Pyramidal Lucas-Kanade with forward-backward check, on grey pictures. See `ml.tracking.track`.

    All windows open at a time are followed in one call per pair of frames, so each pyramid is built once for them.
    """

    def step(previous: Image, grey: Image, points: Float) -> tuple[Float, Mask]:
        return follow(previous, grey, points, config)

    return fill_windows(frames, config, step, share=True)


def follow(previous: Image, grey: Image, points: Float, config: TrackingConfig) -> tuple[Float, Mask]:
    """Where points [P, 2] (pixels) of `previous` lie in `grey`, and which were found: [P, 2], [P].

    Found means: still inside the picture, and tracking back from there ends within `max_fb_error_px` of the start. A
    point around which the picture is `unchanged` is only looked for where it was, and found if there is texture to hold
    on to: coarse levels, which look at more than its patch, would let a hand passing nearby drag it along.
    """
    still = unchanged(previous, grey, points, config.patch_px)
    moved, found = points.copy(), np.zeros(len(points), dtype=np.bool_)
    if still.any():
        moved[still], found[still] = _lucas_kanade(previous, grey, points[still], config, levels=0)
    if not still.all():
        start = points[~still]
        end, there = _lucas_kanade(previous, grey, start, config, config.levels)
        returned, back = _lucas_kanade(grey, previous, end, config, config.levels)
        close = np.square(returned - start).sum(axis=1) <= config.max_fb_error_px**2
        moved[~still], found[~still] = end, there & back & close
    return moved, found & inside(moved, grey)


def unchanged(previous: Image, grey: Image, points: Float, patch_px: int) -> Mask:
    """[P]: around which points no part of the patch differs by more than UNCHANGED_GREY between the two pictures.

    Compared after averaging over SMOOTH_PX², so that a sensor's noise is no change, while an edge that moves is.
    """
    sums = [cv2.boxFilter(picture, cv2.CV_16U, (SMOOTH_PX, SMOOTH_PX), normalize=False) for picture in (previous, grey)]
    most = cv2.dilate(cv2.absdiff(*sums), np.ones((patch_px, patch_px), dtype=np.uint8))
    height, width = grey.shape
    x, y = np.clip(np.rint(points).astype(np.intp), 0, (width - 1, height - 1)).T
    still: Mask = most[y, x] <= UNCHANGED_GREY * SMOOTH_PX**2
    return still


def _lucas_kanade(
    previous: Image, grey: Image, points: Float, config: TrackingConfig, levels: int
) -> tuple[Float, Mask]:
    moved, status, _ = cv2.calcOpticalFlowPyrLK(
        previous,
        grey,
        points,
        np.empty_like(points),
        winSize=(config.patch_px, config.patch_px),
        maxLevel=levels,
        criteria=(cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, ITERATIONS, ENOUGH_PX),
    )
    return np.asarray(moved, dtype=np.float32), np.asarray(status)[:, 0] == 1
