"""Following points by CoTracker3 online (the tracker of the paper, [16]), where somebody has put it and its weights.

Neither is part of Kineme, and neither is ever fetched: code and weights are under CC-BY-NC 4.0, so each use needs the
licence to be accepted. On a GPU; on a CPU a frame takes seconds.

Every window is a run of its own with a fresh grid, sixteen frames long: the model's own window, so one pass. Windows
overlap, so the picture encoder, a third of the work, would see each frame four times; here it sees each once, and the
model is handed what it saw. Windows are passed through the rest several at a time.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import pickle
import sys
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from ml.artefacts import Float, Tracks
from ml.config import TrackingConfig
from ml.errors import TooShort, TrackerUnavailable
from ml.threads import fixed_threads
from ml.tracking.grid import from_pixels, grid_points, to_pixels
from ml.video import Frame, Image

LICENCE = "CC-BY-NC 4.0"
CHECKPOINTS = ("scaled_online.pth", "baseline_online.pth")
"""Names the online model's weights are published under, best first."""
CODE = "co-tracker"  # a checkout of the repository of this name in the folder
WINDOW_FRAMES = 16
ITERATIONS = 6
VISIBLE = 0.6  # of visibility times confidence, as the authors' own predictor has it
WINDOWS_AT_ONCE = {"cpu": 1, "cuda": 8}
NOTICE = f"""\
CoTracker3 is by Meta Platforms, Inc. and its affiliates. Its code and weights are under {LICENCE}: they may be used,
with attribution, for purposes that are not commercial, and come without warranty. This is a summary, not the licence:
https://creativecommons.org/licenses/by-nc/4.0/legalcode
"""


@dataclass(frozen=True)
class CoTracker:
    """Where CoTracker lies, and whether its licence was accepted.

    folder: holds scaled_online.pth or baseline_online.pth and, unless the package `cotracker` is installed, a checkout
    of its repository in `co-tracker`. None where nobody has said one.
    """

    folder: Path | None = None
    accepted: bool = False

    def why_not(self) -> str | None:
        """None where it can be used; else a sentence with what would help. Looks for the files, reads none."""
        if self.folder is None:
            return "nothing says where CoTracker lies: say --cotracker DIR, or set KINEME_COTRACKER"
        if self.checkpoint() is None:
            names = " or ".join(CHECKPOINTS)
            return (
                f"there is no {names} in {self.folder}: "
                f"uvx --from huggingface_hub hf download facebook/cotracker3 {CHECKPOINTS[0]} --local-dir {self.folder}"
            )
        if not (self.folder / CODE / "cotracker").is_dir() and importlib.util.find_spec("cotracker") is None:
            return (
                "the code of CoTracker is not there: "
                f"git clone https://github.com/facebookresearch/co-tracker {self.folder / CODE}"
            )
        if not self.accepted:
            return (
                f"CoTracker is under {LICENCE}, which has to be accepted: "
                "say --accept-cc-by-nc, or set KINEME_ACCEPT_CC_BY_NC=1"
            )
        return None

    def checkpoint(self) -> Path | None:
        """The file of weights, the better one where there are both."""
        if self.folder is None:
            return None
        return next((self.folder / name for name in CHECKPOINTS if (self.folder / name).is_file()), None)

    def name(self) -> str:
        """What followed the points, weights and all: they decide what comes out. Reads the whole file."""
        checkpoint = self.checkpoint()
        assert checkpoint is not None
        with checkpoint.open("rb") as file:
            return f"cotracker3 {checkpoint.stem} sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"

    def licence_text(self) -> str:
        """What has to be read before the first use: our summary, then the licence as it came with the code."""
        beside = None if self.folder is None else self.folder / CODE / "LICENSE.md"
        text = beside.read_text(encoding="utf-8", errors="replace") if beside is not None and beside.is_file() else ""
        return f"{NOTICE}\n{text}" if text else NOTICE


def track_cotracker(frames: Iterable[Frame], config: TrackingConfig, source: CoTracker) -> Iterator[Tracks]:
    """Points followed by CoTracker3 online, on RGB pictures. See `ml.tracking.track`.

    A point that is hidden may come back in the same window, and lies meanwhile where the model thinks it does. On a GPU
    in half precision, and windows come a few at a time.

    Raises TrackerUnavailable where the tracker, its weights or the consent is missing.
    """
    if config.window_frames != WINDOW_FRAMES:
        raise TrackerUnavailable(f"CoTracker takes windows of {WINDOW_FRAMES} frames, not {config.window_frames}")
    return _windows(frames, config, _Model(source))


def _windows(frames: Iterable[Frame], config: TrackingConfig, model: _Model) -> Iterator[Tracks]:
    grid, T = grid_points(config.grid), config.window_frames
    features: dict[int, Tensor] = {}  # of the frames that a window to come still needs
    times_s: dict[int, float] = {}
    waiting: list[int] = []  # first frames of the windows that are complete
    count, size = 0, (1, 1)
    for count, frame in enumerate(frames, start=1):
        size = (frame.image.shape[1], frame.image.shape[0])
        features[count - 1], times_s[count - 1] = model.encode(frame.image), frame.time_s
        if count >= T and (count - T) % config.stride_frames == 0:
            waiting.append(count - T)
        if len(waiting) == model.windows_at_once:
            yield from _followed(waiting, features, times_s, grid, size, model)
            waiting.clear()
        first = waiting[0] if waiting else _next_start(count - T, config.stride_frames)
        for old in [k for k in features if k < first]:
            del features[old], times_s[old]
    if waiting:
        yield from _followed(waiting, features, times_s, grid, size, model)
    if count < T:
        raise TooShort(f"too short: {count / config.fps:.1f} s, needs {config.window_s:.1f} s")


def _next_start(last: int, stride: int) -> int:
    """The first frame of the first window that starts after frame `last`."""
    return max(0, (last // stride + 1) * stride)


def _followed(
    starts: list[int],
    features: dict[int, Tensor],
    times_s: dict[int, float],
    grid: Float,
    size: tuple[int, int],
    model: _Model,
) -> Iterator[Tracks]:
    """The windows that begin with frames `starts`, all at once."""
    width, height = size
    seen = torch.stack([torch.stack([features[k] for k in range(s, s + WINDOW_FRAMES)]) for s in starts])
    start_px = to_pixels(grid, width, height)
    points_px, visible = model.follow(seen, start_px, size)  # [B, T, N, 2], [B, T, N]
    points = from_pixels(points_px, width, height)
    points[:, 0], visible[:, 0] = grid, True
    visible &= (np.abs(points) <= 1).all(axis=-1)
    for k, s in enumerate(starts):
        times = np.array([[times_s[f] for f in range(s, s + WINDOW_FRAMES)]])
        yield Tracks(points[k : k + 1], visible[k : k + 1], times, width / height)


class _Model:
    """CoTracker3 online, its picture encoder apart from the rest."""

    def __init__(self, source: CoTracker) -> None:
        reason, checkpoint = source.why_not(), source.checkpoint()
        if reason is not None or checkpoint is None or source.folder is None:
            raise TrackerUnavailable(reason or "CoTracker is not there")
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.windows_at_once = WINDOWS_AT_ONCE[self.device]
        predictor = _predictor(source.folder / CODE)
        self._model: Any = predictor.model
        try:
            weights = torch.load(checkpoint, map_location="cpu", weights_only=True)
            self._model.load_state_dict(weights.get("model", weights))
        except (RuntimeError, AttributeError, EOFError, pickle.UnpicklingError) as error:
            raise TrackerUnavailable(f"{checkpoint.name} does not hold the weights of CoTracker3 online") from error
        self._model.requires_grad_(False).eval().to(self.device)
        self._encoder: nn.Module = self._model.fnet
        self._ready = _Ready()
        self._model.fnet = self._ready
        self._size: tuple[int, int] = tuple(predictor.interp_shape)  # (height, width)

    def encode(self, image: Image) -> Tensor:
        """RGB [H, W, 3] uint8 → features [C, h, w]."""
        picture = torch.from_numpy(image).to(self.device).permute(2, 0, 1)[None].float()
        picture = nn.functional.interpolate(picture, self._size, mode="bilinear", align_corners=True)
        with self._careful():
            return self._encoder(2 * picture / 255 - 1)[0]  # type: ignore[no-any-return]

    def follow(self, features: Tensor, points_px: Float, size: tuple[int, int]) -> tuple[Float, npt.NDArray[np.bool_]]:
        """Points [N, 2] of the first frame of each of B windows, features [B, T, C, h, w] → [B, T, N, 2], [B, T, N].

        In pixels of pictures of `size` (width, height).
        """
        B, T = features.shape[:2]
        height, width = self._size
        scale = np.array([(width - 1) / (size[0] - 1), (height - 1) / (size[1] - 1)], dtype=np.float32)
        queries = torch.from_numpy(points_px * scale).to(self.device)
        queries = torch.cat([torch.zeros_like(queries[:, :1]), queries], dim=1).expand(B, -1, 3)  # (frame, x, y)
        # The model asks the size of the pictures and hands them to its encoder, which has seen them.
        pictures = torch.zeros(1, device=self.device).expand(B, T, 3, height, width)
        self._ready.features = features.flatten(0, 1)
        self._model.init_video_online_processing()
        with self._careful():
            points, visible, confident, _ = self._model(
                video=pictures, queries=queries, iters=ITERATIONS, is_online=True
            )
        found = (visible * confident > VISIBLE).cpu().numpy()
        return points.float().cpu().numpy() / scale, found

    @contextmanager
    def _careful(self) -> Generator[None]:
        """No gradients, a fixed number of threads, and half precision where the device has it."""
        half = torch.autocast("cuda", torch.float16) if self.device == "cuda" else nullcontext()
        with torch.no_grad(), fixed_threads(), half:
            yield


class _Ready(nn.Module):
    """In the encoder's place: the features of the pictures that were encoded before, [B·T, C, h, w]."""

    features: Tensor

    def forward(self, pictures: Tensor) -> Tensor:
        return self.features.to(pictures.dtype)


def _predictor(checkout: Path) -> Any:
    """The authors' online predictor, without weights. From the checkout where there is one, else as installed."""
    with torch.random.fork_rng(devices=[]):  # the package seeds torch when it is imported
        try:
            module = _imported("cotracker.predictor", checkout)
            return module.CoTrackerOnlinePredictor(checkpoint=None, window_len=WINDOW_FRAMES)
        except (ImportError, AttributeError, TypeError) as error:
            raise TrackerUnavailable(f"the code of CoTracker cannot be used: {error}") from error


def _imported(name: str, checkout: Path) -> ModuleType:
    if not (checkout / "cotracker").is_dir():
        return importlib.import_module(name)
    sys.path.insert(0, str(checkout))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(checkout))
