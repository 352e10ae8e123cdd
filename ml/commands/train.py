"""`kineme train`: a motion tokenizer from tracks, or from videos that are tracked first."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from ml.artefacts import Progress
from ml.commands.console import (
    EXIT_DONE,
    EXIT_INTERRUPTED,
    at_least_one,
    progress_bar,
    say,
    seed,
    stopped,
)
from ml.config import PRESETS, PipelineConfig, TokenizerConfig, TrackingConfig, TrainingConfig, build, digest_of
from ml.errors import PipelineError
from ml.pipeline import shown, why_unreadable
from ml.tokenizer.checkpoint import FACTS, load_tokenizer, read_facts
from ml.tokenizer.figures import curves, reconstruction
from ml.tokenizer.state import drop_state
from ml.tokenizer.train import STATE_EVERY_S, train_tokenizer
from ml.tokenizer.windows import split_windows
from ml.tracking import TracksFile, track_video

HELP = "train a motion tokenizer on tracks or videos, for `kineme discover --tokenizer`"
UNFINISHED = "unfinished"
HEADER = "tracks.json"


class CannotTrain(PipelineError):
    """The folder or the device asked for cannot be used."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `kineme train` takes."""
    parser.add_argument(
        "sources",
        nargs="+",
        type=Path,
        metavar="TRACKS_OR_VIDEO",
        help="a folder of tracks (tracks.json and tracks.bin), or a video, which is tracked first",
    )
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="folder for the checkpoint")
    parser.add_argument("--preset", choices=PRESETS, default="small", help="size and recipe (default: %(default)s)")
    parser.add_argument("--steps", type=at_least_one, metavar="N", help="training steps (default: the preset's)")
    parser.add_argument("--seed", type=seed, metavar="N", help="of weights, split and order (default: the preset's)")
    parser.add_argument(
        "--precision",
        choices=("auto", "float32", "bfloat16"),
        help="of the large products; auto is bfloat16 where the processor has it (default: the preset's)",
    )
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="(default: %(default)s)")
    again = parser.add_mutually_exclusive_group()
    again.add_argument("--resume", action="store_true", help="go on with the unfinished training in DIR")
    again.add_argument("--force", action="store_true", help="start anew where DIR holds a training already")
    parser.add_argument(
        "--save-every",
        type=float,
        default=STATE_EVERY_S,
        metavar="S",
        help="seconds between two states that --resume can go on from (default: %(default)g)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Train. Returns the exit status: 0 if there is a checkpoint, 2 if there is none."""
    try:
        if _is_finished(arguments):
            say(f"the training in {arguments.out} is finished")
        else:
            with progress_bar() as progress:
                _train(arguments, progress)
    except PipelineError as error:
        return stopped(str(error))
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return stopped(f"cannot write to {arguments.out}: {where}{error.strerror or error}")
    except KeyboardInterrupt:
        say(f"stopped; `--resume` goes on from the last state in {arguments.out}")
        return EXIT_INTERRUPTED
    sys.stdout.write(_report(read_facts(arguments.out), arguments.out))
    return EXIT_DONE


def _is_finished(arguments: argparse.Namespace) -> bool:
    """Whether --resume finds nothing left to do. Raises CannotTrain where a training would be overwritten unasked."""
    finished, begun = (arguments.out / FACTS).exists(), (arguments.out / UNFINISHED).exists()
    if arguments.resume and not (finished or begun):
        raise CannotTrain(f"there is no training in {arguments.out} to go on with")
    if not (arguments.resume or arguments.force):
        if finished:
            raise CannotTrain(f"{arguments.out} holds a tokenizer already; --force trains a new one in its place")
        if begun:
            raise CannotTrain(f"{arguments.out} holds an unfinished training; --resume goes on, --force starts anew")
    return bool(arguments.resume and finished)


def _train(arguments: argparse.Namespace, progress: Progress) -> None:
    if arguments.device == "cuda" and not torch.cuda.is_available():
        raise CannotTrain("torch sees no CUDA device here")
    config = _config(arguments)
    unfinished = arguments.out / UNFINISHED
    if not arguments.resume:
        drop_state(unfinished)
        (arguments.out / FACTS).unlink(missing_ok=True)  # with --force: from here on DIR holds no finished training
    unfinished.mkdir(parents=True, exist_ok=True)
    names, tracks = _tracks(
        arguments.sources, config.tracking, unfinished / "tracks", lambda done, what: progress(0.3 * done, what)
    )
    train_tokenizer(
        tracks,
        replace(config.tokenizer, n_points=tracks[0].n_points, n_steps=tracks[0].n_frames - 1),
        config.training,
        arguments.out,
        lambda done, what: progress(0.3 + 0.7 * done, what),
        state=unfinished / "state",
        state_every_s=arguments.save_every,
        device=arguments.device,
    )
    _draw(arguments.out, names, tracks, config.training)
    drop_state(unfinished)


def _draw(out: Path, names: Sequence[str], tracks: Sequence[TracksFile], training: TrainingConfig) -> None:
    """The plots, beside the checkpoint."""
    folder = out / "plots"
    folder.mkdir(exist_ok=True)
    judged = split_windows([one.n_windows for one in tracks], training).validation
    made = curves(read_facts(out)["metrics"])
    made["reconstruction.svg"] = reconstruction(load_tokenizer(out), tracks, judged, names)
    for name, svg in made.items():
        (folder / name).write_text(svg, encoding="utf-8")


def _config(arguments: argparse.Namespace) -> PipelineConfig:
    config = PipelineConfig.preset(arguments.preset)
    given = {name: getattr(arguments, name) for name in ("steps", "seed", "precision")}
    return replace(config, training=replace(config.training, **{k: v for k, v in given.items() if v is not None}))


def _tracks(
    sources: Sequence[Path], config: TrackingConfig, folder: Path, progress: Progress
) -> tuple[list[str], list[TracksFile]]:
    """Names and tracks of all sources that work, of one grid and window; videos are tracked into `folder`, once.

    Raises CannotTrain where none works or two do not fit together.
    """
    names, found = [], []
    for index, source in enumerate(sources):

        def step(done: float, what: str, index: int = index, source: Path = source) -> None:
            progress((index + done) / len(sources), f"{shown(source)}: {what}")

        try:
            found.append(_opened(source) if source.is_dir() else _tracked(source, config, folder, step))
            names.append(shown(source))
        except PipelineError as error:
            say(f"{shown(source)}: {error}")
    if not found:
        raise CannotTrain("there is nothing to train on")
    if len({(one.n_points, one.n_frames) for one in found}) > 1:
        raise CannotTrain("the tracks differ in their grid or window, and one tokenizer takes one kind")
    return names, found


def _opened(folder: Path) -> TracksFile:
    try:
        return TracksFile.open(folder)
    except FileNotFoundError as error:
        raise CannotTrain("a folder without tracks") from error
    except (ValueError, KeyError, TypeError) as error:
        raise CannotTrain("its tracks are damaged, or of another version") from error


def _tracked(video: Path, config: TrackingConfig, folder: Path, progress: Progress) -> TracksFile:
    reason = why_unreadable(video)
    if reason is not None:
        raise CannotTrain(reason)
    facts = video.stat()
    name = digest_of({"path": str(video.absolute()), "bytes": facts.st_size, "changed": facts.st_mtime_ns})[:16]
    out = folder / f"{name}-{digest_of(config)[:16]}"
    if not (out / HEADER).exists():  # written last, so it means finished tracks
        track_video(video, config, out, progress)
    return TracksFile.open(out)


def _report(facts: dict[str, Any], out: Path) -> str:
    """What was trained, on what, and how well it does."""
    metrics, n_codes = facts["metrics"], build(TokenizerConfig, facts["config"]).n_codes
    last = metrics["history"][-1]["step"]
    judged = {"video": "on videos kept apart", "time": "on the last part of each video", "none": "on the same windows"}
    lines = [
        f"{facts['n_parameters']:,} parameters, trained in {metrics['trained_in']}",
        f"trained on {metrics['training_windows']} windows, judged on {metrics['validation_windows']}"
        f" {judged[metrics['split']]}",
        f"validation loss {metrics['validation_loss']:.4f} at step {metrics['step']}, the best of {last}",
        f"displacements right {metrics['accuracy']:.1%}, {metrics['accuracy_moving']:.1%} of those that move; "
        f"saying that nothing moves {metrics['accuracy_no_motion']:.1%}",
        f"codes used {metrics['code_usage']:.1%} of {n_codes:,}, perplexity {metrics['perplexity']:.0f}",
        f"in {out}",
    ]
    return "\n".join(lines) + "\n"
