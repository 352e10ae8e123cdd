"""Segments, clusters and maps as the API shows them."""

from typing import Any

from rest_framework import serializers

from backend.vocabulary.models import Segment


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


class MapSerializer(serializers.Serializer[Any]):
    ids = serializers.ListField(child=serializers.IntegerField())
    x = serializers.ListField(child=serializers.FloatField())
    y = serializers.ListField(child=serializers.FloatField())
    cluster = serializers.ListField(child=serializers.IntegerField(allow_null=True))
    video = serializers.ListField(child=serializers.IntegerField())
    start_s = serializers.ListField(child=serializers.FloatField())
    duration_s = serializers.ListField(child=serializers.FloatField())
    projection = serializers.ChoiceField(choices=["pca", "umap"])
