"""What a reviewer is to judge next: five queues of one run, each without what they have judged or skipped.

A queue is read in two steps: the ids of a page, in SQL that walks an index from its beginning and leaves judged ones
out as it goes, and then those few rows with their names. What a page goes on after is the id of its last primitive:
where that stands is looked up again, so that a cursor says nothing of other people's ratings (docs/decisions/0013).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from django.db import connection
from django.db.models import Avg, F, QuerySet, Sum

from backend.projects.models import User
from backend.reviews.models import Review
from backend.runs.models import Run
from backend.selections.models import PrimitiveSet
from backend.vocabulary.models import Action, Segment

QueueName = Literal["assigned", "disagreement", "edge", "threshold"]
NAMES: tuple[QueueName, ...] = ("assigned", "disagreement", "edge", "threshold")

NOT_MINE = "NOT EXISTS (SELECT 1 FROM reviews_review AS m WHERE m.segment_id = s.id AND m.reviewer_id = %(user)s)"

ASSIGNED = f"""
    SELECT s.id FROM (
        SELECT segment_id AS id FROM reviews_assignment WHERE run_id = %(run)s AND reviewer_id = %(user)s) AS s
    WHERE s.id > %(after)s AND {NOT_MINE}
    ORDER BY s.id LIMIT %(limit)s
"""

APART = f"s.run_id = %(run)s AND s.apart > 0 AND {NOT_MINE}"
DISAGREEMENT = f"""
    SELECT s.id FROM vocabulary_segment AS s
    WHERE {APART} {{after}}
    ORDER BY s.apart DESC, hashint8(s.id), s.id LIMIT %(limit)s
"""
"""What others rated apart and the user has not judged, and nobody has settled: conflicts first, then what is one grade
apart. Among them the order has nothing to do with the ratings: ids are scattered."""

BEYOND_APART = "AND (-s.apart, hashint8(s.id), s.id) > (-%(level)s, hashint8(%(after)s), %(after)s)"

BY_MARGIN = """
    SELECT s.id FROM vocabulary_segment AS s
    WHERE s.run_id = %(run)s AND s.{column} IS NOT NULL AND {not_mine} {after}
    ORDER BY s.{column}, s.id LIMIT %(limit)s
"""
"""Smallest first. Rows that were not measured come after all others, by id: `NOT_MEASURED`."""

NOT_MEASURED = """
    SELECT s.id FROM vocabulary_segment AS s
    WHERE s.run_id = %(run)s AND s.{column} IS NULL AND s.id > %(after)s AND {not_mine}
    ORDER BY s.id LIMIT %(limit)s
"""

IN_SET = f"""
    SELECT s.id FROM (
        SELECT DISTINCT unnest(segments) AS id FROM selections_primitiveset WHERE id = %(set)s) AS s
    JOIN vocabulary_segment AS there ON there.id = s.id AND there.run_id = %(run)s
    WHERE s.id > %(after)s AND {NOT_MINE}
    ORDER BY s.id LIMIT %(limit)s
"""

MARGIN: dict[str, str] = {"edge": "edge_margin", "threshold": "cut_margin"}


@dataclass(frozen=True)
class Page:
    """Some primitives of a queue in its order; `after` continues it, None: this is its end."""

    segments: list[Segment]
    after: int | None
    measured: bool = True  # False: this run's primitives have no such margin, so there is nothing to order by


@dataclass(frozen=True)
class QueueFacts:
    """How much of a queue there is for one reviewer."""

    name: str
    total: int
    left: int
    measured: bool
    set: int | None = None  # of a named set


def page_of(user: User, run: Run, name: QueueName, *, after: int = 0, limit: int) -> Page:
    """A page of one of the queues of a run, after primitive `after` (0: from its beginning)."""
    if name in MARGIN:
        return _by_margin(user, run, MARGIN[name], after, limit)
    if name == "assigned":
        return _page(_ids(ASSIGNED, run, user, after=after, limit=limit + 1), limit)
    level = run.segments.filter(pk=after).values_list("apart", flat=True).first() or 0
    sql = DISAGREEMENT.format(after=BEYOND_APART if after else "")
    return _page(_ids(sql, run, user, after=after, level=level, limit=limit + 1), limit)


def page_of_set(user: User, found: PrimitiveSet, *, after: int = 0, limit: int) -> Page:
    """A page of a named set, in the order of its primitives' ids."""
    return _page(_ids(IN_SET, found.run, user, set=found.pk, after=after, limit=limit + 1), limit)


def _by_margin(user: User, run: Run, column: str, after: int, limit: int) -> Page:
    if not run.segments.filter(**{f"{column}__isnull": False}).exists():
        return Page([], None, measured=False)
    last = run.segments.filter(pk=after).values_list(column, flat=True).first() if after else None
    ids: list[int] = []
    if after == 0 or last is not None:
        beyond = "" if after == 0 else f"AND (s.{column}, s.id) > (%(last)s, %(after)s)"
        sql = BY_MARGIN.format(column=column, not_mine=NOT_MINE, after=beyond)
        ids = _ids(sql, run, user, after=after, last=last, limit=limit + 1)
        after = 0  # what was not measured follows from its first on
    if len(ids) <= limit:
        sql = NOT_MEASURED.format(column=column, not_mine=NOT_MINE)
        ids += _ids(sql, run, user, after=after, limit=limit + 1 - len(ids))
    return _page(ids, limit)


def _ids(sql: str, run: Run, user: User, **values: Any) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(sql, {"run": run.pk, "user": user.pk, **values})
        return [row[0] for row in cursor.fetchall()]


def _page(ids: Sequence[int], limit: int) -> Page:
    shown = list(ids[:limit])
    rows = Segment.objects.with_names().in_bulk(shown)
    return Page([rows[pk] for pk in shown if pk in rows], shown[-1] if len(ids) > limit else None)


def facts_of(user: User, run: Run) -> list[QueueFacts]:
    """Every queue of a run and how far the user is in it: the four, then the sets that wait for review."""
    mine = Review.objects.filter(run=run, reviewer=user)
    judged = mine.count()
    whole = run.clusters.aggregate(n=Sum("size"))["n"] or run.segments.count()
    assigned, assigned_left = _assigned(user, run)
    (apart,) = _ids(f"SELECT count(*) FROM vocabulary_segment AS s WHERE {APART}", run, user)
    return [
        QueueFacts("assigned", assigned, assigned_left, True),
        QueueFacts("disagreement", apart, apart, True),
        *(_margin_facts(name, run, whole, judged) for name in ("edge", "threshold")),
        *_set_facts(user, run),
    ]


def pace_of(user: User, run: Run) -> float | None:
    """How many seconds the user has looked at each primitive they judged."""
    pace: float | None = Review.objects.rated().filter(run=run, reviewer=user).aggregate(s=Avg("seconds"))["s"]
    return pace


def labels_of(run: Run) -> QuerySet[Action]:
    """What a primitive can be labelled with, those that have a key first."""
    return run.project.actions.current().order_by(F("digit").asc(nulls_last=True), "name")


def _assigned(user: User, run: Run) -> tuple[int, int]:
    total = run.assignments.filter(reviewer=user).count()
    return total, run.assignments.filter(reviewer=user).open().count()


def _margin_facts(name: str, run: Run, whole: int, judged: int) -> QueueFacts:
    measured = run.segments.filter(**{f"{MARGIN[name]}__isnull": False}).exists()
    return QueueFacts(name, whole if measured else 0, max(0, whole - judged) if measured else 0, measured)


def _set_facts(user: User, run: Run) -> list[QueueFacts]:
    """Counted from what the user has judged, which is little beside what a set may hold."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT w.id, w.name, cardinality(w.segments), (
                SELECT count(*) FROM (SELECT DISTINCT unnest(w.segments) AS id) AS u
                JOIN reviews_review AS r ON r.segment_id = u.id
                WHERE r.run_id = w.run_id AND r.reviewer_id = %(user)s)
            FROM selections_primitiveset AS w
            WHERE w.run_id = %(run)s AND w.for_review
            ORDER BY w.created_at DESC, w.id DESC
            """,
            {"run": run.pk, "user": user.pk},
        )
        rows = cursor.fetchall()
    return [QueueFacts(name, total, max(0, total - judged), True, set=pk) for pk, name, total, judged in rows]
