from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.exports.latent import QUANTILES, stats_of, stats_of_rows


def test_statistics_of_counted_values_are_those_of_the_values_written_out() -> None:
    # 1 once, 3 three times: mean 10 / 4, variance (2.25 + 3 · 0.25) / 4.
    found = stats_of(np.array([[1.0], [2.0], [3.0]]), np.array([1, 0, 3]))
    assert found["mean"] == [2.5]
    assert found["std"] == [pytest.approx(0.75**0.5)]
    assert (found["min"], found["max"], found["count"]) == ([1.0], [3.0], [4])
    assert (found["q10"], found["q50"]) == ([1.0], [3.0])


@given(st.lists(st.integers(-5, 5), min_size=1, max_size=60))
def test_quantiles_are_numpys_inverted_distribution(values: list[int]) -> None:
    rows = np.array(values, dtype=np.float64)[:, None]
    found = stats_of_rows(rows)
    for name, share in QUANTILES.items():
        assert found[name] == [np.quantile(rows, share, method="inverted_cdf")]


def test_statistics_of_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="nothing"):
        stats_of(np.ones((2, 1)), np.zeros(2, dtype=np.int64))
