"""Intervals a person set instead of the detector's: whether they can be used, and which steps of the stream they are.

A step belongs to the interval its middle lies in, so two intervals that touch never share one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ml.artefacts import Seconds
from ml.errors import UnusableCuts

MOST = 100_000
SLACK_S = 1e-3  # a video's duration is rounded, and so is what a hand sets

Cuts = list[tuple[float, float]]


def checked(given: Any, times_s: Seconds, start_s: float, duration_s: float | None) -> Cuts:
    """The intervals `[[start, end], …]` as seconds, in order and apart, each with at least one step of the stream.

    times_s, start_s: as of `ml.artefacts.EnergyTrace` and its stream. duration_s: of the video; None: the stream's.
    Raises UnusableCuts, in a sentence that names the interval.
    """
    if not isinstance(given, list) or not given:
        raise UnusableCuts("A list of at least one interval is needed.")
    if len(given) > MOST:
        raise UnusableCuts(f"These are {len(given)} intervals; at most {MOST} can be kept.")
    end_s = max(float(times_s[-1]), duration_s or 0.0)
    cuts: Cuts = []
    for number, pair in enumerate(given, 1):
        if not isinstance(pair, list | tuple) or len(pair) != 2 or not all(_is_time(value) for value in pair):
            raise UnusableCuts(f"Interval {number} is not a start and an end in seconds.")
        first, last = float(pair[0]), float(pair[1])
        name = f"Interval {number} ({first:.3f} to {last:.3f} s)"
        if last <= first:
            raise UnusableCuts(f"{name} does not end after it starts.")
        if first < 0 or last > end_s + SLACK_S:
            raise UnusableCuts(f"{name} does not lie within the video, which is {end_s:.3f} s long.")
        if cuts and first < cuts[-1][1]:
            raise UnusableCuts(f"{name} begins before the one in front of it ends.")
        cuts.append((first, last))
    for number, ((first, last), (k, stop)) in enumerate(zip(cuts, steps(cuts, times_s, start_s), strict=True), 1):
        if stop <= k:
            raise UnusableCuts(
                f"Interval {number} ({first:.3f} to {last:.3f} s) holds no step of the analysis. "
                f"Its steps are {_step_s(times_s, start_s):.2f} s long and end at {times_s[-1]:.3f} s."
            )
    return cuts


def steps(cuts: Sequence[tuple[float, float]], times_s: Seconds, start_s: float) -> list[tuple[int, int]]:
    """For each interval its steps first..stop-1: those whose middle lies in it."""
    edges = np.concatenate([[start_s], times_s])
    found = np.searchsorted((edges[:-1] + edges[1:]) / 2, np.array(cuts, dtype=np.float64).reshape(-1, 2))
    return [(int(first), int(stop)) for first, stop in found]


def _is_time(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _step_s(times_s: Seconds, start_s: float) -> float:
    return float(times_s[-1] - start_s) / len(times_s)
