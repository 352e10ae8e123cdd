"""What workers do: send a delivery, and plan the next attempt where it was not taken."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from datetime import timedelta
from typing import Any

from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from backend import VERSION
from backend.common import outside
from backend.webhooks.models import Delivery, DeliveryStatus, Webhook

LEASE = timedelta(minutes=2)  # longer than the task's time limit, so the old holder is dead first
GAPS = [timedelta(minutes=m) for m in (1, 5, 15, 60, 3 * 60, 8 * 60, 24 * 60)]  # between 8 attempts: a day and a half


def run(delivery_id: str) -> None:
    """Claim a delivery, send it, and write down what came of it. Safe to call twice."""
    if (
        not Delivery.objects.due()
        .filter(pk=delivery_id)
        .update(attempt=F("attempt") + 1, next_at=timezone.now() + LEASE)
    ):
        return
    delivery = Delivery.objects.select_related("webhook").get(pk=delivery_id)
    try:
        answer = send(delivery)
    except outside.AddressRefused as error:
        _not_taken(delivery, None, error.sentence)
    except outside.NotReached as error:
        _not_taken(delivery, None, str(error))
    except SoftTimeLimitExceeded:
        _not_taken(delivery, None, "It did not answer in time.")
    else:
        if 200 <= answer < 300:
            _taken(delivery, answer)
        elif 300 <= answer < 400:
            _not_taken(delivery, answer, f"It answered {answer}, a redirect. Redirects are not followed.")
        else:
            _not_taken(delivery, answer, f"It answered {answer}.")


def send(delivery: Delivery) -> int:
    """One attempt. Returns the status of the answer. Raises what `outside.post` raises."""
    body = json.dumps(delivery.body, separators=(",", ":"), sort_keys=True).encode()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": f"Kineme/{VERSION}",
        "Kineme-Event": delivery.event,
        "Kineme-Delivery": str(delivery.pk),
        "Kineme-Signature": signature(delivery.webhook.secret, body, int(time.time())),
    }
    return outside.post(delivery.webhook.url, body, headers)


def signature(secret: str, body: bytes, at: int) -> str:
    """`t=seconds,v1=hex`: HMAC-SHA256 of `seconds.body`: an old message cannot be sent again as a new one."""
    return f"t={at},v1={hmac.new(secret.encode(), f'{at}.'.encode() + body, hashlib.sha256).hexdigest()}"


def _mine(delivery: Delivery, **values: Any) -> bool:
    """Write, unless somebody else has the delivery now."""
    held = Delivery.objects.filter(pk=delivery.pk, attempt=delivery.attempt, status=DeliveryStatus.WAITING)
    return bool(held.update(**values))


def _taken(delivery: Delivery, answer: int) -> None:
    _mine(delivery, status=DeliveryStatus.SENT, answer=answer, reason="", sent_at=timezone.now())


@transaction.atomic
def _not_taken(delivery: Delivery, answer: int | None, reason: str) -> None:
    if delivery.attempt <= len(GAPS):
        _mine(delivery, answer=answer, reason=reason, next_at=timezone.now() + GAPS[delivery.attempt - 1])
    elif _mine(delivery, status=DeliveryStatus.FAILED, answer=answer, reason=reason):
        _stop_if_dead(delivery, reason)


def _stop_if_dead(delivery: Delivery, reason: str) -> None:
    """Switch an address off that took nothing since this delivery was written, in all its attempts."""
    sent_since = Delivery.objects.filter(
        webhook=delivery.webhook_id, status=DeliveryStatus.SENT, sent_at__gte=delivery.created_at
    )
    if not sent_since.exists():
        stopped = f"Switched off after {delivery.attempt} attempts without success. {reason}"
        Webhook.objects.filter(pk=delivery.webhook_id, active=True).update(active=False, stopped=stopped[:300])
