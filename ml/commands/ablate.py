"""`kineme ablate`: what each choice of the chain is worth, on one truth and one time base (tables 3 and 5)."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
from sklearn.metrics import normalized_mutual_info_score

from ml.annotations import Annotation
from ml.artefacts import EnergyTrace, Float, Progress, Segment, no_progress
from ml.baselines import pooling
from ml.baselines.flow import on_steps
from ml.baselines.material import Material
from ml.calibration import calibrate_views
from ml.clustering import cluster
from ml.coherence import coherence, pooled
from ml.commands import recordings
from ml.commands.console import at_least_one
from ml.commands.recordings import FINE, NONE, Recordings, fine_f1, found_by, part, percent, signed, table
from ml.config import PipelineConfig
from ml.embedding import embed
from ml.evaluation import evaluate
from ml.pipeline import Take, cameras, find_segments
from ml.refinement import segment
from ml.tokenizer.model import MotionTokenizer
from ml.views import seen_by_all

HELP = "what each part of the chain is worth: signal, window, encoder, representation"
Source = Literal["quantized", "prequant", "velocity", "flow"]
Per = Literal["step", "window"]
SOURCES: tuple[Source, ...] = get_args(Source)
PERS: tuple[Per, ...] = get_args(Per)
SCORES = (FINE, "F1@0.5s", "F1@1s", "F1@2s")
GAINS = SCORES[:3]
MOST_CLUSTERS = 20
CHANCE_DRAWS = 100
LEGEND = (
    "F1@…s: boundaries, the ends of actions, macro mean over the videos in per cent; gain: points above a regular grid "
    "with the true count. n: segments. Silhouette and Calinski–Harabasz are taken in the space each row clusters in. "
    "ICSS: mean cosine of the looks of two primitives of one cluster, beside random pairs. Purity and NMI: clusters "
    "against true labels, over the segments that lie by half or more in one true segment, beside the same clusters "
    "dealt out at random; where each video has labels of its own, telling the videos apart is enough. All rows "
    "have one k."
)


@dataclass(frozen=True)
class Variant:
    """One row. segments: of each video, in the order of the materials; vectors: of all of them [M, d]."""

    name: str
    segments: list[list[Segment]]
    vectors: Float
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
            *found.absent_notes(),
        ]
    )
    return text, {**recordings.facts(found, config, tokenizer, arguments), "n_clusters": k, "rows": rows}


def n_labels(truth: dict[str, Annotation]) -> int:
    """How many different labels the truth has, 2..20: the k somebody who knows the work would give."""
    labels = {interval.label for annotation in truth.values() for interval in annotation.intervals}
    return min(max(len(labels - {None}), 2), MOST_CLUSTERS)


def as_published(config: PipelineConfig) -> PipelineConfig:
    """The signal, calibration and detector of §3.1 and nothing else: E per step, Otsu labels, one θ_on for all videos,
    segments as the detector gives them. The detector's numbers, which the paper does not give, stay ours."""
    return replace(
        config,
        energy=replace(config.energy, source="quantized", per="step", gate_speed=0.0),
        calibration=replace(config.calibration, scope="run", labels="otsu"),
        refinement=replace(config.refinement, rest=None, dip=None, hold_s=0.0),
    )


def cuts(config: PipelineConfig) -> dict[str, PipelineConfig]:
    """Every way to cut: the chain as it is configured, and with one thing changed; the paper's last."""
    calibration, refinement = config.calibration, config.refinement
    return {
        "as configured": config,
        **{
            f"signal: {source}, per {per}": replace(config, energy=replace(config.energy, source=source, per=per))
            for source in SOURCES
            for per in PERS
        },
        "threshold: one for all videos": replace(config, calibration=replace(calibration, scope="run")),
        "threshold: Otsu labels": replace(config, calibration=replace(calibration, labels="otsu")),
        "refinement: none": replace(config, refinement=replace(refinement, rest=None, dip=None, hold_s=0.0)),
        "all as in the paper": as_published(config),
    }


def make(
    found: Recordings, config: PipelineConfig, tokenizer: MotionTokenizer, progress: Progress = no_progress
) -> list[Variant]:
    """Every row: ways to cut with the paper's encoder, encoders on the segments of the first, frame features for both
    signal and encoder."""
    materials = found.materials
    whole = [material.fresh_take() for material in materials]
    find_segments(whole, config, tokenizer)

    def embedded(segments: list[list[Segment]]) -> Float:
        return embed(_flat(segments), tokenizer, config.embedding).vectors

    variants = []
    ways = cuts(config)
    for number, (name, changed) in enumerate(ways.items()):
        progress(0.9 * number / len(ways), name)
        segments = _cut(materials, changed, tokenizer)
        variants.append(Variant(name, segments, embedded(segments)))
    full = [take.segments for take in whole]
    variants += [
        Variant("encoder: Transformer", full, embedded(full), same_cut=True),
        Variant("encoder: mean", full, pooling.pool_codes(_flat(full), tokenizer, pooling.mean), same_cut=True),
        Variant(
            "encoder: attention-norm pooling",
            full,
            pooling.pool_codes(_flat(full), tokenizer, pooling.attention_norm),
            same_cut=True,
        ),
    ]
    progress(0.9, "latents")
    latents = [z for take in whole for z in _latents(take, tokenizer)]
    transformed = pooling.embed_frames(latents, config.embedding)
    variants.append(Variant("encoder: Transformer, before quantisation", full, transformed, same_cut=True))
    working = [take for take in whole if take.works and take.segments]
    for name, one_take in {"each camera alone": False, **({"all cameras": True} if found.one_take else {})}.items():
        vectors = seen_by_all(cameras(working, one_take=one_take), tokenizer)
        variants.append(Variant(f"clustered by latents, {name}", full, vectors, same_cut=True))
    for encoder in materials[0].signals:
        progress(0.95, f"{encoder} features")
        variants.append(_by_features(encoder, materials, whole, config))
    return variants


def score(variant: Variant, found: Recordings, config: PipelineConfig) -> dict[str, Any]:
    """One row as JSON types; what is not defined is None."""
    row: dict[str, Any] = {"variant": variant.name, "same_cut": variant.same_cut}
    predicted = {
        m.stem: Annotation(m.stem, m.duration_s, tuple(found_by(replace(m.take, segments=segments))))
        for m, segments in zip(found.materials, variant.segments, strict=True)
    }
    evaluation = evaluate(predicted, found.truth, seed=config.clustering.seed)
    fine = fine_f1(evaluation, config.clustering.seed)
    segments = _flat(variant.segments)
    row |= {
        "scores": {**evaluation.macro, FINE: fine["predicted"]},
        "intervals95": evaluation.intervals95["macro"],
        "gain": {**evaluation.gain, FINE: fine["predicted"] - fine["grid"]},
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


def _latents(take: Take, tokenizer: MotionTokenizer) -> list[Float]:
    if not take.segments or take.tracks is None or take.stream is None:
        return []
    return pooling.latents_of(take.segments, take.tracks, take.stream, tokenizer)


def _cut(materials: Sequence[Material], config: PipelineConfig, tokenizer: MotionTokenizer) -> list[list[Segment]]:
    takes = [material.fresh_take() for material in materials]
    find_segments(takes, config, tokenizer)
    return [take.segments for take in takes]


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
            moving.append((take.folder, on_steps(trace, take.stream), take.stream, take.velocity))
    calibrations = calibrate_views(
        [trace for _, trace, _, _ in moving],
        [velocity for *_, velocity in moving],
        [folder for folder, *_ in moving],
        config.calibration,
        config.detection,
    )
    cut = {
        folder: segment(trace, stream, calibration, config.detection, config.refinement)
        for (folder, trace, stream, _), calibration in zip(moving, calibrations, strict=True)
        if calibration is not None
    }
    return [cut.get(take.folder, []) for take in whole]


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
    header = [
        "",
        *SCORES,
        *(f"gain@{key.removeprefix('F1@')}" for key in GAINS),
        "n",
        "Silhouette",
        "Calinski–Harabasz",
    ]
    header += [f"ICSS ({encoder}) / random" for encoder in encoders] + ["purity / chance", "NMI / chance"]
    return table(header, [_line(row, encoders) for row in rows])


def _line(row: dict[str, Any], encoders: Sequence[str]) -> list[str]:
    of_cut: list[str] = [NONE] * len(SCORES + GAINS)
    if not row["same_cut"]:
        of_cut = [percent(row["scores"].get(key)) for key in SCORES]
        of_cut += [signed(row["gain"].get(key)) for key in GAINS]
    facts, n = row["clustering"], str(row["n_segments"])
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
