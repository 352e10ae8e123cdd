"""Gives work that nobody holds any more back to the queue.

Work is left behind in two ways: its worker died (the lease runs out), or its message was lost with the broker (the row
is queued and the broker's queue is empty).
"""

from __future__ import annotations

import logging
from datetime import timedelta

from celery import current_app
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerAway

from backend.runs import scheduling
from backend.runs.models import Run, StageExecution, Status

UNDELIVERED_AFTER = timedelta(seconds=10)

logger = logging.getLogger(__name__)


def reap() -> int:
    """One round. Returns how many stages were woken or given up."""
    return _expired() + _undelivered()


def _expired() -> int:
    stale = StageExecution.objects.filter(status=Status.RUNNING, lease_until__lt=timezone.now())
    return sum(_requeue(pk) for pk in stale.values_list("pk", flat=True))


@transaction.atomic
def _requeue(pk: int) -> int:
    row = StageExecution.objects.select_related("run").get(pk=pk)
    if row.run_id is not None:
        Run.objects.select_for_update().get(pk=row.run_id)
    row = StageExecution.objects.select_for_update(of=("self",)).select_related("run", "video").get(pk=pk)
    if row.status != Status.RUNNING or row.lease_until is None or row.lease_until >= timezone.now():
        return 0  # it came back to life, or somebody else was faster
    logger.warning("%s lost its worker %s on attempt %s", row, row.worker, row.attempt)
    if row.run is not None and row.run.cancel_requested:
        _give_up(row, Status.CANCELLED, "")
    elif row.attempt >= settings.MAX_ATTEMPTS:
        reason = f"The worker stopped {row.attempt} times during this step: it was killed, or ran out of memory."
        _give_up(row, Status.FAILED, reason)
    else:
        scheduling.queue(row)
    return 1


def _give_up(row: StageExecution, status: Status, reason: str) -> None:
    row.status, row.reason, row.finished_at, row.lease_until = status, reason, timezone.now(), None
    row.save(update_fields=["status", "reason", "finished_at", "lease_until"])
    scheduling.announce(row)
    if row.run_id is not None:
        scheduling.advance(row.run_id)
    elif row.video is not None:
        scheduling.fail_video(row.video, reason)


def _undelivered() -> int:
    lost = StageExecution.objects.filter(status=Status.QUEUED, queued_at__lt=timezone.now() - UNDELIVERED_AFTER)
    waiting = list(lost.order_by("queued_at"))
    empty = {name for name in {row.queue for row in waiting} if is_empty(name)}
    due = [row for row in waiting if row.queue in empty]
    for row in due:
        scheduling.wake(row.pk, row.queue)
    return len(due)


def is_empty(queue_name: str) -> bool:
    """True if the broker holds no message in the queue; False if it does, or cannot be asked."""
    try:
        with current_app.connection_for_write() as connection:
            declared = connection.default_channel.queue_declare(queue=queue_name, passive=True)
            return int(declared.message_count) == 0
    except (BrokerAway, OSError):
        return False
    except connection.channel_errors:  # the queue has never been used
        return True
