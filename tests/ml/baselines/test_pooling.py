import numpy as np
import pytest
import torch

from ml.artefacts import Segment, Tracks
from ml.baselines.pooling import (
    attention_norm,
    embed_frames,
    feature_speed,
    frames_of,
    latents_of,
    mean,
    pool_codes,
)
from ml.baselines.signals import FrameSignals
from ml.config import EncoderConfig, TokenizerConfig
from ml.tokenizer.encode import prequantized, tokenize, z_q_of
from ml.tokenizer.model import MotionTokenizer
from tests.ml.baselines.sequences import Float, blocks

TINY = EncoderConfig(d_m=4, d=16, layers=1, heads=2, d_ff=32)


def part(start_s: float, end_s: float, codes: tuple[int, ...] = (0,)) -> Segment:
    return Segment(start_s, end_s, np.array(codes, dtype=np.int16), 1.0, 1.0)


def signals(features: Float) -> FrameSignals:
    F = len(features)
    return FrameSignals(np.arange(F) / 10, np.zeros(F - 1, dtype=np.float32), features, features, F / 10, "made up", {})


def test_pooling_by_hand():
    z = np.array([[3, 4], [0, 0], [0, 5]], dtype=np.float32)
    assert mean(z).tolist() == [1, 3]
    # Norms 5, 0 and 5: half of the first and half of the last.
    assert attention_norm(z).tolist() == [1.5, 4.5]
    assert attention_norm(np.zeros((2, 2), dtype=np.float32)).tolist() == [0, 0]


def test_codes_are_pooled_segment_by_segment():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        tokenizer = MotionTokenizer(TokenizerConfig.preset("tiny")).eval()
    segments = [part(0, 1, (5, 9, 9)), part(1, 2, (700,))]
    vectors = pool_codes(segments, tokenizer, mean)
    assert vectors.shape == (2, 32)
    np.testing.assert_allclose(vectors[0], z_q_of(segments[0].codes, tokenizer).mean(axis=0), rtol=1e-5)
    assert pool_codes([], tokenizer, mean).shape == (0, 32)


def test_the_frames_of_a_segment_end_its_steps():
    given = signals(np.arange(20, dtype=np.float32)[:, None])
    assert frames_of(part(0.3, 0.6), given).ravel().tolist() == [4, 5, 6]
    assert frames_of(part(0.31, 0.32), given).ravel().tolist() == [4]
    assert frames_of(part(5.0, 6.0), given).ravel().tolist() == [19]


def test_frames_are_embedded_whatever_their_scale():
    sequences = [blocks([0], 6, d=4, seed=1), blocks([0], 9, d=4, seed=2), blocks([0], 6, d=4, seed=3)]
    vectors = embed_frames(sequences, TINY)
    assert vectors.shape == (3, 16)
    assert np.array_equal(vectors, embed_frames(sequences, TINY))
    larger = embed_frames([100 * sequence + 7 for sequence in sequences], TINY)
    np.testing.assert_allclose(larger, vectors, atol=1e-3)
    assert embed_frames([], TINY).shape == (0, 16)
    assert np.isfinite(embed_frames([np.ones((3, 4), dtype=np.float32)], TINY)).all()


def test_feature_speed_by_hand():
    given = signals(np.array([[0, 0], [3, 4], [3, 4]], dtype=np.float32))
    assert feature_speed(given).tolist() == pytest.approx([5, 0])


def test_latents_are_those_of_the_segments_steps():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        tokenizer = MotionTokenizer(TokenizerConfig.preset("tiny")).eval()
    rng = np.random.default_rng(0)
    times_s = (np.arange(3)[:, None] * 4 + np.arange(16)) / 10
    points = rng.uniform(-0.1, 0.1, (3, 16, 400, 2)).astype(np.float32)
    tracks = Windows(Tracks(points, np.ones((3, 16, 400), dtype=bool), times_s, 1.5))
    stream = tokenize(tracks, tokenizer, stride=4)
    every = stream.stream(np.concatenate(list(prequantized(tracks, tokenizer))))
    short, long = latents_of([part(0.31, 0.32), part(0.5, 0.9)], tracks, stream, tokenizer)
    np.testing.assert_array_equal(short, every[3:4])  # between two steps: the later
    np.testing.assert_array_equal(long, every[5:9])  # steps that end at 0.6 … 0.9


class Windows:
    """Tracks in memory."""

    def __init__(self, tracks: Tracks) -> None:
        self.tracks, self.n_windows = tracks, len(tracks.points)

    def read(self, start: int, stop: int) -> Tracks:
        t = self.tracks
        return Tracks(t.points[start:stop], t.visible[start:stop], t.times_s[start:stop], t.aspect)
