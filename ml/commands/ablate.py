"""`kineme ablate`: what each choice of the chain is worth, on one truth and one time base (tables 3 and 5)."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, get_type_hints

import numpy as np
import numpy.typing as npt
from sklearn.metrics import normalized_mutual_info_score

from ml.annotations import Annotation
from ml.artefacts import EnergyTrace, Float, Progress, Segment, no_progress
from ml.baselines import pooling
from ml.baselines.flow import flow_trace, on_steps
from ml.baselines.material import Material
from ml.calibration import calibrate
from ml.clustering import cluster
from ml.coherence import coherence, pooled
from ml.commands import recordings
from ml.commands.console import at_least_one
from ml.commands.recordings import NONE, Recordings, found_by, part, percent, signed, table
from ml.config import EnergyConfig, PipelineConfig
from ml.embedding import embed
from ml.errors import NothingMoved
from ml.evaluation import evaluate
from ml.pipeline import Take, find_segments
from ml.segmentation import segment
from ml.tokenizer.model import MotionTokenizer

HELP = "what each part of the chain is worth: signal, window, encoder, representation"
SOURCES = ("quantized", "prequant", "velocity", "flow")
PERS = ("step", "window")
SCORES = ("F1@0.5s", "F1@1s", "F1@2s")
MOST_CLUSTERS = 20
CHANCE_DRAWS = 100
LEGEND = (
    "F1@…s: boundaries, the ends of actions, macro mean over the videos in per cent; gain: points above a regular grid "
    "with the true count. n: segments. Silhouette and Calinski–Harabasz are taken in the space each row clusters in. "
    "ICSS: mean cosine of the looks of two primitives of one cluster, beside random pairs. Purity and NMI: clusters "
    "against true labels, over the segments that lie by half or more in one true segment, beside the same clusters "
    "dealt out at random; where each video has labels of its own, telling the videos apart is enough. All rows "
    "have one k and one rule for θ_on."
)


@dataclass(frozen=True)
class Variant:
    """One row. segments: of each video, in the order of the materials; vectors: of all of them [M, d].

    why_not: a sentence where this version cannot make the row; it is empty then.
    """

    name: str
    segments: list[list[Segment]]
    vectors: Float
    why_not: str | None = None
    same_cut: bool = False  # the segments of another row, so its boundary scores too


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `kineme ablate` takes."""
    recordings.add_arguments(parser)
    parser.add_argument(
        "--clusters",
        type=at_least_one,
        metavar="K",
        help=f"how many clusters (default: as many as true labels, at most {MOST_CLUSTERS})",
    )


def run(arguments: argparse.Namespace) -> int:
    """Ablate on the given videos. Returns the exit status: 0 if any video worked, 2 if none did."""
    return recordings.run(arguments, ablate)


def ablate(arguments: argparse.Namespace, work: Path, progress: Progress) -> tuple[str, dict[str, Any]]:
    """The table, and everything as JSON types. Raises PipelineError where no video can be used."""
    config = recordings.config_of(arguments)
    found = recordings.recordings_of(arguments, config, work, part(progress, 0.0, 0.6))
    tokenizer, config = recordings.tokenizer_of(arguments, found.materials, config, work, part(progress, 0.6, 0.8))
    k = arguments.clusters if arguments.clusters is not None else n_labels(found.truth)
    config = replace(config, clustering=replace(config.clustering, n_clusters=k))
    variants = make(found, config, tokenizer, part(progress, 0.8, 0.95))
    rows = [score(variant, found, config) for variant in variants]
    text = "\n\n".join(
        [
            recordings.heading(f"Ablation, k = {k}", found, tokenizer, arguments),
            _table(rows, found),
            LEGEND,
            *_notes(rows, found),
        ]
    )
    return text, {**recordings.facts(found, config, tokenizer, arguments), "n_clusters": k, "rows": rows}


def n_labels(truth: dict[str, Annotation]) -> int:
    """How many different labels the truth has, 2..20: the k somebody who knows the work would give."""
    labels = {interval.label for annotation in truth.values() for interval in annotation.intervals}
    return min(max(len(labels - {None}), 2), MOST_CLUSTERS)


def make(
    found: Recordings, config: PipelineConfig, tokenizer: MotionTokenizer, progress: Progress = no_progress
) -> list[Variant]:
    """Every row: signals with the paper's encoder, encoders on the paper's segments, frame features for both."""
    materials = found.materials
    whole = [material.fresh_take() for material in materials]
    find_segments(whole, config, tokenizer)

    def embedded(segments: list[list[Segment]]) -> Float:
        return embed(_flat(segments), tokenizer, config.embedding).vectors

    full = [take.segments for take in whole]
    variants = []
    for number, (source, per) in enumerate((source, per) for source in SOURCES for per in PERS):
        progress(number / 10, f"{source}, per {per}")
        name = f"signal: {source}, per {per}"
        segments = _cut_by(source, per, materials, whole, config, tokenizer)
        if segments is None:
            why_not = "this version has no such energy"
            variants.append(Variant(name, [[] for _ in materials], embedded([]), why_not))
        else:
            variants.append(Variant(name, segments, embedded(segments)))
    variants += [
        Variant("encoder: Transformer", full, embedded(full), same_cut=True),
        Variant("encoder: mean", full, pooling.pool_codes(_flat(full), tokenizer, pooling.mean), same_cut=True),
        Variant(
            "encoder: attention-norm pooling",
            full,
            pooling.pool_codes(_flat(full), tokenizer, pooling.attention_norm),
            same_cut=True,
        ),
        Variant("representation: tokenizer", full, embedded(full)),
    ]
    for encoder in materials[0].signals:
        progress(0.9, f"{encoder} features")
        variants.append(_by_features(encoder, materials, whole, config))
    return variants


def score(variant: Variant, found: Recordings, config: PipelineConfig) -> dict[str, Any]:
    """One row as JSON types; what is not defined is None."""
    row: dict[str, Any] = {"variant": variant.name, "why_not": variant.why_not, "same_cut": variant.same_cut}
    if variant.why_not is not None:
        return row
    predicted = {
        m.stem: Annotation(m.stem, m.duration_s, tuple(found_by(replace(m.take, segments=segments))))
        for m, segments in zip(found.materials, variant.segments, strict=True)
    }
    evaluation = evaluate(predicted, found.truth, seed=config.clustering.seed)
    segments = _flat(variant.segments)
    row |= {
        "scores": evaluation.macro,
        "intervals95": evaluation.intervals95["macro"],
        "gain": evaluation.gain,
        "n_segments": len(segments),
        "clustering": None,
    }
    if not segments:
        return row
    clustering = cluster(variant.vectors, config.clustering)
    looks = {}
    for encoder in found.materials[0].signals:
        vectors = np.stack(
            [
                pooled(pooling.frames_of(one, m.signals[encoder]))
                for m, of_video in zip(found.materials, variant.segments, strict=True)
                for one in of_video
            ]
        )
        seen = coherence(vectors, clustering.labels, config.coherence, encoder=encoder, weights=found.encoders[encoder])
        random_pairs = None if seen.random_pairs is None else seen.random_pairs.icss
        looks[encoder] = {"icss": seen.icss, "random_pairs": random_pairs, "n_pairs": seen.n_pairs}
    row["clustering"] = {
        "n_clusters": clustering.n_clusters,
        "silhouette": clustering.silhouette,
        "calinski_harabasz": clustering.calinski_harabasz,
        "icss": looks,
        **agreement(clustering.labels, _true_labels(variant.segments, found)),
    }
    return row


def agreement(clusters: npt.NDArray[np.integer], labels: Sequence[str | None], seed: int = 0) -> dict[str, Any]:
    """Purity and normalised mutual information of clusters [M] and true labels [M], over those that have one.

    `chance` holds both for the same clusters dealt out at random, mean of 100 draws: many small clusters are pure, and
    share information with anything, by themselves.
    """
    pairs = [(int(c), label) for c, label in zip(clusters, labels, strict=True) if label is not None]
    if not pairs:
        return {"n_labelled": 0, "purity": None, "nmi": None, "chance": {"purity": None, "nmi": None}}
    found, names = np.array([c for c, _ in pairs]), [label for _, label in pairs]
    rng = np.random.default_rng(seed)
    dealt = [rng.permutation(found) for _ in range(CHANCE_DRAWS)]
    return {
        "n_labelled": len(pairs),
        "purity": _purity(found, names),
        "nmi": _nmi(found, names),
        "chance": {
            "purity": float(np.mean([_purity(one, names) for one in dealt])),
            "nmi": float(np.mean([_nmi(one, names) for one in dealt])),
        },
    }


def _purity(clusters: npt.NDArray[np.integer], labels: Sequence[str]) -> float:
    pairs = Counter(zip(clusters.tolist(), labels, strict=True))
    most: dict[int, int] = {}
    for (c, _), count in pairs.items():
        most[c] = max(most.get(c, 0), count)
    return sum(most.values()) / len(labels)


def _nmi(clusters: npt.NDArray[np.integer], labels: Sequence[str]) -> float:
    return float(normalized_mutual_info_score(labels, clusters))


def label_of(one: Segment, truth: Annotation) -> str | None:
    """The label of the true interval that covers half of the segment or more; of two, the one that covers most."""
    overlaps = [
        (min(one.end_s, i.end_s) - max(one.start_s, i.start_s), i.label) for i in truth.intervals if i.label is not None
    ]
    best = max(overlaps, key=lambda pair: pair[0], default=(0.0, None))
    return best[1] if best[0] >= (one.end_s - one.start_s) / 2 else None


def _cut_by(
    source: str,
    per: str,
    materials: Sequence[Material],
    whole: Sequence[Take],
    config: PipelineConfig,
    tokenizer: MotionTokenizer,
) -> list[list[Segment]] | None:
    """The segments of each video by another signal, everything else alike; None where this version has no such one."""
    changes: dict[str, Any] = {"source": source}
    known = {field.name for field in fields(EnergyConfig)}
    if "per" in known:
        changes["per"] = per
    elif per != "step":
        return None
    if source in str(get_type_hints(EnergyConfig)["source"]):
        takes = [material.fresh_take() for material in materials]
        find_segments(takes, replace(config, energy=replace(config.energy, **changes)), tokenizer)
        return [take.segments for take in takes]
    if source == "flow" and per == "step":
        first = next(iter(materials[0].signals))
        return _cut_on([flow_trace(m.signals[first]) for m in materials], whole, config)
    return None


def _by_features(encoder: str, materials: Sequence[Material], whole: Sequence[Take], config: PipelineConfig) -> Variant:
    """Without the tokenizer: frame features both cut and embed."""
    signals = [m.signals[encoder] for m in materials]
    traces = [EnergyTrace(pooling.feature_speed(s), s.times_s[1:], encoder) for s in signals]
    segments = _cut_on(traces, whole, config)
    sequences = [pooling.frames_of(one, s) for s, of_video in zip(signals, segments, strict=True) for one in of_video]
    vectors = pooling.embed_frames(sequences, config.embedding)
    return Variant(f"representation: {encoder} frame features", segments, vectors)


def _cut_on(traces: Sequence[EnergyTrace], whole: Sequence[Take], config: PipelineConfig) -> list[list[Segment]]:
    """Any signal calibrated and cut as the energy is: θ_on by the velocities, videos that rest left out."""
    moving = []
    for trace, take in zip(traces, whole, strict=True):
        if take.works and take.stream is not None and take.velocity is not None:
            moving.append((take.video, on_steps(trace, take.stream), take.stream, take.velocity))
    try:
        calibration = calibrate(
            [trace for _, trace, _, _ in moving],
            [velocity for *_, velocity in moving],
            config.calibration,
            config.detection,
        )
    except NothingMoved:
        return [[] for _ in whole]
    cut = {video: segment(trace, stream, calibration, config.detection) for video, trace, stream, _ in moving}
    return [cut.get(take.video, []) for take in whole]


def _flat(segments: list[list[Segment]]) -> list[Segment]:
    return [one for of_video in segments for one in of_video]


def _true_labels(segments: list[list[Segment]], found: Recordings) -> list[str | None]:
    return [
        label_of(one, found.truth[m.stem])
        for m, of_video in zip(found.materials, segments, strict=True)
        for one in of_video
    ]


def _table(rows: Sequence[dict[str, Any]], found: Recordings) -> str:
    encoders = list(found.materials[0].signals)
    header = ["", *SCORES, "gain@0.5s", "gain@1s", "n", "Silhouette", "Calinski–Harabasz"]
    header += [f"ICSS ({encoder}) / random" for encoder in encoders] + ["purity / chance", "NMI / chance"]
    return table(header, [_line(row, encoders) for row in rows])


def _line(row: dict[str, Any], encoders: Sequence[str]) -> list[str]:
    of_cut: list[str] = [NONE] * 5
    if row["why_not"] is None and not row["same_cut"]:
        of_cut = [percent(row["scores"].get(key)) for key in SCORES]
        of_cut += [signed(row["gain"].get(key)) for key in SCORES[:2]]
    facts = row.get("clustering")
    n = NONE if row["why_not"] is not None else str(row["n_segments"])
    if facts is None:
        return [row["variant"], *of_cut, n, *[NONE] * (4 + len(encoders))]
    seen = [facts["icss"][encoder] for encoder in encoders]
    return [
        row["variant"],
        *of_cut,
        n,
        _number(facts["silhouette"], 3),
        _number(facts["calinski_harabasz"], 1),
        *(f"{_number(one['icss'], 3)} / {_number(one['random_pairs'], 3)}" for one in seen),
        *(f"{_number(facts[name], 3)} / {_number(facts['chance'][name], 3)}" for name in ("purity", "nmi")),
    ]


def _number(value: float | None, digits: int) -> str:
    return NONE if value is None else f"{value:.{digits}f}"


def _notes(rows: Sequence[dict[str, Any]], found: Recordings) -> list[str]:
    missing = [f"- {row['variant']}: {row['why_not']}." for row in rows if row["why_not"] is not None]
    missing += [f"- No row by {sentence}" for sentence in found.absent]
    return ["\n".join(missing)] if missing else []
