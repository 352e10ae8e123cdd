"""Pictures whose motion is known."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from ml.artefacts import Tracks
from ml.tracking.grid import to_pixels
from ml.video import Frame
from tests.ml.media import textured

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
