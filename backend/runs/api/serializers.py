"""Runs and stages as the API shows and takes them."""

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from backend.runs.graph import STAGES
from backend.runs.models import Run, RunStatus, StageExecution, Status
from ml.config import PRESETS


@extend_schema_serializer(component_name="RunCreate")
class StartRunSerializer(serializers.Serializer[Any]):
    """The Discover form. None lets the run decide: k by silhouette, the threshold by calibration."""

    preset = serializers.ChoiceField(choices=PRESETS, default="small")
    n_clusters = serializers.IntegerField(required=False, allow_null=True, default=None, min_value=1, max_value=500)
    theta_on = serializers.FloatField(required=False, allow_null=True, default=None, min_value=0)
    tokenizer_run = serializers.IntegerField(required=False, allow_null=True, default=None)
    videos = serializers.ListField(
        child=serializers.IntegerField(), required=False, allow_null=True, default=None, max_length=10_000
    )


class CalibrationSerializer(serializers.Serializer[Any]):
    view = serializers.CharField(allow_blank=True, help_text="Of the videos that share this threshold; empty: of all.")
    n_videos = serializers.IntegerField()
    theta_on = serializers.FloatField()
    theta_off = serializers.FloatField()
    off_ratio = serializers.FloatField()
    f1 = serializers.FloatField(allow_null=True)
    f1_always_on = serializers.FloatField(allow_null=True)
    auc = serializers.FloatField(allow_null=True)
    j = serializers.FloatField(allow_null=True)
    label_threshold = serializers.FloatField(allow_null=True)
    n_steps = serializers.IntegerField(allow_null=True)
    warning = serializers.CharField(allow_null=True)


class MetricsSerializer(serializers.Serializer[Any]):
    silhouette = serializers.FloatField(allow_null=True, default=None)
    calinski_harabasz = serializers.FloatField(allow_null=True, default=None)
    stability = serializers.FloatField(allow_null=True, default=None)  # absent in runs older than it


class RunSerializer(serializers.ModelSerializer[Run]):
    """A run of `selectors.runs_visible_to`; `context["progress"]` holds `selectors.progress_of`."""

    status = serializers.ChoiceField(choices=RunStatus.choices)
    started_by = serializers.CharField(source="started_by.shown_name")
    n_clusters = serializers.IntegerField(source="config.clustering.n_clusters", allow_null=True)
    theta_on = serializers.FloatField(source="config.calibration.theta_on", allow_null=True)
    progress = serializers.SerializerMethodField()
    message = serializers.SerializerMethodField()
    n_videos = serializers.IntegerField()
    n_segments = serializers.IntegerField()
    n_clusters_found = serializers.IntegerField()
    metrics = MetricsSerializer()
    calibrations = CalibrationSerializer(many=True)
    suggested_k = serializers.ListField(child=serializers.ListField(child=serializers.FloatField()))
    projection = serializers.ChoiceField(choices=["pca", "umap"])
    can_retry = serializers.SerializerMethodField()

    class Meta:
        model = Run
        fields = (
            "id",
            "project",
            "number",
            "status",
            "reason",
            "cancel_requested",
            "preset",
            "n_clusters",
            "theta_on",
            "tokenizer_run",
            "config_hash",
            "started_by",
            "created_at",
            "started_at",
            "finished_at",
            "progress",
            "message",
            "can_retry",
            "n_videos",
            "n_segments",
            "n_clusters_found",
            "metrics",
            "calibrations",
            "suggested_k",
            "projection",
        )

    def get_progress(self, run: Run) -> float:
        return self.context["progress"][run.pk].fraction

    def get_message(self, run: Run) -> str:
        return self.context["progress"][run.pk].message if run.is_active else ""

    def get_can_retry(self, run: Run) -> bool:
        return self.context["progress"][run.pk].can_retry


class StageSerializer(serializers.ModelSerializer[StageExecution]):
    stage = serializers.ChoiceField(choices=[(name, name) for name in STAGES])
    status = serializers.ChoiceField(choices=Status.choices)
    queue = serializers.CharField()
    video_title = serializers.CharField(source="video.title", allow_null=True, default=None)
    run_number = serializers.IntegerField(source="run.number", allow_null=True, default=None)

    class Meta:
        model = StageExecution
        fields = (
            "id",
            "run",
            "run_number",
            "video",
            "video_title",
            "stage",
            "queue",
            "status",
            "progress",
            "message",
            "reason",
            "attempt",
            "reused",
            "worker",
            "queued_at",
            "started_at",
            "finished_at",
        )


class EnergySerializer(serializers.Serializer[Any]):
    times_s = serializers.ListField(child=serializers.FloatField())
    energy = serializers.ListField(child=serializers.FloatField())
    smoothed = serializers.ListField(child=serializers.FloatField())
    velocity = serializers.ListField(child=serializers.FloatField())
    theta_on = serializers.FloatField()
    theta_off = serializers.FloatField()
    source = serializers.CharField()
    unit = serializers.CharField()


class PresetSerializer(serializers.Serializer[Any]):
    name = serializers.ChoiceField(choices=PRESETS)
    title = serializers.CharField()
    description = serializers.CharField()
    minutes_hint = serializers.FloatField(allow_null=True)
    default = serializers.BooleanField()
