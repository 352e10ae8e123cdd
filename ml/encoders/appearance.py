"""`appearance`: what a picture looks like, measured by hand: where which colours and edges are. No weights, no model.

It tells scenes, postures and objects in hand apart by their looks and knows nothing of their meaning: a blue glove and
a blue box are alike to it. Its figures stand beside those of CLIP to show what looks alone explain.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from ml.artefacts import Float

NAME = "appearance"
LICENCE = "part of Kineme"
SIDE_PX = 64
CELLS = 4  # a side
ORIENTATIONS = 8  # of edges, over half a turn
HUES = 8
LIGHTNESSES = 4
DIMENSION = CELLS**2 * (ORIENTATIONS + HUES + 1 + LIGHTNESSES)  # 336
FAINT = 0.02  # mean gradient, in lightness 0..1 a pixel, below which edges count for less: a wall has noise, not edges
CHROMATIC = 0.4  # distance from grey in Lab (a, b) / 128 from which a colour counts in full


class Appearance:
    """A 4 × 4 grid of histograms of edge orientation, hue and lightness.

    A picture is scaled by area to 64 × 64 px, whatever its aspect. Each cell of 16 × 16 px has, in this order, 8 bins
    of edge orientation (weighted by strength), 8 of hue and one of grey (weighted by chroma), and 4 of lightness; each
    kind adds up to at most 1, and bins share a value with their neighbour linearly, so a small change moves the vector
    little. Square roots are taken, so that a dot product compares histograms by their overlap (Bhattacharyya).
    """

    name: str = NAME
    dimension: int = DIMENSION
    licence: str = LICENCE
    weights: str | None = None

    def encode(self, frames: npt.NDArray[np.uint8]) -> Float:
        """RGB pictures [B, H, W, 3] → [B, 336] float32, every value 0 or more; not normalised."""
        vectors = np.zeros((len(frames), DIMENSION), dtype=np.float32)
        for i, frame in enumerate(frames):
            vectors[i] = _describe(frame)
        return vectors


def _describe(frame: npt.NDArray[np.uint8]) -> Float:
    small = cv2.resize(frame, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    lab = cv2.cvtColor(small, cv2.COLOR_RGB2Lab)  # float input: L in 0..100, a and b within ±128
    lightness, a, b = lab[..., 0] / 100, lab[..., 1] / 128, lab[..., 2] / 128

    dy, dx = np.gradient(lightness)
    strength = np.hypot(dx, dy)
    orientation = np.arctan2(dy, dx) % np.pi / np.pi * ORIENTATIONS  # an edge has no direction
    edges = _histogram(orientation, strength, ORIENTATIONS, circular=True)  # [cells, bins]
    edges /= edges.sum(axis=1, keepdims=True) + FAINT * (SIDE_PX // CELLS) ** 2

    colourful = np.clip(np.hypot(a, b) / CHROMATIC, 0.0, 1.0)
    hue = np.arctan2(b, a) % (2 * np.pi) / (2 * np.pi) * HUES
    pixels = float((SIDE_PX // CELLS) ** 2)
    hues = _histogram(hue, colourful, HUES, circular=True) / pixels
    grey = 1.0 - hues.sum(axis=1, keepdims=True)
    lights = _histogram(lightness * (LIGHTNESSES - 1), np.ones_like(lightness), LIGHTNESSES, circular=False) / pixels

    described = np.concatenate([edges, hues, grey, lights], axis=1)  # [cells, 21]
    vector: Float = np.sqrt(np.clip(described, 0.0, None)).astype(np.float32).ravel()
    return vector


def _histogram(
    positions: npt.NDArray[np.floating], weights: npt.NDArray[np.floating], bins: int, *, circular: bool
) -> npt.NDArray[np.float64]:
    """[cells, bins]: each pixel's weight, shared between the two bins its position [H, W] lies between."""
    lower = np.floor(positions).astype(int)
    share = positions - lower
    rows = np.arange(SIDE_PX) // (SIDE_PX // CELLS)
    cell = rows[:, None] * CELLS + rows[None, :]  # [H, W]
    counts = np.zeros(CELLS**2 * bins)
    for bin_of, part in ((lower, 1 - share), (lower + 1, share)):
        inside = bin_of % bins if circular else np.clip(bin_of, 0, bins - 1)
        counts += np.bincount((cell * bins + inside).ravel(), (weights * part).ravel(), minlength=len(counts))
    return counts.reshape(CELLS**2, bins)
