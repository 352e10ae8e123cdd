"""Asking for exports, watching them, fetching the file."""

from __future__ import annotations

from urllib.parse import quote
from uuid import UUID

from asgiref.sync import async_to_sync
from django.db import connections
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.text import slugify
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backend.common.artefacts import store
from backend.common.byte_range import StoredFile, send_file
from backend.exports import options, selectors, services
from backend.exports.api.serializers import (
    AskExportSerializer,
    ExportDetailSerializer,
    ExportSerializer,
    PreviewSerializer,
)
from backend.exports.kinds import ARCHIVE
from backend.exports.models import Export
from backend.projects.models import Project, Role, User
from backend.projects.selectors import project_for
from backend.versions.models import VocabularyVersion


def _asked(request: Request, project: Project) -> tuple[VocabularyVersion, str, dict[str, object] | None]:
    form = AskExportSerializer(data=request.data)
    form.is_valid(raise_exception=True)
    asked = form.validated_data
    version = get_object_or_404(project.versions.select_related("run"), pk=asked["version"])
    return version, asked["kind"], asked["options"]


def _export(user: User, pk: UUID, minimum: Role = Role.VIEWER) -> Export:
    found = get_object_or_404(selectors.exports_visible_to(user), pk=pk)
    project_for(user, found.project_id, minimum)
    return found


class ProjectExports(APIView):
    @property
    def required_scope(self) -> str | None:
        """What a token has to be for: making files to hand on is more than reading."""
        return "export" if self.request.method == "POST" else None

    @extend_schema(operation_id="exports_list", responses=ExportSerializer(many=True))
    def get(self, request: Request, id: int) -> Response:
        """The exports of a project, newest first."""
        project = project_for(request.user, id)
        rows = selectors.exports_visible_to(request.user).filter(project=project)
        return Response(ExportSerializer(rows, many=True).data)

    @extend_schema(
        operation_id="exports_create",
        request=AskExportSerializer,
        responses={
            201: ExportDetailSerializer,
            200: ExportDetailSerializer,
        },
        description="An equal export that is still being made is given back (200).",
    )
    def post(self, request: Request, id: int) -> Response:
        project = project_for(request.user, id, Role.MANAGER)
        version, kind, given = _asked(request, project)
        made, new = services.ask(project=project, version=version, kind=kind, given=given, by=request.user)
        row = _export(request.user, made.pk)
        return Response(
            ExportDetailSerializer(row, context={"readme": selectors.readme_of(row)}).data,
            status=status.HTTP_201_CREATED if new else status.HTTP_200_OK,
        )


class ExportPreview(APIView):
    @extend_schema(operation_id="exports_preview", request=AskExportSerializer, responses=PreviewSerializer)
    def post(self, request: Request, id: int) -> Response:
        """How much such an export would hold. Nothing is made."""
        project = project_for(request.user, id)
        version, kind, given = _asked(request, project)
        return Response(PreviewSerializer(selectors.preview(version, options.checked(kind, given))).data)


class ExportDetail(APIView):
    @extend_schema(operation_id="exports_get", responses=ExportDetailSerializer)
    def get(self, request: Request, id: UUID) -> Response:
        row = _export(request.user, id)
        return Response(ExportDetailSerializer(row, context={"readme": selectors.readme_of(row)}).data)

    @extend_schema(operation_id="exports_delete", responses={204: None})
    def delete(self, request: Request, id: UUID) -> Response:
        """Forget an export and its file; one that is being made stops."""
        services.delete(export=_export(request.user, id, Role.MANAGER), by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)


class ExportCancel(APIView):
    @extend_schema(operation_id="exports_cancel", request=None, responses=ExportSerializer)
    def post(self, request: Request, id: UUID) -> Response:
        stopped = services.cancel(export=_export(request.user, id, Role.MANAGER), by=request.user)
        return Response(ExportSerializer(_export(request.user, stopped.pk)).data)


class ExportFile(APIView):
    required_scope = "export"

    @extend_schema(
        operation_id="exports_file",
        description="The file, whole or the range asked for. `X-Content-SHA256` names its content.",
        parameters=[OpenApiParameter("Range", str, OpenApiParameter.HEADER)],
        responses={(200, "application/x-tar"): OpenApiTypes.BINARY, (206, "application/x-tar"): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, id: UUID) -> HttpResponseBase:
        export = _export(request.user, id, Role.MANAGER)
        services.check_has_file(export)
        stored = StoredFile(store().path(export.key) / ARCHIVE, "application/x-tar", export.sha256, export.filename)
        _give_connections_back()
        answer = async_to_sync(send_file)(request._request, stored)
        if answer.status_code in (200, 206, 304):
            answer["X-Content-SHA256"] = export.sha256
            answer["Content-Disposition"] = attachment(export.filename)
        return answer


def attachment(name: str) -> str:
    """A name for every client: plain ASCII, and the real one for those that read RFC 5987."""
    stem, _, suffix = name.rpartition(".")
    plain = f"{slugify(stem) or 'export'}.{suffix}"
    return f'attachment; filename="{plain}"' + ("" if plain == name else f"; filename*=UTF-8''{quote(name, safe='')}")


def _give_connections_back() -> None:
    """Before a download of minutes: a handful of them would hold the whole pool."""
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()
