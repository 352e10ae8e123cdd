"""What never changes about the primitives of a finished run, read once and kept in the memory of the process.

Edges, clusters and places are written by the chain; people change names, actions and quality, which are not here. A run
that is cut or clustered otherwise is another run, and one that is taken up again finishes at another time.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from functools import cached_property
from threading import Lock

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from backend.runs.models import Run

KEPT_ROWS = 1_000_000  # of all runs together: 80 MB
NOBODY = -1
READ = {
    # name → (how PostgreSQL sends it, big-endian; type there)
    "ids": ("int8send(s.id)", ">i8"),
    "x": ("float4send(coalesce(s.x, 'NaN')::float4)", ">f4"),
    "y": ("float4send(coalesce(s.y, 'NaN')::float4)", ">f4"),
    "cluster_id": ("int8send(coalesce(s.cluster_id, -1))", ">i8"),
    "video": ("int8send(s.video_id)", ">i8"),
    "start_s": ("float8send(s.start_s)", ">f8"),
    "end_s": ("float8send(s.end_s)", ">f8"),
}
SAID = {
    "ids": ("int8send(s.id)", ">i8"),
    "action": ("int8send(coalesce(s.action_id, -1))", ">i8"),
    "quality": ("float4send(coalesce(s.quality, 'NaN')::float4)", ">f4"),
}
Columns = dict[str, NDArray[np.generic]]


@dataclass(frozen=True)
class ClusterFigures:
    """What the primitives of a cluster are, in one line."""

    total_s: float
    n: int
    n_videos: int
    histogram: list[int]


@dataclass(frozen=True)
class Placed:
    """Of the primitives that belong to a cluster: which rows they are, how long they last, and which of `clusters` and
    of `videos`, both in order, is theirs."""

    which: NDArray[np.int64]
    durations: NDArray[np.float64]
    clusters: NDArray[np.int64]
    cluster: NDArray[np.int32]
    videos: NDArray[np.int64]
    video: NDArray[np.int32]


@dataclass(frozen=True)
class Primitives:
    """Of one run, in the order of their ids. x and y: NaN where it has no place; cluster_id: -1 without one."""

    ids: NDArray[np.int64]
    x: NDArray[np.float32]
    y: NDArray[np.float32]
    cluster_id: NDArray[np.int64]
    video: NDArray[np.int64]
    start_s: NDArray[np.float64]
    end_s: NDArray[np.float64]

    def by_cluster(self, bins: int) -> dict[int, ClusterFigures]:
        """By the cluster's id. The histograms share their bins, from 0 to the longest duration."""
        known = self._figures.get(bins)
        if known is None:
            known = self._figures[bins] = self._by_cluster(bins)
        return known

    @cached_property
    def placed(self) -> Placed:
        """Those that belong to a cluster."""
        which = np.flatnonzero(self.cluster_id != NOBODY)
        durations = (self.end_s - self.start_s)[which]
        clusters, cluster = np.unique(self.cluster_id[which], return_inverse=True)
        videos, video = np.unique(self.video[which], return_inverse=True)
        return Placed(which, durations, clusters, cluster.astype(np.int32), videos, video.astype(np.int32))

    @cached_property
    def _figures(self) -> dict[int, dict[int, ClusterFigures]]:
        return {}

    def _by_cluster(self, bins: int) -> dict[int, ClusterFigures]:
        placed = self.cluster_id != NOBODY
        durations = (self.end_s - self.start_s)[placed]
        longest = durations.max(initial=0.0) or 1.0
        clusters, at = np.unique(self.cluster_id[placed], return_inverse=True)
        place = np.minimum((durations / longest * bins).astype(np.int64), bins - 1)
        histogram = np.bincount(at * bins + place, minlength=len(clusters) * bins).reshape(-1, bins)
        total_s = np.bincount(at, weights=durations, minlength=len(clusters))
        videos, which = np.unique(self.video[placed], return_inverse=True)
        seen = np.unique(at * max(1, len(videos)) + which) // max(1, len(videos))
        n_videos = np.bincount(seen, minlength=len(clusters))
        return {
            pk: ClusterFigures(float(total_s[i]), int(histogram[i].sum()), int(n_videos[i]), histogram[i].tolist())
            for i, pk in enumerate(clusters.tolist())
        }


def primitives_of(run: Run) -> Primitives:
    """Read anew while the run goes on; afterwards from memory."""
    if run.is_active or run.finished_at is None:
        return _read(run)
    key = (run.pk, run.finished_at, run.projection)
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
    found = _read(run)
    with _lock:
        _kept[key] = found
        while len(_kept) > 1 and sum(len(one.ids) for one in _kept.values()) > KEPT_ROWS:
            _kept.popitem(last=False)
    return found


_kept: OrderedDict[tuple[object, ...], Primitives] = OrderedDict()
_lock = Lock()


def said_of(run: Run, primitives: Primitives) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """What people said of each: the action it was put to itself (-1: none), and its quality (NaN: none).

    Only those of which something was said are read, from an index that holds no more.
    """
    found = _sent(SAID, f"s.run_id = {run.pk:d} AND (s.action_id IS NOT NULL OR s.quality IS NOT NULL)")
    action = np.full(len(primitives.ids), NOBODY, np.int64)
    quality = np.full(len(primitives.ids), np.nan, np.float32)
    at = np.searchsorted(primitives.ids, found["ids"])
    inside = at < len(primitives.ids)
    at = at[inside]
    same = primitives.ids[at] == found["ids"][inside]
    action[at[same]] = found["action"][inside][same]
    quality[at[same]] = found["quality"][inside][same]
    return action, quality


def _read(run: Run) -> Primitives:
    found = _sent(READ, f"s.run_id = {run.pk:d}")
    order = np.argsort(found["ids"], kind="stable")
    return Primitives(**{name: column[order] for name, column in found.items()})  # type: ignore[arg-type]


def _sent(columns: dict[str, tuple[str, str]], where: str) -> Columns:
    """All rows as one value: neither a Python object of a row nor a message of one. There may be a million."""
    row = " || ".join(sql for sql, _ in columns.values())
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT string_agg({row}, ''::bytea) FROM vocabulary_segment s WHERE {where}")
        (content,) = cursor.fetchone()
    rows = np.frombuffer(content or b"", np.dtype([(name, kind) for name, (_, kind) in columns.items()]))
    return {name: rows[name].astype(rows[name].dtype.newbyteorder("=")) for name in columns}
