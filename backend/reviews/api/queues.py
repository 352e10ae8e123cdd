"""What a reviewer is to judge next."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backend.common.parameters import MAX_ID, Parameters
from backend.projects.models import Role, User
from backend.projects.selectors import project_for
from backend.reviews import queues
from backend.runs.models import Run
from backend.selections.models import PrimitiveSet
from backend.vocabulary.api.serializers import ActionRefSerializer, SegmentSerializer
from backend.vocabulary.models import Action, Segment

AT_MOST = 100


class ReviewQueueFilterSerializer(Parameters):
    """Which queue: one of the four, or a set that waits for review."""

    queue = serializers.ChoiceField(choices=list(queues.NAMES), default="assigned")
    set = serializers.IntegerField(required=False, min_value=1, max_value=MAX_ID, help_text="Instead of `queue`.")
    cursor = serializers.IntegerField(
        required=False, default=0, min_value=1, max_value=MAX_ID, help_text="`next` of the page before."
    )
    limit = serializers.IntegerField(required=False, default=20, min_value=1, max_value=AT_MOST)


class QueuedSegmentSerializer(SegmentSerializer):
    """A primitive as somebody sees it who has yet to judge it: nothing here comes from other people's ratings.

    So `quality` is null, and `action` is its cluster's: its own may be what a conflict was settled with.
    """

    quality = serializers.SerializerMethodField()
    action = serializers.SerializerMethodField()

    class Meta(SegmentSerializer.Meta):
        fields = (*SegmentSerializer.Meta.fields, "edge_margin", "cut_margin")

    @extend_schema_field(serializers.FloatField(allow_null=True))
    def get_quality(self, segment: Segment) -> None:
        return None

    @extend_schema_field(ActionRefSerializer(allow_null=True))
    def get_action(self, segment: Segment) -> dict[str, Any] | None:
        action = segment.cluster.action if segment.cluster is not None else None
        return None if action is None or action.deprecated else dict(ActionRefSerializer(action).data)


class ReviewQueuePageSerializer(serializers.Serializer[Any]):
    """Give `next` back as `?cursor=`; null says this is the last page."""

    results = QueuedSegmentSerializer(many=True)
    next = serializers.CharField(allow_null=True)
    measured = serializers.BooleanField(help_text="False: this run has no margins to order the queue by.")


class QueueFactsSerializer(serializers.Serializer[Any]):
    """One queue and how far you are in it."""

    name = serializers.CharField(help_text="Of the four, or of the set.")
    set = serializers.IntegerField(allow_null=True)
    total = serializers.IntegerField()
    left = serializers.IntegerField(help_text="Neither judged nor skipped by you.")
    measured = serializers.BooleanField(help_text="False: this run has no margins to order the queue by.")


class LabelSerializer(serializers.ModelSerializer[Action]):
    """An action somebody can label with, and the digit that does."""

    class Meta:
        model = Action
        fields = ("id", "name", "colour", "digit")


class ReviewQueuesSerializer(serializers.Serializer[Any]):
    queues = QueueFactsSerializer(many=True)
    labels = LabelSerializer(many=True, help_text="Of the project's vocabulary, those that have a digit first.")
    mean_seconds = serializers.FloatField(allow_null=True, help_text="You looked at each primitive you judged.")


def _run(user: User, pk: int) -> Run:
    found = get_object_or_404(Run.objects.visible_to(user), pk=pk)
    project_for(user, found.project_id, Role.REVIEWER)
    return found


class Queue(APIView):
    @extend_schema(
        operation_id="reviews_queue",
        description="What you have neither judged nor skipped of this run, in the order of the queue.",
        parameters=[ReviewQueueFilterSerializer],
        responses=ReviewQueuePageSerializer,
    )
    def get(self, request: Request, id: int) -> Response:
        run = _run(request.user, id)
        wanted = ReviewQueueFilterSerializer(data=request.query_params)
        wanted.is_valid(raise_exception=True)
        asked = wanted.validated_data
        after, limit = asked["cursor"], asked["limit"]
        if after and not run.segments.filter(pk=after).exists():
            raise serializers.ValidationError({"cursor": ["This is no cursor of a page."]})
        if "set" in asked:
            found = get_object_or_404(PrimitiveSet, pk=asked["set"], run=run, for_review=True)
            page = queues.page_of_set(request.user, found, after=after, limit=limit)
        else:
            page = queues.page_of(request.user, run, asked["queue"], after=after, limit=limit)
        return Response(
            {
                "results": QueuedSegmentSerializer(page.segments, many=True).data,
                "next": None if page.after is None else str(page.after),
                "measured": page.measured,
            }
        )


class Queues(APIView):
    @extend_schema(operation_id="reviews_queues", responses=ReviewQueuesSerializer)
    def get(self, request: Request, id: int) -> Response:
        """Every queue of a run, how long it is and how much of it is left to you."""
        run = _run(request.user, id)
        facts = {
            "queues": queues.facts_of(request.user, run),
            "labels": queues.labels_of(run),
            "mean_seconds": queues.pace_of(request.user, run),
        }
        return Response(ReviewQueuesSerializer(facts).data)
