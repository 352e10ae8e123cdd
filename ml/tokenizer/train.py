"""Training of the motion tokenizer (§3.1): predict each visible point's displacement class through the codes."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ml.artefacts import Float, Progress, TrackWindows, no_progress
from ml.config import TokenizerConfig, TrainingConfig
from ml.errors import TooShort
from ml.threads import fixed_threads
from ml.tokenizer.checkpoint import save_tokenizer
from ml.tokenizer.encode import model_inputs
from ml.tokenizer.model import MotionTokenizer, Normalisation

FOCAL_GAMMA, FOCAL_ALPHA = 4.0, 0.5  # as published
RADIAL_WEIGHT = 4.0  # a displacement at the rim counts 1 + 4 times a resting one
VALIDATIONS = 8  # how often validation is looked at
MAX_VALIDATION_WINDOWS = 128
VALIDATION_POINTS = 100  # of each window, the same ones every time
MIN_WINDOWS_TO_SPLIT = 8
WINDOWS_APART = 3  # left between the parts: of 16 frames every 4, a window shares some with the next three
SCALE_WINDOWS = 256  # windows the input scale is measured on

Place = tuple[int, int]  # (video, window)


@dataclass(frozen=True)
class Split:
    """Which windows train and which judge. by: "video", "time", or "none" where there are too few windows."""

    training: tuple[Place, ...]
    validation: tuple[Place, ...]
    by: str


def train_tokenizer(
    tracks: Sequence[TrackWindows],
    config: TokenizerConfig,
    training: TrainingConfig,
    out: Path,
    progress: Progress = no_progress,
) -> None:
    """Train on the windows of all videos and write the best checkpoint by validation loss into folder `out`.

    tracks: one reader per video; windows are read as they are drawn, so memory does not grow with the videos.
    Same tracks and configuration on one machine: same bytes. Raises TooShort where no video has a window.
    """
    split = split_windows([source.n_windows for source in tracks], training)
    with fixed_threads(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(training.seed)
        scale = _input_scale_px(tracks, split.training, config)
        tokenizer = MotionTokenizer(config, Normalisation(config.reference_px / 2, scale))
        metrics = _fit(tokenizer, tracks, split, training, progress)
    save_tokenizer(tokenizer, {**metrics, "split": split.by, "training": _plain(training)}, out)


def split_windows(counts: Sequence[int], training: TrainingConfig) -> Split:
    """Hold out whole videos where the validation fraction is at least half a video, else the last part of each.

    At the usual fifth that is from three videos on. Of two, holding one out would leave half of the material and, where
    they are two views of one station, one of the views unseen: validation would then stop the training at once.

    Windows overlap, so a split by time leaves a window's length between the two parts. A video of fewer than 8 windows
    has no last part; where that leaves none at all, the training windows judge.
    """
    videos = [video for video, count in enumerate(counts) if count > 0]
    if not videos:
        raise TooShort("too short: no whole window could be tracked")
    held = round(training.validation_fraction * len(videos))
    if 0 < held < len(videos):
        order = np.random.default_rng(training.seed).permutation(videos).tolist()
        train, judge = (
            [(v, w) for v in sorted(part) for w in range(counts[v])] for part in (order[held:], order[:held])
        )
        return Split(tuple(train), tuple(judge), by="video")
    train, judge = [], []
    for video in videos:
        last = round(training.validation_fraction * counts[video]) if counts[video] >= MIN_WINDOWS_TO_SPLIT else 0
        train += [(video, window) for window in range(counts[video] - last - (WINDOWS_APART if last else 0))]
        judge += [(video, window) for window in range(counts[video] - last, counts[video])]
    return Split(tuple(train), tuple(judge), by="time") if judge else Split(tuple(train), tuple(train), by="none")


def reconstruction_loss(scores: Tensor, targets: Tensor, visible: Tensor, bins: int) -> Tensor:
    """Focal cross-entropy, mean over visible points, a scalar; 0 where nothing is visible.

    scores [B, T, P, bins²], targets [B, T, P] int64, visible [B, T, P] bool. Larger displacements weigh more, up to
    1 + 4 times: most points rest.
    """
    loss = F.cross_entropy(scores.flatten(0, 2), targets.flatten(), reduction="none")
    right = torch.exp(-loss)  # probability given to the true class
    focal = FOCAL_ALPHA * (1 - right) ** FOCAL_GAMMA * loss
    weighted = focal * radial_weights(bins)[targets.flatten()] * visible.flatten()
    return weighted.sum() / visible.sum().clamp(min=1)


def radial_weights(bins: int) -> Tensor:
    """[bins²] weight of each class: 1 + 4 · (r / r_max)², r the displacement's length."""
    axis = torch.arange(bins, dtype=torch.float32) - bins // 2
    r2 = axis[:, None] ** 2 + axis[None, :] ** 2
    return (1 + RADIAL_WEIGHT * r2 / r2.max()).flatten()


def diversity_loss(usage: Tensor) -> Tensor:
    """1 - H / log(n_codes) of the codes' shares `usage` [n_codes], in 0..1; 0 when all codes are used alike.

    With the shares of a soft assignment, unlike those of counted codes, it has a gradient.
    """
    entropy = torch.special.entr(usage.clamp(min=1e-12)).sum()  # its slope at 0 is infinite
    loss: Tensor = 1 - entropy / math.log(len(usage))
    return loss


def _fit(
    tokenizer: MotionTokenizer,
    tracks: Sequence[TrackWindows],
    split: Split,
    training: TrainingConfig,
    progress: Progress,
) -> dict[str, Any]:
    """Train in place and leave the weights of the best validation. Returns its metrics."""
    config, rng = tokenizer.config, np.random.default_rng(training.seed)
    optimiser = torch.optim.AdamW(
        tokenizer.parameters(), lr=training.learning_rate, betas=(0.9, 0.95), weight_decay=training.weight_decay
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: learning_rate_factor(step, training))
    held = _spread(split.validation, MAX_VALIDATION_WINDOWS)
    every = max(1, training.steps // VALIDATIONS)
    best: dict[str, Any] | None = None
    weights: dict[str, Tensor] = {}
    drawn = _draws(split.training, training, rng)
    for step in range(1, training.steps + 1):
        tokenizer.train()
        velocities, visible = _read(tracks, next(drawn), tokenizer)
        points = None
        if training.points < config.n_points:
            points = torch.from_numpy(np.sort(rng.choice(config.n_points, training.points, replace=False)))
        loss = _loss(tokenizer, velocities, visible, points, training.diversity)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
        if step % every == 0 or step == training.steps:
            metrics = {"step": step, **validate(tokenizer, tracks, held)}
            if best is None or metrics["validation_loss"] < best["validation_loss"]:
                best, weights = metrics, copy.deepcopy(tokenizer.state_dict())
        progress(step / training.steps, f"step {step} of {training.steps}, loss {loss.item():.3f}")
    assert best is not None
    tokenizer.load_state_dict(weights)
    tokenizer.eval()
    return best


def learning_rate_factor(step: int, training: TrainingConfig) -> float:
    """What the learning rate is multiplied with at `step` (from 0): a linear start, then constant or half a cosine."""
    if step < training.warmup_steps:
        return (step + 1) / training.warmup_steps
    if not training.cosine:
        return 1.0
    done = (step - training.warmup_steps) / max(1, training.steps - training.warmup_steps)
    return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, done)))


def _loss(
    tokenizer: MotionTokenizer, velocities: Tensor, visible: Tensor, points: Tensor | None, diversity: float
) -> Tensor:
    z = tokenizer.encode(velocities, visible)
    z_q, _ = tokenizer.quantise(z)
    scores = tokenizer.head(tokenizer.decode(z_q), points)  # [B, T-1, P, bins²]
    targets = tokenizer.targets(velocities)
    if points is not None:
        targets, visible = targets[:, :, points], visible[:, :, points]
    loss = reconstruction_loss(scores, targets, visible, tokenizer.config.displacement_bins)
    return loss + diversity * diversity_loss(tokenizer.fsq.soft_usage(z)) if diversity else loss


@torch.no_grad()
def validate(tokenizer: MotionTokenizer, tracks: Sequence[TrackWindows], places: Sequence[Place]) -> dict[str, Any]:
    """Loss and reconstruction on the windows at `places`, and how the codes are used there.

    validation_loss: mean focal loss of a visible point. accuracy: share of visible points whose class is predicted;
    accuracy_no_motion: the share that predicting "does not move" gets right; accuracy_moving: of those that move.
    code_usage: codes seen / n_codes. perplexity: exp of the entropy of the codes' shares.
    """
    tokenizer.eval()
    bins = tokenizer.config.displacement_bins
    rest = bins * bins // 2
    loss, n, right, resting, right_moving = 0.0, 0, 0, 0, 0
    counts = torch.zeros(tokenizer.config.n_codes, dtype=torch.int64)
    N = tokenizer.config.n_points
    points = torch.from_numpy(np.sort(np.random.default_rng(0).choice(N, min(N, VALIDATION_POINTS), replace=False)))
    for start in range(0, len(places), 16):
        velocities, visible = _read(tracks, places[start : start + 16], tokenizer)
        scores, codes = tokenizer(velocities, visible, points)
        targets, visible = tokenizer.targets(velocities[:, :, points]), visible[:, :, points]
        found = scores.argmax(dim=-1)
        seen = int(visible.sum())
        loss += float(reconstruction_loss(scores, targets, visible, bins)) * seen
        n += seen
        right += int(((found == targets) & visible).sum())
        resting += int(((targets == rest) & visible).sum())
        right_moving += int(((found == targets) & (targets != rest) & visible).sum())
        counts += torch.bincount(codes.flatten(), minlength=len(counts))
    share = counts[counts > 0].double() / counts.sum()
    return {
        "validation_loss": loss / max(n, 1),
        "accuracy": right / max(n, 1),
        "accuracy_no_motion": resting / max(n, 1),
        "accuracy_moving": right_moving / max(n - resting, 1),
        "code_usage": len(share) / len(counts),
        "perplexity": float(torch.exp(torch.special.entr(share).sum())),
        "validation_windows": len(places),
    }


def _draws(places: Sequence[Place], training: TrainingConfig, rng: np.random.Generator) -> Iterator[list[Place]]:
    """Batches without end; every window comes once before any comes again."""
    waiting: list[int] = []
    while True:
        while len(waiting) < training.batch:
            waiting.extend(rng.permutation(len(places)).tolist())
        batch, waiting = waiting[: training.batch], waiting[training.batch :]
        yield [places[i] for i in batch]


def _read(tracks: Sequence[TrackWindows], places: Sequence[Place], tokenizer: MotionTokenizer) -> tuple[Tensor, Tensor]:
    """velocities [B, T-1, N, 2] and visible [B, T-1, N] of the windows at `places`."""
    windows = [model_inputs(tracks[video].read(window, window + 1), tokenizer) for video, window in places]
    velocities, visible = zip(*windows, strict=True)
    return torch.cat(velocities), torch.cat(visible)


def _spread(places: Sequence[Place], at_most: int) -> list[Place]:
    """Up to `at_most` of `places`, evenly spaced."""
    picked = np.unique(np.linspace(0, len(places) - 1, min(at_most, len(places))).round().astype(int))
    return [places[i] for i in picked]


def _input_scale_px(tracks: Sequence[TrackWindows], places: Sequence[Place], config: TokenizerConfig) -> float:
    """Root mean square of the visible displacements in reference pixels, at least 0.05 where nearly nothing moves."""
    squares, n = 0.0, 0
    for video, window in _spread(places, SCALE_WINDOWS):
        batch = tracks[video].read(window, window + 1)
        visible = batch.visible[:, 1:] & batch.visible[:, :-1]
        px: Float = batch.velocities()[visible] * (config.reference_px / 2)
        squares += float(np.square(px, dtype=np.float64).sum())
        n += px.size
    return max(0.05, math.sqrt(squares / max(n, 1)))


def _plain(training: TrainingConfig) -> dict[str, Any]:
    return {name: getattr(training, name) for name in training.__dataclass_fields__}
