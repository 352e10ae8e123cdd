"""`kineme bench tokenizer`: time to encode windows and to train on them.

The peer, in the same run, is the network as it is written down: every layer as torch has it, and the decoder's head not
split but concatenated for each point at each step.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Tensor

from benchmarks.machine import describe, table
from ml.config import PRESETS, TokenizerConfig, TrainingConfig
from ml.threads import fixed_threads
from ml.tokenizer.losses import reconstruction_loss
from ml.tokenizer.model import MotionTokenizer
from ml.tokenizer.packed import packed
from ml.tokenizer.train import BETAS, Learner

TRAINED_ON = 8  # windows of a step
ENCODED = (1, 32)


@dataclass(frozen=True)
class Timed:
    """Milliseconds of every repetition: by the clock, and of processor time in all threads."""

    wall_ms: Sequence[float]
    cpu_ms: Sequence[float]

    def cells(self, per: int = 1) -> list[str]:
        return [f"{figure / per:.1f}" for each in (self.wall_ms, self.cpu_ms) for figure in (min(each), median(each))]


median = statistics.median


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="kineme bench tokenizer", description=__doc__)
    parser.add_argument("--presets", choices=PRESETS, nargs="+", default=["small", "paper"], help="(small paper)")
    parser.add_argument(
        "--repeats", type=int, default=10, help="of each step; encoding is repeated four times as often"
    )
    asked = parser.parse_args(arguments)
    print(describe(), flush=True)
    for preset in asked.presets:
        encoding, training = measure(preset, asked.repeats)
        tokenizer = MotionTokenizer(TokenizerConfig.preset(preset))
        print(f"\npreset {preset}: {tokenizer.n_parameters:,} parameters\n")
        print(table(["encode, 1 thread, ms a window", "wall min", "median", "cpu min", "median"], encoding) + "\n")
        print(
            table([f"train step of {TRAINED_ON}, ms", "wall min", "median", "cpu min", "median"], training), flush=True
        )
    return 0


def measure(preset: str, repeats: int) -> tuple[list[list[str]], list[list[str]]]:
    """Rows of the two tables: ours, the peer, and how many times as long the peer takes."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return encoding(preset, 4 * repeats), training(preset, repeats)


def encoding(preset: str, repeats: int) -> list[list[str]]:
    rows = []
    with torch.inference_mode(), fixed_threads(1):
        plain = MotionTokenizer(TokenizerConfig.preset(preset)).eval()
        low = MotionTokenizer(replace(plain.config, precision="bfloat16")).eval()
        for B in ENCODED:
            given = windows(B)
            encoders = {"": packed(plain), ", in bfloat16": packed(low), ", peer": plain}
            timed = {name: timing(partial(codes, one, *given), repeats) for name, one in encoders.items()}
            rows += [[f"batch {B}{name}", *one.cells(per=B)] for name, one in timed.items()]
            rows.append(ratio(timed[", peer"], timed[""]))
    return rows


def codes(encoder: MotionTokenizer, velocities: Tensor, visible: Tensor) -> Tensor:
    return encoder.quantise(encoder.encode(velocities, visible))[1]


def training(preset: str, repeats: int) -> list[list[str]]:
    recipe = replace(TrainingConfig.preset(preset), points=400)  # every point, as the peer has it
    timed = {}
    for precision in ("float32", "bfloat16"):
        tokenizer = MotionTokenizer(TokenizerConfig.preset(preset)).train()
        step = partial(Learner(tokenizer, replace(recipe, precision=precision)).step, *windows(TRAINED_ON))
        with fixed_threads(recipe.threads):
            timed[f"{precision}, {recipe.threads} threads"] = timing(step, repeats)
    with fixed_threads(recipe.threads):
        timed["peer"] = timing(naive_step(preset, recipe), max(2, repeats // 4))
    rows = [[name, *one.cells()] for name, one in timed.items()]
    return [*rows, ratio(timed["peer"], timed[f"float32, {recipe.threads} threads"])]


def naive_step(preset: str, recipe: TrainingConfig) -> Callable[[], object]:
    """A training step with the head written out, all scores kept, and AdamW as torch runs it by default."""
    tokenizer = MotionTokenizer(TokenizerConfig.preset(preset)).train()
    optimiser = torch.optim.AdamW(tokenizer.parameters(), lr=recipe.learning_rate, betas=BETAS, weight_decay=0.0)
    velocities, visible = windows(TRAINED_ON)

    def step() -> None:
        z_q, _ = tokenizer.quantise(tokenizer.encode(velocities, visible))
        scores = tokenizer.head.naive(tokenizer.decode(z_q))
        bins = tokenizer.config.displacement_bins
        optimiser.zero_grad(set_to_none=True)
        reconstruction_loss(scores, tokenizer.targets(velocities), visible, bins).backward()
        optimiser.step()

    return step


def windows(B: int) -> tuple[Tensor, Tensor]:
    """B made-up windows of 15 steps and 400 points: what is in them does not change how long they take."""
    generator = torch.Generator().manual_seed(0)
    return torch.randn(B, 15, 400, 2, generator=generator) / 100, torch.rand(B, 15, 400, generator=generator) < 0.9


def timing(do: Callable[[], object], repeats: int) -> Timed:
    """Times of `do` after two calls that are not counted."""
    do()
    do()
    wall, cpu = [], []
    for _ in range(repeats):
        began, used = time.perf_counter(), time.process_time()
        do()
        wall.append(1000 * (time.perf_counter() - began))
        cpu.append(1000 * (time.process_time() - used))
    return Timed(wall, cpu)


def ratio(peer: Timed, ours: Timed) -> list[str]:
    pairs = [(peer.wall_ms, ours.wall_ms), (peer.cpu_ms, ours.cpu_ms)]
    return ["peer / ours", *(f"{of(p) / of(o):.2f}" for p, o in pairs for of in (min, median))]
