"""What the screens show of a video: a copy every browser plays, a poster, a sprite for hovering, and short clips.

Everything here keeps the one clock: second t of browser.mp4 and loops.mp4 is second t of `ml.video.frames`, at a
variable rate too. browser.mp4 is made to be stepped through: a constant rate (`ml.cadence`), pictures stored in the
order they are shown, and a keyframe at least every half second. Pictures only: the sound of a workplace stays in the
original. The number of encoder threads is fixed, because x264's output depends on it: same input, same bytes, on every
machine.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil
from pathlib import Path
from types import MappingProxyType
from typing import Self

import av
import cv2
import numpy as np
from av.video.frame import PictureType, VideoFrame
from PIL import Image as Pillow

from ml.artefacts import Progress, Seconds, VideoInfo, no_progress
from ml.cadence import Cadence, cadence_of
from ml.errors import CannotDecode
from ml.prefetch import prefetched
from ml.video import (
    EDGE_S,
    Damage,
    Image,
    Picture,
    copy_stream,
    decoding_order,
    fit,
    packet_times_s,
    pictures,
    pictures_between,
    sampled,
)

BROWSER_LONG_SIDE_PX = 1280
LOOPS_LONG_SIDE_PX = 320
LOOPS_FPS = 10.0
POSTER_LONG_SIDE_PX = 640
SPRITE_COLUMNS = 10
SPRITE_TILES = 100
TILE_WIDTH_PX, TILE_MAX_HEIGHT_PX = 160, 320
TILE_MIN_S = 0.5
PROXY_QUALITY = 25
# A third cheaper than veryfast at 23, in files as large: docs/benchmarks.md.
PROXY_EFFORT = {"preset": "superfast", "x264-params": "mbtree=1:rc-lookahead=10"}
CLIP_POSTER_EFFORT = 2  # half the time of 4 for 4 % more bytes, and there are thousands of clips
POSTERS_WAITING = 4
DECODED_AHEAD = 4
TICKS_PER_S = Fraction(90_000)  # of the files whose pictures come when they come
KEYFRAME_S = 0.5
SAME_TIME_S = 0.002  # Matroska rounds to milliseconds


def make_preview(
    path: Path, info: VideoInfo, out: Path, progress: Progress = no_progress, damage: Damage | None = None
) -> None:
    """Write what the video's page needs into folder `out`, decoding the file once.

    browser.mp4: H.264, yuv420p, constant rate, no B-frames, a keyframe at least every half second, index first, no
        sound. The original's own stream where it is exactly that, else encoded at up to 1280 px.
    proxy.json: {"fps", "copied"}: the rate of browser.mp4, and whether it is the original's own stream.
    poster.webp: the picture a third in, or the richest one where nothing is to be seen from there on. Up to 640 px.
    sprite.webp, sprite.json: up to 100 tiles in rows of 10, tile i showing the middle of interval i;
        {"columns", "rows", "tiles", "tile_width", "tile_height", "interval_s"}.
    loops.mp4: at most 320 px, 10 pictures a second, for `make_clips`.

    `damage` counts what could not be decoded. Raises CannotDecode if nothing can be, OSError (ENOSPC) on a full disk.
    """
    out.mkdir(parents=True, exist_ok=True)
    damage = damage if damage is not None else Damage()
    times_s = packet_times_s(path, info.start_s)
    cadence = cadence_of(times_s)
    copied = info.plays_in_browser and _can_be_stepped(path, info, cadence, times_s)
    copied = copied and remux(path, info, out / "browser.mp4")
    _decode_once(path, info, out, progress, damage, encode=None if copied else cadence)
    if copied and damage:  # a browser stops at the first damage, or shows other pictures than we do
        copied = False
        _decode_once(path, info, out, progress, Damage(), encode=cadence)
    (out / "proxy.json").write_text(json.dumps({"fps": float(cadence.fps), "copied": copied}) + "\n")
    progress(1.0, "preview ready")


def _can_be_stepped(path: Path, info: VideoInfo, cadence: Cadence, times_s: Seconds) -> bool:
    """Whether the original's stream has the rate of `cadence`, no B-frames and short groups of pictures."""
    if not cadence.is_kept_by(times_s):
        return False
    in_order, keys_s = decoding_order(path, info.start_s)
    return in_order and bool(np.diff(keys_s, append=info.duration_s).max(initial=0.0) <= KEYFRAME_S + SAME_TIME_S)


def make_clips(
    loops: Path, intervals: Sequence[tuple[float, float]], out: Path, progress: Progress = no_progress
) -> None:
    """Cut loops.mp4 into `out`/00000.mp4, 00000.webp (its poster), 00001.mp4, …, decoding it once.

    Clip i has exactly the pictures with start_s <= time < end_s of intervals[i] and begins with the first of them at
    0; where there is none, it has the picture on screen at start_s. Intervals may overlap and come in any order; as
    many encoders are open at a time as intervals overlap. Decoding, encoding and posters have a thread each.
    """
    out.mkdir(parents=True, exist_ok=True)
    if not intervals:
        return
    waiting = sorted(range(len(intervals)), key=lambda i: intervals[i], reverse=True)
    active: list[_Clip] = []  # no other reference to a clip: each holds an encoder of several megabytes

    def finish(ended: list[_Clip]) -> None:
        for clip in ended:
            posters.append(poster_saver.submit(_save_webp, *clip.close()))
            active.remove(clip)
        while len(posters) > POSTERS_WAITING:
            posters.popleft().result()
        done = len(intervals) - len(waiting) - len(active)
        if ended:
            progress(done / len(intervals), f"{done} of {len(intervals)} clips")

    posters: deque[Future[None]] = deque()
    with prefetched(pictures(loops), DECODED_AHEAD) as decoded, ThreadPoolExecutor(1) as poster_saver:
        try:
            last: Picture | None = None
            for picture in decoded:
                while waiting and intervals[waiting[-1]][0] <= picture.time_s + EDGE_S:
                    index = waiting.pop()
                    active.append(_Clip(out / f"{index:05d}", *intervals[index], last if last is not None else picture))
                finish([clip for clip in active if clip.end_s <= picture.time_s + EDGE_S])
                if not waiting and not active:
                    break
                for clip in active:
                    clip.add(picture)
                last = picture
            assert last is not None  # `pictures` raises rather than giving none
            while waiting:
                index = waiting.pop()
                active.append(_Clip(out / f"{index:05d}", *intervals[index], last))
            finish(list(active))
            for poster in posters:
                poster.result()
        finally:
            for clip in active:
                clip.abandon()


def cut_clip(path: Path, start_s: float, end_s: float, out: Path) -> None:
    """The pictures with start_s <= time < end_s of the original, in full size, as the MP4 file `out`.

    Frame-exact: a copy of the stream would begin at the keyframe before. Raises CannotDecode if there are none.
    """
    found = pictures_between(path, start_s, end_s)
    first = next(found, None)
    if first is None:
        raise CannotDecode(f"there is no picture between {start_s:.2f} s and {end_s:.2f} s")
    with Mp4Writer(out, fit(first.shown_size, None), quality=20, threads=4) as writer:
        writer.add(0.0, first)
        for picture in found:
            writer.add(picture.time_s - first.time_s, picture)


def remux(path: Path, info: VideoInfo, out: Path) -> bool:
    """Copy the pictures' stream as it is into an MP4 file, its first picture at 0.

    False, and no file, where that would change the clock: pictures the original hides behind an edit list, or none of
    the times a plain MP4 needs.
    """
    part = _part(out)
    try:
        if not copy_stream(path, part, info.start_s):
            return False
        expected, found = packet_times_s(path, info.start_s), packet_times_s(part, 0.0)
        if len(found) != len(expected) or np.abs(found - expected).max() > SAME_TIME_S:
            return False
        part.replace(out)
        return True
    finally:
        part.unlink(missing_ok=True)


class Mp4Writer:
    """Encodes pictures into an MP4 file that browsers play: H.264, yuv420p, no B-frames, closed GOPs, index first.

    The file has its name once it is closed; until then it is `<name>.part`, which an exception removes.
    """

    def __init__(
        self,
        path: Path,
        size: tuple[int, int],
        *,
        quality: int,
        threads: int,
        effort: Mapping[str, str] = MappingProxyType({"preset": "veryfast"}),
        fps: Fraction | None = None,
    ):
        """size: even (width, height); quality: x264's crf, lower is better; effort: its options; fps: a constant
        rate, whose multiples are the only times there are."""
        self.path, self.size = path, size
        self.size_bytes = 0  # so far; what the encoder still holds comes on top
        self._ticks_per_s = fps if fps is not None else TICKS_PER_S
        self._container = av.open(
            f"file:{_part(path).absolute()}", "w", format="mp4", options={"movflags": "+faststart"}
        )
        self._stream = self._container.add_stream("libx264")
        self._stream.width, self._stream.height = size
        self._stream.pix_fmt = "yuv420p"
        codec = self._stream.codec_context
        codec.time_base = 1 / self._ticks_per_s
        if fps is not None:
            codec.framerate = fps
        codec.thread_count = threads
        codec.gop_size = 600
        codec.options = {**effort, "crf": str(quality), "bf": "0"}
        self._last_tick = -1
        self._step_ticks = int(self._ticks_per_s / 10) if fps is None else 1
        self._keyframe_tick = 0
        self._added: tuple[Picture | Image, VideoFrame] | None = None  # the last one, as it was given and converted
        self._open = True

    def add(self, time_s: float, picture: Picture | Image) -> None:
        """Append a picture, on screen from `time_s` on. Times increase."""
        if self._added is None or self._added[0] is not picture:
            self._added = picture, _yuv(picture, self.size)
        frame = self._added[1]
        tick = max(round(time_s * self._ticks_per_s), self._last_tick + 1)
        frame.pict_type = PictureType.NONE
        if tick >= self._keyframe_tick:  # by time, as the rate may vary
            frame.pict_type = PictureType.I
            self._keyframe_tick = tick + max(1, int(KEYFRAME_S * self._ticks_per_s))
        if self._last_tick >= 0:
            self._step_ticks = tick - self._last_tick
        frame.pts, frame.time_base, self._last_tick = tick, 1 / self._ticks_per_s, tick
        packets = self._stream.encode(frame)
        self.size_bytes += sum(packet.size for packet in packets)
        self._container.mux(packets)

    def close(self) -> None:
        """Finish the file and give it its name. The last picture lasts as long as the step before it."""
        rest = self._stream.encode(None)
        if rest:
            rest[-1].duration = self._step_ticks
        self._container.mux(rest)
        self._open = False
        self._container.close()
        _part(self.path).replace(self.path)

    def abandon(self) -> None:
        """Drop the file, unless it is finished."""
        if self._open:
            self._open = False
            try:
                self._container.close()
            finally:
                _part(self.path).unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.close()
        else:
            self.abandon()


class _Clip:
    """One clip of `make_clips` being written, and its poster: the picture nearest to its middle."""

    def __init__(self, stem: Path, start_s: float, end_s: float, on_screen: Picture):
        """on_screen: what is shown at start_s, used where no picture begins inside the interval."""
        self.end_s = end_s
        self._middle_s = (start_s + end_s) / 2
        self._stem, self._on_screen = stem, on_screen
        self._first_s: float | None = None
        self._poster = on_screen
        self._writer = Mp4Writer(stem.with_suffix(".mp4"), fit(on_screen.shown_size, None), quality=26, threads=1)

    def add(self, picture: Picture) -> None:
        if self._first_s is None:
            self._first_s, self._poster = picture.time_s, picture
        if abs(picture.time_s - self._middle_s) < abs(self._poster.time_s - self._middle_s):
            self._poster = picture
        self._writer.add(picture.time_s - self._first_s, picture)

    def close(self) -> tuple[Image, Path, int]:
        """Finish the clip. The poster is still to be saved: `_save_webp` takes what comes back."""
        if self._first_s is None:
            self.add(self._on_screen)
        self._writer.close()
        return self._poster.rgb(fit(self._poster.shown_size, None)), self._stem.with_suffix(".webp"), CLIP_POSTER_EFFORT

    def abandon(self) -> None:
        self._writer.abandon()


@dataclass
class _Sprite:
    """The sheet of tiles for hovering."""

    duration_s: float
    tile: tuple[int, int]  # (width, height)
    images: list[Image] = field(default_factory=list)

    @property
    def n_tiles(self) -> int:
        return min(SPRITE_TILES, max(1, int(self.duration_s / TILE_MIN_S)))

    @property
    def interval_s(self) -> float:
        return self.duration_s / self.n_tiles

    def wants(self, time_s: float) -> bool:
        """Whether the middle of the next tile's interval is reached."""
        return len(self.images) < self.n_tiles and time_s >= (len(self.images) + 0.5) * self.interval_s - EDGE_S

    def add(self, image: Image) -> Image:
        tile = np.asarray(cv2.resize(image, self.tile, interpolation=cv2.INTER_AREA), dtype=np.uint8)
        self.images.append(tile)
        return tile

    def save(self, out: Path) -> None:
        """sprite.webp and sprite.json. Tiles the video was too damaged to reach repeat the last one."""
        width, height = self.tile
        rows = ceil(self.n_tiles / SPRITE_COLUMNS)
        sheet = np.zeros((rows * height, SPRITE_COLUMNS * width, 3), dtype=np.uint8)
        for i in range(self.n_tiles):
            y, x = i // SPRITE_COLUMNS * height, i % SPRITE_COLUMNS * width
            sheet[y : y + height, x : x + width] = self.images[min(i, len(self.images) - 1)]
        _save_webp(sheet, out / "sprite.webp")
        facts = {
            "columns": SPRITE_COLUMNS,
            "rows": rows,
            "tiles": self.n_tiles,
            "tile_width": width,
            "tile_height": height,
            "interval_s": self.interval_s,
        }
        (out / "sprite.json").write_text(json.dumps(facts) + "\n")


class _Poster:
    """The first picture from a third in that shows something, or the richest of all."""

    def __init__(self, duration_s: float):
        self.from_s = duration_s / 3
        self.picture: Picture | None = None
        self._richness, self._settled = -1.0, False

    def consider(self, picture: Picture, tile: Image) -> None:
        if self._settled:
            return
        richness = float(tile.std())
        self._settled = picture.time_s >= self.from_s and richness > 8 and float(tile.mean()) > 12
        if self._settled or richness > self._richness:
            self._richness, self.picture = richness, picture

    def save(self, out: Path) -> None:
        if self.picture is not None:
            _save_webp(self.picture.rgb(fit(self.picture.shown_size, POSTER_LONG_SIDE_PX)), out / "poster.webp")


def _decode_once(
    path: Path, info: VideoInfo, out: Path, progress: Progress, damage: Damage, *, encode: Cadence | None
) -> None:
    """Loops, sprite and poster, and the browser's copy where it is to be encoded, in one pass over the pictures."""
    shown = (info.width_px, info.height_px)
    loops_size, sprite, poster = (
        fit(shown, LOOPS_LONG_SIDE_PX),
        _Sprite(info.duration_s, _tile_size(shown)),
        _Poster(info.duration_s),
    )
    with ExitStack() as writers:
        loops = writers.enter_context(Mp4Writer(out / "loops.mp4", loops_size, quality=24, threads=2))
        source = pictures(path, damage)
        if encode is not None:
            size = fit(shown, BROWSER_LONG_SIDE_PX)
            browser = Mp4Writer(
                out / "browser.mp4", size, quality=PROXY_QUALITY, threads=4, effort=PROXY_EFFORT, fps=encode.fps
            )
            source = _written(source, writers.enter_context(browser), encode)
        for time_s, picture in sampled(source, LOOPS_FPS):
            image = picture.rgb(loops_size)
            loops.add(time_s, image)
            while sprite.wants(time_s):
                poster.consider(picture, sprite.add(image))
            progress(min(0.99, time_s / info.duration_s), f"preview: {time_s:.0f} of {info.duration_s:.0f} s")
        if not sprite.images:
            poster.consider(picture, sprite.add(image))
    sprite.save(out)
    poster.save(out)


def _written(source: Iterator[Picture], writer: Mp4Writer, cadence: Cadence) -> Iterator[Picture]:
    """The same pictures, each written on the way, as often as the rate asks for it."""
    n_written = 0
    before_s, last = 0.0, None

    def write_until(end: int) -> None:
        nonlocal n_written
        while last is not None and n_written < end:
            writer.add(cadence.start_s(n_written), last)
            n_written += 1

    for picture in source:
        if last is not None:
            write_until(cadence.slot(picture.time_s))
            before_s = last.time_s
        last = picture
        yield picture
    if last is not None:  # it lasts as long as the step before it, and one frame at least
        write_until(max(n_written + 1, cadence.slot(2 * last.time_s - before_s)))


def _tile_size(shown: tuple[int, int]) -> tuple[int, int]:
    width, height = shown
    scale = min(TILE_WIDTH_PX / width, TILE_MAX_HEIGHT_PX / height)
    return max(2, round(width * scale)), max(2, round(height * scale))


def _yuv(picture: Picture | Image, size: tuple[int, int]) -> VideoFrame:
    """Limited-range yuv420p, upright, at `size` (width, height)."""
    if isinstance(picture, Picture) and picture.rotation_deg == 0:
        frame = picture.stored
    else:
        frame = VideoFrame.from_ndarray(picture.rgb(size) if isinstance(picture, Picture) else picture, format="rgb24")
    return frame.reformat(*size, format="yuv420p", interpolation="AREA", dst_color_range="MPEG", threads=1)


def _save_webp(image: Image, path: Path, effort: int = 4) -> None:
    """effort: WebP's method, 0 to 6."""
    part = _part(path)
    Pillow.fromarray(image).save(part, format="WEBP", quality=75, method=effort)
    part.replace(path)


def _part(path: Path) -> Path:
    return path.with_name(path.name + ".part")
