"""The ratings of a run as columns, and the figures of agreement taken from them.

200,000 reviews have to answer while somebody waits (docs/decisions/0014-comments-and-blindness.md has the times), so
they are read once, in binary, and everything is taken from the same columns: no figure is of another moment than its
neighbour.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from django.db import connection

from backend.reviews.models import KEPT_FROM, MAX_CONFIDENCE, MAX_QUALITY
from backend.runs.models import Run
from ml.agreement import Agreement, Level, agreement

REPEATS = 1000
INTERVAL = (2.5, 97.5)
NOBODY = -1

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Figure:
    """A figure with how many things it is of and its 95 % bootstrap interval; None where there is nothing."""

    value: float | None
    low: float | None
    high: float | None
    n: int


NOTHING = Figure(None, None, None, 0)


@dataclass(frozen=True)
class Ratings:
    """Every review of a run that rates, in the order of segment and reviewer."""

    segment: Ints
    reviewer: Ints
    quality: Ints
    confidence: Ints
    action: Ints  # NOBODY: no label
    start_s: Floats  # NaN: where it is cut
    end_s: Floats

    def __len__(self) -> int:
        return len(self.segment)

    def pairs(self) -> tuple[Ints, Ints]:
        """Rows of every two people who rated one primitive, each pair once, the lower id first."""
        firsts: list[Ints] = []
        seconds: list[Ints] = []
        rows = np.arange(len(self))
        step = 1
        while step < len(self):
            same = rows[: len(self) - step][self.segment[:-step] == self.segment[step:]]
            if len(same) == 0:
                break
            firsts.append(same)
            seconds.append(same + step)
            step += 1
        none = np.zeros(0, dtype=np.int64)
        return np.concatenate(firsts or [none]), np.concatenate(seconds or [none])


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


# ---- reading


def _columns(query: str, names: dict[str, str]) -> dict[str, npt.NDArray[Any]]:
    """What a query of fixed-width columns without NULL gives, by name; `names` says the type of each (i2, i8, f8).

    Postgres' binary COPY: 19 bytes of header, then rows of a field count and each field's length and bytes, big-endian.
    """
    with connection.cursor() as cursor, cursor.copy(f"COPY ({query}) TO STDOUT (FORMAT BINARY)") as copy:
        content = b"".join(bytes(part) for part in copy)
    row = np.dtype(
        [("n", ">i2"), *(pair for name, kind in names.items() for pair in ((f"{name} is", ">i4"), (name, f">{kind}")))]
    )
    table = np.frombuffer(content, dtype=row, offset=19, count=(len(content) - 21) // row.itemsize)
    return {name: table[name].astype(np.float64 if kind == "f8" else np.int64) for name, kind in names.items()}


def ratings_of(run: Run) -> Ratings:
    kinds = {
        "segment": "i8",
        "reviewer": "i8",
        "quality": "i2",
        "confidence": "i2",
        "action": "i8",
        "start_s": "f8",
        "end_s": "f8",
    }
    found = _columns(
        f"""
        SELECT segment_id, reviewer_id, quality, confidence, coalesce(action_id, {NOBODY}),
            coalesce(start_s, 'NaN'), coalesce(end_s, 'NaN')
        FROM reviews_review WHERE run_id = {int(run.pk)} AND NOT skipped
        """,
        kinds,
    )
    order = np.lexsort((found["reviewer"], found["segment"]))
    return Ratings(**{name: column[order] for name, column in found.items()})


def _cuts(run: Run, segments: Ints) -> tuple[Floats, Floats]:
    """Where the primitives, in ascending order of id, are cut."""
    if len(segments) == 0:
        return np.zeros(0), np.zeros(0)
    ids = ",".join(map(str, segments.tolist()))
    found = _columns(
        f"""
        SELECT id, start_s, end_s FROM vocabulary_segment
        WHERE run_id = {int(run.pk)} AND id = ANY('{{{ids}}}'::bigint[])
        """,
        {"id": "i8", "start_s": "f8", "end_s": "f8"},
    )
    order = np.argsort(found["id"])
    return found["start_s"][order], found["end_s"][order]


# ---- figures


def figures_of(run: Run) -> Figures:
    ratings = ratings_of(run)
    first, second = ratings.pairs()
    confidences = np.bincount(ratings.confidence, minlength=MAX_CONFIDENCE + 1)
    start, end, overlap = _edges(run, ratings, first, second)
    n_rated, n_kept = _kept(run, ratings)
    return Figures(
        quality=_alpha(ratings.segment, ratings.quality, "interval", MAX_QUALITY + 1),
        labels=_label_alpha(ratings),
        start=start,
        end=end,
        overlap=overlap,
        confidence=_mean_of_counts(confidences, np.arange(MAX_CONFIDENCE + 1)),
        confidences=confidences.tolist(),
        pairs=_pairs(ratings, first, second),
        biases=_biases(ratings),
        n_rated=n_rated,
        n_kept=n_kept,
    )


def _alpha(segment: Ints, value: Ints, level: Level, n_values: int) -> Agreement:
    """Krippendorff's alpha; value in 0..n_values-1, rows in the order of segment."""
    _, start, n = np.unique(segment, return_index=True, return_counts=True)
    twice = np.flatnonzero(n >= 2)
    counts = np.zeros((len(twice), max(1, n_values)), dtype=np.int64)
    for place in range(int(n.max(initial=0))):
        has = n[twice] > place
        counts[np.flatnonzero(has), value[start[twice][has] + place]] += 1
    if len(counts) == 0:
        return agreement(counts, level)
    patterns, which = np.unique(counts, axis=0, return_inverse=True)
    return agreement(patterns, level, times=np.bincount(which.ravel()).astype(np.int64))


def _label_alpha(ratings: Ratings) -> Agreement:
    named = ratings.action != NOBODY
    labels, value = np.unique(ratings.action[named], return_inverse=True)
    return _alpha(ratings.segment[named], value.ravel().astype(np.int64), "nominal", len(labels))


def _pairs(ratings: Ratings, first: Ints, second: Ints) -> list[PairFigures]:
    people, at = np.unique(ratings.reviewer, return_inverse=True)
    key = at[first] * len(people) + at[second]
    keys, which = np.unique(key, return_inverse=True)
    which = which.ravel()
    apart = np.abs(ratings.quality[first] - ratings.quality[second])
    labelled = (ratings.action[first] != NOBODY) & (ratings.action[second] != NOBODY)
    same_label = labelled & (ratings.action[first] == ratings.action[second])

    def total(values: npt.NDArray[Any]) -> Floats:
        return np.bincount(which, weights=values, minlength=len(keys))

    n, same, difference = total(np.ones(len(key))), total(apart == 0), total(apart)
    n_labelled, n_same_label = total(labelled), total(same_label)
    return [
        PairFigures(
            first=int(people[key // len(people)]),
            second=int(people[key % len(people)]),
            n=int(n[i]),
            same_quality=float(same[i] / n[i]),
            mean_difference=float(difference[i] / n[i]),
            n_labelled=int(n_labelled[i]),
            same_label=float(n_same_label[i] / n_labelled[i]) if n_labelled[i] else None,
        )
        for i, key in enumerate(keys.tolist())
    ]


def _biases(ratings: Ratings) -> list[tuple[int, Figure]]:
    """Of those who rated something that others rated too: mean of own - mean of the others'.

    Drawn by the different differences, of which there are few, so that its bootstrap costs nothing.
    """
    _, which, n = np.unique(ratings.segment, return_inverse=True, return_counts=True)
    which = which.ravel()
    shared = n[which] >= 2
    total = np.bincount(which, weights=ratings.quality)
    others = (total[which] - ratings.quality)[shared] / (n[which][shared] - 1)
    above, reviewer = ratings.quality[shared] - others, ratings.reviewer[shared]
    found: list[tuple[int, Figure]] = []
    for person in np.unique(reviewer).tolist():
        values, counts = np.unique(above[reviewer == person], return_counts=True)
        found.append((person, _mean_of_counts(counts, values)))
    return found


def _edges(run: Run, ratings: Ratings, first: Ints, second: Ints) -> tuple[Figure, Figure, Figure]:
    """Medians of |Δ start|, |Δ end| in seconds and of the temporal IoU, over every two people who judged one primitive.

    Where neither moved an edge the two are the same, whatever it is: only the others' cuts are looked up.
    """
    if len(first) == 0:
        return NOTHING, NOTHING, NOTHING
    start, end, overlap = np.zeros(len(first)), np.zeros(len(first)), np.ones(len(first))
    moved = ~(np.isnan(ratings.start_s) & np.isnan(ratings.end_s))
    some = moved[first] | moved[second]
    a, b = first[some], second[some]
    segments, at = np.unique(ratings.segment[a], return_inverse=True)
    cut_start, cut_end = (column[at.ravel()] for column in _cuts(run, segments))
    a_start, b_start = (np.where(np.isnan(ratings.start_s[row]), cut_start, ratings.start_s[row]) for row in (a, b))
    a_end, b_end = (np.where(np.isnan(ratings.end_s[row]), cut_end, ratings.end_s[row]) for row in (a, b))
    both = np.clip(np.minimum(a_end, b_end) - np.maximum(a_start, b_start), 0, None)
    start[some], end[some] = np.abs(a_start - b_start), np.abs(a_end - b_end)
    overlap[some] = both / (np.maximum(a_end, b_end) - np.minimum(a_start, b_start))
    return _median(start), _median(end), _median(overlap)


def _kept(run: Run, ratings: Ratings) -> tuple[int, int]:
    """How many primitives have a quality, settled or the mean of their ratings, and how many of at least 2."""
    settled = _columns(
        f"""
        SELECT a.segment_id, a.quality FROM reviews_adjudication AS a
        JOIN vocabulary_segment AS s ON s.id = a.segment_id AND s.run_id = {int(run.pk)}
        WHERE a.undone_at IS NULL
        """,
        {"segment": "i8", "quality": "i2"},
    )
    segments, which, n = np.unique(ratings.segment, return_inverse=True, return_counts=True)
    mean = np.bincount(which.ravel(), weights=ratings.quality, minlength=len(segments)) / n
    open_ = ~np.isin(segments, settled["segment"])
    n_kept = (mean[open_] >= KEPT_FROM).sum() + (settled["quality"] >= KEPT_FROM).sum()
    return int(open_.sum() + len(settled["segment"])), int(n_kept)


def _median(values: Floats) -> Figure:
    """The median and the interval of its bootstrap.

    The median of n draws with replacement is the value at the rank that the median of n uniform numbers has, so that
    rank is drawn (a beta distribution) instead of the n values.
    """
    n = len(values)
    if n == 0:
        return NOTHING
    ordered = np.sort(values)
    ranks = np.random.default_rng(0).beta((n + 1) / 2, (n + 1) / 2, REPEATS)
    low, high = np.percentile(ordered[np.minimum((ranks * n).astype(int), n - 1)], INTERVAL)
    return Figure(float(np.median(ordered)), float(low), float(high), n)


def _mean_of_counts(counts: Ints, values: npt.NDArray[Any]) -> Figure:
    """The mean of `values`, each as often as `counts` says, and its bootstrap interval."""
    n = int(counts.sum())
    if n == 0:
        return NOTHING
    drawn = np.random.default_rng(0).multinomial(n, counts / n, REPEATS) @ values / n
    low, high = np.percentile(drawn, INTERVAL)
    return Figure(float(counts @ values / n), float(low), float(high), n)
