"""Small videos for tests, made on the spot, and the way to the real ones where they are at hand."""

from __future__ import annotations

import os
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt
import pytest

Image = npt.NDArray[np.uint8]

SHARED = Path(os.environ.get("KINEME_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data"))
needs_shared_data = pytest.mark.skipif(not SHARED.is_dir(), reason=f"no recordings at {SHARED} (KINEME_SHARED_DATA)")


def shared_files(folder: str) -> list[Path]:
    return sorted(p for p in (SHARED / folder).glob("*.*") if p.suffix != ".json")


def grey(level: int, width: int = 64, height: int = 48) -> Image:
    return np.full((height, width, 3), level, dtype=np.uint8)


def level_of(image: Image, step: int = 4) -> int:
    """Which picture this is, of those `numbered` made."""
    return round((float(image.mean()) - 20) / step)


def numbered(n: int, width: int = 64, height: int = 48, step: int = 4) -> list[Image]:
    """Grey pictures that tell their number by their brightness, see `level_of`; up to 200 / step of them."""
    return [grey(20 + step * i, width, height) for i in range(n)]


def write_video(
    path: Path,
    images: Sequence[Image],
    fps: float | Fraction = 30,
    *,
    times_s: Sequence[float] | None = None,
    codec: str = "libx264",
    codec_options: dict[str, str] | None = None,
    options: dict[str, str] | None = None,
    rotation_deg: int = 0,
    pixel_aspect: Fraction | None = None,
    title: str | None = None,
) -> Path:
    """Encode `images` at a steady rate, or with the presentation times given."""
    times = times_s if times_s is not None else [float(i / fps) for i in range(len(images))]
    with av.open(str(path), "w", options=options or {}) as container:
        if title is not None:
            container.metadata["title"] = title
        stream = container.add_stream(codec, rate=Fraction(fps).limit_denominator(1001))
        stream.height, stream.width = images[0].shape[:2]
        stream.pix_fmt = {"gif": "rgb8", "mjpeg": "yuvj420p"}.get(codec, "yuv420p")
        stream.codec_context.time_base = Fraction(1, 100 if codec == "gif" else 30_000)
        default = {"preset": "ultrafast", "crf": "12"} if codec == "libx264" else {"qscale": "2"}
        stream.codec_context.options = {**default, **(codec_options or {})}
        if pixel_aspect is not None:
            stream.codec_context.sample_aspect_ratio = pixel_aspect
        if rotation_deg:
            stream.set_display_rotation(rotation_deg)
        for image, time_s in zip(images, times, strict=True):
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.time_base = stream.codec_context.time_base
            frame.pts = round(time_s / frame.time_base)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def spoil(path: Path, packets: slice) -> Path:
    """Overwrite some of the packets of the file, in decoding order, so that they cannot be decoded."""
    with av.open(str(path)) as container:
        places = [(p.pos, p.size) for p in container.demux(video=0) if p.size and p.pos is not None]
    content = bytearray(path.read_bytes())
    for position, size in places[packets]:
        content[position : position + size] = b"\xff" * size
    path.write_bytes(content)
    return path


def textured(height: int, width: int, seed: int = 0, blur_px: float = 2.0) -> Image:
    """A random picture with structure at the scale of `blur_px`: grey [height, width] uint8."""
    noise = np.random.default_rng(seed).normal(size=(height, width)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), blur_px)
    return np.asarray(cv2.normalize(smooth, smooth, 20, 235, cv2.NORM_MINMAX), dtype=np.uint8)
