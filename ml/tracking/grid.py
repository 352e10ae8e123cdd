"""The grid of points, and its coordinates: (x, y) in -1..1 of the picture's edges.

The centre of pixel i of W lies at (2 i + 1) / W - 1, so a value does not depend on the size tracked at.
"""

from __future__ import annotations

import numpy as np

from ml.artefacts import Float


def grid_points(grid: int) -> Float:
    """The centres of grid × grid equal cells of the picture, row by row: [N, 2] as (x, y) in -1..1."""
    centres = (2 * np.arange(grid, dtype=np.float32) + 1) / grid - 1
    y, x = np.meshgrid(centres, centres, indexing="ij")
    return np.stack([x, y], axis=-1).reshape(-1, 2).astype(np.float32)


def to_pixels(points: Float, width: int, height: int) -> Float:
    """-1..1 → pixels, the centre of the first pixel being 0. points: […, 2]."""
    return ((points + 1) * (np.array([width, height], dtype=np.float32) / 2) - 0.5).astype(np.float32)


def from_pixels(points: Float, width: int, height: int) -> Float:
    """Pixels → -1..1, the inverse of `to_pixels`. points: […, 2]."""
    return ((points + 0.5) * (2 / np.array([width, height], dtype=np.float32)) - 1).astype(np.float32)
