"""`kineme discover`: the chain on files, for people and scripts without a server."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from tqdm import tqdm

from ml.config import PRESETS, PipelineConfig
from ml.errors import PipelineError
from ml.pipeline import Report, discover, shown

EXIT_DONE, EXIT_NOTHING_WORKED, EXIT_INTERRUPTED = 0, 2, 130


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `kineme discover` takes."""
    parser.add_argument("videos", nargs="+", type=Path, metavar="VIDEO", help="a video file")
    parser.add_argument(
        "--out", required=True, type=Path, metavar="DIR", help="folder for what is found; made if absent"
    )
    parser.add_argument(
        "--clusters", type=_at_least_one, metavar="K", help="how many clusters (default: the best by silhouette)"
    )
    parser.add_argument(
        "--preset", choices=PRESETS, default="small", help="size of the tokenizer (default: %(default)s)"
    )
    parser.add_argument(
        "--tokenizer", type=Path, metavar="CKPT", help="folder of a trained tokenizer; none is trained then"
    )
    parser.add_argument(
        "--theta-on", type=_positive, metavar="X", help="energy threshold (default: calibrated on the videos)"
    )
    parser.add_argument(
        "--seed", type=_seed, metavar="N", help="seed of training and clustering (default: the preset's)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Discover the primitives of the videos. Returns the exit status: 0 if any video worked, 2 if none did."""
    try:
        with tqdm(total=100, unit="%", file=sys.stderr, disable=None, bar_format="{l_bar}{bar}| {postfix}") as bar:

            def progress(fraction: float, message: str) -> None:
                bar.n = round(100 * fraction, 1)
                bar.set_postfix_str(message, refresh=False)
                bar.update(0)

            report = discover(arguments.videos, arguments.out, _config(arguments), arguments.tokenizer, progress)
    except PipelineError as error:
        return _stopped(str(error))
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return _stopped(f"cannot write to {arguments.out}: {where}{error.strerror or error}")
    except KeyboardInterrupt:
        _say("stopped")
        return EXIT_INTERRUPTED
    return _tell(report, arguments.out)


COMMANDS: dict[str, tuple[str, Callable[[argparse.ArgumentParser], None], Callable[[argparse.Namespace], int]]] = {
    "discover": ("find, cut and cluster the action primitives of some videos, without a server", add_arguments, run),
}
"""name → (help, add_arguments, run): what a command line mounts as subcommands."""


def main(argv: Sequence[str] | None = None) -> int:
    """`kineme` with the commands of this module only."""
    parser = argparse.ArgumentParser(prog="kineme")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (what, add, _) in COMMANDS.items():
        add(commands.add_parser(name, help=what, description=what))
    arguments = parser.parse_args(argv)
    return COMMANDS[arguments.command][2](arguments)


def _config(arguments: argparse.Namespace) -> PipelineConfig:
    config = PipelineConfig.preset(arguments.preset, n_clusters=arguments.clusters, theta_on=arguments.theta_on)
    if arguments.seed is None:
        return config
    return replace(
        config,
        training=replace(config.training, seed=arguments.seed),
        clustering=replace(config.clustering, seed=arguments.seed),
    )


def _tell(report: Report, out: Path) -> int:
    """One line a video that did not work, warnings, and what was found. Returns the exit status."""
    for take in report.takes:
        if take.reason is not None:
            _say(f"{shown(take.video)}: {take.reason}")
        for warning in take.warnings if take.works else ():
            _say(f"{shown(take.video)}: warning: {warning}")
    if report.calibration is not None and report.calibration.warning is not None:
        _say(f"warning: {report.calibration.warning}")
    if report.n_working == 0:
        return EXIT_NOTHING_WORKED
    clusters = 0 if report.clustering is None else report.clustering.n_clusters
    sys.stdout.write(
        f"{report.n_segments} segments in {clusters} clusters, "
        f"from {report.n_working} of {len(report.takes)} videos, in {out}\n"
    )
    return EXIT_DONE


def _stopped(message: str) -> int:
    _say(message)
    return EXIT_NOTHING_WORKED


def _say(line: str) -> None:
    sys.stderr.write(" ".join(line.split()) + "\n")


def _at_least_one(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return value


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError("must be a number above 0")
    return value


def _seed(text: str) -> int:
    value = int(text)
    if not 0 <= value < 2**32:
        raise argparse.ArgumentTypeError("must be in 0..4294967295")
    return value


if __name__ == "__main__":
    sys.exit(main())
