"""Searching by example: a range of a video, or a clip somebody brings."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backend.projects.models import Project, Role
from backend.projects.selectors import project_for
from backend.search import selectors, services
from backend.search.api.serializers import ClipSerializer, ExampleSerializer, RangeSerializer
from backend.search.exceptions import NotSearchable
from backend.search.models import Example, ExampleStatus
from backend.vocabulary.api.serializers import SimilarFilterSerializer, SimilarSerializer
from backend.vocabulary.api.views import similar_answer, similar_candidates


class ProjectExamples(APIView):
    parser_classes = [JSONParser, MultiPartParser]

    @extend_schema(
        operation_id="examples_create",
        request={"application/json": RangeSerializer, "multipart/form-data": ClipSerializer},
        responses={201: ExampleSerializer},
    )
    def post(self, request: Request, id: int) -> Response:
        """A range is a question, so whoever sees the project may ask it; a file is for those who work in it."""
        if request.content_type.startswith("multipart/"):
            example = self._clip(request, project_for(request.user, id, Role.REVIEWER))
        else:
            example = self._range(request, project_for(request.user, id))
        return Response(ExampleSerializer(example).data, status=status.HTTP_201_CREATED)

    def _range(self, request: Request, project: Project) -> Example:
        asked = _checked(RangeSerializer(data=request.data))
        run = get_object_or_404(project.runs, pk=asked["run"])
        return services.search_by_range(
            project=project,
            by=request.user,
            run=run,
            video=get_object_or_404(run.videos, pk=asked["video"]),
            start_s=asked["start_s"],
            end_s=asked["end_s"],
        )

    def _clip(self, request: Request, project: Project) -> Example:
        asked = _checked(ClipSerializer(data=request.data))
        clip = asked["clip"]
        return services.search_by_clip(
            project=project,
            by=request.user,
            run=get_object_or_404(project.runs, pk=asked["run"]),
            filename=clip.name or "",
            size_bytes=clip.size,
            stream=clip,
        )


def _checked(serializer: Any) -> dict[str, Any]:
    serializer.is_valid(raise_exception=True)
    checked: dict[str, Any] = serializer.validated_data
    return checked


class ExampleDetail(APIView):
    @extend_schema(operation_id="examples_get", responses=ExampleSerializer)
    def get(self, request: Request, id: UUID) -> Response:
        return Response(ExampleSerializer(get_object_or_404(selectors.examples_visible_to(request.user), pk=id)).data)


class ExampleSimilar(APIView):
    @extend_schema(operation_id="examples_similar", parameters=[SimilarFilterSerializer], responses=SimilarSerializer)
    def get(self, request: Request, id: UUID) -> Response:
        asked = _checked(SimilarFilterSerializer(data=request.query_params))
        example = get_object_or_404(selectors.examples_visible_to(request.user), pk=id)
        if example.status != ExampleStatus.DONE:
            raise NotSearchable(example.reason or "This example is still being looked at.", state=example.status)
        candidates = similar_candidates(
            asked, user=request.user, project=example.project_id, run=example.run_id, video=example.video_id
        )
        return Response(similar_answer(asked, request.user, example.embedding, example.space, candidates))
