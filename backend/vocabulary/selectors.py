"""Reads of segments and clusters, and the search for similar primitives."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from django.db import connection, transaction
from django.db.models import (
    ExpressionWrapper,
    F,
    FloatField,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
)
from numpy.typing import NDArray
from pgvector.django import CosineDistance

from backend.projects.models import User
from backend.runs.models import Run, StageExecution, Status
from backend.videos.models import Video
from backend.vocabulary.finished import ClusterFigures, primitives_of, said_of
from backend.vocabulary.models import Action, Cluster, ClusterCoherence, Coherence, Segment, SegmentQuerySet

EXACT_UP_TO = 30_000
"""Candidates that are compared one by one; above, the HNSW index answers (docs/decisions/0004)."""
COUNTED_UP_TO = 5_000
"""Candidates that are counted: to count more takes as long as to compare them."""
FAR = 0.4
"""Cosine distance of the last row asked for from which on the index is asked whether anything moves like this."""
EF_SEARCH = 200
SCANNED = 1_000, 20_000
"""Least and most rows an iterative scan looks at, by how many there are to compare otherwise (`SCANNED_SHARE`)."""
SCANNED_SHARE = 0.02  # one costs as much as 20 to 25 compared: who went astray has then lost half the exact way's time
OVERFETCHED = 40  # the index finds equal distances in any order: those about a page's last row are sorted here
APPROXIMATE_AT_MOST = 400  # rows of one list; who leafs further gets the exact rest
DURATION = ExpressionWrapper(F("end_s") - F("start_s"), output_field=FloatField())
HISTOGRAM_BINS = 12
MEDOIDS_SHOWN = 6


def segments_visible_to(user: User) -> SegmentQuerySet:
    return Segment.objects.visible_to(user).with_names()


@dataclass(frozen=True)
class ClipPlace:
    """The artefact that holds a segment's clip and poster, and which of them is the segment's."""

    key: str
    index: int


def clip_of(user: User, segment: int) -> ClipPlace | None:
    """Where the clip of a visible segment lies; None if it is not to be seen, or not cut yet."""
    made = StageExecution.objects.filter(
        run=OuterRef("run"), video=OuterRef("video"), stage="clips", status=Status.DONE
    ).values("output_key")
    row = Segment.objects.visible_to(user).filter(pk=segment).values_list(Subquery(made), "index").first()
    return ClipPlace(*row) if row is not None and row[0] else None


@dataclass(frozen=True)
class ClusterCard:
    """A cluster with what its card shows."""

    cluster: Cluster
    share: float
    mean_duration_s: float
    total_duration_s: float
    n_videos: int
    durations_histogram: list[int]
    medoids: list[Segment]
    coherence: list[ClusterCoherence]


def cluster_cards(run: Run) -> list[ClusterCard]:
    """Every cluster of a run, the largest first. The histograms share their bins, so cards can be compared."""
    clusters = list(run.clusters.select_related("action").order_by("index"))
    figures = primitives_of(run).by_cluster(HISTOGRAM_BINS)
    nothing = ClusterFigures(0.0, 0, 0, [0] * HISTOGRAM_BINS)
    wanted = [pk for cluster in clusters for pk in cluster.medoids[:MEDOIDS_SHOWN]]
    medoids = Segment.objects.with_names().in_bulk(wanted)
    scores: dict[int, list[ClusterCoherence]] = {}
    for score in ClusterCoherence.objects.filter(coherence__run=run).select_related("coherence").order_by("coherence"):
        scores.setdefault(score.cluster_id, []).append(score)
    total = sum(cluster.size for cluster in clusters) or 1
    return [
        ClusterCard(
            cluster=cluster,
            share=cluster.size / total,
            mean_duration_s=found.total_s / found.n if found.n else 0.0,
            total_duration_s=found.total_s,
            n_videos=found.n_videos,
            durations_histogram=found.histogram,
            medoids=[medoids[pk] for pk in cluster.medoids[:MEDOIDS_SHOWN] if pk in medoids],
            coherence=scores.get(cluster.pk, []),
        )
        for cluster in clusters
        for found in [figures.get(cluster.pk, nothing)]
    ]


def coherence_of(run: Run) -> list[Coherence]:
    """How alike the primitives of each cluster look, an encoder at a time, the one the run prefers first."""
    of_clusters = ClusterCoherence.objects.select_related("cluster__action").order_by("cluster__index")
    clusters = Prefetch("clusters", of_clusters)
    return list(run.coherence.prefetch_related(clusters).order_by("position"))


def map_columns(run: Run) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """The scatter of a run: its facts, and one entry a segment that has a place. -1 and NaN stand for none."""
    primitives = primitives_of(run)
    own, quality = said_of(run, primitives)
    shown = ~np.isnan(primitives.x)
    clusters = list(run.clusters.order_by("pk").values_list("pk", "index", "action_id"))
    # A last entry for those without a cluster: that is where -1 leads.
    index = np.array([one[1] for one in clusters] + [-1], dtype=np.int32)
    named = np.array([-1 if one[2] is None else one[2] for one in clusters] + [-1], dtype=np.int64)
    pks = np.array([one[0] for one in clusters], dtype=np.int64)
    at = np.searchsorted(pks, primitives.cluster_id)
    at[primitives.cluster_id == -1] = len(clusters)
    columns: dict[str, NDArray[Any]] = {
        "ids": primitives.ids.astype(np.float64),
        "x": primitives.x,
        "y": primitives.y,
        "cluster": index[at],
        "action": np.where(own == -1, named[at], own).astype(np.int32),
        "video": primitives.video.astype(np.int32),
        "quality": quality,
        "start_s": primitives.start_s,
        "end_s": primitives.end_s,
    }
    if not shown.all():
        columns = {name: column[shown] for name, column in columns.items()}
    actions = Action.objects.filter(project=run.project_id, pk__in=np.unique(columns["action"]).tolist())
    facts = {
        "run": run.pk,
        "projection": run.projection,
        "seed": run.config["clustering"]["seed"],
        "actions": list(actions.order_by("name").values("id", "name", "colour")),
        "videos": list(run.videos.order_by("title", "pk").values("id", "title")),
    }
    return facts, columns


@dataclass(frozen=True)
class Position:
    """A place in a list of neighbours: the last row that was shown, and how many were."""

    distance: float
    pk: int
    shown: int


@dataclass(frozen=True)
class SimilarSegments:
    """The nearest segments, each with `distance` (cosine, 0..2), how many were eligible (a guess of the planner above
    `COUNTED_UP_TO`), whether each of them was compared, and where the next page starts, if there is one."""

    segments: list[Segment]
    searched: int
    exact: bool
    next: Position | None = None


def narrowed(
    project: int,
    *,
    runs: Sequence[int] = (),
    video: int | None = None,
    view: str | None = None,
    cluster: int | None = None,
    action: int | None = None,
    min_duration_s: float | None = None,
    max_duration_s: float | None = None,
    min_quality: float | None = None,
    date_from: date | None = None,
    date_to: date | None = None,
    other_than: int | None = None,
) -> QuerySet[Segment]:
    """A project's segments that pass every filter given.

    cluster: its index within its run. action: the effective one. date_from, date_to: of the day a video arrived, both
    included. other_than: a video whose segments do not count. What lies in other tables is looked up first: columns
    of the segment alone let Postgres find the rows by index, and guess well how many there will be.
    """
    rows = Segment.objects.filter(project=project)
    if runs:
        rows = rows.filter(run__in=list(runs))
    if view is not None or date_from is not None or date_to is not None:
        videos = Video.objects.filter(project=project)
        if view is not None:
            videos = videos.filter(view=view)
        if date_from is not None:
            videos = videos.filter(created_at__date__gte=date_from)
        if date_to is not None:
            videos = videos.filter(created_at__date__lte=date_to)
        rows = rows.filter(video__in=list(videos.values_list("pk", flat=True)))
    if video is not None:
        rows = rows.filter(video=video)
    if other_than is not None:
        rows = rows.exclude(video=other_than)
    clusters = Cluster.objects.filter(run__project=project)
    if runs:
        clusters = clusters.filter(run__in=list(runs))
    if cluster is not None:
        rows = rows.filter(cluster__in=list(clusters.filter(index=cluster).values_list("pk", flat=True)))
    if action is not None:
        named = list(clusters.filter(action=action).values_list("pk", flat=True))
        rows = rows.filter(Q(action=action) | Q(action=None, cluster__in=named))
    if min_duration_s is not None:
        rows = rows.alias(length=DURATION).filter(length__gte=min_duration_s)
    if max_duration_s is not None:
        rows = rows.alias(length=DURATION).filter(length__lte=max_duration_s)
    if min_quality is not None:
        rows = rows.filter(quality__gte=min_quality)
    return rows


def similar_segments(
    vector: Any, space: str, candidates: QuerySet[Segment], *, k: int, after: Position | None = None
) -> SimilarSegments:
    """The `k` candidates nearest to `vector` by motion, from `after` on; always `k` of them where there are `k`.

    candidates: of one project. Vectors of another space (another tokenizer or encoder) are never compared. Few
    candidates are compared one by one; for many the HNSW index is read with an iterative scan, and where that gives up,
    nothing moves like the vector, or somebody leafs far, the exact way is taken (docs/decisions/0004).
    Rows come by (distance, id), and a page starts behind that of its predecessor's last row, so none comes twice
    whichever way found it.
    """
    pool = candidates.filter(space=space, embedding__isnull=False)
    shown = after.shown if after is not None else 0
    searched, exact = _extent(candidates, pool)
    near: list[tuple[int, float]] = []
    wanted = shown + k + OVERFETCHED
    if not exact and shown + k < APPROXIMATE_AT_MOST:
        near = _approximate(vector, pool, wanted, searched)
    gave_up = len(near) < wanted  # what it had found by then need not be the nearest
    if after is not None:
        near = [row for row in near if (row[1], row[0]) > (after.distance, after.pk)]
    if gave_up or len(near) <= k or (near[k - 1][1] >= FAR and _is_lonely(vector, space, k)):
        near, exact = _exact(vector, pool, k + 1, after), True
    page, more = near[:k], len(near) > k
    position = Position(page[-1][1], page[-1][0], shown + k) if more else None
    return SimilarSegments(_with_distances(page), searched, exact, position)


def _extent(candidates: QuerySet[Segment], pool: QuerySet[Segment]) -> tuple[int, bool]:
    """How many rows a pool has, and whether they are few enough to be compared one by one.

    Many are not counted: that would take as long as the search. The planner's guess stands in for the figure (its
    statistics know what follows from what), made without the space: most projects have one.
    """
    rows = pool.order_by().values("pk")
    plan = candidates.order_by().values("pk").explain(format="json")
    if not plan:  # a filter that nothing passes was not even sent
        return 0, True
    guess = int(json.loads(plan)[0]["Plan"]["Plan Rows"])
    if guess <= 2 * COUNTED_UP_TO:
        counted = rows[: COUNTED_UP_TO + 1].count()
        if counted <= COUNTED_UP_TO:
            return counted, counted <= EXACT_UP_TO
        guess = max(counted, guess)
    return guess, guess <= EXACT_UP_TO


def _is_lonely(vector: Any, space: str, k: int) -> bool:
    """Whether even without any filter the `k` nearest are far. To such a place the index does not lead: it found
    less than half of what is there, however long it looked."""
    near = _approximate(vector, Segment.objects.filter(space=space), k, 0)
    return len(near) < k or near[-1][1] >= FAR


def _exact(vector: Any, pool: QuerySet[Segment], k: int, after: Position | None) -> list[tuple[int, float]]:
    # The sum keeps the planner off the HNSW index, which would filter afterwards and return too few rows.
    distance = ExpressionWrapper(CosineDistance("embedding", vector) + 0.0, output_field=FloatField())
    rows = pool.annotate(distance=distance)
    if after is not None:
        rows = rows.filter(Q(distance__gt=after.distance) | Q(distance=after.distance, pk__gt=after.pk))
    return list(rows.order_by("distance", "pk").values_list("pk", "distance")[:k])


def _approximate(vector: Any, pool: QuerySet[Segment], k: int, size: int) -> list[tuple[int, float]]:
    """Up to `k` rows of the index, fewer where it would take longer than to compare all `size` of the pool."""
    least, most = SCANNED
    look_at = min(most, max(least, int(SCANNED_SHARE * size)))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL hnsw.iterative_scan = relaxed_order")
        cursor.execute("SET LOCAL enable_sort = off")  # the planner thinks little of the index where most rows pass
        cursor.execute(f"SET LOCAL hnsw.ef_search = {EF_SEARCH}")
        cursor.execute(f"SET LOCAL hnsw.max_scan_tuples = {look_at}")
        rows = pool.annotate(distance=CosineDistance("embedding", vector)).order_by("distance")
        near = list(rows.values_list("pk", "distance")[:k])
    return sorted(near, key=lambda row: (row[1], row[0]))  # relaxed order is nearly sorted


def _with_distances(near: Sequence[tuple[int, float]]) -> list[Segment]:
    rows = Segment.objects.with_names().in_bulk([pk for pk, _ in near])
    found = []
    for pk, distance in near:
        if (segment := rows.get(pk)) is not None:  # None: a run was deleted between the two questions
            segment.distance = distance
            found.append(segment)
    return found
