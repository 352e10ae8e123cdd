"""Versions of a vocabulary: freeze one, look at one, compare two."""

from __future__ import annotations

from dataclasses import asdict

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backend.common.parameters import MAX_ID
from backend.projects.models import Role
from backend.projects.selectors import project_for
from backend.versions import frozen, selectors, services
from backend.versions.api.serializers import (
    FreezePreviewSerializer,
    FreezeSerializer,
    VersionDetailSerializer,
    VersionDiffSerializer,
    VersionSerializer,
)
from backend.vocabulary.blind import judges_blind


class ProjectVersions(APIView):
    @extend_schema(operation_id="versions_list", responses=VersionSerializer(many=True))
    def get(self, request: Request, id: int) -> Response:
        rows = selectors.versions_visible_to(request.user).filter(project=project_for(request.user, id))
        return Response(VersionSerializer(rows.order_by("-number"), many=True).data)

    @extend_schema(
        operation_id="versions_freeze",
        description="Keep the vocabulary over a run as it is now. The same content again is refused with its number.",
        request=FreezeSerializer,
        responses={201: VersionSerializer},
    )
    def post(self, request: Request, id: int) -> Response:
        project = project_for(request.user, id, Role.MANAGER)
        wanted = FreezeSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        asked = wanted.validated_data
        run = get_object_or_404(project.runs, pk=asked.pop("run"))
        version = services.freeze(run=run, by=request.user, **asked)
        row = selectors.versions_visible_to(request.user).get(pk=version.pk)
        return Response(VersionSerializer(row).data, status=status.HTTP_201_CREATED)


class FreezePreview(APIView):
    @extend_schema(
        operation_id="versions_preview",
        description="What a version of the run would hold if it were frozen now.",
        parameters=[OpenApiParameter("run", int, required=True)],
        responses=FreezePreviewSerializer,
    )
    def get(self, request: Request, id: int) -> Response:
        project = project_for(request.user, id)
        number = serializers.IntegerField(min_value=1, max_value=MAX_ID)
        run = get_object_or_404(project.runs, pk=number.run_validation(request.query_params.get("run")))
        return Response(FreezePreviewSerializer(selectors.preview(run)).data)


class VersionDetail(APIView):
    @extend_schema(operation_id="versions_get", responses=VersionDetailSerializer)
    def get(self, request: Request, id: int) -> Response:
        version = get_object_or_404(selectors.versions_visible_to(request.user), pk=id)
        content = frozen.load(version.digest)
        context = {"content": content, "actions": selectors.actions_of(content)}
        return Response(VersionDetailSerializer(version, context=context).data)


class VersionDiff(APIView):
    @extend_schema(
        operation_id="versions_diff",
        description="What changed from the first version to the other, with primitives to look at.",
        responses=VersionDiffSerializer,
    )
    def get(self, request: Request, id: int, other: int) -> Response:
        rows = selectors.versions_visible_to(request.user)
        before = get_object_or_404(rows, pk=id)
        after = get_object_or_404(rows, pk=other, project=before.project_id)
        found = asdict(selectors.diff(before, after))
        if judges_blind(request.user, before.project_id):
            for changes in (found["quality"], found["edges"]):  # what single primitives were given
                changes["examples"] = []
        return Response(VersionDiffSerializer({"before": before, "after": after, **found}).data)
