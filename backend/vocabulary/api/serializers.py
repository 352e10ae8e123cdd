"""Segments, clusters and maps as the API shows them."""

from typing import Any

from rest_framework import serializers

from backend.vocabulary.models import ClusterCoherence, Coherence, Segment


class SegmentSerializer(serializers.ModelSerializer[Segment]):
    video_title = serializers.CharField(source="video.title")
    duration_s = serializers.FloatField()
    cluster = serializers.IntegerField(source="cluster.index", allow_null=True, default=None)
    cluster_id = serializers.IntegerField(allow_null=True)
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


class SimilarFilterSerializer(serializers.Serializer[Any]):
    """How many, and which segments count. Durations in seconds."""

    k = serializers.IntegerField(default=20, min_value=1, max_value=100)
    scope = serializers.ChoiceField(choices=["run", "project"], default="run")
    video = serializers.IntegerField(required=False, min_value=1)
    view = serializers.CharField(required=False, max_length=60)
    cluster = serializers.IntegerField(required=False, min_value=0)
    exclude_same_video = serializers.BooleanField(default=False)
    min_duration_s = serializers.FloatField(required=False, min_value=0)
    max_duration_s = serializers.FloatField(required=False, min_value=0)


class NeighbourSerializer(serializers.Serializer[Any]):
    segment = SegmentSerializer()
    distance = serializers.FloatField(help_text="Cosine distance, 0..2.")


class SimilarSerializer(serializers.Serializer[Any]):
    results = NeighbourSerializer(many=True)
    searched = serializers.IntegerField(help_text="How many segments passed the filters.")
    exact = serializers.BooleanField(help_text="Whether every one of them was compared.")
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
    name = serializers.CharField(source="cluster.name")
    silhouette = serializers.FloatField(source="cluster.silhouette", allow_null=True)

    class Meta:
        model = ClusterCoherence
        fields = ("index", "name", "silhouette", "n_segments", "n_pairs", "icss", "std", "exact", "low", "high")


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


class MapSerializer(serializers.Serializer[Any]):
    ids = serializers.ListField(child=serializers.IntegerField())
    x = serializers.ListField(child=serializers.FloatField())
    y = serializers.ListField(child=serializers.FloatField())
    cluster = serializers.ListField(child=serializers.IntegerField(allow_null=True))
    video = serializers.ListField(child=serializers.IntegerField())
    start_s = serializers.ListField(child=serializers.FloatField())
    duration_s = serializers.ListField(child=serializers.FloatField())
    projection = serializers.ChoiceField(choices=["pca", "umap"])
