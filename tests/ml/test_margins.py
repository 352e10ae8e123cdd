"""How nearly a primitive would have been cut otherwise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ml.artefacts import Calibration, EnergyTrace
from ml.config import DetectionConfig, RefinementConfig
from ml.margins import cut_margins
from ml.refinement import refine
from ml.segmentation import detect

PLAIN = DetectionConfig(alpha=1.0, off_ratio=0.5, on_steps=2, off_steps=2, min_s=0.0)
WHOLE = RefinementConfig(rest=None, dip=None, hold_s=0.0)
THETA = Calibration(theta_on=2.0, off_ratio=0.5)


def trace(values: list[float]) -> EnergyTrace:
    return EnergyTrace(np.array(values, dtype=np.float32), 0.1 * np.arange(1, len(values) + 1), "test")


def margins(values: list[float], detection: DetectionConfig = PLAIN, refinement: RefinementConfig = WHOLE):
    return cut_margins(trace(values), THETA, detection, refinement, 0.0)


def test_a_beginning_is_as_safe_as_the_level_two_steps_hold():
    # θ_on 2, θ_off 1. Steps 1..4 are 3 5 4 3: two in a row stay above 4 (5 4), so θ_on could rise by 2, which is 1.0 in
    # units of θ_on. After it two in a row stay below 0.2 (0.2 0.1): θ_off could fall by 0.8, 0.4 of θ_on. The least.
    assert margins([0, 3, 5, 4, 3, 0.6, 0.2, 0.1]) == [pytest.approx(0.4)]
    # The pause never gets below 0 (two steps of 0): θ_off could fall by 1, 0.5 of θ_on; the hump holds 2.4: 0.2.
    assert margins([0, 2.4, 2.6, 2.2, 0, 0, 0]) == [pytest.approx(0.2)]


def test_a_pause_counts_only_until_the_next_one_begins():
    # Between the two, 0.8 0.7 is all there is: 0.2 of energy below θ_off = 1, which is 0.1 in units of θ_on. The second
    # ends with the video, so only its beginning counts: it holds 4, 1.0 in units of θ_on.
    assert margins([0, 4, 4, 0.8, 0.7, 4, 4, 4]) == [pytest.approx(0.1), pytest.approx(1.0)]


def test_an_edge_at_no_level_has_no_margin():
    assert margins([4, 4, 4, 4]) == [None], "from the first step of the video to its last"
    # max_s 0.4 s cuts after four steps; the second piece begins there, and ends where the energy falls.
    cut = margins([0, 4, 4, 4, 4, 4, 0, 0], replace(PLAIN, max_s=0.4))
    assert cut == [pytest.approx(1.0), pytest.approx(0.5)]


def test_a_rest_counts_by_what_it_was_below():
    # rest 0.4 · 2 = 0.8; the resting step has 0.5: 0.3 below, 0.15 in units of θ_on. No smoothing, but off_steps 2 do
    # not close at one low step.
    resting = RefinementConfig(rest=0.4, dip=None, hold_s=0.0, min_piece_s=0.0)
    assert margins([0, 4, 4, 0.5, 4, 4, 0, 0], refinement=resting) == [pytest.approx(0.15), pytest.approx(0.15)]


def test_a_dip_counts_by_the_smaller_of_its_fall_and_its_rise():
    # Hardly smoothed (σ of a tenth of a step): 8 8 4 4 9 9 falls by 4 and rises by 5; dip 1.5 · 2 = 3 leaves 1, half of
    # θ_on. Its end: the pause is 0, θ_off 1, so 0.5 too; its beginning holds 8: 3.
    dipping = RefinementConfig(rest=None, dip=1.5, smooth_s=0.01, hold_s=0.0, min_piece_s=0.0)
    assert margins([0, 8, 8, 4, 4, 9, 9, 0.4, 0.4], refinement=dipping) == [
        pytest.approx(0.5, abs=1e-3),
        pytest.approx(0.3, abs=1e-3),
    ]


@pytest.mark.parametrize("seed", range(8))
def test_there_is_one_for_every_primitive_and_none_is_negative(seed: int):
    rng = np.random.default_rng(seed)
    values = np.abs(np.cumsum(rng.normal(size=400))) * rng.uniform(0.2, 1.0)
    detection = DetectionConfig(max_s=None if seed % 2 else 3.0)
    made, theta = trace(values.tolist()), Calibration(theta_on=float(np.median(values)), off_ratio=0.8)
    found = cut_margins(made, theta, detection, RefinementConfig(), 0.0)
    assert len(found) == len(refine(detect(made, theta, detection, 0.0), made, theta, RefinementConfig()))
    assert all(margin is None or margin >= 0 for margin in found)


def test_a_threshold_further_off_than_the_margin_makes_it_no_more():
    values = [0, 2.4, 2.6, 2.2, 0, 0, 0]
    (margin,) = margins(values)
    assert margin is not None
    for change, count in ((0.99, 1), (1.01, 0)):
        # off_ratio such that θ_off stays where it was
        on = THETA.theta_on * (1 + change * margin)
        moved = Calibration(theta_on=on, off_ratio=THETA.theta_off / on)
        assert len(detect(trace(values), moved, PLAIN, 0.0)) == count
