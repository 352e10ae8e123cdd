"""The tracks of one video on disk."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Self

import numpy as np

from ml.artefacts import Tracks
from ml.config import TrackingConfig

FORMAT_VERSION = 2


@dataclass
class TracksFile:
    """Append windows while tracking, read them back in chunks.

    A folder holds two files. `tracks.json` is the header: {"version": 2, "windows": W, "frames": T, "points": N,
    "stride": frames from one window's start to the next, "aspect": width / height, "extent": e, "tracker":
    what followed the points}. `tracks.bin` is W
    records, one after the other, little-endian without padding: T float64 times in seconds; T·N·2 int16 points as
    (x, y), 32767 being e, where 1 is the right or lower edge; T·N visibility bits, padded to a byte, first point in the
    highest bit. At an extent of 1 one step of a point is 1/32767 of half the picture, 0.006 px at 384 px. Points beyond
    the extent are clipped to it.

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
    extent: float = 1.0
    tracker: str = ""
    _writing: BinaryIO | None = field(default=None, repr=False)

    @classmethod
    def create(
        cls, path: Path, *, stride: int = TrackingConfig.stride_frames, extent: float = 1.0, tracker: str = ""
    ) -> Self:
        """Start new tracks in folder `path`, which is made; earlier ones there are gone at once."""
        path.mkdir(parents=True, exist_ok=True)
        (path / "tracks.json").unlink(missing_ok=True)
        return cls(path, stride=stride, extent=extent, tracker=tracker, _writing=(path / "tracks.bin.part").open("wb"))

    @classmethod
    def open(cls, path: Path) -> Self:
        """Finished tracks in folder `path`. Raises FileNotFoundError if there are none, ValueError if damaged."""
        header = json.loads((path / "tracks.json").read_text())
        if header["version"] == 1:
            header = {**header, "version": FORMAT_VERSION, "extent": 1.0, "tracker": "lk"}
        if header["version"] != FORMAT_VERSION:
            raise ValueError(f"{path}: tracks of version {header['version']}, this is version {FORMAT_VERSION}")
        names = ("windows", "frames", "points", "stride", "aspect", "extent", "tracker")
        file = cls(path, *(header[name] for name in names))
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
        records["points"] = np.rint(np.clip(tracks.points / self.extent, -1, 1) * 32767)
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
            "extent": self.extent,
            "tracker": self.tracker,
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
            points=records["points"].astype(np.float32) * np.float32(self.extent / 32767),
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
