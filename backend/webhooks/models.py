"""Other systems that want to know, and what was sent to them."""

from __future__ import annotations

import uuid
from typing import Self

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from backend.projects.models import Project, Role, User


class WebhookEvent(models.TextChoices):
    RUN_FINISHED = "run.finished"
    REVIEW_DONE = "review.done"
    EXPORT_READY = "export.ready"
    TEST = "webhook.test"  # asked for by hand; not one to subscribe to


SUBSCRIBABLE = [choice for choice in WebhookEvent.choices if choice[0] != WebhookEvent.TEST]


class WebhookQuerySet(models.QuerySet["Webhook"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Those of projects the user owns: an address may hold a secret."""
        return self.filter(project__in=Project.objects.with_role(user, Role.OWNER))


class Webhook(models.Model):
    """An address that is told of what happens in a project, in a signed POST."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="webhooks")
    url = models.URLField(max_length=2000)
    secret = models.CharField(max_length=64, help_text="Signs what is sent; shown once, when it is made.")
    events = ArrayField(models.CharField(max_length=20, choices=WebhookEvent))
    active = models.BooleanField(default=True)
    stopped = models.CharField(max_length=300, blank=True, help_text="Why we switched it off ourselves, if we did.")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = WebhookQuerySet.as_manager()

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return self.url


class DeliveryStatus(models.TextChoices):
    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        return self.filter(webhook__in=Webhook.objects.visible_to(user))

    def due(self) -> Self:
        return self.filter(status=DeliveryStatus.WAITING, next_at__lte=timezone.now(), webhook__active=True)


class Delivery(models.Model):
    """One thing told to one address. Sent at least once: `id` lets the receiver tell a repetition."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    event = models.CharField(max_length=20, choices=WebhookEvent)
    body = models.JSONField()
    status = models.CharField(max_length=8, choices=DeliveryStatus, default=DeliveryStatus.WAITING)
    attempt = models.PositiveIntegerField(default=0)
    next_at = models.DateTimeField(auto_now_add=True, help_text="Due then; while it is being sent, its lease.")
    answer = models.PositiveIntegerField(null=True, blank=True, help_text="HTTP status of the last attempt.")
    reason = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField(null=True, blank=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)
        indexes = [models.Index(fields=("status", "next_at"), name="delivery_due")]

    def __str__(self) -> str:
        return f"{self.event} to {self.webhook}"
