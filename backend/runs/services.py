"""What people cause: ingest of an upload, runs, cancelling, trying again."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import IntegrityError, transaction
from django.db.models import Max, QuerySet
from django.utils import timezone

from backend.projects.models import Project, User
from backend.runs import scheduling
from backend.runs.exceptions import (
    CoherenceUnderWay,
    NoReadyVideos,
    NotClustered,
    NothingToRetry,
    RunAlreadyActive,
    RunNotActive,
    TokenizerUnavailable,
    VideoInUse,
)
from backend.runs.graph import CHAIN, COHERENCE, INGEST, ORDER
from backend.runs.models import ACTIVE_RUN, Run, RunStatus, StageExecution, Status
from backend.runs.selectors import RETRIABLE
from backend.videos.models import Video, VideoStatus
from ml.config import PipelineConfig


@transaction.atomic
def start_ingest(video: Video) -> None:
    """Queue the checks and previews of an uploaded file."""
    rows = [StageExecution(project_id=video.project_id, video=video, stage=stage.name) for stage in INGEST]
    probe, _ = StageExecution.objects.bulk_create(rows)
    _restart_ingest(video, probe)


@transaction.atomic
def retry_ingest(video: Video) -> None:
    """Check a failed video again, from the start.

    Raises:
        NothingToRetry: the video has not failed.
    """
    video = Video.objects.select_for_update().get(pk=video.pk)
    if video.status != VideoStatus.FAILED:
        raise NothingToRetry("This video has not failed.", video=video.pk)
    rows = video.stages.filter(run=None)
    _reset(rows)
    _restart_ingest(video, rows.get(stage=INGEST[0].name))


def _restart_ingest(video: Video, probe: StageExecution) -> None:
    video.status, video.reason = VideoStatus.CHECKING, ""
    video.save(update_fields=["status", "reason"])
    scheduling.announce_video(video)
    scheduling.queue(probe)


@transaction.atomic
def start_run(
    *,
    project: Project,
    by: User,
    preset: str,
    n_clusters: int | None = None,
    theta_on: float | None = None,
    tokenizer_run: Run | None = None,
    videos: Sequence[Video] | None = None,
) -> Run:
    """Queue one pass of the chain over the project's ready videos, or over those named.

    Raises:
        NoReadyVideos: no upload has finished, or one that was named is not ready.
        RunAlreadyActive: this configuration is already queued or running here.
        TokenizerUnavailable: the run whose tokenizer is to be reused never trained one.
    """
    Project.objects.select_for_update().get(pk=project.pk)  # numbers are given one at a time
    ready = project.videos.filter(status=VideoStatus.READY)
    chosen = list(ready if videos is None else ready.filter(pk__in=[video.pk for video in videos]))
    if not chosen or (videos is not None and len(chosen) < len(videos)):
        raise NoReadyVideos("No video is ready yet. Upload one, or wait until it is prepared.", project=project.pk)
    config = _configuration(preset, n_clusters, theta_on, tokenizer_run)
    number = (project.runs.aggregate(last=Max("number"))["last"] or 0) + 1
    try:
        with transaction.atomic():  # the unique constraint decides, so two clicks cannot race
            run = project.runs.create(
                number=number,
                preset=preset,
                config=config.to_dict(),
                config_hash=config.digest(),
                tokenizer_run=tokenizer_run,
                started_by=by,
            )
    except IntegrityError as error:
        raise RunAlreadyActive("A run with this configuration is already under way.", project=project.pk) from error
    run.videos.set(chosen)
    StageExecution.objects.bulk_create(
        StageExecution(project=project, run=run, video=video, stage=stage.name)
        for stage in CHAIN
        for video in (chosen if stage.scope == "video" else [None])
    )
    return scheduling.advance(run.pk)


def _configuration(
    preset: str, n_clusters: int | None, theta_on: float | None, tokenizer_run: Run | None
) -> PipelineConfig:
    config = PipelineConfig.preset(preset, n_clusters=n_clusters, theta_on=theta_on)
    if tokenizer_run is None:
        return config
    if not tokenizer_run.stages.filter(stage="train", status=Status.DONE).exists():
        raise TokenizerUnavailable(f"{tokenizer_run} has no trained tokenizer to reuse.", run=tokenizer_run.pk)
    return config.with_tokenizer(tokenizer_run.pipeline_config().tokenizer)


@transaction.atomic
def cancel_run(run: Run) -> Run:
    """Stop a run: what waits is cancelled now, what works stops at its next step.

    Of a run that is done, this stops what is still measured.

    Raises:
        RunNotActive: it is over already.
    """
    run = Run.objects.select_for_update().get(pk=run.pk)
    if not run.is_active and not run.stages.unfinished().exists():
        raise RunNotActive("This run is over already.", run=run.pk)
    run.cancel_requested = True
    run.save(update_fields=["cancel_requested"])
    run.stages.filter(status=Status.QUEUED).update(status=Status.CANCELLED, finished_at=timezone.now())
    return scheduling.advance(run.pk)


@transaction.atomic
def retry_run(run: Run) -> Run:
    """Do again what failed, was cancelled or was skipped; what is done stays.

    Raises:
        NothingToRetry: every stage worked, or is still under way.
        RunAlreadyActive: another run of the same configuration has been started since.
    """
    run = Run.objects.select_for_update().get(pk=run.pk)
    if not run.stages.filter(status__in=RETRIABLE).exists():
        raise NothingToRetry("Nothing in this run failed.", run=run.pk)
    run.status, run.reason, run.cancel_requested, run.finished_at = RunStatus.RUNNING, "", False, None
    try:
        with transaction.atomic():
            run.save(update_fields=["status", "reason", "cancel_requested", "finished_at"])
    except IntegrityError as error:
        raise RunAlreadyActive("A run with this configuration is already under way.", run=run.pk) from error
    # From the first stage that failed on, everything is asked for again: what is still true is found in the store.
    first = min(ORDER[name] for name in run.stages.filter(status__in=RETRIABLE).values_list("stage", flat=True))
    later = [stage.name for stage in CHAIN if ORDER[stage.name] >= first]
    _reset(run.stages.filter(stage__in=later, status__in=[*RETRIABLE, Status.DONE]))
    return scheduling.advance(run.pk)


@transaction.atomic
def measure_coherence(run: Run) -> Run:
    """Look at the run's primitives (again), with the encoders there are now, and score its clusters.

    Also for runs of an earlier version, which had no such stages.

    Raises:
        NotClustered: there are no clusters to score.
        CoherenceUnderWay: it is being done.
    """
    run = Run.objects.select_for_update().get(pk=run.pk)
    if not run.stages.filter(stage="cluster", status=Status.DONE).exists():
        raise NotClustered("This run has no clusters yet.", run=run.pk)
    rows = run.stages.filter(stage__in=COHERENCE)
    if rows.unfinished().exists():
        raise CoherenceUnderWay("The coherence of this run is being measured.", run=run.pk)
    run.cancel_requested = False
    run.save(update_fields=["cancel_requested"])
    _reset(rows)
    there = set(rows.values_list("stage", "video"))
    videos = run.videos.values_list("pk", flat=True)
    StageExecution.objects.bulk_create(
        StageExecution(project_id=run.project_id, run=run, video_id=video, stage=stage.name)
        for stage in CHAIN
        if stage.name in COHERENCE
        for video in (videos if stage.scope == "video" else [None])
        if (stage.name, video) not in there
    )
    return scheduling.advance(run.pk)


def _reset(rows: QuerySet[StageExecution]) -> None:
    rows.update(
        status=Status.WAITING,
        attempt=0,
        progress=0.0,
        message="",
        reason="",
        log="",
        lease_until=None,
        started_at=None,
        finished_at=None,
        output_key="",
        reused=False,
    )


def refuse_if_in_use(video: Video) -> None:
    """Raises VideoInUse while a run works on the video."""
    if video.runs.filter(status__in=ACTIVE_RUN).exists():
        raise VideoInUse("A run is working on this video. Cancel the run first.", video=video.pk)
