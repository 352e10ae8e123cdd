"""OTAS (Li et al., "OTAS: unsupervised boundary detection for object-centric temporal action segmentation", WACV 2024),
as far as it goes without pretrained networks. It is not the published system, and no figure here is OTAS's.

Published: a global branch (how far the features of one block of frames are from those of the next, after a network
trained on the videos), an interaction branch (the same on crops around people and what they handle), a branch of graph
attention over detected objects, and a vote that moves a global boundary to the strongest one near it, drops a global
boundary nobody confirms, and lets others in only where the score is high.

Here: features come from the given frame encoder and no network is trained, so the global error is a plain difference of
block features. There is no detector of people, hands or objects: the interaction branch looks at a crop around what
moves most (`signals.moving_box`). The object relation branch is left out, and the vote's score is the mean of two
branches instead of three.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ml.annotations import Interval
from ml.artefacts import Float
from ml.baselines.abd import parts
from ml.baselines.signals import FrameSignals

Wide = npt.NDArray[np.float64]

BLOCK_S = 1.0  # published: 5 frames, every third of 15 a second
GLOBAL_SHARE, INTERACTION_SHARE = 0.51, 0.54  # published, of the way from the mean error to the mean peak
ALONE = 3.9  # published: the score, in mean errors, that lets in a boundary only the interaction branch sees


def otas(signals: FrameSignals, action_s: float, *, interaction: bool = True) -> list[Interval]:
    """The actions of one video, one after the other without gaps. The score of an interval is that of its end.

    Without `interaction` the peaks of the global branch are the boundaries, as they are before the vote.

    The published distances, 3 s between the boundaries of a branch and 2 s between votes that belong together, are for
    the long actions of Breakfast; here they are a half and a third of `action_s`, so in the same proportion.
    """
    step_s = float(np.median(np.diff(signals.times_s)))
    block = max(1, round(BLOCK_S / step_s))
    if len(signals.times_s) < 2 * block + 1:
        return parts(np.zeros(0), signals.duration_s, np.zeros(0))
    radius, near = max(1, round(action_s / 2 / step_s)), max(1, round(action_s / 3 / step_s))
    whole = block_error(signals.features, block)
    score, found = relative(whole), peaks(whole, radius, GLOBAL_SHARE)
    if interaction:
        moving = block_error(signals.regions, block)
        score = (score + relative(moving)) / 2
        found = vote(found, peaks(moving, radius, INTERACTION_SHARE), score, near)
    at = np.array(found, dtype=np.intp)
    return parts(signals.times_s[block + at], signals.duration_s, score[at])


def block_error(features: Float, block: int) -> Wide:
    """Mean squared difference between each block of frames and the next, frame by frame: [F, D] → [F - 2·block + 1].

    Value t compares frames t..t+block-1 with the `block` frames from t+block on, where a boundary would be.
    """
    apart = np.mean(np.square(features[block:].astype(np.float64) - features[:-block]), axis=1)  # [F - block]
    sums = np.concatenate([[0.0], np.cumsum(apart)])
    error: Wide = (sums[block:] - sums[:-block]) / block
    return error


def relative(error: Wide) -> Wide:
    """In mean errors; 0 where there is none."""
    mean = float(error.mean())
    return error / mean if mean > 0 else np.zeros_like(error)


def peaks(error: Wide, radius: int, share: float) -> list[int]:
    """Where the error is the greatest within `radius` to both sides and well above the usual, [S] → indices.

    Well above: at least `share` of the way from the mean error to the mean of all peaks. Of a plateau the first step
    counts. Equal errors throughout have no peak.
    """
    greatest = float(error.max())
    if greatest - float(error.min()) <= 1e-12 * greatest:
        return []
    found = []
    for t in range(len(error)):
        around = error[max(0, t - radius) : t + radius + 1]
        if error[t] >= around.max() and not (t > 0 and error[t - 1] == error[t]):
            found.append(t)
    enough = share * float(error[found].mean()) + (1 - share) * float(error.mean())
    return [t for t in found if error[t] >= enough]


def vote(whole: list[int], moving: list[int], score: Wide, near: int) -> list[int]:
    """Boundaries of the two branches → those that stay, ascending.

    A global one stays only with an interaction one less than `near` away, at the place of the highest score among
    them; an interaction one that confirms none stays where its score is above `ALONE`.
    """
    stays: set[int] = set()
    used: set[int] = set()
    for boundary in whole:
        neighbours = [other for other in moving if abs(other - boundary) < near]
        if neighbours:
            stays.add(max([boundary, *neighbours], key=lambda t: score[t]))
            used.update(neighbours)
    stays.update(other for other in moving if other not in used and score[other] > ALONE)
    return sorted(stays)
