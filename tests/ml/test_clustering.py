import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.cluster import KMeans
from sklearn.metrics import calinski_harabasz_score, silhouette_score

from ml import clustering
from ml.clustering import by_size, cluster, edge_margins, pca, project_umap, stability, suggest, unit_vectors
from ml.config import ClusteringConfig
from ml.errors import TooFewSegments


def heaps(*sizes: int, seed: int = 0) -> np.ndarray:
    """Vectors around one far corner each."""
    rng, d = np.random.default_rng(seed), max(2, len(sizes))
    centres = 10 * np.eye(d)[: len(sizes)]
    return np.concatenate([c + rng.normal(0, 0.3, (n, d)) for c, n in zip(centres, sizes, strict=True)]).astype(
        np.float32
    )


def test_standardised_then_normalised_by_hand():
    # Columns 0, 2, 4 and 5, 5, 5: mean 2, spread √(8/3); the second never varies.
    unit = unit_vectors(np.array([[0, 5], [2, 5], [4, 5]], dtype=np.float32))
    assert unit.tolist() == [[-1, 0], [0, 0], [1, 0]]
    # (0, 0), (2, 0), (0, 2), (2, 2): each column's spread is 1, so each row is (±1, ±1) / √2.
    corners = unit_vectors(np.array([[0, 0], [2, 0], [0, 2], [2, 2]], dtype=np.float32))
    np.testing.assert_allclose(corners, np.array([[-1, -1], [1, -1], [-1, 1], [1, 1]]) / np.sqrt(2), rtol=1e-6)


def test_heaps_are_found_and_numbered_by_size():
    found = cluster(heaps(5, 20, 10), ClusteringConfig(n_clusters=3))
    assert found.labels.tolist() == [2] * 5 + [0] * 20 + [1] * 10
    assert [c.size for c in found.clusters] == [20, 10, 5]
    assert [c.index for c in found.clusters] == [0, 1, 2]
    assert found.silhouette is not None
    assert found.silhouette > 0.8
    assert found.calinski_harabasz is not None
    assert found.suggested == ()


def test_medoids_are_the_members_nearest_to_the_centre():
    # Four directions in a plane; standardising changes nothing about who is in the middle of its heap.
    angles = np.radians([-10, 0, 11, 170, 180, 190.5])
    found = cluster(
        np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32), ClusteringConfig(n_clusters=2)
    )
    assert sorted(c.medoids[0] for c in found.clusters) == [1, 4]
    assert all(set(c.medoids) == set(np.flatnonzero(found.labels == c.index)) for c in found.clusters)


def test_silhouette_by_hand():
    # Two pairs of equal vectors: own distance 0, so every silhouette is 1.
    found = cluster(np.array([[1, 0], [1, 0], [-1, 0.5], [-1, 0.5]], dtype=np.float32), ClusteringConfig(n_clusters=2))
    assert found.silhouette == pytest.approx(1)
    assert [c.silhouette for c in found.clusters] == pytest.approx([1, 1])


def test_without_a_k_the_best_silhouette_decides():
    found = cluster(heaps(12, 9, 7, 6), ClusteringConfig(max_suggested=8))
    assert found.n_clusters == 4
    assert [k for k, *_ in found.suggested] == [2, 3, 4, 5, 6, 7, 8]
    assert max(found.suggested, key=lambda pair: pair[1])[0] == 4


def test_few_segments_make_fewer_clusters():
    with pytest.raises(TooFewSegments, match="no primitive"):
        cluster(np.zeros((0, 8), dtype=np.float32), ClusteringConfig(n_clusters=3))
    for M, k, expected in [(1, None, 1), (1, 5, 1), (2, None, 1), (2, 5, 2), (3, None, 2), (3, 9, 3)]:
        found = cluster(heaps(*[1] * M), ClusteringConfig(n_clusters=k))
        assert found.n_clusters == expected, (M, k)
        assert found.xy.shape == (M, 2)
        assert sum(c.size for c in found.clusters) == M
        if expected in (1, M):
            assert found.silhouette is None
            assert found.calinski_harabasz is None


def test_equal_vectors_are_one_cluster():
    found = cluster(np.ones((7, 4), dtype=np.float32), ClusteringConfig(n_clusters=3))
    assert found.n_clusters == 1
    assert not found.xy.any()


def test_clustering_twice_gives_the_same():
    vectors = np.random.default_rng(1).normal(size=(60, 16)).astype(np.float32)
    first, second = (cluster(vectors, ClusteringConfig()) for _ in range(2))
    assert first.labels.tolist() == second.labels.tolist()
    np.testing.assert_array_equal(first.xy, second.xy)
    assert first.suggested == second.suggested


@given(st.lists(st.integers(0, 5), min_size=1, max_size=30))
def test_renumbering_keeps_who_is_together(labels: list[int]):
    found = by_size(np.array(labels))
    sizes = np.bincount(found)
    assert (np.diff(sizes) <= 0).all()
    assert sizes.min() > 0
    pairs = {(a, b) for a, b in zip(labels, found.tolist(), strict=True)}
    assert len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs})


def test_pca_by_hand():
    # All variance of the first axis is along (1, 1): the points lie at -√2, 0, √2; largest coordinate positive.
    xy = pca(np.array([[0, 0], [1, 1], [2, 2]], dtype=np.float32))
    np.testing.assert_allclose(np.abs(xy[:, 0]), [np.sqrt(2), 0, np.sqrt(2)], atol=1e-6)
    assert xy[np.argmax(np.abs(xy[:, 0])), 0] > 0
    np.testing.assert_allclose(xy[:, 1], 0, atol=1e-6)


def test_suggestions_score_like_scikit_learn():
    unit = unit_vectors(heaps(12, 9, 7, 6))
    for k, silhouette, calinski_harabasz in suggest(unit, 6, seed=3):
        labels = KMeans(k, n_init=3, random_state=3).fit_predict(unit)
        assert silhouette == pytest.approx(silhouette_score(unit, labels), abs=1e-5)
        assert calinski_harabasz == pytest.approx(calinski_harabasz_score(unit, labels), rel=1e-5)


def test_suggestions_of_many_segments_cost_no_more_than_those_of_the_sample():
    unit = unit_vectors(np.tile(heaps(20, 20, 20), (40, 1)))
    assert [k for k, *_ in suggest(unit, 3, seed=0)] == [2, 3]


def test_umap_of_a_handful_is_pca():
    vectors = heaps(2, 2)
    np.testing.assert_array_equal(project_umap(vectors, seed=0), pca(unit_vectors(vectors)))


def test_k_means_on_the_sphere_by_hand():
    # Four corners of a square, two of them doubled far out along their own direction: lengths are gone after
    # normalising, so what is together is together by direction alone. Columns are centred and of equal spread already.
    vectors = np.array([[3, 1], [1, 3], [-3, -1], [-1, -3]], dtype=np.float32)
    # Each column: mean 0, spread √((9 + 1 + 9 + 1) / 4) = √5. Rows: (3, 1) / √10 and so on, of length 1.
    unit = unit_vectors(vectors)
    np.testing.assert_allclose(unit, vectors / np.sqrt(10), rtol=1e-6)
    found = cluster(vectors, ClusteringConfig(n_clusters=2))
    assert found.labels.tolist() == [0, 0, 1, 1]
    # Silhouette: cosine of a pair is (3·1 + 1·3) / 10 = 0.6, so a = √(2 - 1.2) = √0.8. The others lie at cosines -1 and
    # -0.6: b = (√4 + √3.2) / 2. Every segment is in the same place, so the mean is 1 - a / b.
    a, b = np.sqrt(0.8), (2 + np.sqrt(3.2)) / 2
    assert found.silhouette == pytest.approx(1 - a / b, rel=1e-5)
    # Calinski-Harabasz: centres ±(2, 2) / √10, mean 0. Between 4 · 0.8 / (2 - 1), within 4 · (0.8 / 4) / (4 - 2).
    assert found.calinski_harabasz == pytest.approx(3.2 / (0.8 / 2), rel=1e-5)


def test_clear_heaps_are_stable_and_cutting_one_heap_is_not():
    clear = cluster(heaps(20, 20, 20), ClusteringConfig(n_clusters=3))
    assert clear.stability == 1
    one = np.random.default_rng(0).normal(size=(60, 8)).astype(np.float32)
    torn = cluster(one, ClusteringConfig(n_clusters=6))
    assert torn.stability is not None
    assert torn.stability < 0.7
    assert cluster(one, ClusteringConfig(n_clusters=6)).stability == torn.stability


def test_stability_of_labels_that_are_not_there_is_that_of_chance():
    unit = unit_vectors(heaps(40, 40))
    found = stability(unit, np.arange(80, dtype=np.int32) % 2, seed=0)
    assert found == pytest.approx(0, abs=0.05)


def test_where_clusters_cannot_come_back_stability_is_not_defined():
    assert cluster(heaps(9), ClusteringConfig(n_clusters=1)).stability is None
    assert cluster(heaps(1, 1, 1), ClusteringConfig(n_clusters=3)).stability is None
    assert cluster(heaps(2, 1), ClusteringConfig(n_clusters=2)).stability is None  # of 3, a draw has 2: one a cluster


def test_clustering_hours_of_segments_needs_little_more_than_their_vectors():
    vectors = np.random.default_rng(0).normal(size=(40_000, 64)).astype(np.float32)
    labels = np.arange(40_000, dtype=np.int32) % 5
    tracemalloc.start()
    try:
        unit = unit_vectors(vectors)
        standardised = tracemalloc.get_traced_memory()[1]
        tracemalloc.reset_peak()
        pca(unit)
        clustering._around(unit, labels)
        rest = tracemalloc.get_traced_memory()[1] - unit.nbytes
    finally:
        tracemalloc.stop()
    assert standardised < 1.25 * vectors.nbytes  # the result and a block
    assert rest < 0.25 * vectors.nbytes


def test_blocks_of_rows_do_not_show(monkeypatch: pytest.MonkeyPatch):
    vectors = np.random.default_rng(0).normal(size=(50, 8)).astype(np.float32)
    whole = cluster(vectors, ClusteringConfig(n_clusters=3))
    unit = unit_vectors(vectors)
    assert whole.calinski_harabasz == pytest.approx(calinski_harabasz_score(unit, whole.labels), rel=1e-5)
    centred = unit.astype(np.float64) - unit.mean(axis=0, dtype=np.float64)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    np.testing.assert_allclose(np.abs(pca(unit)), np.abs(centred @ axes[:2].T), atol=1e-5)
    monkeypatch.setattr(clustering, "ROWS", 7)
    parts = cluster(vectors, ClusteringConfig(n_clusters=3))
    assert parts.labels.tolist() == whole.labels.tolist()
    np.testing.assert_allclose(parts.xy, whole.xy, atol=1e-6)
    assert parts.calinski_harabasz == pytest.approx(whole.calinski_harabasz, rel=1e-6)


def test_the_margin_of_a_cluster_edge_by_hand():
    # (±1, ±1)/√2 as above; labels by the sign of x: the centres are (±1/√2, 0), of length 1 after normalising (±1, 0).
    # Every point has cosine 1/√2 with its own centre and -1/√2 with the other: √2 apart.
    corners = np.array([[0, 0], [2, 0], [0, 2], [2, 2]], dtype=np.float32)
    np.testing.assert_allclose(edge_margins(corners, np.array([0, 1, 0, 1], dtype=np.int32)), np.sqrt(2), rtol=1e-6)
    assert np.isnan(edge_margins(corners, np.zeros(4, dtype=np.int32))).all(), "one cluster has no edge"


def test_a_segment_between_two_heaps_has_the_least_margin():
    vectors = np.concatenate([heaps(12, 12), np.array([[10, 9]], dtype=np.float32)])
    found = cluster(vectors, ClusteringConfig(n_clusters=2))
    measured = edge_margins(vectors, found.labels)
    assert np.argmin(measured) == 24
    assert (measured[:24] > 1).all()
