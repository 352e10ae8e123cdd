"""The pictures of episodes, one after the other in a few MP4 files: the videos of a LeRobot v3 dataset."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ml.errors import CannotDecode
from ml.exports.dataset import Primitive, Source
from ml.exports.episodes import Episode
from ml.exports.latent import Stats, stats_of
from ml.exports.options import LerobotOptions
from ml.preview import Mp4Writer
from ml.video import Image, Picture, fit, pictures, sampled

SHARD_BYTES = 200_000_000
# The library compares times as float32 and allows 0.1 ms: beyond 1,024 s neighbouring float32 are 0.12 ms apart, and
# the time of an episode's frame is a sum. An episode that begins a file is spared: its times are not sums.
SHARD_S = 1000.0
SAMPLED_EVERY = 10  # frames, for the statistics of pictures
SAMPLED_PX = 4  # every fourth pixel of every fourth row
FILES_A_CHUNK = 1000

Size = tuple[int, int]  # (width, height)
Counts = npt.NDArray[np.int64]  # [256, 3]: how often each level of red, green and blue came
Tell = Callable[[float], None]  # called with how far a source is, 0..1


@dataclass(frozen=True)
class Placed:
    """Where an episode's pictures lie: seconds from_s..to_s of file `file` of chunk `chunk`."""

    chunk: int
    file: int
    from_s: float
    to_s: float
    levels: Counts  # of its sampled pictures

    @property
    def stats(self) -> Stats:
        """Of all its pictures, as 0..1."""
        return stats_of_pictures(self.levels)


def stats_of_pictures(levels: Counts) -> Stats:
    """Of pixels as 0..1, in the library's shape [3][1][1]."""
    found = stats_of(np.repeat(np.arange(256)[:, None] / 255, 3, axis=1), levels)
    return {name: value if name == "count" else [[[one]] for one in value] for name, value in found.items()}


def canvas_of(used: Sequence[tuple[Source, Sequence[Primitive]]], long_side_px: int) -> Size:
    """The one size of a camera's pictures: what most steps of its sources fit. Pictures of another shape get a black
    border. Raises CannotDecode."""
    sizes: Counter[Size] = Counter()
    for source, primitives in used:
        first = next(pictures(source.path))
        sizes[fit(first.shown_size, long_side_px)] += sum(len(one.codes) for one in primitives)
    return max(sizes, key=lambda size: (sizes[size], size))


class Camera:
    """Writes <folder>/chunk-000/file-000.mp4, …: H.264, yuv420p, constant rate, a keyframe every half second.

    A file is closed before it is likely to grow beyond 200 MB, or an episode in it would end after `SHARD_S`. None
    is cut in two: a longer one has a file of its own. Encoded in one thread: same bytes everywhere.
    """

    def __init__(self, folder: Path, fps: float, size: Size, options: LerobotOptions):
        self.size = size
        self.levels: Counts = np.zeros((256, 3), dtype=np.int64)
        self._folder, self._options = folder, options
        self._fps = Fraction(fps).limit_denominator(1001)
        self._writer: Mp4Writer | None = None
        self._number = -1
        self._frames = 0  # in the open file

    def add(self, source: Source, episodes: Sequence[Episode], tell: Tell) -> list[Placed]:
        """Append the pictures of one source's episodes. Decodes it once, and once more for those that overlap others.

        Raises CannotDecode where the source ends before an episode does.
        """
        placed: dict[int, Placed] = {}
        passes = _without_overlap(episodes)
        for number, some in enumerate(passes):

            def of_pass(fraction: float, number: int = number) -> None:
                tell((number + fraction) / len(passes))

            with closing(self._frames_of(source, [episodes[i] for i in some], of_pass)) as frames:
                for i in some:
                    placed[i] = self._append(len(episodes[i]), frames)
        return [placed[i] for i in range(len(episodes))]

    def close(self) -> None:
        """Finish the file that is being written, if one is."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def abandon(self) -> None:
        """Leave the file that is being written unfinished, if one is."""
        if self._writer is not None:
            self._writer.abandon()
            self._writer = None

    def _frames_of(self, source: Source, episodes: Sequence[Episode], tell: Tell) -> Generator[Picture]:
        """The pictures of episodes that do not overlap, in order."""
        wanted = iter(np.concatenate([episode.slots for episode in episodes]).tolist())
        last = int(episodes[-1].slots[-1])
        slot = next(wanted)
        time_s = 0.0
        for at, (time_s, picture) in enumerate(sampled(pictures(source.path), float(self._fps))):  # noqa: B007
            if at % 50 == 0:
                tell(at / (last + 1))
            if at == slot:
                yield picture
                if (following := next(wanted, None)) is None:
                    return
                slot = following
        raise CannotDecode(
            f"the video ends at {time_s:.1f} s, but a primitive has a step at {slot / float(self._fps):.1f} s"
        )

    def _append(self, n_frames: int, frames: Iterator[Picture]) -> Placed:
        writer = self._with_room(n_frames)
        first, levels = self._frames, np.zeros((256, 3), dtype=np.int64)
        for i in range(n_frames):
            picture = next(frames)
            writer.add(float(self._frames / self._fps), self._fitted(picture))
            self._frames += 1
            if i % SAMPLED_EVERY == 0:
                levels += _levels(self._as_image(picture))
        self.levels += levels
        chunk, file = divmod(self._number, FILES_A_CHUNK)
        return Placed(chunk, file, float(first / self._fps), float(self._frames / self._fps), levels)

    def _with_room(self, n_frames: int) -> Mp4Writer:
        if self._writer is not None:
            written = self._writer.size_bytes
            expected = written * (1 + 2 * n_frames / self._frames)  # an episode may take twice what others do
            if expected > SHARD_BYTES or (self._frames + n_frames) / self._fps > SHARD_S:
                self.close()
        if self._writer is None:
            self._number, self._frames = self._number + 1, 0
            chunk, file = divmod(self._number, FILES_A_CHUNK)
            path = self._folder / f"chunk-{chunk:03d}" / f"file-{file:03d}.mp4"
            path.parent.mkdir(parents=True, exist_ok=True)
            self._writer = Mp4Writer(path, self.size, quality=self._options.quality, threads=1, fps=self._fps)
        return self._writer

    def _fitted(self, picture: Picture) -> Picture | Image:
        return picture if self._inner(picture) == self.size else self._as_image(picture)

    def _as_image(self, picture: Picture) -> Image:
        """RGB of the canvas' size; black where the picture has another shape."""
        width, height = self._inner(picture)
        image = picture.rgb((width, height))
        if (width, height) == self.size:
            return image
        canvas = np.zeros((self.size[1], self.size[0], 3), dtype=np.uint8)
        top, left = (self.size[1] - height) // 2, (self.size[0] - width) // 2
        canvas[top : top + height, left : left + width] = image
        return canvas

    def _inner(self, picture: Picture) -> Size:
        """The even size at which the picture fits into the canvas, never enlarged."""
        width, height = picture.shown_size
        if fit((width, height), self._options.long_side_px) == self.size:
            return self.size
        scale = min(1.0, self.size[0] / width, self.size[1] / height)
        return (
            min(self.size[0], max(2, round(width * scale / 2) * 2)),
            min(self.size[1], max(2, round(height * scale / 2) * 2)),
        )


def _without_overlap(episodes: Sequence[Episode]) -> list[list[int]]:
    """All episodes, which are in order of start, in as few groups as the first fit gives: none overlaps another of its
    group. Indices."""
    groups: list[list[int]] = []
    for i, episode in enumerate(episodes):
        for group in groups:
            if episodes[group[-1]].slots[-1] < episode.slots[0]:
                group.append(i)
                break
        else:
            groups.append([i])
    return groups


def _levels(image: Image) -> Counts:
    some = image[::SAMPLED_PX, ::SAMPLED_PX]
    return np.stack([np.bincount(some[..., i].ravel(), minlength=256) for i in range(3)], axis=1)
