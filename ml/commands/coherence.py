"""`kineme coherence`: how alike the primitives of each cluster look, on what `kineme discover` left."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.artefacts import Progress
from ml.coherence import ClusterCoherence, Coherence, coherence, segment_vectors
from ml.commands.console import (
    EXIT_DONE,
    EXIT_INTERRUPTED,
    EXIT_NOTHING_WORKED,
    add_weights_option,
    progress_bar,
    say,
    seed,
    stopped,
)
from ml.config import CoherenceConfig
from ml.encoders import availability, encoders, frame_encoder
from ml.errors import PipelineError
from ml.store import save_json

HELP = "say how alike the primitives of each cluster look, beside random pairs"


class NotAResult(PipelineError):
    """The folder is not what `kineme discover` writes."""


@dataclass(frozen=True)
class Found:
    """What `kineme discover` left: the clip, the cluster of each segment, and each cluster's silhouette."""

    clips: list[Path]
    labels: npt.NDArray[np.int64]
    silhouettes: dict[int, float | None]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `kineme coherence` takes."""
    parser.add_argument("folder", type=Path, metavar="DIR", help="what `kineme discover … --out DIR` left")
    parser.add_argument(
        "--encoder",
        action="append",
        choices=[known.name for known in encoders()],
        metavar="NAME",
        help=f"what looks at the pictures: {' or '.join(e.name for e in encoders())} (default: every one there is)",
    )
    add_weights_option(parser)
    parser.add_argument(
        "--seed", type=seed, default=CoherenceConfig().seed, metavar="N", help="of pairs (default: %(default)s)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")


def run(arguments: argparse.Namespace) -> int:
    """Print a table for each encoder. Returns the exit status: 0 if any could be used, 2 if none could."""
    config = replace(CoherenceConfig(), seed=arguments.seed)
    known = [availability(name, arguments.weights) for name in arguments.encoder or config.encoders]
    for missing in known:
        if missing.why_not is not None:
            say(f"{missing.name} is left out: {missing.why_not}")
    usable = [encoder.name for encoder in known if encoder.why_not is None]
    if not usable:
        return EXIT_NOTHING_WORKED
    try:
        found = read(arguments.folder)
        with progress_bar() as progress:
            results = [_score(found, name, arguments.weights, config, progress) for name in usable]
        if arguments.json is not None:
            unavailable = [{"encoder": e.name, "why_not": e.why_not} for e in known if e.why_not is not None]
            save_json(arguments.json, {"coherence": [one.to_dict() for one in results], "unavailable": unavailable})
    except PipelineError as error:
        return stopped(str(error))
    except OSError as error:
        return stopped(f"{error.filename or arguments.folder}: {error.strerror or error}")
    except KeyboardInterrupt:
        say("stopped")
        return EXIT_INTERRUPTED
    sys.stdout.write("\n\n".join(table(result, found.silhouettes) for result in results) + "\n")
    return EXIT_DONE


def read(folder: Path) -> Found:
    """What `kineme discover` left in `folder`. Raises NotAResult where that is something else."""
    file = folder / "clusters.json"
    if not file.is_file():
        raise NotAResult(f"{folder} holds no clusters.json: give the folder that `kineme discover --out` wrote")
    try:
        data: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        clips = [folder / row["video"] / "clips" / f"{row['segment']:05}.mp4" for row in data["segments"]]
        labels = np.array(data["labels"], dtype=np.int64)
        silhouettes = {one["index"]: one["silhouette"] for one in data["clusters"]}
    except (ValueError, KeyError, TypeError) as error:
        raise NotAResult(f"{file} is damaged") from error
    if labels.shape != (len(clips),) or labels.min(initial=0) < 0:
        raise NotAResult(f"{file} is damaged: {len(clips)} segments but {len(labels)} labels")
    if missing := [clip for clip in clips if not clip.is_file()]:
        raise NotAResult(f"{len(missing)} of {len(clips)} clips are not there, the first {missing[0]}")
    return Found(clips, labels, silhouettes)


def table(result: Coherence, silhouettes: dict[int, float | None]) -> str:
    """The figures of one encoder, headed by what made them."""
    weights = "no weights" if result.weights is None else f"weights {result.weights[:12]}"
    header = f"{'cluster':>12}{'n':>7}{'pairs':>9}   ICSS mean ± std    95 % of the mean   all pairs   silhouette"
    lines = [f"{result.encoder} · {weights} · seed {result.seed}", header]
    lines += [_row(one, silhouettes.get(one.index)) for one in result.clusters]
    if result.icss is None or result.random_pairs is None:
        return "\n".join([*lines, "no cluster has two segments, so there is no pair to compare"])
    n = sum(one.size for one in result.clusters)
    lines.append(
        f"{'overall':>12}{n:>7}{result.n_pairs:>9}   {_pm(result.icss, result.std)}    "
        f"{_between(result.interval95)}   {_figure(result.exact):>9}"
    )
    random = result.random_pairs
    lines.append(
        f"{'random pairs':>12}{n:>7}{random.n_pairs:>9}   {_pm(random.icss, random.std)}    "
        f"{'':16}   {_figure(random.exact):>9}   mean of {random.repeats} draws, which differ by ± {random.spread:.4f}"
    )
    return "\n".join(lines)


def _row(one: ClusterCoherence, silhouette: float | None) -> str:
    start = f"{one.index:>12}{one.size:>7}{one.n_pairs:>9}   "
    if one.icss is None:
        return f"{start}one segment: there is no pair to compare"
    figures = f"{_pm(one.icss, one.std)}    {_between(one.interval95)}   {_figure(one.exact):>9}"
    return f"{start}{figures}   {_figure(silhouette):>10}"


def _pm(mean: float, std: float | None) -> str:
    return f"{mean:.3f} ± {std or 0.0:.3f}".rjust(15)


def _between(interval: tuple[float, float] | None) -> str:
    return ("too few segments" if interval is None else f"{interval[0]:.3f} to {interval[1]:.3f}").rjust(16)


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _score(found: Found, name: str, weights: Path, config: CoherenceConfig, progress: Progress) -> Coherence:
    encoder = frame_encoder(name, weights)
    vectors = segment_vectors(found.clips, encoder, progress)
    return coherence(vectors, found.labels, config, encoder=encoder.name, weights=encoder.weights)
