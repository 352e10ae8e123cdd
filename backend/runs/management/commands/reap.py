"""Requeue stages whose worker died or whose message was lost, every two seconds, until stopped."""

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand
from django.db import OperationalError, connection

from backend.runs.reaper import reap

EVERY_S = 2.0


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: stop.set())
        while not stop.wait(EVERY_S):
            try:
                reap()
            except OperationalError as error:
                self.stderr.write(f"the database is away: {error}")
                connection.close()
