"""What reviewers and managers cause: assigning, judging, settling a conflict."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from django.db import connection, transaction
from django.utils import timezone

from backend.common import events, happenings
from backend.projects.models import Project, Role, User
from backend.reviews.exceptions import AlreadyUndone, BadEdges, NotAReviewer, NothingToReview, NotOfThisProject
from backend.reviews.models import Adjudication, Assignment, Review, ReviewPlan
from backend.runs.models import Run
from backend.vocabulary.models import Action, Segment

BATCH = 5_000
SEED = 7_600


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
    *, run: Run, reviewers: Sequence[User], by: User, segments: Sequence[int] | None = None, share: float | None = None
) -> Assigned:
    """Give primitives of a run to reviewers, the same number to each, a share of them to two.

    segments: their ids; all of the run if not given. Who gets which is drawn with a seed. A primitive that somebody
    has already is not given to them again, but it counts as given.

    Raises:
        NotAReviewer: somebody's role in the project is below reviewer, or nobody was named.
        NothingToReview: there are no primitives.
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
    ids = _checked(run, segments)
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
    events.publish(run.project_id, kind="reviews", run=run.pk)
    return Assigned(len(ids), n_twice, len(rows))


def _checked(run: Run, segments: Sequence[int] | None) -> list[int]:
    if segments is None:
        found = list(run.segments.order_by("pk").values_list("pk", flat=True))
    else:
        wanted = sorted(set(segments))
        with connection.cursor() as cursor:  # an array, not a parameter each: there may be 100,000
            cursor.execute(
                "SELECT id FROM vocabulary_segment WHERE run_id = %s AND id = ANY(%s) ORDER BY id", [run.pk, wanted]
            )
            found = [row[0] for row in cursor.fetchall()]
        if len(found) < len(wanted):
            raise NotOfThisProject(f"{len(wanted) - len(found)} of these primitives are not of run {run.number}.")
    if not found:
        raise NothingToReview("There is nothing to review here yet.")
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


def _settle_quality(segment: Segment) -> None:
    """What a primitive's quality is now: what was settled, else the mean of the reviews, else nothing."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE vocabulary_segment SET quality = coalesce(
                (SELECT quality FROM reviews_adjudication WHERE segment_id = %(id)s AND undone_at IS NULL),
                (SELECT avg(quality) FROM reviews_review WHERE segment_id = %(id)s AND NOT skipped))
            WHERE id = %(id)s
            """,
            {"id": segment.pk},
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
    events.publish(segment.project_id, kind="reviews", run=segment.run_id)


def _undo(settled: Adjudication, by: User) -> None:
    Adjudication.objects.filter(pk=settled.pk).update(undone_at=timezone.now(), undone_by=by)
    if settled.action_id is not None:
        Segment.objects.filter(pk=settled.segment_id, action=settled.action_id).update(action=settled.action_before_id)
