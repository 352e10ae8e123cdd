"""Which boundaries count and how they are matched. Every figure is worked by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from ml.annotations import Annotation, Interval
from ml.evaluation import both_ends, boundary_f1, ends, match, matched, random_boundaries, regular_grid

times = st.lists(st.integers(0, 60).map(lambda k: k / 4), max_size=12).map(sorted)
tolerances = st.sampled_from([0.25, 0.5, 1.0, 2.0, 5.0])


def said(*spans: tuple[float, float], duration_s: float | None = 20.0, **more: tuple[float, ...]) -> Annotation:
    return Annotation("a", duration_s, tuple(Interval(*span) for span in spans), **more)


def test_ends_are_the_ends_of_the_intervals():
    assert ends(said((1, 2), (4, 6.5)), 20.0).tolist() == [2.0, 6.5]


def test_both_ends_are_starts_and_ends_and_touching_segments_have_one_between_them():
    assert both_ends(said((1, 2), (2, 4), (5, 6)), 20.0).tolist() == [1, 2, 4, 5, 6]


def test_boundaries_that_are_given_go_before_the_intervals_in_ends_and_do_not_enter_both_ends():
    given_too = said((1, 2), (4, 6), boundaries_s=(6.0, 5.0))
    assert ends(given_too, 20.0).tolist() == [5, 6]
    assert both_ends(given_too, 20.0).tolist() == [1, 2, 4, 6]


def test_boundaries_less_than_a_frame_apart_count_once():
    # 0.02 s is one boundary, 0.03 s is two; the distance is taken from the last one that was kept.
    assert both_ends(said((1, 2), (2.02, 4)), 20.0).tolist() == [1, 2, 4]
    assert both_ends(said((1, 2), (2.03, 4)), 20.0).tolist() == [1, 2, 2.03, 4]


def test_overlapping_segments_that_end_together_have_one_end():
    assert ends(said((1, 4), (2, 4)), 20.0).tolist() == [4]


def test_the_ends_of_the_clip_do_not_count():
    # 0.2 s from an end of the clip is its end, 0.3 s is not.
    assert both_ends(said((0, 2), (4, 20)), 20.0).tolist() == [2, 4]
    assert both_ends(said((0.2, 2), (4, 19.8)), 20.0).tolist() == [2, 4]
    assert both_ends(said((0.3, 2), (4, 19.7)), 20.0).tolist() == [0.3, 2, 4, 19.7]


def test_a_prediction_that_says_a_shorter_duration_ends_there():
    assert ends(said((1, 2), (4, 15), duration_s=15.1), 20.0).tolist() == [2]


def test_a_boundary_past_the_end_of_the_clip_counts_and_so_counts_against():
    assert ends(said((1, 2), (4, 25), duration_s=None), 20.0).tolist() == [2, 25]


def test_without_a_duration_the_last_end_counts():
    assert ends(said((1, 2), (4, 15), duration_s=None), None).tolist() == [2, 15]


def test_nothing_said():
    assert ends(said(), 20.0).shape == both_ends(said(), None).shape == (0,)


@pytest.mark.parametrize(
    ("predicted", "truth", "expected"),
    [
        ([], [], 1.0),
        ([], [3.0], 0.0),
        ([3.0], [], 0.0),
        ([3.4], [3.0], 1.0),
        ([3.6], [3.0], 0.0),
        ([3.5], [3.0], 1.0),  # exactly at the tolerance
        ([1.1], [0.6], 1.0),  # 1.1 - 0.6 is 0.5000000000000001 in floating point
        ([2.5, 3.5], [3.0], 2 / 3),  # a tie: one of the two matches, 1 of 2 and 1 of 1
        ([3.0, 3.0], [3.0], 2 / 3),
        ([1.0, 5.0, 9.0], [1.2, 6.0, 9.4, 12.0], 4 / 7),  # 1.0 and 9.0 match: P = 2/3, R = 2/4
    ],
)
def test_f1_by_hand(predicted: list[float], truth: list[float], expected: float):
    assert boundary_f1(predicted, truth, 0.5) == pytest.approx(expected)


def test_matching_finds_the_pair_that_greed_misses():
    # At 1 s truth 2.0 is nearer to prediction 2.4 than to 1.2; taking it would leave 3.2 without one.
    assert matched([1.2, 2.4], [2.0, 3.2], 1.0) == [(0, 0), (1, 1)]


@given(times, times, tolerances)
def test_no_matching_is_larger(predicted: list[float], truth: list[float], tolerance_s: float):
    within = np.abs(np.subtract.outer(predicted, truth)).reshape(len(predicted), len(truth)) <= tolerance_s
    rows, columns = linear_sum_assignment(within, maximize=True)
    assert match(predicted, truth, tolerance_s) == within[rows, columns].sum()


@given(times, times, tolerances)
def test_a_matching_is_one_to_one_and_within_the_tolerance(p: list[float], t: list[float], tolerance_s: float):
    pairs = matched(p, t, tolerance_s)
    assert len({i for i, _ in pairs}) == len({j for _, j in pairs}) == len(pairs)
    assert all(abs(p[i] - t[j]) <= tolerance_s for i, j in pairs)


@given(times, times, tolerances)
def test_prediction_and_truth_may_be_swapped(p: list[float], t: list[float], tolerance_s: float):
    assert match(p, t, tolerance_s) == match(t, p, tolerance_s)


@given(times, times)
def test_f1_grows_with_the_tolerance(p: list[float], t: list[float]):
    scores = [boundary_f1(p, t, tolerance_s) for tolerance_s in (0.25, 0.5, 1, 2, 5)]
    assert scores == sorted(scores)


@given(times, tolerances)
def test_the_truth_itself_scores_one(t: list[float], tolerance_s: float):
    assert boundary_f1(t, t, tolerance_s) == 1.0


def test_a_regular_grid_cuts_into_equal_parts():
    assert regular_grid(3, 20.0).tolist() == [5, 10, 15]
    assert regular_grid(0, 20.0).tolist() == []


def test_random_boundaries_are_as_many_inside_and_in_order():
    drawn = random_boundaries(50, 20.0, np.random.default_rng(0))
    assert len(drawn) == 50
    assert ((drawn > 0) & (drawn < 20)).all()
    assert (np.diff(drawn) > 0).all()
    assert 7 < drawn.mean() < 13
