"""Other ways from a segment to a vector than §3.2.1, for tables 3 and 5: pooling without a Transformer, and the same
Transformer over frame features, or over latents before quantisation, instead of codes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import torch

from ml.artefacts import Float, Segment, TokenStream, TrackWindows
from ml.baselines.signals import FrameSignals
from ml.config import EncoderConfig
from ml.embedding import MAX_STEPS, SegmentEncoder
from ml.threads import fixed_threads
from ml.tokenizer.encode import prequantized, z_q_of
from ml.tokenizer.model import MotionTokenizer

TIME_S = 1e-6  # a frame at a segment's very end has been read from a file and back


def mean(z: Float) -> Float:
    """[T, d] → [d], every step alike."""
    pooled: Float = z.astype(np.float64).mean(axis=0).astype(np.float32)
    return pooled


def attention_norm(z: Float) -> Float:
    """[T, d] → [d], step t weighted by ‖z_t‖ / Σ‖z‖: the baseline of table 3. The mean where all are 0."""
    norms = np.linalg.norm(z.astype(np.float64), axis=1)
    if not norms.any():
        return mean(z)
    pooled: Float = (norms / norms.sum() @ z).astype(np.float32)
    return pooled


def pool_codes(segments: Sequence[Segment], tokenizer: MotionTokenizer, pool: Callable[[Float], Float]) -> Float:
    """z_q of each segment's codes, pooled: [M, d_m] float32."""
    vectors = np.zeros((len(segments), tokenizer.config.d_m), dtype=np.float32)
    for i, segment in enumerate(segments):
        vectors[i] = pool(z_q_of(segment.codes, tokenizer))
    return vectors


def frames_of(segment: Segment, signals: FrameSignals) -> Float:
    """Features of the frames that end the segment's steps, [T_i, D]: those after `start_s`, up to `end_s`; of a segment
    between two frames that of the later one."""
    first, stop = np.searchsorted(signals.times_s, [segment.start_s + TIME_S, segment.end_s + TIME_S])
    first = min(first, len(signals.times_s) - 1)
    features: Float = signals.features[first : max(stop, first + 1)]
    return features


def latents_of(
    segments: Sequence[Segment], tracks: TrackWindows, stream: TokenStream, tokenizer: MotionTokenizer
) -> list[Float]:
    """z before quantisation at the steps of each segment of one video, [T_i, d_m]. z_q says where a step lies in the
    few dimensions of the codebook; z says more. `stream` is that of `tracks`."""
    every = stream.stream(np.concatenate(list(prequantized(tracks, tokenizer))))
    times_s = stream.stream_times_s
    found = []
    for one in segments:
        first, stop = np.searchsorted(times_s, [one.start_s + TIME_S, one.end_s + TIME_S])
        first = min(first, len(times_s) - 1)
        found.append(every[first : max(stop, first + 1)].astype(np.float32))
    return found


def embed_frames(sequences: Sequence[Float], config: EncoderConfig) -> Float:
    """The frozen Transformer over frame features [T_i, D] instead of z_q: [M, d] float32.

    Each feature is brought to mean 0 and variance 1 over all frames first, so that neither the positions nor the
    features drown each other; one that never varies becomes 0. Of a long segment 512 steps are taken, as there.
    """
    if not sequences:
        return np.zeros((0, config.d), dtype=np.float32)
    every = np.concatenate(sequences).astype(np.float64)
    middle, spread = every.mean(axis=0), every.std(axis=0)
    scale = np.where(spread > 1e-6, spread, np.inf)
    encoder = SegmentEncoder(replace(config, d_m=every.shape[1]))
    vectors = np.zeros((len(sequences), config.d), dtype=np.float32)
    for i, sequence in enumerate(sequences):
        kept = np.linspace(0, len(sequence) - 1, min(len(sequence), MAX_STEPS)).round().astype(int)
        z = torch.from_numpy(((sequence[kept] - middle) / scale).astype(np.float32))[None]  # [1, T, D]
        with torch.inference_mode(), fixed_threads():
            vectors[i] = encoder(z, torch.tensor([len(kept)]))[0].numpy()
    return vectors


def feature_speed(signals: FrameSignals) -> Float:
    """‖f_t − f_t−1‖₂ of neighbouring frames, [F-1]: the energy of §3.1.1 over frame features."""
    speed: Float = np.linalg.norm(np.diff(signals.features, axis=0), axis=1).astype(np.float32)
    return speed
