"""What people cause: uploads in pieces, files taken from the server's own disk, deletions."""

from __future__ import annotations

import math
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, OperationalError, transaction
from django.db.models import F, Sum
from django.http import Http404
from django.utils import timezone
from psycopg.errors import LockNotAvailable

from backend.common import disk, events
from backend.common.names import shown_name
from backend.projects import audit
from backend.projects.models import Project, User
from backend.videos.exceptions import (
    AnnotationNameTaken,
    BadAnnotation,
    OverlappingAnnotation,
    UploadBusy,
    UploadFinished,
    UploadTooLarge,
    VideoFrozen,
    WrongOffset,
)
from backend.videos.models import Annotation as VideoAnnotation
from backend.videos.models import Upload, Video, new_storage_name, original_path
from backend.videos.selectors import TRUTH
from ml.annotations import Annotation as ReadAnnotation
from ml.annotations import format_of, read_annotation_of
from ml.errors import UnusableAnnotation

COPY_BYTES = 1024**2
UNNAMED = "unnamed video"
MAX_ANNOTATION_BYTES = 5_000_000
NOT_IN_ORDER = "The file lists its segments in another order than that of time. They were put in order."
ROUNDED_S = 0.5
OVERLAP_S = 1e-3  # less than that is how two tools round one boundary

Ingest = Callable[[Video], None]
"""Starts the preparation of a new video, within the transaction that makes the video: neither is ever without the
other. Handed in, because runs know videos and videos do not know runs."""


@transaction.atomic
def create_upload(
    *,
    project: Project,
    by: User,
    filename: str,
    size_bytes: int,
    ingest: Ingest,
    view: str = "",
    recording: str = "",
) -> Upload:
    """Make room for a file that is about to be sent. An empty file is complete at once.

    Raises:
        UploadTooLarge: larger than one file may be here.
        DiskFull: it would not fit beside what the other unfinished uploads still need.
    """
    if size_bytes > settings.MAX_UPLOAD_BYTES:
        raise UploadTooLarge(
            f"The file is larger than the {disk.shown(settings.MAX_UPLOAD_BYTES)} one video may have here.",
            max_bytes=settings.MAX_UPLOAD_BYTES,
        )
    sweep_expired_uploads()
    promised = Upload.objects.unfinished().aggregate(left=Sum(F("size_bytes") - F("offset_bytes")))["left"] or 0
    disk.ensure_space(settings.MEDIA_FOLDER, size_bytes + promised)
    upload = Upload.objects.create(
        project=project,
        by=by,
        filename=shown_name(filename, 255, otherwise=UNNAMED),
        view=shown_name(view, 60),
        recording=shown_name(recording, 120),
        size_bytes=size_bytes,
    )
    if size_bytes == 0:
        upload.path.parent.mkdir(parents=True, exist_ok=True)
        upload.path.touch()
        _finish(upload, ingest)
    return upload


def append(*, upload_id: UUID, by: User, offset: int, length: int, stream: BinaryIO, ingest: Ingest) -> Upload:
    """Add the next piece; the last one makes the video.

    The row's offset is the truth and moves only with the commit, after the bytes are on the disk. A server that dies
    in between leaves bytes behind the offset, and the next piece cuts them off first.

    Raises:
        Http404: not this user's upload.
        UploadBusy: another request writes to it now.
        WrongOffset: the piece does not start where the last one ended.
        UploadTooLarge: the piece goes beyond the length that was announced.
        DiskFull: nothing of the piece is kept.
    """
    with transaction.atomic():
        upload = _lock(upload_id, by)
        _believe_the_disk(upload)
        fits_on = offset == upload.offset_bytes
        if fits_on and offset + length > upload.size_bytes:
            raise UploadTooLarge("The piece is longer than what is left of the file.", size_bytes=upload.size_bytes)
        if fits_on and upload.video is None:
            _write(upload, stream, length)
            upload.save(update_fields=["offset_bytes", "touched_at"])
            if upload.offset_bytes == upload.size_bytes:
                _finish(upload, ingest)
    if not fits_on:  # raised out here, so that what `_believe_the_disk` found stays written down
        raise WrongOffset(
            f"{upload.offset_bytes} bytes have arrived, so the next piece starts there and not at {offset}.",
            offset_bytes=upload.offset_bytes,
        )
    return upload


def _believe_the_disk(upload: Upload) -> None:
    """Lower the offset of a file that is shorter than its row says, after a crash of the disk or a restored backup."""
    there = upload.path.stat().st_size if upload.path.exists() else 0
    if there < upload.offset_bytes and upload.video is None:
        upload.offset_bytes = there
        upload.save(update_fields=["offset_bytes"])


def _lock(upload_id: UUID, by: User) -> Upload:
    """The upload, locked against other requests."""
    try:
        return Upload.objects.of(by).select_for_update(nowait=True, of=("self",)).get(pk=upload_id)
    except Upload.DoesNotExist as error:
        raise Http404 from error
    except OperationalError as error:
        if not isinstance(error.__cause__, LockNotAvailable):
            raise
        raise UploadBusy("This file is being received already, from another page or an earlier attempt.") from error


def _write(upload: Upload, stream: BinaryIO, length: int) -> None:
    upload.path.parent.mkdir(parents=True, exist_ok=True)
    upload.path.touch()
    with disk.room_for(upload.path.parent, length), upload.path.open("r+b") as file:
        file.truncate(upload.offset_bytes)
        file.seek(upload.offset_bytes)
        left = length
        while left > 0 and (block := stream.read(min(COPY_BYTES, left))):
            file.write(block)
            left -= len(block)
        file.flush()
        os.fdatasync(file.fileno())  # the offset must not promise what a power cut could take back
    upload.offset_bytes += length - left
    upload.touched_at = timezone.now()


def _finish(upload: Upload, ingest: Ingest) -> None:
    video = Video.objects.create(
        project=upload.project,
        title=upload.filename,
        view=upload.view,
        recording=upload.recording,
        storage_name=upload.storage_name,
        size_bytes=upload.size_bytes,
        uploaded_by=upload.by,
    )
    upload.video = video
    upload.save(update_fields=["video"])
    ingest(video)
    _record_arrival(video)
    _tell(video)


def _record_arrival(video: Video) -> None:
    audit.record(
        video.project_id,
        by=video.uploaded_by,
        kind="video.uploaded",
        summary=f"Uploaded “{video.title}”.",
        video=video.pk,
        size_bytes=video.size_bytes,
    )


def _tell(video: Video) -> None:
    events.publish(video.project_id, kind="video", id=video.pk, video=video.pk, status=video.status)


@transaction.atomic
def terminate_upload(*, upload_id: UUID, by: User) -> None:
    """Forget an unfinished upload and its bytes. Raises UploadFinished once it is a video."""
    upload = _lock(upload_id, by)
    if upload.video is not None:
        raise UploadFinished("The file has arrived completely. Delete the video instead.", video=upload.video.pk)
    _forget(upload)


def sweep_expired_uploads() -> int:
    """Forget uploads that have received nothing for days; how many. Each new upload asks for it."""
    before = timezone.now() - settings.UPLOAD_EXPIRES_AFTER
    with transaction.atomic():
        expired = Upload.objects.unfinished().filter(touched_at__lt=before).select_for_update(skip_locked=True)
        for upload in expired:
            _forget(upload)
        return len(expired)


def _forget(upload: Upload) -> None:
    path = upload.path
    upload.delete()
    transaction.on_commit(lambda: path.unlink(missing_ok=True))


def register_file(
    *,
    project: Project,
    path: Path,
    title: str,
    by: User,
    view: str = "",
    recording: str = "",
    synthetic: bool = False,
    truth: dict[str, Any] | None = None,
    move: bool = False,
) -> Video:
    """Take a file of the server's own disk in as a video; the caller starts its ingest.

    It is copied, not linked: whoever edits their file in place must not change what runs were made from. With `move`
    the file becomes ours.

    Raises:
        DiskFull: there is no room for the copy.
        OSError: the file cannot be read.
    """
    storage_name = new_storage_name()
    stored = original_path(storage_name)
    stored.parent.mkdir(parents=True, exist_ok=True)
    size_bytes = path.stat().st_size
    try:
        if move:
            shutil.move(path, stored)
        else:
            with disk.room_for(stored.parent, size_bytes):
                shutil.copyfile(path, stored)
        with transaction.atomic():
            video = Video.objects.create(
                project=project,
                title=shown_name(title, 255, otherwise=UNNAMED),
                view=shown_name(view, 60),
                recording=shown_name(recording, 120),
                synthetic=synthetic,
                truth=truth,
                storage_name=storage_name,
                size_bytes=size_bytes,
                uploaded_by=by,
            )
            _record_arrival(video)
            _tell(video)
    except BaseException:
        if not move:
            stored.unlink(missing_ok=True)
        raise
    return video


@transaction.atomic
def change_video(
    *,
    video: Video,
    view: str | None = None,
    recording: str | None = None,
    offset_s: float | None = None,
    licence: str | None = None,
) -> None:
    """Say which camera a video is from, which take it belongs to and when in it the video begins, and under which terms
    it may be used; None: as it is."""
    wanted: dict[str, Any] = {"offset_s": offset_s}
    for name, said, longest in (("view", view, 60), ("recording", recording, 120), ("licence", licence, 200)):
        wanted[name] = None if said is None else shown_name(said, longest)
    changed = {name: value for name, value in wanted.items() if value is not None}
    Video.objects.filter(pk=video.pk).update(**changed)
    _tell(video)


@transaction.atomic
def delete_video(*, video: Video, by: User) -> None:
    """Delete a video with all that was found in it. Its original goes; artefacts stay, as other rows may share them.

    Raises:
        VideoFrozen: a version of the vocabulary was frozen from a run over it.
    """
    path, project_id, video_id = video.path, video.project_id, video.pk
    Project.objects.select_for_update(no_key=True).get(pk=project_id)  # a version is numbered under this lock
    versions = video.runs.filter(versions__isnull=False).order_by("versions__number")
    numbers = [str(number) for number in versions.values_list("versions__number", flat=True)]
    if numbers:
        which = f"version {numbers[0]} was" if len(numbers) == 1 else f"versions {', '.join(numbers[:5])} were"
        raise VideoFrozen(f"This video stays: {which} frozen from what was found in it.", versions=numbers)
    audit.record(
        project_id,
        by=by,
        kind="video.deleted",
        summary=f"Deleted “{video.title}” with all that was found in it.",
        video=video_id,
        sha256=video.sha256,
    )
    video.delete()
    events.publish(project_id, kind="video", id=video_id, video=video_id, status="deleted")
    transaction.on_commit(lambda: path.unlink(missing_ok=True))


@dataclass(frozen=True)
class AddedAnnotation:
    """What was taken in, and what was done to it that the file did not ask for; empty: nothing."""

    annotation: VideoAnnotation
    notice: str


def add_annotation(
    *,
    video: Video,
    by: User,
    name: str,
    filename: str,
    data: bytes,
    tier: str | None = None,
    overlapping: bool = False,
) -> AddedAnnotation:
    """Keep what a file says of a video, in order of time, and say so where the file has another.

    Segments may overlap only if the person says so: two hands do, a slip of the pen does too, and scores count the
    time of both.

    An end up to half a second behind the video's is taken for a rounding and moved to it. Frame labels go by the
    video's own frames per second. tier: the one of an ELAN file to read.

    Raises:
        UploadTooLarge: larger than a file of annotations may be here.
        BadAnnotation: it cannot be read, or marks what the video does not have.
        OverlappingAnnotation: two segments share time, and `overlapping` is not set.
        AnnotationNameTaken: the video has one of that name.
    """
    if len(data) > MAX_ANNOTATION_BYTES:
        raise UploadTooLarge(f"A file of annotations may have {disk.shown(MAX_ANNOTATION_BYTES)} here.")
    shown = shown_name(filename, 255, "annotation.json").replace("/", "_").replace("\\", "_").lstrip(".")
    with tempfile.TemporaryDirectory() as folder:
        # The name it came under is read for its ending, and shown in what is wrong with the file.
        path = Path(folder) / ("annotation.json" if shown in ("", "segments.json") else shown[-60:])
        path.write_bytes(data)
        try:
            found = read_annotation_of(Path(video.title).stem, path, fps=video.fps, tier=tier)
            source = format_of(path)
        except UnusableAnnotation as error:
            raise BadAnnotation(str(error)) from error
    if not overlapping:
        _refuse_overlaps(found)
    name = shown_name(name, 120) or path.stem
    taken = AnnotationNameTaken(f"This video has annotations called “{name}” already.")
    if name == TRUTH:
        raise taken
    try:
        with transaction.atomic():  # the unique constraint decides, so two uploads cannot race
            made = video.annotations.create(name=name, source=source, segments=_marked(found, video), added_by=by)
    except IntegrityError as error:
        raise taken from error
    return AddedAnnotation(made, NOT_IN_ORDER if found.reordered else "")


def _refuse_overlaps(found: ReadAnnotation) -> None:
    """Raises OverlappingAnnotation for the first two that share more than a rounding. They are in order of time."""
    before = None
    for number, one in enumerate(found.intervals, 1):
        if before is not None and one.start_s < before.end_s - OVERLAP_S:
            raise OverlappingAnnotation(
                f"Segment {number} in order of time (“{one.label or ''}”, {one.start_s:.2f} to {one.end_s:.2f} s) "
                f"begins before “{before.label or ''}” has ended at {before.end_s:.2f} s.",
                segment=number,
            )
        before = one


def _marked(found: ReadAnnotation, video: Video) -> list[dict[str, Any]]:
    if not found.intervals:
        raise BadAnnotation("The file marks no action in this video.")
    end_s = math.inf if video.duration_s is None else video.duration_s
    for number, one in enumerate(found.intervals, 1):
        if one.end_s > end_s + ROUNDED_S or one.start_s >= end_s:
            raise BadAnnotation(
                f"Segment {number} ({one.start_s:.2f} to {one.end_s:.2f} s) lies beyond the end of the video, "
                f"which is {end_s:.2f} s long."
            )
    return [{"start": i.start_s, "end": min(i.end_s, end_s), "label": i.label or ""} for i in found.intervals]
