"""The vocabulary of a project, what people do to it, and what follows what."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backend.common.pagination import CursorPage
from backend.projects.models import Role, User
from backend.projects.selectors import project_for
from backend.runs.models import Run
from backend.vocabulary import carrying, flow, groups, surgery
from backend.vocabulary.api import action_serializers as shapes
from backend.vocabulary.blind import judges_blind, veiled
from backend.vocabulary.models import Action
from backend.vocabulary.surgery import Done

ID = {"min_value": 1, "max_value": 2**63 - 1}


def _number(request: Request, name: str) -> int | None:
    """A parameter that is an id, or None where it was not given."""
    text = request.query_params.get(name)
    return None if text is None else serializers.IntegerField(**ID).run_validation(text)


def _run(user: User, run: int, minimum: Role = Role.VIEWER) -> Run:
    found = get_object_or_404(Run.objects.visible_to(user), pk=run)
    project_for(user, found.project_id, minimum)
    return found


def _asked(form: type[serializers.Serializer[Any]], request: Request, **options: Any) -> dict[str, Any]:
    filled = form(data=request.data, **options)
    filled.is_valid(raise_exception=True)
    return filled.validated_data


def _done(done: Done) -> Response:
    return Response(shapes.DoneSerializer(done).data)


class ActionList(APIView):
    @extend_schema(
        operation_id="actions_list",
        parameters=[OpenApiParameter("run", int, description="Count its clusters and segments.")],
        responses=shapes.ActionSerializer(many=True),
    )
    def get(self, request: Request, id: int) -> Response:
        owner = project_for(request.user, id)
        run = _number(request, "run")
        found = None if run is None else get_object_or_404(Run, pk=run, project=owner)
        return Response(shapes.ActionSerializer(groups.actions_of(owner, found), many=True).data)


class ActionDetail(APIView):
    @extend_schema(operation_id="actions_edit", request=shapes.EditActionSerializer, responses=shapes.DoneSerializer)
    def patch(self, request: Request, id: int) -> Response:
        action = get_object_or_404(Action.objects.visible_to(request.user), pk=id)
        project_for(request.user, action.project_id, Role.MANAGER)
        asked = _asked(shapes.EditActionSerializer, request)
        expected = asked.pop("expected", {})
        return _done(surgery.edit_action(action=action, values=asked, expected=expected, by=request.user))


class GroupList(APIView):
    @extend_schema(operation_id="groups_list", responses=shapes.GroupSerializer(many=True))
    def get(self, request: Request, id: int) -> Response:
        run = _run(request.user, id)
        cards = groups.group_cards(run)
        veiled(request.user, (medoid for card in cards for medoid in card.medoids))
        if judges_blind(request.user, run.project_id):
            for card in cards:
                card.quality = None  # of a small group it would tell what one person said
        return Response(shapes.GroupSerializer(cards, many=True).data)


class NameCluster(APIView):
    @extend_schema(operation_id="clusters_name", request=shapes.NameClusterSerializer, responses=shapes.DoneSerializer)
    def post(self, request: Request, id: int) -> Response:
        run = _run(request.user, id, Role.MANAGER)
        return _done(surgery.name_cluster(run=run, by=request.user, **_asked(shapes.NameClusterSerializer, request)))


class MergeGroups(APIView):
    @extend_schema(operation_id="groups_merge", request=shapes.MergeSerializer, responses=shapes.DoneSerializer)
    def post(self, request: Request, id: int) -> Response:
        run = _run(request.user, id, Role.MANAGER)
        return _done(surgery.merge(run=run, by=request.user, **_asked(shapes.MergeSerializer, request)))


class SplitGroup(APIView):
    @extend_schema(operation_id="groups_split", request=shapes.SplitSerializer, responses=shapes.DoneSerializer)
    def post(self, request: Request, id: int) -> Response:
        run = _run(request.user, id, Role.MANAGER)
        return _done(surgery.split(run=run, by=request.user, **_asked(shapes.SplitSerializer, request)))


class MoveSegments(APIView):
    @extend_schema(operation_id="segments_move", request=shapes.MoveSerializer, responses=shapes.DoneSerializer)
    def post(self, request: Request, id: int) -> Response:
        run = _run(request.user, id, Role.MANAGER)
        return _done(surgery.move(run=run, by=request.user, **_asked(shapes.MoveSerializer, request)))


class CarryOver(APIView):
    @extend_schema(
        operation_id="runs_proposals",
        parameters=[OpenApiParameter("from", int, description="A run; without it, the one that fits best.")],
        responses=shapes.ProposalsSerializer,
    )
    def get(self, request: Request, id: int) -> Response:
        run, wanted = _run(request.user, id), _number(request, "from")
        source = carrying.source_for(run) if wanted is None else get_object_or_404(Run, pk=wanted, project=run.project)
        found = [] if source is None else carrying.proposals(run, source)
        return Response(shapes.ProposalsSerializer({"source": source, "proposals": found}).data)

    @extend_schema(operation_id="runs_carry_over", request=shapes.CarryOverSerializer, responses=shapes.DoneSerializer)
    def post(self, request: Request, id: int) -> Response:
        run = _run(request.user, id, Role.MANAGER)
        asked = _asked(shapes.CarryOverSerializer, request)
        source = get_object_or_404(Run, pk=asked["source"], project=run.project)
        actions = {one["cluster"]: one["action"] for one in asked["clusters"]}
        return _done(surgery.carry_over(run=run, source=source, actions=actions, by=request.user))


class History(APIView):
    @extend_schema(
        operation_id="vocabulary_history",
        parameters=[OpenApiParameter("cursor", str), OpenApiParameter("limit", int)],
        responses=shapes.HistorySerializer,
    )
    def get(self, request: Request, id: int) -> Response:
        owner = project_for(request.user, id)
        page = CursorPage()
        page.ordering = "-id"
        rows = page.paginate_queryset(groups.history_visible_to(request.user, owner), request)
        response = page.get_paginated_response(shapes.ChangeSerializer(rows, many=True).data)
        for name, one in (
            ("undo", surgery.undoable(owner, request.user)),
            ("redo", surgery.redoable(owner, request.user)),
        ):
            response.data[name] = None if one is None else shapes.ChangeSerializer(one).data
        return response


class Undo(APIView):
    @extend_schema(operation_id="vocabulary_undo", request=shapes.StepSerializer, responses=shapes.DoneSerializer)
    def post(self, request: Request, id: int) -> Response:
        owner = project_for(request.user, id, Role.MANAGER)
        return _done(surgery.undo(project=owner, by=request.user, **_asked(shapes.StepSerializer, request)))


class Redo(APIView):
    @extend_schema(operation_id="vocabulary_redo", request=shapes.StepSerializer, responses=shapes.DoneSerializer)
    def post(self, request: Request, id: int) -> Response:
        owner = project_for(request.user, id, Role.MANAGER)
        return _done(surgery.redo(project=owner, by=request.user, **_asked(shapes.StepSerializer, request)))


class Transitions(APIView):
    @extend_schema(operation_id="runs_transitions", responses=shapes.TransitionsSerializer)
    def get(self, request: Request, id: int) -> Response:
        found, videos = flow.steps_of(_run(request.user, id))
        body = {"groups": found, "transitions": flow.transitions(videos.values()), "n_videos": len(videos)}
        return Response(shapes.TransitionsSerializer(body).data)


class Cycles(APIView):
    @extend_schema(
        operation_id="runs_cycles",
        parameters=[OpenApiParameter("start", str, description="The group a cycle begins with; else the suggested.")],
        responses=shapes.CyclesSerializer,
    )
    def get(self, request: Request, id: int) -> Response:
        run = _run(request.user, id)
        start = request.query_params.get("start")
        if start is not None:
            serializers.RegexField(shapes.GROUP).run_validation(start)
        found, videos = flow.steps_of(run)
        cut = flow.cycles(videos, start)
        titles = dict(run.videos.values_list("pk", "title"))
        rows = [
            {"video": video, "title": titles.get(video, ""), "cycles": [asdict(one) for one in cycles]}
            for video, cycles in cut.videos.items()
        ]
        # As plain values: a serializer would look at every step of a long run again.
        return Response(
            {
                "groups": [asdict(group) for group in found],
                "start": cut.start,
                "suggested": cut.suggested,
                "median_s": cut.median_s,
                "mad_s": cut.mad_s,
                "n": cut.n,
                "videos": rows,
            }
        )
