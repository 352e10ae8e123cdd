"""How far people who judged the same things agree: Krippendorff's alpha, with its interval (LA4VLA §7.6).

alpha = 1 - D_o / D_e, observed over expected disagreement (Krippendorff, *Content Analysis*, ch. 11: the canonical form
with missing ratings). 1 is agreement, 0 what chance gives, below 0 worse. Only things that at least two people judged
count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.int64]
"""[U, V]: how many people gave thing u the value v."""
Level = Literal["nominal", "interval"]
BOOTSTRAP_REPEATS = 1000
CELLS_AT_ONCE = 4_000_000  # of the drawn weights: memory stays small with any number of patterns


@dataclass(frozen=True)
class Agreement:
    """alpha and its 95 % interval over the things judged (percentile bootstrap); None where it is not defined.

    It is not where nothing was judged twice, and where all ratings are the same: then nothing could have disagreed.
    """

    alpha: float | None
    low: float | None
    high: float | None
    n_units: int  # judged by two or more
    n_ratings: int  # of those


def agreement(
    counts: Counts,
    level: Level,
    values: Sequence[float] | None = None,
    *,
    times: Counts | None = None,
    seed: int = 0,
    repeats: int = BOOTSTRAP_REPEATS,
) -> Agreement:
    """Krippendorff's alpha of ratings given as `counts` [U, V], and its interval.

    values: [V] numbers the columns stand for, for the interval level; 0..V-1 if not given. times: [U] how many things
    each row stands for; one if not given. Things that were judged alike are drawn together, which is the bootstrap over
    things, at the cost of the number of different patterns.

    Raises ValueError for counts that are negative or not [U, V], or values that are not V finite numbers.
    """
    if counts.ndim != 2 or (counts < 0).any():
        raise ValueError(f"counts must be [U, V] and not negative, got shape {counts.shape}")
    distance = _squared_distances(counts.shape[1], level, values)
    twice = counts.sum(axis=1) >= 2
    rated = counts[twice]
    if len(rated) == 0:
        return Agreement(None, None, None, 0, 0)
    patterns, which = np.unique(rated, axis=0, return_inverse=True)
    n_times = np.bincount(which.ravel(), weights=None if times is None else times[twice]).astype(np.int64)
    disagreement = _within(patterns, distance)
    alpha = float(_alpha(n_times[None].astype(np.float64), patterns, disagreement, distance)[0])
    n_units, n_ratings = int(n_times.sum()), int(n_times @ patterns.sum(axis=1))
    if np.isnan(alpha):
        return Agreement(None, None, None, n_units, n_ratings)
    rng = np.random.default_rng(seed)
    drawn: list[npt.NDArray[np.float64]] = []
    while (left := repeats - sum(len(some) for some in drawn)) > 0:
        weights = rng.multinomial(n_units, n_times / n_units, size=min(left, max(1, CELLS_AT_ONCE // len(n_times))))
        drawn.append(_alpha(weights.astype(np.float64), patterns, disagreement, distance))
    defined = np.concatenate(drawn)
    defined = defined[~np.isnan(defined)]  # a draw of things all judged the same has no alpha
    low, high = np.percentile(defined, [2.5, 97.5]) if len(defined) else (alpha, alpha)
    return Agreement(alpha, float(low), float(high), n_units, n_ratings)


def _squared_distances(n_values: int, level: Level, values: Sequence[float] | None) -> npt.NDArray[np.float64]:
    """delta² [V, V]."""
    if level == "nominal":
        return 1.0 - np.eye(n_values)
    numbers = np.arange(n_values, dtype=np.float64) if values is None else np.asarray(values, dtype=np.float64)
    if numbers.shape != (n_values,) or not np.isfinite(numbers).all():
        raise ValueError(f"values must be {n_values} finite numbers")
    squared: npt.NDArray[np.float64] = (numbers[:, None] - numbers[None, :]) ** 2
    return squared


def _within(patterns: Counts, distance: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """[P] sum over ordered pairs of ratings of one thing of delta², over its number of ratings less one."""
    wide = patterns.astype(np.float64)
    pairs: npt.NDArray[np.float64] = np.einsum("pv,vw,pw->p", wide, distance, wide, optimize=True)
    pairs /= wide.sum(axis=1) - 1
    return pairs


def _alpha(
    weights: npt.NDArray[np.float64],
    patterns: Counts,
    disagreement: npt.NDArray[np.float64],
    distance: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    """[B] alpha where pattern p occurs weights[b, p] times; NaN where all ratings are the same."""
    marginals = weights @ patterns  # [B, V]
    n = marginals.sum(axis=1)
    observed = weights @ disagreement / n
    expected = np.einsum("bv,vw,bw->b", marginals, distance, marginals, optimize=True) / (n * (n - 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        found: npt.NDArray[np.float64] = np.where(expected > 0, 1.0 - observed / expected, np.nan)
    return found
