import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from ml.config import TokenizerConfig, TrainingConfig
from ml.errors import Cancelled, TooShort, UnusableCheckpoint
from ml.tokenizer.checkpoint import checkpoint_digest, load_tokenizer
from ml.tokenizer.model import MotionTokenizer
from ml.tokenizer.train import (
    diversity_loss,
    learning_rate_factor,
    radial_weights,
    reconstruction_loss,
    split_windows,
    train_tokenizer,
)
from tests.ml.moving_points import MovingPoints

TINY = TokenizerConfig.preset("tiny")
BRIEF = replace(TrainingConfig.preset("tiny"), steps=4, batch=4)


def train(out: Path, *tracks: MovingPoints, training: TrainingConfig = BRIEF) -> MotionTokenizer:
    train_tokenizer(tracks, TINY, training, out)
    return load_tokenizer(out)


def test_training_twice_gives_the_same_bytes(tmp_path: Path):
    for name in ("first", "second"):
        train(tmp_path / name, MovingPoints(12))
        torch.rand(7)  # what else the process does with the generator must not matter
    for file in ("model.safetensors", "tokenizer.json"):
        assert (tmp_path / "first" / file).read_bytes() == (tmp_path / "second" / file).read_bytes()
    train(tmp_path / "other seed", MovingPoints(12), training=replace(BRIEF, seed=1))
    assert checkpoint_digest(tmp_path / "other seed") != checkpoint_digest(tmp_path / "first")


def test_training_leaves_the_callers_generator_and_threads_alone(tmp_path: Path):
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    train(tmp_path, MovingPoints(12))
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_num_threads() == threads


def test_training_learns_to_predict_motion(tmp_path: Path):
    tracks = MovingPoints(40, speed=0.02)
    train(tmp_path / "before", tracks, training=replace(BRIEF, steps=1))
    train(tmp_path / "after", tracks, training=replace(BRIEF, steps=80, batch=8))
    before, after = (
        json.loads((tmp_path / name / "tokenizer.json").read_text())["metrics"] for name in ("before", "after")
    )
    assert after["validation_loss"] < 0.75 * before["validation_loss"]
    assert after["split"] == "time"
    assert 0 < after["code_usage"] <= 1
    assert 1 <= after["perplexity"] <= TINY.n_codes
    assert 0 < after["accuracy_no_motion"] <= 1


def test_windows_are_read_a_few_at_a_time(tmp_path: Path):
    tracks = MovingPoints(12)
    train(tmp_path, tracks)
    assert max(tracks.reads) <= 1


def test_whole_videos_are_held_out_where_there_are_enough():
    split = split_windows([10, 0, 20, 30], TrainingConfig(validation_fraction=0.3))
    training, validation = {v for v, _ in split.training}, {v for v, _ in split.validation}
    assert split.by == "video"
    assert not training & validation
    assert training | validation == {0, 2, 3}
    assert len(validation) == 1


def test_one_video_is_split_by_time_without_overlap():
    split = split_windows([50], TrainingConfig(validation_fraction=0.2))
    assert split.by == "time"
    assert split.validation == tuple((0, w) for w in range(40, 50))
    assert max(w for _, w in split.training) == 36  # windows 37 to 39 share frames with window 40


def test_of_two_videos_each_gives_its_last_part():
    split = split_windows([50, 3, 20], TrainingConfig(validation_fraction=0.1))
    assert split.by == "time"
    assert {v for v, _ in split.training} == {0, 1, 2}
    assert split.validation == (*((0, w) for w in range(45, 50)), (2, 18), (2, 19))


def test_a_video_too_short_to_split_is_trained_on_and_said_so():
    split = split_windows([3], TrainingConfig())
    assert split.by == "none"
    assert split.training == split.validation == ((0, 0), (0, 1), (0, 2))


def test_videos_without_a_window_cannot_be_trained_on(tmp_path: Path):
    with pytest.raises(TooShort, match="too short"):
        train_tokenizer([MovingPoints(4).first(0)], TINY, BRIEF, tmp_path)


def test_a_cancelled_training_stops_and_leaves_no_checkpoint(tmp_path: Path):
    def stop(fraction: float, message: str) -> None:
        if fraction >= 0.5:
            raise Cancelled

    with pytest.raises(Cancelled):
        train_tokenizer([MovingPoints(12)], TINY, BRIEF, tmp_path, stop)
    assert list(tmp_path.iterdir()) == []


def test_progress_ends_at_one(tmp_path: Path):
    seen: list[float] = []
    train_tokenizer([MovingPoints(12)], TINY, BRIEF, tmp_path, lambda fraction, message: seen.append(fraction))
    assert seen == sorted(seen)
    assert seen[-1] == 1


def test_the_loss_by_hand():
    # One class grid of 1 · 1 would be trivial, so 3 · 3 with all scores equal: p = 1/9.
    # (1 - 1/9)^4 · ln 9 · 0.5, times the weight: rest 1, a corner 1 + 4.
    scores = torch.zeros(1, 1, 2, 9)
    rest_and_corner = torch.tensor([[[4, 0]]])
    focal = 0.5 * (8 / 9) ** 4 * np.log(9)
    visible = torch.tensor([[[True, True]]])
    assert reconstruction_loss(scores, rest_and_corner, visible, 3).item() == pytest.approx(focal * (1 + 5) / 2)
    only_rest = torch.tensor([[[True, False]]])
    assert reconstruction_loss(scores, rest_and_corner, only_rest, 3).item() == pytest.approx(focal)
    assert reconstruction_loss(scores, rest_and_corner, ~visible, 3).item() == 0


def test_a_far_displacement_weighs_more():
    weights = radial_weights(15).view(15, 15)
    assert weights[7, 7] == 1
    assert weights[0, 0] == weights[14, 14] == 5
    assert weights[7, 14] == pytest.approx(1 + 4 * 49 / 98)


def test_the_diversity_term_is_smallest_for_even_use_and_has_a_gradient():
    assert diversity_loss(torch.full((8,), 1 / 8)).item() == pytest.approx(0, abs=1e-6)
    assert diversity_loss(torch.eye(8)[0]).item() == 1
    unused = torch.tensor([1.0, 0.0], requires_grad=True)
    diversity_loss(unused).backward()
    assert unused.grad is not None
    assert unused.grad.isfinite().all()
    logits = torch.tensor([2.0, 0.0, 0.0], requires_grad=True)
    diversity_loss(torch.softmax(logits, dim=0)).backward()
    assert logits.grad is not None
    assert logits.grad[0] > 0  # less of the code that is used too much


def test_the_learning_rate_rises_then_falls():
    training = TrainingConfig(steps=100, warmup_steps=10, cosine=True)
    assert learning_rate_factor(0, training) == 0.1
    assert learning_rate_factor(9, training) == 1
    assert learning_rate_factor(10, training) == 1
    assert learning_rate_factor(55, training) == pytest.approx(0.51)
    assert learning_rate_factor(100, training) == pytest.approx(0.02)
    assert learning_rate_factor(100, replace(training, cosine=False)) == 1


def test_a_checkpoint_comes_back_as_it_was(tmp_path: Path):
    tokenizer = train(tmp_path, MovingPoints(12))
    assert tokenizer.config == TINY
    assert tokenizer.digest == checkpoint_digest(tmp_path)
    assert not tokenizer.training
    assert not any(p.requires_grad for p in tokenizer.parameters())
    assert tokenizer.normalisation.input_scale_px > 0.05


def test_a_damaged_checkpoint_is_refused_in_a_sentence(tmp_path: Path):
    with pytest.raises(UnusableCheckpoint, match="no tokenizer at"):
        load_tokenizer(tmp_path / "nothing")
    train(tmp_path, MovingPoints(12))
    weights, facts = tmp_path / "model.safetensors", tmp_path / "tokenizer.json"
    good_weights, good_facts = weights.read_bytes(), facts.read_text()
    weights.write_bytes(good_weights[:-100])
    with pytest.raises(UnusableCheckpoint, match="damaged"):
        load_tokenizer(tmp_path)
    weights.write_bytes(good_weights)
    for broken, reason in {
        good_facts[:50]: "damaged",
        "[1]": "not a tokenizer",
        good_facts.replace('"d_m": 32', '"d_m": 32000000'): "do not fit",
        good_facts.replace('"d_m": 32', '"d_m": "many"'): "damaged",
        good_facts.replace('"layers": 1', '"layers": 2'): "do not fit",
        good_facts.replace('"format": 1', '"format": 9'): "not a tokenizer",
    }.items():
        facts.write_text(broken)
        with pytest.raises(UnusableCheckpoint, match=reason):
            load_tokenizer(tmp_path)
