"""`kineme train`: on folders of tracks, and on a video drawn here."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ml.cli import main
from ml.tokenizer.checkpoint import checkpoint_digest, load_tokenizer
from ml.tracking import TracksFile
from tests.ml.moving_points import MovingPoints
from tests.ml.test_cli import draw

STEPS = 20


def tracks(folder: Path, n_windows: int = 12, seed: int = 0, n_points: int = 400) -> Path:
    with TracksFile.create(folder) as file:
        file.append(MovingPoints(n_windows, seed=seed, n_points=n_points).tracks)
    return folder


def arguments(*given: object, steps: int = STEPS) -> list[str]:
    return [*map(str, given), "--preset", "tiny", "--steps", str(steps)]


def train(*given: object, steps: int = STEPS) -> int:
    return main(["train", *arguments(*given, steps=steps)])


def test_tracks_give_a_checkpoint_and_what_it_is_worth(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    sources = [tracks(tmp_path / str(seed), seed=seed) for seed in range(3)]
    out = tmp_path / "new" / "folder"
    assert train(*sources, "--out", out, "--seed", 5) == 0
    said = capsys.readouterr().out
    tokenizer = load_tokenizer(out)
    assert f"{tokenizer.n_parameters:,} parameters" in said
    assert "trained on 24 windows, judged on 12 on videos kept apart" in said
    assert "validation loss" in said
    assert "perplexity" in said
    metrics = json.loads((out / "tokenizer.json").read_text())["metrics"]
    assert metrics["training"]["seed"] == 5
    assert metrics["history"][-1]["step"] == STEPS
    assert not (out / "unfinished").exists()
    plots = {path.name: path.read_text() for path in (out / "plots").iterdir()}
    assert set(plots) == {"loss.svg", "displacements.svg", "codes.svg", "reconstruction.svg"}
    assert "expected from the codes" in plots["reconstruction.svg"]
    judged = {str(seed) for seed in range(3) if f">{seed}, " in plots["reconstruction.svg"]}
    assert len(judged) == 1  # the one video kept apart


def test_a_video_is_tracked_first_and_one_that_cannot_be_read_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    video = draw(tmp_path / "station.mp4")
    (tmp_path / "notes.txt").write_text("no video")
    assert train(video, tmp_path / "notes.txt", tmp_path / "absent.mp4", "--out", tmp_path / "out", steps=2) == 0
    said = capsys.readouterr().err
    assert "notes.txt: " in said
    assert "absent.mp4: no such file" in said
    assert load_tokenizer(tmp_path / "out").config.n_points == 400


def test_a_finished_training_is_not_overwritten_unasked(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    source, out = tracks(tmp_path / "tracks"), tmp_path / "out"
    assert train(source, "--out", out) == 0
    first = checkpoint_digest(out)
    assert train(source, "--out", out, "--seed", 1) == 2
    assert "--force" in capsys.readouterr().err
    assert checkpoint_digest(out) == first
    assert train(source, "--out", out, "--seed", 1, "--resume") == 0  # nothing left to do
    assert checkpoint_digest(out) == first
    assert train(source, "--out", out, "--seed", 1, "--force") == 0
    assert checkpoint_digest(out) != first


def test_what_cannot_be_trained_on_is_said_in_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "empty").mkdir()
    assert train(tmp_path / "empty", "--out", tmp_path / "out") == 2
    assert "a folder without tracks" in capsys.readouterr().err
    damaged = tracks(tmp_path / "damaged")
    (damaged / "tracks.bin").write_bytes(b"short")
    assert train(damaged, "--out", tmp_path / "out2") == 2
    assert "damaged" in capsys.readouterr().err
    two = tracks(tmp_path / "fine"), tracks(tmp_path / "coarse", n_points=100)
    assert train(*two, "--out", tmp_path / "out3") == 2
    assert "differ" in capsys.readouterr().err
    assert train(two[0], "--out", tmp_path / "out4", "--resume") == 2
    assert "no training" in capsys.readouterr().err


def test_a_training_killed_outright_goes_on_to_the_same_bytes(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    source, out, steps = tracks(tmp_path / "tracks"), tmp_path / "out", 60
    command = [sys.executable, "-m", "ml.cli", "train"]
    process = subprocess.Popen(
        [*command, *arguments(source, "--out", out, "--save-every", 0, steps=steps)],
        env={**os.environ, "OMP_WAIT_POLICY": "PASSIVE"},
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 120
        while not (out / "unfinished" / "state" / "training.json").exists():
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert not (out / "tokenizer.json").exists()
    assert train(source, "--out", out, steps=steps) == 2
    assert "--resume goes on" in capsys.readouterr().err
    assert train(source, "--out", out, "--resume", steps=steps) == 0
    assert train(source, "--out", tmp_path / "whole", steps=steps) == 0
    assert checkpoint_digest(out) == checkpoint_digest(tmp_path / "whole")
