from __future__ import annotations

import pytest
from django.db import transaction

from backend.common import happenings
from backend.runs import services
from backend.runs.exceptions import NoReadyVideos, NothingToRetry, RunAlreadyActive, RunNotActive
from backend.runs.models import Run, RunStatus, StageExecution, Status
from backend.runs.scheduling import advance
from backend.videos.models import VideoStatus
from tests.factories.runs import a_project, a_user, a_video

pytestmark = pytest.mark.django_db


@pytest.fixture
def run() -> Run:
    """A run over two videos, just started."""
    owner = a_user()
    project = a_project(owner)
    a_video(project)
    a_video(project)
    return services.start_run(project=project, by=owner, preset="tiny")


def settle(run: Run, stage: str, status: Status = Status.DONE, reason: str = "", *, only: int | None = None) -> Run:
    rows = run.stages.filter(stage=stage)
    if only is not None:
        rows = rows.order_by("video")[only : only + 1]
    StageExecution.objects.filter(pk__in=[row.pk for row in rows]).update(status=status, reason=reason)
    return advance(run.pk)


def states(run: Run, stage: str) -> list[str]:
    return list(run.stages.filter(stage=stage).order_by("video").values_list("status", flat=True))


def finish(run: Run) -> Run:
    for stage in ("track", "train", "tokenize", "energy", "calibrate", "segment", "clips", "embed", "cluster"):
        for row in run.stages.filter(stage=stage, status=Status.QUEUED):
            StageExecution.objects.filter(pk=row.pk).update(status=Status.DONE)
        run = advance(run.pk)
    return run


def test_a_run_starts_with_the_tracking_of_every_video(run: Run) -> None:
    assert run.number == 1
    assert states(run, "track") == ["queued", "queued"]
    assert states(run, "train") == ["waiting"]
    assert run.stages.filter(status=Status.QUEUED).count() == 2


def test_training_waits_for_the_last_video(run: Run) -> None:
    settle(run, "track", only=0)
    assert states(run, "train") == ["waiting"]
    settle(run, "track", only=1)
    assert states(run, "train") == ["queued"]


def test_a_video_that_fails_leaves_the_others_going(run: Run) -> None:
    settle(run, "track", Status.FAILED, "too short: 0.8 s, needs 1.6 s", only=0)
    settle(run, "track", only=1)
    settle(run, "train")
    assert states(run, "tokenize") == ["skipped", "queued"]
    assert finish(run).status == RunStatus.DONE
    assert states(run, "clips") == ["skipped", "done"]


def test_a_run_fails_with_the_reason_when_no_video_worked(run: Run) -> None:
    settle(run, "track", Status.FAILED, "no video stream.", only=0)
    failed = settle(run, "track", Status.FAILED, "too short: 0.8 s, needs 1.6 s", only=1)
    assert failed.status == RunStatus.FAILED
    assert failed.reason == "None of the 2 videos could be used: no video stream; too short: 0.8 s, needs 1.6 s."
    assert not failed.stages.unfinished().exists()


def test_a_failed_training_fails_the_run_with_its_reason(run: Run) -> None:
    settle(run, "track")
    failed = settle(run, "train", Status.FAILED, "The disk is full.")
    assert (failed.status, failed.reason) == (RunStatus.FAILED, "The disk is full.")


def test_a_run_is_done_before_its_umap(run: Run) -> None:
    done = finish(run)
    assert done.status == RunStatus.DONE
    assert states(run, "umap") == ["queued"]
    finished_at = done.finished_at
    after = settle(run, "umap", Status.FAILED, "UMAP is not installed")
    assert (after.status, after.finished_at) == (RunStatus.DONE, finished_at)


def test_the_end_of_a_run_is_told_once(run: Run) -> None:
    told: list[dict[str, object]] = []

    def listen(sender: object, *, project_id: int, facts: dict[str, object], **_: object) -> None:
        told.append({"project": project_id, **facts})

    happenings.run_finished.connect(listen)
    try:
        finish(run)
        settle(run, "umap", Status.FAILED, "UMAP is not installed")
    finally:
        happenings.run_finished.disconnect(listen)
    assert told == [{"project": run.project_id, "run": run.pk, "number": 1, "status": "done", "reason": ""}]


def test_cancelling_stops_what_waits_and_ends_when_the_last_worker_stops(run: Run) -> None:
    first = run.stages.filter(stage="track").first()
    assert first is not None
    StageExecution.objects.filter(pk=first.pk).update(status=Status.RUNNING)
    cancelled = services.cancel_run(run)
    assert cancelled.status == RunStatus.RUNNING, "a worker is still at it"
    assert set(run.stages.exclude(pk=first.pk).values_list("status", flat=True)) == {"cancelled"}
    StageExecution.objects.filter(pk=first.pk).update(status=Status.CANCELLED)
    assert advance(run.pk).status == RunStatus.CANCELLED
    with pytest.raises(RunNotActive):
        services.cancel_run(run)


def test_retrying_a_cancelled_run_finishes_it(run: Run) -> None:
    settle(run, "track", only=0)
    services.cancel_run(run)
    again = services.retry_run(run)
    assert (again.status, again.cancel_requested, again.finished_at) == (RunStatus.RUNNING, False, None)
    assert finish(run).status == RunStatus.DONE


def test_retrying_asks_again_for_everything_from_the_failure_on(run: Run) -> None:
    settle(run, "track", Status.FAILED, "The disk is full.", only=0)
    settle(run, "track", only=1)
    assert finish(run).status == RunStatus.DONE
    services.retry_run(run)
    assert states(run, "track") == ["queued", "queued"], "the store answers for the one that worked"
    assert states(run, "train") == ["waiting"], "it now has one more video to learn from"
    finish(run)
    with pytest.raises(NothingToRetry):
        services.retry_run(run)


def test_the_same_configuration_runs_once_at_a_time(run: Run) -> None:
    with pytest.raises(RunAlreadyActive), transaction.atomic():
        services.start_run(project=run.project, by=run.started_by, preset="tiny")
    other = services.start_run(project=run.project, by=run.started_by, preset="tiny", n_clusters=5)
    assert other.number == 2
    finish(run)
    assert services.start_run(project=run.project, by=run.started_by, preset="tiny").number == 3


def test_a_run_needs_a_ready_video() -> None:
    project = a_project(a_user())
    with pytest.raises(NoReadyVideos):
        services.start_run(project=project, by=project.created_by, preset="tiny")
    a_video(project, status=VideoStatus.FAILED)
    with pytest.raises(NoReadyVideos):
        services.start_run(project=project, by=project.created_by, preset="tiny")
    other = a_video(a_project(a_user()))
    with pytest.raises(NoReadyVideos):
        services.start_run(project=project, by=project.created_by, preset="tiny", videos=[other])


def test_a_reused_tokenizer_brings_its_shape(run: Run) -> None:
    finish(run)
    again = services.start_run(project=run.project, by=run.started_by, preset="small", tokenizer_run=run)
    assert again.pipeline_config().tokenizer == run.pipeline_config().tokenizer
