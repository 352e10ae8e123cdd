"""Tracks made up in memory: a patch of points that moves in bursts, among points that rest."""

from __future__ import annotations

import numpy as np

from ml.artefacts import Tracks


class MovingPoints:
    """Windows as `TracksFile` gives them. The first eighth of the points moves from second 2 to 4, 6 to 8 and so on."""

    def __init__(self, n_windows: int = 24, n_points: int = 400, seed: int = 0, speed: float = 0.03, stride: int = 4):
        rng = np.random.default_rng(seed)
        frames, T = (n_windows - 1) * stride + 16, 16
        times_s = np.arange(frames) / 10
        moves = (times_s // 2) % 2 == 1
        direction = np.cumsum(rng.normal(0, 0.5, frames))
        path = np.cumsum(speed * moves[:, None] * np.stack([np.cos(direction), np.sin(direction)], axis=-1), axis=0)
        grid = rng.uniform(-0.8, 0.8, (n_points, 2))
        inside = (np.arange(n_points) < n_points // 8)[None, :, None]
        starts = np.arange(n_windows) * stride
        points = [
            grid + inside * (path[s : s + T] - path[s])[:, None] + rng.normal(0, 1e-4, (T, n_points, 2)) for s in starts
        ]
        self.tracks = Tracks(
            points=np.array(points, dtype=np.float32).reshape(n_windows, T, n_points, 2),
            visible=rng.random((n_windows, T, n_points)) < 0.98,
            times_s=times_s[starts[:, None] + np.arange(T)],
            aspect=16 / 9,
        )
        self.reads: list[int] = []  # how many windows each read asked for

    @property
    def n_windows(self) -> int:
        return len(self.tracks.points)

    def read(self, start: int, stop: int) -> Tracks:
        self.reads.append(stop - start)
        t = self.tracks
        return Tracks(t.points[start:stop], t.visible[start:stop], t.times_s[start:stop], t.aspect)

    def first(self, n_windows: int) -> MovingPoints:
        """The same stream, shorter."""
        shorter = object.__new__(MovingPoints)
        shorter.tracks, shorter.reads = self.read(0, n_windows), []
        return shorter
