"""Reads of segments and clusters, and the search for similar primitives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connection, transaction
from django.db.models import Avg, Count, ExpressionWrapper, F, FloatField, OuterRef, Prefetch, QuerySet, Subquery, Sum
from pgvector.django import CosineDistance

from backend.projects.models import User
from backend.runs.models import Run, StageExecution, Status
from backend.vocabulary.models import Cluster, ClusterCoherence, Coherence, Segment

EXACT_UP_TO = 20_000
"""Candidates that are scanned one by one; above, the HNSW index answers (docs/decisions/0004)."""
EF_SEARCH = 200
HISTOGRAM_BINS = 12
MEDOIDS_SHOWN = 6


def segments_visible_to(user: User) -> QuerySet[Segment]:
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
    clusters = list(
        run.clusters.annotate(
            mean_s=Avg(F("segments__end_s") - F("segments__start_s")),
            total_s=Sum(F("segments__end_s") - F("segments__start_s")),
            n_videos=Count("segments__video", distinct=True),
        ).order_by("index")
    )
    rows = run.segments.filter(cluster__isnull=False).values_list("cluster_id", F("end_s") - F("start_s"))
    durations: dict[int, list[float]] = {}
    for cluster_id, duration in rows:
        durations.setdefault(cluster_id, []).append(duration)
    longest = max((d for values in durations.values() for d in values), default=1.0)
    wanted = [pk for cluster in clusters for pk in cluster.medoids[:MEDOIDS_SHOWN]]
    shown = run.segments.filter(pk__in=wanted).with_names()
    medoids = {segment.pk: segment for segment in shown}
    scores: dict[int, list[ClusterCoherence]] = {}
    for score in ClusterCoherence.objects.filter(coherence__run=run).select_related("coherence").order_by("coherence"):
        scores.setdefault(score.cluster_id, []).append(score)
    total = sum(cluster.size for cluster in clusters) or 1
    return [
        ClusterCard(
            cluster=cluster,
            share=cluster.size / total,
            mean_duration_s=cluster.mean_s or 0.0,
            total_duration_s=cluster.total_s or 0.0,
            n_videos=cluster.n_videos,
            durations_histogram=np.histogram(durations.get(cluster.pk, []), HISTOGRAM_BINS, (0, longest))[0].tolist(),
            medoids=[medoids[pk] for pk in cluster.medoids[:MEDOIDS_SHOWN] if pk in medoids],
            coherence=scores.get(cluster.pk, []),
        )
        for cluster in clusters
    ]


def coherence_of(run: Run) -> list[Coherence]:
    """How alike the primitives of each cluster look, an encoder at a time, the one the run prefers first."""
    clusters = Prefetch("clusters", ClusterCoherence.objects.select_related("cluster").order_by("cluster__index"))
    return list(run.coherence.prefetch_related(clusters).order_by("position"))


def map_columns(run: Run) -> dict[str, Any]:
    """The scatter of a run as columns, one entry a segment."""
    rows = run.segments.filter(x__isnull=False).order_by("pk")
    names = ("pk", "x", "y", "cluster__index", "video_id", "start_s", "end_s")
    columns = list(zip(*rows.values_list(*names), strict=True)) or [()] * len(names)
    ids, x, y, cluster, video, start_s, end_s = (list(column) for column in columns)
    return {
        "ids": ids,
        "x": x,
        "y": y,
        "cluster": cluster,
        "video": video,
        "start_s": start_s,
        "duration_s": [end - start for start, end in zip(start_s, end_s, strict=True)],
        "projection": run.projection,
    }


@dataclass(frozen=True)
class SimilarSegments:
    """The nearest segments, each with `distance` (cosine, 0..2), how many were eligible, and how they were found."""

    segments: list[Segment]
    searched: int
    exact: bool


def similar_segments(query: Segment, candidates: QuerySet[Segment], *, k: int) -> SimilarSegments:
    """The `k` candidates nearest to `query` by motion; always `k` of them where there are `k`.

    Filters first: up to `EXACT_UP_TO` candidates are compared one by one. Above that the HNSW index is read with an
    iterative scan, and where even that comes back short the exact way is taken. Vectors of another space (another
    tokenizer or encoder) are never compared.
    """
    if query.embedding is None:
        return SimilarSegments([], 0, exact=True)
    # Not through visible_to's subquery: the planner must see a plain project filter to choose well.
    pool = candidates.filter(project=query.project_id, space=query.space, embedding__isnull=False).exclude(pk=query.pk)
    searched = pool.order_by().values("pk")[: EXACT_UP_TO + 1].count()
    if searched <= EXACT_UP_TO:
        return SimilarSegments(_exact(query, pool, k), searched, exact=True)
    searched = pool.count()
    found = _approximate(query, pool, k)
    if len(found) < min(k, searched):
        return SimilarSegments(_exact(query, pool, k), searched, exact=True)
    return SimilarSegments(found, searched, exact=False)


def _exact(query: Segment, pool: QuerySet[Segment], k: int) -> list[Segment]:
    # The sum keeps the planner off the HNSW index, which would filter afterwards and return too few rows.
    distance = ExpressionWrapper(CosineDistance("embedding", query.embedding) + 0.0, output_field=FloatField())
    return list(pool.annotate(distance=distance).order_by("distance", "pk")[:k])


def _approximate(query: Segment, pool: QuerySet[Segment], k: int) -> list[Segment]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL hnsw.iterative_scan = relaxed_order")
        cursor.execute(f"SET LOCAL hnsw.ef_search = {EF_SEARCH}")
        near = list(pool.annotate(distance=CosineDistance("embedding", query.embedding)).order_by("distance")[:k])
    return sorted(near, key=lambda segment: (segment.distance, segment.pk))  # relaxed order is nearly sorted
