"""Splitting closed intervals and moving ends on: by hand, and what holds whatever the energy."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.artefacts import Calibration, EnergyTrace, TokenStream
from ml.config import DetectionConfig, RefinementConfig
from ml.refinement import hold, refine, rises, segment, smooth_both_ways, split_at_dips, split_at_rest
from ml.segmentation import Interval, detect

ONE = Calibration(1.0, 0.5)
OFF = RefinementConfig(rest=None, dip=None, min_piece_s=0.0, hold_s=0.0)
SHARP = RefinementConfig(rest=None, dip=1.0, smooth_s=0.001, min_piece_s=0.0, hold_s=0.0)  # sees single steps
RAW = DetectionConfig(alpha=1.0, off_ratio=0.5, on_steps=1, off_steps=1, min_s=0.0)


def trace(*values: float) -> EnergyTrace:
    """Step k lasts from k/10 to (k+1)/10 seconds."""
    energy = np.array(values, dtype=np.float32)
    return EnergyTrace(energy, np.arange(1, len(energy) + 1) / 10, "made up")


def whole(of: EnergyTrace) -> Interval:
    return Interval(0, len(of.energy), 0.0, float(of.times_s[-1]))


def spans(found: list[Interval]) -> list[tuple[int, int]]:
    return [(f.first, f.stop) for f in found]


def test_a_rise_is_counted_from_the_lowest_value_since_the_fall():
    # Falls of 2 from 5 at index 2 (to 3) and of 2 from 4 at 6 (to 2); rises of 2 from 1.5 at 4 (to 4), from 2 at 7.
    #                       0  1  2    3    4  5  6  7
    assert rises(np.array([3, 5, 3, 1.5, 4, 4, 2, 4], dtype=np.float32), 2.0) == [4, 7]


def test_a_dip_that_is_not_deep_enough_is_no_rise():
    assert rises(np.array([3, 5, 3.5, 5, 5], dtype=np.float32), 2.0) == []
    assert rises(np.array([0, 1, 2, 3], dtype=np.float32), 0.5) == []  # the first way up follows no fall


def test_smoothing_both_ways_by_hand():
    # σ = 1 over four steps to each side: weights 1, .6065, .1353, .0111, .0003, together 2.5066.
    peak = np.zeros(9, dtype=np.float32)
    peak[4] = 1
    found = smooth_both_ways(peak, 1.0)
    assert found[4] == pytest.approx(1 / 2.5066, abs=1e-4)
    assert found[3] == found[5] == pytest.approx(0.6065 / 2.5066, abs=1e-4)
    assert smooth_both_ways(np.full(5, 3, dtype=np.float32), 2.0) == pytest.approx(np.full(5, 3))  # edges go on


def test_an_interval_is_split_after_the_step_that_has_risen():
    #           0  1  2  3  4  5  6
    made = trace(3, 3, 1, 1, 2, 3, 3)
    assert split_at_dips(whole(made), made, ONE, SHARP) == [Interval(0, 5, 0.0, 0.5), Interval(5, 7, 0.5, 0.7)]


def test_dips_are_measured_in_theta_on():
    made = trace(3, 3, 1, 1, 2, 3, 3)
    assert spans(split_at_dips(whole(made), made, Calibration(2.5, 0.5), SHARP)) == [(0, 7)]


def test_a_resting_step_splits_and_belongs_to_no_piece():
    made = trace(3, 3, 0.1, 0.2, 3, 3)
    config = RefinementConfig(rest=0.3, dip=None, min_piece_s=0.0, hold_s=0.0)
    assert split_at_rest(whole(made), made, ONE, config) == [Interval(0, 2, 0.0, 0.2), Interval(4, 6, 0.4, 0.6)]


def test_rest_at_the_ends_of_an_interval_stays_in_it():
    made = trace(0.1, 3, 3, 0.1)
    config = RefinementConfig(rest=0.3, dip=None, min_piece_s=0.0, hold_s=0.0)
    assert spans(split_at_rest(whole(made), made, ONE, config)) == [(0, 4)]


def test_no_piece_is_shorter_than_asked_for():
    made = trace(3, 0.1, 3, 3, 3, 0.1, 3)
    config = RefinementConfig(rest=0.3, dip=None, min_piece_s=0.2, hold_s=0.0)
    assert spans(split_at_rest(whole(made), made, ONE, config)) == [(0, 7)]


def test_an_end_is_moved_on_and_stops_at_the_next_segment():
    made = trace(3, 3, 0, 0, 0, 0, 0)
    interval, config = Interval(0, 2, 0.0, 0.2), RefinementConfig(hold_s=0.3)
    assert hold(interval, 7, made, config) == Interval(0, 5, 0.0, 0.5)
    assert hold(interval, 3, made, config) == Interval(0, 3, 0.0, 0.3)
    assert hold(interval, 2, made, config) == interval


def test_a_segment_has_the_codes_of_its_steps_and_its_energy_before_smoothing():
    made = trace(0, 0, 3, 5, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    stream = TokenStream(np.arange(15, dtype=np.int16)[None], np.arange(16.0)[None] / 10, stride=1)
    (found,) = segment(made, stream, ONE, RAW, OFF)
    assert (found.start_s, found.end_s) == (0.2, 0.5)
    assert found.codes.tolist() == [2, 3, 4]
    assert (found.energy_mean, found.energy_peak) == (4.0, 5.0)


def test_a_trace_of_another_stream_is_refused():
    stream = TokenStream(np.zeros((1, 3), dtype=np.int16), np.arange(4.0)[None], stride=1)
    with pytest.raises(ValueError, match="3"):
        segment(trace(0, 0), stream, ONE, RAW, OFF)


energies = st.lists(st.floats(0, 3, width=32), min_size=1, max_size=60)
configs = st.builds(
    RefinementConfig,
    rest=st.none() | st.floats(0.1, 0.9),
    dip=st.none() | st.floats(0.1, 1.5),
    smooth_s=st.floats(0.02, 0.3),
    min_piece_s=st.sampled_from([0.0, 0.2, 0.3]),
    hold_s=st.sampled_from([0.0, 0.1, 0.3]),
)


@given(energies, configs)
def test_pieces_are_in_order_apart_and_inside_what_was_found(values: list[float], config: RefinementConfig):
    made = trace(*values)
    found = detect(made, ONE, RAW, 0.0)
    pieces = refine(found, made, ONE, config)
    for before, after in pairwise(pieces):
        assert before.stop <= after.first
        assert before.end_s <= after.start_s
    for piece in pieces:
        assert piece.first < piece.stop
        assert piece.start_s == pytest.approx(piece.first / 10)
        assert piece.end_s == pytest.approx(piece.stop / 10)
        assert any(f.first <= piece.first and piece.stop <= f.stop + round(config.hold_s * 10) for f in found)


@given(energies, energies, configs)
def test_the_future_changes_nothing_that_ended_longer_ago_than_an_end_is_moved(
    past: list[float], future: list[float], config: RefinementConfig
):
    made, longer = trace(*past), trace(*past, *future)
    known = refine(detect(made, ONE, RAW, 0.0), made, ONE, config)
    later = refine(detect(longer, ONE, RAW, 0.0), longer, ONE, config)
    closed = [f for f in detect(made, ONE, RAW, 0.0) if f.stop + round(config.hold_s * 10) < len(past)]
    settled = [f for f in known if closed and f.stop <= closed[-1].stop + round(config.hold_s * 10)]
    assert later[: len(settled)] == settled
