"""What owners cause: addresses added, changed and removed, things told again. And the reaper's round."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from urllib.parse import urlsplit

from django.db import transaction
from django.utils import timezone

from backend.common import outside
from backend.projects import audit
from backend.projects.models import Project, User
from backend.runs.reaper import is_empty
from backend.webhooks import scheduling
from backend.webhooks.exceptions import StillWaiting, SwitchedOff, TooManyWebhooks
from backend.webhooks.models import Delivery, DeliveryStatus, Webhook, WebhookEvent

AT_MOST = 20  # of one project
KEPT_FOR = timedelta(days=30)
WOKEN_AT_ONCE = 100
UNDELIVERED_AFTER = timedelta(seconds=5)


def add_webhook(*, project: Project, url: str, events: Sequence[str], by: User) -> Webhook:
    """An address to tell, with a secret of its own that signs what is sent.

    Raises:
        AddressRefused: nothing may be sent there.
        TooManyWebhooks: the project has as many as it may.
    """
    outside.check(url)  # asks a name server, so before the transaction
    with transaction.atomic():
        Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        if project.webhooks.count() >= AT_MOST:
            raise TooManyWebhooks(f"A project may have {AT_MOST} webhooks.")
        made = project.webhooks.create(url=url, secret=_new_secret(), events=_in_order(events), created_by=by)
        _record(made, by, "webhook.added", f"Added a webhook to {_host(url)}")
    return made


def change_webhook(
    webhook: Webhook,
    *,
    by: User,
    url: str | None = None,
    events: Sequence[str] | None = None,
    active: bool | None = None,
) -> None:
    """Change what is given. Switching on forgets why it was off; what waited meanwhile is sent then.

    Raises:
        AddressRefused: nothing may be sent there.
    """
    if url is not None and url != webhook.url:
        outside.check(url)
    with transaction.atomic():
        webhook = Webhook.objects.select_for_update().get(pk=webhook.pk)
        webhook.url = url if url is not None else webhook.url
        webhook.events = _in_order(events) if events is not None else webhook.events
        if active is not None:
            webhook.active, webhook.stopped = active, ""
        webhook.save(update_fields=["url", "events", "active", "stopped"])
        _record(webhook, by, "webhook.changed", f"Changed the webhook to {_host(webhook.url)}")


@transaction.atomic
def replace_secret(webhook: Webhook, *, by: User) -> Webhook:
    """Sign with another secret from now on, also what is still waiting: the old one is known to somebody, or lost."""
    webhook = Webhook.objects.select_for_update().get(pk=webhook.pk)
    webhook.secret = _new_secret()
    webhook.save(update_fields=["secret"])
    _record(webhook, by, "webhook.secret", f"Replaced the secret of the webhook to {_host(webhook.url)}")
    return webhook


def _new_secret() -> str:
    return f"whsec_{secrets.token_urlsafe(32)}"


@transaction.atomic
def remove_webhook(webhook: Webhook, *, by: User) -> None:
    """Gone with its deliveries."""
    _record(webhook, by, "webhook.removed", f"Removed the webhook to {_host(webhook.url)}")
    webhook.delete()


def _record(webhook: Webhook, by: User, kind: str, summary: str) -> None:
    audit.record(webhook.project_id, by=by, kind=kind, summary=summary, webhook=webhook.pk)  # the path may be a secret


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


def _in_order(events: Sequence[str]) -> list[str]:
    return [event for event in WebhookEvent.values if event in events]


@transaction.atomic
def send_test(webhook: Webhook, *, by: User) -> Delivery:
    """Tell the address that it is being tried.

    Raises:
        SwitchedOff: it gets nothing now.
        StillWaiting: the last try is still under way.
    """
    webhook = Webhook.objects.select_for_update().get(pk=webhook.pk)
    if not webhook.active:
        raise SwitchedOff("This webhook is switched off. Switch it on first.")
    if webhook.deliveries.filter(event=WebhookEvent.TEST, status=DeliveryStatus.WAITING).exists():
        raise StillWaiting("The last test has not arrived yet; it is still being tried.")
    return scheduling.write(webhook, WebhookEvent.TEST, {"asked_by": by.username})


@transaction.atomic
def redeliver(delivery: Delivery) -> Delivery:
    """Send what was sent or given up again, under the same id, so a receiver that has it can tell.

    Raises:
        SwitchedOff: the address gets nothing now.
        StillWaiting: it is still being tried.
    """
    delivery = Delivery.objects.select_for_update(of=("self",)).select_related("webhook").get(pk=delivery.pk)
    if not delivery.webhook.active:
        raise SwitchedOff("This webhook is switched off. Switch it on first.")
    if delivery.status == DeliveryStatus.WAITING:
        raise StillWaiting("This is still being tried.")
    delivery.status, delivery.attempt, delivery.next_at = DeliveryStatus.WAITING, 0, timezone.now()
    delivery.answer, delivery.reason, delivery.sent_at = None, "", None
    delivery.save()
    transaction.on_commit(partial(scheduling.wake, delivery.pk))
    return delivery


def reap() -> int:
    """One round of the reaper: wake for what is due, drop what is old. Returns how many were woken."""
    Delivery.objects.filter(
        status__in=(DeliveryStatus.SENT, DeliveryStatus.FAILED), next_at__lt=timezone.now() - KEPT_FOR
    ).delete()
    before = timezone.now() - UNDELIVERED_AFTER  # what has just been written has its message already
    late = Delivery.objects.due().filter(next_at__lt=before).order_by("next_at")
    waiting = list(late.values_list("pk", flat=True)[:WOKEN_AT_ONCE])
    if not waiting or not is_empty(scheduling.QUEUE):
        return 0
    for pk in waiting:
        scheduling.wake(pk)
    return len(waiting)
