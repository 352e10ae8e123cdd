"""What may be asked of an export, read by an explicit list: a key nobody knows is refused, not ignored."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Any

from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema_field
from rest_framework import serializers

from backend.common.parameters import MAX_ID, Parameters
from backend.exports.choosing import Filter, Shares
from backend.reviews.models import KEPT_FROM, MAX_QUALITY
from ml.exports import WRITERS
from ml.exports.dataset import SPLITS

MOST_ACTIONS = 10_000
ROUNDED = 1e-6
LATENT_FORMS = [("coordinates", "coordinates"), ("z_q", "z_q")]


class Finite(serializers.FloatField):
    """A number. "nan" would pass every limit."""

    def to_internal_value(self, data: Any) -> float:
        if isinstance(data, bool):
            raise serializers.ValidationError("A valid number is required.")
        value: float = super().to_internal_value(data)
        if not isfinite(value):
            raise serializers.ValidationError("A valid number is required.")
        return value


class ExportSplitSerializer(Parameters):
    """The shares of the videos that go into each split. Views of one recording always go together."""

    train = Finite(min_value=0, max_value=1, default=0.8)
    val = Finite(min_value=0, max_value=1, default=0.1)
    test = Finite(min_value=0, max_value=1, default=0.1)
    seed = serializers.IntegerField(min_value=0, max_value=2**31 - 1, default=0)

    def validate(self, asked: dict[str, Any]) -> dict[str, Any]:
        if abs(sum(asked[name] for name in SPLITS) - 1) > ROUNDED:
            raise serializers.ValidationError("The shares have to add up to 1.")
        return asked


class LerobotSettingsSerializer(Parameters):
    """Of a LeRobot v3 dataset."""

    episode = serializers.ChoiceField(["primitive", "cycle"], required=False, help_text="What one episode is.")
    cycle_action = serializers.IntegerField(
        min_value=1, max_value=MAX_ID, required=False, allow_null=True, help_text="Each cycle begins with this action."
    )
    task = serializers.CharField(
        max_length=500, required=False, allow_blank=True, help_text="What a cycle is called; empty: after the project."
    )
    action = serializers.ChoiceField(
        LATENT_FORMS, required=False, help_text="The column `action`: coordinates of the code, or z_q."
    )
    z_q = serializers.BooleanField(required=False, help_text="Write `latent.z_q` too.")
    long_side_px = serializers.IntegerField(required=False, help_text="Pictures are scaled down to this, never up.")
    quality = serializers.IntegerField(required=False, help_text="crf of H.264: lower is better and larger.")


class LanguageActionSettingsSerializer(Parameters):
    """Of language-action episodes."""

    layout = serializers.ChoiceField(["v3", "v2.1"], required=False, help_text="Of LeRobot; LA4VLA reads v2.1.")
    vectors = serializers.ChoiceField(LATENT_FORMS, required=False)
    drop_objects = serializers.BooleanField(required=False, help_text="Say “the object” instead of objects' names.")


class WebdatasetSettingsSerializer(Parameters):
    """Of WebDataset shards."""

    shard_mb = serializers.IntegerField(required=False, help_text="A shard is closed before it grows beyond this.")
    long_side_px = serializers.IntegerField(required=False, allow_null=True, help_text="null: full size.")
    quality = serializers.IntegerField(required=False, help_text="crf of H.264: lower is better and larger.")


class ActivitynetSettingsSerializer(Parameters):
    """Of ActivityNet JSON and CSV."""

    label = serializers.ChoiceField(["name", "primitive"], required=False, help_text="What an annotation is called by.")


class LapsSettingsSerializer(Parameters):
    """Of clips and codes in the layout of LAPS."""

    quantized = serializers.BooleanField(required=False, help_text="Also z_q as text: 1.5 MB a primitive.")
    long_side_px = serializers.IntegerField(required=False, allow_null=True, help_text="null: full size.")
    quality = serializers.IntegerField(required=False, help_text="crf of H.264: lower is better and larger.")


SETTINGS: dict[str, type[Parameters]] = {
    "lerobot": LerobotSettingsSerializer,
    "language_action": LanguageActionSettingsSerializer,
    "webdataset": WebdatasetSettingsSerializer,
    "activitynet": ActivitynetSettingsSerializer,
    "laps": LapsSettingsSerializer,
}


@extend_schema_field(
    PolymorphicProxySerializer(
        component_name="ExportSettings", serializers=list(SETTINGS.values()), resource_type_field_name=None
    )
)
class SettingsField(serializers.DictField):
    """Read by the serializer of the kind."""

    child = serializers.JSONField(allow_null=True)


class ExportOptionsSerializer(Parameters):
    """Which primitives, how they are split, and how the kind is written. Everything has a default."""

    min_quality = Finite(min_value=0, max_value=MAX_QUALITY, default=KEPT_FROM, help_text="Mean of the reviews, 0..3.")
    include_unrated = serializers.BooleanField(default=False, help_text="Also those nobody has rated.")
    max_spread = serializers.IntegerField(
        min_value=0,
        max_value=MAX_QUALITY,
        allow_null=True,
        default=None,
        help_text="Leave out where two ratings differ by more grades and nobody has settled it; null: keep all.",
    )
    actions = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=MAX_ID),
        allow_null=True,
        allow_empty=False,
        max_length=MOST_ACTIONS,
        default=None,
        help_text="Ids of actions of the version; null: all of them.",
    )
    unnamed = serializers.BooleanField(default=False, help_text="Also those that belong to no action.")
    split = ExportSplitSerializer(required=False)
    settings = SettingsField(required=False, help_text="What can be chosen for the kind itself.")


@dataclass(frozen=True)
class Asked:
    """Options that were checked. `as_stored` is the same as JSON, complete and in one form."""

    filter: Filter
    shares: Shares
    settings: dict[str, Any]

    def as_stored(self) -> dict[str, Any]:
        chosen = self.filter
        return {
            "min_quality": chosen.min_quality,
            "include_unrated": chosen.include_unrated,
            "max_spread": chosen.max_spread,
            "actions": None if chosen.actions is None else list(chosen.actions),
            "unnamed": chosen.unnamed,
            "split": {**{name: getattr(self.shares, name) for name in SPLITS}, "seed": self.shares.seed},
            "settings": self.settings,
        }


def checked(kind: str, given: dict[str, Any] | None) -> Asked:
    """The options of an export of that kind. Raises ValidationError, which answers 400."""
    form = ExportOptionsSerializer(data={} if given is None else given)
    form.is_valid(raise_exception=True)
    said = form.validated_data
    split = said.get("split")
    if split is None:
        split = ExportSplitSerializer(data={})
        split.is_valid(raise_exception=True)
        split = split.validated_data
    settings = SETTINGS[kind](data=said.get("settings", {}))
    settings.is_valid(raise_exception=True)
    try:
        complete = WRITERS[kind].options.from_dict(settings.validated_data)
    except ValueError as error:
        raise serializers.ValidationError({"settings": [str(error)]}) from error
    actions = said["actions"]
    return Asked(
        Filter(
            min_quality=said["min_quality"],
            include_unrated=said["include_unrated"],
            max_spread=said["max_spread"],
            actions=None if actions is None else tuple(sorted(set(actions))),
            unnamed=said["unnamed"],
        ),
        Shares(**split),
        complete.to_dict(),
    )
