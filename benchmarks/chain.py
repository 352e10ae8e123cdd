"""`kineme bench chain`: how fast the chain is, stage by stage, beside the mere decoding of the same file.

The floor is every frame decoded on all cores, by the clock and in processor time, and nothing done with it. The chain
from track to cluster is to take at most 2.5 times that. Also whether its memory stays flat: the peak of each stage on a
short and on a long video.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.clip import clip, scene
from benchmarks.machine import MiB, describe, table
from launcher.host import LauncherError
from launcher.up import child_threads
from ml.config import PRESETS

FLOOR = "decode"
CHAIN = ("track", "tokenize", "cut", "embed", "cluster")
SCREEN = ("preview", "clips")
ORDER = (FLOOR, "preview", "track", "tokenize", "cut", "clips", "embed", "cluster")
EXPLAINED = {"decode": "decode only (floor)", "cut": "energy, calibrate, segment", "discover": "kineme discover, whole"}
BAR = 2.5  # times decoding


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
    parser.add_argument("--backend", choices=("flow", "lk"), default="flow", help="what follows the points (flow)")
    parser.add_argument("--size", type=size, default=(1280, 720), metavar="WxH", help="of the picture (1280x720)")
    parser.add_argument("--fps", type=int, default=30, help="of the video (30)")
    parser.add_argument("--whole", action="store_true", help="only decode and `kineme discover`, start to end")
    parser.add_argument("--folder", type=Path, help="where rendered videos are kept for next time (a temporary one)")
    asked = parser.parse_args(arguments)
    print(describe(), flush=True)
    (width, height), filmed = asked.size, scene(*asked.size, asked.fps)
    stages = (FLOOR, "discover") if asked.whole else ORDER
    with tempfile.TemporaryDirectory(prefix="kineme-bench-", dir=asked.folder) as scratch:
        videos = {minutes: clip(asked.folder or Path(scratch) / "videos", minutes, filmed) for minutes in asked.minutes}
        work = Path(scratch) / "work"
        results = {}
        for minutes in sorted(videos):
            results[minutes] = measure(videos[minutes], work, minutes, asked.preset, asked.backend, stages)
            print(
                f"\n{minutes:g} min of {width} x {height} H.264 at {asked.fps} fps, preset {asked.preset}, "
                f"{asked.backend}\n\n{speed(results[minutes], minutes * 60)}",
                flush=True,
            )
    if len(results) > 1:
        print(f"\nPeak memory of each stage, in a process of its own\n\n{memory(results)}")
    return 0


def size(text: str) -> tuple[int, int]:
    """`1280x720` → (1280, 720)."""
    width, height = text.lower().split("x")
    return int(width), int(height)


def measure(
    video: Path, work: Path, minutes: float, preset: str, backend: str, stages: Sequence[str]
) -> dict[str, Measured]:
    """Every stage on one video, one after the other, each in a process of its own."""
    folder = work / f"{minutes:g}"
    folder.mkdir(parents=True)
    measured = {}
    for name in stages:
        if name in ("tokenize", "discover") and not (work / "tokenizer").exists():
            if not (folder / "tracks").exists():
                run_stage("track", video, folder, preset, backend)
            measured["train"] = run_stage("train", video, folder, preset, backend)
        measured[name] = run_stage(name, video, folder, preset, backend)
    return measured


def run_stage(name: str, video: Path, folder: Path, preset: str, backend: str = "flow") -> Measured:
    command = [sys.executable, "-P", "-m", "benchmarks.stage", name, str(video), str(folder), preset, backend]
    done = subprocess.run(command, env={**os.environ, **child_threads()}, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise LauncherError(f"The stage {name} failed:\n{done.stderr[-2000:]}")
    return Measured(**json.loads(done.stdout.splitlines()[-1]))


def speed(stages: dict[str, Measured], seconds: float) -> str:
    """What each stage takes of a second of video, beside decoding; and the chain with and without what only the screens
    need. Ends with the bar, where all of the chain was measured."""
    floor = stages[FLOOR]

    def row(name: str, wall_s: float, cpu_s: float, made: str = "") -> list[str]:
        times = [f"{wall_s:.1f}", f"{cpu_s:.1f}", f"{1000 * wall_s / seconds:.2f}", f"{seconds / wall_s:.1f}"]
        return [name, *times, f"{wall_s / floor.wall_s:.2f}", f"{cpu_s / floor.cpu_s:.2f}", made]

    rows = [row(EXPLAINED.get(name, name), one.wall_s, one.cpu_s, one.made) for name, one in stages.items()]
    totals = {"track to cluster": CHAIN, "the same, with previews and clips": (*CHAIN, *SCREEN)}
    verdict = ""
    for title, names in totals.items():
        if not set(names) <= set(stages):
            continue
        wall_s, cpu_s = (sum(getattr(stages[name], what) for name in names) for what in ("wall_s", "cpu_s"))
        rows.append(row(title, wall_s, cpu_s))
        verdict = verdict or _verdict(wall_s / floor.wall_s, cpu_s / floor.cpu_s)
    head = ["stage", "wall s", "CPU s", "ms / video s", "x real time", "wall / decode", "CPU / decode", "made"]
    return table(head, rows) + verdict


def _verdict(wall: float, cpu: float) -> str:
    met = "met" if max(wall, cpu) <= BAR else "missed"
    return f"\n\ntrack to cluster: {wall:.2f} times decoding by the clock, {cpu:.2f} in CPU; at most {BAR}: {met}"


def memory(results: dict[float, dict[str, Measured]]) -> str:
    """Peak memory by stage and length, and how much the longest needs more than the shortest."""
    lengths = sorted(results)
    rows = []
    for name in (name for name in (*ORDER, "discover") if name in results[lengths[0]]):
        peaks = [results[minutes][name].peak_bytes for minutes in lengths]
        rows.append([name, *(f"{peak / MiB:.0f}" for peak in peaks), f"{100 * (peaks[-1] / peaks[0] - 1):+.1f} %"])
    most = [max(one.peak_bytes for name, one in results[m].items() if name != "train") for m in lengths]
    rows.append(["worker", *(f"{peak / MiB:.0f}" for peak in most), f"{100 * (most[-1] / most[0] - 1):+.1f} %"])
    return table(["stage", *(f"{minutes:g} min, MiB" for minutes in lengths), "change"], rows)
