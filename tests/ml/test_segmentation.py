from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.artefacts import Calibration, EnergyTrace
from ml.config import DetectionConfig
from ml.segmentation import Detector, Interval, smooth
from ml.segmentation import detect as detect_file

PLAIN = DetectionConfig(alpha=1.0, off_ratio=0.5, on_steps=2, off_steps=2, cooldown_steps=0, min_s=0.0, max_s=None)


def with_(**changes: object) -> DetectionConfig:
    return DetectionConfig(**{**vars(PLAIN), **changes})  # type: ignore[arg-type]


def detect(values: list[float], config: DetectionConfig, theta_on: float = 1.0, flush: bool = True) -> list[Interval]:
    """Step k lasts from k/10 to (k+1)/10 seconds."""
    detector = Detector(Calibration(theta_on, config.off_ratio), config, start_s=0.0)
    found = [f for k, value in enumerate(values) for f in detector.push(value, (k + 1) / 10)]
    return found + (detector.flush() if flush else [])


def spans(found: list[Interval]) -> list[tuple[int, int]]:
    return [(f.first, f.stop) for f in found]


def test_the_moving_average_starts_at_the_first_value():
    # y0 = 2; y1 = .5·4 + .5·2 = 3; y2 = .5·0 + .5·3 = 1.5; y3 = .5·1 + .5·1.5 = 1.25
    assert smooth(np.array([2, 4, 0, 1], dtype=np.float32), 0.5).tolist() == [2, 3, 1.5, 1.25]


def test_a_segment_spans_from_the_first_high_step_to_the_first_low_one():
    # steps:      0  1  2  3  4  5  6  7
    found = detect([0, 0, 2, 2, 2, 0, 0, 0], PLAIN)
    assert found == [Interval(first=2, stop=5, start_s=0.2, end_s=0.5)]


def test_one_high_step_does_not_start_and_one_low_step_does_not_end():
    assert detect([0, 2, 0, 2, 0], PLAIN) == []
    assert spans(detect([2, 2, 0, 2, 0, 0], PLAIN)) == [(0, 4)]


def test_between_the_thresholds_nothing_changes():
    # theta_on 1, theta_off 0.5: 0.7 keeps a segment open and does not open one; exactly 1 is not above, 0.5 not below.
    assert detect([0.7, 0.7, 0.7], PLAIN) == []
    assert detect([1.0, 1.0, 1.0], PLAIN) == []
    assert spans(detect([2, 2, 0.5, 0.5, 0.5, 0, 0], PLAIN)) == [(0, 5)]


def test_a_value_between_the_thresholds_breaks_a_run_of_low_steps():
    assert spans(detect([2, 2, 0, 0.7, 0, 0], PLAIN)) == [(0, 4)]


def test_a_segment_is_given_out_at_the_last_of_its_low_steps():
    detector = Detector(Calibration(1.0, 0.5), PLAIN, start_s=0.0)
    given_out = [len(detector.push(v, (k + 1) / 10)) for k, v in enumerate([2, 2, 2, 0, 0, 0])]
    assert given_out == [0, 0, 0, 0, 1, 0]


def test_a_segment_open_at_the_end_closes_with_the_last_step():
    assert detect([0, 2, 2, 2], PLAIN, flush=False) == []
    assert detect([0, 2, 2, 2], PLAIN) == [Interval(1, 4, 0.1, 0.4)]
    assert spans(detect([0, 2, 2, 2, 0], PLAIN)) == [(1, 5)]  # one low step is not yet an end


def test_steps_in_the_cooldown_do_not_count_as_high():
    values = [2, 2, 0, 0, 2, 2, 2, 0, 0]
    assert spans(detect(values, PLAIN)) == [(0, 2), (4, 7)]
    assert spans(detect(values, with_(cooldown_steps=1))) == [(0, 2), (5, 7)]
    assert spans(detect(values, with_(cooldown_steps=2))) == [(0, 2)]


def test_a_short_segment_is_dropped_whatever_the_rounding_of_its_times():
    # steps 3..6 are 0.7 - 0.3 = 0.39999999999999997 s
    values = [0, 0, 0, 2, 2, 2, 2, 0, 0]
    assert spans(detect(values, with_(min_s=0.4))) == [(3, 7)]
    assert detect(values, with_(min_s=0.41)) == []


def test_a_long_segment_is_cut_edge_to_edge():
    assert spans(detect([2] * 7 + [0, 0], with_(max_s=0.3))) == [(0, 3), (3, 6), (6, 7)]
    assert spans(detect([2] * 7 + [0, 0], with_(max_s=0.3, min_s=0.2))) == [(0, 3), (3, 6)]


def test_a_cut_between_two_low_steps_leaves_no_empty_segment():
    # cut after step 2, which is low; step 3 completes the run of low steps that began before the cut
    assert spans(detect([2, 2, 0, 0, 0], with_(max_s=0.3))) == [(0, 3)]


def test_time_must_go_forward():
    detector = Detector(Calibration(1.0, 0.5), PLAIN, start_s=0.0)
    detector.push(0.0, 0.1)
    with pytest.raises(ValueError, match="increase"):
        detector.push(0.0, 0.1)


configs = st.builds(
    DetectionConfig,
    alpha=st.floats(0.05, 1.0),
    off_ratio=st.floats(0.1, 1.0),
    on_steps=st.integers(1, 4),
    off_steps=st.integers(1, 4),
    cooldown_steps=st.integers(0, 4),
    min_s=st.sampled_from([0.0, 0.2, 0.5]),
    max_s=st.sampled_from([None, 0.1, 0.5, 1.0]),
)
energies = st.lists(st.floats(0, 3), max_size=60)


@given(energies, configs)
def test_segments_are_in_order_and_never_overlap(values: list[float], config: DetectionConfig):
    found = detect(values, config)
    for f in found:
        assert 0 <= f.first < f.stop <= len(values)
        assert f.end_s - f.start_s >= config.min_s - 1e-6
        if config.max_s is not None:
            assert f.end_s - f.start_s <= max(config.max_s, config.on_steps / 10) + 1e-6
    for before, after in pairwise(found):
        assert before.stop <= after.first
        assert before.end_s <= after.start_s


@given(energies, energies, configs)
def test_the_future_changes_no_finished_segment(past: list[float], future: list[float], config: DetectionConfig):
    finished = detect(past, config, flush=False)
    assert detect(past + future, config)[: len(finished)] == finished


@given(energies.filter(len), configs)
def test_a_file_gives_the_intervals_of_the_live_stream(values: list[float], config: DetectionConfig):
    times_s = np.arange(1, len(values) + 1) / 10
    trace = EnergyTrace(np.array(values, dtype=np.float32), times_s, "made up")
    of_file = detect_file(trace, Calibration(1.0, config.off_ratio), config, start_s=0.0)
    assert of_file == detect(trace.energy.tolist(), config)
