"""What happens next: queueing stages whose turn it is, and closing a run when nothing is left to do.

Decisions are taken from the rows under the run's lock, never from what the broker says (docs/decisions/0003).
"""

from __future__ import annotations

import logging
from functools import partial

from celery import current_app
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerAway

from backend.common import events, happenings
from backend.runs.graph import CHAIN, STAGES, Stage
from backend.runs.models import UNFINISHED, Run, RunStatus, StageExecution, Status
from backend.videos.models import Video, VideoStatus

RUN_STAGE = "runs.run_stage"  # the task's name: this module sits below tasks.py
Rows = dict[tuple[str, int | None], StageExecution]

logger = logging.getLogger(__name__)


def queue(execution: StageExecution) -> None:
    """Mark a stage as due and wake a worker for it once the transaction is in."""
    execution.status = Status.QUEUED
    execution.queued_at = timezone.now()
    execution.save(update_fields=["status", "queued_at"])
    announce(execution)
    transaction.on_commit(partial(wake, execution.pk, execution.queue))


def wake(execution_id: int, queue_name: str) -> None:
    """Tell the workers of a queue that a row waits. A broker that is away loses nothing: the reaper wakes again."""
    try:
        current_app.send_task(RUN_STAGE, args=[execution_id], queue=queue_name, retry=False)
    except BrokerAway as error:
        logger.warning("the broker is away, stage %s stays queued: %s", execution_id, error)


@transaction.atomic
def advance(run_id: int) -> Run:
    """Queue every stage whose turn has come, skip those that cannot run any more, close the run when all is done."""
    run = Run.objects.select_for_update().get(pk=run_id)
    rows: Rows = {(row.stage, row.video_id): row for row in run.stages.all()}
    for spec in CHAIN:  # in order, so a skip reaches everything behind it in one pass
        for row in [r for r in rows.values() if r.stage == spec.name and r.status == Status.WAITING]:
            if run.cancel_requested:
                _settle(row, Status.CANCELLED)
            elif (turn := _turn(spec, row, rows)) == Status.QUEUED:
                queue(row)
            elif turn == Status.SKIPPED:
                _settle(row, Status.SKIPPED)
    _close(run, rows)
    return run


def _turn(spec: Stage, row: StageExecution, rows: Rows) -> str:
    """QUEUED if the stage can run now, SKIPPED if it never can, WAITING otherwise."""
    for name in spec.after:
        before = [r for r in rows.values() if r.stage == name]
        fans_in = spec.scope == "run" and STAGES[name].scope == "video"
        if spec.scope == "video" and STAGES[name].scope == "video":
            before = [r for r in before if r.video_id == row.video_id]
        if any(r.status in UNFINISHED for r in before):
            return Status.WAITING
        worked = [r.status == Status.DONE for r in before]
        if not (any(worked) if fans_in else all(worked)):  # one usable video is enough for the run
            return Status.SKIPPED
    return Status.QUEUED


def _settle(row: StageExecution, status: Status) -> None:
    row.status = status
    row.finished_at = timezone.now()
    row.save(update_fields=["status", "finished_at"])
    announce(row)


def _close(run: Run, rows: Rows) -> None:
    required = [row for row in rows.values() if not row.optional]
    if not run.is_active:
        return
    if run.started_at is None and any(row.status != Status.WAITING for row in required):
        run.started_at = timezone.now()
        run.status = RunStatus.RUNNING
    if not any(row.status in UNFINISHED for row in required):
        run.finished_at = timezone.now()
        if rows["cluster", None].status == Status.DONE:
            run.status = RunStatus.DONE
        elif run.cancel_requested:
            run.status = RunStatus.CANCELLED
        else:
            run.status = RunStatus.FAILED
            run.reason = _why(required)
    run.save(update_fields=["status", "started_at", "finished_at", "reason"])
    announce_run(run)
    if not run.is_active:
        facts = {"run": run.pk, "number": run.number, "status": run.status, "reason": run.reason}
        happenings.run_finished.send(Run, project_id=run.project_id, facts=facts)


def _why(required: list[StageExecution]) -> str:
    failed = [row for row in required if row.status == Status.FAILED]
    of_run = [row for row in failed if row.video_id is None]
    if of_run:
        return of_run[0].reason
    if len(failed) == 1:
        return failed[0].reason
    reasons = "; ".join(sorted({row.reason.rstrip(".") for row in failed}))
    return f"None of the {len(failed)} videos could be used: {reasons}."


def announce(row: StageExecution) -> None:
    """Tell open pages of a stage's state, once it is committed."""
    events.publish(
        row.project_id,
        kind="stage",
        id=row.pk,
        run=row.run_id,
        video=row.video_id,
        stage=row.stage,
        status=row.status,
        progress=row.progress,
        message=row.message,
    )


def fail_video(video: Video, reason: str) -> None:
    """The file itself cannot be used: say so on the video, and wait for nothing more."""
    video.status, video.reason = VideoStatus.FAILED, reason
    video.save(update_fields=["status", "reason"])
    for row in video.stages.filter(run=None, status=Status.WAITING):
        _settle(row, Status.SKIPPED)
    announce_video(video)


def announce_video(video: Video) -> None:
    events.publish(video.project_id, kind="video", id=video.pk, video=video.pk, status=video.status)


def announce_run(run: Run) -> None:
    events.publish(run.project_id, kind="run", id=run.pk, run=run.pk, status=run.status)
