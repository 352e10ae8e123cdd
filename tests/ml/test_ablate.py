"""`kineme ablate`: the scores of its rows by hand; the command itself is in `test_compare`."""

import numpy as np
import pytest

from ml.annotations import Annotation, Interval
from ml.artefacts import Segment
from ml.commands.ablate import agreement, label_of, n_labels


def part(start_s: float, end_s: float) -> Segment:
    return Segment(start_s, end_s, np.zeros(1, dtype=np.int16), 1.0, 1.0)


TRUTH = Annotation("a", 10.0, (Interval(0, 2, "reach"), Interval(2, 5, "grasp"), Interval(6, 7)))


def test_a_segment_has_the_label_it_lies_in_by_half():
    assert label_of(part(0.5, 1.5), TRUTH) == "reach"
    assert label_of(part(1.0, 3.0), TRUTH) == "reach"  # half in each: the first
    assert label_of(part(1.5, 3.5), TRUTH) == "grasp"
    assert label_of(part(4.0, 8.0), TRUTH) is None  # a quarter in `grasp`, a quarter without a name
    assert label_of(part(6.0, 7.0), TRUTH) is None
    assert label_of(part(0, 1), Annotation("b", 1.0, ())) is None


def test_agreement_by_hand():
    # Cluster 0: a a b, cluster 1: b, and one without a label. Purity (2 + 1) / 4.
    found = agreement(np.array([0, 0, 0, 1, 1]), ["a", "a", "b", "b", None])
    assert found["n_labelled"] == 4
    assert found["purity"] == pytest.approx(3 / 4)
    # H(labels) = ln 2; H(clusters) = ln 4 - 3/4 ln 3; I = H(labels) - 3/4 · H(2/3, 1/3).
    clusters = np.log(4) - 0.75 * np.log(3)
    shared = np.log(2) - 0.75 * (np.log(3) - 2 / 3 * np.log(2))
    assert found["nmi"] == pytest.approx(shared / ((np.log(2) + clusters) / 2))
    alone = agreement(np.array([0, 1]), ["a", "b"])  # however they are dealt out, each cluster has one
    assert (alone["purity"], alone["nmi"]) == (1, pytest.approx(1))
    assert alone["chance"] == {"purity": 1, "nmi": pytest.approx(1)}
    none = agreement(np.array([0]), [None])
    assert (none["n_labelled"], none["purity"], none["nmi"]) == (0, None, None)


def test_chance_is_below_what_is_found():
    labels = [name for name in "abcd" for _ in range(10)]
    found = agreement(np.repeat(np.arange(4), 10), labels)
    assert found["purity"] == 1
    assert found["chance"]["purity"] < 0.5
    assert 0 < found["chance"]["nmi"] < 0.3


def test_as_many_clusters_as_labels():
    assert n_labels({"a": TRUTH}) == 2
    assert n_labels({"a": Annotation("a", 1.0, ())}) == 2
    many = tuple(Interval(i, i + 1, f"label {i}") for i in range(30))
    assert n_labels({"a": Annotation("a", 30.0, many)}) == 20
