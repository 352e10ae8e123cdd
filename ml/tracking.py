"""Following a grid of points through windows of the video (§3, the sliding window buffer of motion keypoints).

Every `stride_frames` a new window of T frames starts with a fresh 20×20 grid over the full picture. Points are (x, y)
in -1..1 of the picture's edges: the centre of pixel i of W lies at (2 i + 1) / W - 1, so the value does not depend on
the size tracked at. The grid points are the centres of 20×20 equal cells, row by row.

Backends give the same `Tracks`; `track` picks one by `config.backend`.
"""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Self, TypeVar

import cv2
import numpy as np
import numpy.typing as npt

from ml.artefacts import Float, Progress, Tracks, no_progress
from ml.config import TrackingConfig
from ml.errors import TooShort
from ml.video import Damage, Frame, Image, frames, probe

Mask = npt.NDArray[np.bool_]
Item = TypeVar("Item")

FORMAT_VERSION = 1
SHARED_PX = 0.25
PREFETCHED_FRAMES = 8  # of 512×288 RGB: 3.5 MB


def track(frames: Iterable[Frame], config: TrackingConfig) -> Iterator[Tracks]:
    """Windows of point trajectories, in order, as soon as each is complete; bounded memory.

    frames: at `config.fps`, all of one size. Each chunk has points [1, T, N, 2], visible [1, T, N], times_s [1, T].
    The frames after the last full window are not used. A point that is lost (out of the picture, or failing the
    forward-backward check) is invisible from then on in its window and keeps its last position, so its velocity is 0.

    Raises TooShort if there are fewer than T frames.
    """
    backends = {"lk": track_lucas_kanade}
    return backends[config.backend](frames, config)


def track_video(path: Path, config: TrackingConfig, out: Path, progress: Progress = no_progress) -> tuple[str, ...]:
    """Track a whole file into `out`/tracks.bin and tracks.json (see `TracksFile`); returns warnings for the uploader.

    Decoding and tracking overlap. Raises what `ml.video.probe` raises; on any error nothing is left that would be
    taken for finished tracks.
    """
    info, damage = probe(path), Damage()
    decoded = frames(path, config.fps, config.long_side_px, damage)
    with TracksFile.create(out, stride=config.stride_frames) as file, prefetched(decoded, PREFETCHED_FRAMES) as ahead:
        for tracks in track(ahead, config):
            file.append(tracks)
            done_s = float(tracks.times_s[-1, -1])
            progress(min(1.0, done_s / info.duration_s), f"tracked {done_s:.0f} of {info.duration_s:.0f} s")
    progress(1.0, f"tracked {file.n_windows} windows")
    return damage.warnings()


def grid_points(grid: int) -> Float:
    """The centres of grid × grid equal cells of the picture, row by row: [N, 2] as (x, y) in -1..1."""
    centres = (2 * np.arange(grid, dtype=np.float32) + 1) / grid - 1
    y, x = np.meshgrid(centres, centres, indexing="ij")
    return np.stack([x, y], axis=-1).reshape(-1, 2).astype(np.float32)


def to_pixels(points: Float, width: int, height: int) -> Float:
    """-1..1 → pixels, the centre of the first pixel being 0. points: […, 2]."""
    return ((points + 1) * (np.array([width, height], dtype=np.float32) / 2) - 0.5).astype(np.float32)


def from_pixels(points: Float, width: int, height: int) -> Float:
    """Pixels → -1..1, the inverse of `to_pixels`. points: […, 2]."""
    return ((points + 0.5) * (2 / np.array([width, height], dtype=np.float32)) - 1).astype(np.float32)


@dataclass
class _Window:
    """A window being filled. points: one [N, 2] in pixels per frame so far; visible: one [N] per frame."""

    points: list[Float]
    visible: list[Mask]
    times_s: list[float]

    def to_tracks(self, width: int, height: int) -> Tracks:
        return Tracks(
            points=from_pixels(np.stack(self.points), width, height)[None],  # [1, T, N, 2]
            visible=np.stack(self.visible)[None],
            times_s=np.array([self.times_s]),
            aspect=width / height,
        )


def track_lucas_kanade(frames: Iterable[Frame], config: TrackingConfig) -> Iterator[Tracks]:
    """Pyramidal Lucas-Kanade with forward-backward check, on grey pictures. See `track`.

    All windows open at a time are followed in one call per pair of frames, so each pyramid is built once for them.
    """
    grid = grid_points(config.grid)
    windows: list[_Window] = []
    previous: Image | None = None
    count = 0
    for count, frame in enumerate(frames, start=1):
        height, width = frame.image.shape[:2]
        grey = np.asarray(cv2.cvtColor(frame.image, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
        if previous is not None and windows:
            _advance(windows, to_pixels(grid, width, height), previous, grey, frame.time_s, config)
        if (count - 1) % config.stride_frames == 0:
            points = to_pixels(grid, width, height)
            windows.append(_Window([points], [np.ones(len(points), dtype=np.bool_)], [frame.time_s]))
        if len(windows[0].times_s) == config.window_frames:
            yield windows.pop(0).to_tracks(width, height)
        previous = grey
    if count < config.window_frames:
        raise TooShort(f"too short: {count / config.fps:.1f} s, needs {config.window_s:.1f} s")


def _advance(
    windows: list[_Window], grid_px: Float, previous: Image, grey: Image, time_s: float, config: TrackingConfig
) -> None:
    """Add one frame to every open window."""
    before = np.stack([w.points[-1] for w in windows])  # [open windows, N, 2] pixels
    visible = np.stack([w.visible[-1] for w in windows])  # [open windows, N]
    after = before.copy()
    if visible.any():
        _, first, same = np.unique(_places(before - grid_px)[visible], return_index=True, return_inverse=True)
        start = before[visible][first]  # [P, 2]
        moved, found = follow(previous, grey, start, config)
        step = np.where(found[:, None], moved - start, 0.0).astype(np.float32)
        after[visible] += step[same]
        visible[visible] = found[same]
    for window, points, seen in zip(windows, after, visible, strict=True):
        window.points.append(points)
        window.visible.append(seen)
        window.times_s.append(time_s)


def _places(offsets: Float) -> npt.NDArray[np.int64]:
    """Equal for what need not be followed twice: [open windows, N, 2] offsets from the grid → [open windows, N].

    Windows overlap, and where nothing moved their points lie on the same spot, give or take noise. Points of one grid
    cell within the same quarter pixel share one step; their own fractions stay theirs. Against following each alone
    the points after 15 steps differ by 0.001 px in the median and less than 0.06 px in 99 of 100, and a still scene
    costs half.
    """
    x, y = np.moveaxis(np.rint(offsets / SHARED_PX).astype(np.int64) + (1 << 20), -1, 0)
    cell = np.arange(offsets.shape[1], dtype=np.int64)
    places: npt.NDArray[np.int64] = (cell << 42) + (x << 21) + y
    return places


def follow(previous: Image, grey: Image, points: Float, config: TrackingConfig) -> tuple[Float, Mask]:
    """Where points [P, 2] (pixels) of `previous` lie in `grey`, and which were found: [P, 2], [P].

    Found means: still inside the picture, and tracking back from there ends within `max_fb_error_px` of the start.
    """
    moved, there = _lucas_kanade(previous, grey, points, config)
    returned, back = _lucas_kanade(grey, previous, moved, config)
    height, width = grey.shape
    inside = ((moved >= -0.5) & (moved <= (width - 0.5, height - 0.5))).all(axis=1)
    close = np.square(returned - points).sum(axis=1) <= config.max_fb_error_px**2
    return moved, there & back & inside & close


def _lucas_kanade(previous: Image, grey: Image, points: Float, config: TrackingConfig) -> tuple[Float, Mask]:
    moved, status, _ = cv2.calcOpticalFlowPyrLK(
        previous,
        grey,
        points,
        np.empty_like(points),
        winSize=(config.patch_px, config.patch_px),
        maxLevel=config.levels,
        criteria=(cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 30, 0.01),
    )
    return np.asarray(moved, dtype=np.float32), np.asarray(status)[:, 0] == 1


@contextmanager
def prefetched(source: Iterable[Item], ahead: int) -> Generator[Iterator[Item]]:
    """Run `source` in a thread, at most `ahead` items ahead of the consumer.

    An exception of the source is raised at the consumer; leaving the context stops the thread, wherever it is.
    """
    items: queue.Queue[Item | _End] = queue.Queue(maxsize=ahead)
    stopped = threading.Event()

    def produce() -> None:
        end = _End()
        try:
            for item in source:
                if not _put(items, item, stopped):
                    return
        except BaseException as exc:  # noqa: BLE001  handed over to the consumer, who raises it
            end = _End(exc)
        _put(items, end, stopped)

    def consume() -> Iterator[Item]:
        while not isinstance(item := items.get(), _End):
            yield item
        if item.error is not None:
            raise item.error

    thread = threading.Thread(target=produce, name="prefetch", daemon=True)
    thread.start()
    try:
        yield consume()
    finally:
        stopped.set()
        thread.join()


@dataclass(frozen=True)
class _End:
    error: BaseException | None = None


def _put(items: queue.Queue[Item | _End], item: Item | _End, stopped: threading.Event) -> bool:
    """Wait for room, or until nobody wants the item any more."""
    while not stopped.is_set():
        try:
            items.put(item, timeout=0.05)
            return True
        except queue.Full:
            continue
    return False


@dataclass
class TracksFile:
    """The tracks of one video on disk: append windows while tracking, read them back in chunks.

    A folder holds two files. `tracks.json` is the header: {"version": 1, "windows": W, "frames": T, "points": N,
    "stride": frames from one window's start to the next, "aspect": width / height}. `tracks.bin` is W records, one
    after the other, little-endian without padding: T float64 times in seconds; T·N·2 int16 points as (x, y), 32767
    being 1 and the right or lower edge; T·N visibility bits, padded to a byte, first point in the highest bit. One
    step of a point is 1/32767 of half the picture, 0.008 px at 512 px; points outside the picture are clipped to it.

    Records are written to `tracks.bin.part`, which gets its name when the file is closed, before the header is
    written: without a header that fits it, `open` refuses the file. Reads are plain file reads, so memory is what the
    asked-for windows need.
    """

    folder: Path
    n_windows: int = 0
    n_frames: int = 0
    n_points: int = 0
    stride: int = 4
    aspect: float = 1.0
    _writing: BinaryIO | None = field(default=None, repr=False)

    @classmethod
    def create(cls, path: Path, *, stride: int = TrackingConfig.stride_frames) -> Self:
        """Start new tracks in folder `path`, which is made; earlier ones there are gone at once."""
        path.mkdir(parents=True, exist_ok=True)
        (path / "tracks.json").unlink(missing_ok=True)
        return cls(path, stride=stride, _writing=(path / "tracks.bin.part").open("wb"))

    @classmethod
    def open(cls, path: Path) -> Self:
        """Finished tracks in folder `path`. Raises FileNotFoundError if there are none, ValueError if damaged."""
        header = json.loads((path / "tracks.json").read_text())
        if header["version"] != FORMAT_VERSION:
            raise ValueError(f"{path}: tracks of version {header['version']}, this is version {FORMAT_VERSION}")
        file = cls(path, header["windows"], header["frames"], header["points"], header["stride"], header["aspect"])
        if (path / "tracks.bin").stat().st_size != file.n_windows * file._record.itemsize:
            raise ValueError(f"{path}: tracks.bin does not hold the {file.n_windows} windows its header says")
        return file

    def append(self, tracks: Tracks) -> None:
        """Add windows at the end. Raises ValueError if they differ in shape or aspect from those before."""
        if self._writing is None:
            raise ValueError(f"{self.folder}: these tracks are finished")
        W, T, N, _ = tracks.points.shape
        if self.n_windows == 0:
            self.n_frames, self.n_points, self.aspect = T, N, tracks.aspect
        if (T, N, tracks.aspect) != (self.n_frames, self.n_points, self.aspect):
            raise ValueError(f"windows of {T} frames, {N} points, aspect {tracks.aspect} do not fit {self}")
        records = np.empty(W, dtype=self._record)
        records["times_s"] = tracks.times_s
        records["points"] = np.rint(np.clip(tracks.points, -1, 1) * 32767)
        records["visible"] = np.packbits(tracks.visible.reshape(W, -1), axis=1)
        self._writing.write(records.tobytes())
        self.n_windows += W

    def close(self) -> None:
        """Finish the file: from here on it can be opened. Nothing happens to one that is finished."""
        if self._writing is None:
            return
        self._writing.close()
        self._writing = None
        (self.folder / "tracks.bin.part").replace(self.folder / "tracks.bin")
        header = {
            "version": FORMAT_VERSION,
            "windows": self.n_windows,
            "frames": self.n_frames,
            "points": self.n_points,
            "stride": self.stride,
            "aspect": self.aspect,
        }
        part = self.folder / "tracks.json.part"
        part.write_text(json.dumps(header, indent=1) + "\n")
        part.replace(self.folder / "tracks.json")

    def abandon(self) -> None:
        """Drop what was written."""
        if self._writing is not None:
            try:
                self._writing.close()
            finally:
                self._writing = None
                (self.folder / "tracks.bin.part").unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.close()
        else:
            self.abandon()

    def __len__(self) -> int:
        return self.n_windows

    def read(self, start: int = 0, stop: int | None = None) -> Tracks:
        """Windows start..stop-1, as of a slice: points [stop - start, T, N, 2] float32."""
        start, stop, _ = slice(start, stop).indices(self.n_windows)
        with (self.folder / "tracks.bin").open("rb") as file:
            file.seek(start * self._record.itemsize)
            records = np.fromfile(file, dtype=self._record, count=max(0, stop - start))
        W, T, N = len(records), self.n_frames, self.n_points
        bits = np.unpackbits(records["visible"], axis=1, count=T * N)
        return Tracks(
            points=records["points"].astype(np.float32) / np.float32(32767),
            visible=bits.reshape(W, T, N).astype(np.bool_),
            times_s=records["times_s"].astype(np.float64),
            aspect=self.aspect,
        )

    def chunks(self, n_windows: int = 64) -> Iterator[Tracks]:
        """All windows, in order, `n_windows` at a time."""
        for start in range(0, self.n_windows, n_windows):
            yield self.read(start, start + n_windows)

    def __iter__(self) -> Iterator[Tracks]:
        return self.chunks()

    @property
    def _record(self) -> np.dtype[np.void]:
        T, N = self.n_frames, self.n_points
        return np.dtype([("times_s", "<f8", (T,)), ("points", "<i2", (T, N, 2)), ("visible", "u1", (-(-T * N // 8),))])
