"""Who works on a stage: one conditional UPDATE claims it, a heartbeat keeps it, the attempt number fences it.

A worker that stops beating loses its lease; whatever it still does afterwards changes nothing, because every write
asks for its own attempt.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from datetime import timedelta
from types import TracebackType
from typing import Self

from django.conf import settings
from django.db import OperationalError, connection
from django.db.models import F
from django.utils import timezone

from backend.runs.models import Run, StageExecution, Status
from backend.runs.scheduling import announce
from ml.errors import Cancelled


class LeaseLost(Exception):
    """Another worker has this stage now, or it was cancelled and settled: stop, and write nothing."""


def claim(execution_id: int) -> StageExecution | None:
    """Take a stage that waits, or whose holder is dead. None if it is not to be had."""
    now = timezone.now()
    won = (
        StageExecution.objects.claimable()
        .filter(pk=execution_id)
        .update(
            status=Status.RUNNING,
            attempt=F("attempt") + 1,
            lease_until=now + timedelta(seconds=settings.LEASE_S),
            worker=f"{socket.gethostname()}:{os.getpid()}",
            started_at=now,
            finished_at=None,
            progress=0.0,
            message="",
            reason="",
            log="",
            reused=False,
        )
    )
    if not won:
        return None
    execution = StageExecution.objects.select_related("run", "video", "project").get(pk=execution_id)
    announce(execution)
    return execution


class Heartbeat(threading.Thread):
    """Renews the lease, carries progress to the row, and hears of cancellation, while a stage works.

    Use as a context manager; give `progress` to the stage.
    """

    def __init__(self, execution: StageExecution) -> None:
        super().__init__(name=f"heartbeat-{execution.pk}", daemon=True)
        self.execution = execution
        self._done = threading.Event()
        self._cancelled = threading.Event()
        self._lost = threading.Event()
        self._latest = (0.0, "")
        self._last_sign_of_life = time.monotonic()

    def progress(self, fraction: float, message: str) -> None:
        """Take note of the stage's progress. Raises Cancelled or LeaseLost when the stage has to stop."""
        self._last_sign_of_life = time.monotonic()
        self._latest = (min(max(fraction, 0.0), 1.0), message[:200])
        if self._lost.is_set():
            raise LeaseLost
        if self._cancelled.is_set():
            raise Cancelled

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self.join()

    def run(self) -> None:
        try:
            while not self._done.wait(settings.HEARTBEAT_S):
                if time.monotonic() - self._last_sign_of_life > settings.STALL_S:
                    os._exit(70)  # hung in native code: only the end of the process frees the stage
                try:
                    self._beat()
                except OperationalError:  # the database is away; the lease says when that is too long
                    connection.close()
        finally:
            connection.close()

    def _beat(self) -> None:
        fraction, message = self._latest
        mine = StageExecution.objects.filter(
            pk=self.execution.pk, attempt=self.execution.attempt, status=Status.RUNNING
        )
        lease_until = timezone.now() + timedelta(seconds=settings.LEASE_S)
        if not mine.update(lease_until=lease_until, progress=fraction, message=message):
            self._lost.set()
            return
        if (fraction, message) != (self.execution.progress, self.execution.message):
            self.execution.progress, self.execution.message = fraction, message
            announce(self.execution)
        if self.execution.run_id and Run.objects.filter(pk=self.execution.run_id, cancel_requested=True).exists():
            self._cancelled.set()
