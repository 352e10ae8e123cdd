"""Versions as the API shows and takes them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from backend.common.parameters import MAX_ID
from backend.versions.models import VocabularyVersion
from backend.versions.services import LONGEST_NAME

LONGEST_NOTE = 5000


class VersionSerializer(serializers.ModelSerializer[VocabularyVersion]):
    run_number = serializers.IntegerField(source="run.number")
    frozen_by = serializers.CharField(source="frozen_by.shown_name")

    class Meta:
        model = VocabularyVersion
        fields = (
            "id",
            "project",
            "number",
            "name",
            "note",
            "run",
            "run_number",
            "digest",
            "n_actions",
            "n_segments",
            "n_named",
            "n_rated",
            "n_kept",
            "alpha",
            "frozen_by",
            "frozen_at",
        )


class FreezeSerializer(serializers.Serializer[Any]):
    run = serializers.IntegerField(min_value=1, max_value=MAX_ID)
    name = serializers.CharField(max_length=LONGEST_NAME)
    note = serializers.CharField(required=False, allow_blank=True, default="", max_length=LONGEST_NOTE)


class FreezePreviewSerializer(serializers.Serializer[Any]):
    """A `selectors.Preview`: what a version would hold now, and what is still open."""

    n_actions = serializers.IntegerField()
    n_segments = serializers.IntegerField()
    n_named = serializers.IntegerField(help_text="Primitives that belong to an action.")
    n_rated = serializers.IntegerField()
    n_kept = serializers.IntegerField()
    n_conflicts = serializers.IntegerField(help_text="Primitives whose reviewers differ and that nobody has settled.")
    n_unnamed_clusters = serializers.IntegerField()
    n_videos = serializers.IntegerField()
    alpha = serializers.FloatField(allow_null=True)
    n_twice = serializers.IntegerField(help_text="Primitives that two or more people rated: those alpha is of.")


class FrozenActionSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(source="fields.id")
    name = serializers.CharField(source="fields.name")
    description = serializers.CharField(source="fields.description")
    subject = serializers.CharField(source="fields.subject")
    verb = serializers.CharField(source="fields.verb")
    object = serializers.CharField(source="fields.object")
    primitive = serializers.CharField(source="fields.primitive")
    colour = serializers.IntegerField(source="fields.colour")
    digit = serializers.IntegerField(source="fields.digit", allow_null=True)
    deprecated = serializers.BooleanField(source="fields.deprecated")
    n_segments = serializers.IntegerField()
    n_rated = serializers.IntegerField()
    n_kept = serializers.IntegerField()


class VersionDetailSerializer(VersionSerializer):
    n_videos = serializers.SerializerMethodField()
    actions = serializers.SerializerMethodField()

    class Meta(VersionSerializer.Meta):
        fields = (*VersionSerializer.Meta.fields, "n_videos", "actions")  # type: ignore[assignment]

    def get_n_videos(self, version: VocabularyVersion) -> int:
        return len(self.context["content"].vocabulary["videos"])

    def get_actions(self, version: VocabularyVersion) -> FrozenActionSerializer(many=True):  # type: ignore[valid-type]
        return FrozenActionSerializer(self.context["actions"], many=True).data


class FrozenRefSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    colour = serializers.IntegerField()


class DiffExampleSerializer(serializers.Serializer[Any]):
    """A primitive to look at. `before` and `after`: one quality, or start and end in seconds; empty: not rated."""

    id = serializers.IntegerField()
    video = serializers.IntegerField()
    title = serializers.CharField()
    start_s = serializers.FloatField()
    end_s = serializers.FloatField()
    before = serializers.ListField(child=serializers.FloatField(), allow_null=True)
    after = serializers.ListField(child=serializers.FloatField(), allow_null=True)


class ActionFieldChangeSerializer(serializers.Serializer[Any]):
    field = serializers.CharField()
    before = serializers.CharField(allow_blank=True)
    after = serializers.CharField(allow_blank=True)


class ActionChangeSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=["added", "split", "renamed", "changed", "merged", "deprecated", "restored"])
    action = FrozenRefSerializer()
    other = FrozenRefSerializer(allow_null=True, help_text="What it was merged into, or split off.")
    n_before = serializers.IntegerField()
    n_after = serializers.IntegerField()
    fields = ActionFieldChangeSerializer(many=True)  # type: ignore[assignment]
    examples = DiffExampleSerializer(many=True)


class VersionMoveSerializer(serializers.Serializer[Any]):
    before = FrozenRefSerializer(allow_null=True)
    after = FrozenRefSerializer(allow_null=True)
    n = serializers.IntegerField()
    examples = DiffExampleSerializer(many=True)


class EdgeChangesSerializer(serializers.Serializer[Any]):
    n = serializers.IntegerField()
    median = serializers.FloatField(allow_null=True, help_text="Of how much, in seconds or grades.")
    examples = DiffExampleSerializer(many=True)


class QualityChangesSerializer(EdgeChangesSerializer):
    raised = serializers.IntegerField()
    lowered = serializers.IntegerField()
    first_rated = serializers.IntegerField()
    unrated = serializers.IntegerField()


class VersionDiffSerializer(serializers.Serializer[Any]):
    """A `selectors.Diff`: what changed from the first version to the second."""

    before = VersionSerializer()
    after = VersionSerializer()
    same_run = serializers.BooleanField(help_text="Else primitives are the same by their time: IoU of 0.5 or more.")
    n_shared = serializers.IntegerField()
    n_gone = serializers.IntegerField()
    n_new = serializers.IntegerField()
    gone = DiffExampleSerializer(many=True)
    new = DiffExampleSerializer(many=True)
    actions = ActionChangeSerializer(many=True)
    n_moved = serializers.IntegerField()
    moves = VersionMoveSerializer(many=True)
    quality = QualityChangesSerializer()
    edges = EdgeChangesSerializer()
