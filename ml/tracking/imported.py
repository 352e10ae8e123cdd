"""Tracks made elsewhere, in place of a video: a .npy or .npz file of points over time.

    .npz   `tracks`, and beside it what is known: `visible` [F, N] bool; `times_s` [F] seconds, rising, or `fps`, one
           number; `width` and `height` of the picture in pixels.
    .npy   the array `tracks` alone; the rate has to be said (`TrackingConfig.tracks_fps`).

`TrackingConfig.tracks_layout` says how `tracks` lies:

    frames     [F, N, 2] points (x, y) of the picture, or [F, N, 3] points (x, y, z) as a camera sees them, x to the
               right, y down, z ahead. These are looked at through a pinhole: (x / z, y / z).
    xy_rows    [2 N, F]: the x of all points, then the y, a column a frame.
    xyz_rows   [3 N, F]: the x of all points, then the y, then the z, as the skeletons of HA4M come.

Where a width and a height are given, points of the picture are in its pixels, the centre of the first being 0. Points
within -1..1 throughout are taken to be of the picture's edges already, a square one. Any others, and all that come from
space, are measured in a picture made to fit: the box of all they reach, a twentieth wider on each side.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.artefacts import Float, Seconds, Tracks, VideoInfo
from ml.config import TrackingConfig
from ml.errors import TooShort, UnusableTracks
from ml.tracking.windows import Mask

SUFFIXES = (".npy", ".npz")
MARGIN = 0.05
MAX_GAP_S = 0.5  # a point is not guessed at over a longer one
BLOCK_FRAMES = 1024
NEAREST = 1e-6  # of z: a point at the camera or behind it is in no picture


def is_tracks(path: Path) -> bool:
    """Whether this file's name is one of tracks, not of a video."""
    return path.suffix.lower() in SUFFIXES


@dataclass(frozen=True)
class Recording:
    """Tracks as they were imported. points: [F, N, 2] or [F, N, 3] any float; visible: [F, N] or None where all are;
    times_s: [F]; size: (width, height) in pixels where it is known."""

    points: npt.NDArray[Any]
    visible: Mask | None
    times_s: Seconds
    size: tuple[float, float] | None

    @property
    def duration_s(self) -> float:
        """As of a video: the last frame lasts as long as the step before it."""
        times = self.times_s
        return float(2 * times[-1] - times[-2] - times[0]) if len(times) > 1 else 0.0

    def info(self, path: Path) -> VideoInfo:
        """What `ml.video.probe` says of a video."""
        width, height = self.size or (0, 0)
        return VideoInfo(
            duration_s=self.duration_s,
            width_px=round(width),
            height_px=round(height),
            rotation_deg=0,
            fps=(len(self.times_s) - 1) / float(self.times_s[-1] - self.times_s[0]),
            variable_frame_rate=False,
            start_s=float(self.times_s[0]),
            container=path.suffix.lower().lstrip("."),
            codec="tracks",
            pixel_format="",
            has_audio=False,
            plays_in_browser=False,
            warnings=("these are tracks, not pictures: there are no clips",),
        )


def read_tracks(path: Path, config: TrackingConfig) -> Recording:
    """The file's tracks. A .npy file is read as it is needed, a .npz file at once.

    Raises UnusableTracks with what is wrong and what would help, TooShort below one window.
    """
    arrays = _arrays(path)
    points = _laid_out(arrays["tracks"], config.tracks_layout)
    F, N, axes = points.shape
    if axes not in (2, 3) or N == 0 or points.dtype.kind not in "fiu":
        raise UnusableTracks(
            f"tracks must be numbers [frames, points, 2 or 3], these are {points.dtype} {points.shape}"
        )
    times_s = _times_s(arrays, F, config.tracks_fps)
    visible = arrays.get("visible")
    if visible is not None and visible.shape != (F, N):
        raise UnusableTracks(f"visible is {visible.shape}, but the tracks are {F} frames of {N} points")
    size = (float(arrays["width"]), float(arrays["height"])) if {"width", "height"} <= set(arrays) else None
    if size is not None and not min(size) > 0:
        raise UnusableTracks("the width and the height must be above 0")
    recording = Recording(points, None if visible is None else visible.astype(np.bool_), times_s, size)
    if recording.duration_s < config.window_s - 1e-3:
        raise TooShort(f"too short: {recording.duration_s:.1f} s, needs {config.window_s:.1f} s")
    return recording


def windows_of(recording: Recording, config: TrackingConfig) -> Iterator[Tracks]:
    """The recording at `config.fps`, in windows of `grid²` points, as `ml.tracking.track` gives them of a video.

    Frame k is at k / fps after the first: each point lies on the line between the two samples around it, and is visible
    where it is in both, and they are no more than half a second apart. Fewer than grid² points are repeated in turn, so
    that each keeps its weight; of more, as many are taken at even steps. A window begins where the points are, not on a
    grid; as of a video, a point that is lost is invisible from then on in its window.
    """
    view = _view(recording)
    chosen = _chosen(recording.points.shape[1], config.n_points)
    steps = int((recording.times_s[-1] - recording.times_s[0]) * config.fps + 1e-6) + 1
    T, stride = config.window_frames, config.stride_frames
    for first in range(0, steps - T + 1, BLOCK_FRAMES * stride):
        last = min(first + BLOCK_FRAMES * stride - stride + T, steps)
        slots = np.arange(first, last) / config.fps
        points, visible = _resampled(recording, slots + recording.times_s[0], view)
        points, visible = points[:, chosen], visible[:, chosen]
        for start in range(0, last - first - T + 1, stride):
            window = slice(start, start + T)
            yield _window(points[window], visible[window], slots[window], view.aspect)


@dataclass(frozen=True)
class _View:
    """How coordinates become -1..1: (x - centre) / half, for each axis."""

    centre: npt.NDArray[np.float64]
    half: npt.NDArray[np.float64]

    @property
    def aspect(self) -> float:
        return float(self.half[0] / self.half[1])


def _arrays(path: Path) -> dict[str, npt.NDArray[Any]]:
    try:
        if path.suffix.lower() == ".npy":
            return {"tracks": np.load(path, mmap_mode="r", allow_pickle=False)}
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (ValueError, EOFError, zipfile.BadZipFile, KeyError) as error:
        raise UnusableTracks("this is not a file of arrays as NumPy writes them") from error
    if "tracks" not in arrays:
        raise UnusableTracks(f"there is no array `tracks` in this file, only {', '.join(sorted(arrays)) or 'nothing'}")
    return arrays


def _laid_out(tracks: npt.NDArray[Any], layout: str) -> npt.NDArray[Any]:
    """[F, N, 2 or 3], a view of the array as the file has it."""
    if layout == "frames":
        if tracks.ndim != 3:
            raise UnusableTracks(
                f"tracks must be [frames, points, 2 or 3], these are {tracks.shape}: if the points' coordinates lie "
                "below each other and the frames beside each other, say --tracks-layout xy_rows or xyz_rows"
            )
        return tracks
    axes = 2 if layout == "xy_rows" else 3
    if tracks.ndim != 2 or len(tracks) % axes:
        raise UnusableTracks(f"{layout} needs an array [{axes} × points, frames], this is {tracks.shape}")
    return tracks.reshape(axes, -1, tracks.shape[1]).transpose(2, 1, 0)


def _times_s(arrays: dict[str, npt.NDArray[Any]], F: int, fps: float | None) -> Seconds:
    if "times_s" in arrays:
        times_s = arrays["times_s"].astype(np.float64)
        if times_s.shape != (F,) or not np.isfinite(times_s).all() or not (np.diff(times_s) > 0).all():
            raise UnusableTracks(f"times_s must be {F} rising times, one a frame")
        return times_s
    rate = float(arrays["fps"]) if "fps" in arrays else fps
    if rate is None:
        raise UnusableTracks("nothing says how many frames a second these tracks have: say --tracks-fps")
    if not 0 < rate < float("inf"):
        raise UnusableTracks("the rate must be a number above 0")
    return np.arange(F) / rate


def _view(recording: Recording) -> _View:
    """The picture the points lie in, see the module's beginning."""
    if recording.size is not None and recording.points.shape[2] == 2:
        half = np.array(recording.size) / 2
        return _View(half - 0.5, half)
    low, high = np.full(2, np.inf), np.full(2, -np.inf)
    for start in range(0, len(recording.points), BLOCK_FRAMES):
        places, seen = _in_picture(recording, slice(start, start + BLOCK_FRAMES))
        if seen.any():
            low, high = np.minimum(low, places[seen].min(axis=0)), np.maximum(high, places[seen].max(axis=0))
    if recording.points.shape[2] == 2 and max(abs(low).max(), abs(high).max()) <= 1:
        return _View(np.zeros(2), np.ones(2))
    if not (high > low).any():
        raise UnusableTracks("the points of these tracks lie on one spot, or none of them is ever visible")
    sides = np.where(high > low, high - low, (high - low).max())
    return _View((low + high) / 2, sides * (0.5 + MARGIN))


def _in_picture(recording: Recording, frames: slice | npt.NDArray[np.intp]) -> tuple[npt.NDArray[np.float64], Mask]:
    """(x, y) of the picture in the recording's own units, [f, N, 2], and which points are to be seen, [f, N]."""
    points = np.asarray(recording.points[frames], dtype=np.float64)
    seen: Mask = np.logical_and.reduce(np.isfinite(points), axis=-1)
    if recording.visible is not None:
        seen &= recording.visible[frames]
    if points.shape[2] == 3:
        seen &= points[..., 2] > NEAREST
        points = points[..., :2] / np.where(seen, points[..., 2], 1.0)[..., None]
    return np.where(seen[..., None], points, 0.0), seen


def _resampled(recording: Recording, times_s: Seconds, view: _View) -> tuple[Float, Mask]:
    """Points [f, N, 2] in -1..1 and visible [f, N] at `times_s` of the recording's clock."""
    known = recording.times_s
    after = np.clip(np.searchsorted(known, times_s - 1e-9), 1, len(known) - 1)
    before = after - 1
    share = np.clip((times_s - known[before]) / (known[after] - known[before]), 0.0, 1.0)
    share = np.where(np.abs(share - np.rint(share)) < 1e-6, np.rint(share), share)[:, None]
    (p, seen_p), (q, seen_q) = _in_picture(recording, before), _in_picture(recording, after)
    near = (known[after] - known[before] <= MAX_GAP_S)[:, None] | (share == 0) | (share == 1)
    places = (p * (1 - share[..., None]) + q * share[..., None] - view.centre) / view.half
    inside: Mask = np.all((places >= -1) & (places <= 1), axis=-1)
    visible = (seen_p | (share == 1)) & (seen_q | (share == 0)) & near & inside
    return np.where(visible[..., None], places, 0.0).astype(np.float32), visible


def _window(points: Float, visible: Mask, times_s: Seconds, aspect: float) -> Tracks:
    """One window, [1, T, N, …]; from where a point is lost it keeps its last place."""
    seen = np.logical_and.accumulate(visible, axis=0)
    last = np.maximum.accumulate(np.where(seen, np.arange(len(seen))[:, None], 0), axis=0)  # [T, N]
    kept = np.take_along_axis(points, last[..., None], axis=0)
    return Tracks(kept[None], seen[None], times_s[None], aspect)


def _chosen(N: int, wanted: int) -> npt.NDArray[np.intp]:
    """Which of N points stand in for `wanted` ones."""
    if wanted < N:
        return np.linspace(0, N - 1, wanted).round().astype(np.intp)
    return np.arange(wanted, dtype=np.intp) % N
