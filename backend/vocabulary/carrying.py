"""Which names of one run fit the clusters of another: by the time they have in common on the same videos."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Coalesce

from backend.runs.models import Run, RunStatus
from backend.vocabulary.models import Action, Cluster, Segment

ENOUGH = 0.5
"""A proposal is ticked from the start if this share of the cluster's time is the action's."""

Interval = tuple[float, float, int]
"""start_s, end_s, and whose it is."""


@dataclass(frozen=True)
class Proposal:
    """A cluster without a name and the action it shares most time with; None where it shares none.

    `of_cluster` is the part of the cluster's time that was the action's in the other run, `of_action` the part of the
    action's time that is the cluster's now; both over the videos that the runs have in common.
    """

    cluster: Cluster
    action: Action | None
    overlap_s: float
    of_cluster: float
    of_action: float

    @property
    def ticked(self) -> bool:
        return self.action is not None and self.of_cluster >= ENOUGH


def source_for(run: Run) -> Run | None:
    """The run whose names are offered: the one it was made from, else the newest with names over the same videos."""
    of_cluster = Cluster.objects.filter(run=OuterRef("pk"), action__deprecated=False)
    of_segment = Segment.objects.filter(run=OuterRef("pk"), action__deprecated=False)
    shared = Run.videos.through.objects.filter(run=OuterRef("pk"), video__in=run.videos.values("pk"))
    rows = Run.objects.filter(Exists(of_cluster) | Exists(of_segment), Exists(shared), project=run.project_id)
    done = rows.filter(status=RunStatus.DONE).exclude(pk=run.pk).order_by("-number")
    found = list(done.only("pk", "number", "project_id")[:50])
    return next((one for one in found if one.pk == run.derived_from_id), found[0] if found else None)


def proposals(run: Run, source: Run) -> list[Proposal]:
    """For every cluster of the run without a name, the action of `source` that it overlaps most in time with.

    One action may be proposed for many clusters: with a larger k an action falls into several.
    """
    shared = set(run.videos.values_list("pk", flat=True)) & set(source.videos.values_list("pk", flat=True))
    mine = _intervals(Segment.objects.filter(run=run, video__in=shared, cluster__isnull=False), "cluster_id")
    named = Segment.objects.filter(run=source, video__in=shared).annotate(
        effective=Coalesce("action", "cluster__action")
    )
    theirs = _intervals(named.filter(effective__isnull=False), "effective")
    common: Counter[tuple[int, int]] = Counter()
    for video in mine.keys() & theirs.keys():
        common.update(overlaps(mine[video], theirs[video]))
    of_cluster, of_action = _seconds(mine), _seconds(theirs)
    current = Action.objects.current().filter(project=run.project_id).in_bulk(list(of_action))
    best: dict[int, tuple[float, int]] = {}
    for (cluster, action), seconds in common.items():
        if action in current:
            best[cluster] = max(best.get(cluster, (0.0, 0)), (seconds, -action))
    found = []
    for cluster in run.clusters.filter(action=None).order_by("index"):
        seconds, action = best.get(cluster.pk, (0.0, 0))
        found.append(
            Proposal(
                cluster,
                current.get(-action),
                seconds,
                seconds / of_cluster[cluster.pk] if of_cluster[cluster.pk] else 0.0,
                seconds / of_action[-action] if of_action[-action] else 0.0,
            )
        )
    return found


def overlaps(a: list[Interval], b: list[Interval]) -> Counter[tuple[int, int]]:
    """(owner in `a`, owner in `b`) → the seconds both have at once. Each list is in the order of its starts."""
    common: Counter[tuple[int, int]] = Counter()
    first = 0
    for start, end, owner in a:
        while first < len(b) and b[first][1] <= start:
            first += 1
        for i in range(first, len(b)):
            other_start, other_end, other = b[i]
            if other_start >= end:
                break
            common[owner, other] += max(0.0, min(end, other_end) - max(start, other_start))
    return common


def _intervals(rows: QuerySet[Segment], owner: str) -> dict[int, list[Interval]]:
    found: dict[int, list[Interval]] = {}
    ordered = rows.order_by("video", "start_s")
    for video, start, end, whose in ordered.values_list("video_id", "start_s", "end_s", owner):
        found.setdefault(video, []).append((start, end, whose))
    return found


def _seconds(videos: dict[int, list[Interval]]) -> Counter[int]:
    total: Counter[int] = Counter()
    for intervals in videos.values():
        for start, end, owner in intervals:
            total[owner] += end - start
    return total
