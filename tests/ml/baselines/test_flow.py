from pathlib import Path

import numpy as np
import pytest

from ml.artefacts import EnergyTrace, TokenStream
from ml.baselines.flow import cut, flow_trace, on_steps
from ml.baselines.signals import flow_steps, load_signals, measure, moving_box, save_signals
from ml.config import CalibrationConfig, DetectionConfig, RefinementConfig, TrackingConfig
from ml.video import Frame, Image
from tests.ml.baselines.sequences import Brightness
from tests.ml.media import textured, write_video

PLAIN = DetectionConfig(alpha=1.0, off_ratio=1.0, on_steps=1, off_steps=1, min_s=0.1)
OTSU = CalibrationConfig(labels="otsu")


def colour(grey: Image) -> Image:
    return np.stack([grey] * 3, axis=-1)


def speeds(pictures: list[Frame]) -> list[float]:
    steps = [step for _, step in flow_steps(pictures)]
    assert steps[0] is None
    return [step.speed for step in steps if step is not None]


def trace(*energy: float) -> EnergyTrace:
    return EnergyTrace(np.array(energy, dtype=np.float32), np.arange(1, len(energy) + 1) / 10, "flow")


@pytest.fixture(scope="module")
def sliding(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three seconds at 10 frames a second: a patch slides to the right by 3 px a frame from second 1 to 2."""
    ground, patch = textured(120, 200, seed=1), textured(60, 60, seed=2)
    pictures = []
    for i in range(30):
        x = 20 + 3 * min(max(i - 10, 0), 10)
        picture = ground.copy()
        picture[30:90, x : x + 60] = patch
        pictures.append(colour(picture))
    return write_video(tmp_path_factory.mktemp("videos") / "sliding.mp4", pictures, 10)


def test_a_picture_that_shifts_by_three_pixels():
    wide = textured(120, 240)
    pictures = [Frame(t / 10, colour(wide[:, 3 * t : 3 * t + 200])) for t in range(4)]
    # 3 px of a picture of 120 px height is 3 / 60 half heights; what leaves the picture is only guessed.
    assert speeds(pictures) == pytest.approx([0.05] * 3, rel=0.1)
    twice = [Frame(2 * p.time_s, p.image) for p in pictures]
    assert speeds(twice) == pytest.approx([0.025] * 3, rel=0.1)  # per 0.1 s


def test_a_picture_that_rests_has_no_flow():
    still = colour(textured(60, 80))
    assert speeds([Frame(0.0, still), Frame(0.1, still)]) == pytest.approx([0], abs=1e-4)


def test_cutting_by_hand():
    # Otsu between the ones and the nines, for both videos together: steps 2..3 of the first, 0..1 of the second.
    found = cut([trace(1, 1, 9, 9, 1), trace(9, 9, 1)], [0.0, 0.0], OTSU, PLAIN)
    assert [[(i.start_s, i.end_s, i.score) for i in video] for video in found] == [
        [(pytest.approx(0.2), pytest.approx(0.4), 9.0)],
        [(0.0, pytest.approx(0.2), 9.0)],
    ]
    assert cut([trace(2, 2, 2, 2)], [0.0], OTSU, PLAIN) == [[]]
    assert cut([], [], OTSU, PLAIN) == []


def test_a_refined_cut_by_hand():
    # Half of what the fastest reach is 5: steps 2..5 move, and step 4, below a third of that, splits them.
    half = CalibrationConfig(labels="share", moving_share=0.5)
    refinement = RefinementConfig(rest=1 / 3, dip=None, min_piece_s=0.1, hold_s=0.0)
    slow = DetectionConfig(alpha=1.0, off_ratio=1.0, on_steps=1, off_steps=2, min_s=0.1)
    given = [trace(0, 0, 10, 10, 1, 10, 0, 0)]
    assert [(i.start_s, i.end_s) for i in cut(given, [0.0], half, slow)[0]] == [(0.2, 0.6)]
    assert [(i.start_s, i.end_s) for i in cut(given, [0.0], half, slow, refinement)[0]] == [(0.2, 0.4), (0.5, 0.6)]


def test_the_moving_box_is_around_what_moves_most():
    motion = np.zeros((40, 60), dtype=np.float32)
    motion[10:18, 20:36] = 5.0
    motion[30, 50] = 4.0  # a single pixel is not the region
    assert moving_box(motion) == (20 - 5, 10 - 3, 36 + 5, 18 + 3)
    assert moving_box(np.full((40, 60), 0.1, dtype=np.float32)) is None


def test_the_signals_of_a_video(sliding: Path, tmp_path: Path):
    encoder = Brightness()
    found = measure(sliding, encoder, TrackingConfig())
    assert found.times_s.tolist() == pytest.approx(np.arange(30) / 10)
    assert found.features.shape == found.regions.shape == (30, 3)
    moving = (found.times_s[1:] > 1.05) & (found.times_s[1:] < 2.05)
    assert found.flow[moving].min() > 5 * found.flow[~moving].max()
    assert max(encoder.batches) <= 32
    assert set(found.seconds) == {"decode", "flow", "features", "regions"}
    assert np.array_equal(measure(sliding, Brightness(), TrackingConfig()).flow, found.flow)

    save_signals(found, tmp_path / "signals.npz")
    again = load_signals(tmp_path / "signals.npz")
    assert np.array_equal(again.features, found.features)
    assert (again.duration_s, again.encoder, again.seconds) == (found.duration_s, found.encoder, found.seconds)


def test_flow_on_the_steps_of_a_stream(sliding: Path):
    whole = flow_trace(measure(sliding, Brightness(), TrackingConfig()))
    # Windows of 16 frames every 4: of 30 frames three windows, so 15 + 4 + 4 steps.
    starts = np.arange(3) * 4
    stream = TokenStream(np.zeros((3, 15), dtype=np.int16), (starts[:, None] + np.arange(16)) / 10, 4)
    energy = on_steps(whole, stream)
    assert energy.source == "flow"
    assert energy.times_s.tolist() == stream.stream_times_s.tolist()
    assert np.array_equal(energy.energy, whole.energy[:23])
    late = TokenStream(stream.codes, stream.times_s + 0.05, 4)
    with pytest.raises(ValueError, match="same frames"):
        on_steps(whole, late)
    longer = TokenStream(stream.codes, stream.times_s + 2.0, 4)
    with pytest.raises(ValueError, match="same frames"):
        on_steps(whole, longer)
