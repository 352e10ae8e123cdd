"""Which webhooks and deliveries somebody may see: an owner, those of the project; anybody else, none."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import OuterRef, Subquery
from django.shortcuts import get_object_or_404

from backend.projects.models import Project, Role, User
from backend.projects.selectors import project_for
from backend.webhooks.models import Delivery, Webhook, WebhookQuerySet


def webhook_rows(user: User | AnonymousUser) -> WebhookQuerySet:
    """The webhooks of the user's own projects, each with what became of its newest delivery."""
    newest = Delivery.objects.filter(webhook=OuterRef("pk")).order_by("-created_at")
    return Webhook.objects.visible_to(user).annotate(
        last_status=Subquery(newest.values("status")[:1]), last_at=Subquery(newest.values("created_at")[:1])
    )


def webhook_for(user: User | AnonymousUser, id: int) -> Webhook:
    """Raises Http404 where the project may not be seen, Forbidden for a member who does not own it."""
    found = get_object_or_404(Webhook.objects.filter(project__in=Project.objects.visible_to(user)), pk=id)
    project_for(user, found.project_id, Role.OWNER)
    return webhook_rows(user).get(pk=found.pk)


def delivery_for(user: User | AnonymousUser, id: UUID) -> Delivery:
    """The same for a delivery."""
    seen = Delivery.objects.filter(webhook__project__in=Project.objects.visible_to(user)).select_related("webhook")
    found = get_object_or_404(seen, pk=id)
    project_for(user, found.webhook.project_id, Role.OWNER)
    return found
