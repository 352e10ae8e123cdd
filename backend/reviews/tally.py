"""What is counted of a run's ratings, kept in the database and brought up to date by what changed since.

Reading 200,000 ratings takes longer than somebody should wait for a page. So the counts of a run (`ratings.Counts`) are
rows. Whoever changes a rating changes none of them, or fifty reviewers would wait for one another: a trigger notes what
was there before. Who asks next brings the counts up to date by the primitives that changed: their ratings as they are
now, less those they had, which are the same with the notes laid over them (docs/decisions/0019-a-tally-of-ratings.md).
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from threading import Lock
from uuid import UUID, uuid4

import numpy as np
from django.db import IntegrityError, connection, transaction

from backend.reviews.figures import Figures, figures_from
from backend.reviews.models import KEPT_FROM, RatingChange, Tallied, Tally
from backend.reviews.ratings import COLUMNS, NOBODY, Counts, Cuts, Ratings, count_all, counts_of, in_order
from backend.runs.models import Run

MOST_CHANGES = 4_000  # beyond, counting everything anew is faster
MOST_KEPT = 50  # runs whose figures a process remembers


class Mistaken(Exception):
    """The counts cannot be those of the ratings: something was written past the triggers."""


def figures_of(run: Run) -> Figures:
    """The figures of agreement of all that has been said of a run."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT stamp FROM reviews_tallied
            WHERE run_id = %(run)s AND NOT EXISTS (SELECT FROM reviews_change WHERE run_id = %(run)s)
            """,
            {"run": run.pk},
        )
        known = cursor.fetchone()
    with _lock:
        kept = _kept.get(run.pk)
        if known is not None and kept is not None and kept[0] == known[0]:
            _kept.move_to_end(run.pk)
            return kept[1]
    stamp, counts = brought_up(run)
    found = figures_from(counts)
    with _lock:
        _kept[run.pk] = (stamp, found)
        while len(_kept) > MOST_KEPT:
            _kept.popitem(last=False)
    return found


_kept: OrderedDict[int, tuple[UUID, Figures]] = OrderedDict()
_lock = Lock()


@transaction.atomic
def brought_up(run: Run) -> tuple[UUID, Counts]:
    """The counts of a run as they are now, and what names them."""
    _, is_new = Tallied.objects.get_or_create(run=run)
    state = Tallied.objects.select_for_update().get(run=run)  # before the notes are looked at: one brings up at a time
    changes = RatingChange.objects.filter(run=run)
    n_changes = len(changes.values_list("pk", flat=True)[: MOST_CHANGES + 1])
    if not is_new and n_changes == 0:
        return state.stamp, _read(run)
    if is_new or n_changes > MOST_CHANGES:
        counts = _counted_anew(run)
    else:
        try:
            with transaction.atomic():
                _write(run, _difference(run))
                counts = _read(run)
        except Mistaken:
            counts = _counted_anew(run)
    state.stamp = uuid4()
    state.save(update_fields=["stamp"])
    return state.stamp, counts


def _counted_anew(run: Run) -> Counts:
    counts = count_all(run, forget=True)
    Tally.objects.filter(run=run).delete()
    _insert(run, counts)
    return counts


def _read(run: Run) -> Counts:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT kind, string_agg(key || ' ' || n, E'\\n') FROM reviews_tally WHERE run_id = %s GROUP BY kind",
            [run.pk],
        )
        found = cursor.fetchall()
    counts: Counts = Counter()
    for kind, lines in found:
        for line in lines.split("\n"):
            *key, n = map(int, line.split(" "))
            counts[kind, tuple(key)] = n
    return counts


# ---- what changed


@dataclass(frozen=True)
class _Rating:
    """One rating: the columns of `ratings.Ratings`, without those that name the primitive's cut."""

    segment: int
    reviewer: int
    quality: int
    confidence: int
    action: int
    start_s: float
    end_s: float


CHANGED = """
    WITH gone AS (DELETE FROM reviews_change WHERE run_id = %(run)s RETURNING *)
    SELECT 'before', id, segment_id, review_id, reviewer_id, quality, confidence, action_id, start_s, end_s,
        cut_start_s, cut_end_s
    FROM gone
    UNION ALL
    SELECT 'now', NULL, r.segment_id, r.id, r.reviewer_id, r.quality, r.confidence, r.action_id, r.start_s, r.end_s,
        s.start_s, s.end_s
    FROM reviews_review AS r JOIN vocabulary_segment AS s ON s.id = r.segment_id
    WHERE NOT r.skipped AND r.segment_id IN (SELECT segment_id FROM gone WHERE review_id IS NOT NULL)
    UNION ALL
    SELECT 'now', NULL, id, NULL, NULL, quality, NULL, NULL, NULL, NULL, NULL, NULL
    FROM vocabulary_segment WHERE id IN (SELECT segment_id FROM gone WHERE review_id IS NULL)
"""
"""One statement, so that what was noted and what is there are of one moment; who writes meanwhile is noted for the next
time."""


def _difference(run: Run) -> Counts:
    """By how much the counts have changed since they were brought up, taking the notes away. Some are negative."""
    with connection.cursor() as cursor:
        cursor.execute(CHANGED, {"run": run.pk})
        rows = cursor.fetchall()
    now: dict[int, _Rating] = {}
    quality_now: dict[int, float | None] = {}
    cuts: dict[int, tuple[float, float]] = {}
    # Of several notes about one thing the first says what was counted.
    noted: dict[int, _Rating | None] = {}
    quality_noted: dict[int, float | None] = {}
    for when, _, segment, review, reviewer, quality, confidence, action, start_s, end_s, *cut in sorted(
        rows, key=lambda row: row[1] or 0
    ):
        if review is None:
            (quality_now if when == "now" else quality_noted).setdefault(segment, quality)
            continue
        rating = None
        if reviewer is not None:
            if None in cut:
                raise Mistaken  # a rating that outlived its primitive
            cuts[segment] = (cut[0], cut[1])
            edges = (np.nan if edge_s is None else edge_s for edge_s in (start_s, end_s))
            label = NOBODY if action is None else action
            rating = _Rating(segment, reviewer, int(quality), confidence, label, *edges)
        if when == "before":
            noted.setdefault(review, rating)
        elif rating is not None:
            now[review] = rating
    before = {review: rating for review, rating in {**now, **noted}.items() if rating is not None}
    where = _cuts(cuts)
    counts = counts_of(_ratings(list(now.values())), where)
    counts.subtract(counts_of(_ratings(list(before.values())), where))
    for sign, qualities in ((1, quality_now), (-1, quality_noted)):
        for quality in qualities.values():
            if quality is not None:
                counts["kept", (int(quality >= KEPT_FROM),)] += sign
    return Counter({what: n for what, n in counts.items() if n != 0})


def _ratings(rows: Sequence[_Rating]) -> Ratings:
    columns = zip(*map(astuple, rows), strict=True) if rows else ([] for _ in COLUMNS)
    return in_order(
        {
            name: np.array(column, dtype=np.float64 if kind == "f8" else np.int64)
            for (name, kind), column in zip(COLUMNS.items(), columns, strict=True)
        }
    )


def _cuts(cuts: dict[int, tuple[float, float]]) -> Cuts:
    ids = sorted(cuts)
    edges = np.array([cuts[pk] for pk in ids], dtype=np.float64).reshape(-1, 2)
    return np.array(ids, dtype=np.int64), edges[:, 0], edges[:, 1]


# ---- rows


def _write(run: Run, difference: Counts) -> None:
    """Add it to the rows. Raises Mistaken where one would be negative."""
    if not difference:
        return
    with connection.cursor() as cursor:
        try:
            cursor.execute(
                """
                UPDATE reviews_tally AS t SET n = t.n + d.n
                FROM unnest(%(kinds)s::text[], %(keys)s::text[], %(ns)s::bigint[]) AS d (kind, key, n)
                WHERE t.run_id = %(run)s AND t.kind = d.kind AND t.key = d.key
                RETURNING t.kind, t.key, t.n
                """,
                {"run": run.pk, **_parameters(difference)},
            )
        except IntegrityError as error:  # the table holds no negative count
            raise Mistaken from error
        there = {(kind, key): n for kind, key, n in cursor.fetchall()}
        empty = [what for what, n in there.items() if n == 0]
        cursor.execute(
            """
            DELETE FROM reviews_tally WHERE run_id = %s
            AND (kind, key) IN (SELECT * FROM unnest(%s::text[], %s::text[]))
            """,
            [run.pk, [kind for kind, _ in empty], [key for _, key in empty]],
        )
    new = Counter({what: n for what, n in difference.items() if (what[0], _text(what[1])) not in there})
    if any(n < 0 for n in new.values()):
        raise Mistaken
    _insert(run, new)


def _insert(run: Run, counts: Counts) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO reviews_tally (run_id, kind, key, n)
            SELECT %(run)s, kind, key, n
            FROM unnest(%(kinds)s::text[], %(keys)s::text[], %(ns)s::bigint[]) AS d (kind, key, n)
            """,
            {"run": run.pk, **_parameters(counts)},
        )


def _parameters(counts: Counts) -> dict[str, list[str] | list[int]]:
    return {
        "kinds": [kind for kind, _ in counts],
        "keys": [_text(key) for _, key in counts],
        "ns": list(counts.values()),
    }


def _text(key: tuple[int, ...]) -> str:
    return " ".join(map(str, key))
