"""Scores of whole segments. Every figure is worked by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.annotations import Annotation, Interval
from ml.evaluation.segments import (
    Overlaps,
    average_precision,
    clusters_to_labels,
    detections,
    edit_distance,
    overlaps,
    same_label,
    segmental_hits,
    shared_seconds,
    spans,
)

Span = tuple[float, float] | tuple[float, float, str]


def intervals(*spans: Span) -> list[Interval]:
    return [Interval(*span) for span in spans]


def said(*spans: Span) -> Annotation:
    return Annotation("a", 10.0, tuple(intervals(*spans)))


def pairs_of(predicted: list[Interval], truth: list[Interval], labelled: bool = False) -> Overlaps:
    pairs = overlaps(spans(predicted), spans(truth))
    return same_label(pairs, predicted, truth) if labelled else pairs


def found(predicted: list[Interval], truth: list[Interval], confidence: list[float], at: float) -> list[bool]:
    return detections(pairs_of(predicted, truth), np.array(confidence), [at])[0].tolist()


def test_intersection_over_union():
    # 0-4 with 2-6: 2 of 6; with 4-6: they only touch, no pair; with itself: 1.
    pairs = pairs_of(intervals((0, 4)), intervals((2, 6), (4, 6), (0, 4)))
    assert (pairs.predicted.tolist(), pairs.truth.tolist()) == ([0, 0], [0, 2])
    assert pairs.iou.tolist() == pytest.approx([2 / 6, 1])
    assert pairs_of([], intervals((0, 1))).shape == (0, 1)
    assert pairs_of(intervals((0, 1)), []).shape == (1, 0)


def some(at_most: int) -> st.SearchStrategy[list[Interval]]:
    span = st.tuples(st.integers(0, 20), st.integers(1, 9)).map(lambda s: Interval(s[0], s[0] + s[1]))
    return st.lists(span, max_size=at_most)


@given(some(8), some(8))
def test_every_pair_that_shares_time_is_found(predicted: list[Interval], truth: list[Interval]):
    pairs = pairs_of(predicted, truth)
    expected = {}
    for i, p in enumerate(predicted):
        for j, g in enumerate(truth):
            both = min(p.end_s, g.end_s) - max(p.start_s, g.start_s)
            if both > 0:
                expected[i, j] = both / (p.duration_s + g.duration_s - both)
    keys = list(zip(pairs.predicted.tolist(), pairs.truth.tolist(), strict=True))
    assert keys == sorted(expected)
    assert pairs.iou.tolist() == pytest.approx([expected[key] for key in keys])


def test_segmental_hits_by_hand():
    # Truth 0-10 a, 10-20 b. Predicted 0-6 a: IoU .6; 6-10 a: .4 with the same a; 10-12 b: .2 with b.
    predicted, truth = intervals((0, 6, "a"), (6, 10, "a"), (10, 12, "b")), intervals((0, 10, "a"), (10, 20, "b"))
    pairs = pairs_of(predicted, truth, labelled=True)
    # At .1 the second a is a false alarm, since its a is taken; at .25 the b is one too.
    assert segmental_hits(pairs, [0.10, 0.25, 0.50, 0.61]) == [2, 1, 1, 0]


def iou(p: Interval, g: Interval) -> float:
    both = max(0.0, min(p.end_s, g.end_s) - max(p.start_s, g.start_s))
    return both / (p.duration_s + g.duration_s - both)


@given(some(8), some(8), st.sampled_from([0.1, 0.25, 0.5]))
def test_segmental_hits_are_those_of_the_definition(predicted: list[Interval], truth: list[Interval], at: float):
    hit = [False] * len(truth)
    for p in predicted if truth else ():
        best = max(range(len(truth)), key=lambda j: iou(p, truth[j]))  # the first of the largest
        if iou(p, truth[best]) >= at - 1e-9 and not hit[best]:
            hit[best] = True
    assert segmental_hits(pairs_of(predicted, truth), [at]) == [sum(hit)]


@given(some(8), some(8), st.lists(st.integers(0, 3), min_size=8, max_size=8), st.sampled_from([0.1, 0.5]))
def test_detections_are_those_of_the_definition(
    predicted: list[Interval], truth: list[Interval], scores: list[int], at: float
):
    expected, free = [False] * len(predicted), set(range(len(truth)))
    for i in sorted(range(len(predicted)), key=lambda i: -scores[i]):
        best = max(free, key=lambda j: (iou(predicted[i], truth[j]), -j), default=None)
        if best is not None and iou(predicted[i], truth[best]) >= at - 1e-9:
            free.remove(best)
            expected[i] = True
    assert found(predicted, truth, [float(score) for score in scores[: len(predicted)]], at) == expected


def test_a_segment_of_another_label_is_no_hit():
    predicted, truth = intervals((0, 10, "b")), intervals((0, 10, "a"))
    assert segmental_hits(pairs_of(predicted, truth, labelled=True), [0.1]) == [0]
    assert segmental_hits(pairs_of(predicted, truth), [0.1]) == [1]


def test_the_threshold_itself_is_a_hit_and_a_prediction_does_not_take_the_second_best():
    assert segmental_hits(pairs_of(intervals((0, 5)), intervals((0, 10))), [0.5]) == [1]
    # Both overlap 0-10 most. The second does not fall back on 10-14, which it overlaps by 1 of 12.
    assert segmental_hits(pairs_of(intervals((0, 5), (2, 11)), intervals((0, 10), (10, 14))), [0.05]) == [1]


def test_no_label_is_like_no_other():
    assert len(pairs_of(intervals((0, 1)), intervals((0, 1)), labelled=True).iou) == 0
    assert len(pairs_of([], intervals((0, 1)), labelled=True).iou) == 0


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("", "", 0),
        ("abc", "", 3),
        ("abc", "abc", 0),
        ("abc", "axc", 1),
        ("abc", "ac", 1),
        ("abc", "cab", 2),  # take c from the end, put it in front
        ("kitten", "sitting", 3),
    ],
)
def test_edit_distance_by_hand(first: str, second: str, expected: int):
    assert edit_distance(first, second) == edit_distance(second, first) == expected


@given(st.text("abc", max_size=8), st.text("abc", max_size=8), st.text("abc", max_size=8))
def test_edit_distance_is_a_distance(a: str, b: str, c: str):
    assert abs(len(a) - len(b)) <= edit_distance(a, b) <= max(len(a), len(b))
    assert edit_distance(a, c) <= edit_distance(a, b) + edit_distance(b, c)


def test_detections_take_the_surest_first():
    # Both overlap the one truth at 0.5 or more; the surer one has it although it comes later and fits worse.
    predicted, truth = intervals((0, 10), (0, 6)), intervals((0, 10))
    assert found(predicted, truth, [0.2, 0.9], 0.5) == [False, True]
    assert found(predicted, truth, [0.9, 0.2], 0.5) == [True, False]
    assert found(predicted, truth, [0.9, 0.9], 0.5) == [True, False]  # as sure: the first


def test_a_detection_falls_back_on_a_truth_that_is_free():
    # 0-9 takes 0-10 (9/10). 1-9 shares 8/10 with it and 7/9 with 2-10, which is free.
    predicted, truth = intervals((0, 9), (1, 9)), intervals((0, 10), (2, 10))
    assert found(predicted, truth, [2.0, 1.0], 0.5) == [True, True]


def test_detections_at_several_overlaps():
    hits = detections(pairs_of(intervals((0, 6)), intervals((0, 10))), np.array([1.0]), [0.1, 0.6, 0.7])
    assert [h.tolist() for h in hits] == [[True], [True], [False]]


def test_average_precision_by_hand():
    # Surest first: hit, miss, hit, miss, of 4 true. Precision 1, 1/2, 2/3, 1/2; recall 1/4, 1/4, 2/4, 2/4.
    # Envelope: 1 up to recall 1/4, 2/3 up to 2/4, then 0. Area 1/4 · 1 + 1/4 · 2/3 = 5/12.
    hits, confidence = np.array([True, False, True, False]), np.array([0.9, 0.8, 0.7, 0.6])
    assert average_precision(hits, confidence, 4)[0] == pytest.approx(5 / 12)
    turned = np.array([3, 1, 0, 2])
    assert average_precision(hits[turned], confidence[turned], 4)[0] == pytest.approx(5 / 12)


def test_the_envelope_takes_the_best_precision_at_or_after_each_recall():
    # miss, hit, hit of 2: precision 0, 1/2, 2/3; both hits count 2/3.
    assert average_precision(np.array([False, True, True]), np.array([3.0, 2.0, 1.0]), 2)[0] == pytest.approx(2 / 3)


def test_average_precision_at_the_edges():
    none = np.zeros(0)
    assert average_precision(none.astype(bool), none, 3)[0] == 0
    assert np.isnan(average_precision(none.astype(bool), none, 0)[0])
    assert average_precision(np.array([True]), np.array([1.0]), 1)[0] == 1


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5), st.integers(0, 3)), min_size=1, max_size=12))
def test_a_weight_is_a_repetition(rows: list[tuple[bool, int, int]]):
    hits, confidence = np.array([h for h, _, _ in rows]), np.array([float(c) for _, c, _ in rows])
    # Ties are broken by order, so repetitions of one prediction have to stay together.
    confidence -= np.arange(len(rows)) * 1e-3
    times = np.array([n for _, _, n in rows])
    n_truth = int((hits * times).sum()) + 1
    repeated = average_precision(np.repeat(hits, times), np.repeat(confidence, times), n_truth)
    weighted = average_precision(hits, confidence, np.array([n_truth]), times[None, :].astype(float))
    assert weighted == pytest.approx(repeated)


def test_shared_seconds_by_hand():
    # predicted: x 0-4, nothing 4-6, y 6-10; truth: a 1-5, b 5-12, cut at 10.
    shared = shared_seconds(said((0, 4, "x"), (6, 10, "y")), said((1, 5, "a"), (5, 12, "b")), 10.0)
    assert {k: v for k, v in shared.items() if v} == {
        ("x", None): 1.0,
        ("x", "a"): 3.0,
        (None, "a"): 1.0,
        (None, "b"): 1.0,
        ("y", "b"): 4.0,
    }


def test_where_intervals_overlap_the_later_start_counts():
    shared = shared_seconds(said((0, 10, "x"), (4, 6, "y")), said(), 10.0)
    assert {k: v for k, v in shared.items() if v} == {("x", None): 8.0, ("y", None): 2.0}


def test_clusters_are_named_for_the_most_seconds_in_all():
    # Cluster 0 agrees most with a (5 s against 4), but a for 1 (4 s) and b for 0 (4 s) is 8 s against 5 + 1.
    shared = [{("0", "a"): 5.0, ("0", "b"): 4.0, ("1", "a"): 4.0}, {("1", "b"): 1.0, (None, "a"): 9.0, ("", "a"): 9.0}]
    assert clusters_to_labels(shared) == {"0": "b", "1": "a"}


def test_more_clusters_than_labels_leave_some_without_a_name():
    assert clusters_to_labels([{("0", "a"): 5.0, ("1", "a"): 4.0}]) == {"0": "a"}
    assert clusters_to_labels([]) == {}
