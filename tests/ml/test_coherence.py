import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ml.coherence import Coherence, coherence, n_frames_of, pooled, segment_vectors
from ml.config import CoherenceConfig, PipelineConfig
from ml.errors import CannotDecode, PipelineError
from tests.ml.media import level_of, numbered, write_video

CONFIG = CoherenceConfig()


def score(vectors, labels, **changes) -> Coherence:
    config = replace(CONFIG, **changes)
    return coherence(
        np.array(vectors, dtype=np.float32), np.array(labels, dtype=np.int32), config, encoder="made up", weights=None
    )


def scattered(n: int, d: int = 8, seed: int = 0, around: float = 0.0) -> np.ndarray:
    vectors = np.random.default_rng(seed).normal(size=(n, d)) + around
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def test_three_vectors_worked_by_hand():
    # Cosines 1·0 + 0·1 = 0, 0.6 and 0.8: mean 1.4 / 3; variance (0 + 0.36 + 0.64) / 3 − (1.4 / 3)² = 0.11556.
    # All pairs: Σv = (1.6, 1.8), ‖Σv‖² = 5.8, (5.8 − 3) / (3 · 2) = 0.46667, the same.
    found = score([[1, 0], [0, 1], [0.6, 0.8]], [0, 0, 0])
    (cluster,) = found.clusters
    assert (cluster.size, cluster.n_pairs) == (3, 3)
    assert cluster.icss == pytest.approx(1.4 / 3)
    assert cluster.std == pytest.approx(0.11556**0.5, abs=1e-5)
    assert cluster.exact == pytest.approx(2.8 / 6)
    assert cluster.interval95 is None  # below five segments
    assert found.icss == cluster.icss


def test_the_overall_value_pools_pairs_and_the_mean_of_clusters_does_not():
    # Cluster 0: three equal vectors, 3 pairs of 1. Cluster 1: two at right angles, 1 pair of 0.
    # Pooled 3/4, mean of clusters 1/2. All pairs of the five: 3 · 1 and 0 with (1, 0) three times, (0, 1) once with
    # each of the three: v = 3 × (1,0), (1,0), (0,1): Σ = (4, 1), (17 − 5) / 20 = 0.6.
    found = score([[1, 0], [1, 0], [1, 0], [1, 0], [0, 1]], [0, 0, 0, 1, 1])
    assert (found.icss, found.exact, found.of_clusters) == pytest.approx((0.75, 0.75, 0.5))
    assert found.random_pairs is not None
    assert found.random_pairs.exact == pytest.approx(0.6)
    assert found.random_pairs.n_pairs == found.n_pairs == 4
    assert found.random_pairs.repeats == 5


def test_a_cluster_of_one_has_no_pair_and_weighs_nothing():
    found = score([[1, 0], [0.6, 0.8], [0, 1]], [0, 0, 1])
    alone = found.clusters[1]
    assert (alone.size, alone.n_pairs) == (1, 0)
    assert (alone.icss, alone.std, alone.exact, alone.interval95) == (None, None, None, None)
    assert (found.icss, found.of_clusters, found.exact) == pytest.approx((0.6, 0.6, 0.6))


@pytest.mark.parametrize("labels", [[], [0], [0, 1, 2]])
def test_without_any_pair_there_is_no_score_and_no_baseline(labels):
    found = score(np.eye(3)[: len(labels)].reshape(-1, 3), labels)
    assert (found.n_pairs, found.icss, found.exact, found.random_pairs, found.interval95) == (0, None, None, None, None)


def test_above_the_cap_the_sampled_mean_is_close_to_the_exact_one():
    # 200 segments have 19,900 pairs; 4,000 of them, whose cosines have a deviation s, give the mean within 4 s / √4000.
    found = score(scattered(200, around=0.5), [0] * 200, max_pairs=4_000)
    (cluster,) = found.clusters
    assert cluster.n_pairs == 4_000
    assert cluster.icss != cluster.exact
    assert abs(cluster.icss - cluster.exact) < 4 * cluster.std / 4_000**0.5


def test_below_the_cap_every_pair_is_taken_once():
    unit = scattered(40)
    by_loops = [float(unit[i] @ unit[j]) for i in range(40) for j in range(i)]
    (cluster,) = score(unit, [0] * 40).clusters
    assert cluster.icss == pytest.approx(np.mean(by_loops), abs=1e-6)
    assert cluster.std == pytest.approx(np.std(by_loops), abs=1e-6)
    assert cluster.exact == pytest.approx(cluster.icss, abs=1e-6)


def test_random_pairs_approach_the_mean_of_all_pairs():
    unit = scattered(150, around=0.3)
    random = score(unit, np.arange(150) % 3).random_pairs
    assert random is not None
    assert abs(random.icss - random.exact) < 5 * random.std / (random.n_pairs * random.repeats) ** 0.5
    assert 0 < random.spread < random.std


def test_labels_drawn_by_chance_score_like_random_pairs_and_true_groups_above():
    groups = np.arange(120) % 3
    centres = np.eye(8)[groups] * 3
    unit = scattered(120, seed=1) + centres
    unit = (unit / np.linalg.norm(unit, axis=1, keepdims=True)).astype(np.float32)
    true = score(unit, groups)
    chance = score(unit, np.random.default_rng(2).permutation(groups))
    assert true.interval95[0] > true.random_pairs.icss + 3 * true.random_pairs.spread
    assert abs(chance.exact - chance.random_pairs.exact) < 0.02


def test_the_interval_of_the_mean_holds_what_was_drawn_from():
    # Forty times fifteen segments of one population: its mean cosine lies in nearly all of the 95 % intervals.
    population = score(scattered(4_000, around=0.4), [0] * 4_000, bootstraps=1).clusters[0].exact
    inside = 0
    for draw in range(40):
        low, high = score(scattered(15, seed=100 + draw, around=0.4), [0] * 15).clusters[0].interval95
        inside += low <= population <= high
    assert inside >= 32


def test_copies_of_a_segment_do_not_pair_with_themselves_in_the_interval():
    # Orthogonal vectors: any pair of different segments is 0, so the interval is 0 to 0. Counting copies gives more.
    (cluster,) = score(np.eye(8), [0] * 8).clusters
    assert cluster.interval95 == pytest.approx((0.0, 0.0), abs=1e-12)


def test_the_seed_decides_everything_and_the_order_of_other_clusters_nothing():
    unit, labels = scattered(60), np.arange(60) % 2
    assert score(unit, labels, max_pairs=50) == score(unit, labels, max_pairs=50)
    assert score(unit, labels, max_pairs=50) != score(unit, labels, max_pairs=50, seed=7)
    alone = score(unit[labels == 0], np.zeros(30), max_pairs=50)
    assert score(unit, labels, max_pairs=50).clusters[0] == alone.clusters[0]


def test_it_goes_through_json_and_back():
    found = score(scattered(12), [0] * 8 + [1] * 3 + [2])
    assert Coherence.from_dict(json.loads(json.dumps(found.to_dict()))) == found


def test_vectors_and_labels_must_match():
    with pytest.raises(ValueError, match="3 vectors for 2 labels"):
        score(np.eye(3), [0, 0])


def test_norms_weigh_frames_before_they_are_normalised():
    # (3, 0) and (0, 1): weights 3/4 and 1/4 of the unit vectors, (0.75, 0.25) / 0.7906 = (0.9487, 0.3162).
    np.testing.assert_allclose(pooled(np.array([[3, 0], [0, 1]], dtype=np.float32)), [0.948683, 0.316228], atol=1e-6)
    # Normalised first, all weights are alike: (0.7071, 0.7071).
    np.testing.assert_allclose(pooled(np.eye(2, dtype=np.float32)), [0.707107, 0.707107], atol=1e-6)
    assert not pooled(np.zeros((2, 3), dtype=np.float32)).any()


@pytest.mark.parametrize(("n", "taken"), [(1, 1), (7, 7), (8, 8), (11, 8), (12, 12), (15, 12), (16, 16), (900, 16)])
def test_how_many_frames_of_a_clip_are_looked_at(n, taken):
    assert n_frames_of(n) == taken


class Noting:
    """Keeps the pictures it was shown; the feature is their brightness and 1."""

    name, dimension, licence, weights = "noting", 2, "", None

    def __init__(self) -> None:
        self.shown: list[np.ndarray] = []

    def encode(self, frames: np.ndarray) -> np.ndarray:
        self.shown.append(frames)
        return np.stack([frames.mean(axis=(1, 2, 3)), np.ones(len(frames))], axis=1).astype(np.float32)


def test_the_frames_are_spread_evenly_from_the_first_to_the_last(tmp_path: Path):
    # 31 pictures: 16 of them, every second one. 10: 8 of 0..9, at steps of 9/7.
    clips = [write_video(tmp_path / f"{n}.mp4", numbered(n), fps=10) for n in (31, 10, 3)]
    encoder = Noting()
    vectors = segment_vectors(clips, encoder)
    seen = [[level_of(image) for image in shown] for shown in encoder.shown]
    assert seen == [list(range(0, 31, 2)), [0, 1, 3, 4, 5, 6, 8, 9], [0, 1, 2]]
    assert vectors.shape == (3, 2)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


def test_large_pictures_are_made_smaller_before_they_are_encoded(tmp_path: Path):
    encoder = Noting()
    segment_vectors([write_video(tmp_path / "wide.mp4", numbered(3, 1280, 720), fps=10)], encoder)
    assert encoder.shown[0].shape == (3, 360, 640, 3)


def test_a_clip_that_does_not_decode_is_refused(tmp_path: Path):
    (tmp_path / "00000.mp4").write_bytes(b"not a video at all")
    with pytest.raises(CannotDecode):
        segment_vectors([tmp_path / "00000.mp4"], Noting())


def test_features_that_are_no_numbers_are_refused(tmp_path: Path):
    class Broken(Noting):
        def encode(self, frames):
            return np.full((len(frames), 2), np.nan, dtype=np.float32)

    with pytest.raises(PipelineError, match="gives no numbers"):
        segment_vectors([write_video(tmp_path / "a.mp4", numbered(3), fps=10)], Broken())


def test_a_configuration_stored_before_there_was_a_coherence_branch_can_be_read():
    stored = PipelineConfig.preset("tiny").to_dict()
    del stored["coherence"]
    assert PipelineConfig.from_dict(stored).coherence == CONFIG
