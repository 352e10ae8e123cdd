"""What follows what in a run: transitions between groups, and the cycles they make."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby, pairwise
from statistics import median

from django.db.models.functions import Coalesce

from backend.runs.models import Run
from backend.vocabulary.models import Action

OUTLIER_MADS = 3.0


@dataclass(frozen=True)
class Group:
    """An action, or a cluster without a name, as a node of the graph."""

    key: str
    name: str
    colour: int
    n_segments: int
    total_s: float


@dataclass(frozen=True)
class Step:
    """One primitive on its way through the graph."""

    segment: int
    group: str
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Transition:
    """How often `follows` comes right after `group`, the share of what comes after it, and the mean time between."""

    group: str
    follows: str
    count: int
    probability: float
    mean_gap_s: float


@dataclass(frozen=True)
class Cycle:
    """From one occurrence of the start to the next; the last of a video is not complete, and counts nowhere."""

    start_s: float
    end_s: float
    complete: bool
    outlier: bool
    steps: list[Step]


@dataclass(frozen=True)
class Cycles:
    """`median_s` and `mad_s` (of the distances from it) over the complete cycles of all videos; None without any."""

    start: str | None
    suggested: str | None
    videos: dict[int, list[Cycle]]
    median_s: float | None
    mad_s: float | None
    n: int


def steps_of(run: Run) -> tuple[list[Group], dict[int, list[Step]]]:
    """The groups of a run, the largest first, and its primitives of each video in the order of time."""
    rows = (
        run.segments.filter(cluster__isnull=False)
        .annotate(group=Coalesce("action", "cluster__action"))
        .order_by("video", "start_s", "pk")
        .values_list("video_id", "pk", "group", "cluster__index", "start_s", "end_s")
    )
    videos: dict[int, list[Step]] = {}
    sizes: Counter[str] = Counter()
    seconds: Counter[str] = Counter()
    for video, pk, action, index, start_s, end_s in rows:
        key = f"cluster:{index}" if action is None else f"action:{action}"
        videos.setdefault(video, []).append(Step(pk, key, start_s, end_s))
        sizes[key] += 1
        seconds[key] += end_s - start_s
    ids = [int(key.split(":")[1]) for key in sizes if key.startswith("action:")]
    actions = Action.objects.filter(project=run.project_id).in_bulk(ids)
    groups = []
    for key, n in sorted(sizes.items(), key=lambda item: (-item[1], item[0])):
        kind, number = key.split(":")
        name, colour = f"Cluster {int(number) + 1}", int(number)
        if kind == "action":
            name, colour = actions[int(number)].name, actions[int(number)].colour
        groups.append(Group(key, name, colour, n, seconds[key]))
    return groups, videos


def transitions(videos: Iterable[list[Step]]) -> list[Transition]:
    """Which group follows which within a video, the most frequent first."""
    counts: Counter[tuple[str, str]] = Counter()
    gaps: Counter[tuple[str, str]] = Counter()
    for steps in videos:
        for before, after in pairwise(steps):
            pair = (before.group, after.group)
            counts[pair] += 1
            gaps[pair] += after.start_s - before.end_s
    left: Counter[str] = Counter()
    for (group, _), n in counts.items():
        left[group] += n
    found = [Transition(a, b, n, n / left[a], gaps[a, b] / n) for (a, b), n in counts.items()]
    return sorted(found, key=lambda one: (-one.count, one.group, one.follows))


def cycles(videos: dict[int, list[Step]], start: str | None) -> Cycles:
    """Every video cut where `start` begins; without one, where the group begins that recurs most regularly."""
    suggested = suggested_start(videos)
    start = start or suggested
    if start is None:
        return Cycles(None, None, {}, None, None, 0)
    cut = {video: _cut(steps, start) for video, steps in videos.items()}
    times = [end_s - start_s for pieces in cut.values() for start_s, end_s, _, complete in pieces if complete]
    middle = median(times) if times else None
    spread = median([abs(t - middle) for t in times]) if middle is not None else None

    def is_outlier(t: float) -> bool:
        if middle is None or spread is None:
            return False
        return abs(t - middle) > OUTLIER_MADS * spread + 1e-6  # a microsecond is no difference where all are equal

    found = {
        video: [
            Cycle(start_s, end_s, complete, complete and is_outlier(end_s - start_s), steps)
            for start_s, end_s, steps, complete in pieces
        ]
        for video, pieces in cut.items()
    }
    return Cycles(start, suggested, found, middle, spread, len(times))


def _onsets(steps: list[Step], group: str) -> list[int]:
    """Where the group begins; several of it in a row begin once."""
    return [i for i, step in enumerate(steps) if step.group == group and (i == 0 or steps[i - 1].group != group)]


def _cut(steps: list[Step], start: str) -> list[tuple[float, float, list[Step], bool]]:
    onsets = _onsets(steps, start)
    pieces = [(steps[a].start_s, steps[b].start_s, steps[a:b], True) for a, b in pairwise(onsets)]
    if onsets:
        last = steps[onsets[-1] :]
        pieces.append((last[0].start_s, last[-1].end_s, last, False))
    return pieces


def suggested_start(videos: dict[int, list[Step]]) -> str | None:
    """The group to begin a cycle with: in every video (else in as many as any is), with the most regular recurrence.

    Regular: the smallest MAD of its recurrence times over their median. Of equals the one that recurs most often, then
    the one that comes first in the first video it is in. None where nothing comes twice in a video.
    """
    recurrences: dict[str, list[float]] = {}
    seen_in: Counter[str] = Counter()
    first: dict[str, tuple[int, float]] = {}
    for video, steps in videos.items():
        in_order = sorted(((step.group, i) for i, step in enumerate(steps)))
        for group, _ in groupby(in_order, key=lambda item: item[0]):
            onsets = [steps[i].start_s for i in _onsets(steps, group)]
            seen_in[group] += 1
            first.setdefault(group, (video, onsets[0]))
            recurrences.setdefault(group, []).extend(b - a for a, b in pairwise(onsets))
    able = [group for group, times in recurrences.items() if times]
    if not able:
        return None
    # A single recurrence is regular by nature: two or more come first, where there are any.
    most = max(seen_in[group] for group in able)
    able = [group for group in able if seen_in[group] == most]
    able = [group for group in able if len(recurrences[group]) > 1] or able

    def irregular(group: str) -> float:
        middle = median(recurrences[group])
        return median([abs(t - middle) for t in recurrences[group]]) / middle

    return min(able, key=lambda group: (round(irregular(group), 9), -len(recurrences[group]), first[group]))
