"""What reviewers and managers cause: assigning, judging, settling a conflict."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from backend.common import events, happenings
from backend.projects import audit
from backend.projects.models import Project, Role, User
from backend.reviews.exceptions import AlreadyUndone, BadEdges, NotAReviewer, NothingToReview, NotOfThisProject
from backend.reviews.models import Adjudication, Assignment, Review, ReviewPlan
from backend.reviews.selectors import CONFLICT_FROM, IN_CONFLICT
from backend.runs.models import Run
from backend.vocabulary.models import Action, Segment, SegmentQuerySet

BATCH = 5_000
SEED = 7_600


@dataclass(frozen=True)
class Choice:
    """Which primitives of a run are given out: those named, of one cluster (its index) or of one action, else all; of
    them those nobody has rated, or been given; of those `draw` at random."""

    segments: Sequence[int] | None = None
    cluster: int | None = None
    action: int | None = None
    only: Literal["all", "unrated", "unassigned"] = "all"
    draw: int | None = None


ALL = Choice()


@dataclass(frozen=True)
class Assigned:
    """How many primitives were given out, and how many of them to two people."""

    segments: int
    twice: int
    assignments: int


def plan_of(project: Project) -> ReviewPlan:
    """How the project is reviewed; with the defaults of LA4VLA until somebody changes them."""
    return ReviewPlan.objects.filter(project=project).first() or ReviewPlan(project=project)


@transaction.atomic
def set_double_share(project: Project, share: float) -> ReviewPlan:
    """From now on this share of what is assigned goes to two people."""
    plan, _ = ReviewPlan.objects.update_or_create(project=project, defaults={"double_share": share})
    return plan


@transaction.atomic
def assign(
    *,
    run: Run,
    reviewers: Sequence[User],
    by: User,
    segments: Sequence[int] | None = None,
    choice: Choice = ALL,
    share: float | None = None,
) -> Assigned:
    """Give primitives of a run to reviewers, the same number to each, a share of them to two.

    segments: their ids, short for a choice of them; all of the run if neither is given. Who gets which is drawn with a
    seed. A primitive that somebody has already is not given to them again, but it counts as given.

    Raises:
        NotAReviewer: somebody's role in the project is below reviewer, or nobody was named.
        NothingToReview: there are no such primitives.
        NotOfThisProject: some are of another run, or gone.
    """
    allowed = {
        membership.user_id: membership.user
        for membership in run.project.memberships.filter(role__in=Role.at_least(Role.REVIEWER)).select_related("user")
    }
    if not reviewers:
        raise NotAReviewer("Name at least one reviewer.")
    if strangers := [one for one in reviewers if one.pk not in allowed]:
        raise NotAReviewer(f"{strangers[0].shown_name} is not a reviewer of this project.")
    ids = _chosen(run, choice if segments is None else replace(choice, segments=segments))
    share = plan_of(run.project).double_share if share is None else share
    rng = np.random.default_rng([SEED, run.pk, len(ids)])
    order = rng.permutation(len(ids))
    n_twice = math.ceil(share * len(ids)) if len(reviewers) > 1 else 0
    people = [one.pk for one in reviewers]
    rows: list[Assignment] = []
    for turn, position in enumerate(order.tolist()):
        # Pairs go round with a growing step, so that everybody is paired with everybody.
        n, step = len(people), 1 + (turn // len(people)) % max(1, len(people) - 1)
        given = [people[turn % n], people[(turn + step) % n]][: 2 if turn < n_twice else 1]
        rows += [
            Assignment(project_id=run.project_id, run=run, segment_id=ids[position], reviewer_id=person, assigned_by=by)
            for person in given
        ]
    Assignment.objects.bulk_create(rows, batch_size=BATCH, ignore_conflicts=True)
    audit.record(
        run.project_id,
        by=by,
        kind="review.assigned",
        summary=f"Gave {len(ids):,} primitives of run {run.number} to {len(people)} reviewers, {n_twice:,} to two.",
        run=run.pk,
        reviewers=people,
    )
    events.publish(run.project_id, kind="reviews", run=run.pk)
    return Assigned(len(ids), n_twice, len(rows))


def _chosen(run: Run, choice: Choice) -> list[int]:
    rows: SegmentQuerySet = Segment.objects.filter(run=run)
    if choice.cluster is not None:
        rows = rows.filter(cluster__index=choice.cluster)
    if choice.action is not None:
        rows = rows.of_action(choice.action)
    if choice.only == "unrated":
        rows = rows.filter(quality=None)
    if choice.only == "unassigned":
        rows = rows.filter(~Exists(Assignment.objects.filter(segment=OuterRef("pk"))))
    found = list(rows.order_by("pk").values_list("pk", flat=True))
    if choice.segments is not None:
        named = set(_checked(run, choice.segments))
        found = [pk for pk in found if pk in named]
    if not found:
        fits = "There is nothing to review here yet." if choice == ALL else "No primitive of this run fits that choice."
        raise NothingToReview(fits)
    if choice.draw is not None and choice.draw < len(found):
        given_before = Assignment.objects.filter(run=run).count()  # so that drawing again draws others
        rng = np.random.default_rng([SEED, run.pk, given_before])
        found = sorted(rng.choice(found, choice.draw, replace=False).tolist())
    return found


def _checked(run: Run, segments: Sequence[int]) -> list[int]:
    wanted = sorted(set(segments))
    with connection.cursor() as cursor:  # an array, not a parameter each: there may be 100,000
        cursor.execute("SELECT id FROM vocabulary_segment WHERE run_id = %s AND id = ANY(%s)", [run.pk, wanted])
        found = [row[0] for row in cursor.fetchall()]
    if len(found) < len(wanted):
        raise NotOfThisProject(f"{len(wanted) - len(found)} of these primitives are not of run {run.number}.")
    return found


@transaction.atomic
def give_review(
    *,
    segment: Segment,
    by: User,
    quality: int | None = None,
    confidence: int | None = None,
    action: Action | None = None,
    start_s: float | None = None,
    end_s: float | None = None,
    comment: str = "",
    flagged: bool = False,
    skipped: bool = False,
    seconds: float | None = None,
) -> Review:
    """Keep a person's judgement of a primitive; given again, it replaces theirs.

    Raises:
        NotOfThisProject: the action is another project's.
        BadEdges: the corrected edges are out of order, or outside the video.
    """
    if action is not None and action.project_id != segment.project_id:
        raise NotOfThisProject("This action belongs to another project.")
    start_s, end_s = _edges(segment, start_s, end_s)
    Segment.objects.select_for_update(no_key=True).get(pk=segment.pk)  # its mean is taken by one at a time
    review, first = Review.objects.update_or_create(
        segment=segment,
        reviewer=by,
        defaults={
            "project_id": segment.project_id,
            "run_id": segment.run_id,
            "quality": None if skipped else quality,
            "confidence": None if skipped else confidence,
            "action": action,
            "start_s": start_s,
            "end_s": end_s,
            "comment": comment,
            "flagged": flagged,
            "skipped": skipped,
            "seconds": seconds,
        },
    )
    _settle_quality(segment)
    events.publish(segment.project_id, kind="reviews", run=segment.run_id)
    if first:
        _tell_if_done(segment, by)
    return review


def _tell_if_done(segment: Segment, by: User) -> None:
    """Say that a reviewer has judged the last of what was assigned to them in a run."""
    mine = Assignment.objects.filter(run=segment.run_id, reviewer=by)
    if not mine.filter(segment=segment).exists():
        return
    with connection.cursor() as cursor:  # of two last reviews in two tabs, the later sees the earlier
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [segment.run_id % 2**31, by.pk % 2**31])
    if mine.open().exists():
        return
    run = Run.objects.get(pk=segment.run_id)
    facts = {"run": run.pk, "number": run.number, "reviewer": by.username, "judged": mine.count()}
    happenings.review_done.send(Review, project_id=run.project_id, facts=facts)


def _edges(segment: Segment, start_s: float | None, end_s: float | None) -> tuple[float | None, float | None]:
    """The corrected edges; None where they are where they were."""
    start = segment.start_s if start_s is None else start_s
    end = segment.end_s if end_s is None else end_s
    longest = segment.video.duration_s
    if not (math.isfinite(start) and math.isfinite(end) and 0 <= start < end):
        raise BadEdges("A primitive has to begin before it ends, and not before the video.")
    if longest is not None and end > longest + 1.0:
        raise BadEdges(f"The video ends at {longest:.3f} s.")
    return (None if start == segment.start_s else start), (None if end == segment.end_s else end)


SETTLE = f"""
    UPDATE vocabulary_segment AS s SET
        quality = coalesce(
            (SELECT quality FROM reviews_adjudication WHERE segment_id = s.id AND undone_at IS NULL),
            (SELECT avg(quality) FROM reviews_review WHERE segment_id = s.id AND NOT skipped)),
        apart = coalesce(
            (SELECT 0 FROM reviews_adjudication WHERE segment_id = s.id AND undone_at IS NULL),
            (SELECT CASE
                WHEN max(quality) - min(quality) >= {CONFLICT_FROM} OR min(action_id) <> max(action_id)
                THEN {IN_CONFLICT}
                WHEN max(quality) > min(quality) THEN 1
                ELSE 0 END
            FROM reviews_review WHERE segment_id = s.id AND NOT skipped))
"""
"""What a primitive's quality is now: what was settled, else the mean of the reviews, else nothing. And how far apart
its reviewers are (`Segment.apart`)."""


def _settle_quality(segment: Segment) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"{SETTLE} WHERE id = %s", [segment.pk])


def settle_run(run: Run) -> None:
    """The same for every primitive of a run that has a review: after rows were written in bulk."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"{SETTLE} WHERE run_id = %(run)s AND id IN (SELECT segment_id FROM reviews_review WHERE run_id = %(run)s)",
            {"run": run.pk},
        )


@transaction.atomic
def adjudicate(*, segment: Segment, quality: int, action: Action | None, note: str, by: User) -> Adjudication:
    """Settle a primitive: its quality, and the action it belongs to from now on (None: leave that).

    One that was settled before is settled anew; the earlier decision stays in the record as undone.

    Raises:
        NotOfThisProject: the action is another project's.
    """
    if action is not None and action.project_id != segment.project_id:
        raise NotOfThisProject("This action belongs to another project.")
    segment = Segment.objects.select_for_update(no_key=True).get(pk=segment.pk)
    before = segment.adjudications.in_force().first()
    if before is not None:
        _undo(before, by)
        segment.refresh_from_db()
    settled = Adjudication.objects.create(
        project_id=segment.project_id,
        segment=segment,
        quality=quality,
        action=action,
        action_before_id=segment.action_id,
        note=note,
        by=by,
    )
    if action is not None:
        Segment.objects.filter(pk=segment.pk).update(action=action)
    _settle_quality(segment)
    _record(settled, "settled", f"Settled primitive {segment.pk} at quality {quality}.", by)
    events.publish(segment.project_id, kind="reviews", run=segment.run_id)
    return settled


@transaction.atomic
def undo_adjudication(settled: Adjudication, *, by: User) -> None:
    """Take a decision back: quality is the mean of the reviews again, the action what it was.

    Raises:
        AlreadyUndone: it is not in force.
    """
    segment = Segment.objects.select_for_update(no_key=True).get(pk=settled.segment_id)
    settled = Adjudication.objects.get(pk=settled.pk)
    if settled.undone_at is not None:
        raise AlreadyUndone("This decision was taken back already.")
    _undo(settled, by)
    _settle_quality(segment)
    _record(settled, "unsettled", f"Took back how primitive {segment.pk} was settled.", by)
    events.publish(segment.project_id, kind="reviews", run=segment.run_id)


def _record(settled: Adjudication, verb: str, summary: str, by: User) -> None:
    audit.record(
        settled.project_id,
        by=by,
        kind=f"review.{verb}",
        summary=summary,
        segment=settled.segment_id,
        adjudication=settled.pk,
        quality=settled.quality,
        action=settled.action_id,
    )


def _undo(settled: Adjudication, by: User) -> None:
    Adjudication.objects.filter(pk=settled.pk).update(undone_at=timezone.now(), undone_by=by)
    if settled.action_id is not None:
        Segment.objects.filter(pk=settled.segment_id, action=settled.action_id).update(action=settled.action_before_id)
