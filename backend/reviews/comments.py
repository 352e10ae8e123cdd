"""Comments: words at a moment of a video, perhaps about one primitive, and whom they name.

Who may read what somebody wrote about a primitive: docs/decisions/0014-comments-and-blindness.md.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from backend.common import events
from backend.common.errors import Forbidden
from backend.common.names import shown_text
from backend.projects import audit
from backend.projects.models import Project, Role, User
from backend.reviews.exceptions import BadTime, CommentDeleted, NothingSaid, NotOfThisProject
from backend.reviews.models import Comment, Mention, Review
from backend.videos.models import Video
from backend.vocabulary.models import Segment

MOST_SHOWN = 2_000  # of a video or a primitive
MENTIONS_SHOWN = 50
BEYOND_END_S = 1.0  # a player may stand a little behind the last frame
AT_NAME = re.compile(r"(?<![\w.+@-])@([\w.+@-]{1,150})")
"""@ and what a user name may be made of, not in the middle of an address."""


# ---- reads


def visible_to(user: User) -> QuerySet[Comment]:
    """Those the user may read.

    A comment on a primitive can give a rating away, so the rule is that of `Review.visible_to`: others' are there once
    the user has judged the primitive. Managers and owners, who settle conflicts, read all.
    """
    judged = Review.objects.rated().filter(segment=OuterRef("segment"), reviewer=user.pk)
    managed = Project.objects.with_role(user, Role.MANAGER)
    return Comment.objects.visible_to(user).filter(
        Q(segment=None) | Q(by=user.pk) | Q(project__in=managed) | Exists(judged)
    )


def of_video(user: User, video: Video) -> QuerySet[Comment]:
    """In order of time."""
    return _told(visible_to(user).filter(video=video)).order_by("time_s", "pk")


def of_segment(user: User, segment: Segment, *, blind: bool = False) -> QuerySet[Comment]:
    """In the order they were written. blind: as for somebody who judges and does not manage."""
    found = visible_to(user).filter(segment=segment)
    if blind and not Review.objects.rated().filter(segment=segment, reviewer=user).exists():
        found = found.filter(by=user)
    return _told(found).order_by("pk")


def _told(comments: QuerySet[Comment]) -> QuerySet[Comment]:
    return comments.select_related("by", "resolved_by").prefetch_related("mentions__user")


@dataclass(frozen=True)
class Told:
    """A mention, and whether what it stands in may be read yet."""

    mention: Mention
    readable: bool


def mentions_of(user: User) -> tuple[int, list[Told]]:
    """How many the user has not seen, and the newest ones, those not seen first."""
    mine = Mention.objects.of(user)
    rows = list(
        mine.select_related("comment__by", "comment__video", "comment__segment", "comment__project")
        .defer("comment__segment__embedding", "comment__video__truth")
        .alias(unseen=Q(seen_at=None))
        .order_by("-unseen", "-pk")[:MENTIONS_SHOWN]
    )
    readable = set(visible_to(user).filter(pk__in=[row.comment_id for row in rows]).values_list("pk", flat=True))
    return mine.filter(seen_at=None).count(), [Told(row, row.comment_id in readable) for row in rows]


# ---- writes


@transaction.atomic
def write(*, video: Video, time_s: float, text: str, by: User, segment: Segment | None = None) -> Comment:
    """Keep a comment and tell whom it names.

    Raises:
        NothingSaid: the text has nothing in it.
        BadTime: the video has no such moment.
        NotOfThisProject: the primitive is of another video.
    """
    if segment is not None and segment.video_id != video.pk:
        raise NotOfThisProject("This primitive is of another video.")
    if not math.isfinite(time_s) or time_s < 0:
        raise BadTime("A comment stands at a moment of the video, not before it.")
    if video.duration_s is not None and time_s > video.duration_s + BEYOND_END_S:
        raise BadTime(f"The video ends at {video.duration_s:.3f} s.")
    made = Comment.objects.create(
        project_id=video.project_id, video=video, segment=segment, time_s=time_s, text=_cleaned(text), by=by
    )
    _mention(made)
    _tell(made)
    return made


@transaction.atomic
def rewrite(comment: Comment, *, text: str, by: User) -> None:
    """Say it otherwise; only who wrote it may.

    Raises:
        Forbidden: somebody else wrote it.
        CommentDeleted: it is gone.
        NothingSaid: the text has nothing in it.
    """
    comment = _locked(comment)
    if comment.by_id != by.pk:
        raise Forbidden("Only who wrote a comment may change it.")
    comment.text, comment.edited_at = _cleaned(text), timezone.now()
    comment.save(update_fields=["text", "edited_at"])
    _mention(comment)
    _tell(comment)


@transaction.atomic
def resolve(comment: Comment, *, resolved: bool, by: User) -> None:
    """Mark it as dealt with, or as open again. Raises CommentDeleted."""
    comment = _locked(comment)
    if (comment.resolved_at is not None) == resolved:
        return
    comment.resolved_at, comment.resolved_by = (timezone.now(), by) if resolved else (None, None)
    comment.save(update_fields=["resolved_at", "resolved_by"])
    _tell(comment)


@transaction.atomic
def delete(comment: Comment, *, by: User, is_manager: bool) -> None:
    """Take the words away; that somebody wrote here stays.

    Raises:
        Forbidden: somebody else wrote it, and `by` manages nothing here.
        CommentDeleted: it is gone already.
    """
    comment = _locked(comment)
    if comment.by_id != by.pk and not is_manager:
        raise Forbidden("Only who wrote a comment, or a manager, may delete it.")
    comment.text, comment.deleted_at = "", timezone.now()
    comment.save(update_fields=["text", "deleted_at"])
    comment.mentions.all().delete()
    whose = "their own comment" if comment.by_id == by.pk else f"a comment of {comment.by.shown_name}"
    audit.record(
        comment.project_id,
        by=by,
        kind="comment.deleted",
        summary=f"Deleted {whose} at {comment.time_s:.1f} s of “{comment.video.title}”.",
        comment=comment.pk,
        video=comment.video_id,
    )
    _tell(comment)


def mark_seen(user: User, ids: Iterable[int] | None = None) -> int:
    """How many mentions the user had not seen before: of those named, or of all."""
    unseen = Mention.objects.of(user).filter(seen_at=None)
    if ids is not None:
        unseen = unseen.filter(pk__in=list(ids))
    return unseen.update(seen_at=timezone.now())


def _locked(comment: Comment) -> Comment:
    found = Comment.objects.select_for_update(of=("self",)).select_related("by", "video").get(pk=comment.pk)
    if found.deleted_at is not None:
        raise CommentDeleted("This comment has been deleted.")
    return found


def _cleaned(text: str) -> str:
    kept = shown_text(text)
    if not kept:
        raise NothingSaid("Write something first.")
    return kept


def _mention(comment: Comment) -> None:
    """Make its mentions those its text has now. One that stays keeps whether it was seen."""
    named = named_in(comment.text, comment.project_id) - {comment.by_id}
    comment.mentions.exclude(user__in=named).delete()
    Mention.objects.bulk_create([Mention(comment=comment, user_id=pk) for pk in sorted(named)], ignore_conflicts=True)


def named_in(text: str, project_id: int) -> set[int]:
    """The members of the project that the text names by @user name. Others' names stay words.

    A full stop or dash behind a name may be its own or the sentence's: the longest name that somebody has counts.
    """
    candidates: list[list[str]] = []
    for found in AT_NAME.finditer(text):
        word = found[1].lower()
        tails = [word]
        while tails[-1] and tails[-1][-1] in ".+@-":
            tails.append(tails[-1][:-1])
        candidates.append(tails)
    if not candidates:
        return set()
    members = User.objects.filter(memberships__project=project_id, is_active=True)
    by_name = {name.lower(): pk for pk, name in members.values_list("pk", "username")}
    return {pk for tails in candidates if (pk := next((by_name[t] for t in tails if t in by_name), None)) is not None}


def _tell(comment: Comment) -> None:
    events.publish(comment.project_id, kind="comments", id=comment.pk, video=comment.video_id, run=None)
