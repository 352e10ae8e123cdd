"""What people see of videos."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Avg, IntegerField, Max, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404
from django.shortcuts import get_object_or_404

from backend.common.artefacts import store
from backend.common.byte_range import StoredFile
from backend.projects.models import Project, User
from backend.videos.models import Upload, UploadQuerySet, Video, VideoQuerySet

# A browser trusts our type, so it is fixed by the name and never taken from an upload.
PREVIEW_TYPES = {"browser.mp4": "video/mp4", "poster.webp": "image/webp", "sprite.webp": "image/webp"}
ORIGINAL = "original"
TRUTH = "truth"  # the name of what a rendered video is known to show


def video_rows(user: User | AnonymousUser, project: Project) -> VideoQuerySet:
    """A project's videos with what the list shows, newest first."""
    rows = _with_figures(Video.objects.visible_to(user).filter(project=project))
    return rows.defer("truth", "info").order_by("-created_at", "-pk")


def video_row(user: User | AnonymousUser, video_id: int) -> Video:
    """Raises Http404 for a video that does not exist or is not the user's to see."""
    return get_object_or_404(_with_figures(Video.objects.visible_to(user)), pk=video_id)


def _with_figures(videos: VideoQuerySet) -> VideoQuerySet:
    """Adds `latest_run`, the newest finished run with this video, `n_segments` it found here, `run_reason`, why the
    newest run of all left it out, and `ingest_progress`."""
    me = Video.objects.filter(pk=OuterRef("pk")).order_by().values("pk")
    finished = me.annotate(value=Max("runs__pk", filter=Q(runs__status="done"))).values("value")
    # They are numbered from 0 within run and video: the last one says how many, and nobody counts.
    last = me.filter(segments__run=OuterRef("latest_run")).order_by("-segments__index").values("segments__index")[:1]
    newest = me.annotate(value=Max("runs__pk")).values("value")
    failed = me.filter(stages__run=OuterRef("newest_run"), stages__status="failed").order_by("stages__pk")
    ingest = me.annotate(value=Avg("stages__progress", filter=Q(stages__run=None))).values("value")
    return (
        videos.select_related("uploaded_by")
        .annotate(
            latest_run=Subquery(finished, output_field=IntegerField()),
            newest_run=Subquery(newest, output_field=IntegerField()),
            ingest_progress=Subquery(ingest),
        )
        .annotate(
            n_segments=Coalesce(Subquery(last, output_field=IntegerField()) + 1, 0),
            run_reason=Subquery(failed.values("stages__reason")[:1]),
        )
    )


def stored_file(user: User | AnonymousUser, video_id: int, name: str) -> StoredFile:
    """A file of a video. Raises Http404 where there is none, or not yet, or not for this user."""
    video = get_object_or_404(Video.objects.visible_to(user), pk=video_id)
    if name == ORIGINAL:
        download_as = video.title.replace("/", "_").replace("\\", "_")
        return StoredFile(video.path, "application/octet-stream", video.storage_name, download_as)
    if name not in PREVIEW_TYPES or not video.preview_key:
        raise Http404
    return StoredFile(store().path(video.preview_key) / name, PREVIEW_TYPES[name], video.preview_key)


def unfinished_uploads(user: User, project: Project) -> UploadQuerySet:
    return Upload.objects.of(user).unfinished().filter(project=project)


def upload_of(user: User | AnonymousUser, upload_id: object) -> Upload:
    return get_object_or_404(Upload.objects.of(user).select_related("video"), pk=upload_id)


def annotations_of(video: Video) -> list[dict[str, Any]]:
    """What people marked in a video, its own truth first: id, name, source, segments."""
    truth = [] if video.truth is None else [{"id": None, "name": TRUTH, "source": TRUTH, **_segments(video.truth)}]
    return truth + list(video.annotations.order_by("name").values("id", "name", "source", "segments"))


def _segments(truth: dict[str, Any]) -> dict[str, Any]:
    return {"segments": [{"start": s["start"], "end": s["end"], "label": s["label"] or ""} for s in truth["segments"]]}
