"""Reads of reviews: queues, progress, agreement and what is kept.

Agreement is taken over one run, from what is counted of its ratings (`tally`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Avg, Count, Max, Q, QuerySet, Sum

from backend.projects.models import Role, User
from backend.reviews import tally
from backend.reviews.figures import Figure, Figures, figures_from
from backend.reviews.models import Adjudication, Assignment, Review
from backend.reviews.ratings import count_all
from backend.runs.models import Run
from backend.vocabulary.models import Segment
from ml.agreement import Agreement

CONFLICT_FROM = 2  # grades of quality between the highest and the lowest
IN_CONFLICT = 2  # as `Segment.apart` says it


@dataclass(frozen=True)
class Progress:
    """How far one reviewer is in a run."""

    reviewer: User
    assigned: int
    done: int
    skipped: int
    flagged: int
    mean_seconds: float | None
    last_seen: datetime | None


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
class Bias:
    """How much higher than the others one reviewer rates what others rated too: mean of own - others' mean."""

    reviewer: User
    figure: Figure


@dataclass(frozen=True)
class Conflict:
    """A primitive its reviewers differ on."""

    segment: Segment
    spread: int | None
    reviews: list[Review]


@dataclass(frozen=True)
class Decision:
    """A primitive somebody settled, and what its reviewers had said."""

    adjudication: Adjudication
    segment: Segment
    reviews: list[Review]


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
    biases: list[Bias]
    funnel: Funnel


def conflicts(run: Run, limit: int) -> tuple[list[Conflict], int]:
    """Primitives whose reviewers differ by two grades of quality or in the label, and that nobody has settled; those
    that differ most first: up to `limit`, and how many there are.

    Found by what is noted on each primitive (`Segment.apart`), along its index.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT s.id, r.spread, count(*) OVER () FROM vocabulary_segment AS s
            CROSS JOIN LATERAL (
                SELECT max(quality) - min(quality) AS spread FROM reviews_review
                WHERE run_id = %(run)s AND segment_id = s.id AND NOT skipped) AS r
            WHERE s.run_id = %(run)s AND s.apart = %(conflict)s
            ORDER BY r.spread DESC, s.id LIMIT %(limit)s
            """,
            {"run": run.pk, "conflict": IN_CONFLICT, "limit": limit},
        )
        rows = cursor.fetchall()
    segments = Segment.objects.with_names().in_bulk([row[0] for row in rows])
    said = _said_of(segments)
    found = [Conflict(segments[pk], spread, said[pk]) for pk, spread, _ in rows if pk in segments]
    return found, (rows[0][2] if rows else 0)


def settled(run: Run, limit: int) -> tuple[list[Decision], int]:
    """The decisions in force, the newest first: up to `limit`, and how many there are."""
    in_force = Adjudication.objects.in_force().filter(segment__run=run)
    rows = list(in_force.select_related("by", "action").order_by("-pk")[:limit])
    segments = Segment.objects.with_names().in_bulk([row.segment_id for row in rows])
    said = _said_of(segments)
    return [Decision(row, segments[row.segment_id], said[row.segment_id]) for row in rows], in_force.count()


def _said_of(segments: Iterable[int]) -> dict[int, list[Review]]:
    said: dict[int, list[Review]] = {pk: [] for pk in segments}
    for review in Review.objects.filter(segment__in=said).select_related("reviewer", "action").order_by("pk"):
        said[review.segment_id].append(review)
    return said


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
            last=Max("updated_at"),
        )
    }
    reviewers = run.project.memberships.filter(role__in=Role.at_least(Role.REVIEWER)).values("user")
    people = User.objects.filter(Q(pk__in=reviewers) | Q(pk__in=[*assigned, *given])).order_by("username")
    nothing: dict[str, Any] = {"done": 0, "skips": 0, "flags": 0, "mean_s": None, "last": None}
    return [
        Progress(one, assigned.get(one.pk, 0), row["done"], row["skips"], row["flags"], row["mean_s"], row["last"])
        for one in people
        for row in [given.get(one.pk, nothing)]
    ]


def agreement_of(run: Run) -> RunAgreement:
    """How far the reviewers of a run agree, each figure with its n and a bootstrap interval."""
    return _with_people(run, tally.figures_of(run))


def agreement_at_this_moment(run: Run) -> RunAgreement:
    """The same by reading every rating and writing nothing: of the moment that a transaction sees."""
    return _with_people(run, figures_from(count_all(run)))


def _with_people(run: Run, found: Figures) -> RunAgreement:
    people = User.objects.in_bulk(
        {pk for pair in found.pairs for pk in (pair.first, pair.second)} | {pk for pk, _ in found.biases}
    )
    pairs = [
        Pair(
            people[pair.first],
            people[pair.second],
            pair.n,
            pair.same_quality,
            pair.mean_difference,
            pair.n_labelled,
            pair.same_label,
        )
        for pair in found.pairs
    ]
    return RunAgreement(
        quality=found.quality,
        labels=found.labels,
        start=found.start,
        end=found.end,
        overlap=found.overlap,
        confidence=found.confidence,
        confidences=found.confidences,
        pairs=pairs,
        biases=[Bias(people[pk], figure) for pk, figure in found.biases],
        funnel=Funnel(
            candidates=run.clusters.aggregate(n=Sum("size"))["n"] or run.segments.count(),
            rated=found.n_rated,
            kept=found.n_kept,
        ),
    )
