"""Codes as vectors, and the statistics trainers normalise with, both exact: there are only as many vectors as codes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch

from ml.artefacts import Codes, Float
from ml.errors import UnusableCheckpoint
from ml.exports.dataset import Dataset
from ml.threads import fixed_threads
from ml.tokenizer.checkpoint import load_tokenizer
from ml.tokenizer.encode import z_q_of

Form = Literal["coordinates", "z_q"]
QUANTILES = {"q01": 0.01, "q10": 0.1, "q50": 0.5, "q90": 0.9, "q99": 0.99}
Stats = dict[str, list[Any]]


@dataclass(frozen=True)
class Vectors:
    """The vector of every code. table: [n_codes, D] float32; names: of its D columns."""

    form: Form
    table: Float
    names: tuple[str, ...]

    @property
    def width(self) -> int:
        """D, numbers a step."""
        return len(self.names)

    def of(self, codes: Codes) -> Float:
        """[T] codes → [T, D]."""
        found: Float = self.table[codes]
        return found


def vectors_of(dataset: Dataset, form: Form) -> Vectors:
    """z_q (§3.1), D = d_m, or the quantised numbers behind it, D = levels, in -1..1, of which z_q is an affine image.

    Raises UnusableCheckpoint where the tokenizer is missing, or has fewer codes than the dataset.
    """
    tokenizer = load_tokenizer(dataset.tokenizer)
    every = np.arange(tokenizer.config.n_codes, dtype=np.int16)
    highest = max((int(one.codes.max()) for one in dataset.primitives if len(one.codes)), default=0)
    if highest >= len(every):
        raise UnusableCheckpoint(f"the tokenizer has {len(every)} codes, but a primitive has the code {highest}")
    if form == "z_q":
        table = z_q_of(every, tokenizer)
        return Vectors(form, table, tuple(f"z_q_{i}" for i in range(table.shape[1])))
    with torch.inference_mode(), fixed_threads():
        table = tokenizer.fsq.coordinates(torch.from_numpy(every)).numpy().astype(np.float32)
    return Vectors(form, table, tuple(f"fsq_{i}" for i in range(table.shape[1])))


def stats_of(values: npt.NDArray[np.floating[Any]], counts: npt.NDArray[np.integer[Any]]) -> Stats:
    """min, max, mean, std (of the population), count and quantiles of values [V, D] that came `counts` [V] or [V, D]
    times, each a list of D. A quantile is the lowest value that at least that share does not exceed.

    Raises ValueError where nothing was counted.
    """
    V, D = values.shape
    weights = np.broadcast_to(counts.reshape(V, -1), (V, D)).astype(np.float64)
    total = weights.sum(axis=0)
    if not (total > 0).all():
        raise ValueError("statistics of nothing")
    exact = values.astype(np.float64)
    mean = (weights * exact).sum(axis=0) / total
    variance = (weights * (exact - mean) ** 2).sum(axis=0) / total
    order = np.argsort(exact, axis=0, kind="stable")
    ordered = np.take_along_axis(exact, order, axis=0)
    share = np.take_along_axis(weights, order, axis=0).cumsum(axis=0) / total  # [V, D]
    seen = np.where(weights > 0, exact, np.nan)
    stats = {
        "min": np.nanmin(seen, axis=0).tolist(),
        "max": np.nanmax(seen, axis=0).tolist(),
        "mean": mean.tolist(),
        "std": np.sqrt(variance).tolist(),
        "count": [int(total.max())],
    }
    for name, wanted in QUANTILES.items():
        place = np.minimum((share < wanted - 1e-12).sum(axis=0), V - 1)  # [D]
        stats[name] = ordered[place, np.arange(D)].tolist()
    return stats


def stats_of_rows(rows: npt.NDArray[Any]) -> Stats:
    """`stats_of` of rows [T, D], each of which came once."""
    return stats_of(rows, np.ones(len(rows), dtype=np.int64))
