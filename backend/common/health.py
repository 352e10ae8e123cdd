"""Whether the parts of the server answer. Open to anyone, so it says yes or no and nothing else."""

from __future__ import annotations

import threading
import time
from typing import Any

from celery import current_app
from django.db import DatabaseError, connection
from drf_spectacular.utils import extend_schema
from kombu.exceptions import OperationalError as BrokerAway
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

ASK_WORKERS_FOR_S = 0.5
ANSWER_STAYS_TRUE_FOR_S = 5.0  # anyone may ask: more often than this they get the last answer

_asking = threading.Lock()
_last: tuple[float, dict[str, Any]] = (float("-inf"), {})


class HealthSerializer(serializers.Serializer[Any]):
    database = serializers.BooleanField()
    broker = serializers.BooleanField()
    workers = serializers.IntegerField(help_text="Worker processes that answered.")


class HealthView(APIView):
    permission_classes = [AllowAny]
    authentication_classes = []

    @extend_schema(operation_id="health", responses={200: HealthSerializer, 503: HealthSerializer})
    def get(self, request: Request) -> Response:
        health = current_health()
        return Response(health, status=200 if health["database"] and health["broker"] else 503)


def current_health() -> dict[str, Any]:
    global _last
    with _asking:
        asked_at, health = _last
        if time.monotonic() - asked_at > ANSWER_STAYS_TRUE_FOR_S:
            broker = _broker_answers()
            workers = current_app.control.ping(timeout=ASK_WORKERS_FOR_S) if broker else []
            health = {"broker": broker, "workers": len(workers)}
            _last = (time.monotonic(), health)
    return {"database": _database_answers(), **health}


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _broker_answers() -> bool:
    try:
        with current_app.connection_for_read() as broker:
            broker.ensure_connection(max_retries=1, timeout=1, errback=None)
    except (BrokerAway, OSError):
        return False
    return True
