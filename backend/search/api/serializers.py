"""Examples as the API takes and shows them."""

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from backend.common.parameters import MAX_ID
from backend.search.models import Example, ExampleStatus


@extend_schema_serializer(component_name="ExampleRange")
class RangeSerializer(serializers.Serializer[Any]):
    """Search by [start_s, end_s) of a video, as the run sees it."""

    run = serializers.IntegerField(min_value=1, max_value=MAX_ID)
    video = serializers.IntegerField(min_value=1, max_value=MAX_ID)
    start_s = serializers.FloatField(min_value=0, max_value=1e7)
    end_s = serializers.FloatField(min_value=0, max_value=1e7)

    def validate(self, asked: dict[str, Any]) -> dict[str, Any]:
        if round(asked["end_s"], 3) <= round(asked["start_s"], 3):
            raise serializers.ValidationError("The range has to end after it begins.")
        return asked


@extend_schema_serializer(component_name="ExampleClip")
class ClipSerializer(serializers.Serializer[Any]):
    """Search by a clip; it is deleted as soon as it has been looked at."""

    run = serializers.IntegerField(min_value=1, max_value=MAX_ID)
    clip = serializers.FileField(allow_empty_file=False)


@extend_schema_serializer(component_name="Example")
class ExampleSerializer(serializers.ModelSerializer[Example]):
    status = serializers.ChoiceField(choices=ExampleStatus.choices)
    video_title = serializers.CharField(source="video.title", allow_null=True, default=None)
    run_number = serializers.IntegerField(source="run.number")

    class Meta:
        model = Example
        fields = (
            "id", "run", "run_number", "video", "video_title", "start_s", "end_s", "filename", "status", "reason",
            "space", "created_at",
        )  # fmt: skip
