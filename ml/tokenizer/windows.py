"""Which windows of which videos train and which judge, and reading them."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ml.artefacts import Float, TrackWindows
from ml.config import TokenizerConfig, TrainingConfig
from ml.errors import TooShort
from ml.tokenizer.encode import model_inputs
from ml.tokenizer.model import MotionTokenizer

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


def read_windows(
    tracks: Sequence[TrackWindows], places: Sequence[Place], tokenizer: MotionTokenizer
) -> tuple[Tensor, Tensor]:
    """velocities [B, T-1, N, 2] and visible [B, T-1, N] of the windows at `places`."""
    windows = [model_inputs(tracks[video].read(window, window + 1), tokenizer) for video, window in places]
    velocities, visible = zip(*windows, strict=True)
    return torch.cat(velocities), torch.cat(visible)


def spread(places: Sequence[Place], at_most: int) -> list[Place]:
    """Up to `at_most` of `places`, evenly spaced."""
    picked = np.unique(np.linspace(0, len(places) - 1, min(at_most, len(places))).round().astype(int))
    return [places[i] for i in picked]


def input_scale_px(tracks: Sequence[TrackWindows], places: Sequence[Place], config: TokenizerConfig) -> float:
    """Root mean square of the visible displacements in reference pixels, at least 0.05 where nearly nothing moves."""
    squares, n = 0.0, 0
    for video, window in spread(places, SCALE_WINDOWS):
        batch = tracks[video].read(window, window + 1)
        visible = batch.visible[:, 1:] & batch.visible[:, :-1]
        px: Float = batch.velocities()[visible] * (config.reference_px / 2)
        squares += float(np.square(px, dtype=np.float64).sum())
        n += px.size
    return max(0.05, math.sqrt(squares / max(n, 1)))


def fingerprint(tracks: Sequence[TrackWindows]) -> str:
    """Tells other tracks from these by the number of windows of each video, and the first and the last of them."""
    digest = hashlib.sha256()
    for source in tracks:
        digest.update(f"{source.n_windows}\n".encode())
        for window in (0, source.n_windows - 1) if source.n_windows else ():
            digest.update(np.ascontiguousarray(source.read(window, window + 1).points).tobytes())
    return digest.hexdigest()
