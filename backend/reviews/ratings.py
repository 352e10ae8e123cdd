"""The ratings of a run as columns, and the figures of agreement taken from them.

200,000 reviews have to answer while somebody waits (docs/decisions/0014-comments-and-blindness.md has the times), so
they are read once, as arrays, and everything is taken from the same columns: no figure is of another moment than its
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
HEADER = bytes(20)  # of an array without elements

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


COLUMNS = {
    "segment": "i8",
    "reviewer": "i8",
    "quality": "i2",
    "confidence": "i2",
    "action": "i8",
    "start_s": "f8",
    "end_s": "f8",
}


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

    def shared(self) -> Ratings:
        """Those of primitives that two or more people rated."""
        _, n, which = _groups(self.segment)
        twice = n[which] >= 2
        return Ratings(**{name: getattr(self, name)[twice] for name in COLUMNS})

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
    """What a query of columns without NULL gives, by name; `names` says the type of each (i2, i8, f8).

    Each column comes as one array in Postgres' binary form: 20 bytes of header, then each element's length and bytes,
    big-endian. Row by row, the driver would take seconds.
    """
    arrays = ", ".join(f"array_send(array_agg({name}))" for name in names)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {arrays} FROM ({query}) AS rows ({', '.join(names)})")
        found = cursor.fetchone()
    return {
        name: np.frombuffer(bytes(content or HEADER), dtype=[("bytes", ">i4"), ("value", f">{kind}")], offset=20)[
            "value"
        ].astype(np.float64 if kind == "f8" else np.int64)
        for content, (name, kind) in zip(found, names.items(), strict=True)
    }


def ratings_of(run: Run) -> Ratings:
    found = _columns(
        f"""
        SELECT segment_id, reviewer_id, quality, confidence, coalesce(action_id, {NOBODY}),
            coalesce(start_s, 'NaN'), coalesce(end_s, 'NaN')
        FROM reviews_review WHERE run_id = {int(run.pk)} AND NOT skipped
        """,
        COLUMNS,
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
    shared = ratings.shared()
    first, second = shared.pairs()
    confidences = np.bincount(ratings.confidence, minlength=MAX_CONFIDENCE + 1)
    start, end, overlap = _edges(run, shared, first, second)
    n_rated, n_kept = _kept(run, ratings)
    return Figures(
        quality=_alpha(shared.segment, shared.quality, "interval", MAX_QUALITY + 1),
        labels=_label_alpha(shared),
        start=start,
        end=end,
        overlap=overlap,
        confidence=_mean_of_counts(confidences, np.arange(MAX_CONFIDENCE + 1)),
        confidences=confidences.tolist(),
        pairs=_pairs(shared, first, second),
        biases=_biases(shared),
        n_rated=n_rated,
        n_kept=n_kept,
    )


def _groups(ordered: Ints) -> tuple[Ints, Ints, Ints]:
    """Of values in order: where each new one begins, how often it comes, and for each row which it is."""
    begins = np.ones(len(ordered), dtype=bool)
    begins[1:] = ordered[1:] != ordered[:-1]
    start = np.flatnonzero(begins)
    return start, np.diff(np.append(start, len(ordered))), np.cumsum(begins) - 1


def _alpha(segment: Ints, value: Ints, level: Level, n_values: int) -> Agreement:
    """Krippendorff's alpha; value in 0..n_values-1, rows in the order of segment."""
    start, n, _ = _groups(segment)
    start, n = start[n >= 2], n[n >= 2]
    counts = np.zeros((len(start), max(1, n_values)), dtype=np.int64)
    for place in range(int(n.max(initial=0))):
        has = np.flatnonzero(n > place)
        counts[has, value[start[has] + place]] += 1
    # What was rated alike counts together. Rows are told apart by one number each, where that fits: it sorts faster.
    base = int(n.max(initial=0)) + 1
    if base ** counts.shape[1] < 2**62:
        codes = counts @ base ** np.arange(counts.shape[1], dtype=np.int64)
        _, one, times = np.unique(codes, return_index=True, return_counts=True)
        return agreement(counts[one], level, times=times.astype(np.int64))
    return agreement(counts, level)


def _label_alpha(shared: Ratings) -> Agreement:
    named = shared.action != NOBODY
    labels, value = np.unique(shared.action[named], return_inverse=True)
    return _alpha(shared.segment[named], value.ravel().astype(np.int64), "nominal", len(labels))


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


def _biases(shared: Ratings) -> list[tuple[int, Figure]]:
    """Of those who rated something that others rated too: mean of own - mean of the others'.

    Drawn by the different differences, of which there are few, so that its bootstrap costs nothing.
    """
    _, n, which = _groups(shared.segment)
    total = np.bincount(which, weights=shared.quality)
    above = shared.quality - (total[which] - shared.quality) / (n[which] - 1)
    reviewer = shared.reviewer
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
    begin, _, at = _groups(np.sort(ratings.segment[a]))
    order = np.argsort(ratings.segment[a], kind="stable")
    place = np.empty_like(at)
    place[order] = at
    cut_start, cut_end = (column[place] for column in _cuts(run, ratings.segment[a][order][begin]))
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
    start, n, which = _groups(ratings.segment)
    segments = ratings.segment[start]
    mean = np.bincount(which, weights=ratings.quality, minlength=len(segments)) / n
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
