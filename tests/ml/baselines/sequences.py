"""Frame features made up in memory."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Float = npt.NDArray[np.float32]


def blocks(order: Sequence[int], length: int, noise: float = 0.02, seed: int = 0, d: int = 16) -> Float:
    """Frames that look alike within a block, [len(order) · length, d]; equal numbers are equal looks, others as far
    apart as can be."""
    rng = np.random.default_rng(seed)
    looks = np.linalg.qr(rng.normal(size=(d, max(order) + 1)))[0].T  # orthonormal
    return (np.repeat(looks[list(order)], length, axis=0) + noise * rng.normal(size=(len(order) * length, d))).astype(
        np.float32
    )


class Brightness:
    """A frame encoder for tests: mean colour. Remembers how many pictures it was given at once."""

    name = "brightness"
    dimension = 3
    licence = "none"
    weights = None

    def __init__(self) -> None:
        self.batches: list[int] = []

    def encode(self, frames: npt.NDArray[np.uint8]) -> Float:
        self.batches.append(len(frames))
        means: Float = frames.mean(axis=(1, 2)).astype(np.float32)
        return means
