"""Everything a run found, without ids and times, to compare runs by."""

from __future__ import annotations

from typing import Any

from backend.common.artefacts import ArtefactStore
from backend.runs.models import Run


def fingerprint(run: Run, store: ArtefactStore) -> dict[str, Any]:
    segments = run.segments.order_by("video__sha256", "index").select_related("cluster")
    by_index = run.coherence.order_by("position", "clusters__cluster__index")
    rows = run.stages.select_related("video")
    return {
        "segments": [
            (s.start_s, s.end_s, tuple(s.codes), s.cluster and s.cluster.index, tuple(s.embedding), s.x, s.y)
            for s in segments
        ],
        "clusters": list(run.clusters.order_by("index").values_list("index", "size", "silhouette")),
        "coherence": list(
            by_index.values_list(
                "encoder", "weights", "seed", "n_pairs", "icss", "low", "high", "random_icss", "clusters__icss"
            )
        ),
        "looks": [
            (look.encoder, look.weights, tuple(look.vector))
            for segment in segments
            for look in segment.visual_embeddings.order_by("encoder")
        ],
        "stages": sorted((row.stage, row.video.sha256 if row.video else "", row.status) for row in rows),
        "files": {
            (row.stage, row.video.sha256 if row.video else ""): store.manifest(row.output_key)
            for row in rows
            if row.output_key
        },
    }
