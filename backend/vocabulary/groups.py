"""Reads of a project's vocabulary, and of the groups its actions and unnamed clusters make of a run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from django.db import connection
from django.db.models import Count, F, Sum, Window
from django.db.models.functions import RowNumber

from backend.projects.models import Project, User
from backend.runs.models import Run
from backend.vocabulary.finished import NOBODY, primitives_of, said_of
from backend.vocabulary.models import (
    Action,
    Cluster,
    ClusterCoherence,
    Segment,
    VocabularyChange,
    VocabularyChangeQuerySet,
)

HISTOGRAM_BINS = 12
MEDOIDS_SHOWN = 6
COHERENCE_UP_TO = 20_000
"""Moved and merged primitives whose coherence is worked out when the cards are asked for; beyond, it is left out."""


@dataclass(frozen=True)
class ActionRow:
    """An action with how much of a run it names; None where no run was asked about."""

    action: Action
    n_clusters: int | None
    n_segments: int | None


def actions_of(project: Project, run: Run | None) -> list[ActionRow]:
    """The vocabulary by name, deprecated actions last.

    Clusters know their sizes and few segments are moved singly, so counting reads neither all segments of the run nor
    all of the project: 300,000 of them would take longer than a list may.
    """
    rows = sorted(
        project.actions.select_related("created_by"), key=lambda action: (action.deprecated, action.name.casefold())
    )
    if run is None:
        return [ActionRow(action, None, None) for action in rows]
    clusters: dict[int, int] = {}
    segments: dict[int, int] = {}
    mapped = Cluster.objects.filter(run=run, action__isnull=False).order_by()
    for action, n, size in mapped.values_list("action").annotate(n=Count("pk"), size=Sum("size")):
        clusters[action], segments[action] = n, size
    moved = Segment.objects.filter(run=run, action__isnull=False).order_by()
    for into, out_of, n in moved.values_list("action", "cluster__action").annotate(n=Count("pk")):
        segments[into] = segments.get(into, 0) + n
        if out_of is not None:
            segments[out_of] = segments.get(out_of, 0) - n
    return [ActionRow(action, clusters.get(action.pk, 0), segments.get(action.pk, 0)) for action in rows]


@dataclass(frozen=True)
class GroupCoherence:
    """ICSS of a group by one encoder, beside that of random pairs of the run. Only a whole cluster has an interval."""

    encoder: str
    weights: str
    seed: int
    random_icss: float | None
    n_segments: int
    n_pairs: int
    icss: float | None
    low: float | None = None
    high: float | None = None


@dataclass
class GroupCard:
    """What a card stands for: an action with all that is of it in a run, or a cluster that has no name yet."""

    key: str
    name: str
    colour: int
    action: Action | None
    clusters: list[Cluster]
    size: int = 0
    share: float = 0.0
    total_duration_s: float = 0.0
    silhouette: float | None = None
    quality: float | None = None
    n_rated: int = 0
    durations_histogram: list[int] = field(default_factory=lambda: [0] * HISTOGRAM_BINS)
    videos: set[int] = field(default_factory=set)
    medoids: list[Segment] = field(default_factory=list)
    coherence: list[GroupCoherence] = field(default_factory=list)

    @property
    def n_videos(self) -> int:
        return len(self.videos)

    @property
    def mean_duration_s(self) -> float:
        return self.total_duration_s / self.size if self.size else 0.0


GroupId = tuple[int | None, int | None]
"""The action's id, or None and the id of the cluster without a name."""


def group_cards(run: Run) -> list[GroupCard]:
    """The groups of a run, the largest first. The histograms share their bins, so cards can be compared."""
    clusters = {cluster.pk: cluster for cluster in run.clusters.select_related("action").order_by("index")}
    primitives = primitives_of(run)
    own, quality = said_of(run, primitives)
    placed = primitives.placed
    if len(placed.which) == 0:
        return []
    durations, found, cluster, videos = placed.durations, placed.clusters, placed.cluster, placed.videos
    if len(placed.which) < len(own):
        quality, own = quality[placed.which], own[placed.which]
    # One number a group: the action's id, or for a cluster without a name its place below NOBODY.
    of_cluster = np.array([clusters[pk].action_id or NOBODY - 1 - place for place, pk in enumerate(found.tolist())])
    singly = np.flatnonzero(own != NOBODY)
    numbers = np.union1d(of_cluster, own[singly])
    group = np.searchsorted(numbers, of_cluster)[cluster]
    group[singly] = np.searchsorted(numbers, own[singly])
    there = np.bincount(group, minlength=len(numbers)) > 0  # a cluster whose primitives were all moved is no group
    numbers, group = numbers[there], (np.cumsum(there) - 1)[group]
    bins = np.minimum((durations / durations.max() * HISTOGRAM_BINS).astype(np.int64), HISTOGRAM_BINS - 1)

    rated = np.flatnonzero(~np.isnan(quality))
    n_rated = np.bincount(group[rated], minlength=len(numbers)).tolist()
    qualities = np.bincount(group[rated], weights=quality[rated], minlength=len(numbers)).tolist()
    seconds = np.bincount(group, weights=durations, minlength=len(numbers)).tolist()
    histograms = np.bincount(group * HISTOGRAM_BINS + bins, minlength=len(numbers) * HISTOGRAM_BINS)
    cards: dict[GroupId, GroupCard] = {}
    parts: dict[GroupId, dict[int, int]] = {}  # of each group: how many of its segments are of which cluster
    for at, number in enumerate(numbers.tolist()):
        key: GroupId = (number, None) if number > NOBODY else (None, int(found[NOBODY - 1 - number]))
        card = cards[key] = _empty_card(key, clusters)
        card.n_rated, card.total_duration_s = int(n_rated[at]), seconds[at]
        card.quality = qualities[at] / card.n_rated if card.n_rated else None
        card.durations_histogram = histograms[at * HISTOGRAM_BINS : (at + 1) * HISTOGRAM_BINS].tolist()
        parts[key] = {}
    keys = list(cards)
    for pair, n in enumerate(np.bincount(group * len(found) + cluster).tolist()):
        if n == 0:
            continue
        of, out_of = divmod(pair, len(found))
        parts[keys[of]][int(found[out_of])] = n
        cards[keys[of]].size += n
    for pair in np.flatnonzero(np.bincount(group * len(videos) + placed.video)).tolist():
        of, which = divmod(pair, len(videos))
        cards[keys[of]].videos.add(int(videos[which]))
    _name(run, cards)
    total = sum(card.size for card in cards.values())
    for key, card in cards.items():
        card.share = card.size / total
        silhouettes = [(clusters[pk].silhouette, n) for pk, n in parts[key].items()]
        if all(value is not None for value, _ in silhouettes):
            card.silhouette = sum(value * n for value, n in silhouettes if value is not None) / card.size
    _add_medoids(run, cards, clusters.values())
    whole = {key: pk for key, part in parts.items() if len(part) == 1 for pk in part if part[pk] == clusters[pk].size}
    _add_coherence(run, cards, whole)
    return sorted(cards.values(), key=lambda card: (-card.size, card.key))


def _empty_card(key: GroupId, clusters: dict[int, Cluster]) -> GroupCard:
    action, cluster = key
    if cluster is not None:
        alone = clusters[cluster]
        return GroupCard(f"cluster:{alone.index}", alone.name, alone.index, None, [alone])
    of_action = [one for one in clusters.values() if one.action_id == action]
    return GroupCard(f"action:{action}", "", 0, None, of_action)


def _name(run: Run, cards: dict[GroupId, GroupCard]) -> None:
    found = Action.objects.filter(project=run.project_id).in_bulk([a for a, _ in cards if a is not None])
    for (action, _), card in cards.items():
        if action is not None:
            card.action = found[action]
            card.name, card.colour = found[action].name, found[action].colour


def _add_medoids(run: Run, cards: dict[GroupId, GroupCard], clusters: Iterable[Cluster]) -> None:
    """Of each group its clusters' most central primitives in turn, then those that were put there singly."""
    central = [pk for cluster in clusters for pk in cluster.medoids[:MEDOIDS_SHOWN]]
    single = (
        Segment.objects.filter(run=run, action__isnull=False)
        .annotate(place=Window(RowNumber(), partition_by=F("action"), order_by=F("pk").asc()))
        .filter(place__lte=MEDOIDS_SHOWN)
        .values_list("pk", flat=True)
    )
    rank = {pk: position for position, pk in enumerate(central)}
    shown = run.segments.filter(pk__in={*central, *single}).with_names()
    turn = {pk: position for cluster in clusters for position, pk in enumerate(cluster.medoids[:MEDOIDS_SHOWN])}
    for segment in sorted(shown, key=lambda s: (turn.get(s.pk, MEDOIDS_SHOWN), rank.get(s.pk, len(rank)), s.pk)):
        action = segment.effective_action
        card = cards.get((None, segment.cluster_id) if action is None else (action.pk, None))
        if card is not None and len(card.medoids) < MEDOIDS_SHOWN:
            card.medoids.append(segment)


def _add_coherence(run: Run, cards: dict[GroupId, GroupCard], whole: dict[GroupId, int]) -> None:
    """The figures of the run where a group is one whole cluster; else the same mean over its pairs, worked out here.

    Of n vectors of length 1 with mean m, the mean cosine of two different ones is (n²‖m‖² − n) / (n(n − 1)).
    """
    encoders = list(run.coherence.filter(why_not="").order_by("position"))
    if not encoders:
        return
    scores = {
        (score.coherence_id, score.cluster_id): score for score in ClusterCoherence.objects.filter(coherence__run=run)
    }
    others = [key for key in cards if key not in whole]
    means: dict[tuple[str, GroupId], tuple[int, float]] = {}
    if others and sum(cards[key].size for key in others) <= COHERENCE_UP_TO:
        means = _means(run, others)
    for made in encoders:
        for key, card in cards.items():
            about = (made.encoder, made.weights, made.seed, made.random_icss)
            if key in whole and (score := scores.get((made.pk, whole[key]))) is not None:
                figures = (score.n_segments, score.n_pairs, score.icss, score.low, score.high)
                card.coherence.append(GroupCoherence(*about, *figures))
            elif (found := means.get((made.encoder, key))) is not None:
                n, length = found
                icss = (n * n * length * length - n) / (n * (n - 1)) if n > 1 else None
                card.coherence.append(GroupCoherence(*about, n, n * (n - 1) // 2, icss))


def _means(run: Run, keys: list[GroupId]) -> dict[tuple[str, GroupId], tuple[int, float]]:
    """(encoder, group) → how many primitives were looked at, and the length of the mean of their vectors."""
    actions = [action for action, _ in keys if action is not None]
    unnamed = [cluster for _, cluster in keys if cluster is not None]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT v.encoder, COALESCE(s.action_id, c.action_id) AS action,
                   CASE WHEN COALESCE(s.action_id, c.action_id) IS NULL THEN c.id END AS cluster,
                   count(*), vector_norm(avg(v.vector::vector))
            FROM vocabulary_segment AS s
            JOIN vocabulary_cluster AS c ON c.id = s.cluster_id
            JOIN vocabulary_visualembedding AS v ON v.segment_id = s.id
            WHERE s.run_id = %s AND (
                COALESCE(s.action_id, c.action_id) = ANY(%s)
                OR (COALESCE(s.action_id, c.action_id) IS NULL AND c.id = ANY(%s))
            )
            GROUP BY 1, 2, 3
            """,
            [run.pk, actions, unnamed],
        )
        return {(encoder, (action, cluster)): (n, norm) for encoder, action, cluster, n, norm in cursor.fetchall()}


def history_visible_to(user: User, project: Project) -> VocabularyChangeQuerySet:
    """The steps of a vocabulary, the newest first, without the rows they hold."""
    rows = VocabularyChange.objects.visible_to(user).filter(project=project)
    return rows.select_related("by", "undone_by", "run").defer("before", "after", "run__config").order_by("-id")
