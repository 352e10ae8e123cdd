"""The official tool's rule. On random cases it was also compared with the tool itself: docs/decisions/0008."""

import numpy as np
import pytest

from ml.annotations import Annotation, Interval
from ml.evaluation import boundary_f1, evaluate, laps
from ml.evaluation import report as module


@pytest.fixture(autouse=True)
def few_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DRAWS", 5)


def said(*spans: tuple[float, float]) -> Annotation:
    return Annotation("a", 20.0, tuple(Interval(*span) for span in spans))


def seconds(*times_s: float) -> np.ndarray:
    return np.array(times_s, dtype=np.float64)


def test_touching_segments_count_twice_and_the_ends_of_the_clip_not_at_all():
    assert laps.counted(said((0, 5), (5, 10), (10, 20)), 20.0).tolist() == [5, 5, 10, 10]
    assert laps.counted(said((0.1, 19.9)), 20.0).tolist() == [0.1, 19.9]


def test_each_true_boundary_takes_the_nearest_prediction_left():
    # Truth 2.0 takes 2.4, so 3.2 is left with 1.2, 2 s away: 1 of 2, where the best matching has both.
    predicted, truth = seconds(1.2, 2.4), seconds(2.0, 3.2)
    assert laps.matched(predicted, truth, 1.0) == [(1, 0)]
    assert boundary_f1(predicted, truth, 1.0) == 1


def test_of_two_as_near_the_earlier_is_taken_and_the_tolerance_itself_counts():
    assert laps.matched(seconds(2.5, 3.5), seconds(3.0), 0.5) == [(0, 0)]
    assert laps.matched(seconds(), seconds(3.0), 0.5) == []
    assert laps.matched(seconds(3.0), seconds(), 0.5) == []


def test_scores_by_hand():
    # Truth 5 5 10 10; found 5 and 9 and 12 at both ends: 5, 9, 9, 12. At 2 s: 5→5, 5→nothing near (9 is 4 s off),
    # 10→9, 10→9: 3 of 4 and 3 of 4.
    e = evaluate({"a": said((5, 9), (9, 12))}, {"a": said((0, 5), (5, 10), (10, 20))}, rule="laps")
    assert e.macro["F1@2s"] == pytest.approx(3 / 4)
    assert e.macro["F1@0.5s"] == pytest.approx(1 / 4)
    # 5-9 with 5-10: 4/5; 9-12 with 10-20: 2/11. At .5 and .75 one of three is found, and it is the longest.
    assert e.macro["mAP@0.5"] == e.macro["mAP@0.75"] == pytest.approx(1 / 3)
    assert e.boundaries == "both"


def test_videos_without_truth_or_prediction():
    truth = {"empty": said(), "false": said(), "missing": said(), "missed": said((1, 2))}
    e = evaluate({"empty": said(), "false": said((1, 2)), "missed": said()}, truth, rule="laps")
    assert {v: e.per_video[v]["F1@2s"] for v in truth} == {"empty": 1, "false": 0, "missing": 0, "missed": 0}
    assert {v: e.per_video[v]["precision@2s"] for v in truth} == {"empty": 1, "false": 1, "missing": 0, "missed": 0}
    assert e.macro["F1@2s"] == pytest.approx(1 / 4)


def test_chance_counts_as_often_twice_as_the_truth_does():
    assert laps.alike(seconds(5, 10), 4).tolist() == [5, 5, 10, 10]
    assert laps.alike(seconds(5, 10), 2).tolist() == [5, 10]
    assert laps.alike(seconds(5, 10, 15), 5).tolist() == [5, 5, 10, 15, 15]
    assert laps.alike(seconds(), 0).tolist() == []
    # Touching truth at 5 and 10 of 15 s is the grid itself.
    truth = {"a": Annotation("a", 15.0, (Interval(0, 5), Interval(5, 10), Interval(10, 15)))}
    assert evaluate(truth, truth, rule="laps").chance["grid"]["F1@0.5s"] == 1
