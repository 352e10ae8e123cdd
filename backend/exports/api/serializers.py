"""Exports as the API takes and shows them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import reverse
from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from backend.common.parameters import MAX_ID, Parameters
from backend.exports.models import Export, ExportKind, ExportStatus
from backend.exports.options import ExportOptionsSerializer, SettingsField
from ml.exports.dataset import SPLITS


class AskExportSerializer(Parameters):
    """A version of the vocabulary, in the form of a kind."""

    version = serializers.IntegerField(min_value=1, max_value=MAX_ID)
    kind = serializers.ChoiceField(choices=ExportKind.choices)
    options = ExportOptionsSerializer(required=False)

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        asked = super().to_internal_value(data)
        return {**asked, "options": data.get("options")}  # checked with its kind


class ExportSplitShownSerializer(serializers.Serializer[Any]):
    train = serializers.FloatField()
    val = serializers.FloatField()
    test = serializers.FloatField()
    seed = serializers.IntegerField()


class ExportOptionsShownSerializer(serializers.Serializer[Any]):
    """What was asked for, complete: given back as `options`, it asks for the same."""

    min_quality = serializers.FloatField()
    include_unrated = serializers.BooleanField()
    max_spread = serializers.IntegerField(allow_null=True)
    actions = serializers.ListField(child=serializers.IntegerField(), allow_null=True)
    unnamed = serializers.BooleanField()
    split = ExportSplitShownSerializer()
    settings = SettingsField()


@extend_schema_serializer(component_name="DatasetExport")
class ExportSerializer(serializers.ModelSerializer[Export]):
    """A row of `selectors.exports_visible_to`."""

    status = serializers.ChoiceField(choices=ExportStatus.choices)
    kind = serializers.ChoiceField(choices=ExportKind.choices)
    version_number = serializers.IntegerField(source="version.number")
    version_name = serializers.CharField(source="version.name")
    run_number = serializers.IntegerField(source="version.run.number")
    options = ExportOptionsShownSerializer()
    asked_by = serializers.CharField(source="asked_by.shown_name")
    expires_at = serializers.SerializerMethodField(help_text="When the file is removed; null: there is none.")
    file_url = serializers.SerializerMethodField(help_text="Where a manager fetches it; null: there is none.")

    class Meta:
        model = Export
        fields = (
            "id", "project", "version", "version_number", "version_name", "run_number", "kind", "options", "status",
            "progress", "message", "reason", "filename", "size_bytes", "sha256", "n_segments", "asked_by",
            "created_at", "finished_at", "expires_at", "gone_at", "file_url",
        )  # fmt: skip
        read_only_fields = fields

    def _has_file(self, export: Export) -> bool:
        return export.status == ExportStatus.DONE and export.gone_at is None

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_expires_at(self, export: Export) -> Any:
        if not self._has_file(export) or export.finished_at is None:
            return None
        return serializers.DateTimeField().to_representation(export.finished_at + settings.EXPORTS_KEPT_FOR)

    def get_file_url(self, export: Export) -> str | None:
        return reverse("export-file", args=[export.pk]) if self._has_file(export) else None


class CardActionSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(allow_null=True)
    name = serializers.CharField(allow_null=True, help_text="null: those that belong to no action.")
    primitives = serializers.IntegerField()
    train = serializers.IntegerField()
    val = serializers.IntegerField()
    test = serializers.IntegerField()


class CardSourceSerializer(serializers.Serializer[Any]):
    key = serializers.CharField(help_text="What the video is called in the file.")
    title = serializers.CharField()
    view = serializers.CharField()
    licence = serializers.CharField(help_text="Empty: none was noted.")
    split = serializers.CharField()
    primitives = serializers.IntegerField()


class CardAlphaSerializer(serializers.Serializer[Any]):
    """Krippendorff's alpha at the moment of the version; null: not defined."""

    alpha = serializers.FloatField(allow_null=True, default=None)
    low = serializers.FloatField(allow_null=True, default=None)
    high = serializers.FloatField(allow_null=True, default=None)
    n_units = serializers.IntegerField(default=0)


class CardSerializer(serializers.Serializer[Any]):
    """What people read of the dataset card; `card` has all of it."""

    seconds = serializers.FloatField(source="counts.seconds")
    steps = serializers.IntegerField(source="counts.steps")
    rated = serializers.IntegerField(source="counts.rated")
    actions = CardActionSerializer(source="counts.actions", many=True)
    sources = CardSourceSerializer(source="counts.sources", many=True)
    quality = CardAlphaSerializer(source="figures.quality")
    labels = CardAlphaSerializer(source="figures.labels")
    notes = serializers.ListField(child=serializers.CharField())


@extend_schema_serializer(component_name="DatasetExportDetail")
class ExportDetailSerializer(ExportSerializer):
    """The same with the card as it is written."""

    card = serializers.JSONField(help_text="The dataset card as JSON; empty until it is done.")
    contents = serializers.SerializerMethodField(help_text="The dataset card, as a page shows it.")
    readme = serializers.SerializerMethodField(help_text="The dataset card, in Markdown; empty until it is done.")

    class Meta(ExportSerializer.Meta):
        fields = (*ExportSerializer.Meta.fields, "card", "contents", "readme")
        read_only_fields = fields

    @extend_schema_field(CardSerializer(allow_null=True))
    def get_contents(self, export: Export) -> Any:
        return CardSerializer(export.card).data if export.card else None

    def get_readme(self, export: Export) -> str:
        return self.context.get("readme", "")


class ExportSplitCountSerializer(serializers.Serializer[Any]):
    segments = serializers.IntegerField()
    videos = serializers.IntegerField()


class ExportSplitCountsSerializer(serializers.Serializer[Any]):
    train = ExportSplitCountSerializer()
    val = ExportSplitCountSerializer()
    test = ExportSplitCountSerializer()


assert tuple(ExportSplitCountsSerializer().fields) == SPLITS


class ExportActionSerializer(serializers.Serializer[Any]):
    """An action of the version. n_segments: what the filter leaves of it, whether it is asked for or not."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    colour = serializers.IntegerField()
    n_segments = serializers.IntegerField()


@extend_schema_serializer(component_name="ExportPreview")
class PreviewSerializer(serializers.Serializer[Any]):
    """What an export would hold. The rest of the version is counted at the first reason it stays out for."""

    n_segments = serializers.IntegerField()
    n_actions = serializers.IntegerField()
    n_videos = serializers.IntegerField()
    seconds = serializers.FloatField()
    splits = ExportSplitCountsSerializer()
    actions = ExportActionSerializer(many=True)
    total = serializers.IntegerField(source="choice.total")
    unrated = serializers.IntegerField(source="choice.unrated")
    below_quality = serializers.IntegerField(source="choice.below_quality")
    disagreed = serializers.IntegerField(source="choice.disagreed")
    unnamed = serializers.IntegerField(source="choice.unnamed")
    other_actions = serializers.IntegerField(source="choice.other_actions")
