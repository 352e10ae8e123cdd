"""Boundaries: which of them count, which prediction belongs to which truth, and what chance would do (§4.1.2)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from ml.annotations import Annotation
from ml.artefacts import Seconds

TOLERANCES_S = (0.5, 1.0, 2.0, 5.0)  # the paper has 2 and 5, where a regular grid already scores high

SAME_S = 0.02
"""Boundaries no further apart than this are one: half a frame at 25 fps. So touching segments have one between them."""

EDGE_S = 0.2
"""A boundary this near to the beginning or end of a clip is the clip's and not an action's: annotations by hand leave
it out, and methods place it there because the video stops. Two steps of the 10 fps stream."""

SLACK_S = 1e-9  # so that 1.1 s lies within 0.5 s of 0.6 s although 1.1 - 0.6 > 0.5 in floating point


def ends(annotation: Annotation, duration_s: float | None) -> Seconds:
    """Where an action ends: `boundaries_s` where they are given, else the ends of the intervals. Ascending, [n].

    duration_s: of the clip. Boundaries within EDGE_S of its ends do not count, those within SAME_S count once.
    """
    given = annotation.boundaries_s
    times_s = given if given is not None else [interval.end_s for interval in annotation.intervals]
    return _counted(times_s, annotation, duration_s)


def both_ends(annotation: Annotation, duration_s: float | None) -> Seconds:
    """Where an action starts or ends, by the intervals; otherwise as `ends`."""
    times_s = [time_s for interval in annotation.intervals for time_s in (interval.start_s, interval.end_s)]
    return _counted(times_s, annotation, duration_s)


def _counted(times_s: Iterable[float], annotation: Annotation, duration_s: float | None) -> Seconds:
    # The annotation's own duration too: a method that could read less of the video ends where its reading ended.
    edges = [0.0, *(edge for edge in (duration_s, annotation.duration_s) if edge is not None)]
    kept: list[float] = []
    for time_s in sorted(times_s):
        if any(abs(time_s - edge) <= EDGE_S + SLACK_S for edge in edges):
            continue
        if not kept or time_s - kept[-1] > SAME_S + SLACK_S:
            kept.append(time_s)
    return np.array(kept, dtype=np.float64)


def matched(
    predicted_s: Sequence[float] | Seconds, truth_s: Sequence[float] | Seconds, tolerance_s: float
) -> list[tuple[int, int]]:
    """A largest one-to-one matching, as pairs of indices into the two ascending sequences.

    On a line with one tolerance for all it is enough to walk both from the left and to pair what lies within it: if
    some largest matching gives the earliest prediction and the earliest truth to others, giving them to each other
    loses none.
    """
    predicted, truth = np.asarray(predicted_s).tolist(), np.asarray(truth_s).tolist()  # plain floats: faster to walk
    pairs, i, j, within_s = [], 0, 0, tolerance_s + SLACK_S
    while i < len(predicted) and j < len(truth):
        apart_s = predicted[i] - truth[j]
        if abs(apart_s) <= within_s:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif apart_s < 0:
            i += 1
        else:
            j += 1
    return pairs


def match(predicted_s: Sequence[float] | Seconds, truth_s: Sequence[float] | Seconds, tolerance_s: float) -> int:
    """How many pairs a largest one-to-one matching has. Both ascending, in seconds; the tolerance itself counts."""
    return len(matched(predicted_s, truth_s, tolerance_s))


def boundary_f1(
    predicted_s: Sequence[float] | Seconds, truth_s: Sequence[float] | Seconds, tolerance_s: float
) -> float:
    """F1 of ascending boundaries, 0..1. Both empty: 1. One empty: 0."""
    total = len(predicted_s) + len(truth_s)
    return 2 * match(predicted_s, truth_s, tolerance_s) / total if total else 1.0


def regular_grid(n: int, duration_s: float) -> Seconds:
    """Chance: n boundaries that cut the clip into n + 1 equal parts."""
    return np.arange(1, n + 1) / (n + 1) * duration_s


def random_boundaries(n: int, duration_s: float, rng: np.random.Generator) -> Seconds:
    """Chance: n boundaries, uniform over the clip, ascending."""
    return np.sort(rng.uniform(0.0, duration_s, n))
