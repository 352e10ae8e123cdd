from pathlib import Path

import numpy as np
import pytest
import torch

from ml.config import TokenizerConfig, TrainingConfig
from ml.errors import Cancelled, TooShort, UnusableCheckpoint
from ml.tokenizer.checkpoint import load_tokenizer
from ml.tokenizer.encode import BATCH, prequantized, tokenize, z_q_of
from ml.tokenizer.model import MotionTokenizer
from ml.tokenizer.train import train_tokenizer
from tests.ml.moving_points import MovingPoints


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> MotionTokenizer:
    folder: Path = tmp_path_factory.mktemp("tokenizer")
    training = TrainingConfig(steps=5, batch=4, learning_rate=3e-3, points=64)
    train_tokenizer([MovingPoints(12)], TokenizerConfig.preset("tiny"), training, folder)
    return load_tokenizer(folder)


def test_a_window_gives_a_code_per_step_and_its_times(tokenizer: MotionTokenizer):
    tracks = MovingPoints(6)
    stream = tokenize(tracks, tokenizer, stride=4)
    assert stream.codes.shape == (6, 15)
    np.testing.assert_array_equal(stream.times_s, tracks.tracks.times_s)
    assert stream.stream_codes.shape == (15 + 5 * 4,)
    np.testing.assert_allclose(stream.stream_times_s, np.arange(1, 36) / 10)


def test_later_windows_change_no_earlier_codes(tokenizer: MotionTokenizer):
    tracks = MovingPoints(BATCH + 5)
    whole = tokenize(tracks, tokenizer, stride=4).codes
    for n in (1, 7, BATCH, BATCH + 1):
        np.testing.assert_array_equal(tokenize(tracks.first(n), tokenizer, stride=4).codes, whole[:n])


def test_windows_are_read_in_batches(tokenizer: MotionTokenizer):
    tracks = MovingPoints(2 * BATCH + 1)
    tokenize(tracks, tokenizer, stride=4)
    assert tracks.reads == [BATCH, BATCH, 1]


def test_z_q_is_rebuilt_from_codes_bit_by_bit(tokenizer: MotionTokenizer):
    codes = tokenize(MovingPoints(6), tokenizer, stride=4).codes
    z_q = z_q_of(codes, tokenizer)
    assert z_q.shape == (6, 15, 32)
    assert z_q.dtype == np.float32
    np.testing.assert_array_equal(z_q[2, 3], z_q_of(codes[2, 3:4], tokenizer)[0])
    np.testing.assert_array_equal(z_q, tokenizer.codebook().numpy()[codes])
    with pytest.raises(ValueError, match=r"0\.\.1919"):
        z_q_of(np.array([1920]), tokenizer)
    with pytest.raises(ValueError, match="-1"):
        z_q_of(np.array([-1]), tokenizer)


def test_prequantized_z_rounds_to_the_codes(tokenizer: MotionTokenizer):
    tracks = MovingPoints(5)
    z = np.concatenate(list(prequantized(tracks, tokenizer)))
    _, codes = tokenizer.fsq(torch.from_numpy(z))
    np.testing.assert_array_equal(codes.numpy(), tokenize(tracks, tokenizer, stride=4).codes)


def test_tracks_of_another_grid_are_refused(tokenizer: MotionTokenizer):
    with pytest.raises(UnusableCheckpoint, match="400 points"):
        tokenize(MovingPoints(2, n_points=100), tokenizer, stride=4)


def test_a_video_without_a_window_is_too_short(tokenizer: MotionTokenizer):
    with pytest.raises(TooShort, match="too short"):
        tokenize(MovingPoints(4).first(0), tokenizer, stride=4)


def test_progress_can_stop_it(tokenizer: MotionTokenizer):
    def stop(fraction: float, message: str) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        tokenize(MovingPoints(4), tokenizer, stop, stride=4)
