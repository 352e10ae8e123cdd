"""How alike the primitives of a cluster look, against random pairs: Intra-Cluster Semantic Similarity (§3.2.3, §4.5).

The figure depends on what looks at the pictures, so a `Coherence` carries the encoder's name and the digest of its
weights wherever it goes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from ml.artefacts import Float, Progress, no_progress
from ml.config import CoherenceConfig
from ml.encoders import FrameEncoder
from ml.errors import CannotDecode, PipelineError
from ml.video import fit, packet_times_s, pictures

Doubles = npt.NDArray[np.float64]
LONG_SIDE_PX = 640  # pictures are scaled down to this before they are encoded: sixteen of a large video stay small
MIN_RESAMPLED = 5  # segments: resampling fewer says nothing of how certain a mean is
ROWS_AT_ONCE = 8192  # pairs compared at a time
DRAWS_AT_ONCE = 2_000_000  # bootstrap counts drawn at a time


@dataclass(frozen=True)
class ClusterCoherence:
    """ICSS of one cluster. Everything is None where it has a single segment, and so no pair."""

    index: int
    size: int
    n_pairs: int
    icss: float | None  # mean cosine of the pairs taken
    std: float | None  # of the cosines of those pairs
    exact: float | None  # mean cosine of all pairs; `icss` itself where all were taken
    interval95: tuple[float, float] | None  # of the mean, resampling segments; None below 5 segments too


@dataclass(frozen=True)
class RandomPairs:
    """The baseline: pairs from all segments, whatever their clusters, as many as were taken inside clusters."""

    n_pairs: int  # of each repeat
    repeats: int
    icss: float  # mean over the repeats
    std: float  # of the cosines of all pairs drawn
    spread: float  # of the means of the repeats
    exact: float  # mean cosine of all pairs there are


@dataclass(frozen=True)
class Coherence:
    """ICSS of a clustering as one encoder sees it.

    The overall values pool the pairs taken: a cluster weighs as many pairs as it gave. `of_clusters` is the plain mean
    of the clusters' values. They are None, as is `random_pairs`, where no cluster has a pair.
    """

    encoder: str
    weights: str | None
    seed: int
    clusters: tuple[ClusterCoherence, ...]
    n_pairs: int
    icss: float | None
    std: float | None
    exact: float | None
    interval95: tuple[float, float] | None
    of_clusters: float | None
    random_pairs: RandomPairs | None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types; `from_dict` takes it back."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Coherence:
        """What `to_dict` gave, also after a way through JSON."""

        def pair(value: Sequence[float] | None) -> tuple[float, float] | None:
            return None if value is None else (value[0], value[1])

        clusters = tuple(ClusterCoherence(**{**one, "interval95": pair(one["interval95"])}) for one in data["clusters"])
        random_pairs = None if data["random_pairs"] is None else RandomPairs(**data["random_pairs"])
        given = {"clusters": clusters, "random_pairs": random_pairs, "interval95": pair(data["interval95"])}
        return cls(**{**data, **given})


def n_frames_of(n: int) -> int:
    """How many of a clip's `n` pictures are looked at: all below 8, then 8, 12 from 12 on, 16 from 16 on.

    Not in the paper ("multiple frames"): the rule of its published code.
    """
    return n if n < 8 else 8 if n < 12 else 12 if n < 16 else 16


def segment_vectors(clips: Sequence[Path], encoder: FrameEncoder, progress: Progress = no_progress) -> Float:
    """v_i of every segment, from its clip: [M, dimension] float32, each of length 1.

    Frames are evenly spaced over the clip, its first and last among them. One clip is decoded at a time, so memory
    holds sixteen pictures. Raises CannotDecode for a clip without a picture, PipelineError where the encoder gives
    something other than numbers.
    """
    vectors = np.zeros((len(clips), encoder.dimension), dtype=np.float32)
    for i, clip in enumerate(clips):
        vectors[i] = pooled(encoder.encode(_chosen_pictures(clip)))
        if not np.isfinite(vectors[i]).all():
            raise PipelineError(f"the encoder {encoder.name} gives no numbers for {clip.name}: its weights are damaged")
        progress((i + 1) / len(clips), f"{encoder.name}: {i + 1} of {len(clips)} primitives")
    return vectors


def pooled(features: Float) -> Float:
    """v of one segment from the features of its frames, [T, d] not normalised, by norm-weighted pooling (§3.2.3).

    Each frame's unit vector is weighted by the norm of its feature *before* normalising; afterwards all norms are 1 and
    the weights would say nothing. So v = Σ (‖f_t‖ / Σ‖f‖) · f_t / ‖f_t‖, normalised: the direction of Σ f_t.
    """
    total = features.astype(np.float64).sum(axis=0)
    length = np.linalg.norm(total)
    vector: Float = (total / (length if length > 0 else 1.0)).astype(np.float32)
    return vector


def coherence(
    vectors: Float, labels: npt.NDArray[np.integer], config: CoherenceConfig, *, encoder: str, weights: str | None
) -> Coherence:
    """ICSS of the clusters `labels` [M], numbered from 0, over v [M, d] of length 1, and of random pairs.

    P_k holds all n(n-1)/2 pairs of cluster k or, where there are more than `config.max_pairs`, that many drawn with
    replacement. The exact mean over all pairs, (‖Σv‖² − n) / (n(n-1)), needs no sampling and stands beside it.
    """
    if len(vectors) != len(labels):
        raise ValueError(f"{len(vectors)} vectors for {len(labels)} labels")
    unit = vectors.astype(np.float64)
    clusters: list[ClusterCoherence] = []
    similarities: list[Doubles] = []
    resampled: list[Doubles] = []  # the overall mean of each resample, as a sum over clusters weighted by pairs
    with threadpool_limits(limits=1):  # threads add their sums in any order
        for index in range(int(labels.max(initial=-1)) + 1):
            members = unit[labels == index]
            found = _cosines(
                members, *_pairs(len(members), config.max_pairs, np.random.default_rng([config.seed, index, 1]))
            )
            means = _resampled_means(members, config.bootstraps, np.random.default_rng([config.seed, index, 2]))
            clusters.append(_of_cluster(index, members, found, means))
            similarities.append(found)
            if len(found):
                resampled.append(len(found) * np.where(np.isnan(means), _exact(members), means))
        pooled_cosines = np.concatenate(similarities) if similarities else np.zeros(0)
        n_pairs = len(pooled_cosines)
        random_pairs = _random_pairs(unit, n_pairs, config) if n_pairs else None
    scored = [one for one in clusters if one.icss is not None and one.exact is not None]
    certain = any(one.interval95 is not None for one in clusters)
    return Coherence(
        encoder=encoder,
        weights=weights,
        seed=config.seed,
        clusters=tuple(clusters),
        n_pairs=n_pairs,
        icss=_mean(pooled_cosines),
        std=_std(pooled_cosines),
        exact=sum(one.n_pairs * (one.exact or 0.0) for one in scored) / n_pairs if scored else None,
        interval95=_interval(np.sum(resampled, axis=0) / n_pairs) if certain else None,
        of_clusters=float(np.mean([one.icss for one in scored])) if scored else None,
        random_pairs=random_pairs,
    )


def _chosen_pictures(clip: Path) -> npt.NDArray[np.uint8]:
    """[T, H, W, 3]. The clip is read twice, first without decoding: its pictures must be counted to be spaced."""
    n = len(packet_times_s(clip, 0.0))
    wanted = set(np.linspace(0, n - 1, n_frames_of(n)).round().astype(int).tolist())
    size: tuple[int, int] | None = None
    found = []
    for i, picture in enumerate(pictures(clip)):
        if i in wanted:
            size = size or fit(picture.shown_size, LONG_SIDE_PX)
            found.append(picture.rgb(size))
    if not found:
        raise CannotDecode(f"{clip.name} has no picture that decodes")
    return np.stack(found)


def _of_cluster(index: int, members: Doubles, cosines: Doubles, means: Doubles) -> ClusterCoherence:
    return ClusterCoherence(
        index=index,
        size=len(members),
        n_pairs=len(cosines),
        icss=_mean(cosines),
        std=_std(cosines),
        exact=_exact(members) if len(members) > 1 else None,
        interval95=_interval(means) if len(members) >= MIN_RESAMPLED else None,
    )


def _pairs(n: int, at_most: int, rng: np.random.Generator) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """(i, j), i ≠ j: every pair of n once, or `at_most` of them drawn with replacement."""
    if n * (n - 1) // 2 <= at_most:
        return np.triu_indices(n, k=1)
    return _drawn(n, at_most, rng)


def _drawn(n: int, size: int, rng: np.random.Generator) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    i = rng.integers(0, n, size)
    j = rng.integers(0, n - 1, size)
    return i, j + (j >= i)


def _cosines(unit: Doubles, i: npt.NDArray[np.intp], j: npt.NDArray[np.intp]) -> Doubles:
    found = np.zeros(len(i))
    for start in range(0, len(i), ROWS_AT_ONCE):
        part = slice(start, start + ROWS_AT_ONCE)
        found[part] = np.einsum("pd,pd->p", unit[i[part]], unit[j[part]])
    return found


def _exact(unit: Doubles) -> float:
    n = len(unit)
    total = unit.sum(axis=0)
    return float((total @ total - np.sum(unit**2)) / (n * (n - 1)))


def _resampled_means(unit: Doubles, resamples: int, rng: np.random.Generator) -> Doubles:
    """[resamples] mean cosine over pairs of segments drawn with replacement; NaN where one segment was drawn n times.

    With segment i drawn w_i times it is (‖Σ w v‖² − Σ w²) / (n² − Σ w²): a segment is never paired with its own copy,
    which would count as perfect likeness.
    """
    n = len(unit)
    means = np.full(resamples, np.nan)
    at_once = max(1, DRAWS_AT_ONCE // max(1, n))
    squares = np.sum(unit**2, axis=1)
    for start in range(0, resamples if n > 1 else 0, at_once):
        size = min(at_once, resamples - start)
        drawn = rng.multinomial(n, np.full(n, 1 / n), size=size).astype(np.float64)  # [size, n]
        pairs = n**2 - np.sum(drawn**2, axis=1)
        sums = np.sum((drawn @ unit) ** 2, axis=1) - drawn**2 @ squares
        np.divide(sums, pairs, out=means[start : start + size], where=pairs > 0)
    return means


def _random_pairs(unit: Doubles, n_pairs: int, config: CoherenceConfig) -> RandomPairs:
    drawn = [
        _cosines(unit, *_drawn(len(unit), n_pairs, np.random.default_rng([config.seed, repeat, 3])))
        for repeat in range(config.repeats)
    ]
    means = [float(values.mean()) for values in drawn]
    return RandomPairs(
        n_pairs=n_pairs,
        repeats=config.repeats,
        icss=float(np.mean(means)),
        std=float(np.concatenate(drawn).std()),
        spread=float(np.std(means)),
        exact=_exact(unit),
    )


def _mean(values: Doubles) -> float | None:
    return float(values.mean()) if len(values) else None


def _std(values: Doubles) -> float | None:
    return float(values.std()) if len(values) else None


def _interval(means: Doubles) -> tuple[float, float]:
    low, high = np.nanpercentile(means, [2.5, 97.5])
    return float(low), float(high)
