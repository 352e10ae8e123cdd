"""Requeue stages, examples and exports whose worker died or whose message was lost, and wake for webhooks that are
due, every two seconds, until stopped."""

import signal
import threading
import time
from typing import Any

from celery import current_app
from django.core.management.base import BaseCommand
from django.db import OperationalError, connection
from kombu.exceptions import OperationalError as BrokerAway

from backend.exports import services as exports
from backend.runs import reaper
from backend.search import services as search
from backend.webhooks import services as webhooks

EVERY_S = 2.0
INDEX_EVERY_S = 600.0


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: stop.set())
        reminded = time.monotonic()
        while not stop.wait(EVERY_S):
            try:
                reaper.reap()
                search.reap()
                webhooks.reap()
                exports.reap()
                if time.monotonic() - reminded > INDEX_EVERY_S:
                    reminded = time.monotonic()
                    current_app.send_task("vocabulary.index_spaces", queue="io", retry=False)
            except BrokerAway as error:
                self.stderr.write(f"the broker is away: {error}")
            except OperationalError as error:
                self.stderr.write(f"the database is away: {error}")
                connection.close()
