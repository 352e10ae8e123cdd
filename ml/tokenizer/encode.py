"""From tracks to the code stream, and from codes back to z_q (§3.1)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ml.artefacts import Float, Progress, TokenStream, Tracks, TrackWindows, no_progress
from ml.errors import TooShort, UnusableCheckpoint
from ml.threads import fixed_threads
from ml.tokenizer.model import MotionTokenizer
from ml.tokenizer.packed import packed

BATCH = 32  # windows at once; also the bound on what lies in memory


def tokenize(
    tracks: TrackWindows, tokenizer: MotionTokenizer, progress: Progress = no_progress, *, stride: int
) -> TokenStream:
    """Codes of all windows, [W, T-1] int16, with their times.

    stride: steps between window starts, `TrackingConfig.stride_frames`. A window's codes depend on that window only,
    so the codes of the first windows of a stream do not change when more arrive.

    Raises TooShort where there is no window, UnusableCheckpoint where the tokenizer was made for another grid.
    """
    codes, times_s = [], []
    for batch, z, count in _encoded(tracks, tokenizer, progress):
        with torch.inference_mode(), fixed_threads():
            _, found = tokenizer.quantise(z)
        codes.append(found[:count].numpy().astype(np.int16))
        times_s.append(batch.times_s)
    return TokenStream(np.concatenate(codes), np.concatenate(times_s), stride)


def prequantized(tracks: TrackWindows, tokenizer: MotionTokenizer, progress: Progress = no_progress) -> Iterator[Float]:
    """z before quantisation, batch by batch, [w, T-1, d_m] float32 each: hours of it would not fit in memory."""
    for _, z, count in _encoded(tracks, tokenizer, progress):
        yield z[:count].numpy()


def z_q_of(codes: npt.NDArray[np.integer], tokenizer: MotionTokenizer) -> Float:
    """z_q of `codes` [...], [..., d_m] float32: a look-up, so exactly reproducible from codes and checkpoint."""
    n_codes = tokenizer.config.n_codes
    if codes.size and (codes.min() < 0 or codes.max() >= n_codes):
        raise ValueError(f"codes must be in 0..{n_codes - 1}, got {codes.min()}..{codes.max()}")
    with fixed_threads():
        table: Float = tokenizer.codebook().numpy()
    z_q: Float = table[codes]
    return z_q


def _encoded(
    tracks: TrackWindows, tokenizer: MotionTokenizer, progress: Progress
) -> Iterator[tuple[Tracks, Tensor, int]]:
    """Batches of windows with their z [BATCH, T-1, d_m], of which the first `count` rows are real.

    Every batch is padded to one size, so a window's z does not depend on how many windows follow it.
    """
    if tracks.n_windows == 0:
        raise TooShort("too short: no whole window could be tracked")
    if tokenizer.training:
        raise ValueError("a tokenizer encodes in eval mode")
    encoder = packed(tokenizer)
    for start in range(0, tracks.n_windows, BATCH):
        batch = tracks.read(start, min(start + BATCH, tracks.n_windows))
        velocities, visible = model_inputs(batch, tokenizer)
        count = len(velocities)
        with torch.inference_mode(), fixed_threads():
            z = encoder.encode(_padded(velocities), _padded(visible))
        yield batch, z, count
        progress((start + count) / tracks.n_windows, f"{start + count} of {tracks.n_windows} windows")


def model_inputs(batch: Tracks, tokenizer: MotionTokenizer) -> tuple[Tensor, Tensor]:
    """velocities [B, T-1, N, 2] in half picture heights and, [B, T-1, N], whether both ends of each are visible.

    Raises UnusableCheckpoint where the tokenizer was made for another grid or window.
    """
    _, T, N, _ = batch.points.shape
    if tokenizer.config.n_steps != T - 1 or tokenizer.config.n_points != N:
        raise UnusableCheckpoint(
            f"the tokenizer takes {tokenizer.config.n_steps} steps of {tokenizer.config.n_points} points, "
            f"the tracks have {T - 1} steps of {N}"
        )
    visible = batch.visible[:, 1:] & batch.visible[:, :-1]
    return torch.from_numpy(batch.velocities()), torch.from_numpy(visible)


def _padded(x: Tensor) -> Tensor:
    return torch.cat([x, x.new_zeros(BATCH - len(x), *x.shape[1:])]) if len(x) < BATCH else x
