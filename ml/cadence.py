"""The steady rate of a video's proxy, and which of its pictures stands in which of the proxy's frames.

A proxy has a constant rate, so that frame n is on screen during [n / fps, (n + 1) / fps) and a player can go to it by
arithmetic. Frame n shows the picture that is on screen in the original at second n / fps. So the two agree at every
frame's beginning, and a picture of a variable rate comes at most one frame late.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil

import numpy as np

from ml.artefacts import Seconds

LATE_S = 0.002  # a picture this little after a frame's beginning still stands in it: containers round to milliseconds
COPIED_LATE_S = 0.0006  # in a stream that is copied as it is, whose times the player has to find
ON_GRID = 0.99  # of the pictures, for a rate to be the video's own
USUAL = (
    *map(Fraction, (1, 2, 3, 4, 5, 6, 8, 10, 12)),
    *(Fraction(25, 2), Fraction(15000, 1001), Fraction(15), Fraction(20), Fraction(24000, 1001)),
    *(Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(30), Fraction(48), Fraction(50)),
    *(Fraction(60000, 1001), Fraction(60), Fraction(90), Fraction(100), Fraction(120000, 1001), Fraction(120)),
)
MAX_FPS = Fraction(60)  # for a rate that varies: beyond, some pictures are not shown


@dataclass(frozen=True)
class Cadence:
    """The constant rate of a proxy."""

    fps: Fraction

    def slot(self, time_s: float) -> int:
        """The first frame that shows a picture of the original's `time_s`, or the one it is rounded to."""
        return max(0, ceil((time_s - LATE_S) * float(self.fps)))

    def slots(self, times_s: Seconds) -> np.ndarray:
        """`slot` of each: [F] int64."""
        return np.maximum(0, np.ceil((times_s - LATE_S) * float(self.fps))).astype(np.int64)

    def start_s(self, slot: int) -> float:
        """Second at which frame `slot` begins."""
        return float(slot / self.fps)

    def late_s(self, times_s: Seconds) -> Seconds:
        """How far each picture is from the nearest beginning of a frame: [F]."""
        in_frames = times_s * float(self.fps)
        late: Seconds = np.abs(in_frames - np.round(in_frames)) / float(self.fps)
        return late

    def is_kept_by(self, times_s: Seconds) -> bool:
        """Whether pictures at `times_s`, [F] from 0 on, are already one a frame."""
        return bool(
            np.array_equal(self.slots(times_s), np.arange(len(times_s))) and self.late_s(times_s).max() <= COPIED_LATE_S
        )


def cadence_of(times_s: Seconds) -> Cadence:
    """The rate for a video with pictures at `times_s`: [F], increasing, the first at 0.

    The video's own where it has one, pictures left out or not: a usual rate, or else the one measured. Where the rate
    varies the lowest usual one at which no picture is lost, at most 60: every picture then stays on screen for at
    least one frame.
    """
    if len(times_s) < 2:
        return Cadence(Fraction(30))
    own = [rate for rate in (*USUAL, *_measured(times_s)) if _loses(rate, times_s) == 0 and _fits(rate, times_s)]
    if own:
        lowest = [rate for rate in own if rate <= min(own) * Fraction(101, 100)]  # 29.97, 30 and what was measured
        return Cadence(min(lowest, key=lambda rate: _misfit(rate, times_s)))
    even = [rate for rate in USUAL if rate.denominator == 1 and rate <= MAX_FPS]
    return Cadence(min(even, key=lambda rate: (_loses(rate, times_s), rate)))


def _measured(times_s: Seconds) -> list[Fraction]:
    """The average rate, and the rate of the usual step."""
    average = (len(times_s) - 1) / float(times_s[-1])
    usual = 1 / float(np.median(np.diff(times_s)))
    # The steps between pictures that were not left out, counted, give the usual rate to many digits.
    counted = round(usual * float(times_s[-1])) / float(times_s[-1])
    return [Fraction(rate).limit_denominator(100_000) for rate in (average, counted) if 0 < rate <= 120.5]


def _loses(rate: Fraction, times_s: Seconds) -> int:
    """How many pictures would not be shown."""
    return len(times_s) - len(np.unique(Cadence(rate).slots(times_s)))


def _fits(rate: Fraction, times_s: Seconds) -> bool:
    late_s = Cadence(rate).late_s(times_s)
    return bool(np.mean(late_s <= min(LATE_S, 0.2 / float(rate))) >= ON_GRID)


def _misfit(rate: Fraction, times_s: Seconds) -> tuple[float, int]:
    """Mean distance from the frames' beginnings, to a tenth of a millisecond; then the simpler fraction."""
    return round(float(Cadence(rate).late_s(times_s).mean()), 4), rate.denominator
