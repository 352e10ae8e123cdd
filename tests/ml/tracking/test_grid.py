from __future__ import annotations

import numpy as np
import pytest

from ml.tracking.grid import from_pixels, grid_points, to_pixels


def test_the_grid_lies_on_the_centres_of_equal_cells() -> None:
    # Four cells of a 2×2 grid over -1..1 have their centres at ±0.5; row by row, x first.
    assert grid_points(2).tolist() == [[-0.5, -0.5], [0.5, -0.5], [-0.5, 0.5], [0.5, 0.5]]
    assert grid_points(20).shape == (400, 2)


def test_minus_one_and_one_are_the_edges_of_the_picture() -> None:
    # Four pixels: the centre of the first is an eighth of the width from the left edge, -1 + 2/8.
    points = np.array([[0.0, 0.0], [3.0, 1.0]], dtype=np.float32)
    assert from_pixels(points, 4, 2).tolist() == [[-0.75, -0.5], [0.75, 0.5]]
    assert to_pixels(from_pixels(points, 4, 2), 4, 2) == pytest.approx(points)
