"""`kineme coherence` on folders as `kineme discover` leaves them."""

import json
from pathlib import Path

import numpy as np
import pytest

from ml.cli import main
from ml.encoders import CLIP
from tests.ml.media import write_video

RED, BLUE = (200, 30, 30), (30, 30, 200)


def clip(path: Path, colour: tuple[int, int, int], seed: int) -> None:
    noise = np.random.default_rng(seed).integers(-20, 20, (9, 48, 64, 3))
    pictures = np.clip(np.array(colour) + noise, 0, 255).astype(np.uint8)
    write_video(path, list(pictures), fps=10)


@pytest.fixture
def found(tmp_path: Path) -> Path:
    """Two videos, five clips: reds and a lone blue, and what was made of them."""
    rows, colours = [], [RED, RED, BLUE, RED, RED]
    for i, colour in enumerate(colours):
        video, segment = ("left", i) if i < 3 else ("right", i - 3)
        folder = tmp_path / video / "clips"
        folder.mkdir(parents=True, exist_ok=True)
        clip(folder / f"{segment:05}.mp4", colour, i)
        rows.append({"video": video, "segment": segment})
    clusters = [
        {"index": 0, "size": 4, "silhouette": 0.25, "medoids": [0]},
        {"index": 1, "size": 1, "silhouette": None, "medoids": [2]},
    ]
    data = {"clusters": clusters, "labels": [0, 0, 1, 0, 0], "segments": rows}
    (tmp_path / "clusters.json").write_text(json.dumps(data))
    return tmp_path


def test_the_table_names_what_made_it_and_stands_beside_random_pairs(found, tmp_path, capsys):
    assert main(["coherence", str(found), "--encoder", "appearance", "--json", str(tmp_path / "out.json")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "appearance · no weights · seed 42"
    assert lines[2].split()[:3] == ["0", "4", "6"]
    assert lines[2].split()[-1] == "0.250"
    assert "one segment: there is no pair" in lines[3]
    assert lines[4].split()[0] == "overall"
    assert lines[5].split()[:2] == ["random", "pairs"]
    (result,) = json.loads((tmp_path / "out.json").read_text())["coherence"]
    assert (result["encoder"], result["weights"], result["seed"]) == ("appearance", None, 42)
    assert result["clusters"][0]["icss"] > result["random_pairs"]["exact"] + 0.1
    assert result["clusters"][1]["icss"] is None


def test_without_weights_clip_is_left_out_with_the_command_that_helps(found, tmp_path, capsys):
    nowhere = tmp_path / "nowhere"
    assert main(["coherence", str(found), "--weights", str(nowhere), "--json", str(tmp_path / "out.json")]) == 0
    said = capsys.readouterr()
    assert f"{CLIP} is left out" in said.err
    assert f"--local-dir {nowhere}" in said.err
    assert CLIP not in said.out
    data = json.loads((tmp_path / "out.json").read_text())
    assert [one["encoder"] for one in data["coherence"]] == ["appearance"]
    assert [one["encoder"] for one in data["unavailable"]] == [CLIP]


def test_clip_alone_without_weights_does_not_work(found, tmp_path, capsys):
    assert main(["coherence", str(found), "--encoder", CLIP, "--weights", str(tmp_path / "nowhere")]) == 2
    assert capsys.readouterr().out == ""


def test_the_environment_says_where_the_weights_lie(found, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("KINEME_CLIP_WEIGHTS", str(tmp_path / "elsewhere"))
    assert main(["coherence", str(found), "--encoder", CLIP]) == 2
    assert str(tmp_path / "elsewhere") in capsys.readouterr().err


def test_the_same_seed_prints_the_same(found, capsys):
    assert main(["coherence", str(found), "--encoder", "appearance"]) == 0
    first = capsys.readouterr().out
    assert main(["coherence", str(found), "--encoder", "appearance"]) == 0
    assert capsys.readouterr().out == first


@pytest.mark.parametrize(
    ("break_it", "sentence"),
    [
        (lambda folder: (folder / "clusters.json").unlink(), "holds no clusters.json"),
        (lambda folder: (folder / "clusters.json").write_text("{"), "is damaged"),
        (lambda folder: (folder / "clusters.json").write_text('{"segments": 3}'), "is damaged"),
        (lambda folder: (folder / "left" / "clips" / "00001.mp4").unlink(), "1 of 5 clips are not there"),
        (lambda folder: (folder / "left" / "clips" / "00001.mp4").write_bytes(b"?" * 99), "not a video"),
    ],
)
def test_a_folder_that_is_something_else_is_refused_in_a_sentence(found, capsys, break_it, sentence):
    break_it(found)
    assert main(["coherence", str(found), "--encoder", "appearance"]) == 2
    said = capsys.readouterr()
    assert sentence in said.err
    assert "Traceback" not in said.err
