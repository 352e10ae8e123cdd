"""`kineme bench chain`: how fast the chain is, stage by stage, beside the mere decoding of the same file.

Also whether its memory stays flat: the peak of each stage on a short and on a long video.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.clip import clip
from benchmarks.machine import MiB, describe, table
from launcher.host import LauncherError
from launcher.up import child_threads
from ml.config import PRESETS

FLOOR = "decode"
CHAIN = ("track", "tokenize", "cut", "embed", "cluster")
SCREEN = ("preview", "clips")
ORDER = (FLOOR, "preview", "track", "tokenize", "cut", "clips", "embed", "cluster")
EXPLAINED = {"decode": "decode only (floor)", "cut": "energy, calibrate, segment"}


@dataclass(frozen=True)
class Measured:
    wall_s: float
    cpu_s: float
    peak_bytes: int
    made: str


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="kineme bench chain", description=__doc__)
    parser.add_argument("--minutes", type=float, nargs="+", default=[1.0, 30.0], help="lengths of the video (1 30)")
    parser.add_argument("--preset", choices=PRESETS, default="small")
    parser.add_argument("--folder", type=Path, help="where rendered videos are kept for next time (a temporary one)")
    asked = parser.parse_args(arguments)
    print(describe(), flush=True)
    with tempfile.TemporaryDirectory(prefix="kineme-bench-") as scratch:
        videos = {minutes: clip(asked.folder or Path(scratch) / "videos", minutes) for minutes in asked.minutes}
        work = Path(scratch) / "work"
        results = {minutes: measure(videos[minutes], work, minutes, asked.preset) for minutes in sorted(videos)}
    for minutes, stages in results.items():
        print(
            f"\n{minutes:g} min of 1280 x 720 H.264 at 30 fps, preset {asked.preset}\n\n{speed(stages, minutes * 60)}"
        )
    if len(results) > 1:
        print(f"\nPeak memory of each stage, in a process of its own\n\n{memory(results)}")
    return 0


def measure(video: Path, work: Path, minutes: float, preset: str) -> dict[str, Measured]:
    """Every stage on one video, one after the other, each in a process of its own."""
    folder = work / f"{minutes:g}"
    folder.mkdir(parents=True)
    measured = {}
    for name in ORDER:
        if name == "tokenize" and not (work / "tokenizer").exists():
            measured["train"] = run_stage("train", video, folder, preset)
        measured[name] = run_stage(name, video, folder, preset)
    return measured


def run_stage(name: str, video: Path, folder: Path, preset: str) -> Measured:
    command = [sys.executable, "-P", "-m", "benchmarks.stage", name, str(video), str(folder), preset]
    done = subprocess.run(command, env={**os.environ, **child_threads()}, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise LauncherError(f"The stage {name} failed:\n{done.stderr[-2000:]}")
    return Measured(**json.loads(done.stdout.splitlines()[-1]))


def speed(stages: dict[str, Measured], seconds: float) -> str:
    """Time and × real time of each stage, and of the chain with and without what only the screens need."""
    floor = stages[FLOOR]

    def row(name: str, wall_s: float, cpu_s: float, made: str = "") -> list[str]:
        times = [f"{wall_s:.1f}", f"{cpu_s:.1f}", f"{seconds / wall_s:.1f}", f"{cpu_s / floor.cpu_s:.2f}"]
        return [name, *times, made]

    rows = [row(EXPLAINED.get(name, name), one.wall_s, one.cpu_s, one.made) for name, one in stages.items()]
    totals = {"track to cluster": CHAIN, "the same, with previews and clips": (*CHAIN, *SCREEN)}
    for title, names in totals.items():
        wall_s, cpu_s = (sum(getattr(stages[name], what) for name in names) for what in ("wall_s", "cpu_s"))
        rows.append(row(title, wall_s, cpu_s))
    return table(["stage", "wall s", "CPU s", "x real time", "CPU / decode", "made"], rows)


def memory(results: dict[float, dict[str, Measured]]) -> str:
    """Peak memory by stage and length, and how much the longest needs more than the shortest."""
    lengths = sorted(results)
    rows = []
    for name in ORDER:
        peaks = [results[minutes][name].peak_bytes for minutes in lengths]
        rows.append([name, *(f"{peak / MiB:.0f}" for peak in peaks), f"{100 * (peaks[-1] / peaks[0] - 1):+.1f} %"])
    most = [max(results[minutes][name].peak_bytes for name in ORDER) for minutes in lengths]
    rows.append(["worker", *(f"{peak / MiB:.0f}" for peak in most), f"{100 * (most[-1] / most[0] - 1):+.1f} %"])
    return table(["stage", *(f"{minutes:g} min, MiB" for minutes in lengths), "change"], rows)
