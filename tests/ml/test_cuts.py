import math

import numpy as np
import pytest

from ml.artefacts import EnergyTrace, TokenStream
from ml.cuts import checked, steps
from ml.errors import UnusableCuts
from ml.refinement import by_hand

TIMES_S = np.array([0.1, 0.2, 0.3, 0.4, 0.5])


def test_a_step_belongs_to_the_interval_its_middle_lies_in():
    # middles: 0.05, 0.15, 0.25, 0.35, 0.45
    assert steps([(0.0, 0.2), (0.2, 0.34), (0.34, 0.5)], TIMES_S, 0.0) == [(0, 2), (2, 3), (3, 5)]
    assert steps([], TIMES_S, 0.0) == []


def test_intervals_that_touch_share_no_step_wherever_they_touch():
    for edge in np.linspace(0.11, 0.39, 57).tolist():
        (_, stop), (first, _) = steps([(0.0, edge), (edge, 0.5)], TIMES_S, 0.0)
        assert stop == first


def test_intervals_come_back_as_seconds():
    assert checked([[0, 0.2], (0.25, 0.5)], TIMES_S, 0.0, 0.5) == [(0.0, 0.2), (0.25, 0.5)]
    assert checked([[0.4, 0.9]], TIMES_S, 0.0, 0.9) == [(0.4, 0.9)]  # the analysis ends before the video does
    assert checked([[0, 0.5005]], TIMES_S, 0.0, 0.5) == [(0.0, 0.5005)]


@pytest.mark.parametrize(
    "given", [None, {}, [], [[math.nan, 0.2]], [[0, math.inf]], [[True, 2]], [[0.2, 0.2]], [[0, 2]]]
)
def test_what_is_no_list_of_intervals_of_the_video_is_refused(given: object):
    with pytest.raises(UnusableCuts):
        checked(given, TIMES_S, 0.0, 0.5)


def test_an_interval_behind_the_last_step_is_refused():
    with pytest.raises(UnusableCuts, match=r"0.10 s long and end at 0.500 s"):
        checked([[0.6, 0.9]], TIMES_S, 0.0, 0.9)


def test_segments_set_by_hand_have_exactly_those_times_and_the_codes_inside():
    trace = EnergyTrace(np.array([1, 2, 3, 4, 5], dtype=np.float32), TIMES_S, "made up")
    stream = TokenStream(np.arange(5, dtype=np.int16)[None], np.arange(6.0)[None] / 10, stride=1)
    one, two = by_hand(trace, stream, [(0.02, 0.21), (0.21, 0.48)])
    assert (one.start_s, one.end_s, two.start_s, two.end_s) == (0.02, 0.21, 0.21, 0.48)
    assert (one.codes.tolist(), two.codes.tolist()) == ([0, 1], [2, 3, 4])
    assert (one.energy_mean, two.energy_peak) == (1.5, 5.0)
