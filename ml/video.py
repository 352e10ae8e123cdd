"""Reading video files: `probe` says what a file is, `frames` streams its pictures on one clock.

The clock is the presentation time of the file, in seconds from its first picture; a picture's number is never turned
into a time. Files come from strangers: only known containers and decoders are let in, playlists and other files are
never followed, and a picture's size is limited before it is decoded.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from math import floor
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from ml.artefacts import Seconds, VideoInfo
from ml.config import TrackingConfig
from ml.errors import CannotDecode, TooLarge, TooShort

MAX_SIDE_PX = 8192
MAX_PIXELS = 40_000_000
MIN_SIDE_PX = 16
MAX_DURATION_S = 48 * 3600.0
MAX_GAP_S = 3600.0  # a longer hole between two pictures is a broken clock, not a pause
EDGE_S = 1e-4  # times that went through a file's ticks still fall on the same side of an interval's edge
GIVE_UP_AFTER = 2000  # packets from the beginning, none of which decodes
NEEDED_S = TrackingConfig().window_s

# No playlists (hls, dash, concat, sdp), no image sequences, no devices, no text formats: those open other files.
DEMUXERS = "mov,matroska,avi,flv,mpegts,mpeg,asf,ogg,gif,mxf"
DECODERS = (
    "h264,hevc,libdav1d,av1,vp8,vp9,libvpx,libvpx-vp9,vp6,vp6f,vp6a,theora,gif,mpeg4,mpeg2video,mpeg1video,mjpeg,png,"
    "h263,h263i,h263p,flv,vc1,wmv1,wmv2,wmv3,msmpeg4v1,msmpeg4v2,msmpeg4,prores,dnxhd,ffv1,huffyuv,ffvhuff,utvideo"
)
_NOT_PICTURES = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image
_SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"version https://git-lfs", "this is a Git LFS pointer, not a video: fetch the real file with `git lfs pull`"),
    (0, b"\xff\xd8\xff", "not a video: this is a still picture (JPEG)"),
    (0, b"\x89PNG\r\n\x1a\n", "not a video: this is a still picture (PNG)"),
    (0, b"BM", "not a video: this is a still picture (BMP)"),
    (0, b"II*\x00", "not a video: this is a still picture (TIFF)"),
    (0, b"MM\x00*", "not a video: this is a still picture (TIFF)"),
    (8, b"WEBP", "not a video: this is a still picture (WebP)"),
    (4, b"ftypavif", "not a video: this is a still picture (AVIF)"),
    (4, b"ftypheic", "not a video: this is a still picture (HEIC)"),
    (4, b"ftypmif1", "not a video: this is a still picture (HEIF)"),
    (0, b"ID3", "no video stream: this is an audio file"),
    (0, b"\xff\xfb", "no video stream: this is an audio file"),
    (0, b"\xff\xf1", "no video stream: this is an audio file"),
    (0, b"fLaC", "no video stream: this is an audio file"),
    (8, b"WAVE", "no video stream: this is an audio file"),
    (0, b"#EXTM3U", "not a video: this is a playlist"),
    (0, b"ffconcat", "not a video: this is a playlist"),
    (0, b"%PDF", "not a video: this is a PDF document"),
    (0, b"PK\x03\x04", "not a video: this is a ZIP archive"),
    (0, b"\x1f\x8b", "not a video: this is a compressed archive"),
)

Image = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Frame:
    """One picture. time_s: presentation time from the first picture; image: uint8, as shown, RGB [H, W, 3] or, where
    that was asked for, grey [H, W]."""

    time_s: float
    image: Image


@dataclass
class Damage:
    """What a pass over the file had to leave out; `warnings()` says it in sentences for the uploader."""

    decoded: int = 0
    undecodable: int = 0
    first_undecodable_s: float = 0.0
    out_of_order: int = 0
    untimed: int = 0
    unreadable_after_s: float | None = None

    def __bool__(self) -> bool:
        return bool(self.undecodable or self.out_of_order or self.untimed or self.unreadable_after_s is not None)

    def warnings(self) -> tuple[str, ...]:
        """Sentences for the uploader on what could not be decoded; none where all could."""
        found = []
        if self.undecodable:
            found.append(
                f"damaged: about {self.undecodable} of {self.decoded + self.undecodable} pictures could not be decoded "
                f"and were skipped, the first near {self.first_undecodable_s:.1f} s"
            )
        if self.out_of_order:
            found.append(f"{self.out_of_order} pictures go back in time and were skipped")
        if self.untimed:
            found.append(f"{self.untimed} pictures carry no time; the average rate was used for them")
        if self.unreadable_after_s is not None:
            found.append(f"damaged: nothing after {self.unreadable_after_s:.1f} s can be read")
        return tuple(found)


@dataclass(frozen=True)
class Picture:
    """A decoded picture as it is stored, and how it is to be shown."""

    time_s: float  # presentation time from the first picture
    stored: VideoFrame
    pixel_aspect: float  # width / height of one stored pixel

    @property
    def rotation_deg(self) -> int:
        """Clockwise from stored to shown: 0, 90, 180 or 270; 0 where the file asks for anything else."""
        angle = self.stored.rotation
        return -angle % 360 if abs(angle) <= 360 and angle % 90 == 0 else 0

    @property
    def shown_size(self) -> tuple[int, int]:
        """(width, height) with square pixels, upright: what a player shows."""
        width, height = self.stored.width, self.stored.height
        if self.pixel_aspect > 1:
            width = round(width * self.pixel_aspect)
        else:
            height = round(height / self.pixel_aspect)
        return (height, width) if self.rotation_deg % 180 else (width, height)

    def rgb(self, size: tuple[int, int]) -> Image:
        """RGB [height, width, 3] uint8 at `size` (width, height), upright, scaled by area."""
        return self._scaled(size, "rgb24")

    def grey(self, size: tuple[int, int]) -> Image:
        """Brightness [height, width] uint8 at `size`, as `rgb`; straight from the stored brightness, so it is cheap."""
        return self._scaled(size, "gray")

    def _scaled(self, size: tuple[int, int], pixel_format: str) -> Image:
        turns = -self.rotation_deg // 90  # counterclockwise
        width, height = (size[1], size[0]) if turns % 2 else size
        scaled = self.stored.reformat(width, height, format=pixel_format, interpolation="AREA", threads=1)
        return np.ascontiguousarray(np.rot90(scaled.to_ndarray(), turns), dtype=np.uint8)


def probe(path: Path) -> VideoInfo:
    """Container and stream facts, from one pass over the packets and the first picture that decodes.

    Reads the whole file but decodes only its beginning: times are those of the packets, since headers lie about
    duration and rate, or do not tell. Pictures damaged later on are found, and told, by who decodes them (`Damage`).

    Raises:
        CannotDecode: not a video, no video stream, or no picture that decodes.
        TooLarge: pictures beyond 8192 px a side or 40 million pixels, or more than 48 hours.
        TooShort: shorter than one tracking window, 1.6 s.
    """
    with _opened(path) as source:
        first = next(_timed(source, Damage()))
        start_s = source.start_s or 0.0
    with _opened(path) as source:  # a decoder has read ahead: packets are counted from a fresh start
        times_s = _packet_times_s(source, start_s)
        return _info(source, first, times_s, start_s)


def frames(
    path: Path, fps: float, long_side_px: int | None = None, damage: Damage | None = None, *, grey: bool = False
) -> Iterator[Frame]:
    """The video at a steady rate of `fps`, chosen by presentation time; bounded memory.

    Slot k is the time around k / fps, half a slot to each side. Of the pictures whose presentation time falls into a
    slot the one nearest to k / fps is given, with its own time. A slot without any (a slower source, a gap of a
    variable rate) repeats the picture on screen then, with time k / fps. So every slot gives exactly one frame, times
    increase strictly, and sixteen frames at 10 fps are 1.6 s of any source. The last picture is taken to last as long
    as the step before it. Rotation and pixel shape are applied; frames are scaled by area down to `long_side_px`,
    never up, to even sizes, all of one size. In RGB, or `grey`.

    What had to be skipped is counted in `damage`. Raises what `probe` raises, except TooShort.
    """
    size: tuple[int, int] | None = None
    for time_s, picture in sampled(pictures(path, damage), fps):
        size = size or fit(picture.shown_size, long_side_px)  # a stream may change its size midway; its frames do not
        yield Frame(time_s, picture.grey(size) if grey else picture.rgb(size))


def pictures(path: Path, damage: Damage | None = None) -> Iterator[Picture]:
    """Every picture that decodes, in order of strictly increasing presentation time.

    Damaged pictures, and those that go back in time, are skipped and counted in `damage`. Raises CannotDecode if none
    decodes, or where the clock jumps by more than an hour.
    """
    with _opened(path) as source:
        source.stream.thread_type = "AUTO"
        yield from _timed(source, damage if damage is not None else Damage())


def pictures_between(path: Path, start_s: float, end_s: float) -> Iterator[Picture]:
    """The pictures whose time lies in [start_s, end_s), decoding from the keyframe before them where the file can seek.

    Raises what `pictures` raises.
    """
    with _opened(path) as source:
        next(_timed(source, Damage()))
        origin_s = source.start_s or 0.0
    for seeking in (True, False):
        with _opened(path) as source:
            source.start_s, source.stream.thread_type = origin_s, "AUTO"
            if seeking and (source.by_decoding_time or not _seek(source, start_s + origin_s)):
                continue
            found = _timed(source, Damage())
            try:
                first = next(found)
            except CannotDecode:
                if seeking:
                    continue
                raise
            if seeking and first.time_s > start_s + EDGE_S:
                continue  # a poor index led past the start: read from the beginning
            for picture in chain([first], found):
                if picture.time_s >= end_s - EDGE_S:
                    return
                if picture.time_s >= start_s - EDGE_S:
                    yield picture
            return


def _seek(source: _Source, absolute_s: float) -> bool:
    time_base = source.stream.time_base
    if time_base is None:
        return False
    try:
        source.container.seek(int(absolute_s / time_base), stream=source.stream)
    except av.FFmpegError:
        return False
    return True


def packet_times_s(path: Path, start_s: float) -> Seconds:
    """Presentation times of all packets from the first picture on, counted from it: [F], sorted. Decodes nothing.

    start_s: of the first picture, as in `VideoInfo`.
    """
    with _opened(path) as source:
        return _packet_times_s(source, start_s)


def decoding_order(path: Path, start_s: float) -> tuple[bool, Seconds]:
    """Whether pictures are stored in the order they are shown, and the times of those that can be decoded alone: [K].

    Times as in `packet_times_s`. Decodes nothing.
    """
    in_order, last_pts, keys_s = True, None, array("d")
    with _opened(path) as source:
        for packet in _packets(source, Damage()):
            if packet is None or packet.pts is None:
                continue
            in_order = in_order and (last_pts is None or packet.pts > last_pts)
            last_pts = packet.pts
            if packet.is_keyframe:
                keys_s.append((source.seconds(packet.pts) or 0.0) - start_s)
    return in_order, np.frombuffer(keys_s, dtype=np.float64)


def copy_stream(path: Path, out: Path, start_s: float) -> bool:
    """Copy the stream's packets, undecoded, into the MP4 file `out`, its first picture at 0. See `ml.preview.remux`.

    False where a packet is hidden by an edit list, comes before `start_s`, or has no times an MP4 can hold; `out` is
    then of no use.
    """
    with _opened(path) as source:
        time_base = source.stream.time_base
        if time_base is None:
            return False
        origin = round(start_s / time_base)
        try:
            with av.open(f"file:{out.absolute()}", "w", format="mp4", options={"movflags": "+faststart"}) as target:
                stream = target.add_stream_from_template(source.stream)
                for packet in _with_decoding_times(source):
                    if packet.is_discard or packet.pts is None or packet.dts is None or packet.pts < origin:
                        return False
                    packet.pts, packet.dts, packet.stream = packet.pts - origin, packet.dts - origin, stream
                    target.mux(packet)
        except av.FFmpegError as exc:
            if isinstance(exc, OSError):
                raise
            return False
    return True


def _with_decoding_times(source: _Source) -> Iterator[Packet[VideoStream]]:
    """The stream's packets; the first ones, which Matroska gives no decoding time where there are B-frames, get one."""
    leading: list[Packet[VideoStream]] = []
    step = max(1, round(source.step_s / source.stream.time_base)) if source.stream.time_base else 1
    for packet in _packets(source, Damage()):
        if packet is None:  # the end
            break
        if packet.dts is None and len(leading) < 32:  # H.264 holds back 16 pictures at most
            leading.append(packet)
            continue
        for i, early in enumerate(leading):
            early.dts = packet.dts - (len(leading) - i) * step if packet.dts is not None else None
        yield from leading
        leading = []
        yield packet
    yield from leading


def sampled(source: Iterable[Picture], fps: float) -> Iterator[tuple[float, Picture]]:
    """One (time_s, picture) per slot of 1 / fps, as `frames` describes."""
    slot, best, before, last = 0, None, None, None  # best: of this slot; before, last: the newest two pictures
    for picture in source:
        nearest = int(picture.time_s * fps + 0.5 + 1e-6)
        if last is None:
            best = picture
        elif nearest > slot:
            if best is not None:
                yield best.time_s, best
            yield from ((empty / fps, last) for empty in range(slot + 1, nearest))
            slot, best = nearest, picture
        elif best is None or abs(picture.time_s - slot / fps) < abs(best.time_s - slot / fps) - 1e-6:
            best = picture
        before, last = last, picture
    if last is None or best is None:
        return
    # The last picture lasts as long as the step before it. Less than a tenth of a slot at the end is rounding.
    end_s = 2 * last.time_s - (before.time_s if before is not None else 0.0) - 0.1 / fps
    if slot == 0 or slot / fps < end_s:
        yield best.time_s, best
    while (slot := slot + 1) / fps < end_s:
        yield slot / fps, last


def fit(size: tuple[int, int], long_side_px: int | None) -> tuple[int, int]:
    """The even (width, height) within `long_side_px`, aspect kept, never larger; 16 px at least, like any video."""
    scale = min(1.0, long_side_px / max(size)) if long_side_px is not None else 1.0
    width, height = (max(MIN_SIDE_PX, round(side * scale / 2) * 2) for side in size)
    return width, height


@dataclass
class _Source:
    """An open file and its best video stream. start_s is set by its first picture, unless it is known before."""

    container: InputContainer
    stream: VideoStream
    start_s: float | None = None

    @property
    def n_streams(self) -> int:
        return len(_video_streams(self.container))

    @property
    def by_decoding_time(self) -> bool:
        """AVI has no presentation times; what the demuxer invents is wrong as soon as there are B-frames."""
        return self.container.format.name == "avi"

    @property
    def step_s(self) -> float:
        """What the header gives as average step, for pictures that carry no time when no step was seen yet."""
        rate = self.stream.average_rate
        return float(1 / rate) if rate else 0.04

    @property
    def pixel_aspect(self) -> float:
        aspect = float(self.stream.sample_aspect_ratio or 1)
        return aspect if 1.02 < max(aspect, 1 / aspect) < 8 else 1.0  # next to 1 is rounding, far from 1 is nonsense

    def seconds(self, ticks: int | None) -> float | None:
        return float(ticks * self.stream.time_base) if ticks is not None and self.stream.time_base else None

    def declared_duration_s(self) -> float | None:
        if (of_stream := self.seconds(self.stream.duration)) is not None:
            return of_stream
        return self.container.duration / av.time_base if self.container.duration is not None else None


@contextmanager
def _opened(path: Path) -> Iterator[_Source]:
    """The file and its best video stream, checked against the limits before anything is decoded."""
    limits = {"max_pixels": str(MAX_PIXELS)}
    rules = {
        "format_whitelist": DEMUXERS,
        "protocol_whitelist": "file",
        "codec_whitelist": DECODERS,
    }
    _sniff(path)
    try:
        name = f"file:{path.absolute()}"
        container = av.open(name, "r", options=limits, container_options=rules, metadata_errors="replace")
    except av.FFmpegError as exc:
        if isinstance(exc, OSError):
            raise
        raise CannotDecode(_why_not(path)) from exc
    with container:
        found = _video_streams(container)
        if not found:
            raise CannotDecode("no video stream")
        stream = max(found, key=lambda s: (s.codec_context.width * s.codec_context.height, s.frames, -s.index))
        codec = stream.codec_context
        if codec.name not in DECODERS.split(","):
            raise CannotDecode(f"pictures in the format {codec.name} are not supported")
        _check_size(codec.width, codec.height)
        codec.options = limits
        yield _Source(container, stream)


def _video_streams(container: InputContainer) -> list[VideoStream]:
    return [s for s in container.streams.video if s.codec_context is not None and not s.disposition & _NOT_PICTURES]


def _check_size(width: int, height: int) -> None:
    if max(width, height) > MAX_SIDE_PX or width * height > MAX_PIXELS:
        raise TooLarge(f"the picture is {width}×{height} px, at most {MAX_SIDE_PX}×{MAX_SIDE_PX} and 40 megapixels")
    if 0 < min(width, height) < MIN_SIDE_PX or 0 < max(width, height) < MIN_SIDE_PX:
        raise CannotDecode(f"the picture is {width}×{height} px, needs at least {MIN_SIDE_PX}×{MIN_SIDE_PX}")


def _sniff(path: Path) -> None:
    """Refuse what the first bytes give away, so that no demuxer has to guess."""
    with path.open("rb") as file:
        head = file.read(64)
    if not head:
        raise CannotDecode("not a video: the file is empty")
    for offset, signature, sentence in _SIGNATURES:
        if head[offset:].startswith(signature):
            raise CannotDecode(sentence)
    if head.startswith(b"GIF8"):  # the demuxer does not tell this size, and the decoder would allocate it
        _check_size(*struct.unpack_from("<HH", head, 6))


def _why_not(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(64)
    known = head[4:8] in (b"ftyp", b"moov", b"mdat", b"free", b"wide") or (
        head[:4] in (b"\x1aE\xdf\xa3", b"RIFF", b"FLV\x01")
    )
    if known:
        return "damaged: it begins like a video but cannot be opened; perhaps it was cut off while it was copied"
    return "not a video: the format is not known"


def _timed(source: _Source, damage: Damage) -> Iterator[Picture]:
    """What `pictures` gives, from an open file."""
    last_s: float | None = None
    step_s = source.step_s
    for stored in _decoded(source, damage):
        absolute_s = source.seconds(stored.dts if source.by_decoding_time else stored.pts)
        if absolute_s is None:
            damage.untimed += not source.by_decoding_time  # AVI: the last pictures leave the decoder without one
            absolute_s = (source.start_s or 0.0) + (last_s + step_s if last_s is not None else 0.0)
        if source.start_s is None:
            source.start_s = absolute_s
        time_s = absolute_s - source.start_s
        if last_s is None:
            _check_size(stored.width, stored.height)
        elif time_s <= last_s:
            damage.out_of_order += 1
            continue
        elif time_s - last_s > MAX_GAP_S:
            raise CannotDecode(f"the clock of this video is broken: it jumps by hours after {last_s:.1f} s")
        step_s = time_s - last_s if last_s is not None else step_s
        last_s = time_s
        damage.decoded += 1
        yield Picture(time_s, stored, source.pixel_aspect)
    if damage.decoded == 0:
        raise CannotDecode("no picture in this video can be decoded")


def _decoded(source: _Source, damage: Damage) -> Iterator[VideoFrame]:
    """All pictures that decode, in the order they are shown."""
    for packet in _packets(source, damage):
        try:
            yield from source.stream.codec_context.decode(packet)
        except av.FFmpegError as exc:
            if isinstance(exc, (OSError, MemoryError)):
                raise
            if damage.undecodable == 0 and packet is not None:
                damage.first_undecodable_s = max(0.0, (source.seconds(packet.pts) or 0.0) - (source.start_s or 0.0))
            damage.undecodable += 1
            if damage.decoded == 0 and damage.undecodable == GIVE_UP_AFTER:
                return


def _packets(source: _Source, damage: Damage) -> Iterator[Packet[VideoStream] | None]:
    """The stream's packets, then None to flush the decoder; a container that breaks off ends the stream."""
    packets, last_s = source.container.demux(source.stream), 0.0
    while True:
        try:
            packet = next(packets)
        except (StopIteration, IndexError):  # PyAV's end where streams were added on the way, as in MPEG-TS
            break
        except av.FFmpegError as exc:
            if isinstance(exc, (OSError, MemoryError)):
                raise
            damage.unreadable_after_s = max(0.0, last_s - (source.start_s or 0.0))
            break
        if packet.size > 0:  # an empty one is PyAV's own flush marker
            last_s = source.seconds(packet.pts) or last_s
            yield packet
    yield None


def _packet_times_s(source: _Source, start_s: float) -> Seconds:
    """Presentation times [F] of the packets, sorted, counted from the first picture."""
    times = array("d")
    for packet in _packets(source, Damage()):
        if packet is None or packet.is_discard:
            continue
        ticks = packet.dts if source.by_decoding_time or packet.pts is None else packet.pts
        time_s = source.seconds(ticks)
        times.append(time_s if time_s is not None else (times[-1] + source.step_s if times else start_s))
    found = np.unique(np.frombuffer(times, dtype=np.float64))
    found = found if source.by_decoding_time else found[found >= start_s - 1e-6]
    return found - found[0] if len(found) else np.zeros(1)


def _info(source: _Source, first: Picture, times_s: Seconds, start_s: float) -> VideoInfo:
    """The facts of a video that can be used; refuses the others. times_s: [F], see `_packet_times_s`."""
    # The last picture lasts as long as the step before it: stored durations lie.
    duration_s = float(2 * times_s[-1] - times_s[-2]) if len(times_s) > 1 else 0.0
    gap_s = float(np.diff(times_s).max(initial=0.0))
    if gap_s > MAX_GAP_S:
        raise CannotDecode(f"the clock of this video is broken: a gap of {gap_s / 3600:.1f} h between two pictures")
    if duration_s > MAX_DURATION_S:
        raise TooLarge(f"too long: {duration_s / 3600:.0f} h, at most {MAX_DURATION_S / 3600:.0f} h a file")
    if duration_s < NEEDED_S - 1e-3:
        raise TooShort(f"too short: {floor(10 * duration_s + 0.01) / 10:.1f} s, needs {NEEDED_S:.1f} s")
    fps = float((len(times_s) - 1) / times_s[-1])
    container = source.container.format.name.split(",")[0]
    codec = source.stream.codec_context.codec.canonical_name
    pixel_format = first.stored.format.name
    return VideoInfo(
        duration_s=duration_s,
        width_px=first.shown_size[0],
        height_px=first.shown_size[1],
        rotation_deg=first.rotation_deg,
        fps=fps,
        variable_frame_rate=_is_variable(times_s),
        start_s=start_s,
        container="mp4" if container == "mov" else container,
        codec=codec,
        pixel_format=pixel_format,
        has_audio=bool(source.container.streams.audio),
        plays_in_browser=(codec, pixel_format, first.rotation_deg) == ("h264", "yuv420p", 0)
        and container in ("mov", "matroska"),
        warnings=tuple(_warnings(source, first, duration_s, fps)),
    )


def _warnings(source: _Source, first: Picture, duration_s: float, fps: float) -> Iterator[str]:
    if first.stored.rotation % 360 != first.rotation_deg * -1 % 360:
        yield "the file asks for a rotation that makes no sense; the picture is shown as it is stored"
    if source.n_streams > 1:
        codec = source.stream.codec_context
        yield f"{source.n_streams} video streams: the largest, {codec.width}×{codec.height}, is used"
    declared_s = source.declared_duration_s()
    if declared_s is not None and declared_s - duration_s > max(1.0, 0.02 * declared_s):
        yield f"cut short: the file says {declared_s:.1f} s, {duration_s:.1f} s of it are there"
    if fps < TrackingConfig.fps - 0.5:
        yield f"only {fps:.1f} pictures a second: motion is looked at ten times a second, so some are used twice"


def _is_variable(times_s: Seconds) -> bool:
    """More than one step in 200 is off the usual one by over 20 % and 2 ms (containers round to milliseconds)."""
    steps = np.diff(times_s)
    usual = float(np.median(steps))
    return bool(np.mean(np.abs(steps - usual) > max(0.2 * usual, 0.002)) > 0.005)
