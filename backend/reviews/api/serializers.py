"""Reviews, agreement and progress as the API shows and takes them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from backend.common.parameters import MAX_ID
from backend.reviews.models import MAX_CONFIDENCE, MAX_QUALITY, Adjudication, Review
from backend.vocabulary.api.serializers import ActionRefSerializer, SegmentSerializer

MOST_AT_ONCE = 100_000
LONGEST_COMMENT = 4_000


class ReviewPlanSerializer(serializers.Serializer[Any]):
    double_share = serializers.FloatField(min_value=0, max_value=1, help_text="Of what is assigned, judged by two.")


class AssignSerializer(serializers.Serializer[Any]):
    """Which primitives of a run go to whom: those named, of a set, of a cluster or of an action, else all; `only` those
    nobody has rated, or been given; of those `draw` at random."""

    reviewers = serializers.ListField(child=serializers.IntegerField(min_value=1, max_value=MAX_ID), max_length=1000)
    segments = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=MAX_ID), required=False, max_length=MOST_AT_ONCE
    )
    set = serializers.IntegerField(required=False, min_value=1, max_value=MAX_ID)
    cluster = serializers.IntegerField(
        required=False, min_value=0, max_value=2**31 - 1, help_text="Its index within the run."
    )
    action = serializers.IntegerField(required=False, min_value=1, max_value=MAX_ID)
    only = serializers.ChoiceField(choices=["all", "unrated", "unassigned"], default="all")
    draw = serializers.IntegerField(required=False, min_value=1, max_value=10_000_000)
    double_share = serializers.FloatField(
        required=False, min_value=0, max_value=1, help_text="The project's, if not given."
    )


class AssignedSerializer(serializers.Serializer[Any]):
    segments = serializers.IntegerField()
    twice = serializers.IntegerField(help_text="Of them, given to two people.")
    assignments = serializers.IntegerField()


class GiveReviewSerializer(serializers.Serializer[Any]):
    """A judgement: quality and confidence, or `skipped`. Times are seconds of the video; null: where it is cut."""

    quality = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=MAX_QUALITY)
    confidence = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=MAX_CONFIDENCE)
    action = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=MAX_ID)
    start_s = serializers.FloatField(required=False, allow_null=True)
    end_s = serializers.FloatField(required=False, allow_null=True)
    comment = serializers.CharField(required=False, allow_blank=True, max_length=LONGEST_COMMENT)
    flagged = serializers.BooleanField(required=False)
    skipped = serializers.BooleanField(required=False)
    seconds = serializers.FloatField(required=False, allow_null=True, min_value=0, max_value=86_400)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        rated = attrs.get("quality") is not None and attrs.get("confidence") is not None
        if not (rated or attrs.get("skipped", False)):
            raise serializers.ValidationError("Give a quality and a confidence, or skip the primitive.")
        return attrs


class ReviewSerializer(serializers.ModelSerializer[Review]):
    reviewer = serializers.CharField(source="reviewer.shown_name")
    action = ActionRefSerializer(allow_null=True)

    class Meta:
        model = Review
        fields = (
            "id",
            "segment",
            "reviewer",
            "quality",
            "confidence",
            "action",
            "start_s",
            "end_s",
            "comment",
            "flagged",
            "skipped",
            "created_at",
            "updated_at",
        )


class ConflictSerializer(serializers.Serializer[Any]):
    """A primitive its reviewers do not agree on, and what each of them said."""

    segment = SegmentSerializer()
    spread = serializers.IntegerField(allow_null=True, help_text="Grades between the highest and the lowest quality.")
    reviews = ReviewSerializer(many=True)


class ConflictPageSerializer(serializers.Serializer[Any]):
    results = ConflictSerializer(many=True)
    total = serializers.IntegerField()


class SettleSerializer(serializers.Serializer[Any]):
    quality = serializers.IntegerField(min_value=0, max_value=MAX_QUALITY)
    action = serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=1, max_value=MAX_ID, help_text="Null: leave it."
    )
    note = serializers.CharField(required=False, allow_blank=True, default="", max_length=LONGEST_COMMENT)


class AdjudicationSerializer(serializers.ModelSerializer[Adjudication]):
    action = ActionRefSerializer(allow_null=True)
    by = serializers.CharField(source="by.shown_name")

    class Meta:
        model = Adjudication
        fields = ("id", "segment", "quality", "action", "note", "by", "at", "undone_at")


class DecisionSerializer(serializers.Serializer[Any]):
    """A `selectors.Decision`."""

    adjudication = AdjudicationSerializer()
    segment = SegmentSerializer()
    reviews = ReviewSerializer(many=True)


class DecisionPageSerializer(serializers.Serializer[Any]):
    results = DecisionSerializer(many=True)
    total = serializers.IntegerField()


class ProgressSerializer(serializers.Serializer[Any]):
    """A `selectors.Progress`."""

    reviewer = serializers.IntegerField(source="reviewer.pk")
    name = serializers.CharField(source="reviewer.shown_name")
    assigned = serializers.IntegerField()
    done = serializers.IntegerField()
    skipped = serializers.IntegerField()
    flagged = serializers.IntegerField()
    mean_seconds = serializers.FloatField(allow_null=True)
    last_seen = serializers.DateTimeField(allow_null=True, help_text="When they last judged something.")


class AlphaSerializer(serializers.Serializer[Any]):
    """Krippendorff's alpha with its 95 % bootstrap interval; null where it is not defined."""

    alpha = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    n_units = serializers.IntegerField(help_text="Primitives that two or more people judged.")
    n_ratings = serializers.IntegerField()


class FigureSerializer(serializers.Serializer[Any]):
    value = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    n = serializers.IntegerField()


class PairSerializer(serializers.Serializer[Any]):
    first = serializers.CharField(source="first.shown_name")
    second = serializers.CharField(source="second.shown_name")
    n = serializers.IntegerField()
    same_quality = serializers.FloatField()
    mean_difference = serializers.FloatField(help_text="Mean of |Δ quality|, in grades.")
    n_labelled = serializers.IntegerField()
    same_label = serializers.FloatField(allow_null=True)

    def to_representation(self, pair: Any) -> dict[str, Any]:
        # Fifty reviewers are 1,225 pairs: looking each field up takes longer than taking the figures.
        return {
            "first": pair.first.shown_name,
            "second": pair.second.shown_name,
            "n": pair.n,
            "same_quality": pair.same_quality,
            "mean_difference": pair.mean_difference,
            "n_labelled": pair.n_labelled,
            "same_label": pair.same_label,
        }


class BiasSerializer(serializers.Serializer[Any]):
    """Mean of own quality - mean of the others', over primitives that others rated too. Above 0: more generous."""

    reviewer = serializers.IntegerField(source="reviewer.pk")
    name = serializers.CharField(source="reviewer.shown_name")
    figure = FigureSerializer()


class FunnelSerializer(serializers.Serializer[Any]):
    candidates = serializers.IntegerField()
    rated = serializers.IntegerField()
    kept = serializers.IntegerField(help_text="Mean quality of 2 or more; confidence never filters.")


class AgreementSerializer(serializers.Serializer[Any]):
    """A `selectors.RunAgreement`."""

    quality = AlphaSerializer(help_text="Interval scale.")
    labels = AlphaSerializer(help_text="Nominal scale.")
    start = FigureSerializer(help_text="Median |Δ| of corrected starts, in seconds, over pairs of reviews.")
    end = FigureSerializer(help_text="Median |Δ| of corrected ends, in seconds, over pairs of reviews.")
    overlap = FigureSerializer(help_text="Median temporal IoU over pairs of reviews.")
    confidence = FigureSerializer(help_text="Mean confidence.")
    confidences = serializers.ListField(child=serializers.IntegerField(), help_text="Reviews of confidence 0, 1, 2.")
    pairs = PairSerializer(many=True)
    biases = BiasSerializer(many=True)
    funnel = FunnelSerializer()
