"""Taking the camera's own motion out of tracks, for cameras that are worn or moved."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from ml.artefacts import Tracks
from ml.tracking.windows import Mask

NEEDED_POINTS = 12
BACKGROUND_SHARE = 0.5  # of the visible points; fewer that agree are no background
CLOSE = 0.01  # half picture heights: 1 px of 216
STILL = 0.002  # half picture heights; a camera that moves less than this everywhere stands still

Matrix = npt.NDArray[np.float64]


def without_camera_motion(tracks: Tracks) -> Tracks:
    """The same points as a camera would see them that stays where it is at each window's first frame.

    Between two frames the camera's motion is the affine one that most visible points agree with (RANSAC); where under
    half of them agree, or it is smaller than `STILL`, the camera is taken to stand still. Undoing it, step by step,
    gives coordinates of the window's first picture, which may lie outside -1..1, so that `Tracks.velocities` are those
    of things, not of the camera. A point that is lost keeps its last place, as everywhere.

    An affine motion fits turning, zooming and a far or flat background; with a near and deep one, what lies in front
    of it or behind keeps some motion. A camera fixed to what moves, as on a wrist, then sees the scene at rest, and its
    own gripper move.
    """
    scale = np.array([tracks.aspect, 1.0])
    points = tracks.points.astype(np.float64) * scale  # half picture heights on both axes
    windows = [_stabilised(p, v) for p, v in zip(points, tracks.visible, strict=True)]
    stable = np.stack(windows) / scale if windows else points
    return Tracks(stable.astype(np.float32), tracks.visible, tracks.times_s, tracks.aspect)


def _stabilised(points: Matrix, visible: Mask) -> Matrix:
    """One window: points [T, N, 2] in half picture heights, visible [T, N] → [T, N, 2]."""
    stable, undo = points.copy(), np.eye(3)
    for t in range(1, len(points)):
        seen = visible[t] & visible[t - 1]
        undo = undo @ _camera_motion(points[t][seen], points[t - 1][seen])
        stable[t] = np.where(visible[t][:, None], _applied(undo, points[t]), stable[t - 1])
    return stable


def _camera_motion(now: Matrix, before: Matrix) -> Matrix:
    """The affine motion, [3, 3], that takes background points `now` back to `before`, both [P, 2]."""
    still = np.eye(3)
    if len(now) < NEEDED_POINTS:
        return still
    affine, agree = cv2.estimateAffine2D(now, before, method=cv2.RANSAC, ransacReprojThreshold=CLOSE, refineIters=10)
    if affine is None or np.mean(agree) < BACKGROUND_SHARE:
        return still
    back = np.vstack([affine, [0.0, 0.0, 1.0]]).astype(np.float64)
    return still if np.median(np.linalg.norm(_applied(back, now) - now, axis=1)) < STILL else back


def _applied(motion: Matrix, points: Matrix) -> Matrix:
    """Affine `motion` [3, 3] of points [P, 2]."""
    return points @ motion[:2, :2].T + motion[:2, 2]
