"""Sets as the API shows and takes them."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from backend.common.names import shown_name
from backend.selections.models import PrimitiveSet

MOST_IDS = 1_000_000
LARGEST_ID = 2**63 - 1


@extend_schema_field({"type": "array", "items": {"type": "integer"}, "maxItems": MOST_IDS})
class IdsField(serializers.Field[Any, Any, Any, Any]):
    """A list of ids. A ListField would look at each of 100,000 through a validator of its own: seconds."""

    default_error_messages = {"invalid": "Give a list of ids.", "too_many": f"At most {MOST_IDS} primitives."}

    def to_internal_value(self, data: Any) -> list[int]:
        if not isinstance(data, list) or not all(type(pk) is int and 0 < pk <= LARGEST_ID for pk in data):
            self.fail("invalid")
        if len(data) > MOST_IDS:
            self.fail("too_many")
        return data

    def to_representation(self, value: list[int]) -> list[int]:
        return value


class SetNameField(serializers.CharField):
    """One line without control characters."""

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        name = shown_name(text, len(text))
        if not name:
            self.fail("blank")
        return name


class PrimitiveSetSerializer(serializers.ModelSerializer[PrimitiveSet]):
    n = serializers.IntegerField(help_text="How many primitives were put in.")
    run_number = serializers.IntegerField(source="run.number")
    created_by = serializers.CharField(source="created_by.username")

    class Meta:
        model = PrimitiveSet
        fields = ("id", "project", "run", "run_number", "name", "n", "for_review", "created_by", "created_at")


class PrimitiveSetDetailSerializer(PrimitiveSetSerializer):
    ids = IdsField(source="segments")

    class Meta(PrimitiveSetSerializer.Meta):
        fields = (*PrimitiveSetSerializer.Meta.fields, "ids")  # type: ignore[assignment]


class SaveSetSerializer(serializers.Serializer[Any]):
    run = serializers.IntegerField(min_value=1)
    name = SetNameField(max_length=120)
    ids = IdsField(help_text="Primitives of that run, at least one.")
    for_review = serializers.BooleanField(default=False)


class ChangeSetSerializer(serializers.Serializer[Any]):
    name = SetNameField(max_length=120, required=False)
    for_review = serializers.BooleanField(required=False)


class ExportSerializer(serializers.Serializer[Any]):
    ids = IdsField(help_text="Primitives of that run, at least one.")
    format = serializers.ChoiceField(choices=["csv", "json"], default="csv")
    name = serializers.CharField(max_length=120, required=False, default="", help_text="Goes into the file's name.")
