"""Sets of primitives, and the export of what is selected."""

from __future__ import annotations

from django.http import StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.utils.http import content_disposition_header
from django.utils.text import slugify
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backend.common.pagination import CursorPage
from backend.projects.models import Role
from backend.projects.selectors import project_for
from backend.runs.models import Run
from backend.selections import selectors, services
from backend.selections.api.export import as_csv, as_json
from backend.selections.api.serializers import (
    ChangeSetSerializer,
    ExportSerializer,
    PrimitiveSetDetailSerializer,
    PrimitiveSetSerializer,
    SaveSetSerializer,
)
from backend.selections.exceptions import NotOfThisRun
from backend.selections.models import PrimitiveSet
from backend.vocabulary.api.serializers import SegmentPageSerializer, SegmentSerializer
from backend.vocabulary.blind import veiled


class ProjectSets(APIView):
    @extend_schema(
        operation_id="sets_list",
        parameters=[OpenApiParameter("run", int, description="Only sets of this run.")],
        responses=PrimitiveSetSerializer(many=True),
    )
    def get(self, request: Request, id: int) -> Response:
        rows = selectors.sets_visible_to(request.user).filter(project=project_for(request.user, id))
        if (run := request.query_params.get("run", "")).isdecimal():
            rows = rows.filter(run=run[:18])
        return Response(PrimitiveSetSerializer(rows.order_by("-created_at", "-pk"), many=True).data)

    @extend_schema(operation_id="sets_create", request=SaveSetSerializer, responses={201: PrimitiveSetSerializer})
    def post(self, request: Request, id: int) -> Response:
        project = project_for(request.user, id, Role.MANAGER)
        wanted = SaveSetSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        asked = wanted.validated_data
        run = project.runs.filter(pk=asked.pop("run")).first()
        if run is None:
            raise NotOfThisRun("The run is not one of this project.")
        saved = services.save_set(run=run, by=request.user, **asked)
        row = selectors.sets_visible_to(request.user).get(pk=saved.pk)
        return Response(PrimitiveSetSerializer(row).data, status=status.HTTP_201_CREATED)


class SetDetail(APIView):
    def _set(self, request: Request, id: int, minimum: Role) -> PrimitiveSet:
        found = get_object_or_404(selectors.sets_visible_to(request.user), pk=id)
        project_for(request.user, found.project_id, minimum)
        return found

    @extend_schema(operation_id="sets_get", responses=PrimitiveSetDetailSerializer)
    def get(self, request: Request, id: int) -> Response:
        return Response(PrimitiveSetDetailSerializer(self._set(request, id, Role.VIEWER)).data)

    @extend_schema(operation_id="sets_change", request=ChangeSetSerializer, responses=PrimitiveSetSerializer)
    def patch(self, request: Request, id: int) -> Response:
        found = self._set(request, id, Role.MANAGER)
        wanted = ChangeSetSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        if wanted.validated_data:
            services.change_set(found, by=request.user, **wanted.validated_data)
        return Response(PrimitiveSetSerializer(self._set(request, id, Role.VIEWER)).data)

    @extend_schema(operation_id="sets_delete", responses={204: None})
    def delete(self, request: Request, id: int) -> Response:
        services.delete_set(self._set(request, id, Role.MANAGER), by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)


class SetSegments(APIView):
    @extend_schema(
        operation_id="sets_segments",
        parameters=[OpenApiParameter("cursor", str), OpenApiParameter("limit", int)],
        responses=SegmentPageSerializer,
    )
    def get(self, request: Request, id: int) -> Response:
        found = get_object_or_404(selectors.sets_visible_to(request.user), pk=id)
        page = CursorPage()
        rows = page.paginate_queryset(selectors.segments_in(found), request)
        return page.get_paginated_response(SegmentSerializer(veiled(request.user, rows), many=True).data)


class RunExport(APIView):
    @extend_schema(
        operation_id="runs_export",
        description="The primitives with these ids as a file, a video at a time in time order. Times in seconds.",
        request=ExportSerializer,
        responses={(200, "text/csv"): OpenApiTypes.STR, (200, "application/json"): OpenApiTypes.OBJECT},
    )
    def post(self, request: Request, id: int) -> StreamingHttpResponse:
        run = get_object_or_404(Run.objects.visible_to(request.user), pk=id)
        wanted = ExportSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        asked = wanted.validated_data
        ids = selectors.export_order(run, services.checked_ids(run, asked["ids"]))
        name = f"{slugify(asked['name'], allow_unicode=True) or 'primitives'}-run-{run.number}.{asked['format']}"
        if asked["format"] == "csv":
            answer = StreamingHttpResponse(as_csv(ids, request.user), "text/csv; charset=utf-8")
        else:
            answer = StreamingHttpResponse(as_json(run.pk, ids, request.user), "application/json")
        answer["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
        return answer
