"""Webhooks and deliveries as the API takes and shows them."""

from typing import Any

from rest_framework import serializers

from backend.common import outside
from backend.webhooks.models import SUBSCRIBABLE, Delivery, DeliveryStatus, Webhook, WebhookEvent


def _events(**more: Any) -> serializers.ListField:
    return serializers.ListField(
        child=serializers.ChoiceField(choices=SUBSCRIBABLE),
        allow_empty=False,
        max_length=len(SUBSCRIBABLE),
        **more,
    )


class WebhookCreateSerializer(serializers.Serializer[Any]):
    url = serializers.CharField(max_length=outside.LONGEST_URL)
    events = _events()


class WebhookChangeSerializer(serializers.Serializer[Any]):
    url = serializers.CharField(max_length=outside.LONGEST_URL, required=False)
    events = _events(required=False)
    active = serializers.BooleanField(required=False)


class WebhookSerializer(serializers.ModelSerializer[Webhook]):
    """An address. The secret is not here: it is shown once, when the webhook is made."""

    events = serializers.ListField(child=serializers.ChoiceField(choices=SUBSCRIBABLE))
    last_status = serializers.ChoiceField(choices=DeliveryStatus.choices, allow_null=True, default=None)
    last_at = serializers.DateTimeField(allow_null=True, default=None)

    class Meta:
        model = Webhook
        fields = ("id", "url", "events", "active", "stopped", "created_at", "last_status", "last_at")


class WebhookMadeSerializer(WebhookSerializer):
    """With the secret, this once."""

    class Meta(WebhookSerializer.Meta):
        fields = (*WebhookSerializer.Meta.fields, "secret")


class DeliverySerializer(serializers.ModelSerializer[Delivery]):
    """One thing told to one address."""

    event = serializers.ChoiceField(choices=WebhookEvent.choices)
    status = serializers.ChoiceField(choices=DeliveryStatus.choices)
    next_at = serializers.SerializerMethodField()
    body = serializers.JSONField()

    class Meta:
        model = Delivery
        fields = (
            "id", "event", "status", "attempt", "next_at", "answer", "reason", "created_at", "sent_at", "body",
        )  # fmt: skip

    def get_next_at(self, delivery: Delivery) -> str | None:
        """When it is tried next; null when it is not."""
        waiting = delivery.status == DeliveryStatus.WAITING
        return delivery.next_at.isoformat() if waiting else None


class DeliveryPageSerializer(serializers.Serializer[Any]):
    """A page, newest first. Give `next` back as `?cursor=`."""

    results = DeliverySerializer(many=True)
    next = serializers.CharField(allow_null=True)
