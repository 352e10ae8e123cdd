"""How nearly a primitive would have been cut otherwise: whom to ask a person about first. Not in the paper.

Every edge that a level of energy made has a margin, the least change of that level, in units of theta_on, at which the
edge would not have been made. With y the smoothed energy (`ml.segmentation`) and e the energy before smoothing:

- A beginning at theta_on: the highest level that y stays above for `on_steps` steps of the primitive, less theta_on.
  Were theta_on as much higher, nothing would begin within the primitive.
- An end at theta_off: theta_off less the lowest level that y stays below for `off_steps` steps before the next interval
  begins. Were theta_off as much lower, the two would be one.
- An edge at a rest: `rest` · theta_on less the least e of the resting steps.
- An edge at a dip, with the energy smoothed both ways: the smaller of how far it falls and how far it rises again,
  less `dip` · theta_on.

The beginning or the end of the video and a cut at `max_s` are at no level and have none; nor has what a hand has set.
A primitive has the smaller margin of its two edges.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from ml.artefacts import Calibration, EnergyTrace
from ml.config import DetectionConfig, RefinementConfig
from ml.refinement import smooth_both_ways, split_at_dips, split_at_rest
from ml.segmentation import Interval, Smoother, detect

Levels = npt.NDArray[np.float64]


def cut_margins(
    trace: EnergyTrace,
    calibration: Calibration,
    detection: DetectionConfig,
    refinement: RefinementConfig,
    start_s: float,
) -> list[float | None]:
    """The margin of each primitive that `ml.refinement.segment` makes of the trace, in its order; None: it has none.

    start_s: where the stream begins, as of `ml.segmentation.Detector`.
    """
    smoother = Smoother(detection.alpha)
    smoothed = np.array([smoother.push(float(x)) for x in trace.energy])  # [S], as the detector compares it
    found = detect(trace, calibration, detection, start_s)
    margins: list[float | None] = []
    for position, interval in enumerate(found):
        previous_stop = found[position - 1].stop if position > 0 else 0
        next_first = found[position + 1].first if position + 1 < len(found) else len(smoothed)
        begin = _began_by_level(smoothed, interval, previous_stop, calibration, detection)
        end = _end_margin(smoothed, interval.stop, next_first, calibration, detection)
        edges = _inner_edges(interval, trace, calibration, refinement)
        for number, piece in enumerate(edges.pieces):
            if number > 0:
                before = edges.margins[number - 1]
            elif begin:
                before = _held_above(smoothed[piece.first : piece.stop], detection.on_steps) - calibration.theta_on
            else:
                before = None
            after = edges.margins[number] if number + 1 < len(edges.pieces) else end
            margins.append(_least(before, after, calibration.theta_on))
    return margins


class _Edges:
    """The pieces of one interval of the detector, and the margin of the edge after each but the last."""

    def __init__(self) -> None:
        self.pieces: list[Interval] = []
        self.margins: list[float] = []


def _inner_edges(
    interval: Interval, trace: EnergyTrace, calibration: Calibration, refinement: RefinementConfig
) -> _Edges:
    edges = _Edges()
    moving = split_at_rest(interval, trace, calibration, refinement)
    for number, part in enumerate(moving):
        if number > 0:
            resting = trace.energy[moving[number - 1].stop : part.first].astype(np.float64)
            edges.margins.append((refinement.rest or 0.0) * calibration.theta_on - float(resting.min()))
        pieces = split_at_dips(part, trace, calibration, refinement)
        edges.pieces += pieces
        edges.margins += _dip_margins(part, pieces, trace, calibration, refinement)
    return edges


def _dip_margins(
    part: Interval,
    pieces: list[Interval],
    trace: EnergyTrace,
    calibration: Calibration,
    refinement: RefinementConfig,
) -> list[float]:
    if len(pieces) < 2 or refinement.dip is None:
        return []
    depth = refinement.dip * calibration.theta_on
    step_s = (part.end_s - part.start_s) / (part.stop - part.first)
    values = smooth_both_ways(trace.energy[part.first : part.stop], refinement.smooth_s / step_s)
    dips = {index + 1: min(fall, rise) - depth for index, fall, rise in _dips(values.tolist(), depth)}
    return [dips[after.first - part.first] for after in pieces[1:]]


def _dips(values: list[float], depth: float) -> list[tuple[int, float, float]]:
    """For each of `ml.refinement.rises`: its index, how far the values fell before it, and how far they rise in all."""
    found: list[tuple[int, float, float]] = []
    rising, high, low = True, -math.inf, math.inf
    begun: tuple[int, float, float] | None = None  # index, fall and low of a rise whose top is not reached yet
    for index, value in enumerate(values):
        if rising:
            high = max(high, value)
            if value <= high - depth:
                if begun is not None:
                    found.append((begun[0], begun[1], high - begun[2]))
                rising, low = False, value
        else:
            low = min(low, value)
            if value >= low + depth:
                begun = (index, high - low, low)
                rising, high = True, value
    if begun is not None and rising:
        found.append((begun[0], begun[1], high - begun[2]))
    return found


def _began_by_level(
    smoothed: Levels, interval: Interval, previous_stop: int, calibration: Calibration, detection: DetectionConfig
) -> bool:
    """Not by `max_s`, which cuts where the one before ends while the energy is still up."""
    off = smoothed[previous_stop : previous_stop + detection.off_steps] < calibration.theta_off
    goes_on = 0 < previous_stop == interval.first and not (len(off) == detection.off_steps and off.all())
    on = smoothed[interval.first : interval.first + detection.on_steps] > calibration.theta_on
    return interval.first > 0 and not goes_on and len(on) == detection.on_steps and bool(on.all())


def _end_margin(
    smoothed: Levels, stop: int, next_first: int, calibration: Calibration, detection: DetectionConfig
) -> float | None:
    pause = smoothed[stop:next_first]
    if len(pause) < detection.off_steps or not (pause[: detection.off_steps] < calibration.theta_off).all():
        return None  # the video ended, or `max_s` was reached
    return calibration.theta_off + _held_above(-pause, detection.off_steps)


def _held_above(values: Levels, steps: int) -> float:
    """The highest level that some `steps` consecutive values (all of them, if they are fewer) stay at or above."""
    windows = np.lib.stride_tricks.sliding_window_view(values, min(steps, len(values)))
    return float(windows.min(axis=1).max())


def _least(before: float | None, after: float | None, theta_on: float) -> float | None:
    given = [margin for margin in (before, after) if margin is not None]
    return max(0.0, min(given) / theta_on) if given else None
