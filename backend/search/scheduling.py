"""Waking workers for examples, and telling pages what became of them. Below the tasks: the web loads no `ml`."""

from __future__ import annotations

import logging
from uuid import UUID

from celery import current_app
from kombu.exceptions import OperationalError as BrokerAway

from backend.common import events
from backend.search.models import Example

EMBED_EXAMPLE = "search.embed_example"  # the task's name
QUEUE = "gpu"  # where tokenizers are loaded

logger = logging.getLogger(__name__)


def wake(example_id: UUID) -> None:
    """Tell the workers that an example waits. A broker that is away loses nothing: the reaper wakes again."""
    try:
        current_app.send_task(EMBED_EXAMPLE, args=[str(example_id)], queue=QUEUE, retry=False)
    except BrokerAway as error:
        logger.warning("the broker is away, example %s stays queued: %s", example_id, error)


def announce(example: Example) -> None:
    """Tell open pages what became of an example."""
    events.publish(
        example.project_id,
        kind="example",
        id=str(example.pk),
        run=example.run_id,
        video=example.video_id,
        status=example.status,
    )
