"""Runs, their stages, and the energy of a video within a run."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backend.common.byte_range import ASK_EACH_TIME, FOR_A_YEAR
from backend.projects.models import Role, User
from backend.projects.selectors import project_for
from backend.runs import selectors, services
from backend.runs.api.serializers import (
    KeepRunSerializer,
    PresetSerializer,
    ReclusterSerializer,
    RunDetailSerializer,
    RunSerializer,
    SignalsSerializer,
    StageSerializer,
    StartRunSerializer,
    SuggestedOffsetSerializer,
)
from backend.runs.exceptions import EnergyNotReady, NothingToAlign
from backend.runs.models import Run, StageExecution
from backend.videos.models import Video

KEY_DIGITS = 12  # of an artefact's key, in an address

PRESETS = (
    {
        "name": "small",
        "title": "Small",
        "description": "A tokenizer of one million parameters, trained on these videos in about two minutes of CPU.",
        "minutes_hint": 2.0,
        "default": True,
    },
    {
        "name": "paper",
        "title": "Paper",
        "description": "The paper's 30 million parameters. Needs a GPU: hours on a CPU.",
        "minutes_hint": None,
        "default": False,
    },
    {
        "name": "tiny",
        "title": "Tiny",
        "description": "Seconds of training, to see that everything works. Its cuts are not to be trusted.",
        "minutes_hint": 0.2,
        "default": False,
    },
)


def _rows(runs: QuerySet[Run] | list[Run]) -> list[dict[str, Any]]:
    listed = list(runs)
    return RunSerializer(listed, many=True, context={"progress": selectors.progress_of(listed)}).data


def _row(run: Run, user: User) -> Response:
    shown = selectors.runs_visible_to(user).get(pk=run.pk)
    return Response(RunDetailSerializer(shown, context={"progress": selectors.progress_of([shown])}).data)


def visible_run(user: User, run: int, minimum: Role = Role.VIEWER) -> Run:
    """The run, if the user sees its project; 404 if not, 403 if the role does not reach."""
    found = get_object_or_404(selectors.runs_visible_to(user), pk=run)
    project_for(user, found.project_id, minimum)
    return found


class PresetList(APIView):
    @extend_schema(operation_id="presets_list", responses=PresetSerializer(many=True))
    def get(self, request: Request) -> Response:
        return Response(PRESETS)


class RunList(APIView):
    @extend_schema(operation_id="runs_list", responses=RunSerializer(many=True))
    def get(self, request: Request, id: int) -> Response:
        owner = project_for(request.user, id)
        return Response(_rows(selectors.runs_visible_to(request.user).filter(project=owner)))

    @extend_schema(operation_id="runs_start", request=StartRunSerializer, responses={201: RunDetailSerializer})
    def post(self, request: Request, id: int) -> Response:
        owner = project_for(request.user, id, Role.MANAGER)
        form = StartRunSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        asked = form.validated_data
        run = services.start_run(
            project=owner,
            by=request.user,
            preset=asked["preset"],
            n_clusters=asked["n_clusters"],
            theta_on=asked["theta_on"],
            tracker=asked["tracker"],
            cluster_by=asked["cluster_by"],
            tokenizer_run=_of_project(Run, asked["tokenizer_run"], owner.pk),
            videos=None if asked["videos"] is None else _videos(asked["videos"], owner.pk),
        )
        response = _row(run, request.user)
        response.status_code = 201
        return response


def _of_project(model: type[Run], pk: int | None, project: int) -> Run | None:
    return None if pk is None else get_object_or_404(model, pk=pk, project=project)


def _videos(ids: list[int], project: int) -> list[Video]:
    return [get_object_or_404(Video, pk=pk, project=project) for pk in dict.fromkeys(ids)]


class RunDetail(APIView):
    @extend_schema(operation_id="runs_get", responses=RunDetailSerializer)
    def get(self, request: Request, id: int) -> Response:
        run = visible_run(request.user, id)
        return Response(RunDetailSerializer(run, context={"progress": selectors.progress_of([run])}).data)


class RunCancel(APIView):
    @extend_schema(operation_id="runs_cancel", request=None, responses=RunDetailSerializer)
    def post(self, request: Request, id: int) -> Response:
        return _row(services.cancel_run(visible_run(request.user, id, Role.MANAGER), by=request.user), request.user)


class RunRetry(APIView):
    @extend_schema(operation_id="runs_retry", request=None, responses=RunDetailSerializer)
    def post(self, request: Request, id: int) -> Response:
        return _row(services.retry_run(visible_run(request.user, id, Role.MANAGER)), request.user)


class RunRecluster(APIView):
    @extend_schema(
        operation_id="runs_recluster",
        description="A new run with another k, which reuses everything up to the embeddings.",
        request=ReclusterSerializer,
        responses={201: RunDetailSerializer},
    )
    def post(self, request: Request, id: int) -> Response:
        of = visible_run(request.user, id, Role.MANAGER)
        form = ReclusterSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        run = services.recluster(run=of, by=request.user, **form.validated_data)
        response = _row(run, request.user)
        response.status_code = 201
        return response


class RunKeep(APIView):
    @extend_schema(
        operation_id="runs_keep",
        description="A new run of the same videos, cut otherwise. Everything up to the energy is reused.",
        request=KeepRunSerializer,
        responses={201: RunDetailSerializer},
    )
    def post(self, request: Request, id: int) -> Response:
        run = visible_run(request.user, id, Role.MANAGER)
        form = KeepRunSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        response = _row(services.keep_run(run=run, by=request.user, **form.validated_data), request.user)
        response.status_code = 201
        return response


class RunMeasureCoherence(APIView):
    @extend_schema(
        operation_id="runs_measure_coherence",
        description="Looks at the primitives with the encoders there are now, and scores the clusters again.",
        request=None,
        responses=RunDetailSerializer,
    )
    def post(self, request: Request, id: int) -> Response:
        return _row(services.measure_coherence(visible_run(request.user, id, Role.MANAGER)), request.user)


class RunStages(APIView):
    @extend_schema(operation_id="runs_stages", responses=StageSerializer(many=True))
    def get(self, request: Request, id: int) -> Response:
        rows = selectors.stages_visible_to(request.user).filter(run=visible_run(request.user, id))
        return Response(StageSerializer(rows, many=True).data)


class ProjectStages(APIView):
    @extend_schema(
        operation_id="stages_active",
        parameters=[OpenApiParameter("active", int, enum=[1], description="There is no other list yet.")],
        description="What waits or works now in the project: ingest, and every stage of an active run.",
        responses=StageSerializer(many=True),
    )
    def get(self, request: Request, id: int) -> Response:
        rows = selectors.active_stages(request.user, project_for(request.user, id))
        return Response(StageSerializer(rows, many=True).data)


class VideoRetry(APIView):
    @extend_schema(operation_id="videos_retry", request=None, responses={204: None})
    def post(self, request: Request, id: int) -> Response:
        found = get_object_or_404(Video.objects.visible_to(request.user), pk=id)
        project_for(request.user, found.project_id, Role.MANAGER)
        services.retry_ingest(found)
        return Response(status=204)


class VideoSignals(APIView):
    @extend_schema(operation_id="runs_signals", responses=SignalsSerializer)
    def get(self, request: Request, run: int, video: int) -> Response:
        found = visible_run(request.user, run)
        source = get_object_or_404(found.videos, pk=video)
        try:
            facts = selectors.signal_facts(found, source)
        except StageExecution.DoesNotExist as missing:
            raise EnergyNotReady("The energy of this video is not measured yet.") from missing
        key = selectors.signals_key(found, source)[:KEY_DIGITS]
        return Response({"url": f"{reverse('signal-columns', args=[run, video])}?key={key}", **facts})


class VideoSignalColumns(APIView):
    schema = None

    def get(self, request: Request, run: int, video: int) -> HttpResponse:
        """An artefact never changes: with its key in the address, a browser keeps the columns for good."""
        found = visible_run(request.user, run)
        source = get_object_or_404(found.videos, pk=video)
        try:
            key = selectors.signals_key(found, source)[:KEY_DIGITS]
            if request.headers.get("If-None-Match") in (f'"{key}"', f'W/"{key}"'):
                response = HttpResponse(status=304)
            else:
                response = HttpResponse(selectors.signal_columns(found, source), "application/octet-stream")
        except StageExecution.DoesNotExist as missing:
            raise EnergyNotReady("The energy of this video is not measured yet.") from missing
        response["ETag"] = f'"{key}"'
        response["Cache-Control"] = FOR_A_YEAR if request.query_params.get("key") == key else ASK_EACH_TIME
        return response


class SuggestOffset(APIView):
    @extend_schema(
        operation_id="runs_suggest_offset",
        parameters=[OpenApiParameter(name, int, required=True) for name in ("a", "b")],
        responses=SuggestedOffsetSerializer,
    )
    def get(self, request: Request, run: int) -> Response:
        """The offset that puts video `b` in step with video `a`, by when things move in each."""
        found = visible_run(request.user, run)
        a, b = (get_object_or_404(found.videos, pk=video_id(request.query_params.get(name))) for name in ("a", "b"))
        try:
            aligned = selectors.alignment_of(found, a, b)
        except StageExecution.DoesNotExist as missing:
            raise EnergyNotReady("The energy of these videos is not measured yet.") from missing
        if aligned is None:
            raise NothingToAlign("The two videos are too short, or too little moves in them, to be compared.")
        return Response(
            {
                "offset_s": round(a.offset_s + aligned.shift_s, 3),
                "peak": round(aligned.peak, 3),
                "second_peak": round(aligned.second_peak, 3),
                "clear": aligned.is_clear,
            }
        )


def video_id(text: str | None) -> int:
    """Of a query. Raises Http404 for what is not an id."""
    if text is None or not text.isdecimal() or len(text) > 18:
        raise Http404
    return int(text)
