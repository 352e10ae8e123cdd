"""A map of as many primitives as one likes, as the server would send it: lobes of unequal size, as UMAP draws them."""

from __future__ import annotations

from typing import Any

import numpy as np

from backend.common.columns import MEDIA_TYPE, pack

__all__ = ["MEDIA_TYPE", "a_map"]


def a_map(
    n: int = 100_000, *, n_clusters: int = 40, n_videos: int = 12, seed: int = 0, run: int = 1, projection: str = "umap"
) -> bytes:
    """The body of `GET /api/runs/{run}/map/` for `n` primitives with ids 1 … n. The same for the same arguments."""
    rng = np.random.default_rng(seed)
    share = rng.dirichlet(np.full(n_clusters, 2.0))
    cluster = np.sort(rng.choice(n_clusters, n, p=np.sort(share)[::-1]))  # the largest first, as runs number them
    rng.shuffle(cluster)
    middles = rng.uniform(-12, 12, (n_clusters, 2))
    along = rng.uniform(0.2, 1.6, (n_clusters, 2))
    places = middles[cluster] + rng.normal(size=(n, 2)) * along[cluster]
    actions = [{"id": i + 1, "name": f"Action {i + 1}", "colour": i} for i in range(n_clusters // 2)]
    action = np.where(cluster < len(actions), cluster + 1, -1)
    duration_s = np.exp(rng.normal(0.3, 0.5, n))
    start_s = np.cumsum(duration_s)
    facts: dict[str, Any] = {
        "run": run,
        "projection": projection,
        "seed": seed,
        "actions": actions,
        "videos": [{"id": i + 1, "title": f"shift-{i + 1}.mp4"} for i in range(n_videos)],
    }
    columns = {
        "ids": np.arange(1, n + 1, dtype=np.float64),
        "x": places[:, 0].astype(np.float32),
        "y": places[:, 1].astype(np.float32),
        "cluster": cluster.astype(np.int32),
        "action": action.astype(np.int32),
        "video": (1 + np.arange(n) * n_videos // max(n, 1)).astype(np.int32),
        "quality": np.where(rng.random(n) < 0.3, rng.uniform(0, 3, n), np.nan).astype(np.float32),
        "start_s": start_s,
        "end_s": start_s + duration_s,
    }
    return pack(facts, columns)
