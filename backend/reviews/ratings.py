"""The ratings of a run as columns, and what is counted of them.

All figures of agreement follow from how often a few things occur: patterns of ratings of one primitive, differences
between two people (docs/decisions/0019-a-tally-of-ratings.md). Counts of some primitives less those of others are
the counts of the difference, so that a change of one rating changes a handful of them (`tally`).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from django.db import connection

from backend.reviews.models import KEPT_FROM, MAX_QUALITY
from backend.runs.models import Run

NOBODY = -1
HEADER = bytes(20)  # of an array without elements
PARTS_OF_A_SECOND = 10_000  # differences of edges are counted to 0.1 ms
PARTS_OF_ONE = 10_000  # and their overlap to 0.0001

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

Counts = Counter[tuple[str, tuple[int, ...]]]
"""(kind, key) → how often. Of the kinds

    confidence  (0..2): ratings
    kept        (0 or 1): primitives with a quality, 1 where it is at least 2
    quality     (of grade 0, of 1, of 2, of 3): primitives that so many people gave each grade
    labels      (action, action, …) in order: primitives that two or more people labelled so
    apart       (person, person, |difference of quality|): primitives both rated
    label       (person, person, 0 or 1): primitives both labelled, 1 where alike
    bias        (person, own * others - the others' sum, others): ratings of what others rated too
    start, end  (|difference| in 0.1 ms): pairs of ratings
    overlap     (temporal IoU in 0.0001): pairs of ratings
"""


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
    """Reviews that rate, in the order of segment and reviewer."""

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
        _, n, which = groups(self.segment)
        return self.where(n[which] >= 2)

    def where(self, which: npt.NDArray[np.bool_]) -> Ratings:
        return Ratings(**{name: getattr(self, name)[which] for name in COLUMNS})

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


Cuts = tuple[Ints, Floats, Floats]
"""Primitives in ascending order of id, and where they begin and end."""


# ---- reading


def _columns(cursor: Any, names: dict[str, str]) -> dict[str, npt.NDArray[Any]]:
    """What `_arrays` asked for, by name; `names` says the type of each (i2, i8, f8)."""
    found = cursor.fetchone()
    return {
        name: np.frombuffer(bytes(content or HEADER), dtype=[("bytes", ">i4"), ("value", f">{kind}")], offset=20)[
            "value"
        ].astype(np.float64 if kind == "f8" else np.int64)
        for content, (name, kind) in zip(found, names.items(), strict=True)
    }


def _arrays(query: str, names: dict[str, str]) -> str:
    """A query of columns without NULL as one row of columns.

    Each comes as one array in Postgres' binary form: 20 bytes of header, then each element's length and bytes,
    big-endian. Row by row, the driver would take seconds.
    """
    arrays = ", ".join(f"array_send(array_agg({name}))" for name in names)
    return f"SELECT {arrays} FROM ({query}) AS rows ({', '.join(names)})"


def _ratings(run: Run) -> str:
    return f"""
        SELECT segment_id, reviewer_id, quality, confidence, coalesce(action_id, {NOBODY}),
            coalesce(start_s, 'NaN'), coalesce(end_s, 'NaN')
        FROM reviews_review WHERE run_id = {int(run.pk)} AND NOT skipped
    """


def in_order(found: dict[str, npt.NDArray[Any]]) -> Ratings:
    order = np.lexsort((found["reviewer"], found["segment"]))
    return Ratings(**{name: column[order] for name, column in found.items()})


def count_all(run: Run, *, forget: bool = False) -> Counts:
    """Counts of all that was said of a run, from the ratings themselves, in one statement: of one moment.

    forget: also take away what `RatingChange` holds up to that moment; all of it is counted then.
    """
    gone = f"WITH gone AS (DELETE FROM reviews_change WHERE run_id = {int(run.pk)}) " if forget else ""
    rated = f"""
        (SELECT ARRAY[count(*) FILTER (WHERE quality < {KEPT_FROM}), count(*) FILTER (WHERE quality >= {KEPT_FROM})]
        FROM vocabulary_segment WHERE run_id = {int(run.pk)} AND quality IS NOT NULL)
    """
    columns = {**COLUMNS, "kept": "i8"}
    with connection.cursor() as cursor:
        cursor.execute(
            f"{gone}SELECT ratings.*, array_send({rated}) FROM ({_arrays(_ratings(run), COLUMNS)}) AS ratings"
        )
        found = _columns(cursor, columns)
    left, kept = found.pop("kept").tolist()
    ratings = in_order(found)
    counts = counts_of(ratings, _cuts(run, ratings.shared()))
    counts.update({("kept", (0,)): left, ("kept", (1,)): kept})
    return +counts


def _cuts(run: Run, shared: Ratings) -> Cuts:
    """Of the primitives whose edges somebody moved: where nobody did, all see the same, whatever it is."""
    moved = ~(np.isnan(shared.start_s) & np.isnan(shared.end_s))
    ids = ",".join(map(str, np.unique(shared.segment[moved]).tolist()))
    query = f"""
        SELECT id, start_s, end_s FROM vocabulary_segment
        WHERE run_id = {int(run.pk)} AND id = ANY('{{{ids}}}'::bigint[])
    """
    names = {"id": "i8", "start_s": "f8", "end_s": "f8"}
    with connection.cursor() as cursor:
        cursor.execute(_arrays(query, names))
        found = _columns(cursor, names)
    order = np.argsort(found["id"])
    return found["id"][order], found["start_s"][order], found["end_s"][order]


# ---- counting


def counts_of(ratings: Ratings, cuts: Cuts) -> Counts:
    """Everything but "kept". `ratings` are all of each of their primitives; `cuts` of those that two people rated and
    whose edges one moved."""
    shared = ratings.shared()
    first, second = shared.pairs()
    counts: Counts = Counter()
    _count(counts, "confidence", ratings.confidence)
    _count(counts, "quality", *_grades(shared).T)
    _count_labels(counts, shared)
    people = (shared.reviewer[first], shared.reviewer[second])
    _count(counts, "apart", *people, np.abs(shared.quality[first] - shared.quality[second]))
    named = (shared.action[first] != NOBODY) & (shared.action[second] != NOBODY)
    alike = (shared.action[first] == shared.action[second]).astype(np.int64)
    _count(counts, "label", people[0][named], people[1][named], alike[named])
    _, n, which = groups(shared.segment)
    total = np.bincount(which, weights=shared.quality).astype(np.int64)
    others = n[which] - 1
    _count(counts, "bias", shared.reviewer, shared.quality * others - (total[which] - shared.quality), others)
    _count_edges(counts, shared, first, second, cuts)
    return counts


def groups(ordered: Ints) -> tuple[Ints, Ints, Ints]:
    """Of values in order: where each new one begins, how often it comes, and for each row which it is."""
    begins = np.ones(len(ordered), dtype=bool)
    begins[1:] = ordered[1:] != ordered[:-1]
    start = np.flatnonzero(begins)
    return start, np.diff(np.append(start, len(ordered))), np.cumsum(begins) - 1


def _count(counts: Counts, kind: str, *key: Ints) -> None:
    """Add how often each combination of the columns `key` occurs."""
    if len(key[0]) == 0:
        return
    found, n = np.unique(np.stack(key, axis=1), axis=0, return_counts=True)
    for one, times in zip(found.tolist(), n.tolist(), strict=True):
        counts[kind, tuple(one)] += times


def _grades(shared: Ratings) -> Ints:
    """[U, 4] how many people gave each primitive each grade."""
    start, _, which = groups(shared.segment)
    n_grades = MAX_QUALITY + 1
    return np.bincount(which * n_grades + shared.quality, minlength=len(start) * n_grades).reshape(-1, n_grades)


def _count_labels(counts: Counts, shared: Ratings) -> None:
    named = shared.where(shared.action != NOBODY)
    ordered = named.action[np.lexsort((named.action, named.segment))]
    start, n, _ = groups(named.segment)
    for times in np.unique(n[n >= 2]).tolist():
        _count(counts, "labels", *(ordered[start[n == times] + place] for place in range(times)))


def _count_edges(counts: Counts, shared: Ratings, first: Ints, second: Ints, cuts: Cuts) -> None:
    """Where neither moved an edge the two are the same."""
    moved = ~(np.isnan(shared.start_s) & np.isnan(shared.end_s))
    some = moved[first] | moved[second]
    none = np.zeros(len(first) - int(some.sum()), dtype=np.int64)
    ids, cut_start, cut_end = cuts
    # A primitive that went between two looks has no cut any more, and is not counted: `tally` counts again then.
    some[some] = np.isin(shared.segment[first[some]], ids)
    a, b = first[some], second[some]
    at = np.searchsorted(ids, shared.segment[a])
    a_start, b_start = (np.where(np.isnan(shared.start_s[row]), cut_start[at], shared.start_s[row]) for row in (a, b))
    a_end, b_end = (np.where(np.isnan(shared.end_s[row]), cut_end[at], shared.end_s[row]) for row in (a, b))
    both = np.clip(np.minimum(a_end, b_end) - np.maximum(a_start, b_start), 0, None)
    overlap = both / (np.maximum(a_end, b_end) - np.minimum(a_start, b_start))
    for kind, value, parts, else_ in (
        ("start", np.abs(a_start - b_start), PARTS_OF_A_SECOND, 0),
        ("end", np.abs(a_end - b_end), PARTS_OF_A_SECOND, 0),
        ("overlap", overlap, PARTS_OF_ONE, PARTS_OF_ONE),
    ):
        _count(counts, kind, np.concatenate([np.rint(value * parts).astype(np.int64), none + else_]))
