"""Assigning, judging, settling, and how far people agree."""

from __future__ import annotations

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backend.projects.models import Role, User
from backend.projects.selectors import project_for
from backend.reviews import selectors, services
from backend.reviews.api.serializers import (
    AdjudicationSerializer,
    AgreementSerializer,
    AssignedSerializer,
    AssignSerializer,
    ConflictPageSerializer,
    ConflictSerializer,
    DecisionPageSerializer,
    DecisionSerializer,
    GiveReviewSerializer,
    ProgressSerializer,
    ReviewPlanSerializer,
    ReviewSerializer,
    SettleSerializer,
)
from backend.reviews.exceptions import NotAReviewer
from backend.reviews.models import Adjudication
from backend.runs.models import Run
from backend.selections.models import PrimitiveSet
from backend.vocabulary.models import Action, Segment

CONFLICTS_SHOWN = 50


def _run(user: User, pk: int, minimum: Role = Role.VIEWER) -> Run:
    found = get_object_or_404(Run.objects.visible_to(user), pk=pk)
    project_for(user, found.project_id, minimum)
    return found


def _segment(user: User, pk: int, minimum: Role) -> Segment:
    found = get_object_or_404(Segment.objects.visible_to(user).select_related("video"), pk=pk)
    project_for(user, found.project_id, minimum)
    return found


def _action(user: User, pk: int | None) -> Action | None:
    return None if pk is None else get_object_or_404(Action.objects.visible_to(user), pk=pk)


class PlanView(APIView):
    @extend_schema(operation_id="review_plan_get", responses=ReviewPlanSerializer)
    def get(self, request: Request, id: int) -> Response:
        return Response(ReviewPlanSerializer(services.plan_of(project_for(request.user, id))).data)

    @extend_schema(operation_id="review_plan_set", request=ReviewPlanSerializer, responses=ReviewPlanSerializer)
    def put(self, request: Request, id: int) -> Response:
        project = project_for(request.user, id, Role.MANAGER)
        form = ReviewPlanSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        return Response(
            ReviewPlanSerializer(services.set_double_share(project, form.validated_data["double_share"])).data
        )


class Assignments(APIView):
    @extend_schema(operation_id="reviews_assign", request=AssignSerializer, responses={201: AssignedSerializer})
    def post(self, request: Request, id: int) -> Response:
        run = _run(request.user, id, Role.MANAGER)
        form = AssignSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        asked = form.validated_data
        segments = asked.get("segments")
        if segments is None and "set" in asked:
            segments = get_object_or_404(PrimitiveSet, pk=asked["set"], run=run).segments
        people = {
            one.pk: one for one in User.objects.filter(pk__in=asked["reviewers"], memberships__project=run.project)
        }
        if len(people) < len(set(asked["reviewers"])):
            raise NotAReviewer("Somebody named here is not in this project.")
        given = services.assign(
            run=run,
            reviewers=[people[pk] for pk in dict.fromkeys(asked["reviewers"])],
            by=request.user,
            segments=segments,
            choice=services.Choice(
                cluster=asked.get("cluster"), action=asked.get("action"), only=asked["only"], draw=asked.get("draw")
            ),
            share=asked.get("double_share"),
        )
        return Response(AssignedSerializer(given).data, status=201)


class OwnReview(APIView):
    @extend_schema(operation_id="reviews_give", request=GiveReviewSerializer, responses=ReviewSerializer)
    def put(self, request: Request, id: int) -> Response:
        """Your judgement of a primitive; given again, it replaces the one before."""
        segment = _segment(request.user, id, Role.REVIEWER)
        form = GiveReviewSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        said = {**form.validated_data, "action": _action(request.user, form.validated_data.get("action"))}
        return Response(ReviewSerializer(services.give_review(segment=segment, by=request.user, **said)).data)


class Reviews(APIView):
    @extend_schema(
        operation_id="reviews_list",
        description="Your own, and the others' once you have given yours. Managers see all.",
        responses=ReviewSerializer(many=True),
    )
    def get(self, request: Request, id: int) -> Response:
        segment = _segment(request.user, id, Role.VIEWER)
        return Response(ReviewSerializer(selectors.reviews_of(request.user, segment), many=True).data)


class Conflicts(APIView):
    @extend_schema(
        operation_id="reviews_conflicts",
        description=f"Up to {CONFLICTS_SHOWN} primitives nobody has settled, those that differ most first.",
        responses=ConflictPageSerializer,
    )
    def get(self, request: Request, id: int) -> Response:
        rows, total = selectors.conflicts(_run(request.user, id, Role.MANAGER), CONFLICTS_SHOWN)
        return Response({"results": ConflictSerializer(rows, many=True).data, "total": total})


class Settled(APIView):
    @extend_schema(
        operation_id="reviews_settled",
        description=f"Up to {CONFLICTS_SHOWN} decisions in force, the newest first.",
        responses=DecisionPageSerializer,
    )
    def get(self, request: Request, id: int) -> Response:
        rows, total = selectors.settled(_run(request.user, id, Role.MANAGER), CONFLICTS_SHOWN)
        return Response({"results": DecisionSerializer(rows, many=True).data, "total": total})


class Settle(APIView):
    @extend_schema(operation_id="reviews_settle", request=SettleSerializer, responses={201: AdjudicationSerializer})
    def post(self, request: Request, id: int) -> Response:
        segment = _segment(request.user, id, Role.MANAGER)
        form = SettleSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        said = {**form.validated_data, "action": _action(request.user, form.validated_data["action"])}
        settled = services.adjudicate(segment=segment, by=request.user, **said)
        return Response(AdjudicationSerializer(settled).data, status=201)


class Unsettle(APIView):
    @extend_schema(operation_id="reviews_unsettle", request=None, responses={204: None})
    def post(self, request: Request, id: int) -> Response:
        settled = get_object_or_404(Adjudication.objects.visible_to(request.user), pk=id)
        project_for(request.user, settled.project_id, Role.MANAGER)
        services.undo_adjudication(settled, by=request.user)
        return Response(status=204)


class ReviewProgress(APIView):
    @extend_schema(operation_id="reviews_progress", responses=ProgressSerializer(many=True))
    def get(self, request: Request, id: int) -> Response:
        return Response(ProgressSerializer(selectors.progress_of(_run(request.user, id)), many=True).data)


class AgreementView(APIView):
    @extend_schema(operation_id="reviews_agreement", responses=AgreementSerializer)
    def get(self, request: Request, id: int) -> Response:
        return Response(AgreementSerializer(selectors.agreement_of(_run(request.user, id))).data)
