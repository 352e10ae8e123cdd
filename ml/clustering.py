"""Cosine k-means over segment embeddings (§3.2.2): standardise, L2-normalise, k-means.

k is the team's choice; where none is given, the k with the best silhouette is taken and the others are shown beside it.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from sklearn import config_context
from sklearn.cluster import KMeans
from sklearn.metrics import (
    adjusted_rand_score,
    pairwise_distances,
    silhouette_samples,
    silhouette_score,
)
from threadpoolctl import threadpool_limits

from ml.artefacts import ClusterFacts, Clustering, Float, Progress, Suggestion, no_progress
from ml.config import ClusteringConfig
from ml.errors import TooFewSegments

Labels = npt.NDArray[np.int32]
MEDOIDS = 6
SUGGESTION_SAMPLE = 1500  # segments the suggestions are made on, at most
SUGGESTION_INITS = 3
SILHOUETTE_SAMPLE = 4000  # all pairs of these are compared
STABILITY_REPEATS, STABILITY_SHARE = 10, 0.8
STABILITY_SAMPLE = 2000  # segments it is taken on, at most
STABILITY_INITS = 3
ROWS = 1024  # segments computed on at a time in double precision: hours of video have tens of thousands of them


def cluster(vectors: Float, config: ClusteringConfig, progress: Progress = no_progress) -> Clustering:
    """Cluster embeddings e, [M, d], not normalised. Clusters are numbered by size, the largest 0.

    There are never more clusters than distinct vectors, so fewer segments than `config.n_clusters` give fewer clusters.
    Without a given k, up to 2 segments are one cluster: no silhouette is defined there.

    Raises TooFewSegments where M = 0.
    """
    M = len(vectors)
    if M == 0:
        raise TooFewSegments("no primitive was found, so there is nothing to cluster")
    unit = unit_vectors(vectors)
    with threadpool_limits(limits=1):  # threads add their sums in any order
        suggested: tuple[Suggestion, ...] = ()
        if config.n_clusters is None:
            suggested = suggest(unit, min(_distinct(unit, config.max_suggested), M - 1), config.seed, progress)
            k = max(suggested, key=lambda one: one[1])[0] if suggested else 1
        else:
            k = _distinct(unit, config.n_clusters)
        labels = by_size(_k_means(unit, k, config.n_init, config.seed))
        progress(0.9, f"{k} clusters of {M} segments")
        silhouettes = _silhouettes(unit, labels, config.seed)
        centres, distances = _around(unit, labels)
        found = Clustering(
            labels=labels,
            xy=pca(unit),
            clusters=tuple(_facts(index, distances, labels, silhouettes) for index in range(len(centres))),
            silhouette=None if silhouettes is None else float(np.nanmean(silhouettes)),
            calinski_harabasz=_calinski_harabasz(centres, distances, labels) if 1 < k < M else None,
            suggested=suggested,
            stability=stability(unit, labels, config.seed),
        )
    progress(1.0, f"{found.n_clusters} clusters of {M} segments")
    return found


def unit_vectors(vectors: Float) -> Float:
    """ê, [M, d] float32: each column to zero mean and unit variance over the segments, then each row to length 1.

    A column that never varies becomes 0, and so does a row that is the mean in every column.
    """
    mean = _mean(vectors)
    squares = np.zeros(vectors.shape[1])
    for rows in _blocks(vectors):
        squares += np.square(vectors[rows] - mean).sum(axis=0)
    spread = np.sqrt(squares / max(1, len(vectors)))
    # A column of equal float32 values has a spread of rounding errors, not of 0.
    varies = spread > 1e-6 * max(vectors.max(initial=1e-12), -vectors.min(initial=-1e-12))
    scale = np.where(varies, spread, 1.0)
    unit = np.empty(vectors.shape, dtype=np.float32)
    for rows in _blocks(vectors):
        wide = np.where(varies, vectors[rows] - mean, 0.0) / scale
        length = np.linalg.norm(wide, axis=1, keepdims=True)
        unit[rows] = wide / np.where(length > 0, length, 1.0)
    return unit


def edge_margins(vectors: Float, labels: Labels) -> npt.NDArray[np.float64]:
    """How far each segment is from the edge of its cluster, [M]: the cosine of ê with its own centre less that with the
    next nearest one. 0 lies between two clusters, below 0 another centre is nearer by angle; NaN where there is only
    one cluster.

    vectors: e, [M, d], and labels, [M], of `cluster`. A centre is the mean of its ê, put back on the unit sphere.
    """
    unit = unit_vectors(vectors)
    centres, _ = _around(unit, labels)
    lengths = np.linalg.norm(centres, axis=1, keepdims=True)
    centres = centres / np.where(lengths > 0, lengths, 1.0)
    margins = np.full(len(unit), np.nan)
    if len(centres) < 2:
        return margins
    for rows in _blocks(unit):
        cosines = unit[rows] @ centres.T  # [rows, k]
        each = np.arange(len(cosines))
        own = cosines[each, labels[rows]]
        cosines[each, labels[rows]] = -np.inf
        margins[rows] = own - cosines.max(axis=1)
    return margins


def suggest(unit: Float, max_k: int, seed: int, progress: Progress = no_progress) -> tuple[Suggestion, ...]:
    """(k, silhouette, Calinski–Harabasz) for k = 2..max_k on ê, [M, d]. Of many segments a seeded sample of 1,500
    speaks for all; Calinski–Harabasz grows with their number, so it compares these k with each other only."""
    sample = _sample(unit, SUGGESTION_SAMPLE, seed)
    distances = np.clip(pairwise_distances(unit[sample]), 0.0, None)
    np.fill_diagonal(distances, 0.0)
    found = []
    for k in range(2, min(max_k, len(sample) - 1) + 1):
        labels = _k_means(unit[sample], k, SUGGESTION_INITS, seed)
        if 1 < len(np.unique(labels)) < len(sample):
            silhouette = float(silhouette_score(distances, labels, metric="precomputed"))
            numbered = by_size(labels)
            found.append((k, silhouette, _calinski_harabasz(*_around(unit[sample], numbered), numbered)))
        progress(0.8 * k / max_k, f"trying {k} clusters")
    return tuple(found)


def stability(unit: Float, labels: Labels, seed: int) -> float | None:
    """How far the clusters `labels` [M] of ê, [M, d], come back when a fifth of the segments is missing.

    The mean adjusted Rand index, over 10 seeded draws of 80 % of the segments, of a clustering of those segments alone
    against their labels: 1 the same clusters every time, 0 no more alike than by chance. Of many segments a seeded
    sample of 2,000 speaks for all. None where there are not two clusters, or not more segments than clusters in a draw.
    """
    k = len(np.unique(labels))
    sample = _sample(unit, STABILITY_SAMPLE, seed)
    n = int(STABILITY_SHARE * len(sample))
    if not 1 < k < n:
        return None
    rng = np.random.default_rng(seed)
    scores = []
    for _ in range(STABILITY_REPEATS):
        drawn = rng.choice(sample, n, replace=False)
        found = _k_means(unit[drawn], _distinct(unit[drawn], k), STABILITY_INITS, seed)
        scores.append(adjusted_rand_score(labels[drawn], found))
    return float(np.mean(scores))


def by_size(labels: npt.NDArray[np.integer]) -> Labels:
    """The same clusters [M] numbered by size, the largest 0; of equal ones, that of the earliest segment first."""
    _, first, inverse, counts = np.unique(labels, return_index=True, return_inverse=True, return_counts=True)
    rank = np.empty(len(counts), dtype=np.int32)
    rank[np.lexsort((first, -counts))] = np.arange(len(counts))
    renumbered: Labels = rank[inverse]
    return renumbered


def pca(unit: Float) -> Float:
    """xy of each row on the first two principal axes, [M, 2]; 0 where the rows span fewer. Each axis points to where
    its largest coordinate is positive, so the picture does not flip from run to run."""
    M, d = unit.shape
    mean, covariance = _mean(unit), np.zeros((d, d))
    for rows in _blocks(unit):
        centred = unit[rows] - mean
        covariance += centred.T @ centred
    values, vectors = np.linalg.eigh(covariance)  # ascending
    axes = [vectors[:, -1 - axis] for axis in range(min(2, d)) if values[-1 - axis] > 1e-9]
    xy = np.zeros((M, 2))
    for axis, direction in enumerate(axes):
        for rows in _blocks(unit):
            xy[rows, axis] = (unit[rows] - mean) @ direction
        xy[:, axis] *= np.sign(xy[np.argmax(np.abs(xy[:, axis])), axis])
    return xy.astype(np.float32)


def project_umap(vectors: Float, seed: int) -> Float:
    """xy of each segment by UMAP on ê, [M, 2] float32; by PCA where there are fewer than 5 segments.

    Takes from seconds to minutes. Needs the extra `viz`; raises ModuleNotFoundError without it.
    """
    unit = unit_vectors(vectors)
    if len(unit) < 5:
        return pca(unit)
    import umap  # compiles for half a minute on its first import, which nobody else should wait for

    reducer = umap.UMAP(n_neighbors=min(15, len(unit) - 1), metric="cosine", random_state=seed, n_jobs=1, init="pca")
    xy: Float = np.asarray(reducer.fit_transform(unit), dtype=np.float32)
    return xy


def _k_means(unit: Float, k: int, n_init: int, seed: int) -> Labels:
    """Labels [M]. Works in `unit` itself, which comes back as it was up to rounding, since a copy would be as large."""
    labels: Labels = KMeans(k, n_init=n_init, random_state=seed, copy_x=False).fit_predict(unit)
    return labels


def _blocks(rows: Float) -> Iterator[slice]:
    """Slices of all rows, some at a time."""
    return (slice(start, start + ROWS) for start in range(0, len(rows), ROWS))


def _mean(rows: Float) -> npt.NDArray[np.float64]:
    mean: npt.NDArray[np.float64] = rows.sum(axis=0, dtype=np.float64) / max(1, len(rows))
    return mean


def _distinct(unit: Float, at_most: int) -> int:
    """How many different rows there are, counted no further than `at_most`."""
    seen: set[bytes] = set()
    for row in unit:
        seen.add((row + 0.0).tobytes())  # -0 is 0
        if len(seen) >= at_most:
            break
    return len(seen)


def _sample(unit: Float, at_most: int, seed: int) -> npt.NDArray[np.intp]:
    if len(unit) <= at_most:
        return np.arange(len(unit))
    return np.sort(np.random.default_rng(seed).choice(len(unit), at_most, replace=False))


def _silhouettes(unit: Float, labels: Labels, seed: int) -> npt.NDArray[np.float64] | None:
    """[M] silhouette of each segment, NaN outside the sample it is taken on; None where it is not defined."""
    sample = _sample(unit, SILHOUETTE_SAMPLE, seed)
    if not 1 < len(np.unique(labels[sample])) < len(sample):
        return None
    values = np.full(len(unit), np.nan)
    with config_context(working_memory=16):  # MiB of distances at a time
        values[sample] = silhouette_samples(unit[sample], labels[sample])
    return values


def _around(unit: Float, labels: Labels) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The mean [k, d] of each cluster, and how far each segment is from that of its own, [M]."""
    sizes = np.bincount(labels)
    centres = np.zeros((len(sizes), unit.shape[1]))
    for rows in _blocks(unit):
        np.add.at(centres, labels[rows], unit[rows])
    centres /= sizes[:, None]
    distances = np.empty(len(unit))
    for rows in _blocks(unit):
        distances[rows] = np.linalg.norm(unit[rows] - centres[labels[rows]], axis=1)
    return centres, distances


def _calinski_harabasz(centres: npt.NDArray[np.float64], distances: npt.NDArray[np.float64], labels: Labels) -> float:
    """Variance between the clusters over the variance within them, each by its degrees of freedom; 1 where none is
    within, as scikit-learn has it."""
    sizes = np.bincount(labels)
    k, M = len(sizes), len(labels)
    mean = (sizes @ centres) / M
    between = float(sizes @ np.square(centres - mean).sum(axis=1))
    within = float(np.square(distances).sum())
    return 1.0 if within == 0 else between / within * (M - k) / (k - 1)


def _facts(
    index: int,
    distances: npt.NDArray[np.float64],
    labels: Labels,
    silhouettes: npt.NDArray[np.float64] | None,
) -> ClusterFacts:
    members = np.flatnonzero(labels == index)
    nearest = np.argsort(distances[members], kind="stable")[:MEDOIDS]
    silhouette = None
    if silhouettes is not None and not np.isnan(silhouettes[members]).all():
        silhouette = float(np.nanmean(silhouettes[members]))
    return ClusterFacts(index, len(members), silhouette, tuple(int(i) for i in members[nearest]))
