"""What happens elsewhere, heard and written down as deliveries."""

from __future__ import annotations

from typing import Any

from django.dispatch import Signal

from backend.common import happenings
from backend.webhooks import scheduling
from backend.webhooks.models import WebhookEvent

EVENTS: dict[WebhookEvent, Signal] = {
    WebhookEvent.RUN_FINISHED: happenings.run_finished,
    WebhookEvent.REVIEW_DONE: happenings.review_done,
    WebhookEvent.EXPORT_READY: happenings.export_ready,
}


def connect() -> None:
    """Listen. Once a process: the name of each receiver keeps it from being added twice."""
    for event, signal in EVENTS.items():
        signal.connect(_receiver(event), weak=False, dispatch_uid=f"webhooks.{event}")


def _receiver(event: WebhookEvent) -> Any:
    def hear(sender: object, *, project_id: int, facts: dict[str, Any], **_: object) -> None:
        scheduling.tell(project_id, event, facts)

    return hear
