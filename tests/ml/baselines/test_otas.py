import numpy as np
import pytest

from ml.baselines.otas import block_error, otas, peaks, relative, vote
from ml.baselines.signals import FrameSignals
from tests.ml.baselines.sequences import Float, blocks


def signals(features: Float, regions: Float | None = None) -> FrameSignals:
    F = len(features)
    return FrameSignals(
        times_s=np.arange(F) / 10,
        flow=np.zeros(F - 1, dtype=np.float32),
        features=features,
        regions=features if regions is None else regions,
        duration_s=F / 10,
        encoder="made up",
        seconds={},
    )


def boundaries(given: FrameSignals, action_s: float, *, interaction: bool = True) -> list[float]:
    return [i.end_s for i in otas(given, action_s, interaction=interaction)[:-1]]


def test_block_error_by_hand():
    features = np.array([[0], [0], [1], [3]], dtype=np.float32)
    assert block_error(features, 1).tolist() == pytest.approx([0, 1, 4])
    assert block_error(features, 2).tolist() == pytest.approx([(1 + 9) / 2])


def test_relative_to_nothing_is_nothing():
    assert relative(np.zeros(4)).tolist() == [0, 0, 0, 0]
    assert relative(np.array([1.0, 3.0])).tolist() == [0.5, 1.5]


def test_peaks_by_hand():
    # Peaks within 1 to each side: 1 at index 1, 9 at 3, 4 at 5 and 6, of which the first counts. Their mean is 14/3,
    # the mean of all 19/8; half-way is 3.52, so the 1 is no boundary.
    error = np.array([0, 1, 0, 9, 0, 4, 4, 1.0])
    assert peaks(error, 1, 0.5) == [3, 5]
    assert peaks(error, 1, 0.0) == [3, 5]
    assert peaks(error, 1, 1.0) == [3]
    assert peaks(error, 3, 0.5) == [3]
    assert peaks(np.full(9, 0.2), 2, 0.5) == []


def test_vote_by_hand():
    score = np.zeros(40)
    score[[10, 12, 30, 35]] = 2.0, 3.0, 5.0, 1.0
    # 12 confirms 10 and is stronger, so the boundary moves; 20 nobody confirms; 30 comes in by its score; 35 does not.
    assert vote([10, 20], [12, 30, 35], score, near=4) == [12, 30]
    assert vote([10], [14], score, near=4) == []  # four away is not near


def test_abrupt_changes_are_found_where_they_are():
    still = signals(blocks([0, 1, 2, 3], 40))
    assert boundaries(still, 3.0) == pytest.approx([4.0, 8.0, 12.0], abs=0.21)
    assert boundaries(still, 3.0, interaction=False) == pytest.approx([4.0, 8.0, 12.0], abs=0.21)


def test_a_change_only_one_branch_sees_needs_a_high_score():
    picture, hand = blocks([0, 1, 2], 40), blocks([0, 0, 0], 40, noise=0.0)
    assert boundaries(signals(picture, hand), 3.0) == []
    assert boundaries(signals(picture, hand), 3.0, interaction=False) == pytest.approx([4.0, 8.0], abs=0.21)


def test_what_never_changes_has_no_boundary():
    still = signals(np.full((60, 4), 0.5, dtype=np.float32))
    assert boundaries(still, 2.0) == boundaries(still, 2.0, interaction=False) == []


def test_a_video_shorter_than_two_blocks_is_one_part():
    assert len(otas(signals(blocks([0, 1], 8)), 2.0)) == 1


def test_it_repeats():
    noisy = signals(blocks([0, 1, 2, 1, 0], 25, noise=0.5))
    assert otas(noisy, 2.0) == otas(noisy, 2.0)
