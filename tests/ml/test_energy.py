import numpy as np
import pytest
import torch

from ml.artefacts import TokenStream, Tracks
from ml.config import EnergyConfig, TokenizerConfig
from ml.energy import (
    energy,
    fastest_speed,
    flow_energy,
    latent_action_energy,
    prequant_energy,
    signals,
    velocity_energy,
)
from ml.tokenizer.encode import prequantized, tokenize, z_q_of
from ml.tokenizer.model import MotionTokenizer
from tests.ml.moving_points import MovingPoints


@pytest.fixture(scope="module")
def tokenizer() -> MotionTokenizer:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return MotionTokenizer(TokenizerConfig.preset("tiny")).eval()


def stream_of(codes: list[list[int]], stride: int) -> TokenStream:
    """Windows of three steps, 0.1 s each."""
    starts = np.arange(len(codes)) * stride
    return TokenStream(np.array(codes, dtype=np.int16), (starts[:, None] + np.arange(4)) / 10, stride)


def test_energy_by_hand(tokenizer: MotionTokenizer):
    # z_q of code c is (3c, 4c, 0, …), so two codes are 5 · |difference| apart.
    book = torch.zeros(1920, 32)
    book[:, 0], book[:, 1] = 3 * torch.arange(1920), 4 * torch.arange(1920)
    tokenizer.codebook = lambda: book  # type: ignore[method-assign]
    try:
        #  window 0: 1 1 3 → 0, 0, 10. window 1, its last two steps: 5→6, 6→6 → 5, 0.
        trace = latent_action_energy(stream_of([[1, 1, 3], [5, 6, 6]], stride=2), tokenizer)
    finally:
        del tokenizer.codebook
    assert trace.energy.tolist() == [0, 0, 10, 5, 0]
    assert trace.times_s.tolist() == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5])
    assert trace.source == "quantized"


def test_a_new_grid_makes_no_energy(tokenizer: MotionTokenizer):
    # The second window calls the same rest another code: the step from 8 to 700 is in no window.
    trace = latent_action_energy(stream_of([[8, 8, 8], [700, 700, 700]], stride=1), tokenizer)
    assert trace.energy.tolist() == [0, 0, 0, 0]


def test_energy_is_the_norm_of_the_difference_of_z_q(tokenizer: MotionTokenizer):
    stream = tokenize(MovingPoints(5), tokenizer, stride=4)
    z_q = z_q_of(stream.codes, tokenizer)
    trace = latent_action_energy(stream, tokenizer)
    assert trace.energy.shape == (15 + 4 * 4,)
    assert trace.energy[0] == 0
    np.testing.assert_allclose(trace.energy[1:15], np.linalg.norm(np.diff(z_q[0], axis=0), axis=1), rtol=1e-6)
    # Steps 15..18 of the stream are the last four of window 1, each against the step before it in that window.
    np.testing.assert_allclose(trace.energy[15:19], np.linalg.norm(np.diff(z_q[1], axis=0), axis=1)[-4:], rtol=1e-6)


def test_more_video_changes_no_earlier_energy(tokenizer: MotionTokenizer):
    tracks = MovingPoints(9)
    for source in ("quantized", "prequant", "velocity"):
        config = EnergyConfig(source)  # type: ignore[arg-type]
        whole = energy(tokenize(tracks, tokenizer, stride=4), tracks, tokenizer, config)
        part = energy(tokenize(tracks.first(4), tokenizer, stride=4), tracks.first(4), tokenizer, config)
        assert whole.source == part.source == source
        np.testing.assert_array_equal(part.energy, whole.energy[: len(part.energy)])


def test_prequant_energy_is_taken_before_rounding(tokenizer: MotionTokenizer):
    tracks = MovingPoints(2)
    stream = tokenize(tracks, tokenizer, stride=4)
    z = np.concatenate(list(prequantized(tracks, tokenizer)))
    trace = prequant_energy(tracks, stream, tokenizer)
    np.testing.assert_allclose(trace.energy[1:15], np.linalg.norm(np.diff(z[0], axis=0), axis=1), rtol=1e-6)


def test_velocity_energy_by_hand():
    # One step of 20 points; two of them are the fastest tenth. aspect 2: x counts double.
    points = np.zeros((1, 2, 20, 2), dtype=np.float32)
    points[0, 1, 3] = (0.3, 0.0)  # 0.6 half heights
    points[0, 1, 4] = (0.0, 0.4)
    points[0, 1, 5] = (0.1, 0.0)
    visible = np.ones((1, 2, 20), dtype=bool)

    def speed() -> float:
        return float(fastest_speed(Tracks(points, visible, np.array([[0.0, 0.1]]), aspect=2.0))[0, 0])

    assert speed() == pytest.approx((0.6 + 0.4) / 2)
    visible[0, 0, 3] = False  # hidden at the beginning of the step: of 19 points, still two
    assert speed() == pytest.approx((0.4 + 0.2) / 2)
    visible[0, 1, 6:] = False  # five left: one is the fastest tenth
    assert speed() == pytest.approx(0.4)
    visible[:] = False
    assert speed() == 0


def test_velocity_energy_follows_the_motion(tokenizer: MotionTokenizer):
    tracks = MovingPoints(20, speed=0.03)
    trace = velocity_energy(tracks, tokenize(tracks, tokenizer, stride=4))
    moves = ((trace.times_s + 1e-9) // 2) % 2 == 1
    assert trace.energy[moves].min() > 10 * trace.energy[~moves].max()


def test_one_value_per_window_is_the_mean_of_its_differences(tokenizer: MotionTokenizer):
    # z_q of code c is (3c, 4c, 0, …). Window 0: 1 1 3 → differences 0, 10 → 5. Window 1: 5 6 6 → 5, 0 → 2.5.
    book = torch.zeros(1920, 32)
    book[:, 0], book[:, 1] = 3 * torch.arange(1920), 4 * torch.arange(1920)
    tokenizer.codebook = lambda: book  # type: ignore[method-assign]
    try:
        trace = latent_action_energy(stream_of([[1, 1, 3], [5, 6, 6]], stride=2), tokenizer, per="window")
    finally:
        del tokenizer.codebook
    assert trace.energy.tolist() == [5, 5, 5, 2.5, 2.5]
    assert trace.source == "quantized, one per window"


def test_the_flow_energy_is_the_mean_speed_of_the_points_seen(tokenizer: MotionTokenizer):
    tracks = MovingPoints(3)
    stream = tokenize(tracks, tokenizer, stride=4)
    batch = tracks.read(0, 3)
    seen = batch.visible[:, 1:] & batch.visible[:, :-1]
    speeds = np.linalg.norm(batch.velocities(), axis=-1)
    by_hand = [[speeds[w, t][seen[w, t]].mean() for t in range(15)] for w in range(3)]
    expected = stream.stream(np.array(by_hand, dtype=np.float32))
    assert flow_energy(tracks, stream).energy == pytest.approx(expected, rel=1e-5)


def test_a_gate_takes_the_energy_of_slow_steps_and_says_so(tokenizer: MotionTokenizer):
    tracks = MovingPoints(5)
    stream = tokenize(tracks, tokenizer, stride=4)
    speeds = velocity_energy(tracks, stream).energy
    gate = float(np.median(speeds))
    plain = energy(stream, tracks, tokenizer, EnergyConfig(source="quantized"))
    gated = energy(stream, tracks, tokenizer, EnergyConfig(source="quantized", gate_speed=gate))
    assert gated.energy.tolist() == np.where(speeds >= gate, plain.energy, 0).tolist()
    assert gated.source.startswith("quantized, gated below")


@pytest.mark.parametrize("source", ["quantized", "prequant", "velocity", "flow"])
@pytest.mark.parametrize(("per", "gate"), [("step", 0.0), ("window", 0.0), ("step", 0.01)])
def test_signals_made_together_are_those_made_alone(tokenizer: MotionTokenizer, source: str, per: str, gate: float):
    tracks = MovingPoints(5)
    stream = tokenize(tracks, tokenizer, stride=4)
    config = EnergyConfig(source=source, per=per, gate_speed=gate)  # type: ignore[arg-type]
    made = signals(stream, tracks, tokenizer, config)
    alone = {
        "chosen": energy(stream, tracks, tokenizer, config),
        "velocity": velocity_energy(tracks, stream),
        "latent": latent_action_energy(stream, tokenizer),
        "flow": flow_energy(tracks, stream),
    }
    for name, expected in alone.items():
        found = getattr(made, name)
        np.testing.assert_array_equal(found.energy, expected.energy)
        np.testing.assert_array_equal(found.times_s, expected.times_s)
        assert found.source == expected.source
