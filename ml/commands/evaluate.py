"""`kineme evaluate`: segments against annotations, as a table, a JSON file and plots."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ml.annotations import Annotation, Interval, read_annotations
from ml.commands.console import EXIT_DONE, EXIT_INTERRUPTED, positive, say, seed, stopped
from ml.errors import PipelineError, UnusableAnnotation
from ml.evaluation import TOLERANCES_S, Comparison, Evaluation, evaluate, f1_curve
from ml.plots import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    VERMILION,
    Bar,
    Key,
    Lane,
    Link,
    Mark,
    Series,
    colours,
    line_plot,
    timeline,
)
from ml.store import save_json

HELP = "score segments against annotations, beside what chance would score"

COLUMNS = {
    **{f"F1@{tolerance_s:g}s": f"F1@{tolerance_s:g}s" for tolerance_s in TOLERANCES_S},
    **{f"segmental F1@{percent}": f"seg@{percent}" for percent in (10, 25, 50)},
    "edit": "edit",
    "mof": "MoF",
    "mAP@0.5": "mAP@0.5",
    "mAP": "mAP",
}
"""Scores of the table and their short names; a score that is not defined for these files has no column."""

CHANCE_ROWS = {
    "grid": "grid, true count",
    "random": "random, true count",
    "grid_found": "grid, found count",
    "random_found": "random, found count",
}
SHOWN_TOLERANCES_S = (0.5, 1.0)  # of the timelines
CURVE_S = tuple(np.linspace(0.0, 5.0, 101).round(2).tolist())


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `kineme evaluate` takes."""
    parser.add_argument(
        "--pred", required=True, type=Path, metavar="DIR", help="what was found: the --out of discover, or other files"
    )
    parser.add_argument("--gt", required=True, type=Path, metavar="DIR", help="annotations, paired by the file's stem")
    parser.add_argument(
        "--rule",
        choices=("kineme", "laps"),
        default="kineme",
        help="laps: count as the official LAPS tool does (default: %(default)s)",
    )
    parser.add_argument(
        "--boundaries",
        choices=("ends", "both"),
        default="ends",
        help="where actions end, or start and end, as --rule laps always takes (default: %(default)s)",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="default: evaluation.json beside the plots")
    parser.add_argument("--plots", type=Path, metavar="DIR", help="folder for plots (default: evaluation/ in --pred)")
    parser.add_argument("--fps", type=positive, metavar="N", help="frames a second of labels given frame by frame")
    parser.add_argument("--seed", type=seed, default=0, metavar="N", help="of random boundaries and intervals")


def run(arguments: argparse.Namespace) -> int:
    """Score, print, write. Returns 0, or 2 where a file cannot be used or no video has both truth and prediction."""
    try:
        predicted = read_annotations(arguments.pred, arguments.fps)
        truth = read_annotations(arguments.gt, arguments.fps)
        _check_pairs(predicted, truth)
        evaluation = evaluate(
            predicted, truth, rule=arguments.rule, boundaries=arguments.boundaries, seed=arguments.seed
        )
        sys.stdout.write(table(evaluation))
        _tell(evaluation)
        _write(evaluation, arguments)
    except PipelineError as error:
        return stopped(str(error))
    except OSError as error:
        return stopped(f"cannot write {error.filename or 'the results'}: {error.strerror or error}")
    except KeyboardInterrupt:
        say("stopped")
        return EXIT_INTERRUPTED
    return EXIT_DONE


def table(evaluation: Evaluation) -> str:
    """The scores as aligned text: each video, then over all of them, then chance and the gain over it."""
    keys = [key for key in COLUMNS if evaluation.macro.get(key) is not None]
    rows = [["video", "true", "found", *(COLUMNS[key] for key in keys)]]
    for c in evaluation.comparisons:
        scores = evaluation.per_video[c.video]
        rows.append([c.video, str(len(c.truth_s)), str(len(c.predicted_s)), *_figures(scores, keys)])
    rows.append([])
    n_true = sum(len(c.truth_s) for c in evaluation.comparisons)
    n_found = sum(len(c.predicted_s) for c in evaluation.comparisons)
    for name, scores in (("macro", evaluation.macro), ("micro", evaluation.micro)):
        rows.append([name, str(n_true), str(n_found), *_figures(scores, keys)])
        rows += _intervals(evaluation, name, keys)
    rows.append([])
    for name, title in CHANCE_ROWS.items():
        rows.append([f"chance: {title}", "", "", *_figures(evaluation.chance[name], keys)])
    rows.append(["gain over grid, true count", "", "", *_figures(evaluation.gain, keys, sign="+")])
    rows += _intervals(evaluation, "gain", keys, sign="+")
    return _aligned(rows)


def _intervals(evaluation: Evaluation, name: str, keys: Sequence[str], sign: str = "") -> list[list[str]]:
    """Two rows, the low and the high end of the 95 % intervals; none where there are no intervals."""
    intervals = evaluation.intervals95[name]
    if not intervals:
        return []
    pairs = [intervals.get(key) or (None, None) for key in keys]
    low, high = ([_figure(pair[side], sign) for pair in pairs] for side in (0, 1))
    return [["  95 % from", "", "", *low], ["  95 % to", "", "", *high]]


def _figures(scores: Mapping[str, float | None], keys: Sequence[str], sign: str = "") -> list[str]:
    return [_figure(scores.get(key), sign) for key in keys]


def _figure(value: float | None, sign: str = "") -> str:
    return "–" if value is None else f"{value:{sign}.3f}"


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[column]) for row in rows if row) for column in range(len(rows[0]))]
    lines = [
        "  ".join([row[0].ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(row[1:], widths[1:], strict=True))])
        if row
        else ""
        for row in rows
    ]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _check_pairs(predicted: Mapping[str, Annotation], truth: Mapping[str, Annotation]) -> None:
    if not truth:
        raise UnusableAnnotation("The annotations name no video.")
    if not predicted.keys() & truth.keys():
        raise UnusableAnnotation(
            f"No prediction has the name of an annotated video: predicted {_some(predicted)}; annotated {_some(truth)}."
        )


def _some(names: Mapping[str, Annotation]) -> str:
    first = sorted(names)[:3]
    return ", ".join(first) + (f" and {len(names) - 3} more" if len(names) > 3 else "") if first else "nothing"


def _tell(evaluation: Evaluation) -> None:
    for video in evaluation.without_prediction:
        say(f"{video}: no prediction; counted as an empty one")
    for video in evaluation.without_truth:
        say(f"{video}: no annotation; left out")
    for note in evaluation.notes:
        say(f"note: {note}")


def _write(evaluation: Evaluation, arguments: argparse.Namespace) -> None:
    beside = arguments.pred if arguments.pred.is_dir() else arguments.pred.parent
    plots: Path = arguments.plots if arguments.plots is not None else beside / "evaluation"
    file: Path = arguments.json if arguments.json is not None else plots / "evaluation.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    save_json(file, evaluation.to_dict())
    plots.mkdir(parents=True, exist_ok=True)
    (plots / "f1_over_tolerance.svg").write_text(f1_plot(evaluation, arguments.seed), encoding="utf-8")
    for name, comparison in _file_names(evaluation.comparisons).items():
        (plots / f"{name}.svg").write_text(video_plot(comparison), encoding="utf-8")
    sys.stdout.write(f"\nscores in {file}, plots in {plots}\n")


def _file_names(comparisons: Sequence[Comparison]) -> dict[str, Comparison]:
    """A file name for each video's timeline: names in annotation files are data, and may hold a path."""
    names: dict[str, Comparison] = {}
    taken: set[str] = set()  # compared without case: not every file system tells `A` from `a`
    for c in comparisons:
        stem = "timeline_" + re.sub(r"[^\w.-]", "_", c.video)[:60]
        name, number = stem, 2
        while name.casefold() in taken:
            name, number = f"{stem}-{number}", number + 1
        taken.add(name.casefold())
        names[name] = c
    return names


def f1_plot(evaluation: Evaluation, seed: int = 0) -> str:
    """Macro boundary F1 over tolerances, with the curves of chance, as SVG."""
    curve = f1_curve(evaluation.comparisons, CURVE_S, seed)
    return line_plot(
        [
            Series("predicted", CURVE_S, curve["predicted"], BLUE),
            Series("regular grid, true count", CURVE_S, curve["grid"], VERMILION, dash="7 4"),
            Series("random, true count", CURVE_S, curve["random"], GREY, dash="2 3"),
        ],
        title=f"Boundary F1 over tolerance, mean of {_count(len(evaluation.comparisons), 'video')}",
        x_label="tolerance (seconds)",
        y_label="F1",
        x_range=(0.0, 5.0),
        y_range=(0.0, 1.0),
    )


def video_plot(comparison: Comparison) -> str:
    """The timeline of one video as SVG: truth, prediction, and which boundaries were matched."""
    c = comparison
    colour_of = colours(i.label for a in (c.truth, c.predicted) for i in a.intervals if i.label is not None)
    lanes = [
        Lane("annotated", _bars(c.truth.intervals, colour_of)),
        Lane("predicted", _bars(c.predicted.intervals, colour_of)),
        *(_matching(c, tolerance_s) for tolerance_s in SHOWN_TOLERANCES_S),
    ]
    scores = ", ".join(f"{c.f1(tolerance_s):.2f} at {tolerance_s:g} s" for tolerance_s in SHOWN_TOLERANCES_S)
    n_most = max(len(c.truth.intervals), len(c.predicted.intervals))
    return timeline(
        lanes,
        title=f"{c.video}: {_count(len(c.truth_s), 'true boundary', 'true boundaries')}, {len(c.predicted_s)} found, "
        f"F1 {scores}",
        duration_s=c.duration_s,
        legend=[
            Key("matched: true above, found below", GREEN),
            Key("missed", ORANGE, "ring"),
            Key("false alarm", VERMILION, "cross"),
        ],
        width_px=min(max(1100, 24 * n_most), 8000),
    )


def _bars(intervals: Sequence[Interval], colour_of: Mapping[str, str]) -> list[Bar]:
    return [
        Bar(i.start_s, i.end_s, i.label or "", colour_of[i.label] if i.label is not None else BLUE) for i in intervals
    ]


def _matching(c: Comparison, tolerance_s: float) -> Lane:
    """True boundaries in the upper half, found ones in the lower, pairs linked."""
    pairs = c.matched(tolerance_s)
    right, found = {i for i, _ in pairs}, {j for _, j in pairs}
    truth = [
        Mark(t, GREEN, bottom=0.38) if j in found else Mark(t, ORANGE, "ring", bottom=0.38)
        for j, t in enumerate(c.truth_s.tolist())
    ]
    predicted = [
        Mark(t, GREEN, top=0.62) if i in right else Mark(t, VERMILION, "cross", top=0.62)
        for i, t in enumerate(c.predicted_s.tolist())
    ]
    links = [Link(float(c.truth_s[j]), float(c.predicted_s[i]), GREEN) for i, j in pairs]
    return Lane(f"within {tolerance_s:g} s", marks=truth + predicted, links=links, height_px=44)


def _count(n: int, one: str, many: str | None = None) -> str:
    return f"{n} {one if n == 1 else many or one + 's'}"
