"""Writing down what is to be told, and waking workers for it."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from celery import current_app
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerAway

from backend.webhooks.models import Delivery, Webhook, WebhookEvent

DELIVER = "webhooks.deliver"  # the task's name
QUEUE = "io"

logger = logging.getLogger(__name__)


def tell(project_id: int, event: WebhookEvent, facts: dict[str, Any]) -> list[Delivery]:
    """Write one delivery for every address that asked for the event, in the transaction of what happened."""
    asked = Webhook.objects.filter(project=project_id, active=True, events__contains=[event])
    return [write(webhook, event, facts) for webhook in asked]


def write(webhook: Webhook, event: WebhookEvent, facts: dict[str, Any]) -> Delivery:
    """One delivery; a worker is woken for it once the transaction is in."""
    id = uuid4()
    body = {
        "id": str(id),
        "event": event,
        "at": timezone.now().isoformat(),
        "project": webhook.project_id,
        "facts": facts,
    }
    delivery = Delivery.objects.create(id=id, webhook=webhook, event=event, body=body)
    transaction.on_commit(partial(wake, id))
    return delivery


def wake(delivery_id: UUID) -> None:
    """Tell the workers that a delivery is due. A broker that is away loses nothing: the reaper wakes again."""
    try:
        current_app.send_task(DELIVER, args=[str(delivery_id)], queue=QUEUE, retry=False)
    except BrokerAway as error:
        logger.warning("the broker is away, delivery %s stays due: %s", delivery_id, error)
