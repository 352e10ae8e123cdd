"""Reads of reviews: queues, progress, agreement and what is kept.

Agreement is taken over one run, in SQL down to the different patterns of ratings, so that 200,000 reviews take no
longer than their index takes to read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from django.db import connection
from django.db.models import Avg, Count, Exists, Max, Min, OuterRef, Q, QuerySet, Sum

from backend.projects.models import Role, User
from backend.reviews.models import KEPT_FROM, MAX_CONFIDENCE, MAX_QUALITY, Adjudication, Assignment, Review
from backend.runs.models import Run
from backend.vocabulary.models import Segment
from ml.agreement import Agreement, agreement

CONFLICT_FROM = 2  # grades of quality between the highest and the lowest
REPEATS = 1000
INTERVAL = (2.5, 97.5)


@dataclass(frozen=True)
class Progress:
    """How far one reviewer is in a run."""

    reviewer: User
    assigned: int
    done: int
    skipped: int
    flagged: int
    mean_seconds: float | None


@dataclass(frozen=True)
class Figure:
    """A figure with how many things it is of and its 95 % bootstrap interval; None where there is nothing."""

    value: float | None
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True)
class Pair:
    """How two reviewers judged what both judged."""

    first: User
    second: User
    n: int
    same_quality: float
    mean_difference: float
    n_labelled: int
    same_label: float | None


@dataclass(frozen=True)
class Funnel:
    """Candidates, those somebody rated, and those whose mean quality reaches 2 (LA4VLA §7.6)."""

    candidates: int
    rated: int
    kept: int


@dataclass(frozen=True)
class RunAgreement:
    """Everything the agreement page shows of a run."""

    quality: Agreement
    labels: Agreement
    start: Figure  # median |Δt| in seconds
    end: Figure
    overlap: Figure  # median temporal IoU
    confidence: Figure
    confidences: list[int]
    pairs: list[Pair]
    funnel: Funnel


def conflicts(run: Run) -> QuerySet[Segment]:
    """Primitives whose reviewers differ by two grades of quality or in the label, and that nobody has settled; those
    that differ most first, with `spread` in grades and `n_reviews`."""
    return (
        Segment.objects.filter(run=run)
        .filter(~Exists(Adjudication.objects.in_force().filter(segment=OuterRef("pk"))))
        .with_names()
        .annotate(
            n_reviews=Count("reviews", filter=Q(reviews__skipped=False)),
            spread=Max("reviews__quality") - Min("reviews__quality"),
            n_labels=Count("reviews__action", filter=Q(reviews__skipped=False), distinct=True),
        )
        .filter(n_reviews__gte=2)
        .filter(Q(spread__gte=CONFLICT_FROM) | Q(n_labels__gte=2))
        .order_by("-spread", "pk")
    )


def reviews_of(user: User, segment: Segment) -> QuerySet[Review]:
    """The reviews of a primitive that the user may see: never another's before their own."""
    return segment.reviews.visible_to(user).select_related("reviewer", "action").order_by("pk")


def progress_of(run: Run) -> list[Progress]:
    """Every reviewer of the project, and whoever else has judged or was asked to."""
    assigned = dict(Assignment.objects.filter(run=run).order_by().values_list("reviewer").annotate(n=Count("pk")))
    given = {
        row["reviewer"]: row
        for row in Review.objects.filter(run=run)
        .order_by()
        .values("reviewer")
        .annotate(
            done=Count("pk", filter=Q(skipped=False)),
            skips=Count("pk", filter=Q(skipped=True)),
            flags=Count("pk", filter=Q(flagged=True)),
            mean_s=Avg("seconds"),
        )
    }
    reviewers = run.project.memberships.filter(role__in=Role.at_least(Role.REVIEWER)).values("user")
    people = User.objects.filter(Q(pk__in=reviewers) | Q(pk__in=[*assigned, *given])).order_by("username")
    nothing: dict[str, Any] = {"done": 0, "skips": 0, "flags": 0, "mean_s": None}
    return [
        Progress(one, assigned.get(one.pk, 0), row["done"], row["skips"], row["flags"], row["mean_s"])
        for one in people
        for row in [given.get(one.pk, nothing)]
    ]


def agreement_of(run: Run) -> RunAgreement:
    """How far the reviewers of a run agree, each figure with its n and a bootstrap interval."""
    start, end, overlap = _edges(run)
    confidences = _confidences(run)
    return RunAgreement(
        quality=_alpha(run, "quality", "interval"),
        labels=_alpha(run, "action_id", "nominal"),
        start=_median(start),
        end=_median(end),
        overlap=_median(overlap),
        confidence=_mean_of_counts(np.array(confidences)),
        confidences=confidences,
        pairs=_pairs(run),
        funnel=funnel_of(run),
    )


def funnel_of(run: Run) -> Funnel:
    rated = run.segments.filter(quality__isnull=False).order_by()
    return Funnel(
        candidates=run.clusters.aggregate(n=Sum("size"))["n"] or run.segments.count(),
        rated=rated.count(),
        kept=rated.filter(quality__gte=KEPT_FROM).count(),
    )


def _alpha(run: Run, column: Literal["quality", "action_id"], level: Literal["nominal", "interval"]) -> Agreement:
    """Krippendorff's alpha over the primitives two or more people rated; for labels, gave one."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT pattern, count(*) FROM (
                SELECT array_agg({column} ORDER BY {column}) AS pattern FROM reviews_review
                WHERE run_id = %s AND NOT skipped AND {column} IS NOT NULL
                GROUP BY segment_id HAVING count(*) >= 2) AS rated
            GROUP BY pattern ORDER BY pattern
            """,
            [run.pk],
        )
        rows = cursor.fetchall()
    values = list(range(MAX_QUALITY + 1)) if column == "quality" else sorted({one for row in rows for one in row[0]})
    place = {value: index for index, value in enumerate(values)}
    counts = np.zeros((len(rows), max(1, len(values))), dtype=np.int64)
    for index, (pattern, _) in enumerate(rows):
        for value in pattern:
            counts[index, place[value]] += 1
    return agreement(counts, level, times=np.array([times for _, times in rows], dtype=np.int64))


PAIRS = """
    FROM reviews_review AS a
    JOIN reviews_review AS b ON b.segment_id = a.segment_id AND a.reviewer_id < b.reviewer_id AND b.run_id = a.run_id
    WHERE a.run_id = %s AND NOT a.skipped AND NOT b.skipped
"""
"""Two people's reviews of one primitive, each pair once."""


def _pairs(run: Run) -> list[Pair]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT a.reviewer_id, b.reviewer_id, count(*),
                avg((a.quality = b.quality)::int)::float8, avg(abs(a.quality - b.quality))::float8,
                count(*) FILTER (WHERE a.action_id IS NOT NULL AND b.action_id IS NOT NULL),
                avg((a.action_id = b.action_id)::int)::float8
            {PAIRS} GROUP BY 1, 2 ORDER BY 1, 2
            """,
            [run.pk],
        )
        rows = cursor.fetchall()
    people = User.objects.in_bulk({pk for row in rows for pk in row[:2]})
    return [Pair(people[first], people[second], *figures) for first, second, *figures in rows]


def _edges(run: Run) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """|Δ start| and |Δ end| in seconds, and the temporal IoU, of every two people who judged one primitive."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT coalesce(a.start_s, s.start_s), coalesce(a.end_s, s.end_s),
                coalesce(b.start_s, s.start_s), coalesce(b.end_s, s.end_s)
            {PAIRS.replace("WHERE", "JOIN vocabulary_segment AS s ON s.id = a.segment_id WHERE")}
            """,
            [run.pk],
        )
        rows = np.array(cursor.fetchall(), dtype=np.float64).reshape(-1, 4)
    a_start, a_end, b_start, b_end = rows.T
    both = np.clip(np.minimum(a_end, b_end) - np.maximum(a_start, b_start), 0, None)
    either = np.maximum(a_end, b_end) - np.minimum(a_start, b_start)
    return np.abs(a_start - b_start), np.abs(a_end - b_end), both / either


def _median(values: np.ndarray) -> Figure:
    """The median and the interval of its bootstrap.

    The median of n draws with replacement is the value at the rank that the median of n uniform numbers has, so that
    rank is drawn (a beta distribution) instead of the n values.
    """
    n = len(values)
    if n == 0:
        return Figure(None, None, None, 0)
    ordered = np.sort(values)
    ranks = np.random.default_rng(0).beta((n + 1) / 2, (n + 1) / 2, REPEATS)
    low, high = np.percentile(ordered[np.minimum((ranks * n).astype(int), n - 1)], INTERVAL)
    return Figure(float(np.median(ordered)), float(low), float(high), n)


def _confidences(run: Run) -> list[int]:
    """How many reviews have confidence 0, 1, 2."""
    rows = Review.objects.rated().filter(run=run).order_by().values_list("confidence").annotate(n=Count("pk"))
    counts = dict(rows)
    return [counts.get(grade, 0) for grade in range(MAX_CONFIDENCE + 1)]


def _mean_of_counts(counts: np.ndarray) -> Figure:
    n = int(counts.sum())
    if n == 0:
        return Figure(None, None, None, 0)
    grades = np.arange(len(counts))
    drawn = np.random.default_rng(0).multinomial(n, counts / n, REPEATS) @ grades / n
    low, high = np.percentile(drawn, INTERVAL)
    return Figure(float(counts @ grades / n), float(low), float(high), n)
