"""The stages there are, the queue each runs on, and which wait for which (the chain of LAPS §3, DESIGN's table)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Stage:
    """One kind of work. `scope` is what one execution of it covers; `after` names the stages it waits for."""

    name: str
    scope: Literal["video", "run"]
    queue: Literal["cpu", "gpu", "io"]
    after: tuple[str, ...] = ()
    optional: bool = False  # the run is done without it


INGEST = (
    Stage("probe", "video", "io"),
    Stage("preview", "video", "cpu", after=("probe",)),
)
CHAIN = (
    Stage("track", "video", "cpu"),
    Stage("train", "run", "gpu", after=("track",)),
    Stage("tokenize", "video", "gpu", after=("track", "train")),
    Stage("energy", "video", "cpu", after=("tokenize",)),
    Stage("calibrate", "run", "cpu", after=("energy",)),
    Stage("segment", "video", "cpu", after=("energy", "calibrate")),
    Stage("clips", "video", "io", after=("segment",)),
    Stage("embed", "video", "gpu", after=("segment",)),
    Stage("cluster", "run", "cpu", after=("embed",)),
    Stage("umap", "run", "cpu", after=("cluster",), optional=True),
    # After the clusters, although it needs the clips only: nobody waits for it, and on a CPU it takes hours.
    Stage("visual", "video", "gpu", after=("clips", "cluster"), optional=True),
    Stage("coherence", "run", "cpu", after=("cluster", "visual"), optional=True),
)
COHERENCE = ("visual", "coherence")
STAGES = {stage.name: stage for stage in INGEST + CHAIN}
ORDER = {name: position for position, name in enumerate(STAGES)}
