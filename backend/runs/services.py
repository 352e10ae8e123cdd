"""What people cause: ingest of an upload, runs, cancelling, trying again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max, QuerySet
from django.utils import timezone

from backend.projects import audit
from backend.projects.models import Project, User
from backend.runs import scheduling
from backend.runs.exceptions import (
    BadCuts,
    BadSettings,
    CoherenceUnderWay,
    NoReadyVideos,
    NotCalibrated,
    NotClustered,
    NothingToRetry,
    RunAlreadyActive,
    RunNotActive,
    SameClusters,
    TokenizerUnavailable,
    VideoInUse,
)
from backend.runs.graph import CHAIN, COHERENCE, INGEST, ORDER
from backend.runs.models import ACTIVE_RUN, Run, RunStatus, StageExecution, Status
from backend.runs.selectors import RETRIABLE, step_times
from backend.runs.selectors import thresholds as thresholds_of
from backend.videos.models import Video, VideoStatus
from ml.artefacts import Calibration
from ml.config import CalibrationConfig, ClusterBy, PipelineConfig, Tracker, digest_of
from ml.cuts import MOST, checked
from ml.errors import UnusableCuts

HandCuts = dict[str, list[list[float]]]
"""By video id, the [start_s, end_s) a person set."""


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
    tracker: Tracker = "flow",
    cluster_by: ClusterBy = "embedding",
    tokenizer_run: Run | None = None,
    videos: Sequence[Video] | None = None,
) -> Run:
    """Queue one pass of the chain over the project's ready videos, or over those named.

    Raises:
        NoReadyVideos: no upload has finished, or one that was named is not ready.
        RunAlreadyActive: this configuration is already queued or running here.
        TokenizerUnavailable: the run whose tokenizer is to be reused never trained one.
    """
    # Numbers are given one at a time. Not FOR UPDATE, which would hold up every row that refers to the project.
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    ready = project.videos.filter(status=VideoStatus.READY)
    chosen = list(ready if videos is None else ready.filter(pk__in=[video.pk for video in videos]))
    if not chosen or (videos is not None and len(chosen) < len(videos)):
        raise NoReadyVideos("No video is ready yet. Upload one, or wait until it is prepared.", project=project.pk)
    config = _configuration(preset, n_clusters, theta_on, tracker, cluster_by, tokenizer_run)
    kept = {"tracker": tracker, "tokenizer_run": tokenizer_run}
    run = _queue_run(project, by, preset=preset, config=config, videos=chosen, **kept)
    _record(run, "started", f"Started run {run.number} over {_videos(chosen)}.", by)
    return run


@transaction.atomic
def recluster(*, run: Run, n_clusters: int, by: User) -> Run:
    """Queue the same run with another k: the same videos, tokenizer and configuration, so all up to the embeddings is
    found in the store.

    Raises:
        NotClustered: it has no clusters yet, so its videos may still change.
        SameClusters: it has that many already.
        NoReadyVideos: its videos are gone.
        RunAlreadyActive: that is under way already.
    """
    project = Project.objects.select_for_update(no_key=True).get(pk=run.project_id)
    if not run.stages.filter(stage="cluster", status=Status.DONE).exists():
        raise NotClustered("This run has no clusters yet.", run=run.pk)
    if run.clusters.count() == n_clusters:
        raise SameClusters(f"Run {run.number} has {n_clusters} clusters already.", run=run.pk)
    # Those its thresholds were found from: with others they would be others.
    measured = run.stages.filter(stage="energy", status=Status.DONE).values("video")
    chosen = list(run.videos.filter(status=VideoStatus.READY, pk__in=measured))
    if not chosen:
        raise NoReadyVideos("The videos of this run are gone.", run=run.pk)
    config = run.pipeline_config()
    config = replace(config, clustering=replace(config.clustering, n_clusters=n_clusters))
    trained = run.tokenizer_run if run.tokenizer_run is not None else run
    kept = {"tracker": run.tracker, "tokenizer_run": trained, "derived_from": run, "cuts": run.cuts}
    made = _queue_run(project, by, preset=run.preset, config=config, videos=chosen, **kept)
    _record(made, "started", f"Started run {made.number}: run {run.number} with {n_clusters} clusters.", by)
    return made


def _queue_run(
    project: Project,
    by: User,
    *,
    preset: str,
    config: PipelineConfig,
    videos: Sequence[Video],
    cuts: HandCuts | None = None,
    **kept: Any,
) -> Run:
    """The rows of a run, its first stages queued. The caller holds the project's lock. Raises RunAlreadyActive."""
    cuts = cuts or {}
    number = (project.runs.aggregate(last=Max("number"))["last"] or 0) + 1
    try:
        with transaction.atomic():  # the unique constraint decides, so two clicks cannot race
            run = project.runs.create(
                number=number,
                preset=preset,
                config=config.to_dict(),
                config_hash=digest_of({"config": config.to_dict(), "cuts": cuts}) if cuts else config.digest(),
                started_by=by,
                cuts=cuts,
                **kept,
            )
    except IntegrityError as error:
        raise RunAlreadyActive("A run with this configuration is already under way.", project=project.pk) from error
    run.videos.set(videos)
    StageExecution.objects.bulk_create(
        StageExecution(project=project, run=run, video=video, stage=stage.name)
        for stage in CHAIN
        for video in (videos if stage.scope == "video" else [None])
    )
    return scheduling.advance(run.pk)


def _videos(chosen: Sequence[Video]) -> str:
    return "1 video" if len(chosen) == 1 else f"{len(chosen):,} videos"


def _record(run: Run, verb: str, summary: str, by: User | None) -> None:
    audit.record(run.project_id, by=by, kind=f"run.{verb}", summary=summary, run=run.pk, number=run.number)


@transaction.atomic
def keep_run(
    *,
    run: Run,
    by: User,
    detection: Mapping[str, Any] | None = None,
    refinement: Mapping[str, Any] | None = None,
    theta_scale: float = 1.0,
    cuts: Mapping[str, Any] | None = None,
) -> Run:
    """Queue a new run over the same videos that cuts them otherwise; everything up to the energy is reused.

    detection, refinement: what differs from the run's. Its thresholds are used as they are, times `theta_scale`, and
    not found anew, so that a video is cut as it was shown. cuts: by video id, exactly the intervals it is to have.

    Raises:
        NotCalibrated: the run has no thresholds yet.
        BadSettings: a setting outside its range.
        BadCuts: an interval that cannot become a primitive.
        RunAlreadyActive: the same is already under way.
    """
    project = Project.objects.select_for_update(no_key=True).get(pk=run.project_id)
    kept_from = run.pipeline_config()
    try:
        thresholds = thresholds_of(run)
    except StageExecution.DoesNotExist:
        thresholds = {}
    if not thresholds:
        raise NotCalibrated("The threshold of this run is not found yet, so there is nothing to keep.", run=run.pk)
    settings = _settings(detection or {}, refinement or {}, theta_scale)
    videos = list(run.videos.order_by("pk"))
    config = replace(
        kept_from,
        calibration=_fixed(kept_from.calibration, videos, thresholds, theta_scale),
        detection=replace(kept_from.detection, **settings["detection"]),
        refinement=replace(kept_from.refinement, **settings["refinement"]),
    )
    if config.detection.max_s is not None and config.detection.max_s <= config.detection.min_s:
        raise BadSettings("The greatest length has to be longer than the least.")
    trained = run.tokenizer_run if run.tokenizer_run is not None else run
    kept = {"tracker": run.tracker, "tokenizer_run": trained, "derived_from": run}
    cut = _hand_cuts(run, videos, cuts or {})
    made = _queue_run(project, by, preset=run.preset, config=config, videos=videos, cuts=cut, **kept)
    _record(made, "kept", f"Kept run {made.number}: run {run.number}, cut otherwise.", by)
    return made


@dataclass(frozen=True)
class Range:
    """What a setting may be, ends included unless `above`; `none`: it may also be switched off."""

    name: str
    least: float
    most: float
    above: bool = False
    none: bool = False

    def check(self, value: float | None) -> None:
        if value is None and self.none:
            return
        if value is None or not self.least <= value <= self.most or (self.above and value == self.least):
            least = f"above {self.least:g}" if self.above else f"at least {self.least:g}"
            raise BadSettings(f"{self.name} has to be {least} and at most {self.most:g}.")


RANGES = {
    "detection": {
        "alpha": Range("The smoothing α", 0, 1, above=True),
        "off_ratio": Range("The ratio of the two thresholds", 0, 1, above=True),
        "on_steps": Range("The number of steps that begin a primitive", 1, 100),
        "off_steps": Range("The number of steps that end a primitive", 1, 100),
        "cooldown_steps": Range("The cooldown", 0, 1000),
        "min_s": Range("The least length", 0, 3600),
        "max_s": Range("The greatest length", 0, 86_400, above=True, none=True),
    },
    "refinement": {
        "rest": Range("The rest that splits", 0, 100, above=True, none=True),
        "dip": Range("The dip that splits", 0, 100, above=True, none=True),
        "smooth_s": Range("The smoothing of dips", 0.001, 10),
        "min_piece_s": Range("The least length of a piece", 0, 3600),
        "hold_s": Range("The hold", 0, 60),
    },
}
THETA_SCALE = Range("The scale of the threshold", 0.001, 1000)


def _settings(detection: Mapping[str, Any], refinement: Mapping[str, Any], theta_scale: float) -> dict[str, Any]:
    THETA_SCALE.check(theta_scale)
    asked = {"detection": detection, "refinement": refinement}
    for branch, values in asked.items():
        for name, value in values.items():
            if name not in RANGES[branch]:
                raise BadSettings(f"There is no setting “{name}” of the {branch}.")
            RANGES[branch][name].check(value)
    return asked


def _fixed(
    calibration: CalibrationConfig, videos: Sequence[Video], thresholds: Mapping[int, Calibration], scale: float
) -> CalibrationConfig:
    """The thresholds of a run, scaled, as numbers to be used. One for all stays one for all.

    Otherwise they go by view; a video without one, or whose view has been changed since, is named by its file.
    """
    thetas = {video: found.theta_on * scale for video, found in thresholds.items()}
    if calibration.theta_on is not None:
        return replace(calibration, theta_on=calibration.theta_on * scale)
    if calibration.scope == "run" and len(set(thetas.values())) == 1:
        return replace(calibration, theta_on=next(iter(thetas.values())))
    of_view: dict[str, set[float]] = {}
    for video in videos:
        if video.pk in thetas:
            of_view.setdefault(video.view, set()).add(thetas[video.pk])
    named: dict[str, float] = {}
    for video in videos:
        if video.pk in thetas:
            whole_view = video.view != "" and len(of_view[video.view]) == 1
            named[video.view if whole_view else str(video.sha256)] = thetas[video.pk]
    return replace(calibration, theta_by_view=tuple(sorted(named.items())))


def _hand_cuts(run: Run, videos: Sequence[Video], asked: Mapping[str, Any]) -> HandCuts:
    by_id = {str(video.pk): video for video in videos}
    found: HandCuts = {}
    for key, intervals in asked.items():
        if key not in by_id:
            raise BadCuts(f"Video {key} is not in this run.")
        video = by_id[key]
        try:
            times_s, start_s = step_times(run, video)
            found[key] = [list(cut) for cut in checked(intervals, times_s, start_s, video.duration_s)]
        except StageExecution.DoesNotExist as missing:
            raise BadCuts(f"“{video.title}” has no energy in this run, so it cannot be cut.") from missing
        except UnusableCuts as error:
            raise BadCuts(f"“{video.title}”: {error}", video=video.pk) from error
    if (total := sum(len(cuts) for cuts in found.values())) > MOST:
        raise BadCuts(f"These are {total} intervals; at most {MOST} can be kept.")
    return found


def _configuration(
    preset: str,
    n_clusters: int | None,
    theta_on: float | None,
    tracker: Tracker,
    cluster_by: ClusterBy,
    tokenizer_run: Run | None,
) -> PipelineConfig:
    config = PipelineConfig.preset(preset, n_clusters=n_clusters, theta_on=theta_on)
    config = replace(
        config,
        tracking=replace(config.tracking, backend=tracker),
        clustering=replace(config.clustering, by=cluster_by),
    )
    if tokenizer_run is None:
        return config
    if not tokenizer_run.stages.filter(stage="train", status=Status.DONE).exists():
        raise TokenizerUnavailable(f"{tokenizer_run} has no trained tokenizer to reuse.", run=tokenizer_run.pk)
    return config.with_tokenizer(tokenizer_run.pipeline_config().tokenizer)


@transaction.atomic
def cancel_run(run: Run, *, by: User | None = None) -> Run:
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
    _record(run, "cancelled", f"Cancelled run {run.number}.", by)
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
