"""ABD (Du et al., "Fast and unsupervised action boundary detection for action segmentation", CVPR 2022).

Frame features are averaged over a window, neighbouring ones compared by cosine, boundaries put where the similarity is
the least within a window, and the parts merged bottom-up, most similar first, until K actions are left. A boundary
stays where the actions on its two sides differ.

The paper takes K from the labels (the mean number of actions of the data set). Here K is the length of a video over
the length of an action, which is one for all videos and found without labels (`usual_action_s`); `n_actions` gives the
method, for comparison, what the paper gives it. The paper leaves open and we chose: a window is cut off at the ends of
the video, and no boundary is put within half of one from them, where the mean is of fewer frames; the mean of a merged
action counts each frame once; features are whatever the given encoder makes, not IDT or I3D.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.metrics import silhouette_score
from threadpoolctl import threadpool_limits

from ml.annotations import Interval
from ml.artefacts import Float, Seconds

Wide = npt.NDArray[np.float64]

ACTIONS_S = (1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0)  # how long an action may be
JUDGED_FRAMES = 600  # of a video, evenly spaced: a silhouette compares all pairs
TIE = 1e-9  # cosines closer than this differ by rounding
ALPHA = 0.5  # window over action length; the paper tries 0.2 to 0.8 and finds 0.4 to 0.6 best


@dataclass(frozen=True)
class Cut:
    """What ABD found in one video: boundaries [b], ascending, as indices of the first frame after each, and for every
    part between them (one more) the action it belongs to. similarity: [F-1], see `similarity`."""

    starts: list[int]
    actions: list[int]
    similarity: Wide

    @property
    def kept(self) -> npt.NDArray[np.intp]:
        """The boundaries between two different actions."""
        actions = np.array(self.actions)
        kept: npt.NDArray[np.intp] = np.array(self.starts, dtype=np.intp)[actions[1:] != actions[:-1]]
        return kept


def abd(features: Float, times_s: Seconds, duration_s: float, n_actions: int) -> list[Interval]:
    """The actions of one video, one after the other without gaps. features: [F, D]; times_s: [F]; n_actions: K.

    The score of an interval is how deep the similarity falls at its end.
    """
    cut = cut_into(features, n_actions)
    return parts(times_s[cut.kept], duration_s, 1 - cut.similarity[cut.kept - 1])


def n_actions_of(duration_s: float, action_s: float) -> int:
    """K of a video whose actions are `action_s` long."""
    return max(1, round(duration_s / action_s))


def usual_action_s(features: Sequence[Float], durations_s: Sequence[float]) -> float:
    """Of `ACTIONS_S` the length at which frames lie nearest to their own action: the best mean silhouette over the
    videos; a video that it leaves in one piece counts 0. No label takes part."""
    scores = [
        sum(_silhouette(of, n_actions_of(duration_s, s)) for of, duration_s in zip(features, durations_s, strict=True))
        for s in ACTIONS_S
    ]
    return ACTIONS_S[int(np.argmax(scores))]


def cut_into(features: Float, K: int) -> Cut:
    """Boundaries and actions of one video; see the head of this module."""
    width = max(2, round(ALPHA * len(features) / max(1, K)))
    similar = similarity(features, width)
    starts = dips(similar, width)
    return Cut(starts, merged(features, starts, K), similar)


def similarity(features: Float, width: int) -> Wide:
    """Cosine of neighbouring frames after a moving average over `width` frames: [F, D] → [F-1]. Equal zeros are 1."""
    F, half = len(features), max(0, (width - 1) // 2)
    sums = np.concatenate([np.zeros((1, features.shape[1])), np.cumsum(features.astype(np.float64), axis=0)])
    t = np.arange(F)
    first, stop = np.maximum(0, t - half), np.minimum(F, t + half + 1)
    return _cosines((sums[stop] - sums[first]) / (stop - first)[:, None])


def dips(similar: Wide, width: int) -> list[int]:
    """Frames before which the similarity is the least within half a window to both sides: [F-1] → indices into F.

    Of equal values the first is taken; where the window holds no greater value on both sides there is no dip.
    """
    half = max(1, width // 2)
    found = []
    for t in range(half, len(similar) - half):
        left, right = similar[t - half : t], similar[t + 1 : t + half + 1]
        least = similar[t] < left.min() and similar[t] <= right.min()
        if least and left.max() - similar[t] > TIE and right.max() - similar[t] > TIE:
            found.append(t + 1)
    return found


def merged(features: Float, starts: list[int], K: int) -> list[int]:
    """Bottom-up clustering of the parts between boundaries: a cluster for each part, len(starts) + 1 of them.

    While there are more than K clusters, the two with the most similar means become one.
    """
    pieces = np.split(features.astype(np.float64), starts)
    sums, counts = [piece.sum(axis=0) for piece in pieces], [len(piece) for piece in pieces]
    members = [[i] for i in range(len(pieces))]
    while len(members) > max(1, K):
        unit = _unit(np.array(sums) / np.array(counts)[:, None])
        cosines = unit @ unit.T
        cosines[np.tril_indices(len(members))] = -np.inf
        i, j = np.unravel_index(int(np.argmax(cosines)), cosines.shape)
        sums[i], counts[i] = sums[i] + sums.pop(j), counts[i] + counts.pop(j)
        members[i] += members.pop(j)
    labels = [0] * len(pieces)
    for label, parts_of in enumerate(members):
        for part in parts_of:
            labels[part] = label
    return labels


def parts(boundaries_s: Seconds, duration_s: float, scores: npt.NDArray[np.floating]) -> list[Interval]:
    """The intervals that boundaries [B] cut [0, duration_s) into; each has the score of its end, the last one 0."""
    edges = [0.0, *boundaries_s.tolist(), duration_s]
    ends = [*scores.tolist(), 0.0]
    return [Interval(a, b, score=score) for a, b, score in zip(edges, edges[1:], ends, strict=False) if b > a]


def _silhouette(features: Float, K: int) -> float:
    cut = cut_into(features, K)
    edges = [0, *cut.starts, len(features)]
    labels = np.repeat(cut.actions, np.diff(edges))  # [F]
    judged = np.linspace(0, len(features) - 1, min(JUDGED_FRAMES, len(features))).round().astype(int)
    if not 1 < len(np.unique(labels[judged])) < len(judged):
        return 0.0
    with threadpool_limits(limits=1):
        return float(silhouette_score(features[judged], labels[judged]))


def _cosines(means: Wide) -> Wide:
    unit = _unit(means)
    found: Wide = np.sum(unit[1:] * unit[:-1], axis=1)
    found[~(means[1:].any(axis=1) | means[:-1].any(axis=1))] = 1.0
    return found


def _unit(vectors: Wide) -> Wide:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Wide = vectors / np.where(length > 0, length, 1.0)
    return unit
