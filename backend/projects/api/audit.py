"""The audit log of a project: pages of it, what it can be filtered by, and all of it as a table."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from typing import Any

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backend.common.database import ask
from backend.common.names import safe_cell
from backend.common.pagination import CursorPage
from backend.common.parameters import MAX_ID, Parameters
from backend.projects.models import AuditEntry, Project, Role, User
from backend.projects.selectors import project_for

ROWS_AT_ONCE = 2_000
COLUMNS = ("id", "at", "by", "kind", "summary")


class AuditEntrySerializer(serializers.ModelSerializer[AuditEntry]):
    by = serializers.CharField(source="by.shown_name", allow_null=True, default=None, help_text="Null: Kineme itself.")
    facts = serializers.JSONField()

    class Meta:
        model = AuditEntry
        fields = ("id", "at", "by", "kind", "summary", "facts")


class AuditPageSerializer(serializers.Serializer[Any]):
    results = AuditEntrySerializer(many=True)
    next = serializers.CharField(allow_null=True)


class AuditFilterSerializer(Parameters):
    kind = serializers.CharField(required=False, max_length=40, help_text="`noun.verb`, or a noun for all of it.")
    by = serializers.IntegerField(required=False, min_value=1, max_value=MAX_ID)


class AuditPageFilterSerializer(AuditFilterSerializer):
    cursor = serializers.CharField(required=False, max_length=200)
    limit = serializers.IntegerField(required=False, min_value=1, max_value=500)


class AuditPersonSerializer(serializers.ModelSerializer[User]):
    name = serializers.CharField(source="shown_name")

    class Meta:
        model = User
        fields = ("id", "name")


class AuditChoicesSerializer(serializers.Serializer[Any]):
    kinds = serializers.ListField(child=serializers.CharField())
    people = AuditPersonSerializer(many=True)


class NewestFirst(CursorPage):
    ordering = ("-id",)


def _entries(request: Request, project: Project, asked: dict[str, Any]) -> QuerySet[AuditEntry]:
    rows = AuditEntry.objects.visible_to(request.user).filter(project=project).select_related("by")
    if kind := asked.get("kind"):
        rows = rows.filter(kind=kind) if "." in kind else rows.filter(kind__startswith=f"{kind}.")
    return rows.filter(by=asked["by"]) if "by" in asked else rows


class AuditLog(APIView):
    @extend_schema(
        operation_id="audit_list",
        description="The newest first. Nobody can change or delete an entry.",
        parameters=[AuditPageFilterSerializer],
        responses=AuditPageSerializer,
    )
    def get(self, request: Request, id: int) -> Response:
        project = project_for(request.user, id, Role.MANAGER)
        form = AuditPageFilterSerializer(data=request.query_params.dict())
        form.is_valid(raise_exception=True)
        page = NewestFirst()
        rows = page.paginate_queryset(_entries(request, project, form.validated_data).order_by("-id"), request)
        return page.get_paginated_response(AuditEntrySerializer(rows, many=True).data)


class AuditChoices(APIView):
    @extend_schema(operation_id="audit_choices", responses=AuditChoicesSerializer)
    def get(self, request: Request, id: int) -> Response:
        """What the log can be filtered by: kinds and people that occur in it."""
        project = project_for(request.user, id, Role.MANAGER)
        rows = AuditEntry.objects.filter(project=project).order_by()
        kinds = sorted(rows.values_list("kind", flat=True).distinct())
        people = User.objects.filter(pk__in=rows.values("by")).order_by("username")
        return Response(AuditChoicesSerializer({"kinds": kinds, "people": people}).data)


class AuditTable(APIView):
    @extend_schema(
        operation_id="audit_table",
        description="All entries that fit, the newest first, as CSV.",
        parameters=[AuditFilterSerializer],
        responses={(200, "text/csv"): OpenApiTypes.STR},
    )
    def get(self, request: Request, id: int) -> StreamingHttpResponse:
        project = project_for(request.user, id, Role.MANAGER)
        form = AuditFilterSerializer(data=request.query_params.dict())
        form.is_valid(raise_exception=True)
        rows = _entries(request, project, form.validated_data)
        answer = StreamingHttpResponse(as_csv(rows), "text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="audit-{project.pk}.csv"'
        return answer


async def as_csv(entries: QuerySet[AuditEntry]) -> AsyncIterator[str]:
    yield ",".join(COLUMNS) + "\r\n"
    before = MAX_ID
    while rows := await ask(_part, entries, before):
        text = io.StringIO()
        table = csv.writer(text)
        for row in rows:
            name = row.by.shown_name if row.by is not None else ""
            table.writerow([row.pk, row.at.isoformat(), safe_cell(name), row.kind, safe_cell(row.summary)])
        yield text.getvalue()
        before = rows[-1].pk


def _part(entries: QuerySet[AuditEntry], before: int) -> list[AuditEntry]:
    return list(entries.filter(pk__lt=before).order_by("-pk")[:ROWS_AT_ONCE])
