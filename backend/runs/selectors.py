"""Reads of runs and stages."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from django.db.models import BooleanField, Count, ExpressionWrapper, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from backend.common.artefacts import store
from backend.projects.models import Project, User
from backend.runs.graph import ORDER
from backend.runs.models import ACTIVE_RUN, UNFINISHED, Run, RunStatus, StageExecution, Status
from backend.videos.models import Video
from ml.alignment import Alignment, align
from ml.artefacts import Calibration, Seconds
from ml.store import load_energy, load_stream

RETRIABLE = (Status.FAILED, Status.SKIPPED, Status.CANCELLED)
SETTLED = (Status.DONE, *RETRIABLE)
UNITS = {
    "quantized": "‖Δz_q‖ per step",
    "prequant": "‖Δz‖ per step",
    "velocity": "half picture heights per step",
    "flow": "half picture heights per step",
}
SIGNALS = {"times_s": "<f8", "energy": "<f4", "velocity": "<f4", "latent": "<f4", "flow": "<f4"}
"""The columns of a video's signals, in order; artefacts of earlier versions lack the last two."""


def stage_output(run: Run, stage: str, video: Video | None = None) -> str:
    """The key of the artefact a finished stage made. Raises StageExecution.DoesNotExist if it has not."""
    return run.stages.get(stage=stage, video=video, status=Status.DONE).output_key


def stage_outputs(run: Run, stage: str) -> dict[int, str]:
    """The artefacts of a per-video stage, by video, of those videos for which it worked."""
    done = run.stages.filter(stage=stage, status=Status.DONE, video__isnull=False).order_by("video")
    return dict(done.values_list("video_id", "output_key"))


def runs_visible_to(user: User) -> QuerySet[Run]:
    """Runs with `n_videos`, `n_segments`, `n_clusters_found`, `derived_from_number` and `is_hand_cut`, newest first."""
    return (
        Run.objects.visible_to(user)
        .select_related("started_by", "project", "tokenizer_run")
        .defer("cuts")  # of up to 100,000 intervals
        .annotate(
            derived_from_number=F("derived_from__number"),
            is_hand_cut=ExpressionWrapper(~Q(cuts={}), output_field=BooleanField()),
            n_videos=_count("videos"),
            n_segments=_count("segments"),
            n_clusters_found=_count("clusters"),
        )
        .order_by("-number")
    )


def _count(relation: str) -> Coalesce:
    per_run = Run.objects.filter(pk=OuterRef("pk")).order_by().values("pk").annotate(n=Count(relation)).values("n")
    return Coalesce(Subquery(per_run), 0)


@dataclass(frozen=True)
class RunProgress:
    """How far a run is, 0..1, what it does now, and whether something in it could be tried again."""

    fraction: float
    message: str
    can_retry: bool = False


def progress_of(runs: Iterable[Run]) -> dict[int, RunProgress]:
    """Progress of some runs, by id, in one query. Optional stages do not count."""
    ids = [run.pk for run in runs]
    rows: dict[int, list[StageExecution]] = {pk: [] for pk in ids}
    for row in StageExecution.objects.filter(run__in=ids).defer("log"):
        if not row.optional:
            rows[row.run_id].append(row)
    return {pk: _progress(stages) for pk, stages in rows.items()}


def _progress(stages: list[StageExecution]) -> RunProgress:
    if not stages:
        return RunProgress(0.0, "")
    fraction = sum(1.0 if row.status in SETTLED else row.progress for row in stages) / len(stages)
    can_retry = any(row.status in RETRIABLE for row in stages)
    running = sorted((row for row in stages if row.status == Status.RUNNING), key=lambda row: ORDER[row.stage])
    if running:
        message = " · ".join(part for part in (running[0].stage, running[0].message) if part)
    else:
        message = "waiting for a worker" if any(row.status == Status.QUEUED for row in stages) else ""
    return RunProgress(fraction, message, can_retry)


def stages_visible_to(user: User) -> QuerySet[StageExecution]:
    """Stage executions in the order they are made; `position` within the chain is `graph.ORDER`."""
    heavy = [f"video__{name}" for name in Video.JSON_FIELDS]
    return (
        StageExecution.objects.visible_to(user)
        .select_related("video", "run")
        .defer("log", "run__config", "run__cuts", *heavy)
        .order_by("pk")
    )


def active_stages(user: User, project: Project) -> QuerySet[StageExecution]:
    """What is waiting or running now in a project: ingest, and every stage of an active run."""
    rows = stages_visible_to(user).filter(project=project)
    return rows.filter(Q(run=None, status__in=UNFINISHED) | Q(run__status__in=ACTIVE_RUN) | Q(status=Status.RUNNING))


def alignment_of(run: Run, a: Video, b: Video) -> Alignment | None:
    """How far apart the run's energies of two videos say they were started; None if they say nothing.

    Raises StageExecution.DoesNotExist before both have been measured.
    """
    keys = [stage_output(run, "energy", video) for video in (a, b)]
    return align(*(load_energy(store().path(key) / "energy.npz")[0] for key in keys))


def latest_finished_run(project: Project) -> Run | None:
    return project.runs.filter(status=RunStatus.DONE).order_by("-number").first()


def thresholds(run: Run) -> dict[int, Calibration]:
    """The threshold of each video the run could calibrate. Raises StageExecution.DoesNotExist before that is done."""
    found = json.loads((store().path(stage_output(run, "calibrate")) / "calibrations.json").read_text())
    by_video = {video: found.get(key) for video, key in stage_outputs(run, "energy").items()}
    return {video: Calibration(**one) for video, one in by_video.items() if one is not None}


def signals_key(run: Run, video: Video) -> str:
    """Names what `signal_columns` gives. Raises StageExecution.DoesNotExist before the energy is measured."""
    return stage_output(run, "energy", video)


def signal_facts(run: Run, video: Video) -> dict[str, Any]:
    """What a browser needs beside the columns to cut a video as the run did: thresholds and settings.

    Raises StageExecution.DoesNotExist before the threshold of this video is known.
    """
    calibration = thresholds(run).get(video.pk)
    if calibration is None:
        raise StageExecution.DoesNotExist
    config = run.pipeline_config()
    with np.load(store().path(signals_key(run, video)) / "energy.npz") as columns:
        made = [name for name in SIGNALS if name in columns]
        n_steps = len(columns["velocity"])
        start_s = float(columns["start_s"]) if "start_s" in columns else _stream_start(run, video)
    return {
        "n_steps": n_steps,
        "start_s": start_s,
        "duration_s": video.duration_s,
        "columns": made,
        "source": config.energy.source,
        "unit": UNITS[config.energy.source],
        "theta_on": calibration.theta_on,
        "theta_off": calibration.theta_off,
        "detection": asdict(config.detection),
        "refinement": asdict(config.refinement),
        "hand_cut": str(video.pk) in run.cuts,
    }


def step_times(run: Run, video: Video) -> tuple[Seconds, float]:
    """When each step of a video's stream ends, and where the first begins; both of its energy.

    Raises StageExecution.DoesNotExist before the energy is measured.
    """
    with np.load(store().path(signals_key(run, video)) / "energy.npz") as columns:
        start_s = float(columns["start_s"]) if "start_s" in columns else _stream_start(run, video)
        return columns["times_s"], start_s


def _stream_start(run: Run, video: Video) -> float:
    return float(load_stream(store().path(stage_output(run, "tokenize", video)) / "codes.npz").times_s[0, 0])


def signal_columns(run: Run, video: Video) -> bytes:
    """The columns of `signal_facts`, one after the other, little endian.

    Raises StageExecution.DoesNotExist before the energy is measured.
    """
    with np.load(store().path(signals_key(run, video)) / "energy.npz") as columns:
        return b"".join(columns[name].astype(kind).tobytes() for name, kind in SIGNALS.items() if name in columns)
