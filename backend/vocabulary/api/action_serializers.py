"""The vocabulary as the API shows and takes it."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from backend.vocabulary.api.serializers import ActionRefSerializer, SegmentSerializer
from backend.vocabulary.models import TAXONOMY, VocabularyChange
from backend.vocabulary.surgery import LONGEST_NAME

LONGEST_TEXT = 5000
MOST_EXAMPLES = 24
MOST_SEGMENTS = 100_000
COLOURS = 2**15 - 1
PRIMITIVES = [("", ""), *((word, word) for word in TAXONOMY)]
GROUP = r"^(action|cluster):\d{1,15}$"


def _group(help_text: str = "`action:7` (its id) or `cluster:3` (its index in the run).") -> serializers.RegexField:
    return serializers.RegexField(GROUP, help_text=help_text)


class ActionSerializer(serializers.Serializer[Any]):
    """A `groups.ActionRow`."""

    id = serializers.IntegerField(source="action.pk")
    name = serializers.CharField(source="action.name")
    description = serializers.CharField(source="action.description")
    subject = serializers.CharField(source="action.subject")
    verb = serializers.CharField(source="action.verb")
    object = serializers.CharField(source="action.object")
    primitive = serializers.ChoiceField(source="action.primitive", choices=PRIMITIVES)
    colour = serializers.IntegerField(source="action.colour")
    digit = serializers.IntegerField(source="action.digit", allow_null=True, help_text="The key that labels with it.")
    examples = serializers.ListField(
        source="action.examples", child=serializers.IntegerField(), help_text="Primitives that show it well."
    )
    deprecated = serializers.BooleanField(source="action.deprecated")
    created_by = serializers.CharField(source="action.created_by.shown_name")
    created_at = serializers.DateTimeField(source="action.created_at")
    n_clusters = serializers.IntegerField(allow_null=True, help_text="Of the run asked about.")
    n_segments = serializers.IntegerField(allow_null=True, help_text="Of the run asked about.")


class ActionFieldsSerializer(serializers.Serializer[Any]):
    """Fields of an action; those that are not there stay as they are."""

    name = serializers.CharField(required=False, max_length=LONGEST_NAME)
    description = serializers.CharField(required=False, allow_blank=True, max_length=LONGEST_TEXT)
    subject = serializers.CharField(required=False, allow_blank=True, max_length=120)
    verb = serializers.CharField(required=False, allow_blank=True, max_length=120)
    object = serializers.CharField(required=False, allow_blank=True, max_length=120)
    primitive = serializers.ChoiceField(required=False, choices=PRIMITIVES)
    colour = serializers.IntegerField(required=False, min_value=0, max_value=COLOURS)
    digit = serializers.IntegerField(
        required=False, allow_null=True, min_value=0, max_value=9, help_text="Swapped with the action that has it."
    )
    examples = serializers.ListField(
        required=False, child=serializers.IntegerField(min_value=1, max_value=2**63 - 1), max_length=MOST_EXAMPLES
    )
    deprecated = serializers.BooleanField(required=False)


class EditActionSerializer(ActionFieldsSerializer):
    expected = ActionFieldsSerializer(required=False, help_text="What was in them; refused if that has changed.")


class NameClusterSerializer(serializers.Serializer[Any]):
    cluster = serializers.IntegerField(min_value=0, max_value=COLOURS, help_text="Its index in the run.")
    name = serializers.CharField(max_length=LONGEST_NAME)


class MergeSerializer(serializers.Serializer[Any]):
    groups = serializers.ListField(child=_group(), min_length=1, max_length=500)
    into = _group()
    name = serializers.CharField(required=False, max_length=LONGEST_NAME, help_text="For a cluster that has none.")


class SplitSerializer(serializers.Serializer[Any]):
    group = _group()
    name = serializers.CharField(required=False, max_length=LONGEST_NAME, help_text="Of the smaller half.")


class MoveSerializer(serializers.Serializer[Any]):
    segments = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1), min_length=1, max_length=MOST_SEGMENTS
    )
    to = serializers.RegexField(
        r"^(new|own|(action|cluster):\d{1,15})$",
        help_text="A group; `new`: a new action called `name`; `own`: each back to its cluster.",
    )
    name = serializers.CharField(required=False, max_length=LONGEST_NAME)


class CarriedSerializer(serializers.Serializer[Any]):
    cluster = serializers.IntegerField(min_value=0, max_value=COLOURS, help_text="Its index in the run.")
    action = serializers.IntegerField(min_value=1, max_value=2**63 - 1)


class CarryOverSerializer(serializers.Serializer[Any]):
    source = serializers.IntegerField(min_value=1, max_value=2**63 - 1, help_text="The run the names come from.")
    clusters = CarriedSerializer(many=True, allow_empty=False)


class StepSerializer(serializers.Serializer[Any]):
    """Which step of the history; null: the person's own last one."""

    change = serializers.IntegerField(required=False, allow_null=True, default=None, min_value=1, max_value=2**63 - 1)


class ChangeSerializer(serializers.ModelSerializer[VocabularyChange]):
    by = serializers.CharField(source="by.shown_name")
    undone_by = serializers.CharField(source="undone_by.shown_name", allow_null=True, default=None)
    run_number = serializers.IntegerField(source="run.number", allow_null=True, default=None)

    class Meta:
        model = VocabularyChange
        fields = ("id", "kind", "summary", "run", "run_number", "by", "at", "undone_at", "undone_by")


class DoneSerializer(serializers.Serializer[Any]):
    """A `surgery.Done`."""

    change = ChangeSerializer()
    action = ActionRefSerializer(allow_null=True)


class HistorySerializer(serializers.Serializer[Any]):
    """Give `next` back as `?cursor=`; null says this is the last page."""

    results = ChangeSerializer(many=True)
    next = serializers.CharField(allow_null=True)
    undo = ChangeSerializer(allow_null=True, help_text="What undo would take back.")
    redo = ChangeSerializer(allow_null=True, help_text="What redo would do again.")


class GroupClusterSerializer(serializers.Serializer[Any]):
    index = serializers.IntegerField()
    name = serializers.CharField()
    size = serializers.IntegerField()


class GroupCoherenceSerializer(serializers.Serializer[Any]):
    """ICSS as one encoder sees it, beside that of random pairs of the run. An interval only for a whole cluster."""

    encoder = serializers.CharField()
    weights = serializers.CharField(allow_blank=True)
    seed = serializers.IntegerField()
    random_icss = serializers.FloatField(allow_null=True)
    n_segments = serializers.IntegerField()
    n_pairs = serializers.IntegerField()
    icss = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)


class GroupSerializer(serializers.Serializer[Any]):
    """A `groups.GroupCard`: an action with all that is of it in the run, or a cluster without a name."""

    key = serializers.CharField(help_text="`action:7` (its id) or `cluster:3` (its index in the run).")
    name = serializers.CharField()
    colour = serializers.IntegerField()
    action = ActionRefSerializer(allow_null=True)
    clusters = GroupClusterSerializer(many=True)
    size = serializers.IntegerField()
    share = serializers.FloatField()
    n_videos = serializers.IntegerField()
    mean_duration_s = serializers.FloatField()
    total_duration_s = serializers.FloatField()
    durations_histogram = serializers.ListField(child=serializers.IntegerField())
    silhouette = serializers.FloatField(allow_null=True, help_text="Mean of its clusters', by how many are of each.")
    quality = serializers.FloatField(allow_null=True, help_text="Mean of what people rated, 0..3.")
    n_rated = serializers.IntegerField()
    medoids = SegmentSerializer(many=True)
    coherence = GroupCoherenceSerializer(many=True, help_text="One entry an encoder, the preferred first.")


class ProposalSerializer(serializers.Serializer[Any]):
    """A `carrying.Proposal`."""

    cluster = serializers.IntegerField(source="cluster.index")
    name = serializers.CharField(source="cluster.name")
    size = serializers.IntegerField(source="cluster.size")
    action = ActionRefSerializer(allow_null=True)
    overlap_s = serializers.FloatField()
    of_cluster = serializers.FloatField(help_text="The share of the cluster's time that was the action's.")
    of_action = serializers.FloatField(help_text="The share of the action's time that is the cluster's.")
    ticked = serializers.BooleanField()


class RunRefSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(source="pk")
    number = serializers.IntegerField()


class ProposalsSerializer(serializers.Serializer[Any]):
    source = RunRefSerializer(allow_null=True, help_text="Null: no other run has names over these videos.")
    proposals = ProposalSerializer(many=True)


class FlowGroupSerializer(serializers.Serializer[Any]):
    key = serializers.CharField()
    name = serializers.CharField()
    colour = serializers.IntegerField()
    n_segments = serializers.IntegerField()
    total_s = serializers.FloatField()


class TransitionSerializer(serializers.Serializer[Any]):
    group = serializers.CharField()
    follows = serializers.CharField(help_text="The group that comes right after.")
    count = serializers.IntegerField()
    probability = serializers.FloatField(help_text="Of what comes after the group.")
    mean_gap_s = serializers.FloatField()


class TransitionsSerializer(serializers.Serializer[Any]):
    groups = FlowGroupSerializer(many=True)
    transitions = TransitionSerializer(many=True)
    n_videos = serializers.IntegerField()


class CycleStepSerializer(serializers.Serializer[Any]):
    segment = serializers.IntegerField()
    group = serializers.CharField()
    start_s = serializers.FloatField()
    end_s = serializers.FloatField()


class CycleSerializer(serializers.Serializer[Any]):
    start_s = serializers.FloatField()
    end_s = serializers.FloatField()
    complete = serializers.BooleanField(help_text="False: the last of its video, which nothing ends.")
    outlier = serializers.BooleanField(help_text="Further from the median than three MADs.")
    steps = CycleStepSerializer(many=True)


class CycleVideoSerializer(serializers.Serializer[Any]):
    video = serializers.IntegerField()
    title = serializers.CharField()
    cycles = CycleSerializer(many=True)


class CyclesSerializer(serializers.Serializer[Any]):
    groups = FlowGroupSerializer(many=True)
    start = serializers.CharField(allow_null=True)
    suggested = serializers.CharField(allow_null=True, help_text="Null: nothing comes twice in a video.")
    median_s = serializers.FloatField(allow_null=True)
    mad_s = serializers.FloatField(allow_null=True)
    n = serializers.IntegerField(help_text="Complete cycles.")
    videos = CycleVideoSerializer(many=True)
