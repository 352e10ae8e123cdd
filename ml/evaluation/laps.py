"""The official evaluation of LAPS, to the letter: `tools/eval_segmentation.py` at commit 2432d4a of its repository.

It departs from `ml.evaluation.boundaries` in four ways: starts and ends both count, and so twice where segments
touch; matching is greedy, so it can fall below the best one; a video without a prediction file scores 0 even where
there is nothing to find; the clip's ends are left out only at exactly 0 and from the duration on. Where there is no
truth at all, its mAP is 0 and ours is not defined.
"""

from __future__ import annotations

import numpy as np

from ml.annotations import Annotation
from ml.artefacts import Seconds

IOUS = (0.5, 0.75)  # its default


def counted(annotation: Annotation, duration_s: float) -> Seconds:
    """Every start above 0 and every end below `duration_s`, ascending, [n]."""
    starts = [i.start_s for i in annotation.intervals if i.start_s > 0]
    ends = [i.end_s for i in annotation.intervals if i.end_s < duration_s]
    return np.array(sorted(starts + ends), dtype=np.float64)


def matched(predicted_s: Seconds, truth_s: Seconds, tolerance_s: float) -> list[tuple[int, int]]:
    """Pairs of indices: each true boundary in order of time takes the nearest prediction that is left."""
    pairs: list[tuple[int, int]] = []
    left = np.ones(len(predicted_s), dtype=np.bool_)
    for j, time_s in enumerate(truth_s):
        apart_s = np.where(left, np.abs(predicted_s - time_s), np.inf)
        i = int(apart_s.argmin()) if len(apart_s) else -1
        if i >= 0 and apart_s[i] <= tolerance_s:
            pairs.append((i, j))
            left[i] = False
    return pairs


def precision(tp: int, n_predicted: int, n_truth: int) -> float:
    """1 where there is no truth, 0 where there is some and nothing was predicted."""
    if n_truth == 0:
        return 1.0
    return tp / n_predicted if n_predicted else 0.0


def alike(positions_s: Seconds, n: int) -> Seconds:
    """Chance in this rule's way of counting: the positions, so many of them twice that there are n."""
    twice = np.linspace(0, len(positions_s) - 1, n - len(positions_s)).round().astype(np.int64)
    return np.sort(np.concatenate([positions_s, positions_s[twice]]))
