import numpy as np
import pytest

from ml.alignment import align
from ml.artefacts import EnergyTrace


def trace(energy: np.ndarray, start_s: float = 0.8) -> EnergyTrace:
    return EnergyTrace(energy.astype(np.float32), start_s + np.arange(len(energy)) / 10, "velocity")


def work(seconds: float, seed: int = 0) -> np.ndarray:
    """Energy of irregular work: bursts of 0.5 to 3 s with pauses between them, ten steps a second."""
    rng, parts = np.random.default_rng(seed), []
    while sum(map(len, parts)) < seconds * 10:
        parts += [np.full(rng.integers(5, 30), rng.uniform(0.3, 1.0)), np.full(rng.integers(3, 20), 0.02)]
    return np.concatenate(parts)[: int(seconds * 10)]


@pytest.mark.parametrize("shift_s", [0.0, 1.0, -1.0, 12.3, -29.5])
def test_a_known_shift_is_found(shift_s: float) -> None:
    both, rng = work(200), np.random.default_rng(1)
    # b starts 40 s into the work and a starts `shift_s` before it: second t of b is second t + shift_s of a.
    a, b = both[round(10 * (40 - shift_s)) :][:1000], both[400:][:900]
    found = align(trace(a), trace(0.3 * b + rng.uniform(0, 0.05, len(b))))
    assert found is not None
    assert found.shift_s == pytest.approx(shift_s, abs=0.05)
    assert found.is_clear
    assert found.peak > 0.9


def test_traces_that_begin_elsewhere_are_on_one_clock() -> None:
    both = work(100)
    found = align(trace(both, start_s=0.8), trace(both, start_s=2.8))  # what b has at 2.8 s, a has at 0.8 s
    assert found is not None
    assert found.shift_s == pytest.approx(-2.0, abs=0.02)


def test_strangers_are_not_clear() -> None:
    found = align(trace(work(120, 1)), trace(work(120, 2)))
    assert found is not None
    assert not found.is_clear


def test_even_cycles_are_not_clear() -> None:
    wave = 1 + np.sin(np.arange(1200) / 10 * 2 * np.pi / 5)
    found = align(trace(wave), trace(wave))
    assert found is not None
    assert found.peak == pytest.approx(1.0, abs=1e-6)
    assert not found.is_clear


def test_nothing_is_said_of_what_does_not_move_or_is_too_short() -> None:
    assert align(trace(np.full(500, 0.1)), trace(work(50))) is None
    assert align(trace(work(2)), trace(work(50))) is None


def test_a_shift_beyond_the_limit_is_not_looked_for() -> None:
    both = work(200)
    found = align(trace(both), trace(both[400:]))
    assert found is not None
    assert abs(found.shift_s) <= 30.05
    assert not found.is_clear
