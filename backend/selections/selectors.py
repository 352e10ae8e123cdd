"""Reads of sets, and of many primitives by id: ids travel as one array, of which there may be 100,000."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.fields import ArrayField
from django.db.models import BigIntegerField, BooleanField, F, Func, IntegerField, QuerySet, Value

from backend.projects.models import User
from backend.runs.models import Run
from backend.selections.models import PrimitiveSet, PrimitiveSetQuerySet
from backend.vocabulary.blind import veiled
from backend.vocabulary.models import Segment

EXPORTED_AT_ONCE = 2_000


def sets_visible_to(user: User | AnonymousUser) -> PrimitiveSetQuerySet:
    """Sets with `n`, how many primitives were put in, and without their ids."""
    n = Func(F("segments"), function="cardinality", output_field=IntegerField())
    return PrimitiveSet.objects.visible_to(user).select_related("run", "created_by").annotate(n=n).defer("segments")


def segments_of(run: Run, ids: Sequence[int]) -> QuerySet[Segment]:
    """Those of the run that have one of these ids."""
    array = Value(list(ids), output_field=ArrayField(BigIntegerField()))
    one_of = Func(
        F("pk"), array, template="(%(expressions)s::bigint[]))", arg_joiner=" = ANY(", output_field=BooleanField()
    )
    return run.segments.filter(one_of)


def segments_in(found: PrimitiveSet) -> QuerySet[Segment]:
    ids = PrimitiveSet.objects.filter(pk=found.pk).values_list(Func(F("segments"), function="unnest"))
    return Segment.objects.filter(run=found.run_id, pk__in=ids).with_names()


def export_order(run: Run, ids: Sequence[int]) -> list[int]:
    """The ids of primitives of the run, as an export lists them: a video at a time, in time order."""
    return list(segments_of(run, ids).order_by("video__title", "video", "start_s").values_list("pk", flat=True))


def exported(ids: Sequence[int], user: User) -> list[dict[str, Any]]:
    """What an export says of some primitives, in the order of their ids; not the quality a reviewer is not to see."""
    rows = Segment.objects.with_names().select_related("action", "cluster__action").in_bulk(ids)
    veiled(user, rows.values())
    return [_facts(rows[pk]) for pk in ids if pk in rows]


def in_parts(ids: Sequence[int]) -> Iterator[list[int]]:
    rest = iter(ids)
    while part := list(islice(rest, EXPORTED_AT_ONCE)):
        yield part


def _facts(segment: Segment) -> dict[str, Any]:
    cluster = segment.cluster
    action = segment.action or (cluster.action if cluster else None)
    return {
        "id": segment.pk,
        "video": segment.video_id,
        "video_title": segment.video.title,
        "recording": segment.video.recording,
        "view": segment.video.view,
        "index": segment.index,
        "start_s": round(segment.start_s, 6),
        "end_s": round(segment.end_s, 6),
        "duration_s": round(segment.duration_s, 6),
        "action_id": action.pk if action else None,
        "action": action.name if action else None,
        "cluster": cluster.name if cluster else None,
        "quality": segment.quality,
        "energy_mean": segment.energy_mean,
        "energy_peak": segment.energy_peak,
    }


FACTS = (
    "id", "video", "video_title", "recording", "view", "index", "start_s", "end_s", "duration_s", "action_id", "action",
    "cluster", "quality", "energy_mean", "energy_peak",
)  # fmt: skip
