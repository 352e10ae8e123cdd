"""Runs and stages as the API shows and takes them."""

from typing import Any, get_args

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from backend.runs.graph import STAGES
from backend.runs.models import Run, RunStatus, StageExecution, Status
from backend.runs.selectors import SIGNALS
from ml.config import PRESETS, ClusterBy, Tracker


@extend_schema_serializer(component_name="RunCreate")
class StartRunSerializer(serializers.Serializer[Any]):
    """The Discover form. None lets the run decide: k by silhouette, the threshold by calibration."""

    preset = serializers.ChoiceField(choices=PRESETS, default="small")
    n_clusters = serializers.IntegerField(required=False, allow_null=True, default=None, min_value=1, max_value=500)
    theta_on = serializers.FloatField(required=False, allow_null=True, default=None, min_value=0)
    tracker = serializers.ChoiceField(
        choices=get_args(Tracker),
        default="flow",
        help_text="cotracker3 is under CC-BY-NC 4.0: its weights and an accepted licence have to be on the workers.",
    )
    cluster_by = serializers.ChoiceField(
        choices=get_args(ClusterBy),
        default="embedding",
        help_text="latents: what every camera of a recording saw of a primitive, before it became codes.",
    )
    tokenizer_run = serializers.IntegerField(required=False, allow_null=True, default=None)
    videos = serializers.ListField(
        child=serializers.IntegerField(), required=False, allow_null=True, default=None, max_length=10_000
    )


class ReclusterSerializer(serializers.Serializer[Any]):
    n_clusters = serializers.IntegerField(min_value=1, max_value=500)


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
    suggested_k = serializers.ListField(
        child=serializers.ListField(child=serializers.FloatField()),
        help_text="k, silhouette and Calinski–Harabasz (runs made before it was taken have two of the three).",
    )
    projection = serializers.ChoiceField(choices=["pca", "umap"])
    can_retry = serializers.SerializerMethodField()
    derived_from_number = serializers.IntegerField(allow_null=True, help_text="Of the run it was kept from.")
    is_hand_cut = serializers.BooleanField(help_text="A person set primitives in some of its videos.")

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
            "derived_from",
            "derived_from_number",
            "is_hand_cut",
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


class RunDetailSerializer(RunSerializer):
    """One run with its whole configuration, frozen when it was started."""

    config = serializers.DictField(help_text="`PipelineConfig`: a branch a stage.")

    class Meta(RunSerializer.Meta):
        fields = (*RunSerializer.Meta.fields, "config")


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


class DetectionSerializer(serializers.Serializer[Any]):
    """ml.config.DetectionConfig."""

    alpha = serializers.FloatField()
    off_ratio = serializers.FloatField()
    on_steps = serializers.IntegerField()
    off_steps = serializers.IntegerField()
    cooldown_steps = serializers.IntegerField()
    min_s = serializers.FloatField()
    max_s = serializers.FloatField(allow_null=True)


class RefinementSerializer(serializers.Serializer[Any]):
    """ml.config.RefinementConfig."""

    rest = serializers.FloatField(allow_null=True)
    dip = serializers.FloatField(allow_null=True)
    smooth_s = serializers.FloatField()
    min_piece_s = serializers.FloatField()
    hold_s = serializers.FloatField()


class _ChangeSerializer(serializers.Serializer[Any]):
    """Settings that may be left out, but not misspelt."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and (unknown := sorted(set(data) - set(self.fields))):
            raise serializers.ValidationError(f"There is no setting “{unknown[0]}”.")
        return super().to_internal_value(data)


class DetectionChangeSerializer(_ChangeSerializer):
    """What is to differ from the run's detection."""

    alpha = serializers.FloatField(required=False)
    off_ratio = serializers.FloatField(required=False)
    on_steps = serializers.IntegerField(required=False)
    off_steps = serializers.IntegerField(required=False)
    cooldown_steps = serializers.IntegerField(required=False)
    min_s = serializers.FloatField(required=False)
    max_s = serializers.FloatField(required=False, allow_null=True)


class RefinementChangeSerializer(_ChangeSerializer):
    """What is to differ from the run's refinement."""

    rest = serializers.FloatField(required=False, allow_null=True)
    dip = serializers.FloatField(required=False, allow_null=True)
    smooth_s = serializers.FloatField(required=False)
    min_piece_s = serializers.FloatField(required=False)
    hold_s = serializers.FloatField(required=False)


@extend_schema_field(
    {
        "type": "object",
        "additionalProperties": {
            "type": "array",
            "items": {"type": "array", "items": {"type": "number", "format": "double"}, "minItems": 2, "maxItems": 2},
        },
    }
)
class CutsField(serializers.JSONField):
    """By video id, intervals. Up to 100,000 of them: the service looks at each, not a field apiece."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, dict):
            raise serializers.ValidationError("Cuts are given by the id of their video.")
        return data


@extend_schema_serializer(component_name="RunKeep")
class KeepRunSerializer(serializers.Serializer[Any]):
    """A run cut otherwise. What is left out stays as it is."""

    detection = DetectionChangeSerializer(required=False)
    refinement = RefinementChangeSerializer(required=False)
    theta_scale = serializers.FloatField(default=1.0, help_text="Times the run's threshold of each view.")
    cuts = CutsField(required=False, help_text="By video id, exactly the [start_s, end_s) it is to have.")


class SignalsSerializer(serializers.Serializer[Any]):
    """Where a video's signals lie, and all that cutting them again takes."""

    url = serializers.CharField(
        help_text="The columns one after the other, little endian: times_s as float64, the others as float32."
    )
    n_steps = serializers.IntegerField()
    start_s = serializers.FloatField(help_text="Where step 0 begins; step k ends at times_s[k].")
    duration_s = serializers.FloatField(allow_null=True)
    columns = serializers.ListField(child=serializers.ChoiceField(choices=list(SIGNALS)))
    source = serializers.CharField()
    unit = serializers.CharField()
    theta_on = serializers.FloatField()
    theta_off = serializers.FloatField()
    detection = DetectionSerializer()
    refinement = RefinementSerializer()
    hand_cut = serializers.BooleanField(help_text="The primitives of this video were set by a person.")


class PresetSerializer(serializers.Serializer[Any]):
    name = serializers.ChoiceField(choices=PRESETS)
    title = serializers.CharField()
    description = serializers.CharField()
    minutes_hint = serializers.FloatField(allow_null=True)
    default = serializers.BooleanField()


class SuggestedOffsetSerializer(serializers.Serializer[Any]):
    """Where the energies of two views agree best."""

    offset_s = serializers.FloatField(help_text="What the second video's offset_s would be.")
    peak = serializers.FloatField(help_text="The correlation of the energies there, -1 to 1.")
    second_peak = serializers.FloatField(help_text="The best correlation at least a second away.")
    clear = serializers.BooleanField(help_text="Worth believing: the peak is high and stands alone.")
