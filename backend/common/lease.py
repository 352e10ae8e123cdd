"""Who works on a row: one conditional UPDATE claims it, a heartbeat keeps it, the attempt number fences it.

A worker that stops beating loses its lease; whatever it still does afterwards changes nothing, because every write
asks for its own attempt. To cancel or delete the row takes it away from its worker, which notices at its next beat.
"""

from __future__ import annotations

import os
import threading
import time
from abc import abstractmethod
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Generic, Protocol, Self, TypeVar

from django.conf import settings
from django.db import OperationalError, connection
from django.db.models import F, QuerySet
from django.utils import timezone


class LeaseLost(Exception):
    """Another worker has this row now, or nobody wants it any more: stop, and write nothing."""


def lease_until() -> datetime:
    return timezone.now() + timedelta(seconds=settings.LEASE_S)


def take(free: QuerySet[Any], **values: object) -> bool:
    """Claim the row that `free` finds, if it still finds one."""
    return bool(free.update(attempt=F("attempt") + 1, lease_until=lease_until(), **values))


class Leased(Protocol):
    pk: Any
    progress: Any
    message: Any


Row = TypeVar("Row", bound=Leased)


class Heartbeat(threading.Thread, Generic[Row]):
    """Renews the lease and carries progress to the row, while somebody works on it.

    Use as a context manager; give `progress` to the work.
    """

    longest_message: int

    def __init__(self, row: Row) -> None:
        super().__init__(name=f"heartbeat-{row.pk}", daemon=True)
        self.row = row
        self._done = threading.Event()
        self._stopped: Exception | None = None
        self._latest = (0.0, "")
        self._last_sign_of_life = time.monotonic()

    @abstractmethod
    def mine(self) -> QuerySet[Any]:
        """The row, for as long as this worker holds it."""

    @abstractmethod
    def announce(self) -> None:
        """Tell open pages how far it is."""

    def why_stop(self) -> Exception | None:
        """What else than a lost lease ends the work; asked at every beat."""
        return None

    def progress(self, fraction: float, message: str) -> None:
        """Take note of how far it is. Raises LeaseLost, or what `why_stop` said, when the work has to stop."""
        self._last_sign_of_life = time.monotonic()
        self._latest = (min(max(fraction, 0.0), 1.0), message[: self.longest_message])
        if self._stopped is not None:
            raise self._stopped

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
                    os._exit(70)  # hung in native code: only the end of the process frees the row
                try:
                    self._beat()
                except OperationalError:  # the database is away; the lease says when that is too long
                    connection.close()
        finally:
            connection.close()

    def _beat(self) -> None:
        fraction, message = self._latest
        if not self.mine().update(lease_until=lease_until(), progress=fraction, message=message):
            self._stopped = LeaseLost()
            return
        if (fraction, message) != (self.row.progress, self.row.message):
            self.row.progress, self.row.message = fraction, message
            self.announce()
        self._stopped = self._stopped or self.why_stop()
