"""What every method needs of a video, made once and shared: its tracks and its frame signals."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from ml.artefacts import Progress, no_progress
from ml.baselines.signals import FrameSignals, load_signals, measure, save_signals
from ml.config import PipelineConfig, TrackingConfig, digest_of
from ml.encoders import FrameEncoder
from ml.errors import PipelineError
from ml.pipeline import Take, folder_names, why_unreadable
from ml.tracking import TracksFile, track_video
from ml.video import probe

READ_BYTES = 1 << 20
MADE_BY = ("tracking/*.py", "encoders/*.py", "video.py", "baselines/signals.py")
"""The code, in `ml`, that decides what lies in a work folder."""


@dataclass(frozen=True)
class Material:
    """One video. signals: by encoder; tracking_s: the seconds its tracks took when they were made."""

    take: Take
    signals: dict[str, FrameSignals]
    tracking_s: float

    @property
    def video(self) -> Path:
        """Where it lies."""
        return self.take.video

    @property
    def stem(self) -> str:
        """The name its truth has."""
        return self.video.stem

    @property
    def duration_s(self) -> float:
        """Seconds, by the frames its signals were taken on."""
        return next(iter(self.signals.values())).duration_s

    def fresh_take(self) -> Take:
        """The tracked video, for one more way through the chain."""
        return replace(self.take, reason=None, warnings=list(self.take.warnings), segments=[])


@dataclass(frozen=True)
class Refused:
    """A video that cannot be used, and why."""

    video: Path
    reason: str


def gather(
    videos: Sequence[Path],
    config: PipelineConfig,
    encoders: Sequence[FrameEncoder],
    work: Path,
    progress: Progress = no_progress,
) -> tuple[list[Material], list[Refused]]:
    """Track and measure each video into folder `work`, under a name that says its content, the configuration and the
    code; what is there already is used again. A video that cannot be used stops no other."""
    found: list[Material] = []
    refused: list[Refused] = []
    for index, (video, folder) in enumerate(zip(videos, folder_names(videos), strict=True)):

        def step(fraction: float, message: str, index: int = index, name: str = video.name) -> None:
            progress((index + fraction) / len(videos), f"{name}: {message}")

        reason = why_unreadable(video)
        if reason is not None:
            refused.append(Refused(video, reason))
            continue
        try:
            found.append(_material(Take(video, folder), config.tracking, encoders, work, step))
        except PipelineError as error:
            refused.append(Refused(video, str(error)))
    return found, refused


def _material(
    take: Take, config: TrackingConfig, encoders: Sequence[FrameEncoder], work: Path, progress: Progress
) -> Material:
    content = _content(take.video)
    take.info = probe(take.video)
    folder = work / f"tracks-{_key(content, digest_of(config))}"
    timing = folder / "seconds.json"
    if not timing.is_file():
        start = time.perf_counter()
        take.warnings += track_video(take.video, config, folder, _half(progress, 0.0))
        timing.write_text(json.dumps(time.perf_counter() - start))
    take.tracks = TracksFile.open(folder)
    signals = {
        encoder.name: _signals(take.video, encoder, config, work, content, _half(progress, 0.5)) for encoder in encoders
    }
    return Material(take, signals, float(json.loads(timing.read_text())))


def _signals(
    video: Path, encoder: FrameEncoder, config: TrackingConfig, work: Path, content: str, progress: Progress
) -> FrameSignals:
    key = _key(content, str(config.fps), str(config.long_side_px), encoder.name, str(encoder.weights))
    path = work / f"signals-{key}.npz"
    if not path.is_file():
        part = path.with_name(f"part-{path.name}")
        save_signals(measure(video, encoder, config, progress), part)
        part.replace(path)
    return load_signals(path)


def _content(file: Path) -> str:
    sha = hashlib.sha256()
    with file.open("rb") as opened:
        while block := opened.read(READ_BYTES):
            sha.update(block)
    return sha.hexdigest()


@cache
def _code() -> str:
    here = Path(__file__).parents[1]
    return digest_of([_content(file) for pattern in MADE_BY for file in sorted(here.glob(pattern))])


def _key(*parts: str) -> str:
    return digest_of([_code(), *parts])[:16]


def _half(progress: Progress, start: float) -> Progress:
    return lambda fraction, message: progress(start + fraction / 2, message)
