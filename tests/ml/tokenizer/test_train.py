import json
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from ml.artefacts import Progress, no_progress
from ml.config import AugmentationConfig, TokenizerConfig, TrainingConfig
from ml.errors import Cancelled, TooShort, UnusableCheckpoint
from ml.tokenizer.checkpoint import checkpoint_digest, load_tokenizer, read_facts
from ml.tokenizer.model import MotionTokenizer
from ml.tokenizer.train import learning_rate_factor, multiplies_in, train_tokenizer
from ml.tokenizer.windows import split_windows
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


def test_training_in_bfloat16_repeats_and_says_so(tmp_path: Path):
    low = replace(BRIEF, precision="bfloat16", augmentation=AugmentationConfig(mirror_x=True, noise_px=0.2))
    for name in ("first", "second"):
        train(tmp_path / name, MovingPoints(12), training=low)
    assert checkpoint_digest(tmp_path / "first") == checkpoint_digest(tmp_path / "second")
    assert read_facts(tmp_path / "first")["metrics"]["trained_in"] == "bfloat16"
    assert load_tokenizer(tmp_path / "first").embed.weight.dtype == torch.float32


def test_every_validation_is_in_the_history_and_the_best_is_kept(tmp_path: Path):
    train(tmp_path, MovingPoints(12), training=replace(BRIEF, steps=6, validations=3))
    metrics = read_facts(tmp_path)["metrics"]
    assert [one["step"] for one in metrics["history"]] == [2, 4, 6]
    best = min(metrics["history"], key=lambda one: one["validation_loss"])
    assert metrics["step"] == best["step"]
    assert all(one["training_loss"] > 0 and one["perplexity"] >= 1 for one in metrics["history"])


def test_a_training_that_gets_no_better_is_stopped(tmp_path: Path):
    hopeless = replace(BRIEF, steps=40, validations=20, learning_rate=0.5, patience=2)
    train(tmp_path, MovingPoints(12), training=hopeless)
    metrics = read_facts(tmp_path)["metrics"]
    last = metrics["history"][-1]["step"]
    assert last < 40
    assert last - metrics["step"] == 2 * 2  # two validations, one every other step, after the best


class Killed(Exception):
    """Stands for the end of the process: nothing after it is run."""


def killed_at(step: int) -> Progress:
    def progress(fraction: float, message: str) -> None:
        if message.startswith(f"step {step} "):
            raise Killed

    return progress


@pytest.mark.parametrize("step", [1, 4, 5])
def test_a_training_taken_up_again_ends_in_the_same_bytes(tmp_path: Path, step: int):
    config = replace(TINY, dropout=0.1, noise=0.01)
    training = replace(BRIEF, steps=6, validations=3, augmentation=AugmentationConfig(mirror_x=True, noise_px=0.1))
    train_tokenizer([MovingPoints(12)], config, training, tmp_path / "whole")
    state, out = tmp_path / "state", tmp_path / "parts"
    with pytest.raises(Killed):
        train_tokenizer([MovingPoints(12)], config, training, out, killed_at(step), state=state, state_every_s=0)
    assert not out.exists()
    assert len(list(state.iterdir())) == 2
    steps: list[str] = []
    train_tokenizer(
        [MovingPoints(12)], config, training, out, lambda fraction, message: steps.append(message), state=state
    )
    assert len(steps) == 6 - step
    assert checkpoint_digest(out) == checkpoint_digest(tmp_path / "whole")
    assert not state.exists()


def test_the_state_of_another_training_is_not_taken_up(tmp_path: Path):
    def run(out: str, tracks: MovingPoints, training: TrainingConfig, stop: int | None) -> None:
        progress = no_progress if stop is None else killed_at(stop)
        with suppress(Killed):
            train_tokenizer([tracks], TINY, training, tmp_path / out, progress, state=tmp_path / "s", state_every_s=0)

    run("never", MovingPoints(12), BRIEF, 2)
    other = replace(BRIEF, seed=7)
    run("other", MovingPoints(12), other, None)
    train_tokenizer([MovingPoints(12)], TINY, other, tmp_path / "fresh")
    assert checkpoint_digest(tmp_path / "other") == checkpoint_digest(tmp_path / "fresh")
    run("never", MovingPoints(12), BRIEF, 2)
    run("others", MovingPoints(12, seed=3), BRIEF, None)
    train_tokenizer([MovingPoints(12, seed=3)], TINY, BRIEF, tmp_path / "fresh too")
    assert checkpoint_digest(tmp_path / "others") == checkpoint_digest(tmp_path / "fresh too")


def test_a_damaged_state_is_not_taken_up(tmp_path: Path):
    state = tmp_path / "state"
    with pytest.raises(Killed):
        train_tokenizer([MovingPoints(12)], TINY, BRIEF, tmp_path, killed_at(2), state=state, state_every_s=0)
    tensors = next(state.glob("*.safetensors"))
    tensors.write_bytes(tensors.read_bytes()[:1000])
    train_tokenizer([MovingPoints(12)], TINY, BRIEF, tmp_path / "out", state=state)
    train_tokenizer([MovingPoints(12)], TINY, BRIEF, tmp_path / "whole")
    assert checkpoint_digest(tmp_path / "out") == checkpoint_digest(tmp_path / "whole")


def test_what_products_are_made_in():
    cpu = torch.device("cpu")
    assert multiplies_in("float32", cpu) == torch.float32
    assert multiplies_in("bfloat16", cpu) == torch.bfloat16
    assert multiplies_in("auto", cpu) in (torch.float32, torch.bfloat16)
