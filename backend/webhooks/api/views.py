"""Webhooks of a project, for its owners."""

from __future__ import annotations

from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backend.common.pagination import CursorPage
from backend.projects.models import Role
from backend.projects.selectors import project_for
from backend.webhooks import selectors, services
from backend.webhooks.api.serializers import (
    DeliveryPageSerializer,
    DeliverySerializer,
    WebhookChangeSerializer,
    WebhookCreateSerializer,
    WebhookMadeSerializer,
    WebhookSerializer,
)


class ProjectWebhooks(APIView):
    @extend_schema(operation_id="webhooks_list", responses=WebhookSerializer(many=True))
    def get(self, request: Request, id: int) -> Response:
        project = project_for(request.user, id, Role.OWNER)
        rows = selectors.webhook_rows(request.user).filter(project=project)
        return Response(WebhookSerializer(rows, many=True).data)

    @extend_schema(
        operation_id="webhooks_create", request=WebhookCreateSerializer, responses={201: WebhookMadeSerializer}
    )
    def post(self, request: Request, id: int) -> Response:
        """Add an address. The answer holds the secret that signs what is sent, which is never shown again."""
        project = project_for(request.user, id, Role.OWNER)
        asked = WebhookCreateSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        made = services.add_webhook(project=project, by=request.user, **asked.validated_data)
        return Response(WebhookMadeSerializer(made).data, status=status.HTTP_201_CREATED)


class WebhookDetail(APIView):
    @extend_schema(operation_id="webhooks_change", request=WebhookChangeSerializer, responses=WebhookSerializer)
    def patch(self, request: Request, id: int) -> Response:
        webhook = selectors.webhook_for(request.user, id)
        asked = WebhookChangeSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        services.change_webhook(webhook, by=request.user, **asked.validated_data)
        return Response(WebhookSerializer(selectors.webhook_for(request.user, id)).data)

    @extend_schema(operation_id="webhooks_delete", responses={204: None})
    def delete(self, request: Request, id: int) -> Response:
        services.remove_webhook(selectors.webhook_for(request.user, id), by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)


class WebhookTest(APIView):
    @extend_schema(operation_id="webhooks_test", request=None, responses={201: DeliverySerializer})
    def post(self, request: Request, id: int) -> Response:
        """Send a test; its delivery says what came of it."""
        delivery = services.send_test(selectors.webhook_for(request.user, id), by=request.user)
        return Response(DeliverySerializer(delivery).data, status=status.HTTP_201_CREATED)


class WebhookSecret(APIView):
    @extend_schema(operation_id="webhooks_replace_secret", request=None, responses={201: WebhookMadeSerializer})
    def post(self, request: Request, id: int) -> Response:
        """Another secret from now on. The answer holds it, and it is never shown again."""
        webhook = services.replace_secret(selectors.webhook_for(request.user, id), by=request.user)
        return Response(WebhookMadeSerializer(webhook).data, status=status.HTTP_201_CREATED)


class WebhookDeliveries(APIView):
    @extend_schema(
        operation_id="webhooks_deliveries",
        parameters=[OpenApiParameter("cursor", str), OpenApiParameter("limit", int)],
        responses=DeliveryPageSerializer,
    )
    def get(self, request: Request, id: int) -> Response:
        webhook = selectors.webhook_for(request.user, id)
        pages = CursorPage()
        pages.ordering = ("-created_at", "-id")
        page = pages.paginate_queryset(webhook.deliveries.all(), request, view=self)
        return pages.get_paginated_response(DeliverySerializer(page, many=True).data)


class Redeliver(APIView):
    @extend_schema(operation_id="deliveries_redeliver", request=None, responses=DeliverySerializer)
    def post(self, request: Request, id: UUID) -> Response:
        """Send it again, under the same id."""
        delivery = services.redeliver(selectors.delivery_for(request.user, id))
        return Response(DeliverySerializer(delivery).data)
