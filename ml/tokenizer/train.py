"""Training of the motion tokenizer (§3.1): predict each visible point's displacement class through the codes."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ml.artefacts import Progress, TrackWindows, no_progress
from ml.config import TokenizerConfig, TrainingConfig, digest_of
from ml.threads import fixed_threads
from ml.tokenizer.augment import augment
from ml.tokenizer.checkpoint import save_tokenizer
from ml.tokenizer.losses import diversity_loss, head_loss
from ml.tokenizer.model import MotionTokenizer, Normalisation
from ml.tokenizer.state import drop_state, load_state, optimiser_tensors, restore_optimiser, save_state
from ml.tokenizer.validation import validate
from ml.tokenizer.windows import Split, fingerprint, input_scale_px, read_windows, split_windows, spread

BETAS = (0.9, 0.95)  # as published
MAX_VALIDATION_WINDOWS = 128
STATE_EVERY_S = 60.0


def train_tokenizer(
    tracks: Sequence[TrackWindows],
    config: TokenizerConfig,
    training: TrainingConfig,
    out: Path,
    progress: Progress = no_progress,
    *,
    state: Path | None = None,
    state_every_s: float = STATE_EVERY_S,
    device: str = "cpu",
) -> None:
    """Train on the windows of all videos and write the best checkpoint by validation loss into folder `out`.

    tracks: one reader per video; windows are read as they are drawn, so memory does not grow with the videos.
    state: folder where the unfinished training is kept every `state_every_s` seconds and gone on with if it is there
    already, of the same tracks and configuration; removed at the end.

    Same tracks and configuration on one processor: same bytes, interrupted or not. Raises TooShort where no video has
    a window.
    """
    split = split_windows([source.n_windows for source in tracks], training)
    cuda = [torch.device(device)] if device.startswith("cuda") else []
    with fixed_threads(training.threads), torch.random.fork_rng(devices=cuda):
        torch.manual_seed(training.seed)
        scale = input_scale_px(tracks, split.training, config)
        tokenizer = MotionTokenizer(config, Normalisation(config.reference_px / 2, scale)).to(device)
        fit = _Fit(tokenizer, tracks, split, training)
        if state is not None:
            fit.restore(state)
        kept = time.monotonic()
        while not fit.done:
            loss = fit.advance()
            if state is not None and time.monotonic() - kept >= state_every_s:
                fit.keep(state)
                kept = time.monotonic()
            progress(fit.step / training.steps, f"step {fit.step} of {training.steps}, loss {loss:.3f}")
        metrics = fit.finish()
    facts = {"split": split.by, "training_windows": len(split.training), "training": asdict(training)}
    save_tokenizer(tokenizer.cpu(), {**metrics, **facts}, out)
    if state is not None:
        drop_state(state)


def multiplies_in(precision: str, device: torch.device) -> torch.dtype:
    """What large products are made in under `TrainingConfig.precision` on `device`."""
    if precision != "auto":
        dtype: torch.dtype = getattr(torch, precision)
        return dtype
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32
    knows = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return torch.bfloat16 if any(getattr(torch.cpu, name, bool)() for name in knows) else torch.float32


def learning_rate_factor(step: int, training: TrainingConfig) -> float:
    """What the learning rate is multiplied with at `step` (from 0): a linear start, then constant or half a cosine."""
    if step < training.warmup_steps:
        return (step + 1) / training.warmup_steps
    if not training.cosine:
        return 1.0
    done = (step - training.warmup_steps) / max(1, training.steps - training.warmup_steps)
    return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, done)))


class Learner:
    """Takes steps: the network, its optimiser, and what products are made in."""

    def __init__(self, tokenizer: MotionTokenizer, training: TrainingConfig) -> None:
        self.tokenizer, self.training = tokenizer, training
        self.device = tokenizer.positions.device
        self.dtype = multiplies_in(training.precision, self.device)
        self.optimiser = torch.optim.AdamW(
            tokenizer.parameters(),
            lr=training.learning_rate,
            betas=BETAS,
            weight_decay=training.weight_decay,
            fused=True,  # one pass over the weights instead of a dozen
        )

    def step(self, velocities: Tensor, visible: Tensor, points: Tensor | None = None, lr_factor: float = 1.0) -> float:
        """One step on windows, velocities [B, T-1, N, 2] and visible [B, T-1, N], judged at `points` [P] or all.

        Returns the loss.
        """
        for group in self.optimiser.param_groups:
            group["lr"] = self.training.learning_rate * lr_factor
        self.tokenizer.train()
        loss = self._loss(velocities, visible, points)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimiser.step()
        return loss.item()

    def _loss(self, velocities: Tensor, visible: Tensor, points: Tensor | None) -> Tensor:
        tokenizer, training = self.tokenizer, self.training
        px = tokenizer.normalisation.px_per_half_height
        seen = augment(velocities, visible, training.augmentation, px).to(self.device)
        low = torch.autocast(self.device.type, torch.bfloat16, enabled=self.dtype == torch.bfloat16)
        with low:
            z = tokenizer.encode(seen.shown_velocities, seen.shown_visible)
        z_q, _ = tokenizer.quantise(z.float())
        with low:
            state = tokenizer.decode(z_q)
        targets, visible = tokenizer.targets(seen.velocities), seen.visible
        if points is not None:
            points = points.to(self.device)
            targets, visible = targets[:, :, points], visible[:, :, points]
        bins = tokenizer.config.displacement_bins
        loss = head_loss(tokenizer.head, state.float(), targets, visible, bins, points, self.dtype)
        if training.diversity:
            loss = loss + training.diversity * diversity_loss(tokenizer.fsq.soft_usage(z.float()))
        return loss


class _Fit:
    """A training under way: all that a step changes, so that it can be put away and taken up again."""

    def __init__(
        self, tokenizer: MotionTokenizer, tracks: Sequence[TrackWindows], split: Split, training: TrainingConfig
    ) -> None:
        self.tokenizer, self.tracks, self.split, self.training = tokenizer, tracks, split, training
        self.learner = Learner(tokenizer, training)
        self.device = self.learner.device
        self.held = spread(split.validation, MAX_VALIDATION_WINDOWS)
        self.every = max(1, training.steps // training.validations)
        self.rng = np.random.default_rng(training.seed)
        self.waiting: list[int] = []  # windows of the present round that were not drawn yet
        self.step = 0
        self.loss_since = 0.0  # sum of the steps' losses since the last validation
        self.history: list[dict[str, Any]] = []
        self.best: dict[str, Tensor] = {}

    @property
    def done(self) -> bool:
        return self.step >= self.training.steps or self.gave_up

    @property
    def gave_up(self) -> bool:
        """Whether the last `patience` validations were no better than the best before them."""
        patience = self.training.patience
        return patience is not None and len(self.history) - self._best_index() > patience

    def advance(self) -> float:
        """One step, and a validation where one is due. Returns the step's loss."""
        velocities, visible = read_windows(self.tracks, self._draw(), self.tokenizer)
        points = None
        n_points = self.tokenizer.config.n_points
        if self.training.points < n_points:
            points = torch.from_numpy(np.sort(self.rng.choice(n_points, self.training.points, replace=False)))
        found = self.learner.step(velocities, visible, points, learning_rate_factor(self.step, self.training))
        self.step += 1
        self.loss_since += found
        if self.step % self.every == 0 or self.step == self.training.steps:
            self._judge()
        return found

    def _draw(self) -> list[tuple[int, int]]:
        """The next batch of windows; every one comes once before any comes again."""
        places, batch = self.split.training, self.training.batch
        while len(self.waiting) < batch:
            self.waiting.extend(self.rng.permutation(len(places)).tolist())
        drawn, self.waiting = self.waiting[:batch], self.waiting[batch:]
        return [places[i] for i in drawn]

    def _judge(self) -> None:
        since = self.history[-1]["step"] if self.history else 0
        training_loss = self.loss_since / (self.step - since)
        found = validate(self.tokenizer, self.tracks, self.held)
        self.history.append({"step": self.step, "training_loss": training_loss, **found})
        self.loss_since = 0.0
        if self._best_index() == len(self.history) - 1:
            self.best = {name: tensor.clone() for name, tensor in self.tokenizer.state_dict().items()}

    def _best_index(self) -> int:
        """Of the first best validation, -1 before any."""
        losses = [one["validation_loss"] for one in self.history]
        return losses.index(min(losses)) if losses else -1

    def finish(self) -> dict[str, Any]:
        """Leave the weights of the best validation in the tokenizer. Returns its metrics and those of all."""
        self.tokenizer.load_state_dict(self.best)
        self.tokenizer.eval()
        precision = str(self.learner.dtype).removeprefix("torch.")
        return {**self.history[self._best_index()], "history": self.history, "trained_in": precision}

    # ---- putting away and taking up again

    def keep(self, folder: Path) -> None:
        """Write everything into `folder`."""
        facts = {
            "of": self._of,
            "step": self.step,
            "waiting": self.waiting,
            "loss_since": self.loss_since,
            "history": self.history,
            "rng": self.rng.bit_generator.state,
        }
        tensors = {f"weights.{name}": tensor for name, tensor in self.tokenizer.state_dict().items()}
        tensors |= {f"best.{name}": tensor for name, tensor in self.best.items()}
        tensors |= {**optimiser_tensors(self.learner.optimiser), "rng": torch.get_rng_state()}
        if self.device.type == "cuda":
            tensors["rng_cuda"] = torch.cuda.get_rng_state(self.device)
        save_state(folder, facts, tensors)

    def restore(self, folder: Path) -> None:
        """Take up what `keep` left in `folder`; nothing where there is nothing, or that of another training."""
        kept = load_state(folder)
        if kept is None or kept[0]["of"] != self._of:
            return
        facts, tensors = kept
        self.step, self.waiting, self.history = facts["step"], facts["waiting"], facts["history"]
        self.loss_since = facts["loss_since"]
        self.rng.bit_generator.state = facts["rng"]
        self.tokenizer.load_state_dict(_under("weights.", tensors))
        self.best = _under("best.", tensors)
        restore_optimiser(self.learner.optimiser, tensors)
        torch.set_rng_state(tensors["rng"])
        if self.device.type == "cuda":
            torch.cuda.set_rng_state(tensors["rng_cuda"], self.device)

    @property
    def _of(self) -> str:
        """Names the training: a state of another one is of no use here."""
        return digest_of(
            {
                "tokenizer": digest_of(self.tokenizer.config),
                "training": digest_of(self.training),
                "tracks": fingerprint(self.tracks),
            }
        )


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {key.removeprefix(prefix): tensor for key, tensor in tensors.items() if key.startswith(prefix)}
