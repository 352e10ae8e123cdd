"""Reads of versions, what freezing would keep, and what two versions differ in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, Q

from backend.projects.models import User
from backend.reviews.models import KEPT_FROM
from backend.reviews.selectors import agreement_of, conflicts
from backend.runs.models import Run
from backend.versions import frozen
from backend.versions.frozen import Columns, Frozen
from backend.versions.models import VocabularyVersion, VocabularyVersionQuerySet
from backend.vocabulary.carrying import Interval, overlaps

SAME_FROM = 0.5  # intersection over union of two primitives of different runs that count as one
EXAMPLES = 6
MOST_MOVES = 200
FIELDS = ("name", "description", "subject", "verb", "object", "primitive", "colour", "digit", "examples")
MOVED_S = 1e-6

Ids = npt.NDArray[np.int64]


def versions_visible_to(user: User | AnonymousUser) -> VocabularyVersionQuerySet:
    return VocabularyVersion.objects.visible_to(user).select_related("run", "frozen_by")


# ---- what freezing would keep


@dataclass(frozen=True)
class Preview:
    """What a version of the run would hold now, and what is still open. Counts are of primitives but for actions and
    clusters."""

    n_actions: int
    n_segments: int
    n_named: int
    n_rated: int
    n_kept: int
    n_conflicts: int
    n_unnamed_clusters: int
    n_videos: int
    alpha: float | None
    n_twice: int


def preview(run: Run) -> Preview:
    named = Q(action__isnull=False) | Q(cluster__action__isnull=False)
    counts = run.segments.order_by().aggregate(
        n_segments=Count("pk"),
        n_named=Count("pk", filter=named),
        n_rated=Count("pk", filter=Q(quality__isnull=False)),
        n_kept=Count("pk", filter=Q(quality__gte=KEPT_FROM)),
    )
    quality = agreement_of(run).quality
    return Preview(
        **counts,
        n_actions=run.project.actions.current().count(),
        n_conflicts=conflicts(run, 1)[1],
        n_unnamed_clusters=run.clusters.filter(action=None).count(),
        n_videos=run.videos.count(),
        alpha=quality.alpha,
        n_twice=quality.n_units,
    )


# ---- one version


@dataclass(frozen=True)
class ActionOfVersion:
    """An action as frozen, with how many primitives it had, of how many people rated, and how many were kept."""

    fields: dict[str, Any]
    n_segments: int
    n_rated: int
    n_kept: int


def actions_of(content: Frozen) -> list[ActionOfVersion]:
    """By size, the largest first."""
    action, quality = content.columns["action"], content.columns["quality"]
    n_all, n_rated, n_kept = (
        dict(zip(*(part.tolist() for part in np.unique(action[which], return_counts=True)), strict=True))
        for which in (np.ones(len(action), dtype=bool), ~np.isnan(quality), quality >= KEPT_FROM)
    )
    rows = [
        ActionOfVersion(one, n_all.get(one["id"], 0), n_rated.get(one["id"], 0), n_kept.get(one["id"], 0))
        for one in content.vocabulary["actions"]
    ]
    return sorted(rows, key=lambda row: (-row.n_segments, row.fields["name"].casefold()))


# ---- two versions


@dataclass(frozen=True)
class Ref:
    id: int
    name: str
    colour: int


@dataclass(frozen=True)
class Example:
    """A primitive to look at: as it is in the later version."""

    id: int
    video: int
    title: str
    start_s: float
    end_s: float
    before: list[float] | None = None  # quality, or edges in seconds, where they are what changed
    after: list[float] | None = None


@dataclass(frozen=True)
class FieldChange:
    field: str
    before: str
    after: str


Kind = Literal["added", "split", "renamed", "changed", "merged", "deprecated", "restored"]


@dataclass(frozen=True)
class ActionChange:
    """What became of one action. `other`: what it was merged into, or split off."""

    kind: Kind
    action: Ref
    other: Ref | None
    n_before: int
    n_after: int
    fields: list[FieldChange]
    examples: list[Example]


@dataclass(frozen=True)
class Move:
    """Primitives that were of one action and are of another; None: of none."""

    before: Ref | None
    after: Ref | None
    n: int
    examples: list[Example]


@dataclass(frozen=True)
class Changes:
    """Primitives of which something changed; `median` of how much, without its sign."""

    n: int
    median: float | None
    examples: list[Example]
    raised: int = 0
    lowered: int = 0
    first_rated: int = 0
    unrated: int = 0


@dataclass(frozen=True)
class Diff:
    """What changed from one version to another. `n_shared` primitives are in both."""

    same_run: bool
    n_shared: int
    n_gone: int
    n_new: int
    actions: list[ActionChange]
    moves: list[Move]
    n_moved: int
    quality: Changes
    edges: Changes
    gone: list[Example] = field(default_factory=list)
    new: list[Example] = field(default_factory=list)


def diff(before: VocabularyVersion, after: VocabularyVersion) -> Diff:
    """What changed from `before` to `after`.

    Over the same run, primitives are the same by id; over different runs, those whose times on the same video overlap
    by half of what they cover together (IoU ≥ 0.5), each at most once, the closest first.
    """
    return compare(frozen.load(before.digest), frozen.load(after.digest), same_run=before.run_id == after.run_id)


def compare(a: Frozen, b: Frozen, *, same_run: bool) -> Diff:
    of_a, of_b = _by_id(a, b) if same_run else _by_time(a, b)
    look = _Looker(b)
    was, becomes = a.columns["action"][of_a], b.columns["action"][of_b]
    gone = np.setdiff1d(np.arange(len(a.columns["id"])), of_a)
    new = np.setdiff1d(np.arange(len(b.columns["id"])), of_b)
    moves = _moves(a, b, was, becomes, of_b, look)
    return Diff(
        same_run=same_run,
        n_shared=len(of_a),
        n_gone=len(gone),
        n_new=len(new),
        actions=_actions(a, b, was, becomes, look),
        moves=moves[:MOST_MOVES],
        n_moved=int(np.count_nonzero(was != becomes)),
        quality=_quality(a.columns["quality"][of_a], b.columns["quality"][of_b], of_b, look),
        edges=_edges(a.columns, b.columns, of_a, of_b, look),
        gone=_Looker(a).at(gone),
        new=look.at(new),
    )


class _Looker:
    """Makes examples of places in a version's columns, spread evenly over them."""

    def __init__(self, content: Frozen) -> None:
        self.content = content

    def at(self, places: Ids, before: Sequence[list[float]] = (), after: Sequence[list[float]] = ()) -> list[Example]:
        chosen = np.unique(np.linspace(0, len(places) - 1, min(EXAMPLES, len(places))).round().astype(int))
        columns, videos = self.content.columns, self.content.vocabulary["videos"]
        return [
            Example(
                id=int(columns["id"][place]),
                video=videos[columns["video"][place]]["id"],
                title=videos[columns["video"][place]]["title"],
                start_s=float(columns["start_s"][place]),
                end_s=float(columns["end_s"][place]),
                before=before[which] if len(before) else None,
                after=after[which] if len(after) else None,
            )
            for which, place in zip(chosen.tolist(), places[chosen].tolist(), strict=True)
        ]


# ---- which primitive is which


def _by_id(a: Frozen, b: Frozen) -> tuple[Ids, Ids]:
    _, of_a, of_b = np.intersect1d(a.columns["id"], b.columns["id"], assume_unique=True, return_indices=True)
    order = np.argsort(of_b)
    return of_a[order], of_b[order]


def _by_time(a: Frozen, b: Frozen) -> tuple[Ids, Ids]:
    theirs = {video["id"]: place for place, video in enumerate(b.vocabulary["videos"])}
    pairs: list[tuple[int, int]] = []
    seconds: list[float] = []
    for place, video in enumerate(a.vocabulary["videos"]):
        if video["id"] in theirs:
            common = overlaps(_of_video(a.columns, place), _of_video(b.columns, theirs[video["id"]]))
            pairs += common.keys()
            seconds += common.values()
    if not pairs:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    first, second = np.array(pairs, dtype=np.int64).T
    shared = np.array(seconds)
    iou = shared / (_lengths(a.columns)[first] + _lengths(b.columns)[second] - shared)
    close = np.flatnonzero(iou >= SAME_FROM)
    close = close[np.lexsort((second[close], first[close], -iou[close]))]
    # Above one half a primitive has one partner at most; at exactly one half it may have two.
    close = close[np.sort(np.unique(first[close], return_index=True)[1])]
    close = close[np.sort(np.unique(second[close], return_index=True)[1])]
    close = close[np.argsort(second[close])]
    return first[close], second[close]


def _of_video(columns: Columns, place: int) -> list[Interval]:
    low, high = np.searchsorted(columns["video"], [place, place + 1])
    start, end = columns["start_s"][low:high].tolist(), columns["end_s"][low:high].tolist()
    return list(zip(start, end, range(low, high), strict=True))


def _lengths(columns: Columns) -> npt.NDArray[np.float64]:
    found: npt.NDArray[np.float64] = columns["end_s"] - columns["start_s"]
    return found


# ---- what became of the actions


def _refs(content: Frozen) -> dict[int, Ref]:
    return {one["id"]: Ref(one["id"], one["name"], one["colour"]) for one in content.vocabulary["actions"]}


def _actions(a: Frozen, b: Frozen, was: Ids, becomes: Ids, look: _Looker) -> list[ActionChange]:
    old = {one["id"]: one for one in a.vocabulary["actions"]}
    new = {one["id"]: one for one in b.vocabulary["actions"]}
    refs = {**_refs(a), **_refs(b)}
    found = []
    for pk in sorted(old.keys() | new.keys()):
        there = pk in old and not old[pk]["deprecated"]
        here = pk in new and not new[pk]["deprecated"]
        other, kind = None, None
        fields = _fields(old[pk], new[pk]) if pk in old and pk in new else []
        if here and not there:
            source = _mostly(was[becomes == pk], pk)
            other = refs.get(source) if source is not None else None
            kind = "restored" if pk in old else ("added" if other is None else "split")
        elif there and not here:
            target = _mostly(becomes[was == pk], pk)
            other = refs.get(target) if target is not None else None
            kind = "deprecated" if other is None else "merged"
        elif here and fields:
            kind = "renamed" if any(one.field == "name" for one in fields) else "changed"
        if kind is not None:
            ref = refs[pk] if here else _refs(a).get(pk, refs[pk])
            n_before, n_after = (int(np.count_nonzero(one.columns["action"] == pk)) for one in (a, b))
            places = np.flatnonzero(b.columns["action"] == (other.id if kind == "merged" and other else pk))
            found.append(ActionChange(kind, ref, other, n_before, n_after, fields, look.at(places)))
    return found


def _mostly(actions: Ids, own: int) -> int | None:
    """The other action that at least half of the primitives belong to."""
    values, counts = np.unique(actions[(actions >= 0)], return_counts=True)
    if len(values) == 0:
        return None
    best = int(values[counts.argmax()])
    return best if best != own and counts.max() * 2 >= len(actions) else None


def _fields(before: dict[str, Any], after: dict[str, Any]) -> list[FieldChange]:
    return [
        FieldChange(name, _shown(name, before[name]), _shown(name, after[name]))
        for name in FIELDS
        if before[name] != after[name]
    ]


def _shown(name: str, value: Any) -> str:
    if name == "examples":
        return f"{len(value)} primitive" if len(value) == 1 else f"{len(value)} primitives"
    return "" if value is None else str(value)


def _moves(a: Frozen, b: Frozen, was: Ids, becomes: Ids, of_b: Ids, look: _Looker) -> list[Move]:
    """Most first."""
    old, new = _refs(a), _refs(b)
    moved = np.flatnonzero(was != becomes)
    if len(moved) == 0:
        return []
    pairs, which, counts = np.unique(
        np.stack([was[moved], becomes[moved]], axis=1), axis=0, return_inverse=True, return_counts=True
    )
    order = np.lexsort((pairs[:, 1], pairs[:, 0], -counts))[:MOST_MOVES]
    return [
        Move(
            old.get(int(pairs[pair, 0])),
            new.get(int(pairs[pair, 1])),
            int(counts[pair]),
            look.at(of_b[moved[which.ravel() == pair]]),
        )
        for pair in order
    ]


# ---- what became of the primitives


def _quality(before: npt.NDArray[np.float32], after: npt.NDArray[np.float32], of_b: Ids, look: _Looker) -> Changes:
    rated, now_rated = ~np.isnan(before), ~np.isnan(after)
    step = after - before  # NaN where one of them is
    moved = np.flatnonzero((rated != now_rated) | (np.abs(np.nan_to_num(step)) > 0))
    sizes = np.abs(step[rated & now_rated & (step != 0)])
    both = rated[moved] & now_rated[moved]
    looked_at = moved[both] if both.any() else moved
    return Changes(
        n=len(moved),
        median=float(np.median(sizes)) if len(sizes) else None,
        examples=look.at(
            of_b[looked_at],
            [[] if np.isnan(one) else [one] for one in before[looked_at].tolist()],
            [[] if np.isnan(one) else [one] for one in after[looked_at].tolist()],
        ),
        raised=int(np.count_nonzero(step > 0)),
        lowered=int(np.count_nonzero(step < 0)),
        first_rated=int(np.count_nonzero(~rated & now_rated)),
        unrated=int(np.count_nonzero(rated & ~now_rated)),
    )


def _edges(a: Columns, b: Columns, of_a: Ids, of_b: Ids, look: _Looker) -> Changes:
    before = np.stack([a["start_s"][of_a], a["end_s"][of_a]], axis=1)
    after = np.stack([b["start_s"][of_b], b["end_s"][of_b]], axis=1)
    step = np.abs(after - before)
    moved = np.flatnonzero((step > MOVED_S).any(axis=1))
    sizes = step[step > MOVED_S]
    return Changes(
        n=len(moved),
        median=float(np.median(sizes)) if len(sizes) else None,
        examples=look.at(of_b[moved], before[moved].tolist(), after[moved].tolist()),
    )
