"""Predictions against truth: every score per video, over all videos, with intervals, and what chance would score."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from ml.annotations import Annotation, Interval
from ml.artefacts import Seconds
from ml.evaluation import boundaries as line
from ml.evaluation import laps
from ml.evaluation import segments as whole
from ml.evaluation.boundaries import TOLERANCES_S, random_boundaries, regular_grid
from ml.evaluation.segments import Bool, Double, Overlaps, overlaps, spans

Rule = Literal["kineme", "laps"]
Boundaries = Literal["ends", "both"]
Labels = Literal["names", "clusters", "none"]
Scores = dict[str, float | None]

DRAWS = 200  # of random boundaries, up to 20 videos; the row is their mean
RESAMPLES = 1000  # of the videos, for the 95 % intervals
LABELLED = ("edit", "mof")  # scores that need labels; mof: mean over frames, the accuracy over time
FEW = 10  # videos, below which resampling them says little
CHANCE = ("grid", "random", "grid_found", "random_found")
"""The chance rows: a regular grid or random boundaries, as many as the truth has or, `_found`, as were predicted."""


@dataclass(frozen=True)
class Comparison:
    """One video: its truth, what was predicted, and the boundaries of both that count, [n], ascending."""

    video: str
    duration_s: float
    predicted: Annotation
    truth: Annotation
    predicted_s: Seconds
    truth_s: Seconds
    rule: Rule

    def matched(self, tolerance_s: float) -> list[tuple[int, int]]:
        """Pairs of indices into `predicted_s` and `truth_s`."""
        return _matched(self.rule, self.predicted_s, self.truth_s, tolerance_s)

    def f1(self, tolerance_s: float) -> float:
        """Boundary F1."""
        return _f1(self.predicted_s, self, tolerance_s)


@dataclass(frozen=True)
class Evaluation:
    """Scores are 0..1, None where one is not defined. F1 of nothing found where nothing is true is 1.

    macro: the mean over videos; micro: from the counts of all videos together. Average precision always pools the
    videos, so it is the same in both. chance: macro scores of the rows of `CHANCE`; gain: macro minus the grid.
    intervals95: of "macro", "micro" and "gain", by resampling videos; empty for a single video.
    """

    rule: Rule
    boundaries: Boundaries
    labels: Labels
    comparisons: tuple[Comparison, ...]
    macro: Scores
    micro: Scores
    per_video: dict[str, Scores]
    chance: dict[str, Scores]
    gain: Scores
    intervals95: dict[str, dict[str, tuple[float, float] | None]]
    without_prediction: tuple[str, ...]  # counted as an empty prediction
    without_truth: tuple[str, ...]  # left out
    notes: tuple[str, ...]  # why a score is not defined, what was assumed

    def to_dict(self) -> dict[str, Any]:
        """As JSON types."""
        return {
            "rule": self.rule,
            "boundaries": self.boundaries,
            "labels": self.labels,
            "n_videos": len(self.comparisons),
            "macro": self.macro,
            "micro": self.micro,
            "chance": self.chance,
            "gain": self.gain,
            "intervals95": {
                name: {key: None if pair is None else list(pair) for key, pair in scores.items()}
                for name, scores in self.intervals95.items()
            },
            "per_video": {
                c.video: {
                    "duration_s": c.duration_s,
                    "n_truth": len(c.truth_s),
                    "n_predicted": len(c.predicted_s),
                    **self.per_video[c.video],
                }
                for c in self.comparisons
            },
            "without_prediction": list(self.without_prediction),
            "without_truth": list(self.without_truth),
            "notes": list(self.notes),
        }


def evaluate(
    predicted: Mapping[str, Annotation],
    truth: Mapping[str, Annotation],
    *,
    rule: Rule = "kineme",
    boundaries: Boundaries = "ends",
    seed: int = 0,
) -> Evaluation:
    """Score the predictions of every video there is truth of.

    rule "kineme": boundaries that count once, matched as well as can be (`ml.evaluation.boundaries`); "laps": as the
    official tool counts (`ml.evaluation.laps`), which takes both ends whatever `boundaries` says. seed: of the random
    rows and of resampling.

    Labels count where they can. If some predicted label is a label of the truth they are names: segmental F1 compares
    them (MS-TCN), and so do the edit score and the accuracy over time. If none is, they are clusters: segmental F1
    ignores them, the other two name each cluster first (`segments.clusters_to_labels`). Without labels segmental F1
    is the same as for clusters, and the other two are None.

    Raises ValueError without truth, and for an unknown rule.
    """
    if not truth:
        raise ValueError("there is no truth to evaluate against")
    if rule not in get_args(Rule) or boundaries not in get_args(Boundaries):
        raise ValueError(f"unknown rule {rule!r} or boundaries {boundaries!r}")
    if rule == "laps":
        boundaries = "both"
    comparisons = tuple(_compare(v, predicted.get(v), truth[v], rule, boundaries) for v in sorted(truth))
    missing = tuple(c.video for c in comparisons if c.video not in predicted)
    labels = _kind_of_labels(comparisons)
    scorer = _Scorer(rule, labels, comparisons, frozenset(missing))
    rows = [scorer.score(c) for c in comparisons]
    table = _Table(rows)

    rng = np.random.default_rng(seed)
    chance_tables = {
        name: [scorer.table_of_chance(name, rng) for _ in range(_draws(name, len(truth)))] for name in CHANCE
    }
    undefined: Scores = {} if rule == "laps" else dict.fromkeys(LABELLED)
    macro = undefined | table.macro()
    chance = {name: _mean_scores([t.macro() for t in tables], macro) for name, tables in chance_tables.items()}
    intervals = _intervals(table, chance_tables["grid"][0], np.random.default_rng(seed))
    return Evaluation(
        rule=rule,
        boundaries=boundaries,
        labels=labels,
        comparisons=comparisons,
        macro=macro,
        micro=undefined | table.micro(),
        per_video={c.video: undefined | _Table([row]).macro() for c, row in zip(comparisons, rows, strict=True)},
        chance=chance,
        gain={key: _difference(value, chance["grid"][key]) for key, value in macro.items()},
        intervals95=intervals,
        without_prediction=missing,
        without_truth=tuple(sorted(set(predicted) - set(truth))),
        notes=_notes(rule, labels, comparisons),
    )


def f1_curve(comparisons: Sequence[Comparison], tolerances_s: Sequence[float], seed: int = 0) -> dict[str, list[float]]:
    """Macro boundary F1 at each tolerance, of the predictions and of the chance rows at the true count."""
    rng = np.random.default_rng(seed)
    draws = max(1, min(20, 400 // len(comparisons)))
    rows: dict[str, list[list[tuple[Seconds, Comparison]]]] = {
        "predicted": [[(c.predicted_s, c) for c in comparisons]],
        "grid": [[(_chance_boundaries("grid", c, rng), c) for c in comparisons]],
        "random": [[(_chance_boundaries("random", c, rng), c) for c in comparisons] for _ in range(draws)],
    }
    return {name: [_mean_f1(row, tolerance_s) for tolerance_s in tolerances_s] for name, row in rows.items()}


def _mean_f1(row: Sequence[Sequence[tuple[Seconds, Comparison]]], tolerance_s: float) -> float:
    return float(np.mean([_f1(times_s, c, tolerance_s) for draw in row for times_s, c in draw]))


def _f1(predicted_s: Seconds, comparison: Comparison, tolerance_s: float) -> float:
    total = len(predicted_s) + len(comparison.truth_s)
    return 2 * len(_matched(comparison.rule, predicted_s, comparison.truth_s, tolerance_s)) / total if total else 1.0


def _matched(rule: Rule, predicted_s: Seconds, truth_s: Seconds, tolerance_s: float) -> list[tuple[int, int]]:
    return (laps.matched if rule == "laps" else line.matched)(predicted_s, truth_s, tolerance_s)


def _compare(
    video: str, predicted: Annotation | None, truth: Annotation, rule: Rule, boundaries: Boundaries
) -> Comparison:
    found = predicted if predicted is not None else Annotation(video, None, ())
    given = truth.duration_s if truth.duration_s is not None else found.duration_s
    last_s = max((i.end_s for i in (*truth.intervals, *found.intervals)), default=0.0)
    duration_s = given if given is not None else last_s
    if rule == "laps":
        predicted_s, truth_s = laps.counted(found, duration_s), laps.counted(truth, duration_s)
    else:
        count = line.ends if boundaries == "ends" else line.both_ends
        predicted_s, truth_s = count(found, given), count(truth, given)
    return Comparison(video, duration_s, found, truth, predicted_s, truth_s, rule)


def _kind_of_labels(comparisons: Sequence[Comparison]) -> Labels:
    found = {i.label for c in comparisons for i in c.predicted.intervals if i.label is not None}
    true = {i.label for c in comparisons for i in c.truth.intervals if i.label is not None}
    if not found or not true:
        return "none"
    return "names" if found & true else "clusters"


def _notes(rule: Rule, labels: Labels, comparisons: Sequence[Comparison]) -> tuple[str, ...]:
    notes = []
    if rule == "kineme" and labels == "none":
        notes.append("Without labels on both sides there is no edit score and no accuracy over time.")
    if rule == "kineme" and labels == "clusters":
        notes.append("Clusters were named by the truth they agree with most before the edit score and the accuracy.")
    if rule == "kineme" and labels == "names":
        notes.append("Segmental F1 compares labels, which chance has none of.")
    if any(c.truth.duration_s is None and c.predicted.duration_s is None for c in comparisons):
        notes.append("Where no duration is given, chance takes the clip to end with its last segment.")
    if len(comparisons) == 1:
        notes.append("One video gives no 95 % interval.")
    elif len(comparisons) < FEW:
        notes.append(f"The 95 % intervals of {len(comparisons)} videos are rough, and rather too narrow.")
    return tuple(notes)


@dataclass(frozen=True)
class _Row:
    """One video scored. ratios: numerator and denominator of each score, to be divided here or summed first."""

    ratios: dict[str, tuple[float, float]]
    fixed: dict[str, float]  # scores of this video that are not their ratio
    hits: dict[str, Bool]  # of average precision, [P]
    confidence: Double  # [P]
    n_truth: int


class _Scorer:
    """What a prediction or chance scores on each video."""

    def __init__(self, rule: Rule, labels: Labels, comparisons: Sequence[Comparison], missing: frozenset[str]) -> None:
        self.rule, self.labels, self.comparisons, self.missing = rule, labels, comparisons, missing
        self.true_spans = {c.video: spans(c.truth.intervals) for c in comparisons}
        self.ious = laps.IOUS if rule == "laps" else whole.IOUS
        found = [i for c in comparisons for i in c.predicted.intervals]
        # Scores and lengths have no common scale; the official tool mixes them all the same.
        self.by_length = rule != "laps" and any(i.score is None for i in found)
        self.shared: dict[str, dict[tuple[str | None, str | None], float]] = {}
        self.names: dict[str, str] = {}
        if rule != "laps" and labels != "none":
            self.shared = {c.video: whole.shared_seconds(c.predicted, c.truth, c.duration_s) for c in comparisons}
        if labels == "clusters":
            self.names = whole.clusters_to_labels(self.shared.values())

    def score(self, c: Comparison) -> _Row:
        """What was predicted."""
        intervals = c.predicted.intervals
        confidence = np.array([self._confidence(i) for i in intervals], dtype=np.float64)
        pairs = overlaps(spans(intervals), self.true_spans[c.video])
        row = self._row(c, c.predicted_s, pairs, confidence)
        if self.rule == "laps":
            if c.video in self.missing:
                row.fixed.update(dict.fromkeys(row.ratios, 0.0))
            return row
        if self.labels == "names":
            pairs = whole.same_label(pairs, intervals, c.truth.intervals)
        row.ratios.update(self._segmental(pairs))
        if self.labels != "none":
            row.ratios.update(self._labelled(c))
        return row

    def table_of_chance(self, name: str, rng: np.random.Generator) -> _Table:
        """One draw of a chance row over all videos."""
        return _Table([self._score_chance(c, _chance_boundaries(name, c, rng)) for c in self.comparisons])

    def _score_chance(self, c: Comparison, times_s: Seconds) -> _Row:
        edges = np.unique(np.concatenate([[0.0], times_s, [c.duration_s]]))
        cut = np.stack([edges[:-1], edges[1:]], axis=1)
        pairs = overlaps(cut, self.true_spans[c.video])
        row = self._row(c, times_s, pairs, np.diff(edges))
        if self.rule != "laps" and self.labels != "names":
            row.ratios.update(self._segmental(pairs))
        return row

    def _row(self, c: Comparison, predicted_s: Seconds, pairs: Overlaps, confidence: Double) -> _Row:
        ratios: dict[str, tuple[float, float]] = {}
        fixed: dict[str, float] = {}
        n_predicted, n_truth = len(predicted_s), len(c.truth_s)
        for tolerance_s in TOLERANCES_S:
            at, tp = f"@{tolerance_s:g}s", len(_matched(self.rule, predicted_s, c.truth_s, tolerance_s))
            ratios[f"F1{at}"] = (2 * tp, n_predicted + n_truth)
            ratios[f"precision{at}"] = (tp, n_predicted)
            ratios[f"recall{at}"] = (tp, n_truth)
            if self.rule == "laps":
                fixed[f"precision{at}"] = laps.precision(tp, n_predicted, n_truth)
        slack = 0.0 if self.rule == "laps" else whole.SLACK
        hits = whole.detections(pairs, confidence, self.ious, slack)
        named = {f"mAP@{iou:g}": of_iou for iou, of_iou in zip(self.ious, hits, strict=True)}
        return _Row(ratios, fixed, named, confidence, len(c.truth.intervals))

    def _segmental(self, pairs: Overlaps) -> dict[str, tuple[float, float]]:
        hits = zip(whole.OVERLAPS, whole.segmental_hits(pairs, whole.OVERLAPS), strict=True)
        return {f"segmental F1@{100 * at:g}": (2 * tp, sum(pairs.shape)) for at, tp in hits}

    def _labelled(self, c: Comparison) -> dict[str, tuple[float, float]]:
        def name(label: str | None) -> str | None:
            return label if self.labels == "names" or not label else self.names.get(label, f"unnamed {label}")

        found = [name(i.label) or "" for i in c.predicted.intervals]  # "" is like no true label, not even like None
        true = [i.label for i in c.truth.intervals]
        longest = max(len(found), len(true))
        shared = self.shared[c.video]
        right_s = sum(length_s for (p, g), length_s in shared.items() if p != "" and name(p) == g)
        return {
            "edit": (longest - whole.edit_distance(found, true), longest),
            "mof": (right_s, sum(shared.values())),
        }

    def _confidence(self, interval: Interval) -> float:
        return interval.duration_s if self.by_length or interval.score is None else interval.score


def _chance_boundaries(name: str, c: Comparison, rng: np.random.Generator) -> Seconds:
    like = c.predicted_s if name.endswith("_found") else c.truth_s
    n = len(np.unique(like))
    grid = name.startswith("grid")
    times_s = regular_grid(n, c.duration_s) if grid else random_boundaries(n, c.duration_s, rng)
    return laps.alike(times_s, len(like)) if c.rule == "laps" else times_s


def _draws(name: str, n_videos: int) -> int:
    """More videos need fewer draws of each for as sure a mean over both."""
    return 1 if name.startswith("grid") else max(DRAWS // 10, min(DRAWS, 20 * DRAWS // n_videos))


class _Table:
    """Rows of all videos [V] by scores [K], to be averaged or pooled under weightings [R, V] of the videos."""

    def __init__(self, rows: Sequence[_Row]) -> None:
        self.rows = rows
        self.keys = list(rows[0].ratios)
        self.above = np.array([[row.ratios[key][0] for key in self.keys] for row in rows], dtype=np.float64)
        self.below = np.array([[row.ratios[key][1] for key in self.keys] for row in rows], dtype=np.float64)
        # Nothing to find and nothing found is 1; a precision or recall of nothing is what its F1 is.
        self.fallback = [
            self.keys.index("F1" + key[key.index("@") :]) if key.startswith(("precision", "recall")) else None
            for key in self.keys
        ]
        self.values = self._divide(self.above, self.below)
        for video, row in enumerate(rows):
            for key, value in row.fixed.items():
                self.values[video, self.keys.index(key)] = value
        self.owner = np.repeat(np.arange(len(rows)), [len(row.confidence) for row in rows])  # [P]
        self.confidence = np.concatenate([row.confidence for row in rows])
        self.n_truth = np.array([row.n_truth for row in rows], dtype=np.float64)
        self.hits = {key: np.concatenate([row.hits[key] for row in rows]) for key in rows[0].hits}

    def macro(self) -> Scores:
        return _scores(self.weighted("macro", np.ones((1, len(self.rows)))))

    def micro(self) -> Scores:
        return _scores(self.weighted("micro", np.ones((1, len(self.rows)))))

    def weighted(self, kind: str, weights: Double) -> dict[str, Double]:
        """Each score under each weighting, [R]; NaN where it is not defined."""
        if kind == "macro":
            values = weights @ self.values / weights.sum(axis=1, keepdims=True)  # [R, K]
        else:
            values = self._divide(weights @ self.above, weights @ self.below)
        return dict(zip(self.keys, values.T, strict=True)) | self._average_precisions(weights)

    def _divide(self, above: Double, below: Double) -> Double:
        values = np.divide(above, below, out=np.ones_like(above), where=below > 0)
        for key, f1 in enumerate(self.fallback):
            if f1 is not None:
                values[:, key] = np.where(below[:, key] > 0, values[:, key], values[:, f1])
        return values

    def _average_precisions(self, weights: Double) -> dict[str, Double]:
        n_truth = weights @ self.n_truth
        found: dict[str, Double] = {}
        for key, hits in self.hits.items():
            # A few weightings at a time: [R, P] of 1,000 resamples and many predictions is large.
            parts = [
                whole.average_precision(hits, self.confidence, n_truth[at : at + 50], weights[at : at + 50, self.owner])
                for at in range(0, len(weights), 50)
            ]
            found[key] = np.concatenate(parts)
        return found | {"mAP": np.mean(list(found.values()), axis=0)}


def _scores(values: Mapping[str, Double]) -> Scores:
    return {key: None if np.isnan(value[0]) else float(value[0]) for key, value in values.items()}


def _mean_scores(draws: Sequence[Scores], keys: Iterable[str]) -> Scores:
    def mean(key: str) -> float | None:
        values = [value for draw in draws if (value := draw.get(key)) is not None]
        return float(np.mean(values)) if values else None

    return {key: mean(key) for key in keys}


def _difference(value: float | None, other: float | None) -> float | None:
    return None if value is None or other is None else value - other


def _intervals(
    table: _Table, grid: _Table, rng: np.random.Generator
) -> dict[str, dict[str, tuple[float, float] | None]]:
    """Percentile bootstrap over videos; the gain is that of the same resampled videos."""
    V = len(table.rows)
    if V < 2:
        return {"macro": {}, "micro": {}, "gain": {}}
    weights = rng.multinomial(V, np.full(V, 1 / V), size=RESAMPLES).astype(np.float64)  # [R, V]
    macro, of_grid = table.weighted("macro", weights), grid.weighted("macro", weights)
    micro = table.weighted("micro", weights)
    gain = {key: value - of_grid[key] for key, value in macro.items() if key in of_grid}
    return {
        name: {key: _percentiles(value) for key, value in scores.items()}
        for name, scores in (("macro", macro), ("micro", micro), ("gain", gain))
    }


def _percentiles(values: Double) -> tuple[float, float] | None:
    defined = values[~np.isnan(values)]
    if not len(defined):
        return None
    low, high = np.percentile(defined, [2.5, 97.5]).tolist()
    return low, high
