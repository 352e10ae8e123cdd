"""Reads of runs and stages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from backend.common.artefacts import store
from backend.projects.models import Project, User
from backend.runs.graph import ORDER
from backend.runs.models import ACTIVE_RUN, UNFINISHED, Run, RunStatus, StageExecution, Status
from backend.videos.models import Video

RETRIABLE = (Status.FAILED, Status.SKIPPED, Status.CANCELLED)
SETTLED = (Status.DONE, *RETRIABLE)
UNITS = {
    "quantized": "‖Δz_q‖ per step",
    "prequant": "‖Δz‖ per step",
    "velocity": "half picture heights per step",
}


def stage_output(run: Run, stage: str, video: Video | None = None) -> str:
    """The key of the artefact a finished stage made. Raises StageExecution.DoesNotExist if it has not."""
    return run.stages.get(stage=stage, video=video, status=Status.DONE).output_key


def stage_outputs(run: Run, stage: str) -> dict[int, str]:
    """The artefacts of a per-video stage, by video, of those videos for which it worked."""
    done = run.stages.filter(stage=stage, status=Status.DONE, video__isnull=False).order_by("video")
    return dict(done.values_list("video_id", "output_key"))


def runs_visible_to(user: User) -> QuerySet[Run]:
    """Runs with `n_videos`, `n_segments` and `n_clusters_found`, newest first."""
    return (
        Run.objects.visible_to(user)
        .select_related("started_by", "project", "tokenizer_run")
        .annotate(
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
        .defer("log", "run__config", *heavy)
        .order_by("pk")
    )


def active_stages(user: User, project: Project) -> QuerySet[StageExecution]:
    """What is waiting or running now in a project: ingest, and every stage of an active run."""
    rows = stages_visible_to(user).filter(project=project)
    return rows.filter(Q(run=None, status__in=UNFINISHED) | Q(run__status__in=ACTIVE_RUN) | Q(status=Status.RUNNING))


def latest_finished_run(project: Project) -> Run | None:
    return project.runs.filter(status=RunStatus.DONE).order_by("-number").first()


def energy_columns(run: Run, video: Video) -> dict[str, Any]:
    """The energy plot of a video as columns. Raises StageExecution.DoesNotExist before the segment stage is done."""
    folder = store().path(stage_output(run, "segment", video))
    with np.load(folder / "energy.npz") as trace:
        columns = {name: np.round(trace[name], 4).tolist() for name in ("times_s", "energy", "smoothed", "velocity")}
        return {
            **columns,
            "theta_on": float(trace["theta_on"]),
            "theta_off": float(trace["theta_off"]),
            "source": run.config["energy"]["source"],
            "unit": UNITS[run.config["energy"]["source"]],
        }
