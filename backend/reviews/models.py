"""What people think of the primitives that were found: assignments, reviews, and how a conflict was settled."""

from __future__ import annotations

from typing import Self
from uuid import uuid4

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from backend.projects.models import Project, Role, User
from backend.runs.models import Run
from backend.videos.models import Video
from backend.vocabulary.models import Action, Segment

MAX_QUALITY, MAX_CONFIDENCE = 3, 2
KEPT_FROM = 2.0
"""A primitive is kept when its mean quality is at least this (LA4VLA §7.6); confidence never filters."""
DEFAULT_DOUBLE_SHARE = 0.2


class ReviewPlan(models.Model):
    """How a project is reviewed."""

    project = models.OneToOneField(Project, on_delete=models.CASCADE, related_name="review_plan")
    double_share = models.FloatField(
        default=DEFAULT_DOUBLE_SHARE, help_text="Share of the primitives assigned that two people judge, 0..1."
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(double_share__gte=0, double_share__lte=1), name="review_plan_share_is_a_share"
            )
        ]

    def __str__(self) -> str:
        return f"review of {self.project}"


class AssignmentQuerySet(models.QuerySet["Assignment"]):
    def of(self, user: User | AnonymousUser) -> Self:
        """What the user was asked to judge, in projects that are still theirs to see."""
        return self.filter(reviewer=user.pk, project__in=Project.objects.visible_to(user))

    def open(self) -> Self:
        """Not judged yet by whom it was given to."""
        given = Review.objects.filter(segment=OuterRef("segment"), reviewer=OuterRef("reviewer"))
        return self.filter(~Exists(given))


class Assignment(models.Model):
    """A primitive somebody was asked to judge."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="assignments")
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="assignments")
    segment = models.ForeignKey(Segment, on_delete=models.CASCADE, related_name="assignments")
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="assignments")
    assigned_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=("segment", "reviewer"), name="assignment_once")]
        indexes = [models.Index(fields=("run", "reviewer", "segment"), name="assignment_in_order")]

    def __str__(self) -> str:
        return f"{self.segment} for {self.reviewer}"


class ReviewQuerySet(models.QuerySet["Review"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """The user's own, and those of others on primitives the user has judged too: nobody sees a rating before
        giving theirs. Managers and owners, who adjudicate, see all."""
        own = Review.objects.filter(segment=OuterRef("segment"), reviewer=user.pk, skipped=False)
        managed = Project.objects.with_role(user, Role.MANAGER)
        seen = self.filter(project__in=Project.objects.visible_to(user))
        return seen.filter(Q(reviewer=user.pk) | Q(project__in=managed) | Exists(own))

    def rated(self) -> Self:
        return self.filter(skipped=False)


class Review(models.Model):
    """One person's judgement of one primitive (LA4VLA §7.6): quality 0..3, confidence 0..2, the action, the edges.

    Quality: 0 unusable, 1 low, 2 acceptable, 3 high. Confidence: 0 low, 1 medium, 2 high. A skipped one says nothing.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="reviews")
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="reviews")
    segment = models.ForeignKey(Segment, on_delete=models.CASCADE, related_name="reviews")
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="reviews")
    quality = models.PositiveSmallIntegerField(null=True, blank=True)
    confidence = models.PositiveSmallIntegerField(null=True, blank=True)
    action = models.ForeignKey(Action, null=True, blank=True, on_delete=models.SET_NULL, related_name="reviews")
    start_s = models.FloatField(null=True, blank=True, help_text="Where the reviewer would cut; null: where it is cut.")
    end_s = models.FloatField(null=True, blank=True)
    comment = models.TextField(blank=True)
    flagged = models.BooleanField(default=False, help_text="Somebody else should look at it.")
    skipped = models.BooleanField(default=False)
    seconds = models.FloatField(null=True, blank=True, help_text="How long it was looked at.")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = ReviewQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("segment", "reviewer"), name="review_once"),
            models.CheckConstraint(
                condition=Q(skipped=True, quality=None, confidence=None)
                | Q(skipped=False, quality__lte=MAX_QUALITY, confidence__lte=MAX_CONFIDENCE),
                name="review_rates_or_skips",
            ),
            models.CheckConstraint(
                condition=Q(start_s=None) | Q(end_s=None) | Q(end_s__gt=F("start_s")), name="review_edges_in_order"
            ),
        ]
        indexes = [
            # Whole: what everybody said of a run is read from the index alone.
            models.Index(
                fields=("run", "segment"),
                include=("quality", "reviewer", "action", "skipped", "confidence", "start_s", "end_s"),
                name="review_ratings_of_run",
            ),
            models.Index(
                fields=("run", "reviewer"),
                include=("skipped", "flagged", "seconds", "updated_at"),
                name="review_progress_of_run",
            ),
            models.Index(fields=("run", "updated_at"), name="review_newest_of_run"),
        ]

    def __str__(self) -> str:
        return f"{self.segment} by {self.reviewer}"

    def edges_s(self) -> tuple[float, float]:
        """Where the reviewer would cut; needs `segment`."""
        start_s = self.segment.start_s if self.start_s is None else self.start_s
        end_s = self.segment.end_s if self.end_s is None else self.end_s
        return start_s, end_s


class AdjudicationQuerySet(models.QuerySet["Adjudication"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        return self.filter(project__in=Project.objects.visible_to(user))

    def in_force(self) -> Self:
        return self.filter(undone_at=None)


class Adjudication(models.Model):
    """How a conflict between reviewers was settled. Undone ones stay; one a primitive is in force."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="adjudications")
    segment = models.ForeignKey(Segment, on_delete=models.CASCADE, related_name="adjudications")
    quality = models.PositiveSmallIntegerField()
    action = models.ForeignKey(Action, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    action_before = models.ForeignKey(Action, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    note = models.TextField(blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = AdjudicationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=("segment",), condition=Q(undone_at=None), name="adjudication_in_force_once"
            ),
            models.CheckConstraint(condition=Q(quality__lte=MAX_QUALITY), name="adjudication_quality_known"),
        ]

    def __str__(self) -> str:
        return f"{self.segment}, settled by {self.by}"


class Tallied(models.Model):
    """That the ratings of a run are counted in `Tally`, all but what `RatingChange` says happened since."""

    run = models.OneToOneField(Run, on_delete=models.CASCADE, related_name="tallied")
    stamp = models.UUIDField(default=uuid4, help_text="Another one whenever the counts are others.")

    def __str__(self) -> str:
        return f"tally of {self.run}"


class Tally(models.Model):
    """How often something occurs among the ratings of a run: `kind` and `key` say what (backend/reviews/counts.py)."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="tallies")
    kind = models.CharField(max_length=12)
    key = models.TextField(help_text="Whole numbers with a space between.")
    n = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=("run", "kind", "key"), name="tally_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.key} of {self.run}"


class RatingChange(models.Model):
    """A rating, or the quality of a primitive, as it was before somebody changed it; not counted in `Tally` yet.

    Triggers write it (reviews/0006), so that what goes with its video is noted as well. Without a `review` it is about
    the primitive's quality; without a `reviewer` there was no rating before.
    """

    # The database itself deletes these with their run: Django would have done so before the triggers add the last ones.
    run = models.ForeignKey(Run, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+")
    segment = models.BigIntegerField(db_column="segment_id")
    review = models.BigIntegerField(null=True, db_column="review_id")
    reviewer = models.BigIntegerField(null=True, db_column="reviewer_id")
    quality = models.FloatField(null=True)
    confidence = models.SmallIntegerField(null=True)
    action = models.BigIntegerField(null=True, db_column="action_id")
    start_s = models.FloatField(null=True)
    end_s = models.FloatField(null=True)
    cut_start_s = models.FloatField(null=True)
    cut_end_s = models.FloatField(null=True)

    class Meta:
        db_table = "reviews_change"

    def __str__(self) -> str:
        return f"change of primitive {self.segment}"


class CommentQuerySet(models.QuerySet["Comment"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        return self.filter(project__in=Project.objects.visible_to(user))


class Comment(models.Model):
    """What somebody wrote at a moment of a video, and perhaps of one primitive. A deleted one keeps its place, not its
    text."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="comments")
    video = models.ForeignKey(Video, on_delete=models.CASCADE, related_name="comments")
    segment = models.ForeignKey(Segment, null=True, blank=True, on_delete=models.SET_NULL, related_name="comments")
    time_s = models.FloatField(help_text="Presentation time of the video.")
    text = models.TextField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="comments")
    at = models.DateTimeField(auto_now_add=True)
    edited_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = CommentQuerySet.as_manager()

    class Meta:
        ordering = ("id",)
        indexes = [
            models.Index(fields=("video", "time_s"), name="comment_of_video"),
            models.Index(fields=("segment",), name="comment_of_segment"),
        ]
        constraints = [models.CheckConstraint(condition=Q(time_s__gte=0), name="comment_at_a_time")]

    def __str__(self) -> str:
        return f"{self.by} at {self.time_s:.3f} s of {self.video}"


class MentionQuerySet(models.QuerySet["Mention"]):
    def of(self, user: User | AnonymousUser) -> Self:
        """Of the user, in projects that are still theirs to see."""
        return self.filter(user=user.pk, comment__project__in=Project.objects.visible_to(user))


class Mention(models.Model):
    """Somebody named in a comment by @name."""

    comment = models.ForeignKey(Comment, on_delete=models.CASCADE, related_name="mentions")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="mentions")
    seen_at = models.DateTimeField(null=True, blank=True)

    objects = MentionQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=("comment", "user"), name="mention_once_a_comment")]
        indexes = [models.Index(fields=("user",), condition=Q(seen_at=None), name="mention_unseen")]

    def __str__(self) -> str:
        return f"{self.user} in {self.comment}"
