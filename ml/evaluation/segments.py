"""Segments: overlap F1, edit score, average precision, and accuracy over time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from ml.annotations import Annotation, Interval
from ml.artefacts import Seconds

Bool = npt.NDArray[np.bool_]
Index = npt.NDArray[np.intp]
Double = npt.NDArray[np.float64]

OVERLAPS = (0.10, 0.25, 0.50)  # IoU of segmental F1, as in MS-TCN
IOUS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)  # of mAP
SLACK = 1e-9


@dataclass(frozen=True)
class Overlaps:
    """The pairs of P predicted and G true intervals that share time: indices, and intersection over union, [n] each.

    Only those, since of an hour of short segments nearly all pairs share none.
    """

    predicted: Index
    truth: Index
    iou: Double
    shape: tuple[int, int]  # P, G

    def where(self, keep: Bool | Index) -> Overlaps:
        """Some of the pairs, or all in another order."""
        return Overlaps(self.predicted[keep], self.truth[keep], self.iou[keep], self.shape)


def overlaps(predicted: Double, truth: Double) -> Overlaps:
    """Pairs of intervals [P, 2] and [G, 2], as (start, end), by predicted and then true index."""
    order = np.argsort(truth[:, 0], kind="stable")
    starts, ends = truth[order, 0], truth[order, 1]
    # What shares time with p lies between the first that ends after p starts and the last that starts before p ends.
    first = np.searchsorted(np.maximum.accumulate(ends), predicted[:, 0], side="right")
    count = np.maximum(np.searchsorted(starts, predicted[:, 1], side="left") - first, 0)
    p = np.repeat(np.arange(len(predicted)), count)
    g = order[np.arange(len(p)) - np.repeat(np.cumsum(count) - count, count) + np.repeat(first, count)]
    both = np.minimum(predicted[p, 1], truth[g, 1]) - np.maximum(predicted[p, 0], truth[g, 0])
    either = (predicted[p, 1] - predicted[p, 0]) + (truth[g, 1] - truth[g, 0]) - both
    by_index = np.lexsort((g, p))
    pairs = Overlaps(p, g, both / either, (len(predicted), len(truth))).where(by_index)
    return pairs.where(pairs.iou > 0)


def spans(intervals: Sequence[Interval]) -> Double:
    """(start, end) of each, [n, 2]."""
    return np.array([(i.start_s, i.end_s) for i in intervals], dtype=np.float64).reshape(-1, 2)


def same_label(pairs: Overlaps, predicted: Sequence[Interval], truth: Sequence[Interval]) -> Overlaps:
    """The pairs of one label; an interval without a label is like none."""
    found, true = [i.label for i in predicted], [i.label for i in truth]
    both = zip(pairs.predicted.tolist(), pairs.truth.tolist(), strict=True)
    return pairs.where(np.array([found[p] is not None and found[p] == true[g] for p, g in both], dtype=np.bool_))


def segmental_hits(pairs: Overlaps, at: Sequence[float]) -> list[int]:
    """True positives of segmental F1 (Lea et al. 2017, as MS-TCN computes it) at each IoU of `at`.

    A prediction hits if the truth it overlaps most, among `pairs`, is `at` or more of IoU and no earlier prediction hit
    it: it does not fall back on another.
    """
    best_first = pairs.where(np.lexsort((pairs.truth, -pairs.iou, pairs.predicted)))
    best = best_first.where(np.diff(best_first.predicted, prepend=-1) > 0)
    return [len(set(best.truth[best.iou >= iou - SLACK].tolist())) for iou in at]


def edit_distance(first: Sequence[str | None], second: Sequence[str | None]) -> int:
    """Levenshtein: how many labels to insert, delete or replace to get from one sequence to the other."""
    row = list(range(len(second) + 1))
    for i, a in enumerate(first, 1):
        diagonal, row[0] = row[0], i
        for j, b in enumerate(second, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (a != b))
    return row[-1]


def detections(pairs: Overlaps, confidence: Double, at: Sequence[float], slack: float = SLACK) -> list[Bool]:
    """Which predictions are true positives of average precision at each IoU of `at`, [P] each.

    Surest first, each takes the truth it overlaps most among those not taken yet. confidence: [P].
    """
    rank = np.empty(len(confidence), dtype=np.intp)
    rank[np.argsort(-confidence, kind="stable")] = np.arange(len(confidence))
    in_turn = pairs.where(np.lexsort((pairs.truth, -pairs.iou, rank[pairs.predicted])))
    found = []
    for iou in at:
        enough = in_turn.where(in_turn.iou >= iou - slack)
        hits, taken = np.zeros(len(confidence), dtype=np.bool_), set()
        for p, g in zip(enough.predicted.tolist(), enough.truth.tolist(), strict=True):
            if g not in taken and not hits[p]:
                taken.add(g)
                hits[p] = True
        found.append(hits)
    return found


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
