"""How two runs of a project differ: their configurations, where they cut, and whether their clusters agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from backend.runs.models import Run
from backend.videos.models import Video

SAMPLE_S = 0.1  # how often clusters are compared in time
MATCHED_WITHIN_S = 1.0
MOVED_FROM_S = 0.05  # a boundary that is nearer than this to its counterpart has not moved

Labels = npt.NDArray[np.int64]
Cuts = Sequence[tuple[float, float, int]]
"""Of each segment of a video, in order of time: start_s, end_s, and its cluster's index, -1 without one."""


@dataclass(frozen=True)
class BoundaryPair:
    """A boundary of run a and the one of run b that it became; None where there is no counterpart."""

    a_s: float | None
    b_s: float | None

    @property
    def moved_s(self) -> float | None:
        """How much later b's is, in seconds."""
        return None if self.a_s is None or self.b_s is None else self.b_s - self.a_s

    @property
    def at_s(self) -> float:
        at = self.a_s if self.a_s is not None else self.b_s
        assert at is not None
        return at


@dataclass(frozen=True)
class VideoComparison:
    """Where two runs cut one video. `median_moved_s` is over the boundaries that moved; None where none did."""

    video: Video
    n_segments_a: int
    n_segments_b: int
    segmented_a: float
    segmented_b: float
    n_kept: int
    n_moved: int
    median_moved_s: float | None
    n_only_a: int
    n_only_b: int


@dataclass(frozen=True)
class Comparison:
    """Two runs side by side. ari and nmi are over moments at which both have a clustered segment; None without any."""

    config: list[dict[str, Any]]
    ari: float | None
    nmi: float | None
    n_samples: int
    videos: list[VideoComparison]
    only_a: list[Video]
    only_b: list[Video]


def compare(a: Run, b: Run) -> Comparison:
    """Over the videos both runs were given."""
    cuts_a, cuts_b = _cuts(a), _cuts(b)
    of_a = {video.pk: video for video in a.videos.defer(*Video.JSON_FIELDS)}
    of_b = {video.pk: video for video in b.videos.defer(*Video.JSON_FIELDS)}
    shared = sorted((of_a[pk] for pk in of_a.keys() & of_b.keys()), key=lambda video: (video.title, video.pk))
    table: dict[tuple[int, int], int] = {}
    videos = []
    for video in shared:
        mine, theirs = cuts_a.get(video.pk, []), cuts_b.get(video.pk, [])
        duration_s = video.duration_s or max([end for _, end, _ in [*mine, *theirs]], default=0.0)
        times_s = np.arange(0.0, duration_s, SAMPLE_S)
        _count(table, labels_at(mine, times_s), labels_at(theirs, times_s))
        videos.append(_video(video, mine, theirs, duration_s))
    counts = contingency(table)
    return Comparison(
        config=config_differences(a.config, b.config),
        ari=adjusted_rand_index(counts),
        nmi=normalized_mutual_information(counts),
        n_samples=int(counts.sum()),
        videos=videos,
        only_a=[of_a[pk] for pk in sorted(of_a.keys() - of_b.keys())],
        only_b=[of_b[pk] for pk in sorted(of_b.keys() - of_a.keys())],
    )


def boundary_pairs(a: Run, b: Run, video: int) -> list[BoundaryPair]:
    """Every boundary of both runs in one video, in order of time."""
    return match_boundaries(_boundaries(_cuts(a, video).get(video, [])), _boundaries(_cuts(b, video).get(video, [])))


def _cuts(run: Run, video: int | None = None) -> dict[int, list[tuple[float, float, int]]]:
    rows = run.segments.order_by("video", "start_s", "pk")
    if video is not None:
        rows = rows.filter(video=video)
    found: dict[int, list[tuple[float, float, int]]] = {}
    for pk, start_s, end_s, cluster in rows.values_list("video_id", "start_s", "end_s", "cluster__index"):
        found.setdefault(pk, []).append((start_s, end_s, -1 if cluster is None else cluster))
    return found


def _video(video: Video, mine: Cuts, theirs: Cuts, duration_s: float) -> VideoComparison:
    pairs = match_boundaries(_boundaries(mine), _boundaries(theirs))
    distances = [abs(pair.moved_s) for pair in pairs if pair.moved_s is not None]
    moved = [distance for distance in distances if distance >= MOVED_FROM_S]
    return VideoComparison(
        video=video,
        n_segments_a=len(mine),
        n_segments_b=len(theirs),
        segmented_a=_share(mine, duration_s),
        segmented_b=_share(theirs, duration_s),
        n_kept=len(distances) - len(moved),
        n_moved=len(moved),
        median_moved_s=float(np.median(moved)) if moved else None,
        n_only_a=sum(pair.b_s is None for pair in pairs),
        n_only_b=sum(pair.a_s is None for pair in pairs),
    )


def _share(cuts: Cuts, duration_s: float) -> float:
    return min(1.0, sum(end - start for start, end, _ in cuts) / duration_s) if duration_s > 0 else 0.0


def _boundaries(cuts: Cuts) -> list[float]:
    """Starts and ends; where one segment follows another at once, that moment once."""
    return sorted({edge for start, end, _ in cuts for edge in (start, end)})


def match_boundaries(a_s: Sequence[float], b_s: Sequence[float]) -> list[BoundaryPair]:
    """One-to-one within `MATCHED_WITHIN_S`, the nearest two of all first; then what has no counterpart."""
    near = sorted(
        (abs(b_s[j] - a_s[i]), i, j)
        for i in range(len(a_s))
        for j in range(*np.searchsorted(b_s, (a_s[i] - MATCHED_WITHIN_S, a_s[i] + MATCHED_WITHIN_S + 1e-9)))
    )
    of_a: dict[int, int] = {}
    of_b: dict[int, int] = {}
    for _, i, j in near:
        if i not in of_a and j not in of_b:
            of_a[i], of_b[j] = j, i
    pairs = [BoundaryPair(at, b_s[of_a[i]] if i in of_a else None) for i, at in enumerate(a_s)]
    pairs += [BoundaryPair(None, at) for j, at in enumerate(b_s) if j not in of_b]
    return sorted(pairs, key=lambda pair: (pair.at_s, pair.a_s is None))


def labels_at(cuts: Cuts, times_s: npt.NDArray[np.float64]) -> Labels:
    """The cluster at each moment, [T]; -1 outside every segment, and in one without a cluster."""
    if not cuts:
        return np.full(len(times_s), -1, dtype=np.int64)
    starts, ends, labels = (np.array(column) for column in zip(*cuts, strict=True))
    position = np.searchsorted(starts, times_s, side="right") - 1
    inside = (position >= 0) & (times_s < ends[position])
    found: Labels = np.where(inside, labels[position], -1).astype(np.int64)
    return found


def _count(table: dict[tuple[int, int], int], a: Labels, b: Labels) -> None:
    both = (a >= 0) & (b >= 0)
    pairs, counts = np.unique(np.stack([a[both], b[both]]), axis=1, return_counts=True)
    for i, j, n in zip(*pairs.tolist(), counts.tolist(), strict=True):
        table[i, j] = table.get((i, j), 0) + n


def contingency(table: dict[tuple[int, int], int]) -> npt.NDArray[np.float64]:
    """How many moments cluster i of a and j of b share, [clusters of a, clusters of b]."""
    rows = {label: at for at, label in enumerate(sorted({i for i, _ in table}))}
    columns = {label: at for at, label in enumerate(sorted({j for _, j in table}))}
    counts = np.zeros((len(rows), len(columns)))
    for (i, j), n in table.items():
        counts[rows[i], columns[j]] = n
    return counts


def adjusted_rand_index(counts: npt.NDArray[np.float64]) -> float | None:
    """Of all pairs of moments, how many both runs treat alike, over what chance gives (Hubert and Arabie 1985)."""
    n = counts.sum()
    if n < 2:
        return None
    both, of_a, of_b = (_pairs(x) for x in (counts, counts.sum(axis=1), counts.sum(axis=0)))
    expected, most = of_a * of_b / (n * (n - 1) / 2), (of_a + of_b) / 2
    return 1.0 if most == expected else (both - expected) / (most - expected)


def _pairs(sizes: npt.NDArray[np.float64]) -> float:
    return float((sizes * (sizes - 1) / 2).sum())


def normalized_mutual_information(counts: npt.NDArray[np.float64]) -> float | None:
    """What one run's clusters tell of the other's, over the mean of their entropies: 0..1."""
    n = counts.sum()
    if n < 2:
        return None
    p = counts / n
    p_a, p_b = p.sum(axis=1), p.sum(axis=0)
    filled = p > 0
    mutual = float((p[filled] * np.log(p[filled] / np.outer(p_a, p_b)[filled])).sum())
    mean = -(float((p_a * np.log(p_a)).sum()) + float((p_b * np.log(p_b)).sum())) / 2
    return 1.0 if mean == 0 else max(0.0, mutual / mean)


def config_differences(a: dict[str, Any], b: dict[str, Any]) -> list[dict[str, Any]]:
    """The keys, dotted, in which two configurations differ, and both values; None where a key is missing."""
    flat_a, flat_b = _flat(a), _flat(b)
    return [
        {"key": key, "a": flat_a.get(key), "b": flat_b.get(key)}
        for key in sorted(flat_a.keys() | flat_b.keys())
        if flat_a.get(key) != flat_b.get(key)
    ]


def _flat(tree: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            found |= _flat(value, f"{prefix}{key}.")
        else:
            found[prefix + key] = value
    return found
