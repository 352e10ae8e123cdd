"""Latent action energy (§3.1.1): how fast the latent changes, one value per step of the continuous stream.

E(t) = ‖z_q,t − z_q,t−1‖₂, both taken from the window that gives step t to the stream: every window lays its grid
afresh, so a difference across two windows would measure the new grid
(docs/decisions/0002-energy-inside-the-window.md). The very first step of a stream has no step before it; its energy is
0, so that a trace has one value for every step.
The published code takes one value per window instead, the mean of the differences inside it; `per` "window" gives that,
repeated for the steps the window gives to the stream. Nothing here is smoothed. Scales: latent energies are in units of
one checkpoint's codebook, speeds in half picture heights per `STEP_S`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from ml.artefacts import EnergyTrace, Float, Progress, TokenStream, Tracks, TrackWindows, no_progress
from ml.config import EnergyConfig
from ml.threads import fixed_threads
from ml.tokenizer.encode import BATCH, prequantized
from ml.tokenizer.model import MotionTokenizer

Per = Literal["step", "window"]
FASTEST_SHARE = 0.1  # of the visible points: a hand covers a small part of the picture


def energy(
    stream: TokenStream,
    tracks: TrackWindows,
    tokenizer: MotionTokenizer,
    config: EnergyConfig,
    progress: Progress = no_progress,
) -> EnergyTrace:
    """The energy of `config.source`, per step or per window, [S] float32 either way; gated where that is asked for.

    `quantized` is the paper's; `prequant`, `velocity` and `flow` are its ablations (table 5, §4.2). With a gate the
    trace's source says so, and E = 0 wherever the velocity energy is below `config.gate_speed`.
    """
    match config.source:
        case "quantized":
            trace = latent_action_energy(stream, tokenizer, per=config.per)
        case "prequant":
            trace = prequant_energy(tracks, stream, tokenizer, progress, per=config.per)
        case "velocity":
            trace = velocity_energy(tracks, stream, progress, per=config.per)
        case "flow":
            trace = flow_energy(tracks, stream, progress, per=config.per)
    return trace if config.gate_speed == 0 else _gated(trace, velocity_energy(tracks, stream), config.gate_speed)


@dataclass(frozen=True)
class Signals:
    """What one video is cut by, and what is drawn beside it to judge the cuts: one value each per step of the stream.

    chosen: the energy of `EnergyConfig`; latent: the paper's, from the codes; flow: the mean speed of all points.
    """

    chosen: EnergyTrace
    velocity: EnergyTrace
    latent: EnergyTrace
    flow: EnergyTrace


def signals(
    stream: TokenStream,
    tracks: TrackWindows,
    tokenizer: MotionTokenizer,
    config: EnergyConfig,
    progress: Progress = no_progress,
) -> Signals:
    """`energy` and its three companions, the tracks read once for all speeds."""
    fastest, mean = _read_all(tracks, (fastest_speed, mean_speed), progress)
    velocity = _trace(fastest, stream, "velocity")
    match config.source:
        case "quantized":
            chosen = latent_action_energy(stream, tokenizer, per=config.per)
        case "prequant":
            chosen = prequant_energy(tracks, stream, tokenizer, progress, per=config.per)
        case "velocity":
            chosen = _trace(fastest, stream, "velocity", config.per)
        case "flow":
            chosen = _trace(mean, stream, "flow", config.per)
    return Signals(
        chosen=chosen if config.gate_speed == 0 else _gated(chosen, velocity, config.gate_speed),
        velocity=velocity,
        latent=latent_action_energy(stream, tokenizer),
        flow=_trace(mean, stream, "flow"),
    )


def _gated(trace: EnergyTrace, velocity: EnergyTrace, gate_speed: float) -> EnergyTrace:
    fast = velocity.energy >= gate_speed
    source = f"{trace.source}, gated below {gate_speed:g}"
    return EnergyTrace(np.where(fast, trace.energy, 0.0).astype(np.float32), trace.times_s, source)


def latent_action_energy(stream: TokenStream, tokenizer: MotionTokenizer, per: Per = "step") -> EnergyTrace:
    """E(t) = ‖z_q,t − z_q,t−1‖₂, [S] float32, in the units of this checkpoint's codebook.

    The scale is learned with the codebook: neither the values nor a threshold carry over to another checkpoint.
    """
    with fixed_threads():
        codebook = tokenizer.codebook().numpy()  # [n_codes, d_m]
    per_step = np.zeros(stream.codes.shape, dtype=np.float32)  # [W, T-1]
    for start in range(0, len(stream.codes), BATCH):
        per_step[start : start + BATCH, 1:] = _steps(codebook[stream.codes[start : start + BATCH]])
    return _trace(per_step, stream, "quantized", per, differences=True)


def prequant_energy(
    tracks: TrackWindows,
    stream: TokenStream,
    tokenizer: MotionTokenizer,
    progress: Progress = no_progress,
    per: Per = "step",
) -> EnergyTrace:
    """‖z_t − z_t−1‖₂ of the encoder's output before quantisation, [S] float32. Encodes the tracks again."""
    parts = [np.pad(_steps(z), ((0, 0), (1, 0))) for z in prequantized(tracks, tokenizer, progress)]
    return _trace(np.concatenate(parts), stream, "prequant", per, differences=True)


def velocity_energy(
    tracks: TrackWindows, stream: TokenStream, progress: Progress = no_progress, per: Per = "step"
) -> EnergyTrace:
    """The proxy signal (§3.1.2): mean speed of the fastest tenth of the visible points, [S] float32.

    In half picture heights per step. The paper says "the temporal difference of velocity keypoints" and no more; a mean
    over all points drowns a hand that covers a twentieth of the picture.
    """
    return _trace(_read(tracks, fastest_speed, progress), stream, "velocity", per)


def flow_energy(
    tracks: TrackWindows, stream: TokenStream, progress: Progress = no_progress, per: Per = "step"
) -> EnergyTrace:
    """Mean speed of all visible points, [S] float32: with the tracking backend `flow`, the mean optical flow magnitude
    on the grid (§4.1.2), without decoding the video again."""
    return _trace(_read(tracks, mean_speed, progress), stream, "flow", per)


def mean_speed(tracks: Tracks) -> Float:
    """[W, T-1] float32: per step, the mean speed of the points visible at both its ends, in half picture heights."""
    visible = tracks.visible[:, 1:] & tracks.visible[:, :-1]
    speeds = np.linalg.norm(tracks.velocities(), axis=-1) * visible  # [W, T-1, N]
    mean: Float = (speeds.sum(axis=-1) / np.maximum(visible.sum(axis=-1), 1)).astype(np.float32)
    return mean


def fastest_speed(tracks: Tracks) -> Float:
    """[W, T-1] float32: per step, the mean speed of the fastest tenth (rounded up) of the points visible at both its
    ends, in half picture heights; 0 where none is."""
    speeds: Float = np.linalg.norm(tracks.velocities(), axis=-1)  # [W, T-1, N]
    visible = tracks.visible[:, 1:] & tracks.visible[:, :-1]
    most = math.ceil(FASTEST_SHARE * speeds.shape[-1])
    hidden_last = np.where(visible, speeds, -1.0)
    fastest = -np.sort(-np.partition(hidden_last, -most, axis=-1)[..., -most:], axis=-1)  # [W, T-1, most], falling
    count = np.ceil(FASTEST_SHARE * visible.sum(axis=-1)).astype(int)  # [W, T-1]
    sums = np.cumsum(fastest, axis=-1, dtype=np.float64)
    at = np.maximum(count - 1, 0)[..., None]
    mean = np.take_along_axis(sums, at, axis=-1)[..., 0] / np.maximum(count, 1)
    return np.where(count > 0, mean, 0.0).astype(np.float32)


def _steps(z: Float) -> Float:
    """‖z_t − z_t−1‖₂ inside each window: [w, T-1, d] → [w, T-2]."""
    norms: npt.NDArray[np.float32] = np.linalg.norm(np.diff(z, axis=1), axis=-1)
    return norms


def _read(tracks: TrackWindows, measure: Callable[[Tracks], Float], progress: Progress) -> Float:
    (measured,) = _read_all(tracks, (measure,), progress)
    return measured


def _read_all(tracks: TrackWindows, measures: Sequence[Callable[[Tracks], Float]], progress: Progress) -> list[Float]:
    """Each measure of all windows, [W, T-1], a few windows in memory at a time."""
    parts: list[list[Float]] = [[] for _ in measures]
    for start in range(0, tracks.n_windows, BATCH):
        stop = min(start + BATCH, tracks.n_windows)
        batch = tracks.read(start, stop)
        for part, measure in zip(parts, measures, strict=True):
            part.append(measure(batch))
        progress(stop / tracks.n_windows, f"{stop} of {tracks.n_windows} windows")
    return [np.concatenate(part) for part in parts]


def _trace(
    per_step: Float, stream: TokenStream, source: str, per: Per = "step", differences: bool = False
) -> EnergyTrace:
    """Per window and step, [W, T-1], to the continuous stream, [S]. differences: a window's first step has no value."""
    if per == "window":
        mean = per_step[:, 1 if differences else 0 :].mean(axis=1, keepdims=True)
        per_step = np.broadcast_to(mean, per_step.shape)
        source += ", one per window"
    return EnergyTrace(stream.stream(per_step).astype(np.float32), stream.stream_times_s, source)
