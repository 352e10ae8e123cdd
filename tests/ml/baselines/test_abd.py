import itertools

import numpy as np
import pytest

from ml.baselines.abd import abd, cut_into, dips, merged, n_actions_of, parts, similarity, usual_action_s
from tests.ml.baselines.sequences import Float, blocks


def boundaries(features: Float, K: int) -> list[float]:
    times_s = np.arange(len(features)) / 10
    return [i.end_s for i in abd(features, times_s, len(features) / 10, K)[:-1]]


def test_similarity_by_hand():
    features = np.array([[1, 0], [1, 0], [0, 1], [0, 1]], dtype=np.float32)
    assert similarity(features, 1).tolist() == pytest.approx([1, 0, 1])
    # Means of three: (1, 0), (2/3, 1/3), (1/3, 2/3), (0, 1); the first and last are of two frames.
    assert similarity(features, 3).tolist() == pytest.approx([2 / 5**0.5, 0.8, 2 / 5**0.5])


def test_dips_by_hand():
    # Half of a window of 4 is 2: index 4 is least among 2..6, index 6 is not, and 1 is too near the beginning.
    similar = np.array([1, 0.2, 1, 0.9, 0.5, 0.9, 0.8, 1, 1, 1])
    assert dips(similar, 4) == [5]
    assert dips(np.array([1, 1, 0.5, 0.5, 1, 1, 1]), 4) == [3]  # of a plateau the first
    assert dips(np.array([1, 0.9, 0.8, 0.7, 0.6, 0.5]), 2) == []  # falling all the way


def test_merging_by_hand():
    # Parts of looks a, b, a': the two a are alike, so with K = 2 they are one action although b lies between them.
    features = np.array([[1, 0], [1, 0], [0, 1], [0, 1], [1, 0.1], [1, 0.1]], dtype=np.float32)
    assert merged(features, [2, 4], 3) == [0, 1, 2]
    assert merged(features, [2, 4], 2) == [0, 1, 0]
    assert merged(features, [2, 4], 1) == [0, 0, 0]


def test_abrupt_changes_are_found_where_they_are():
    assert boundaries(blocks([0, 1, 2, 3], 25), 4) == pytest.approx([2.5, 5.0, 7.5], abs=0.11)


def test_a_boundary_between_two_parts_of_one_action_goes():
    features = blocks([0, 1, 0, 2], 25)
    cut = cut_into(features, 3)
    assert len(cut.starts) == 3
    assert cut.actions == [0, 1, 0, 2]
    half = cut_into(np.concatenate([features[:25], 1.001 * features[:25], features[25:]]), 3)
    assert len(half.kept) == 3  # 0 0 1 0 2 has three changes


def test_what_never_changes_has_no_boundary():
    for still in (np.zeros((80, 4)), np.full((80, 4), 0.3)):
        assert boundaries(still.astype(np.float32), 8) == []
        assert len(abd(still.astype(np.float32), np.arange(80) / 10, 8.0, 8)) == 1


def test_parts_cover_the_video_and_repeat():
    features = blocks([0, 1, 2, 0, 3], 20, noise=0.3)
    first = abd(features, np.arange(100) / 10, 10.0, 5)
    assert first == abd(features, np.arange(100) / 10, 10.0, 5)
    assert first[0].start_s == 0
    assert first[-1].end_s == 10.0
    assert all(a.end_s == b.start_s for a, b in itertools.pairwise(first))
    scores = [i.score for i in first if i.score is not None]
    assert len(scores) == len(first)
    assert min(scores) >= 0


def test_parts_by_hand():
    found = parts(np.array([1.0, 2.5]), 4.0, np.array([0.3, 0.2]))
    assert [(i.start_s, i.end_s, i.score) for i in found] == [(0, 1, 0.3), (1, 2.5, 0.2), (2.5, 4, 0)]


def test_the_usual_length_is_that_of_the_blocks():
    videos = [blocks(range(12), 30, seed=seed, d=32) for seed in (0, 1)]  # 3 s each at 10 frames a second
    assert usual_action_s(videos, [36.0, 36.0]) == 3.0
    assert n_actions_of(36.0, 3.0) == 12
    assert n_actions_of(0.5, 3.0) == 1


@pytest.mark.parametrize("frames", [2, 3])
def test_a_very_short_video_is_one_part(frames: int):
    assert len(abd(blocks([0, 1, 2], 2)[:frames], np.arange(frames) / 10, frames / 10, 3)) == 1
