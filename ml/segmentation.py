"""The causal action detector (§3.1.2): smooth, compare with two thresholds, debounce.

Step k of a stream lies between two frames and is known at the later one, `times_s[k]`; it begins at `times_s[k-1]`, or
at the stream's `start_s` for k = 0. With y the smoothed energy:

- A segment begins where the first of `on_steps` consecutive steps with y > theta_on begins.
- It ends where the first of `off_steps` consecutive steps with y < theta_off begins, so neither time is late by the
  debounce; the segment holds the steps first..stop-1 and the time [start of step first, start of step stop).
- For `cooldown_steps` steps after the last of those low steps, no high step counts.
- A segment that has reached `max_s` at the end of a step is cut there and the next one begins; at the earliest
  with the last of the `on_steps`.
- A segment shorter than `min_s` is dropped; a cut piece is judged by itself.
- At the end of the stream, an open segment ends with the last step; low steps too few to close it belong to it.

So segments are in order, never overlap, and once given out never change.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ml.artefacts import Calibration, EnergyTrace, Float
from ml.config import DetectionConfig

TIME_TOLERANCE_S = 1e-6  # 0.7 - 0.3 is a little less than 0.4


@dataclass(frozen=True)
class Interval:
    """Steps first..stop-1 of a stream, which are the time [start_s, end_s)."""

    first: int
    stop: int
    start_s: float
    end_s: float


class Smoother:
    """Exponential moving average, y_t = α·x_t + (1 - α)·y_t-1 with y_0 = x_0. Causal, one value at a time."""

    def __init__(self, alpha: float) -> None:
        if not 0 < alpha <= 1:
            raise ValueError(f"alpha must be in 0..1 and not 0, got {alpha}")
        self.alpha = alpha
        self.value: float | None = None

    def push(self, x: float) -> float:
        """The average after `x`."""
        self.value = x if self.value is None else self.alpha * x + (1 - self.alpha) * self.value
        return self.value


def smooth(energy: Float, alpha: float) -> Float:
    """The moving average of a whole trace, [S] → [S] float32: what the detector compares with its thresholds."""
    smoother = Smoother(alpha)
    return np.array([smoother.push(float(x)) for x in energy], dtype=np.float32)


class Detector:
    """Two states, off and on. Push a value as soon as it is known; a file pushed in order gives the same segments."""

    def __init__(self, calibration: Calibration, config: DetectionConfig, start_s: float) -> None:
        """start_s: where step 0 begins, the time of the stream's first frame."""
        self.theta_on, self.theta_off = calibration.theta_on, calibration.theta_off
        self.config = config
        self._smoother = Smoother(config.alpha)
        self._step = 0  # the next one
        self._step_starts_s = start_s
        self._on = False
        self._run = 0  # consecutive steps that speak for the other state
        self._run_start = (0, start_s)  # step and time where that run began
        self._open = (0, start_s)  # step and time where the open segment began
        self._rest = 0  # steps of cooldown left

    def push(self, energy: float, time_s: float) -> list[Interval]:
        """Take the energy of the next step, known at `time_s`. Returns the segments this finishes, at most one.

        Raises ValueError where time does not go forward.
        """
        if not time_s > self._step_starts_s:
            raise ValueError(f"time must increase, got {time_s} after {self._step_starts_s}")
        y = self._smoother.push(energy)
        found = self._ended(y) if self._on else self._begun(y)
        found += self._cut(time_s)
        self._step += 1
        self._step_starts_s = time_s
        return found

    def flush(self) -> list[Interval]:
        """The stream has ended: the open segment, if there is one that is long enough."""
        found = self._closed((self._step, self._step_starts_s)) if self._on else []
        self._on, self._run = False, 0
        return found

    def _begun(self, y: float) -> list[Interval]:
        if self._rest > 0:
            self._rest -= 1
            self._run = 0
        elif self._counts(y > self.theta_on, self.config.on_steps):
            self._on, self._run, self._open = True, 0, self._run_start
        return []

    def _ended(self, y: float) -> list[Interval]:
        if not self._counts(y < self.theta_off, self.config.off_steps):
            return []
        # A cut may have fallen between the first and the last of the low steps.
        found = self._closed(max(self._run_start, self._open))
        self._on, self._run, self._rest = False, 0, self.config.cooldown_steps
        return found

    def _cut(self, time_s: float) -> list[Interval]:
        max_s = self.config.max_s
        if not self._on or max_s is None or time_s - self._open[1] < max_s - TIME_TOLERANCE_S:
            return []
        end = (self._step + 1, time_s)
        found, self._open = self._closed(end), end
        return found

    def _counts(self, speaks_for_change: bool, needed: int) -> bool:
        """Whether this step completes a run of `needed` consecutive ones that ask for the other state."""
        if not speaks_for_change:
            self._run = 0
            return False
        if self._run == 0:
            self._run_start = (self._step, self._step_starts_s)
        self._run += 1
        return self._run >= needed

    def _closed(self, end: tuple[int, float]) -> list[Interval]:
        (first, start_s), (stop, end_s) = self._open, end
        long_enough = stop > first and end_s - start_s >= self.config.min_s - TIME_TOLERANCE_S
        return [Interval(first, stop, start_s, end_s)] if long_enough else []


def detect(trace: EnergyTrace, calibration: Calibration, config: DetectionConfig, start_s: float) -> list[Interval]:
    """The intervals of a whole trace: every step pushed in order, then the end. start_s: as of `Detector`."""
    detector = Detector(calibration, config, start_s)
    found = [
        interval
        for value, time_s in zip(trace.energy, trace.times_s, strict=True)
        for interval in detector.push(float(value), float(time_s))
    ]
    return found + detector.flush()
