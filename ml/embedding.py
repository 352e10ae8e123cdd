"""Segments to vectors (§3.2.1): a small Transformer with random weights that are never trained."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from ml.artefacts import Codes, Embeddings, Progress, Segment, no_progress
from ml.config import EncoderConfig, digest_of
from ml.threads import fixed_threads
from ml.tokenizer.encode import z_q_of
from ml.tokenizer.model import MotionTokenizer

MAX_STEPS = 512  # attention costs the square of the length: a longer segment is embedded by this many of its steps
STEPS_AT_ONCE = 512  # B · T of one batch: memory stays that of a short video


class SegmentEncoder(nn.Module):
    """Project, add positions, run L layers of H heads, mean-pool over time. Nothing is trained.

    d = 256, L = 4, H = 4 are the paper's; d_ff = 512 is not in it: the width that gives its "approximately 2.3 million"
    parameters (§4.1.1; 2,305,280 here).
    """

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.config = config
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)  # the seed names the space: never compare vectors across seeds
            self.project = nn.Linear(config.d_m, config.d)
            # Not nn.TransformerEncoder: it deep-copies one layer, and frozen copies stay identical.
            self.layers = nn.ModuleList(
                nn.TransformerEncoderLayer(config.d, config.heads, config.d_ff, dropout=0.0, batch_first=True)
                for _ in range(config.layers)
            )
        self.requires_grad_(False).eval()

    def forward(self, z_q: Tensor, lengths: Tensor) -> Tensor:
        """Embed segments `z_q`, zero-padded in time, [B, T, d_m], of true `lengths` [B] in 1..T.

        Returns e, [B, d], not normalised (see `clustering`). Raises ValueError on a length outside 1..T.
        """
        B, T, _ = z_q.shape
        if lengths.shape != (B,) or not ((lengths >= 1) & (lengths <= T)).all():
            raise ValueError(f"lengths must be [{B}] within 1..{T}, got {lengths.tolist()}")
        pad = torch.arange(T, device=z_q.device) >= lengths[:, None]  # [B, T], True on padding
        h: Tensor = self.project(z_q) + sinusoidal_positions(T, self.config.d).to(z_q)  # [B, T, d]
        for layer in self.layers:
            h = layer(h, src_key_padding_mask=pad)
        return h.masked_fill(pad[..., None], 0.0).sum(dim=1) / lengths[:, None]


def sinusoidal_positions(T: int, d: int) -> Tensor:
    """PE [T, d]: sin(t / 10000^(2i/d)) in the even columns, cos in the odd ones. d must be even."""
    angles = torch.arange(T)[:, None] * torch.exp(torch.arange(0, d, 2) * (-math.log(10_000.0) / d))  # [T, d/2]
    return torch.stack([torch.sin(angles), torch.cos(angles)], dim=-1).flatten(1)


def embed(
    segments: Sequence[Segment],
    tokenizer: MotionTokenizer,
    config: EncoderConfig,
    progress: Progress = no_progress,
) -> Embeddings:
    """e_i of every segment, in their order, [M, d] float32; M may be 0.

    z_q is rebuilt from each segment's codes. A segment longer than 512 steps is embedded by 512 evenly spaced ones: the
    paper's primitives are seconds long, and attention over an hour would not fit in memory.
    """
    encoder = SegmentEncoder(config)
    vectors = np.zeros((len(segments), config.d), dtype=np.float32)
    done = 0
    for batch in _batches([min(len(segment.codes), MAX_STEPS) for segment in segments]):
        codes = np.stack([_thinned(segments[i].codes) for i in batch])  # [B, T], all of one length
        lengths = torch.full((len(batch),), codes.shape[1])
        z_q = torch.from_numpy(z_q_of(codes, tokenizer))  # one look-up: the codebook is made anew at each
        with torch.inference_mode(), fixed_threads():
            vectors[batch] = encoder(z_q, lengths).numpy()
        done += len(batch)
        progress(done / len(segments), f"{done} of {len(segments)} segments")
    return Embeddings(vectors, space_of(tokenizer, config))


def space_of(tokenizer: MotionTokenizer, config: EncoderConfig) -> str:
    """Name of the space vectors lie in, a SHA-256 over checkpoint and encoder. Distances across spaces mean nothing.

    Raises ValueError for a tokenizer that is in no checkpoint.
    """
    if tokenizer.digest is None:
        raise ValueError("a space is named by a saved tokenizer")
    return digest_of({"tokenizer": tokenizer.digest, "encoder": digest_of(config)})


def _batches(lengths: Sequence[int]) -> list[list[int]]:
    """Indices of segments by length, in batches of one length each, so no padding is computed."""
    by_length: dict[int, list[int]] = {}
    for i, length in enumerate(lengths):
        by_length.setdefault(length, []).append(i)
    batches = []
    for length, indices in sorted(by_length.items()):
        size = max(1, STEPS_AT_ONCE // length)
        batches += [indices[start : start + size] for start in range(0, len(indices), size)]
    return batches


def _thinned(codes: Codes) -> Codes:
    if len(codes) <= MAX_STEPS:
        return codes
    kept: Codes = codes[np.linspace(0, len(codes) - 1, MAX_STEPS).round().astype(int)]
    return kept
