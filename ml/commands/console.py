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
    say(message)
    return EXIT_NOTHING_WORKED


def say(line: str) -> None:
    sys.stderr.write(" ".join(line.split()) + "\n")


def at_least_one(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return value


def positive(text: str) -> float:
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError("must be a number above 0")
    return value


def seed(text: str) -> int:
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
