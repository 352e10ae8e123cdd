"""Who works on a stage (`backend.common.lease`)."""

from __future__ import annotations

import os
import socket

from django.db.models import QuerySet
from django.utils import timezone

from backend.common import lease
from backend.runs.models import Run, StageExecution, Status
from backend.runs.scheduling import announce
from ml.errors import Cancelled


def claim(execution_id: int) -> StageExecution | None:
    """Take a stage that waits, or whose holder is dead. None if it is not to be had."""
    won = lease.take(
        StageExecution.objects.claimable().filter(pk=execution_id),
        status=Status.RUNNING,
        worker=f"{socket.gethostname()}:{os.getpid()}",
        started_at=timezone.now(),
        finished_at=None,
        progress=0.0,
        message="",
        reason="",
        log="",
        reused=False,
    )
    if not won:
        return None
    execution = StageExecution.objects.select_related("run", "video", "project").get(pk=execution_id)
    announce(execution)
    return execution


def mine(execution: StageExecution) -> QuerySet[StageExecution]:
    """The row, for as long as this worker holds it."""
    return StageExecution.objects.filter(pk=execution.pk, attempt=execution.attempt, status=Status.RUNNING)


class Heartbeat(lease.Heartbeat[StageExecution]):
    """Hears of cancellation as well."""

    longest_message = 200

    def mine(self) -> QuerySet[StageExecution]:
        return mine(self.row)

    def announce(self) -> None:
        announce(self.row)

    def why_stop(self) -> Exception | None:
        cancelled = self.row.run_id and Run.objects.filter(pk=self.row.run_id, cancel_requested=True).exists()
        return Cancelled() if cancelled else None
