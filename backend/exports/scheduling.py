"""Waking workers for exports, and telling pages what became of them. Below the tasks: the web runs no `ml`."""

from __future__ import annotations

import logging
from uuid import UUID

from celery import current_app
from kombu.exceptions import OperationalError as BrokerAway

from backend.common import events
from backend.exports.models import Export

MAKE_EXPORT = "exports.make_export"  # the task's name
QUEUE = "cpu"

logger = logging.getLogger(__name__)


def wake(export_id: UUID) -> None:
    """Tell the workers that an export waits. A broker that is away loses nothing: the reaper wakes again."""
    try:
        current_app.send_task(MAKE_EXPORT, args=[str(export_id)], queue=QUEUE, retry=False)
    except BrokerAway as error:
        logger.warning("the broker is away, export %s stays queued: %s", export_id, error)


def announce(export: Export, status: str = "") -> None:
    """Tell open pages how far an export is."""
    events.publish(
        export.project_id,
        kind="exports",
        id=str(export.pk),
        status=status or export.status,
        progress=export.progress,
        message=export.message,
    )
