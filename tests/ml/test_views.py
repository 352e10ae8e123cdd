from __future__ import annotations

import numpy as np
import pytest
import torch

from ml.artefacts import TokenStream, Tracks
from ml.config import TokenizerConfig
from ml.tokenizer.encode import BATCH, prequantized, tokenize
from ml.tokenizer.model import MotionTokenizer
from ml.views import Camera, seen_by_all, span_means


class Windows:
    """Tracks in memory."""

    def __init__(self, tracks: Tracks) -> None:
        self.tracks, self.n_windows = tracks, len(tracks.points)

    def read(self, start: int, stop: int) -> Tracks:
        t = self.tracks
        return Tracks(t.points[start:stop], t.visible[start:stop], t.times_s[start:stop], t.aspect)


@pytest.fixture(scope="module")
def tokenizer() -> MotionTokenizer:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return MotionTokenizer(TokenizerConfig.preset("tiny")).eval()


def filmed(tokenizer: MotionTokenizer, seed: int, n_windows: int = 3) -> tuple[Windows, TokenStream]:
    rng = np.random.default_rng(seed)
    times_s = (np.arange(n_windows)[:, None] * 4 + np.arange(16)) / 10
    points = rng.uniform(-0.1, 0.1, (n_windows, 16, 400, 2)).astype(np.float32)
    tracks = Windows(Tracks(points, np.ones((n_windows, 16, 400), dtype=bool), times_s, 1.5))
    return tracks, tokenize(tracks, tokenizer, stride=4)


def spans(*pairs: tuple[float, float]) -> np.ndarray:
    return np.array(pairs, dtype=np.float64).reshape(-1, 2)


def test_means_are_those_of_the_steps_that_end_within_a_span(tokenizer):
    tracks, stream = filmed(tokenizer, 0)
    every = stream.stream(np.concatenate(list(prequantized(tracks, tokenizer))))  # step i ends at (i + 1) / 10 s
    found = span_means(tracks, stream, tokenizer, spans((0.5, 0.9), (0.31, 0.32), (0.0, 0.1), (2.2, 9.0)))
    np.testing.assert_allclose(found[0], every[5:9].mean(axis=0), rtol=1e-5)  # end at 0.6 … 0.9
    np.testing.assert_allclose(found[1], every[3], rtol=1e-5)  # between two frames: the later step
    np.testing.assert_allclose(found[2], every[0], rtol=1e-5)
    np.testing.assert_allclose(found[3], every[22], rtol=1e-5)  # the video ends at 2.3 s


def test_a_span_outside_the_video_has_no_mean(tokenizer):
    tracks, stream = filmed(tokenizer, 0)
    found = span_means(tracks, stream, tokenizer, spans((-2.0, -1.0), (-1.0, 0.0), (2.3, 3.0), (0.2, 0.4)))
    assert np.isnan(found[:3]).all()
    assert np.isfinite(found[3]).all()


def test_a_span_over_several_batches_is_one_mean(tokenizer):
    tracks, stream = filmed(tokenizer, 1, n_windows=2 * BATCH + 3)
    every = stream.stream(np.concatenate(list(prequantized(tracks, tokenizer))))
    found = span_means(tracks, stream, tokenizer, spans((1.0, 26.0), (12.0, 14.5)))
    np.testing.assert_allclose(found[0], every[10:260].mean(axis=0), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(found[1], every[120:145].mean(axis=0), rtol=1e-4, atol=1e-6)


def test_a_camera_alone_gives_its_own_means(tokenizer):
    tracks, stream = filmed(tokenizer, 0)
    given = spans((0.1, 0.4), (0.5, 2.0))
    found = seen_by_all([Camera(tracks, stream, given, view="front")], tokenizer)
    np.testing.assert_array_equal(found, span_means(tracks, stream, tokenizer, given))


def test_two_cameras_of_a_take_each_have_their_columns(tokenizer):
    (a, a_stream), (b, b_stream) = filmed(tokenizer, 0), filmed(tokenizer, 1)
    # Second t of the side is second t + 0.5 of the recording; the front's second is the recording's.
    front = Camera(a, a_stream, spans((0.7, 1.2), (1.4, 1.8)), "front", "take")
    side = Camera(b, b_stream, spans((0.3, 0.6)), "side", "take", offset_s=0.5)
    found = seen_by_all([front, side], tokenizer)
    d = tokenizer.config.d_m
    assert found.shape == (3, 2 * d)
    np.testing.assert_array_equal(found[:2, :d], span_means(a, a_stream, tokenizer, front.spans_s))
    np.testing.assert_allclose(found[:2, d:], span_means(b, b_stream, tokenizer, front.spans_s - 0.5), rtol=1e-6)
    np.testing.assert_allclose(found[2:, :d], span_means(a, a_stream, tokenizer, side.spans_s + 0.5), rtol=1e-6)
    np.testing.assert_array_equal(found[2:, d:], span_means(b, b_stream, tokenizer, side.spans_s))


def test_what_no_camera_of_a_view_filmed_is_the_mean_of_what_they_did(tokenizer):
    (a, a_stream), (b, b_stream) = filmed(tokenizer, 0), filmed(tokenizer, 1)
    front = Camera(a, a_stream, spans((0.1, 0.5), (0.9, 1.4), (2.0, 2.2)), "front", "take")
    side = Camera(b, b_stream, spans(), "side", "take", offset_s=0.8)  # begins when the first segment is over
    found = seen_by_all([front, side], tokenizer)
    theirs = found[:, tokenizer.config.d_m :]
    np.testing.assert_allclose(theirs[0], theirs[1:].mean(axis=0), rtol=1e-4, atol=1e-6)
    assert np.isfinite(found).all()


def test_cameras_of_different_takes_share_their_columns(tokenizer):
    films = [filmed(tokenizer, seed) for seed in range(3)]
    given = spans((0.3, 0.8))
    apart = [Camera(*film, given, view, "") for film, view in zip(films, ("front", "side", "front"), strict=True)]
    assert seen_by_all(apart, tokenizer).shape == (3, tokenizer.config.d_m)
    # Two takes of one view are never beside each other; a lone camera goes to the columns of its view.
    two = [
        Camera(*films[0], given, "front", "monday"),
        Camera(*films[1], given, "side", "monday"),
        Camera(*films[2], given, "front", "tuesday"),
    ]
    found = seen_by_all(two, tokenizer)
    d = tokenizer.config.d_m
    np.testing.assert_array_equal(found[2, :d], span_means(*films[2], tokenizer, given)[0])
    np.testing.assert_allclose(found[2, d:], found[:2, d:].mean(axis=0), rtol=1e-5)


def test_spans_are_pairs(tokenizer):
    with pytest.raises(ValueError, match="spans"):
        Camera(*filmed(tokenizer, 0), np.zeros(4))
