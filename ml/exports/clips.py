"""The primitives of one source as video files of their own, in one pass over it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ml.errors import CannotDecode
from ml.exports.dataset import Primitive, Source
from ml.preview import Mp4Writer
from ml.video import EDGE_S, Picture, fit, pictures

TOLD_EVERY = 100  # pictures


@dataclass(frozen=True)
class Clip:
    """One primitive's clip. path: H.264 in MP4, its first picture at 0; begins_s: that picture's time in the source."""

    primitive: Primitive
    path: Path
    begins_s: float
    n_pictures: int
    size: tuple[int, int]  # (width, height)


def cut_clips(
    source: Source,
    primitives: Sequence[Primitive],
    folder: Path,
    tell: Callable[[float], None],
    *,
    long_side_px: int | None,
    quality: int,
) -> Iterator[Clip]:
    """A clip of each of `primitives`, which are in order of start, in that order: exactly the pictures of the source
    with start_s <= time < end_s, at the times they have there; where there is none, the one on screen at start_s.

    The files lie in `folder` until whoever takes them removes them. The source is decoded once, as far as the last
    primitive; as many encoders are open at a time as primitives overlap. Encoded in one thread: same bytes everywhere.
    tell: called every hundred pictures with how far the source is, 0..1; may raise Cancelled.

    Raises CannotDecode where the source cannot be read, or ends before a primitive begins.
    """
    open_clips: deque[_Open] = deque()  # in order of start; a finished one waits for those before it
    waiting = deque(primitives)
    before: Picture | None = None
    try:
        ends_s = max(one.end_s for one in primitives)
        for number, picture in enumerate(pictures(source.path)):
            if number % TOLD_EVERY == 0:
                tell(min(1.0, picture.time_s / ends_s))
            while waiting and waiting[0].start_s <= picture.time_s + EDGE_S:
                one = waiting.popleft()
                on_screen = before if before is not None else picture
                open_clips.append(_Open(one, folder / f"{one.id}.mp4", on_screen, long_side_px, quality))
            for clip in open_clips:
                if clip.primitive.end_s <= picture.time_s + EDGE_S:
                    clip.close()
                else:
                    clip.add(picture)
            while open_clips and (made := open_clips[0].made) is not None:
                open_clips.popleft()
                yield made
            if not waiting and not open_clips:
                return
            before = picture
        if waiting:
            last_s = before.time_s if before is not None else 0.0
            raise CannotDecode(
                f"the video ends at {last_s:.1f} s, but a primitive begins at {waiting[0].start_s:.1f} s"
            )
        while open_clips:
            yield open_clips.popleft().close()
    finally:
        for clip in open_clips:
            clip.abandon()


class _Open:
    """A clip being written."""

    def __init__(self, primitive: Primitive, path: Path, on_screen: Picture, long_side_px: int | None, quality: int):
        self.primitive = primitive
        self.made: Clip | None = None
        self._path, self._on_screen = path, on_screen
        self._begins_s: float | None = None
        self._n_pictures = 0
        self._writer = Mp4Writer(path, fit(on_screen.shown_size, long_side_px), quality=quality, threads=1)

    def add(self, picture: Picture) -> None:
        if self.made is not None:
            return
        if self._begins_s is None:
            self._begins_s = picture.time_s
        self._writer.add(picture.time_s - self._begins_s, picture)
        self._n_pictures += 1

    def close(self) -> Clip:
        if self.made is None:
            if self._n_pictures == 0:
                self.add(self._on_screen)
            self._writer.close()
            assert self._begins_s is not None
            self.made = Clip(self.primitive, self._path, self._begins_s, self._n_pictures, self._writer.size)
        return self.made

    def abandon(self) -> None:
        self._writer.abandon()
