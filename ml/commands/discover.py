"""`kineme discover`: the chain on files, for people and scripts without a server."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import get_args

from ml.commands.console import (
    EXIT_DONE,
    EXIT_INTERRUPTED,
    EXIT_NOTHING_WORKED,
    add_tracking_options,
    at_least_one,
    cotracker,
    positive,
    progress_bar,
    say,
    seed,
    stopped,
    tracking,
)
from ml.config import PRESETS, ClusterBy, PipelineConfig
from ml.errors import PipelineError
from ml.pipeline import Report, discover, shown

HELP = "find, cut and cluster the action primitives of some videos, without a server"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `kineme discover` takes."""
    parser.add_argument(
        "videos", nargs="+", type=Path, metavar="VIDEO", help="a video, or a file of tracks (.npy, .npz)"
    )
    parser.add_argument(
        "--out", required=True, type=Path, metavar="DIR", help="folder for what is found; made if absent"
    )
    parser.add_argument(
        "--clusters", type=at_least_one, metavar="K", help="how many clusters (default: the best by silhouette)"
    )
    parser.add_argument(
        "--preset", choices=PRESETS, default="small", help="size of the tokenizer (default: %(default)s)"
    )
    parser.add_argument(
        "--tokenizer", type=Path, metavar="CKPT", help="folder of a trained tokenizer; none is trained then"
    )
    parser.add_argument(
        "--theta-on", type=positive, metavar="X", help="energy threshold (default: calibrated on the videos)"
    )
    parser.add_argument(
        "--seed", type=seed, metavar="N", help="seed of training and clustering (default: the preset's)"
    )
    parser.add_argument(
        "--cluster-by",
        choices=get_args(ClusterBy),
        default="embedding",
        help="what is compared: the paper's embedding of the codes, or the latents before them, of every camera "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--one-take", action="store_true", help="the videos are cameras of one take that were started together"
    )
    add_tracking_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Discover the primitives of the videos. Returns the exit status: 0 if any video worked, 2 if none did."""
    where_cotracker_lies = cotracker(arguments)
    try:
        with progress_bar() as progress:
            report = discover(
                arguments.videos,
                arguments.out,
                _config(arguments),
                arguments.tokenizer,
                progress,
                where_cotracker_lies,
                one_take=arguments.one_take,
            )
    except PipelineError as error:
        return stopped(str(error))
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return stopped(f"cannot write to {arguments.out}: {where}{error.strerror or error}")
    except KeyboardInterrupt:
        say("stopped")
        return EXIT_INTERRUPTED
    return _tell(report, arguments.out)


def _config(arguments: argparse.Namespace) -> PipelineConfig:
    config = PipelineConfig.preset(arguments.preset, n_clusters=arguments.clusters, theta_on=arguments.theta_on)
    config = replace(
        config, tracking=tracking(arguments), clustering=replace(config.clustering, by=arguments.cluster_by)
    )
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
            say(f"{shown(take.video)}: {take.reason}")
        for warning in take.warnings if take.works else ():
            say(f"{shown(take.video)}: warning: {warning}")
        if take.calibration is not None and take.calibration.warning is not None:
            say(f"{shown(take.video)}: warning: {take.calibration.warning}")
    if report.n_working == 0:
        return EXIT_NOTHING_WORKED
    clusters = 0 if report.clustering is None else report.clustering.n_clusters
    sys.stdout.write(
        f"{report.n_segments} segments in {clusters} clusters, "
        f"from {report.n_working} of {len(report.takes)} videos, in {out}\n"
    )
    return EXIT_DONE
