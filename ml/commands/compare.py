"""`kineme compare`: this chain, LAPS and every baseline on the same videos, in one table (tables 1 and 2)."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ml.annotations import Annotation, Interval
from ml.artefacts import EnergyTrace, Progress
from ml.baselines.abd import abd, n_actions_of, usual_action_s
from ml.baselines.flow import cut, flow_trace
from ml.baselines.material import Material
from ml.baselines.otas import otas
from ml.commands import recordings
from ml.commands.ablate import as_published
from ml.commands.recordings import FINE, NONE, Recordings, fine_f1, found_by, part, percent, signed, table
from ml.config import PipelineConfig
from ml.evaluation import CHANCE, ends, evaluate
from ml.pipeline import find_segments
from ml.tokenizer.model import MotionTokenizer

HELP = "compare Kineme with other ways to cut the same videos: LAPS, flow, ABD, OTAS, chance"
BOUNDARY_SCORES = (FINE, "F1@0.5s", "F1@1s", "F1@2s", "F1@5s")
GAINS = (FINE, "F1@0.5s", "F1@1s")
OTHER_SCORES = ("segmental F1@10", "segmental F1@25", "segmental F1@50", "mAP@0.5")
CHANCE_NAMES = {
    "grid": "regular grid, true count",
    "random": "random, true count",
    "grid_found": "regular grid, count of Kineme",
    "random_found": "random, count of Kineme",
}
LEGEND = (
    "F1@…s: boundaries, the ends of actions, macro mean over the videos in per cent, with a 95 % interval from drawing "
    "the videos anew. Gain: points above a regular grid with the true count. sF1@…: segments by overlap in per cent. "
    "n: boundaries found. Seconds: what the method by itself takes on these videos."
)


@dataclass(frozen=True)
class Method:
    """What one method says of every video, by stem; note: how it came to its numbers."""

    name: str
    note: str
    predicted: dict[str, Annotation]
    seconds: float


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `kineme compare` takes."""
    recordings.add_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Compare on the given videos. Returns the exit status: 0 if any video worked, 2 if none did."""
    return recordings.run(arguments, compare)


def compare(arguments: argparse.Namespace, work: Path, progress: Progress) -> tuple[str, dict[str, Any]]:
    """The table, and everything as JSON types. Raises PipelineError where no video can be used."""
    config = recordings.config_of(arguments)
    found = recordings.recordings_of(arguments, config, work, part(progress, 0.0, 0.6))
    start = time.perf_counter()
    tokenizer, config = recordings.tokenizer_of(arguments, found.materials, config, work, part(progress, 0.6, 0.9))
    methods = chains(found.materials, config, tokenizer, time.perf_counter() - start)
    methods += baselines(found, config)
    progress(0.95, "scoring")
    rows = score(methods, found, arguments.seed)
    text = "\n\n".join(
        [recordings.heading("Segmentation", found, tokenizer, arguments), _table(rows), LEGEND, _notes(rows, found)]
    )
    return text, {**recordings.facts(found, config, tokenizer, arguments), "rows": rows}


def chains(
    materials: Sequence[Material], config: PipelineConfig, tokenizer: MotionTokenizer, training_s: float
) -> list[Method]:
    """This repository's chain as it is configured, the same on the paper's energy, and the paper's method alone; then
    the velocity energy of the same tracks by itself. A video that does not move has no segment."""
    tracking_s = sum(material.tracking_s for material in materials)
    ours = "the detector's and the refinement's numbers were chosen on recordings, see docs/results.md"
    energy = replace(config.energy, source="quantized", per="step", gate_speed=0.0)
    methods = []
    for name, note, changed in (
        ("Kineme", f"energy {config.energy.source}, per {config.energy.per}; {ours}", config),
        ("Kineme on latent energy", f"E per step of §3.1.1; {ours}", replace(config, energy=energy)),
        ("LAPS as in the paper", "E per step, Otsu, one θ_on for all videos, no refinement", as_published(config)),
    ):
        start = time.perf_counter()
        takes = [material.fresh_take() for material in materials]
        find_segments(takes, changed, tokenizer)
        cuts = {take.video.stem: found_by(take) for take in takes}
        spent_s = tracking_s + training_s + time.perf_counter() - start
        methods.append(Method(name, note, _annotated(materials, cuts), spent_s))
    velocities = []
    for take in takes:
        assert take.velocity is not None  # of every take, moving or not
        assert take.stream is not None
        velocities.append((take.velocity, float(take.stream.times_s[0, 0])))
    return methods + _by_otsu("velocity", materials, velocities, config, tracking_s)


def baselines(found: Recordings, config: PipelineConfig) -> list[Method]:
    """Flow, ABD and OTAS; the last two with each encoder."""
    materials = found.materials
    first = next(iter(materials[0].signals))
    traces = [(flow_trace(m.signals[first]), 0.0) for m in materials]
    spent_s = _spent_s(found, first, "decode", "flow")
    methods = _by_otsu("optical flow", materials, traces, config, spent_s)
    start = time.perf_counter()
    cuts = {
        m.stem: cut([trace], [start_s], config.calibration, config.detection, config.refinement)[0]
        for m, (trace, start_s) in zip(materials, traces, strict=True)
    }
    spent_s += time.perf_counter() - start
    note = "threshold and refinement of Kineme, each video by itself"
    methods.append(Method("optical flow, cut as Kineme", note, _annotated(materials, cuts), spent_s))
    for encoder in materials[0].signals:
        methods += _by_features(found, encoder)
    return methods


def score(methods: Sequence[Method], found: Recordings, seed: int) -> list[dict[str, Any]]:
    """A row for each method, then the chance rows, whose counts are the truth's and the first method's."""
    durations = {m.stem: m.duration_s for m in found.materials}
    rows: list[dict[str, Any]] = []
    chance: dict[str, dict[str, float | None]] = {}
    for method in methods:
        evaluation = evaluate(method.predicted, found.truth, seed=seed)
        fine = fine_f1(evaluation, seed)
        chance = chance or {name: {**of, FINE: fine.get(name)} for name, of in evaluation.chance.items()}
        rows.append(
            {
                "method": method.name,
                "note": method.note,
                "scores": {**evaluation.macro, FINE: fine["predicted"]},
                "intervals95": evaluation.intervals95["macro"],
                "gain": {**evaluation.gain, FINE: fine["predicted"] - fine["grid"]},
                "n_predicted": sum(len(c.predicted_s) for c in evaluation.comparisons),
                "n_true": sum(len(c.truth_s) for c in evaluation.comparisons),
                "seconds": method.seconds,
                "per_video": evaluation.per_video,
                "intervals": {
                    stem: [[i.start_s, i.end_s] for i in method.predicted[stem].intervals] for stem in durations
                },
            }
        )
    n_found, n_true = rows[0]["n_predicted"], rows[0]["n_true"]
    for name in CHANCE:
        gain = {key: _difference(value, chance["grid"].get(key)) for key, value in chance[name].items()}
        rows.append(
            {
                "method": CHANCE_NAMES[name],
                "note": "chance" if name.startswith("grid") else "chance, mean of many draws",
                "scores": chance[name],
                "intervals95": {},
                "gain": gain,
                "n_predicted": n_found if name.endswith("found") else n_true,
                "n_true": n_true,
                "seconds": None,
            }
        )
    return rows


def _by_otsu(
    name: str,
    materials: Sequence[Material],
    traces: Sequence[tuple[EnergyTrace, float]],
    config: PipelineConfig,
    seconds: float,
) -> list[Method]:
    """The detector on another signal, with one threshold for all videos as the paper has, and with one for each."""
    calibration = replace(config.calibration, labels="otsu")

    def by_otsu(given: Sequence[tuple[EnergyTrace, float]]) -> list[list[Interval]]:
        return cut([trace for trace, _ in given], [start_s for _, start_s in given], calibration, config.detection)

    stems = [m.stem for m in materials]
    start = time.perf_counter()
    together = dict(zip(stems, by_otsu(traces), strict=True))
    seconds += time.perf_counter() - start
    alone = {stem: by_otsu([trace])[0] for stem, trace in zip(stems, traces, strict=True)}
    return [
        Method(name, "Otsu on all videos together", _annotated(materials, together), seconds),
        Method(f"{name}, each video", "Otsu on each video by itself", _annotated(materials, alone), seconds),
    ]


def _by_features(found: Recordings, encoder: str) -> list[Method]:
    materials = found.materials
    signals = {m.stem: m.signals[encoder] for m in materials}
    seen_s = _spent_s(found, encoder, "decode", "features")
    looked_s = seen_s + _spent_s(found, encoder, "flow", "regions")
    start = time.perf_counter()
    action_s = usual_action_s([s.features for s in signals.values()], [s.duration_s for s in signals.values()])
    chosen_s = time.perf_counter() - start
    n_true = {m.stem: len(ends(found.truth[m.stem], m.duration_s)) for m in materials}

    def made(name: str, note: str, seconds: float, cut: Callable[[str], list[Interval]]) -> Method:
        start = time.perf_counter()
        cuts = {m.stem: cut(m.stem) for m in materials}
        return Method(f"{name} ({encoder})", note, _annotated(materials, cuts), seconds + time.perf_counter() - start)

    def by_abd(stem: str, n_actions: int) -> list[Interval]:
        s = signals[stem]
        return abd(s.features, s.times_s, s.duration_s, n_actions)

    length = f"actions of {action_s:g} s, by silhouette"
    return [
        made("ABD", length, seen_s + chosen_s, lambda v: by_abd(v, n_actions_of(signals[v].duration_s, action_s))),
        made(
            "ABD given the true count",
            "K from the truth: not without labels",
            seen_s,
            lambda v: by_abd(v, n_true[v] + 1),
        ),
        made("OTAS, global branch", length, seen_s + chosen_s, lambda v: otas(signals[v], action_s, interaction=False)),
        made("OTAS, vote", length, looked_s + chosen_s, lambda v: otas(signals[v], action_s)),
    ]


def _annotated(materials: Sequence[Material], cuts: dict[str, list[Interval]]) -> dict[str, Annotation]:
    return {m.stem: Annotation(m.stem, m.duration_s, tuple(cuts[m.stem])) for m in materials}


def _spent_s(found: Recordings, encoder: str, *parts: str) -> float:
    return sum(m.signals[encoder].seconds.get(name, 0.0) for m in found.materials for name in parts)


def _difference(value: float | None, other: float | None) -> float | None:
    return None if value is None or other is None else value - other


def _table(rows: Sequence[dict[str, Any]]) -> str:
    header = ["method", *BOUNDARY_SCORES, *(f"gain@{key.removeprefix('F1@')}" for key in GAINS)]
    header += [key.replace("segmental F1", "sF1") for key in OTHER_SCORES] + ["n", "seconds"]
    lines = []
    for row in rows:
        line = [row["method"]]
        line += [_with_interval(row["scores"].get(key), row["intervals95"].get(key)) for key in BOUNDARY_SCORES]
        line += [signed(row["gain"].get(key)) for key in GAINS]
        line += [percent(row["scores"].get(key)) for key in OTHER_SCORES]
        line += [str(row["n_predicted"]), NONE if row["seconds"] is None else f"{row['seconds']:.0f}"]
        lines.append(line)
    return table(header, lines)


def _with_interval(value: float | None, interval: Sequence[float] | None) -> str:
    return (
        percent(value) if interval is None else f"{percent(value)} [{100 * interval[0]:.0f}, {100 * interval[1]:.0f}]"
    )


def _notes(rows: Sequence[dict[str, Any]], found: Recordings) -> str:
    lines = [f"- {row['method']}: {row['note']}." for row in rows]
    return "\n".join([*lines, *found.absent_notes()])
