"""What flows between the stages: VideoInfo → Tracks → TokenStream → EnergyTrace → Segments → Embeddings → Clustering.

Each is a frozen dataclass that checks its own shapes and carries its own times, in seconds of the original video's
presentation time; nothing downstream multiplies by a frame rate. B batch, W windows, T frames of a window, N points,
S steps of the continuous stream, M segments.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

Float = npt.NDArray[np.float32]
Seconds = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int16]
STEP_S = 0.1  # the unit of time of velocities: one step at the 10 frames a second the chain tracks at
Progress = Callable[[float, str], None]
"""Called with a fraction 0..1 and a short message; may raise `ml.errors.Cancelled` to stop the stage."""


def no_progress(fraction: float, message: str) -> None:
    """For callers who do not watch."""


def _check(condition: bool, message: str) -> None:
    if not condition:
        raise ValueError(message)


@dataclass(frozen=True)
class VideoInfo:
    """What `probe` found. Sizes are as shown, after rotation."""

    duration_s: float
    width_px: int
    height_px: int
    rotation_deg: int  # how much the stored picture is turned to be shown
    fps: float  # average
    variable_frame_rate: bool
    start_s: float  # presentation time of the first frame; all times of the product count from it
    container: str
    codec: str
    pixel_format: str
    has_audio: bool
    plays_in_browser: bool  # H.264, yuv420p: a remux is enough
    warnings: tuple[str, ...] = ()  # plain sentences for the uploader


@dataclass(frozen=True)
class Tracks:
    """Point trajectories of some consecutive windows (§3).

    points: [W, T, N, 2] float32, (x, y) in -1..1 of the picture; visible: [W, T, N] bool;
    times_s: [W, T] float64; aspect: width / height of the picture.
    """

    points: Float
    visible: npt.NDArray[np.bool_]
    times_s: Seconds
    aspect: float

    def __post_init__(self) -> None:
        W, T, N, two = self.points.shape
        _check(two == 2, f"points must be [W, T, N, 2], got {self.points.shape}")
        _check(self.visible.shape == (W, T, N), f"visible must be {(W, T, N)}, got {self.visible.shape}")
        _check(self.times_s.shape == (W, T), f"times_s must be {(W, T)}, got {self.times_s.shape}")
        _check(self.aspect > 0, f"aspect must be positive, got {self.aspect}")
        _check(bool(np.all(np.diff(self.times_s, axis=1) > 0)), "times_s must increase within a window")

    def velocities(self) -> Float:
        """[W, T-1, N, 2] in half picture heights per `STEP_S` on both axes, so a circle stays a circle.

        Per `STEP_S`, not per step: frames come when the camera took them, so at 25 fps steps are 80 and 120 ms long,
        and steady motion would seem to pulse.
        """
        per_step: Float = np.diff(self.points, axis=1)
        scale = STEP_S / np.diff(self.times_s, axis=1)  # [W, T-1]
        velocities: Float = per_step * np.array([self.aspect, 1.0], dtype=np.float32)
        return velocities * scale[..., None, None].astype(np.float32)


class TrackWindows(Protocol):
    """Windows of one video that are read a few at a time, so that an hour of tracks never lies in memory."""

    @property
    def n_windows(self) -> int:
        """How many windows there are."""

    def read(self, start: int, stop: int) -> Tracks:
        """Windows start..stop-1."""


@dataclass(frozen=True)
class TokenStream:
    """The codes of every window and, through `stride`, the continuous stream (§3.1).

    codes: [W, T-1] int16; times_s: [W, T] float64 of the frames. The stream takes all steps of the first window and
    the last `stride` of each later one, so every step comes once, from the first window that has it.
    """

    codes: Codes
    times_s: Seconds
    stride: int

    def __post_init__(self) -> None:
        W, steps = self.codes.shape
        _check(self.codes.dtype == np.int16, f"codes must be int16, got {self.codes.dtype}")
        _check(self.times_s.shape == (W, steps + 1), f"times_s must be {(W, steps + 1)}, got {self.times_s.shape}")
        _check(0 < self.stride <= steps, f"stride must be in 1..{steps}, got {self.stride}")

    def stream(self, per_step: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
        """[W, T-1, …] → [S, …] with S = T-1 + stride·(W-1)."""
        first, later = per_step[0], per_step[1:, -self.stride :]
        return np.concatenate([first, later.reshape(-1, *per_step.shape[2:])])

    @property
    def stream_codes(self) -> Codes:
        """[S] int16."""
        return self.stream(self.codes).astype(np.int16)

    @property
    def stream_times_s(self) -> Seconds:
        """[S] presentation time of the later frame of each step: the moment the step is known."""
        return self.stream(self.times_s[:, 1:]).astype(np.float64)


@dataclass(frozen=True)
class EnergyTrace:
    """One value per step of the stream (§3.1.1). energy: [S] float32, not smoothed; times_s: [S] float64."""

    energy: Float
    times_s: Seconds
    source: str

    def __post_init__(self) -> None:
        _check(self.energy.ndim == 1, f"energy must be [S], got {self.energy.shape}")
        _check(self.times_s.shape == self.energy.shape, "energy and times_s must have one length")
        _check(bool(np.all(np.diff(self.times_s) > 0)), "times_s must increase")


@dataclass(frozen=True)
class Calibration:
    """The threshold of some videos and how far to trust it (§3.1.2). The scores are None when the team set theta_on."""

    theta_on: float
    off_ratio: float
    f1: float | None = None
    f1_always_on: float | None = None
    auc: float | None = None
    j: float | None = None
    label_threshold: float | None = None  # of the velocity energy, above which a step was taken to move
    n_steps: int | None = None
    warning: str | None = None  # a plain sentence when the best F1 is no better than always-on

    @property
    def theta_off(self) -> float:
        """θ_off = r · θ_on, in units of energy (§3.1.2)."""
        return self.off_ratio * self.theta_on


@dataclass(frozen=True)
class Segment:
    """One primitive A_i: the half-open interval [start_s, end_s) and the codes of the steps inside it."""

    start_s: float
    end_s: float
    codes: Codes  # [T_i] int16
    energy_mean: float
    energy_peak: float

    def __post_init__(self) -> None:
        _check(self.end_s > self.start_s, f"a segment needs a length, got {self.start_s}..{self.end_s}")
        _check(self.codes.ndim == 1 and len(self.codes) > 0, "a segment needs at least one code")


@dataclass(frozen=True)
class Embeddings:
    """e_i of M segments (§3.2.1). vectors: [M, d] float32, not normalised; space: names tokenizer and encoder."""

    vectors: Float
    space: str

    def __post_init__(self) -> None:
        _check(self.vectors.ndim == 2, f"vectors must be [M, d], got {self.vectors.shape}")


@dataclass(frozen=True)
class ClusterFacts:
    """One cluster C_k. medoids: indices into the embeddings, nearest to the centre first."""

    index: int
    size: int
    silhouette: float | None
    medoids: tuple[int, ...]


Suggestion = tuple[int, float, float]
"""k, silhouette, Calinski–Harabasz."""


@dataclass(frozen=True)
class Clustering:
    """k-means on the sphere (§3.2.2). labels: [M] int32 in 0..k-1, clusters in order of size; xy: [M, 2] by PCA."""

    labels: npt.NDArray[np.int32]
    xy: Float
    clusters: tuple[ClusterFacts, ...]
    silhouette: float | None  # None where it is not defined: one cluster, or as many clusters as segments
    calinski_harabasz: float | None
    suggested: tuple[Suggestion, ...]  # ascending k; empty where k was given
    stability: float | None = None  # mean adjusted Rand index under resampling; None where it is not defined

    def __post_init__(self) -> None:
        M = len(self.labels)
        _check(self.xy.shape == (M, 2), f"xy must be {(M, 2)}, got {self.xy.shape}")
        _check(sum(c.size for c in self.clusters) == M, "cluster sizes must add up to the number of segments")

    @property
    def n_clusters(self) -> int:
        """k, as many as were found (§3.2.2)."""
        return len(self.clusters)
