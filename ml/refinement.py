"""What is done to an interval after the causal detector has closed it: splitting it, moving ends on.

Not in the paper, whose detector looks at one smoothed level. Hands seldom rest between two movements, so an interval
may hold several: it is split where the energy is next to nothing for a step, which smoothing hides, and where it dips
and rises again without falling below theta_off. And an interval ends where the energy falls below theta_off, while the
hand still slows down; people set the end at the release, a little later.

All of it needs only what lies inside the interval and where the next one begins, so a stream that is cut live gives the
same segments as the finished file, `hold_s` later.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ml.artefacts import Calibration, Codes, EnergyTrace, Float, Segment, TokenStream
from ml.config import DetectionConfig, RefinementConfig
from ml.cuts import steps as cuts_to_steps
from ml.segmentation import TIME_TOLERANCE_S, Interval, detect

REACH = 4  # standard deviations the Gaussian is summed over, to each side


def segment(
    trace: EnergyTrace,
    stream: TokenStream,
    calibration: Calibration,
    detection: DetectionConfig,
    refinement: RefinementConfig,
) -> list[Segment]:
    """Primitives A_i of one video (§3.1.2), in order, each with the codes of its steps and its energy before smoothing.

    The detector finds intervals, `refine` makes segments of them. Raises ValueError where trace and stream differ in
    length.
    """
    if len(trace.energy) != len(stream.stream_times_s):
        raise ValueError(f"the trace has {len(trace.energy)} steps, the stream {len(stream.stream_times_s)}")
    found = detect(trace, calibration, detection, start_s=float(stream.times_s[0, 0]))
    codes = stream.stream_codes
    return [_segment(interval, trace, codes) for interval in refine(found, trace, calibration, refinement)]


def by_hand(trace: EnergyTrace, stream: TokenStream, cuts: Sequence[tuple[float, float]]) -> list[Segment]:
    """Primitives a person set: exactly the intervals of `ml.cuts.checked`, with the codes of the steps inside."""
    steps = cuts_to_steps(cuts, trace.times_s, float(stream.times_s[0, 0]))
    found = [Interval(*inside, *cut) for inside, cut in zip(steps, cuts, strict=True)]
    codes = stream.stream_codes
    return [_segment(interval, trace, codes) for interval in found]


def refine(
    found: Sequence[Interval], trace: EnergyTrace, calibration: Calibration, config: RefinementConfig
) -> list[Interval]:
    """The intervals of one video, in order, split and with their ends moved on. Still in order, still apart."""
    moving = [piece for interval in found for piece in split_at_rest(interval, trace, calibration, config)]
    pieces: list[Interval] = []
    for position, interval in enumerate(moving):
        next_first = moving[position + 1].first if position + 1 < len(moving) else len(trace.energy)
        *whole, last = split_at_dips(interval, trace, calibration, config)
        pieces += [*whole, hold(last, next_first, trace, config)]
    return pieces


def split_at_rest(
    interval: Interval, trace: EnergyTrace, calibration: Calibration, config: RefinementConfig
) -> list[Interval]:
    """The pieces of `interval` between steps whose energy, not smoothed, is below `rest` · theta_on.

    The resting steps belong to no piece. Rest at either end of the interval stays in it, and so does rest that would
    leave a piece shorter than `min_piece_s`.
    """
    if config.rest is None:
        return [interval]
    inside = trace.energy[interval.first : interval.stop].astype(np.float64)  # float32 would round the threshold too
    resting = inside < config.rest * calibration.theta_on
    edges = np.flatnonzero(np.diff(np.concatenate([[False], resting, [False]])))
    pieces = [interval]
    for first, stop in (interval.first + edges).reshape(-1, 2).tolist():
        if first == interval.first or stop == interval.stop:
            continue
        before, after = _cut(pieces[-1], first, stop, trace)
        if _long_enough(before, after, config):
            pieces[-1:] = [before, after]
    return pieces


def split_at_dips(
    interval: Interval, trace: EnergyTrace, calibration: Calibration, config: RefinementConfig
) -> list[Interval]:
    """The pieces of `interval`, in order, without a gap; itself where it has no dip.

    The energy inside is smoothed in both directions, its own first and last values continued beyond its ends. A piece
    begins with the step after the one at which it has risen by `dip` · theta_on above its least value since it last
    fell by as much. Pieces shorter than `min_piece_s` are not made.
    """
    if config.dip is None:
        return [interval]
    step_s = (interval.end_s - interval.start_s) / (interval.stop - interval.first)
    smoothed = smooth_both_ways(trace.energy[interval.first : interval.stop], config.smooth_s / step_s)
    pieces = [interval]
    for index in rises(smoothed, config.dip * calibration.theta_on):
        first = interval.first + index + 1
        if first == interval.stop:
            continue
        before, after = _cut(pieces[-1], first, first, trace)
        if _long_enough(before, after, config):
            pieces[-1:] = [before, after]
    return pieces


def rises(values: Float, depth: float) -> list[int]:
    """Indices at which `values` [S] have risen by `depth` above the least value since they fell by `depth`.

    A fall is counted from the greatest value since the last rise, or since the start. Causal, one pass.
    """
    found: list[int] = []
    rising, extreme = True, -math.inf
    for index, value in enumerate(values.tolist()):
        if rising:
            extreme = max(extreme, value)
            if value <= extreme - depth:
                rising, extreme = False, value
        else:
            extreme = min(extreme, value)
            if value >= extreme + depth:
                rising, extreme = True, value
                found.append(index)
    return found


def smooth_both_ways(values: Float, sigma_steps: float) -> Float:
    """A Gaussian average of `values` [S] → [S] float32, the first and the last value continued beyond the ends.

    Another machine or language gets the same bits (frontend/src/lib/segmentation): the only function that may differ in
    its last bit is exp, which rounding the weights to float32 hides, and sums are taken in one order, from the middle
    outwards, in float64.
    """
    radius = max(1, math.ceil(REACH * sigma_steps))
    away = np.arange(1, radius + 1) / sigma_steps
    weights = np.exp(-0.5 * (away * away)).astype(np.float32).tolist()  # of either side; the middle weighs 1
    padded = np.pad(values.astype(np.float64), radius, mode="edge")
    sums, total = padded[radius : radius + len(values)].copy(), 1.0
    for offset, weight in enumerate(weights, 1):
        before, after = padded[radius - offset :], padded[radius + offset :]
        sums += weight * (before[: len(values)] + after[: len(values)])
        total += 2 * weight
    smoothed: Float = (sums / total).astype(np.float32)
    return smoothed


def hold(interval: Interval, next_first: int, trace: EnergyTrace, config: RefinementConfig) -> Interval:
    """`interval` with its end moved on by up to `hold_s`, whole steps, not past step `next_first`."""
    stop, end_s = interval.stop, interval.end_s
    while stop < next_first and trace.times_s[stop] - interval.end_s <= config.hold_s + TIME_TOLERANCE_S:
        end_s = float(trace.times_s[stop])
        stop += 1
    return replace(interval, stop=stop, end_s=end_s)


def _cut(interval: Interval, first: int, stop: int, trace: EnergyTrace) -> tuple[Interval, Interval]:
    """What is left of `interval` before and after the steps first..stop-1, which lie inside it."""
    before = replace(interval, stop=first, end_s=float(trace.times_s[first - 1]))
    return before, replace(interval, first=stop, start_s=float(trace.times_s[stop - 1]))


def _long_enough(before: Interval, after: Interval, config: RefinementConfig) -> bool:
    shorter = min(before.end_s - before.start_s, after.end_s - after.start_s)
    return shorter >= config.min_piece_s - TIME_TOLERANCE_S


def _segment(interval: Interval, trace: EnergyTrace, codes: Codes) -> Segment:
    inside = slice(interval.first, interval.stop)
    values = trace.energy[inside]
    mean = math.fsum(float(v) for v in values) / len(values)
    return Segment(interval.start_s, interval.end_s, codes[inside].copy(), mean, float(values.max()))
