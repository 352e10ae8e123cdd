"""Segments: overlap F1, edit score, average precision, and accuracy over time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from ml.annotations import Annotation, Interval
from ml.artefacts import Seconds

Bool = npt.NDArray[np.bool_]
Double = npt.NDArray[np.float64]

OVERLAPS = (0.10, 0.25, 0.50)  # IoU of segmental F1, as in MS-TCN
IOUS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)  # of mAP
SLACK = 1e-9


def overlaps(predicted: Sequence[Interval], truth: Sequence[Interval]) -> Double:
    """Intersection over union, [P, G]."""
    p = np.array([(i.start_s, i.end_s) for i in predicted], dtype=np.float64).reshape(-1, 1, 2)
    g = np.array([(i.start_s, i.end_s) for i in truth], dtype=np.float64).reshape(1, -1, 2)
    both = np.clip(np.minimum(p[..., 1], g[..., 1]) - np.maximum(p[..., 0], g[..., 0]), 0.0, None)
    iou: Double = both / ((p[..., 1] - p[..., 0]) + (g[..., 1] - g[..., 0]) - both)
    return iou


def same_label(predicted: Sequence[Interval], truth: Sequence[Interval]) -> Bool:
    """[P, G]; an interval without a label is like none."""
    return np.array(
        [[p.label is not None and p.label == g.label for g in truth] for p in predicted], dtype=np.bool_
    ).reshape(len(predicted), len(truth))


def segmental_hits(overlap: Double, at: float) -> int:
    """True positives of segmental F1 (Lea et al. 2017, as MS-TCN computes it).

    overlap: [P, G], 0 where the labels differ. A prediction hits if the truth it overlaps most is `at` or more of IoU
    and no earlier prediction hit it.
    """
    taken: set[int] = set()
    if overlap.size:
        for best, value in zip(overlap.argmax(axis=1).tolist(), overlap.max(axis=1).tolist(), strict=True):
            if value >= at - SLACK:
                taken.add(best)
    return len(taken)


def edit_distance(first: Sequence[str | None], second: Sequence[str | None]) -> int:
    """Levenshtein: how many labels to insert, delete or replace to get from one sequence to the other."""
    row = list(range(len(second) + 1))
    for i, a in enumerate(first, 1):
        diagonal, row[0] = row[0], i
        for j, b in enumerate(second, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (a != b))
    return row[-1]


def detections(overlap: Double, confidence: Double, at: float, slack: float = SLACK) -> Bool:
    """Which predictions are true positives of average precision at IoU `at`, [P].

    Surest first, each takes the truth it overlaps most among those not taken yet. overlap: [P, G]; confidence: [P].
    """
    hits = np.zeros(len(confidence), dtype=np.bool_)
    candidates: dict[int, list[int]] = {}
    for p, g in np.argwhere(overlap >= max(at - slack, SLACK)).tolist():
        candidates.setdefault(p, []).append(g)
    taken: set[int] = set()
    for p in np.argsort(-confidence, kind="stable").tolist():
        free = [g for g in candidates.get(p, ()) if g not in taken]
        if free:
            taken.add(max(free, key=lambda g: overlap[p, g]))
            hits[p] = True
    return hits


def average_precision(hits: Bool, confidence: Double, n_truth: int | Double, weights: Double | None = None) -> Double:
    """Area under the monotone envelope of precision over recall, NaN where there is no truth.

    hits, confidence: [P]. For many weightings of the predictions at once: weights [R, P], n_truth [R] → [R].
    """
    order = np.argsort(-confidence, kind="stable")
    w = np.ones((1, len(hits))) if weights is None else weights[:, order]
    hit = w * hits[order]
    found, tried = np.cumsum(hit, axis=1), np.cumsum(w, axis=1)  # [R, P]
    precision = np.divide(found, tried, out=np.zeros_like(found), where=tried > 0)
    envelope = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    total = np.broadcast_to(np.asarray(n_truth, dtype=np.float64), len(w))
    area: Double = np.divide((hit * envelope).sum(axis=1), total, out=np.full(len(w), np.nan), where=total > 0)
    return area


def shared_seconds(
    predicted: Annotation, truth: Annotation, duration_s: float
) -> dict[tuple[str | None, str | None], float]:
    """How long each pair of (predicted, true) label lasts in 0..duration_s; None is background.

    Where intervals of one annotation overlap, the one that starts later counts.
    """
    times = {0.0, duration_s}
    for interval in (*predicted.intervals, *truth.intervals):
        times |= {min(interval.start_s, duration_s), min(interval.end_s, duration_s)}
    edges = np.array(sorted(times))
    labels = zip(_labels_over(predicted, edges), _labels_over(truth, edges), strict=True)
    shared: dict[tuple[str | None, str | None], float] = {}
    for pair, length_s in zip(labels, np.diff(edges).tolist(), strict=True):
        shared[pair] = shared.get(pair, 0.0) + length_s
    return shared


def _labels_over(annotation: Annotation, edges: Seconds) -> list[str | None]:
    labels: list[str | None] = [None] * (len(edges) - 1)
    for interval in annotation.intervals:
        first, stop = np.searchsorted(edges, [interval.start_s, interval.end_s]).tolist()
        for piece in range(first, min(stop, len(labels))):
            labels[piece] = interval.label if interval.label is not None else ""  # an action without a name
    return labels


def clusters_to_labels(
    shared: Iterable[Mapping[tuple[str | None, str | None], float]],
) -> dict[str, str]:
    """The one-to-one naming of clusters that agrees with the truth for the most seconds over all videos (Hungarian).

    It is chosen with the truth in hand, as is usual for unsupervised methods. Clusters beyond the number of labels get
    no name. Background is no cluster and stays what it is.
    """
    total: dict[tuple[str, str], float] = {}
    for seconds in shared:
        for (cluster, label), length_s in seconds.items():
            if cluster and label:
                total[cluster, label] = total.get((cluster, label), 0.0) + length_s
    clusters, labels = sorted({c for c, _ in total}), sorted({n for _, n in total})
    gain = np.array([[total.get((c, n), 0.0) for n in labels] for c in clusters]).reshape(len(clusters), len(labels))
    rows, columns = linear_sum_assignment(gain, maximize=True)
    return {clusters[r]: labels[c] for r, c in zip(rows.tolist(), columns.tolist(), strict=True)}
