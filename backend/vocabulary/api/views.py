"""Segments, clusters, the map, and the search for similar primitives."""

from __future__ import annotations

from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backend.common.artefacts import store
from backend.common.byte_range import FOR_A_YEAR, StoredFile, send_file
from backend.common.database import ask
from backend.common.errors import common_error
from backend.common.pagination import CursorPage
from backend.projects.models import User
from backend.runs.models import Run
from backend.vocabulary import selectors
from backend.vocabulary.api.serializers import (
    ClusterSerializer,
    CoherenceSerializer,
    MapSerializer,
    SegmentFilterSerializer,
    SegmentPageSerializer,
    SegmentSerializer,
    SimilarFilterSerializer,
    SimilarSerializer,
)
from backend.vocabulary.models import Segment
from backend.vocabulary.selectors import ClipPlace


def _run(request: Request, run: int) -> Run:
    return get_object_or_404(Run.objects.visible_to(request.user), pk=run)


class SegmentList(APIView):
    @extend_schema(
        operation_id="segments_list",
        parameters=[SegmentFilterSerializer, OpenApiParameter("cursor", str), OpenApiParameter("limit", int)],
        responses=SegmentPageSerializer,
    )
    def get(self, request: Request, id: int) -> Response:
        wanted = SegmentFilterSerializer(data=request.query_params)
        wanted.is_valid(raise_exception=True)
        rows = selectors.segments_visible_to(request.user).filter(run=_run(request, id))
        if "video" in wanted.validated_data:
            rows = rows.filter(video=wanted.validated_data["video"])
        if "cluster" in wanted.validated_data:
            rows = rows.filter(cluster__index=wanted.validated_data["cluster"])
        page = CursorPage()
        return page.get_paginated_response(SegmentSerializer(page.paginate_queryset(rows, request), many=True).data)


class SegmentDetail(APIView):
    @extend_schema(operation_id="segments_get", responses=SegmentSerializer)
    def get(self, request: Request, id: int) -> Response:
        rows = selectors.segments_visible_to(request.user)
        return Response(SegmentSerializer(get_object_or_404(rows, pk=id)).data)


class SimilarSegments(APIView):
    @extend_schema(operation_id="segments_similar", parameters=[SimilarFilterSerializer], responses=SimilarSerializer)
    def get(self, request: Request, id: int) -> Response:
        wanted = SimilarFilterSerializer(data=request.query_params)
        wanted.is_valid(raise_exception=True)
        query = get_object_or_404(Segment.objects.visible_to(request.user), pk=id)
        asked = wanted.validated_data
        found = selectors.similar_segments(query, _candidates(request.user, query, asked), k=asked["k"])
        return Response(
            {
                "results": [
                    {"segment": SegmentSerializer(near).data, "distance": near.distance} for near in found.segments
                ],
                "searched": found.searched,
                "exact": found.exact,
                "space": query.space,
            }
        )


def _candidates(user: User, query: Segment, asked: dict[str, object]) -> QuerySet[Segment]:
    """The filters of the form as a queryset; the project of `query` was checked when it was found."""
    rows = Segment.objects.filter(project=query.project_id).with_names()
    if asked["scope"] == "run":
        rows = rows.filter(run=query.run_id)
    if asked["exclude_same_video"]:
        rows = rows.exclude(video=query.video_id)
    for name, lookup in (("video", "video"), ("view", "video__view"), ("cluster", "cluster__index")):
        if name in asked:
            rows = rows.filter(**{lookup: asked[name]})
    duration = F("end_s") - F("start_s")
    if "min_duration_s" in asked:
        rows = rows.alias(duration=duration).filter(duration__gte=asked["min_duration_s"])
    if "max_duration_s" in asked:
        rows = rows.alias(duration=duration).filter(duration__lte=asked["max_duration_s"])
    return rows


class ClusterList(APIView):
    @extend_schema(operation_id="clusters_list", responses=ClusterSerializer(many=True))
    def get(self, request: Request, id: int) -> Response:
        return Response(ClusterSerializer(selectors.cluster_cards(_run(request, id)), many=True).data)


class RunCoherence(APIView):
    @extend_schema(operation_id="runs_coherence", responses=CoherenceSerializer(many=True))
    def get(self, request: Request, id: int) -> Response:
        return Response(CoherenceSerializer(selectors.coherence_of(_run(request, id)), many=True).data)


class RunMap(APIView):
    @extend_schema(operation_id="runs_map", responses=MapSerializer)
    def get(self, request: Request, id: int) -> Response:
        return Response(selectors.map_columns(_run(request, id)))


async def segment_clip(request: HttpRequest, id: int) -> HttpResponseBase:
    return await _segment_file(request, id, "mp4", "video/mp4")


async def segment_poster(request: HttpRequest, id: int) -> HttpResponseBase:
    return await _segment_file(request, id, "webp", "image/webp")


async def _segment_file(request: HttpRequest, pk: int, suffix: str, content_type: str) -> HttpResponseBase:
    def find() -> ClipPlace | int:
        if not request.user.is_authenticated:
            return 401
        return selectors.clip_of(request.user, pk) or 404

    found = await ask(find)
    if isinstance(found, int):
        return common_error(found)
    path = store().path(found.key) / f"{found.index:05d}.{suffix}"
    # A segment's clip never changes: cut anew, a video has new segments.
    return await send_file(request, StoredFile(path, content_type, found.key), cache=FOR_A_YEAR)
