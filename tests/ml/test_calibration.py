import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.artefacts import Calibration, EnergyTrace
from ml.calibration import calibrate, calibrate_views, label_threshold, otsu, sweep
from ml.config import CalibrationConfig, DetectionConfig
from ml.errors import NothingMoved

RAW = DetectionConfig(alpha=1.0)


def trace(*values: float) -> EnergyTrace:
    energy = np.array(values, dtype=np.float32)
    return EnergyTrace(energy, np.arange(1, len(energy) + 1) / 10, "made up")


def test_otsu_cuts_between_two_heaps():
    threshold = otsu(np.array([0, 1, 1, 2, 8, 9, 9, 10], dtype=np.float32))
    # Every edge between 2 and 8 separates the same two classes; the middle of them is 5, to the width of a bin.
    assert threshold == pytest.approx(5, abs=10 / 256)


def test_otsu_of_equal_values_leaves_nothing_above():
    assert otsu(np.full(5, 0.25, dtype=np.float32)) == 0.25


def test_the_sweep_finds_the_threshold_of_the_best_f1():
    # falling: 5 (moving), 4 (still), 3 (moving), 2 (still), 1 (still)
    # θ 4.5: TP 1, FP 0, FN 1, F1 2/3 · θ 3.5: 1, 1, 1 → 1/2 · θ 2.5: 2, 1, 0 → 4/5 · θ 1.5: 2, 2, 0 → 2/3
    found = sweep(np.array([1, 5, 2, 3, 4], dtype=np.float32), np.array([False, True, False, True, False]))
    assert found.theta == 2.5
    assert found.f1 == pytest.approx(0.8)
    assert found.f1_always_on == pytest.approx(2 * 2 / (5 + 2))
    assert found.auc == pytest.approx(5 / 6)  # of the 6 pairs only (3, 4) is the wrong way round
    assert found.j == pytest.approx(2 / 3)  # θ 2.5: 1 - 1/3


def test_of_equal_f1_the_highest_threshold_is_taken():
    # θ 3.5: TP 1, FP 0, FN 1, 2/3 · θ 2.5: 1, 1, 1 → 1/2 · θ 1.5: 2, 2, 0 → 2/3
    found = sweep(np.array([4, 3, 2, 2, 1], dtype=np.float32), np.array([True, False, True, False, False]))
    assert found.theta == 3.5


def test_equal_energies_cannot_be_told_apart():
    # Two steps of energy 2 with opposite labels: they count half in the AUC and switch together.
    found = sweep(np.array([2, 2, 1], dtype=np.float32), np.array([True, False, False]))
    assert found.theta == 1.5
    assert found.f1 == pytest.approx(2 / 3)
    assert found.auc == pytest.approx(0.75)


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=40))
def test_the_sweep_agrees_with_trying_every_threshold(steps: list[tuple[int, bool]]):
    energy = np.array([e for e, _ in steps], dtype=np.float32)
    labels = np.array([label for _, label in steps])
    found = sweep(energy, labels)
    if found.f1 is None:
        return
    tried = []
    for theta in np.unique(energy)[:-1] + 0.5:
        on = energy > theta
        tried.append(2 * (on & labels).sum() / (on.sum() + labels.sum()))
    assert found.f1 == pytest.approx(max(tried))
    on = energy > found.theta
    assert 2 * (on & labels).sum() / (on.sum() + labels.sum()) == pytest.approx(max(tried))
    pairs = [(a > b) + 0.5 * (a == b) for a in energy[labels] for b in energy[~labels]]
    assert found.auc == pytest.approx(np.mean(pairs))


def test_a_million_steps_take_one_sort():
    rng = np.random.default_rng(0)
    energy = rng.random(1_000_000, dtype=np.float32)
    found = sweep(energy, energy + rng.normal(0, 0.1, energy.shape) > 0.7)
    assert 0.6 < found.theta < 0.8


def test_one_threshold_for_all_videos_of_a_run():
    still, moves = [0.0] * 6, [0.03] * 6
    low, high = [1.0, 1.2] * 3, [3.0, 3.2] * 3
    both = calibrate(
        [trace(*low, *high), trace(*high, *low)],
        [trace(*still, *moves), trace(*moves, *still)],
        CalibrationConfig(),
        RAW,
    )
    assert 1.2 < both.theta_on < 3.0
    assert both.theta_off == pytest.approx(RAW.off_ratio * both.theta_on)
    assert (both.f1, both.auc, both.n_steps, both.warning) == (1.0, 1.0, 24, None)


def test_the_sweep_sees_what_the_detector_sees():
    # Smoothed with α = 0.5 the energies are 1, 1, 2, 2.5, so θ lies between 1 and 2 and not between 1 and 3.
    found = calibrate([trace(1, 1, 3, 3)], [trace(0, 0, 0.04, 0.04)], CalibrationConfig(), DetectionConfig(alpha=0.5))
    assert found.theta_on == 1.5


def test_a_threshold_of_the_team_is_taken_as_it_is():
    found = calibrate([trace(1, 2)], [trace(0, 0)], CalibrationConfig(theta_on=0.7), RAW)
    assert found.theta_on == 0.7
    assert found.f1 is None


def test_a_video_without_motion_is_said_to_have_none():
    with pytest.raises(NothingMoved, match="nothing moved"):
        calibrate([trace(1, 2, 3)], [trace(0, 0, 0)], CalibrationConfig(), RAW)
    with pytest.raises(NothingMoved, match="nothing moved"):
        calibrate([trace(1, 2, 3)], [trace(0.0001, 0.0002, 0.0001)], CalibrationConfig(), RAW)
    with pytest.raises(NothingMoved, match="never changes"):
        calibrate([trace(0, 0, 0)], [trace(0, 0.1, 0)], CalibrationConfig(), RAW)


def test_constant_signals_end_in_a_warning():
    constant_motion = calibrate([trace(1, 5, 1)], [trace(0.1, 0.1, 0.1)], CalibrationConfig(), RAW)
    assert constant_motion.warning is not None
    assert 1 < constant_motion.theta_on < 5
    constant_energy = calibrate([trace(2, 2, 2)], [trace(0, 0.1, 0)], CalibrationConfig(), RAW)
    assert constant_energy.warning is not None
    assert constant_energy.theta_on == 2


def test_a_threshold_no_better_than_always_on_is_warned_of():
    # The energy says the opposite of the motion.
    found = calibrate([trace(3, 3, 1, 2)], [trace(0, 0, 0.1, 0.1)], CalibrationConfig(), RAW)
    assert found.f1 is not None
    assert found.f1_always_on is not None
    assert found.f1 <= found.f1_always_on
    assert found.warning is not None
    assert "everything" in found.warning


def test_a_step_moves_above_a_share_of_the_fast_ones_or_above_otsus_threshold():
    # 95 of 100 steps at most 1, so the 0.95 quantile lies between 1 and 2, at the lower one: 1 + 0.05 · (2 - 1).
    speeds = np.array([0.0] * 90 + [1.0] * 5 + [2.0] * 5, dtype=np.float32)
    assert label_threshold(speeds, CalibrationConfig(moving_share=0.2)) == pytest.approx(0.2 * 1.05)
    assert label_threshold(speeds, CalibrationConfig(labels="otsu")) == otsu(speeds)


def test_the_energy_that_makes_the_labels_gets_their_threshold():
    speeds = trace(0, 0, 0.02, 0.1, 0.1, 0.1)
    found = calibrate([speeds], [speeds], CalibrationConfig(moving_share=0.5), RAW)
    assert 0.02 < found.theta_on < 0.1
    assert found.label_threshold == pytest.approx(0.05)
    assert found.f1 == 1.0


def test_every_view_has_its_own_threshold():
    near, far, still = trace(0, 0, 0.4, 0.4), trace(0, 0, 0.04, 0.04), trace(0, 0, 0, 0)
    traces, views = [near, far, near, still], ["front", "side", "front", "back"]
    front, side, again, back = calibrate_views(traces, traces, views, CalibrationConfig(), RAW)
    assert front is again
    assert front is not None
    assert side is not None
    assert side.theta_on < 0.04 < front.theta_on
    assert back is None


def test_one_threshold_for_all_where_that_is_asked_for():
    near, far = trace(0, 0, 0.4, 0.4), trace(0, 0, 0.04, 0.04)
    first, second = calibrate_views([near, far], [near, far], ["a", "b"], CalibrationConfig(scope="run"), RAW)
    assert first is second
    assert first is not None
    assert first.n_steps == 8


def test_a_view_with_a_given_threshold_has_it_and_the_others_are_calibrated():
    energy = np.tile(np.repeat([0.01, 0.5], 20), 3)
    moving = trace(*energy)
    for scope in ("view", "run"):
        config = CalibrationConfig(theta_by_view=(("front", 0.3),), scope=scope)  # type: ignore[arg-type]
        front, top = calibrate_views([moving, moving], [moving, moving], ["front", "top"], config, DetectionConfig())
        assert front == Calibration(0.3, DetectionConfig().off_ratio)
        assert top is not None
        assert top.f1 is not None
