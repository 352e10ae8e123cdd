"""Segments, clusters and maps as the API shows them."""

import base64
import json
from typing import Any

from rest_framework import serializers

from backend.common.parameters import MAX_ID, Parameters
from backend.vocabulary.models import Action, ClusterCoherence, Coherence, Segment
from backend.vocabulary.selectors import Position


class ActionRefSerializer(serializers.ModelSerializer[Action]):
    """An action where something refers to it."""

    class Meta:
        model = Action
        fields = ("id", "name", "colour")


class SegmentSerializer(serializers.ModelSerializer[Segment]):
    video_title = serializers.CharField(source="video.title")
    duration_s = serializers.FloatField()
    cluster = serializers.IntegerField(source="cluster.index", allow_null=True, default=None)
    cluster_id = serializers.IntegerField(allow_null=True)
    action = ActionRefSerializer(
        source="effective_action",
        allow_null=True,
        help_text="Its own, else its cluster's; null: the cluster is unnamed.",
    )
    codes = serializers.SerializerMethodField()
    clip_url = serializers.SerializerMethodField()
    poster_url = serializers.SerializerMethodField()

    class Meta:
        model = Segment
        fields = (
            "id",
            "run",
            "video",
            "video_title",
            "index",
            "start_s",
            "end_s",
            "duration_s",
            "codes",
            "energy_mean",
            "energy_peak",
            "cluster",
            "cluster_id",
            "action",
            "quality",
            "x",
            "y",
            "clip_url",
            "poster_url",
        )

    def get_codes(self, segment: Segment) -> list[int]:
        return segment.codes  # a ListField would look at every number again: half the time of a page

    def get_clip_url(self, segment: Segment) -> str:
        return f"/api/segments/{segment.pk}/clip/"

    def get_poster_url(self, segment: Segment) -> str:
        return f"/api/segments/{segment.pk}/poster/"


class SegmentPageSerializer(serializers.Serializer[Any]):
    """Give `next` back as `?cursor=`; null says this is the last page."""

    results = SegmentSerializer(many=True)
    next = serializers.CharField(allow_null=True)


class SegmentFilterSerializer(serializers.Serializer[Any]):
    """Which segments of a run. Unknown parameters are refused by the view."""

    video = serializers.IntegerField(required=False, min_value=1)
    cluster = serializers.IntegerField(required=False, min_value=0, help_text="The cluster's index within the run.")
    action = serializers.IntegerField(required=False, min_value=1, help_text="Effective: its own, else its cluster's.")
    unnamed = serializers.BooleanField(
        required=False, allow_null=True, default=None, help_text="True: those of no action."
    )


class SimilarFilterSerializer(Parameters):
    """How many, and which segments count. Durations in seconds; dates are of the day a video arrived, in UTC."""

    k = serializers.IntegerField(default=20, min_value=1, max_value=100)
    cursor = serializers.CharField(required=False, max_length=200, help_text="`next` of the page before.")
    scope = serializers.ChoiceField(
        choices=["run", "project"], default="run", help_text="Where `run` is not given: the example's run, or all."
    )
    run = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=MAX_ID), required=False, max_length=100
    )
    video = serializers.IntegerField(required=False, min_value=1, max_value=MAX_ID)
    view = serializers.CharField(required=False, max_length=60)
    cluster = serializers.IntegerField(
        required=False, min_value=0, max_value=2**31 - 1, help_text="Its index within its run."
    )
    action = serializers.IntegerField(required=False, min_value=1, max_value=MAX_ID)
    exclude_same_video = serializers.BooleanField(default=False)
    min_duration_s = serializers.FloatField(required=False, min_value=0)
    max_duration_s = serializers.FloatField(required=False, min_value=0)
    min_quality = serializers.FloatField(required=False, min_value=0, max_value=3)
    date_from = serializers.DateField(required=False)
    date_to = serializers.DateField(required=False)

    def validate_cursor(self, text: str) -> Position:
        try:
            distance, pk, shown = json.loads(base64.urlsafe_b64decode(text.encode()))
            return Position(float(distance), int(pk), min(max(int(shown), 0), MAX_ID))
        except (ValueError, TypeError, OverflowError) as error:
            raise serializers.ValidationError("This is no cursor of a page.") from error


def cursor_of(position: Position | None) -> str | None:
    """What the next page is asked for with; None after the last."""
    if position is None:
        return None
    text = json.dumps([position.distance, position.pk, position.shown])
    return base64.urlsafe_b64encode(text.encode()).decode()


class NeighbourSerializer(serializers.Serializer[Any]):
    segment = SegmentSerializer()
    distance = serializers.FloatField(help_text="Cosine distance, 0..2.")


class SimilarSerializer(serializers.Serializer[Any]):
    """Give `next` back as `?cursor=`; null says this is the last page."""

    results = NeighbourSerializer(many=True)
    searched = serializers.IntegerField(
        help_text="How many segments passed the filters; where there are very many, about how many."
    )
    exact = serializers.BooleanField(help_text="Whether every one of them was compared.")
    next = serializers.CharField(allow_null=True)
    space = serializers.CharField(help_text="Names tokenizer and encoder; only vectors of one space are compared.")


class CardCoherenceSerializer(serializers.ModelSerializer[ClusterCoherence]):
    """ICSS of a cluster as one encoder sees it, beside that of random pairs of the run; never without the encoder."""

    encoder = serializers.CharField(source="coherence.encoder")
    weights = serializers.CharField(source="coherence.weights")
    seed = serializers.IntegerField(source="coherence.seed")
    random_icss = serializers.FloatField(source="coherence.random_icss", allow_null=True)

    class Meta:
        model = ClusterCoherence
        fields = ("encoder", "weights", "seed", "random_icss", "n_segments", "n_pairs", "icss", "std", "low", "high")


class ClusterSerializer(serializers.Serializer[Any]):
    """A `selectors.ClusterCard`."""

    id = serializers.IntegerField(source="cluster.pk")
    run = serializers.IntegerField(source="cluster.run_id")
    index = serializers.IntegerField(source="cluster.index")
    name = serializers.CharField(source="cluster.name")
    action = ActionRefSerializer(source="cluster.action", allow_null=True)
    size = serializers.IntegerField(source="cluster.size")
    share = serializers.FloatField()
    silhouette = serializers.FloatField(source="cluster.silhouette", allow_null=True)
    mean_duration_s = serializers.FloatField()
    total_duration_s = serializers.FloatField()
    durations_histogram = serializers.ListField(child=serializers.IntegerField())
    n_videos = serializers.IntegerField()
    medoids = SegmentSerializer(many=True)
    coherence = CardCoherenceSerializer(many=True, help_text="One entry an encoder, the preferred first.")


class ClusterCoherenceSerializer(serializers.ModelSerializer[ClusterCoherence]):
    """One cluster's figures; null where it has a single primitive, and the interval below five."""

    index = serializers.IntegerField(source="cluster.index")
    name = serializers.SerializerMethodField()
    silhouette = serializers.FloatField(source="cluster.silhouette", allow_null=True)

    class Meta:
        model = ClusterCoherence
        fields = ("index", "name", "silhouette", "n_segments", "n_pairs", "icss", "std", "exact", "low", "high")

    def get_name(self, found: ClusterCoherence) -> str:
        """Its number, which stays, and the action it belongs to by now."""
        action = found.cluster.action
        return f"{found.cluster.name} · {action.name}" if action is not None else found.cluster.name


class CoherenceSerializer(serializers.ModelSerializer[Coherence]):
    """ICSS by one encoder. Where it could not be used, `why_not` is a sentence and there are no figures."""

    clusters = ClusterCoherenceSerializer(many=True)

    class Meta:
        model = Coherence
        fields = (
            "encoder",
            "weights",
            "seed",
            "why_not",
            "command",
            "n_segments",
            "n_pairs",
            "icss",
            "std",
            "exact",
            "low",
            "high",
            "of_clusters",
            "random_repeats",
            "random_icss",
            "random_std",
            "random_spread",
            "random_exact",
            "clusters",
        )


class ComparedRunSerializer(serializers.Serializer[Any]):
    """One side of a comparison."""

    id = serializers.IntegerField(source="pk")
    number = serializers.IntegerField()
    preset = serializers.CharField()
    n_segments = serializers.IntegerField()
    n_clusters_found = serializers.IntegerField()
    silhouette = serializers.FloatField(source="metrics.silhouette", allow_null=True, default=None)
    calinski_harabasz = serializers.FloatField(source="metrics.calinski_harabasz", allow_null=True, default=None)
    stability = serializers.FloatField(source="metrics.stability", allow_null=True, default=None)


class ConfigDifferenceSerializer(serializers.Serializer[Any]):
    key = serializers.CharField(help_text="Dotted: detection.alpha.")
    a = serializers.JSONField(allow_null=True)
    b = serializers.JSONField(allow_null=True)


class ComparedVideoSerializer(serializers.Serializer[Any]):
    """Boundaries are matched one to one within a second; one that is off by less than 0.05 s was kept."""

    id = serializers.IntegerField(source="video.pk")
    title = serializers.CharField(source="video.title")
    n_segments_a = serializers.IntegerField()
    n_segments_b = serializers.IntegerField()
    segmented_a = serializers.FloatField(help_text="Share of the video within segments.")
    segmented_b = serializers.FloatField()
    n_kept = serializers.IntegerField()
    n_moved = serializers.IntegerField()
    median_moved_s = serializers.FloatField(allow_null=True)
    n_only_a = serializers.IntegerField()
    n_only_b = serializers.IntegerField()


class LeftOutVideoSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(source="pk")
    title = serializers.CharField()


class BoundaryPairSerializer(serializers.Serializer[Any]):
    a_s = serializers.FloatField(allow_null=True)
    b_s = serializers.FloatField(allow_null=True)
    moved_s = serializers.FloatField(allow_null=True, help_text="How much later b's is.")


class ComparisonSerializer(serializers.Serializer[Any]):
    """Two runs side by side. `boundaries` are those of the video asked for, in order of time."""

    a = ComparedRunSerializer()
    b = ComparedRunSerializer()
    config = ConfigDifferenceSerializer(many=True)
    ari = serializers.FloatField(allow_null=True, help_text="Over moments at which both have a cluster.")
    nmi = serializers.FloatField(allow_null=True)
    n_samples = serializers.IntegerField(help_text="How many moments that were, one every 0.1 s.")
    videos = ComparedVideoSerializer(many=True)
    only_a = LeftOutVideoSerializer(many=True)
    only_b = LeftOutVideoSerializer(many=True)
    boundaries = BoundaryPairSerializer(many=True, allow_null=True)


class ComparisonFilterSerializer(Parameters):
    video = serializers.IntegerField(required=False, min_value=1, max_value=MAX_ID)
