"""Following a grid of points through windows of the video (§3, the sliding window buffer of motion keypoints).

Every `stride_frames` a new window of T frames starts with a fresh 20×20 grid over the full picture. The grid points are
the centres of 20×20 equal cells, row by row, in coordinates of `ml.tracking.grid`.

Backends give the same `Tracks`; `track` picks one by `config.backend`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from ml.artefacts import Progress, Tracks, VideoInfo, no_progress
from ml.config import TrackingConfig
from ml.errors import TrackerUnavailable, UnusableTracks
from ml.prefetch import prefetched
from ml.tracking.camera import without_camera_motion
from ml.tracking.cotracker import CoTracker, track_cotracker
from ml.tracking.file import TracksFile
from ml.tracking.flow import track_flow
from ml.tracking.imported import is_tracks, read_tracks, windows_of
from ml.tracking.lucas_kanade import track_lucas_kanade
from ml.video import Damage, Frame, frames, probe

__all__ = ["NO_COTRACKER", "CoTracker", "TracksFile", "facts", "is_tracks", "track", "track_video"]

PREFETCHED_FRAMES = 8
NO_COTRACKER = CoTracker()
STABLE_EXTENT = 2.0  # of coordinates without the camera's motion, where 1 is the edge of a window's first picture


def track(frames: Iterable[Frame], config: TrackingConfig, cotracker: CoTracker = NO_COTRACKER) -> Iterator[Tracks]:
    """Windows of point trajectories, in order, as soon as each is complete; bounded memory.

    frames: at `config.fps`, all of one size, RGB or, but for `cotracker3`, grey. Each chunk has points [1, T, N, 2],
    visible [1, T, N], times_s [1, T]. The frames after the last full window are not used. A point that is lost (out of
    the picture, or failing the forward-backward check) is invisible from then on in its window and keeps its last
    position, so its velocity is 0.

    Raises TooShort if there are fewer than T frames, TrackerUnavailable where `cotracker3` cannot be used.
    """
    match config.backend:
        case "lk":
            windows = track_lucas_kanade(frames, config)
        case "flow":
            windows = track_flow(frames, config)
        case "cotracker3":
            windows = track_cotracker(frames, config, cotracker)
        case "tracks":
            raise ValueError("imported tracks are no frames to follow points in: see `track_video`")
    return map(without_camera_motion, windows) if config.compensate_camera else windows


def track_video(
    path: Path,
    config: TrackingConfig,
    out: Path,
    progress: Progress = no_progress,
    cotracker: CoTracker = NO_COTRACKER,
) -> tuple[str, ...]:
    """Track a whole file into `out`/tracks.bin and tracks.json (see `TracksFile`); returns warnings for the uploader.

    Decoding and tracking overlap. A file of tracks (`ml.tracking.imported`) is taken over as it is. cotracker: where
    that tracker lies, for its backend. Raises what `ml.video.probe` raises, and TrackerUnavailable; on any error
    nothing is left that would be taken for finished tracks.
    """
    if is_tracks(path):
        return _import(path, config, out, progress)
    if config.backend == "tracks":
        raise UnusableTracks("this is not a file of tracks (.npy or .npz)")
    info, damage = probe(path), Damage()
    if config.backend == "cotracker3":
        if (reason := cotracker.why_not()) is not None:
            raise TrackerUnavailable(reason)
        tracker, grey = cotracker.name(), False
    else:
        tracker, grey = config.backend, True
    decoded = frames(path, config.fps, config.long_side_px, damage, grey=grey)
    extent = STABLE_EXTENT if config.compensate_camera else 1.0
    with (
        TracksFile.create(out, stride=config.stride_frames, extent=extent, tracker=tracker) as file,
        prefetched(decoded, PREFETCHED_FRAMES) as ahead,
    ):
        _append(file, track(ahead, config, cotracker), info.duration_s, progress)
    progress(1.0, f"tracked {file.n_windows} windows")
    return damage.warnings()


def facts(path: Path, config: TrackingConfig) -> VideoInfo:
    """What `ml.video.probe` finds in a video, or the like of a file of tracks."""
    return read_tracks(path, config).info(path) if is_tracks(path) else probe(path)


def _import(path: Path, config: TrackingConfig, out: Path, progress: Progress) -> tuple[str, ...]:
    recording = read_tracks(path, config)
    with TracksFile.create(out, stride=config.stride_frames, tracker="imported") as file:
        _append(file, windows_of(recording, config), recording.duration_s, progress)
    progress(1.0, f"took over {file.n_windows} windows")
    return ()


def _append(file: TracksFile, windows: Iterable[Tracks], duration_s: float, progress: Progress) -> None:
    for tracks in windows:
        file.append(tracks)
        done_s = float(tracks.times_s[-1, -1])
        progress(min(1.0, done_s / duration_s), f"tracked {done_s:.0f} of {duration_s:.0f} s")
