"""The figures of agreement, from how often what was said (`ratings.Counts`)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from backend.reviews.models import MAX_CONFIDENCE, MAX_QUALITY
from backend.reviews.ratings import PARTS_OF_A_SECOND, PARTS_OF_ONE, Counts, Floats, Ints
from ml.agreement import Agreement, agreement

REPEATS = 1000
INTERVAL = (2.5, 97.5)
MOST_KEPT = 5_000  # means a process remembers; one changes with a rating, and those of all the others do not


@dataclass(frozen=True)
class Figure:
    """A figure with how many things it is of and its 95 % bootstrap interval; None where there is nothing."""

    value: float | None
    low: float | None
    high: float | None
    n: int


NOTHING = Figure(None, None, None, 0)


@dataclass(frozen=True)
class PairFigures:
    """How two people judged what both judged."""

    first: int
    second: int
    n: int
    same_quality: float
    mean_difference: float
    n_labelled: int
    same_label: float | None


@dataclass(frozen=True)
class Figures:
    """All that follows from the ratings of a run. People by id."""

    quality: Agreement
    labels: Agreement
    start: Figure
    end: Figure
    overlap: Figure
    confidence: Figure
    confidences: list[int]
    pairs: list[PairFigures]
    biases: list[tuple[int, Figure]]
    n_rated: int
    n_kept: int


Keys = dict[tuple[int, ...], int]


def figures_from(counts: Counts) -> Figures:
    """The same counts give the same figures, in whatever order they came."""
    of: defaultdict[str, Keys] = defaultdict(dict)
    for (kind, key), n in sorted(counts.items()):
        of[kind][key] = n
    confidences = [of["confidence"].get((value,), 0) for value in range(MAX_CONFIDENCE + 1)]
    left, kept = (of["kept"].get((which,), 0) for which in (0, 1))
    return Figures(
        quality=_quality_alpha(of["quality"]),
        labels=_label_alpha(of["labels"]),
        start=_median(of["start"], PARTS_OF_A_SECOND),
        end=_median(of["end"], PARTS_OF_A_SECOND),
        overlap=_median(of["overlap"], PARTS_OF_ONE),
        confidence=_mean(tuple(confidences), tuple(map(float, range(MAX_CONFIDENCE + 1)))),
        confidences=confidences,
        pairs=_pairs(of["apart"], of["label"]),
        biases=_biases(of["bias"]),
        n_rated=left + kept,
        n_kept=kept,
    )


def _times(keys: Keys) -> Ints:
    return np.fromiter(keys.values(), dtype=np.int64, count=len(keys))


def _quality_alpha(patterns: Keys) -> Agreement:
    grades = np.array(list(patterns), dtype=np.int64).reshape(len(patterns), MAX_QUALITY + 1)
    return agreement(grades, "interval", times=_times(patterns))


def _label_alpha(patterns: Keys) -> Agreement:
    column = {action: i for i, action in enumerate(sorted({one for key in patterns for one in key}))}
    counts = np.zeros((len(patterns), max(1, len(column))), dtype=np.int64)
    for row, key in enumerate(patterns):
        for action in key:
            counts[row, column[action]] += 1
    return agreement(counts, "nominal", times=_times(patterns))


def _pairs(apart: Keys, label: Keys) -> list[PairFigures]:
    """By person and person."""
    rated: defaultdict[tuple[int, int], Keys] = defaultdict(dict)
    for (first, second, difference), n in apart.items():
        rated[first, second][difference,] = n
    return [
        PairFigures(
            first=first,
            second=second,
            n=(n := sum(differences.values())),
            same_quality=differences.get((0,), 0) / n,
            mean_difference=sum(difference * times for (difference,), times in differences.items()) / n,
            n_labelled=(n_labelled := (same := label.get((first, second, 1), 0)) + label.get((first, second, 0), 0)),
            same_label=same / n_labelled if n_labelled else None,
        )
        for (first, second), differences in rated.items()
    ]


def _biases(keys: Keys) -> list[tuple[int, Figure]]:
    """Of those who rated something that others rated too: mean of own - mean of the others'."""
    found: defaultdict[int, list[tuple[float, int]]] = defaultdict(list)
    for (person, above, others), n in keys.items():
        found[person].append((above / others, n))
    return [
        (person, _mean(tuple(n for _, n in values), tuple(value for value, _ in values)))
        for person, values in found.items()
    ]


def _median(keys: Keys, parts: int) -> Figure:
    """The median of what `keys` counts in parts of one, and the interval of its bootstrap.

    The median of n draws with replacement is the value at the rank that the median of n uniform numbers has, so that
    rank is drawn (a beta distribution) instead of the n values.
    """
    if not keys:
        return NOTHING
    values: Floats = np.array([value for (value,) in keys]) / parts  # in order: the keys are
    up_to = np.cumsum(_times(keys))
    n = int(up_to[-1])

    def at(rank: npt.NDArray[np.int64]) -> Floats:
        found: Floats = values[np.searchsorted(up_to, rank, side="right")]
        return found

    ranks = np.random.default_rng(0).beta((n + 1) / 2, (n + 1) / 2, REPEATS)
    low, high = np.percentile(at(np.minimum((ranks * n).astype(np.int64), n - 1)), INTERVAL)
    return Figure(float(at(np.array([(n - 1) // 2, n // 2])).mean()), float(low), float(high), n)


@lru_cache(maxsize=MOST_KEPT)
def _mean(counts: tuple[int, ...], values: tuple[float, ...]) -> Figure:
    """The mean of `values`, each as often as `counts` says, and its bootstrap interval.

    Drawn by the different values, of which there are few, and remembered: of fifty people one has rated since.
    """
    n = sum(counts)
    if n == 0:
        return NOTHING
    times, worth = np.array(counts), np.array(values)
    drawn = np.random.default_rng(0).multinomial(n, times / n, REPEATS) @ worth / n
    low, high = np.percentile(drawn, INTERVAL)
    return Figure(float(times @ worth / n), float(low), float(high), n)
