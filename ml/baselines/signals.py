"""What the baselines look at: optical flow and frame features of one video, from a single pass over its frames."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from ml.artefacts import STEP_S, Float, Progress, Seconds, no_progress
from ml.config import TrackingConfig
from ml.encoders import FrameEncoder
from ml.errors import TooShort
from ml.video import Frame, Image, frames, probe

Box = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels, the last two not included."""

BATCH = 32  # frames encoded at once; also the bound on what lies in memory
REGION_PX = 128  # both sides of a moving region as it is encoded
REGION_KEPT = 0.8  # of the motion map from one step to the next: about half a second
REGION_SHARE = 0.3  # of the largest motion on the map: what moves less is not of the region
REGION_MARGIN = 0.25  # of the region's size, added on each side
STILL_PX = 0.3  # a map whose largest motion per step is below this holds no moving region


@dataclass(frozen=True)
class FrameSignals:
    """F frames of one video at the rate the chain tracks at.

    times_s: [F]; flow: [F-1] mean flow magnitude between neighbouring frames, in half picture heights per `STEP_S`;
    features: [F, D] of the whole frame; regions: [F, D] of what moves in it; encoder: which one made them;
    seconds: what each part took here, "decode", "flow", "features", "regions".
    """

    times_s: Seconds
    flow: Float
    features: Float
    regions: Float
    duration_s: float
    encoder: str
    seconds: dict[str, float]

    def __post_init__(self) -> None:
        F = len(self.times_s)
        if self.flow.shape != (F - 1,):
            raise ValueError(f"flow must be {(F - 1,)}, got {self.flow.shape}")
        if self.features.shape != self.regions.shape or self.features.shape[0] != F:
            raise ValueError(f"features and regions must be [{F}, D], got {self.features.shape}, {self.regions.shape}")


def measure(
    video: Path, encoder: FrameEncoder, config: TrackingConfig, progress: Progress = no_progress
) -> FrameSignals:
    """All signals of `video`, from the frames tracking sees; a few frames in memory at a time.

    Raises what `ml.video.probe` raises, TooShort where a second frame is missing.
    """
    info, clock = probe(video), Clock()
    times_s: list[float] = []
    flow: list[float] = []
    features = _Encoded(encoder, clock, "features")
    regions = _Encoded(encoder, clock, "regions")
    steps = flow_steps(clock.timed(frames(video, config.fps, config.long_side_px), "decode"), clock)
    with _one_thread():
        motion: Float | None = None
        for frame, step in steps:
            times_s.append(frame.time_s)
            features.push(frame.image)
            with clock.measures("regions"):
                if step is not None:
                    flow.append(step.speed)
                    motion = step.magnitude_px if motion is None else _faded(motion, step.magnitude_px)
                crop = _crop(frame.image, None if motion is None else moving_box(motion))
            regions.push(crop)
            progress(min(1.0, frame.time_s / info.duration_s), f"{frame.time_s:.0f} of {info.duration_s:.0f} s")
    if len(times_s) < 2:
        raise TooShort("too short: a single picture shows no motion")
    return FrameSignals(
        times_s=np.array(times_s),
        flow=np.array(flow, dtype=np.float32),
        features=features.all(),
        regions=regions.all(),
        duration_s=info.duration_s,
        encoder=encoder.name,
        seconds=clock.seconds,
    )


def moving_box(motion: Float) -> Box | None:
    """Around the part of the picture that moves most: the largest connected area above 0.3 of the greatest motion,
    with a quarter of its size on each side. motion: [H, W] pixels per step. None where nothing moves."""
    greatest = float(motion.max())
    if greatest < STILL_PX:
        return None
    moving = (motion > REGION_SHARE * greatest).astype(np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(moving)
    left, top, width, height, _ = stats[1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))].tolist()
    aside, above = round(REGION_MARGIN * width) + 1, round(REGION_MARGIN * height) + 1
    H, W = motion.shape
    return max(0, left - aside), max(0, top - above), min(W, left + width + aside), min(H, top + height + above)


@dataclass(frozen=True)
class FlowStep:
    """The motion from one frame to the next."""

    speed: float  # half picture heights per STEP_S, mean over the picture
    magnitude_px: Float  # [H, W] per step


def flow_steps(pictures: Iterable[Frame], clock: Clock | None = None) -> Iterator[tuple[Frame, FlowStep | None]]:
    """Each frame with the dense flow from the one before it; None with the first. RGB pictures of one size."""
    clock = clock if clock is not None else Clock()
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    before: tuple[float, Image] | None = None
    for frame in pictures:
        with clock.measures("flow"):
            grey = np.asarray(cv2.cvtColor(frame.image, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
            step = None
            if before is not None:
                moved = flow.calc(before[1], grey, np.zeros((*grey.shape, 2), dtype=np.float32))
                magnitude = np.linalg.norm(moved, axis=-1).astype(np.float32)  # [H, W]
                per_step_s = STEP_S / (frame.time_s - before[0])
                step = FlowStep(float(magnitude.mean()) / (grey.shape[0] / 2) * per_step_s, magnitude)
            before = frame.time_s, grey
        yield frame, step


def _faded(motion: Float, newest: Float) -> Float:
    return (REGION_KEPT * motion + (1 - REGION_KEPT) * newest).astype(np.float32)


def _crop(image: Image, box: Box | None) -> Image:
    """What lies in the box, [REGION_PX, REGION_PX, 3]; the whole picture where there is no box."""
    left, top, right, bottom = box if box is not None else (0, 0, image.shape[1], image.shape[0])
    crop = cv2.resize(image[top:bottom, left:right], (REGION_PX, REGION_PX), interpolation=cv2.INTER_AREA)
    return np.asarray(crop, dtype=np.uint8)


class _Encoded:
    """Features of pictures pushed one by one, encoded in batches."""

    def __init__(self, encoder: FrameEncoder, clock: Clock, part: str) -> None:
        self._encoder, self._clock, self._part = encoder, clock, part
        self._waiting: list[Image] = []
        self._done: list[Float] = []

    def push(self, image: Image) -> None:
        self._waiting.append(image)
        if len(self._waiting) == BATCH:
            self._encode()

    def all(self) -> Float:
        """[F, D] float32."""
        if self._waiting:
            self._encode()
        if not self._done:
            return np.zeros((0, self._encoder.dimension), dtype=np.float32)
        return np.concatenate(self._done)

    def _encode(self) -> None:
        with self._clock.measures(self._part):
            self._done.append(np.asarray(self._encoder.encode(np.stack(self._waiting)), dtype=np.float32))
        self._waiting.clear()


class Clock:
    """Seconds spent in each part of a pass."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def measures(self, part: str) -> Generator[None]:
        """Count the time of the block for `part`."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[part] = self.seconds.get(part, 0.0) + time.perf_counter() - start

    def timed(self, source: Iterable[Frame], part: str) -> Iterator[Frame]:
        """The same items; the time it takes to get them counts for `part`."""
        items = iter(source)
        while True:
            with self.measures(part):
                item = next(items, None)
            if item is None:
                return
            yield item


@contextmanager
def _one_thread() -> Generator[None]:
    """One OpenCV thread: DIS hands motion on from patch to patch within a thread's stripe of the picture, so its
    result depends on how many there are."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)


def save_signals(signals: FrameSignals, path: Path) -> None:
    """An npz without pickle."""
    np.savez(
        path,
        times_s=signals.times_s,
        flow=signals.flow,
        features=signals.features,
        regions=signals.regions,
        duration_s=np.float64(signals.duration_s),
        encoder=np.str_(signals.encoder),
        parts=np.array(list(signals.seconds), dtype=np.str_),
        seconds=np.array(list(signals.seconds.values()), dtype=np.float64),
    )


def load_signals(path: Path) -> FrameSignals:
    """What `save_signals` wrote."""
    with np.load(path, allow_pickle=False) as file:
        seconds: npt.NDArray[np.float64] = file["seconds"]
        return FrameSignals(
            times_s=file["times_s"],
            flow=file["flow"],
            features=file["features"],
            regions=file["regions"],
            duration_s=float(file["duration_s"]),
            encoder=str(file["encoder"]),
            seconds=dict(zip(file["parts"].tolist(), seconds.tolist(), strict=True)),
        )
