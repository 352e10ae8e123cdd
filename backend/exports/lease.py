"""Who works on an export: one conditional UPDATE claims it, a heartbeat keeps it, the attempt number fences it.

To cancel or delete one is to take the row away from its worker, which notices at its next beat and stops.
"""

from __future__ import annotations

import os
import threading
import time
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

from django.conf import settings
from django.db import OperationalError, connection
from django.db.models import F, Q
from django.utils import timezone

from backend.exports.models import Export, ExportQuerySet, ExportStatus
from backend.exports.scheduling import announce


class LeaseLost(Exception):
    """Another worker has this export now, or nobody wants it any more: stop, and write nothing."""


def claim(export_id: str) -> Export | None:
    """Take an export that waits, or whose holder is dead. None if it is not to be had."""
    free = Q(status=ExportStatus.QUEUED) | Q(status=ExportStatus.RUNNING, lease_until__lt=timezone.now())
    won = Export.objects.filter(free, pk=export_id).update(
        status=ExportStatus.RUNNING,
        attempt=F("attempt") + 1,
        lease_until=_lease(),
        progress=0.0,
        message="",
        reason="",
    )
    if not won:
        return None
    export = Export.objects.select_related("project", "version__run").get(pk=export_id)
    announce(export)
    return export


def mine(export: Export) -> ExportQuerySet:
    """The row, for as long as this worker holds it."""
    return Export.objects.filter(pk=export.pk, attempt=export.attempt, status=ExportStatus.RUNNING)


def _lease() -> datetime:
    return timezone.now() + timedelta(seconds=settings.LEASE_S)


class Heartbeat(threading.Thread):
    """Renews the lease and carries progress to the row while a worker writes. Give `progress` to the writer."""

    def __init__(self, export: Export) -> None:
        super().__init__(name=f"heartbeat-{export.pk}", daemon=True)
        self.export = export
        self._done = threading.Event()
        self._lost = threading.Event()
        self._latest = (0.0, "")
        self._last_sign_of_life = time.monotonic()

    def progress(self, fraction: float, message: str) -> None:
        """Take note of how far it is. Raises LeaseLost when it has to stop."""
        self._last_sign_of_life = time.monotonic()
        self._latest = (min(max(fraction, 0.0), 1.0), message[:300])
        if self._lost.is_set():
            raise LeaseLost

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
                    os._exit(70)  # hung in native code: only the end of the process frees the export
                try:
                    self._beat()
                except OperationalError:  # the database is away; the lease says when that is too long
                    connection.close()
        finally:
            connection.close()

    def _beat(self) -> None:
        fraction, message = self._latest
        if not mine(self.export).update(lease_until=_lease(), progress=fraction, message=message):
            self._lost.set()
            return
        if (fraction, message) != (self.export.progress, self.export.message):
            self.export.progress, self.export.message = fraction, message
            announce(self.export)
