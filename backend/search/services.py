"""What people cause: searches by a range of a video, or by a clip they bring."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import BinaryIO

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from backend.common import disk
from backend.common.names import shown_name
from backend.projects.models import Project, User
from backend.runs.models import Run, Status
from backend.runs.reaper import is_empty
from backend.search import scheduling
from backend.search.exceptions import ClipTooLarge, NotSearchable, RangeOutside, TooManyExamples
from backend.search.models import Example, ExampleStatus
from backend.search.selectors import clip_path
from backend.videos.models import Video

WAITING_AT_MOST = 20  # of one person
KEPT_FOR = timedelta(days=1)
COPY_BYTES = 1024**2
UNFINISHED = (ExampleStatus.QUEUED, ExampleStatus.RUNNING)


@transaction.atomic
def search_by_range(*, project: Project, by: User, run: Run, video: Video, start_s: float, end_s: float) -> Example:
    """An example of [start_s, end_s) of a video of the run; the same one again where it was asked for before.

    Raises:
        NotSearchable: the run never came to codes of this video, or to vectors.
        RangeOutside: the range lies beyond the video's end.
        TooManyExamples: of this person too many wait already.
    """
    start_s, end_s = round(start_s, 3), round(end_s, 3)
    if not run.stages.filter(stage="tokenize", video=video, status=Status.DONE).exists():
        raise NotSearchable("This run has no codes of that video, so there is nothing to search by.", run=run.pk)
    if video.duration_s is not None and start_s >= video.duration_s:
        raise RangeOutside("The range begins after the video's end.", duration_s=video.duration_s)
    same = Example.objects.filter(project=project, run=run, video=video, start_s=start_s, end_s=end_s)
    if known := same.exclude(status=ExampleStatus.FAILED).first():
        return known
    return _queued(Example(project=project, run=run, video=video, start_s=start_s, end_s=end_s, asked_by=by))


def search_by_clip(
    *, project: Project, by: User, run: Run, filename: str, size_bytes: int, stream: BinaryIO
) -> Example:
    """An example of an uploaded clip. The file is kept only until it has been looked at.

    Raises:
        ClipTooLarge: larger than a clip may be.
        NotSearchable: the run has no tokenizer to embed it by.
        TooManyExamples: of this person too many wait already.
        DiskFull: there is no room for it.
    """
    if size_bytes > settings.MAX_CLIP_BYTES:
        most = disk.shown(settings.MAX_CLIP_BYTES)
        raise ClipTooLarge(f"A clip to search by may have {most} at most.", max_bytes=settings.MAX_CLIP_BYTES)
    if not run.stages.filter(stage="train", status=Status.DONE).exists():
        raise NotSearchable("This run has no tokenizer yet, so a clip cannot be compared with it.", run=run.pk)
    example = Example(
        project=project, run=run, filename=shown_name(filename, 255, otherwise="unnamed clip"), asked_by=by
    )
    path = clip_path(example)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with disk.room_for(path.parent, size_bytes), path.open("wb") as file:
            while block := stream.read(COPY_BYTES):
                file.write(block)
        with transaction.atomic():
            return _queued(example)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _queued(example: Example) -> Example:
    unfinished = Example.objects.filter(asked_by=example.asked_by, status__in=UNFINISHED)
    if unfinished.count() >= WAITING_AT_MOST:
        raise TooManyExamples("Too many of your searches are still waiting. Try again when some are done.")
    example.save()
    transaction.on_commit(partial(scheduling.wake, example.pk))
    return example


def reap() -> int:
    """One round of the reaper: examples of dead workers go back to the queue or are given up, lost messages are sent
    again, and what is older than a day goes. Returns how many examples that concerned."""
    return _expired() + _undelivered() + _outdated()


def _expired() -> int:
    now = timezone.now()
    dead = Example.objects.filter(status=ExampleStatus.RUNNING, lease_until__lt=now)
    exhausted = dead.filter(attempt__gte=settings.MAX_ATTEMPTS)
    given_up = list(exhausted)
    exhausted.update(
        status=ExampleStatus.FAILED,
        lease_until=None,
        reason="The worker stopped several times while it looked at this: it was killed, or ran out of memory.",
    )
    for example in given_up:
        clip_path(example).unlink(missing_ok=True)
        example.refresh_from_db()
        scheduling.announce(example)
    waiting = list(dead.values_list("pk", flat=True))
    for pk in waiting:
        if dead.filter(pk=pk).update(status=ExampleStatus.QUEUED, lease_until=None):
            scheduling.wake(pk)
    return len(given_up) + len(waiting)


def _undelivered() -> int:
    """Wake for examples that have waited for long. A message too many does no harm: the row is claimed once."""
    before = timezone.now() - timedelta(seconds=settings.LEASE_S)
    lost = Example.objects.filter(status=ExampleStatus.QUEUED, created_at__lt=before)
    waiting = list(lost.values_list("pk", flat=True))
    if not waiting or not is_empty(scheduling.QUEUE):
        return 0
    for pk in waiting:
        scheduling.wake(pk)
    return len(waiting)


def _outdated() -> int:
    old = Example.objects.filter(created_at__lt=timezone.now() - KEPT_FOR).exclude(status=ExampleStatus.RUNNING)
    for example in old:
        example.delete()
        clip_path(example).unlink(missing_ok=True)
    return len(old)
