"""What the commands share: exit statuses, messages, the progress bar, types of arguments."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from tqdm import tqdm

from ml.artefacts import Progress
from ml.config import TrackingConfig
from ml.tracking import CoTracker

EXIT_DONE, EXIT_NOTHING_WORKED, EXIT_INTERRUPTED = 0, 2, 130


@contextmanager
def progress_bar() -> Generator[Progress]:
    """A bar on standard error while the block runs; none where that is no terminal."""
    with tqdm(total=100, unit="%", file=sys.stderr, disable=None, bar_format="{l_bar}{bar}| {postfix}") as bar:

        def progress(fraction: float, message: str) -> None:
            bar.n = round(100 * fraction, 1)
            bar.set_postfix_str(message, refresh=False)
            bar.update(0)

        yield progress


def stopped(message: str) -> int:
    """Say on standard error why nothing was done. Returns the exit status for that."""
    say(message)
    return EXIT_NOTHING_WORKED


def say(line: str) -> None:
    """One line on standard error, line breaks in it taken out."""
    sys.stderr.write(" ".join(line.split()) + "\n")


def at_least_one(text: str) -> int:
    """A whole number from 1, for argparse. Raises ArgumentTypeError, or ValueError where it is no number."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return value


def positive(text: str) -> float:
    """A finite number above 0, for argparse. Raises ArgumentTypeError, or ValueError where it is no number."""
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError("must be a number above 0")
    return value


def seed(text: str) -> int:
    """A whole number of 32 bits, for argparse. Raises ArgumentTypeError, or ValueError where it is no number."""
    value = int(text)
    if not 0 <= value < 2**32:
        raise argparse.ArgumentTypeError("must be in 0..4294967295")
    return value


def add_weights_option(parser: argparse.ArgumentParser) -> None:
    """`--weights DIR`: where encoders find theirs. Without it the place the server looks at too."""
    data = Path(os.environ.get("KINEME_DATA") or ".kineme")
    given = os.environ.get("KINEME_CLIP_WEIGHTS")
    parser.add_argument(
        "--weights",
        type=Path,
        default=Path(given) if given else data / "weights" / "clip",
        metavar="DIR",
        help="where the weights of CLIP lie (default: KINEME_CLIP_WEIGHTS, or %(default)s)",
    )


def add_tracking_options(parser: argparse.ArgumentParser) -> None:
    """How points are followed; `tracking` reads it."""
    parser.add_argument(
        "--tracker",
        choices=("flow", "lk", "cotracker3"),
        default=TrackingConfig.backend,
        help="what follows the points: flow; lk, more exactly, but it loses plain and fast ones; or the paper's "
        "cotracker3, on a GPU, for purposes that are not commercial (default: %(default)s)",
    )
    parser.add_argument(
        "--cotracker",
        type=Path,
        default=os.environ.get("KINEME_COTRACKER") or None,
        metavar="DIR",
        help="folder of CoTracker's weights and code (default: KINEME_COTRACKER)",
    )
    parser.add_argument(
        "--accept-cc-by-nc",
        action="store_true",
        default=os.environ.get("KINEME_ACCEPT_CC_BY_NC", "").lower() in ("1", "true", "yes"),
        help="you have read CoTracker's licence, CC-BY-NC 4.0, and keep to it (or set KINEME_ACCEPT_CC_BY_NC=1)",
    )
    parser.add_argument(
        "--compensate-camera", action="store_true", help="take the camera's own motion out, where it is worn or moved"
    )
    parser.add_argument(
        "--tracks-layout",
        choices=("frames", "xy_rows", "xyz_rows"),
        default=TrackingConfig.tracks_layout,
        help="of files of tracks: [frames, points, 2 or 3], or all x below each other, then all y (and z)",
    )
    parser.add_argument(
        "--tracks-fps", type=positive, metavar="N", help="frames a second of files of tracks that do not say it"
    )


def tracking(arguments: argparse.Namespace) -> TrackingConfig:
    """What the options of `add_tracking_options` ask for."""
    return TrackingConfig(
        backend=arguments.tracker,
        compensate_camera=arguments.compensate_camera,
        tracks_layout=arguments.tracks_layout,
        tracks_fps=arguments.tracks_fps,
    )


def cotracker(arguments: argparse.Namespace) -> CoTracker:
    """Where CoTracker lies and whether its licence was accepted. Shows the licence to who asks for it and did not."""
    found = CoTracker(arguments.cotracker, arguments.accept_cc_by_nc)
    if arguments.tracker == "cotracker3" and not found.accepted:
        sys.stderr.write(found.licence_text())
    return found
