"""What `compare` and `ablate` share: which videos, with which truth, and how a table is shown and stored."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ml.annotations import Annotation, Interval, read_annotations
from ml.artefacts import Progress
from ml.baselines.material import Material, Refused, gather
from ml.commands.console import (
    EXIT_DONE,
    EXIT_INTERRUPTED,
    add_tracking_options,
    add_weights_option,
    progress_bar,
    say,
    seed,
    stopped,
    tracking,
)
from ml.config import PRESETS, PipelineConfig, digest_of
from ml.encoders import BUILT_IN, encoders, frame_encoder
from ml.errors import PipelineError
from ml.evaluation import Evaluation, f1_curve
from ml.pipeline import Take, shown
from ml.store import save_json
from ml.synthetic.sample import render_sample
from ml.synthetic.scene import SceneConfig
from ml.tokenizer.checkpoint import load_tokenizer
from ml.tokenizer.model import MotionTokenizer
from ml.tokenizer.train import train_tokenizer

NOT_VIDEOS = {".json", ".txt", ".md", ".csv", ".npy", ".npz"}
NONE = "–"
FINE_S, FINE = 0.2, "F1@0.2s"  # for actions of a second, where a regular grid scores high at half a second


class UnusableRequest(PipelineError):
    """What was asked for cannot be done; the message is a sentence."""


@dataclass(frozen=True)
class Recordings:
    """The videos that can be used, with their truth by stem, and those that cannot."""

    materials: list[Material]
    truth: dict[str, Annotation]
    refused: list[Refused]
    source: str  # in words
    encoders: dict[str, str | None]  # SHA-256 of each one's weights
    absent: tuple[str, ...]  # encoders that cannot be used here, a sentence each
    one_take: bool = False  # the videos are views of one take, their times the same

    def absent_notes(self) -> list[str]:
        """Lines for below a table."""
        return [f"- No row by {sentence}" for sentence in self.absent]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What both commands take."""
    parser.add_argument(
        "--videos",
        nargs="+",
        type=Path,
        metavar="VIDEO|DIR",
        help="videos, or folders of them (default: the synthetic sample, rendered now)",
    )
    parser.add_argument("--gt", type=Path, metavar="DIR", help="their annotations, a file or a folder")
    parser.add_argument(
        "--preset", choices=PRESETS, default="small", help="size of the tokenizer (default: %(default)s)"
    )
    parser.add_argument(
        "--tokenizer", type=Path, metavar="CKPT", help="folder of a trained tokenizer (default: one is trained)"
    )
    parser.add_argument(
        "--encoder",
        action="append",
        metavar="NAME",
        help=f"what makes frame features; may be given again (default: {BUILT_IN}, and CLIP where its weights are)",
    )
    add_weights_option(parser)
    add_tracking_options(parser)
    parser.add_argument("--work", type=Path, metavar="DIR", help="keep tracks and features here for the next time")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything as JSON")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the table as Markdown")
    parser.add_argument("--seed", type=seed, default=0, metavar="N", help="of everything random (default: %(default)s)")


Command = Callable[[argparse.Namespace, Path, Progress], tuple[str, dict[str, Any]]]
"""Arguments, a folder for what is made on the way, progress → the text to print and the same as JSON types."""


def run(arguments: argparse.Namespace, command: Command) -> int:
    """Run `command`, print what it says and write the files asked for. Returns the exit status."""
    try:
        with progress_bar() as progress, tempfile.TemporaryDirectory(prefix="kineme-") as temporary:
            work = Path(temporary) if arguments.work is None else arguments.work
            work.mkdir(parents=True, exist_ok=True)
            text, data = command(arguments, work, progress)
        if arguments.markdown is not None:
            arguments.markdown.write_text(text + "\n", encoding="utf-8")
        if arguments.json is not None:
            save_json(arguments.json, data)
    except PipelineError as error:
        return stopped(str(error))
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return stopped(f"{where}{error.strerror or error}")
    except KeyboardInterrupt:
        say("stopped")
        return EXIT_INTERRUPTED
    sys.stdout.write(text + "\n")
    return EXIT_DONE


def config_of(arguments: argparse.Namespace) -> PipelineConfig:
    """The preset, with the seed in training and clustering."""
    config = PipelineConfig.preset(arguments.preset)
    return replace(
        config,
        tracking=tracking(arguments),
        training=replace(config.training, seed=arguments.seed),
        clustering=replace(config.clustering, seed=arguments.seed),
    )


def recordings_of(
    arguments: argparse.Namespace,
    config: PipelineConfig,
    work: Path,
    progress: Progress,
) -> Recordings:
    """The videos asked for, tracked and measured; the synthetic sample where none is. Says which are left out, and why.

    A file without truth is left out; one that only lies in a given folder is passed over.

    Raises UnusableRequest (also where no video is left), UnusableAnnotation, EncoderUnavailable.
    """
    known = encoders(arguments.weights)
    usable = [one.name for one in known if one.why_not is None]
    used = [frame_encoder(name, arguments.weights) for name in dict.fromkeys(arguments.encoder or usable)]
    absent = () if arguments.encoder else tuple(f"{one.name}: {one.why_not}" for one in known if one.why_not)
    source, synthetic = "given videos", arguments.videos is None
    if synthetic:
        if arguments.gt is not None:
            raise UnusableRequest("--gt says what happens in --videos, and none are given")
        scene = SceneConfig()
        folder = work / f"synthetic-{digest_of(scene)[:16]}"
        given, truth = _sample(scene, folder, part(progress, 0.0, 0.4))
        source = f"synthetic sample, {len(given)} views"
    elif arguments.gt is None:
        raise UnusableRequest("--videos need their annotations: --gt DIR")
    else:
        truth = read_annotations(arguments.gt)
        given = _listed(arguments.videos, truth)
    refused: list[Refused] = []
    videos: dict[str, Path] = {}
    for video in given:
        if video.stem not in truth:
            refused.append(Refused(video, f"no annotation in {arguments.gt}"))
        elif video.stem in videos:
            refused.append(Refused(video, "a video of the same name was given before it"))
        else:
            videos[video.stem] = video
    materials, broken = gather(list(videos.values()), config, used, work, part(progress, 0.4, 1.0))
    refused += broken
    for one in refused:
        say(f"{shown(one.video)}: {one.reason}")
    if not materials:
        raise UnusableRequest("no video can be used")
    of_used = {m.stem: truth[m.stem] for m in materials}
    return Recordings(materials, of_used, refused, source, {one.name: one.weights for one in used}, absent, synthetic)


def _sample(scene: SceneConfig, folder: Path, progress: Progress) -> tuple[list[Path], dict[str, Annotation]]:
    done = folder / "videos"
    if not done.is_dir():
        part = folder / "part"
        render_sample(part, scene, progress)
        part.replace(done)
    return sorted(done.glob("*.mp4")), read_annotations(done)


def _listed(given: Sequence[Path], truth: dict[str, Annotation]) -> list[Path]:
    """Files as they are, and of a folder those with a truth."""
    videos: list[Path] = []
    for path in given:
        if path.is_dir():
            files = sorted(p for p in path.iterdir() if p.is_file() and p.suffix.lower() not in NOT_VIDEOS)
            videos += [p for p in files if p.stem in truth]
        else:
            videos.append(path)
    if not videos:
        raise UnusableRequest("the folders given hold no video with an annotation")
    return videos


def tokenizer_of(
    arguments: argparse.Namespace,
    materials: Sequence[Material],
    config: PipelineConfig,
    work: Path,
    progress: Progress,
) -> tuple[MotionTokenizer, PipelineConfig]:
    """The given tokenizer, or one trained on all the videos without their truth, and the configuration around it."""
    if arguments.tokenizer is not None:
        tokenizer = load_tokenizer(arguments.tokenizer)
        return tokenizer, config.with_tokenizer(tokenizer.config)
    tracks = [m.take.tracks for m in materials if m.take.tracks is not None]
    train_tokenizer(tracks, config.tokenizer, config.training, work / "tokenizer", progress)
    return load_tokenizer(work / "tokenizer"), config


def found_by(take: Take) -> list[Interval]:
    """The segments of a take as intervals, their mean energy as score."""
    return [Interval(found.start_s, found.end_s, score=found.energy_mean) for found in take.segments]


def fine_f1(evaluation: Evaluation, seed: int) -> dict[str, float]:
    """Macro boundary F1 at `FINE_S` of what was "predicted", and of "grid" and "random" at the true count."""
    return {name: values[0] for name, values in f1_curve(evaluation.comparisons, [FINE_S], seed).items()}


def heading(what: str, found: Recordings, tokenizer: MotionTokenizer, arguments: argparse.Namespace) -> str:
    """One line on what a table is of, and one on what made it."""
    total_s = sum(m.duration_s for m in found.materials)
    made_by = f"tokenizer {(tokenizer.digest or '')[:12]}, seed {arguments.seed}, {_machine()}"
    return f"{what}: {len(found.materials)} videos, {total_s:.0f} s ({found.source})\n{made_by}"


def facts(
    recordings: Recordings, config: PipelineConfig, tokenizer: MotionTokenizer, arguments: argparse.Namespace
) -> dict[str, Any]:
    """What a figure has to name: inputs, configuration, seed, machine."""
    return {
        "source": recordings.source,
        "videos": [
            {"video": m.stem, "duration_s": m.duration_s, "n_intervals": len(recordings.truth[m.stem].intervals)}
            for m in recordings.materials
        ],
        "refused": [{"video": shown(one.video), "reason": one.reason} for one in recordings.refused],
        "seed": arguments.seed,
        "encoders": [{"name": name, "weights": weights} for name, weights in recordings.encoders.items()],
        "absent": list(recordings.absent),
        "tokenizer": tokenizer.digest,
        "config": config.to_dict(),
        "machine": _machine(),
    }


def _machine() -> str:
    return f"{os.cpu_count()} cores {platform.machine()}"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table that is also one to the eye: the first column to the left, the others to the right."""
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]

    def line(cells: Sequence[str]) -> str:
        first, *others = zip(cells, widths, strict=True)
        return "| " + " | ".join([first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]) + " |"

    return "\n".join(map(line, [header, rule, *rows]))


def part(progress: Progress, start: float, stop: float) -> Progress:
    """A callback for one part of a longer way."""
    return lambda fraction, message: progress(start + (stop - start) * fraction, message)


def percent(value: float | None) -> str:
    """A share as the paper prints it."""
    return NONE if value is None else f"{100 * value:.1f}"


def signed(value: float | None) -> str:
    """A difference of shares, with its sign."""
    return NONE if value is None else f"{100 * value:+.1f}"
