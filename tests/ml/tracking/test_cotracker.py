from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from ml.config import TrackingConfig
from ml.errors import TooShort, TrackerUnavailable
from ml.tracking import CoTracker, TracksFile, track, track_video
from ml.tracking.cotracker import LICENCE, _predictor
from ml.tracking.grid import grid_points, to_pixels
from ml.video import Frame
from tests.ml.media import write_video
from tests.ml.tracking.scenes import H, W, moving_object

CONFIG = TrackingConfig(backend="cotracker3", grid=4)
REAL = (
    CoTracker(Path(os.environ["KINEME_COTRACKER"]), accepted=True) if "KINEME_COTRACKER" in os.environ else CoTracker()
)

# Looks like the authors' code from outside. Its "features" are a picture's mean; a point goes right by a tenth of the
# difference to the first picture's mean, in pixels of 384 × 512; every second point is invisible at frame 3.
PRETENDED = """
import torch

class Encoder(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(()))
        self.seen = 0

    def forward(self, pictures):
        self.seen += len(pictures)
        return self.weight * pictures.mean(dim=(1, 2, 3))[:, None, None, None]

class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.fnet = Encoder()

    def init_video_online_processing(self):
        self.ready = True

    def forward(self, video, queries, iters, is_online):
        assert self.ready and is_online and iters == 6
        self.ready = False
        assert video.shape[1:] == (16, 3, 384, 512)
        B, T = video.shape[:2]
        means = self.fnet(video.flatten(0, 1)).view(B, T)
        points = queries[:, None, :, 1:].repeat(1, T, 1, 1)
        points[..., 0] += 0.1 * 127.5 * (means - means[:, :1])[..., None]
        visible = torch.ones(points.shape[:3])
        visible[:, 3, ::2] = 0.5
        return points, visible, torch.ones_like(visible), None

class CoTrackerOnlinePredictor:
    made = []

    def __init__(self, checkpoint, window_len):
        assert checkpoint is None and window_len == 16
        self.model, self.interp_shape = Model(), (384, 512)
        self.encoder = self.model.fnet
        self.made.append(self)
"""


@pytest.fixture
def pretended(tmp_path: Path) -> Iterator[CoTracker]:
    """A folder with a stand-in for CoTracker's code and weights that fit it."""
    before = {name: module for name, module in sys.modules.items() if name.split(".")[0] == "cotracker"}
    for name in before:
        del sys.modules[name]
    package = tmp_path / "co" / "co-tracker" / "cotracker"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "predictor.py").write_text(PRETENDED)
    (package.parent / "LICENSE.md").write_text("the whole licence")
    torch.save({"model": {"fnet.weight": torch.ones(())}}, tmp_path / "co" / "scaled_online.pth")
    yield CoTracker(tmp_path / "co", accepted=True)
    for name in [n for n in sys.modules if n.split(".")[0] == "cotracker"]:
        del sys.modules[name]
    sys.modules.update(before)


def brighter(n: int) -> list[Frame]:
    """Grey pictures, each 5 levels brighter than the one before."""
    return [Frame(i / 10, np.full((90, 160, 3), 5 * i, dtype=np.uint8)) for i in range(n)]


def encoder_of(module: str = "cotracker.predictor") -> torch.nn.Module:
    found: torch.nn.Module = sys.modules[module].CoTrackerOnlinePredictor.made[-1].encoder
    return found


@pytest.mark.parametrize("at_once", [1, 3])
def test_windows_are_those_of_the_other_trackers(
    pretended: CoTracker, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ml.tracking.cotracker.WINDOWS_AT_ONCE", {"cpu": at_once, "cuda": at_once})
    windows = list(track(brighter(33), CONFIG, pretended))
    assert len(windows) == 1 + (33 - 16) // 4
    # 5 levels a frame move a point 0.5 of 511 pixels to the right, whose width is that of 159 of the picture's 160.
    step = 0.5 / 511 * 159 / 160 * 2
    for k, window in enumerate(windows):
        assert window.times_s[0] == pytest.approx((4 * k + np.arange(16)) / 10)
        assert window.points[0, 0] == pytest.approx(grid_points(4), abs=1e-6)
        assert window.points[0, -1, 0] == pytest.approx(grid_points(4)[0] + [15 * step, 0], abs=1e-5)
        assert window.aspect == 16 / 9
        assert window.visible[0, 3].tolist() == [False, True] * 8
        assert window.visible[0, [0, 1, 2, 4, 15]].all()


def test_every_frame_is_encoded_once(pretended: CoTracker) -> None:
    list(track(brighter(33), CONFIG, pretended))
    assert encoder_of().seen == 33  # type: ignore[comparison-overlap]


def test_a_file_says_which_weights_made_it(pretended: CoTracker, tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", [f.image for f in brighter(20)], 10)
    track_video(path, CONFIG, tmp_path / "t", cotracker=pretended)
    file = TracksFile.open(tmp_path / "t")
    assert file.n_windows == 2
    assert file.tracker.startswith("cotracker3 scaled_online sha256:")


def test_what_is_missing_is_said_with_what_helps(pretended: CoTracker, tmp_path: Path) -> None:
    def reason(source: CoTracker) -> str:
        path = write_video(tmp_path / "a.mp4", [f.image for f in brighter(20)], 10)
        with pytest.raises(TrackerUnavailable) as raised:
            track_video(path, CONFIG, tmp_path / "t", cotracker=source)
        assert not (tmp_path / "t").exists()
        return str(raised.value)

    assert pretended.folder is not None
    assert "KINEME_COTRACKER" in reason(CoTracker())
    assert "hf download facebook/cotracker3" in reason(CoTracker(tmp_path, accepted=True))
    assert "--accept-cc-by-nc" in reason(CoTracker(pretended.folder))
    (pretended.folder / "co-tracker" / "cotracker").rename(tmp_path / "elsewhere")
    assert "git clone" in reason(pretended)


def test_the_licence_is_shown_whole(pretended: CoTracker) -> None:
    assert LICENCE in CoTracker().licence_text()
    assert "not commercial" in CoTracker().licence_text()
    assert pretended.licence_text().endswith("the whole licence")


def test_weights_of_something_else_are_refused(pretended: CoTracker) -> None:
    assert pretended.folder is not None
    for content in ({"model": {"other": torch.ones(())}}, [1, 2], Path("code that would run")):
        torch.save(content, pretended.folder / "scaled_online.pth")
        with pytest.raises(TrackerUnavailable, match="does not hold the weights"):
            track(brighter(20), CONFIG, pretended)


def test_fifteen_frames_are_too_short(pretended: CoTracker) -> None:
    with pytest.raises(TooShort):
        list(track(brighter(15), CONFIG, pretended))


@pytest.mark.skipif(REAL.why_not() is not None, reason=f"no CoTracker: {REAL.why_not()}")
def test_it_gives_what_the_authors_own_predictor_gives() -> None:
    """With any weights, random ones too: the same sixteen frames through their predictor, query by query."""
    frames, _ = moving_object(20, 3.0)
    ours = list(track(frames, CONFIG, REAL))
    assert REAL.folder is not None
    predictor = _predictor(REAL.folder / "co-tracker")
    predictor.model.load_state_dict(torch.load(REAL.checkpoint(), weights_only=True))
    for k, window in enumerate(ours):
        video = torch.from_numpy(np.stack([f.image for f in frames[4 * k : 4 * k + 16]])).permute(0, 3, 1, 2)[None]
        px = torch.from_numpy(to_pixels(grid_points(4), W, H))
        queries = torch.cat([torch.zeros(16, 1), px], dim=1)[None]
        predictor(video.float(), is_first_step=True, queries=queries)
        points, visible = predictor(video.float())
        found = to_pixels(window.points[0], W, H)
        assert np.abs(found[1:] - points[0, 1:].numpy()).max() < (0.5 if torch.cuda.is_available() else 1e-3)
        inside = (np.abs(window.points[0]) <= 1).all(axis=-1)
        assert np.array_equal(window.visible[0, 1:], (visible[0].numpy() & inside)[1:])
