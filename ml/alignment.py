"""How far apart two views of one take were started, from when things move in each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.artefacts import EnergyTrace

MAX_SHIFT_S = 30.0
GRID_HZ = 20.0  # energies have ten steps a second; a peak between two of them is told apart
MIN_OVERLAP_S = 4.0
APART_S = 1.0  # a second peak nearer than this is the same one
CLEAR_PEAK, CLEAR_LEAD = 0.3, 0.1

Signal = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Alignment:
    """The shift at which two energies agree best, and how well."""

    shift_s: float  # what happens at second t of b happens at second t + shift_s of a
    peak: float  # correlation there, -1..1
    second_peak: float  # the best correlation at least a second away; -1 where there is no such place

    @property
    def is_clear(self) -> bool:
        """Worth believing: the energies agree, and much better than anywhere else. Even cycles agree everywhere."""
        return self.peak >= CLEAR_PEAK and self.peak - self.second_peak >= CLEAR_LEAD


def align(a: EnergyTrace, b: EnergyTrace, max_shift_s: float = MAX_SHIFT_S) -> Alignment | None:
    """The shift within ± `max_shift_s` with the highest normalised correlation over the time that both cover then.

    Square roots are correlated, so that one jerk does not outweigh a minute's work. None where the two never overlap
    by 4 s, or one of them does not change.
    """
    (start_a_s, signal_a), (start_b_s, signal_b) = _on_grid(a), _on_grid(b)
    correlation, overlap, shifts = _correlations(signal_a, signal_b)
    shifts_s = shifts / GRID_HZ + start_a_s - start_b_s
    needed = max(MIN_OVERLAP_S * GRID_HZ, 0.25 * min(len(signal_a), len(signal_b)))
    allowed = (np.abs(shifts_s) <= max_shift_s + 1e-9) & (overlap >= needed) & np.isfinite(correlation)
    if not allowed.any():
        return None
    correlation = np.where(allowed, correlation, -1.0)
    best = int(correlation.argmax())
    elsewhere = correlation[np.abs(shifts_s - shifts_s[best]) >= APART_S]
    shift_s = float(shifts_s[best] + _between(correlation, best) / GRID_HZ)
    return Alignment(shift_s, float(correlation[best]), float(elsewhere.max(initial=-1.0)))


def _on_grid(trace: EnergyTrace) -> tuple[float, Signal]:
    """The trace's first second, and its square roots at `GRID_HZ` from there on, around their mean."""
    start_s, end_s = float(trace.times_s[0]), float(trace.times_s[-1])
    times_s = start_s + np.arange(max(1, int((end_s - start_s) * GRID_HZ) + 1)) / GRID_HZ
    signal = np.interp(times_s, trace.times_s, np.sqrt(np.maximum(trace.energy, 0.0)))
    return start_s, signal - signal.mean()


def _correlations(a: Signal, b: Signal) -> tuple[Signal, Signal, npt.NDArray[np.int64]]:
    """Pearson's correlation of a[i + shift] with b[i] over the i that both have, how many those are, and the shift.

    All shifts at once, by the Fourier transform of the signals, their squares and where they are.
    """
    size = 1 << (len(a) + len(b) - 1).bit_length()

    def crossed(x: Signal, y: Signal) -> Signal:
        both = np.fft.irfft(np.fft.rfft(x, size) * np.conj(np.fft.rfft(y, size)), size)
        return np.concatenate([both[size - len(b) + 1 :], both[: len(a)]])

    here_a, here_b = np.ones(len(a)), np.ones(len(b))
    n = np.maximum(np.round(crossed(here_a, here_b)), 1.0)
    sum_a, sum_b = crossed(a, here_b), crossed(here_a, b)
    var_a = crossed(a * a, here_b) - sum_a**2 / n
    var_b = crossed(here_a, b * b) - sum_b**2 / n
    scale = np.sqrt(np.maximum(var_a, 0) * np.maximum(var_b, 0))
    still = scale <= 1e-6 * len(a) ** 0.5 * len(b) ** 0.5 * float(a.std() * b.std()) + 1e-12
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.where(still, np.nan, (crossed(a, b) - sum_a * sum_b / n) / scale)
    return np.clip(found, -1.0, 1.0), n, np.arange(-len(b) + 1, len(a))


def _between(values: Signal, best: int) -> float:
    """Where the parabola through the highest value and its neighbours has its top, in steps from it: -0.5..0.5."""
    if not 0 < best < len(values) - 1:
        return 0.0
    left, top, right = values[best - 1 : best + 2]
    bend = left - 2 * top + right
    return float(np.clip(0.5 * (left - right) / bend, -0.5, 0.5)) if bend < 0 else 0.0
