"""Segments, clusters, the map, and the search for similar primitives."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.cache import get_conditional_response
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backend.accounts.authentication import tokens_may_read
from backend.common import columns
from backend.common.artefacts import store
from backend.common.byte_range import ASK_EACH_TIME, FOR_A_YEAR, StoredFile, send_file
from backend.common.database import ask
from backend.common.errors import common_error
from backend.common.pagination import CursorPage
from backend.projects.models import User
from backend.runs.models import Run
from backend.runs.selectors import runs_visible_to
from backend.vocabulary import comparison, selectors
from backend.vocabulary.api.serializers import (
    ClusterSerializer,
    CoherenceSerializer,
    ComparisonFilterSerializer,
    ComparisonSerializer,
    SegmentFilterSerializer,
    SegmentPageSerializer,
    SegmentSerializer,
    SimilarFilterSerializer,
    SimilarSerializer,
    cursor_of,
)
from backend.vocabulary.blind import judged_by, judges_blind, veiled, veiled_column
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
        rows = Segment.objects.filter(run=_run(request, id)).with_names()  # checked: no subquery for the planner
        if "video" in wanted.validated_data:
            rows = rows.filter(video=wanted.validated_data["video"])
        if "cluster" in wanted.validated_data:
            rows = rows.filter(cluster__index=wanted.validated_data["cluster"])
        if "action" in wanted.validated_data:
            rows = rows.of_action(wanted.validated_data["action"])
        if wanted.validated_data["unnamed"] is not None:
            without = Q(action=None, cluster__action=None)
            rows = rows.filter(without if wanted.validated_data["unnamed"] else ~without)
        page = CursorPage()
        shown = veiled(request.user, page.paginate_queryset(rows, request))
        return page.get_paginated_response(SegmentSerializer(shown, many=True).data)


class SegmentDetail(APIView):
    @extend_schema(operation_id="segments_get", responses=SegmentSerializer)
    def get(self, request: Request, id: int) -> Response:
        rows = selectors.segments_visible_to(request.user)
        (shown,) = veiled(request.user, [get_object_or_404(rows, pk=id)])
        return Response(SegmentSerializer(shown).data)


class SimilarSegments(APIView):
    @extend_schema(operation_id="segments_similar", parameters=[SimilarFilterSerializer], responses=SimilarSerializer)
    def get(self, request: Request, id: int) -> Response:
        wanted = SimilarFilterSerializer(data=request.query_params)
        wanted.is_valid(raise_exception=True)
        query = get_object_or_404(Segment.objects.visible_to(request.user), pk=id)
        candidates = similar_candidates(
            wanted.validated_data,
            user=request.user,
            project=query.project_id,
            run=query.run_id,
            video=query.video_id,
        )
        others = candidates.exclude(pk=query.pk)
        return Response(similar_answer(wanted.validated_data, request.user, query.embedding, query.space, others))


def similar_candidates(
    asked: dict[str, Any], *, user: User, project: int, run: int, video: int | None
) -> QuerySet[Segment]:
    """The filters of the form as a queryset. `run` and `video` are those of what is searched by; the caller has
    checked that the user may see the project. By quality a reviewer finds only what they have judged."""
    names = (
        "video", "view", "cluster", "action", "min_duration_s", "max_duration_s", "min_quality", "date_from", "date_to",
    )  # fmt: skip
    found = selectors.narrowed(
        project,
        runs=asked.get("run") or ([run] if asked["scope"] == "run" else []),
        other_than=video if asked["exclude_same_video"] else None,
        **{name: asked[name] for name in names if name in asked},
    )
    return found.filter(judged_by(user)) if "min_quality" in asked and judges_blind(user, project) else found


def similar_answer(
    asked: dict[str, Any], user: User, vector: Any, space: str, candidates: QuerySet[Segment]
) -> dict[str, Any]:
    """A page of neighbours as `SimilarSerializer` describes it. Without a vector there are none."""
    found = selectors.SimilarSegments([], 0, exact=True)
    if vector is not None:
        found = selectors.similar_segments(vector, space, candidates, k=asked["k"], after=asked.get("cursor"))
    shown = SegmentSerializer(veiled(user, found.segments), many=True).data
    return {
        "results": [
            {"segment": segment, "distance": near.distance} for segment, near in zip(shown, found.segments, strict=True)
        ],
        "searched": found.searched,
        "exact": found.exact,
        "space": space,
        "next": cursor_of(found.next),
    }


class ClusterList(APIView):
    @extend_schema(operation_id="clusters_list", responses=ClusterSerializer(many=True))
    def get(self, request: Request, id: int) -> Response:
        cards = selectors.cluster_cards(_run(request, id))
        veiled(request.user, (medoid for card in cards for medoid in card.medoids))
        return Response(ClusterSerializer(cards, many=True).data)


class RunCoherence(APIView):
    @extend_schema(operation_id="runs_coherence", responses=CoherenceSerializer(many=True))
    def get(self, request: Request, id: int) -> Response:
        return Response(CoherenceSerializer(selectors.coherence_of(_run(request, id)), many=True).data)


class RunMap(APIView):
    @extend_schema(
        operation_id="runs_map",
        description=(
            "Every primitive's place, as columns. uint32 length of the header, the header (JSON), then each column "
            "from the next multiple of eight bytes on, all little endian. The header says `n`, `columns` "
            "([{name, type}], type one of float64, float32, int32), `run`, `projection` (pca or umap), its `seed`, and "
            "names: `actions` ([{id, name, colour}]) and `videos` ([{id, title}]). Columns: `ids`, `x`, `y`, `cluster` "
            "(index in the run, -1: none), `action` (id of the effective one, -1: none), `video`, `quality` (NaN: "
            "none), `start_s`, `end_s`. The ETag changes with the content: send it back as If-None-Match."
        ),
        responses={(200, columns.MEDIA_TYPE): OpenApiTypes.BINARY, 304: None},
    )
    def get(self, request: Request, id: int) -> HttpResponse:
        run = _run(request, id)
        facts, found = selectors.map_columns(run)
        found["quality"] = veiled_column(request.user, run, found["ids"], found["quality"])
        content = columns.pack(facts, found)
        etag = f'"{sha256(content).hexdigest()[:32]}"'
        whole = HttpResponse(content, columns.MEDIA_TYPE, headers={"ETag": etag, "Cache-Control": ASK_EACH_TIME})
        return get_conditional_response(request, etag, response=whole)


@tokens_may_read
async def segment_clip(request: HttpRequest, id: int) -> HttpResponseBase:
    return await _segment_file(request, id, "mp4", "video/mp4")


@tokens_may_read
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


class RunComparison(APIView):
    @extend_schema(operation_id="runs_compare", parameters=[ComparisonFilterSerializer], responses=ComparisonSerializer)
    def get(self, request: Request, id: int, other: int) -> Response:
        """Both runs have to be of one project: times and videos of two mean nothing to each other."""
        wanted = ComparisonFilterSerializer(data=request.query_params)
        wanted.is_valid(raise_exception=True)
        a = get_object_or_404(runs_visible_to(request.user), pk=id)
        b = get_object_or_404(runs_visible_to(request.user), pk=other, project=a.project_id)
        found = comparison.compare(a, b)
        video = wanted.validated_data.get("video")
        if video is not None:
            get_object_or_404(a.videos, pk=video)
        boundaries = None if video is None else comparison.boundary_pairs(a, b, video)
        return Response(ComparisonSerializer({**vars(found), "a": a, "b": b, "boundaries": boundaries}).data)
