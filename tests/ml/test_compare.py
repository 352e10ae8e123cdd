"""`kineme compare` and `kineme ablate` on small videos drawn here."""

import json
from pathlib import Path
from typing import Any

import pytest

from ml.cli import main
from ml.commands.ablate import PERS, SOURCES
from ml.config import PipelineConfig
from ml.pipeline import discover
from tests.ml.test_cli import draw

METHODS = [
    "Kineme",
    "Kineme on latent energy",
    "LAPS as in the paper",
    "velocity",
    "velocity, each video",
    "optical flow",
    "optical flow, each video",
    "optical flow, cut as Kineme",
    "ABD (appearance)",
    "ABD given the true count (appearance)",
    "OTAS, global branch (appearance)",
    "OTAS, vote (appearance)",
    "regular grid, true count",
    "random, true count",
    "regular grid, count of Kineme",
    "random, count of Kineme",
]


def annotate(folder: Path, stem: str) -> None:
    """The truth of `draw`: it moves from second 2 to 4 and from 6 to 8."""
    rows = [{"start": 2.0, "end": 4.0, "label": "push"}, {"start": 6.0, "end": 7.7, "label": "pull"}]
    truth = {"duration_s": 8.0, "boundaries": [4.0], "segments": rows}
    (folder / f"{stem}.json").write_text(json.dumps(truth))


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of two videos, one file that is none, all with a truth; and a video without."""
    folder = tmp_path_factory.mktemp("recorded")
    (folder / "truth").mkdir()
    for seed, stem in enumerate(("one", "two")):
        draw(folder / f"{stem}.mp4", seed=seed)
        annotate(folder / "truth", stem)
    (folder / "broken.mp4").write_bytes(b"no video at all")
    annotate(folder / "truth", "broken")
    draw(folder / "unknown.mp4", seconds=2.0)
    return folder


@pytest.fixture(scope="module")
def work(recorded: Path) -> Path:
    return recorded / "work"


def kineme(command: str, *arguments: object) -> int:
    return main([command, *map(str, arguments), "--preset", "tiny", "--weights", "no such folder"])


@pytest.fixture(scope="module")
def compared(recorded: Path, work: Path) -> dict[str, Any]:
    out, table = recorded / "compare.json", recorded / "compare.md"
    given = ["--videos", recorded, "--gt", recorded / "truth", "--work", work, "--json", out, "--markdown", table]
    assert kineme("compare", *given) == 0
    data: dict[str, Any] = json.loads(out.read_text())
    return data


def test_every_method_has_a_row(compared: dict[str, Any], recorded: Path):
    assert [row["method"] for row in compared["rows"]] == METHODS
    for row in compared["rows"]:
        for key in ("F1@0.5s", "F1@1s", "F1@2s", "F1@5s", "segmental F1@10", "segmental F1@50", "mAP@0.5"):
            assert 0 <= row["scores"][key] <= 1
        assert row["gain"]["F1@1s"] is not None
        assert (row["scores"]["F1@0.2s"] is None) == row["method"].endswith("count of Kineme")
        assert row["n_true"] == 2
        assert (row["seconds"] is None) == ("count" in row["method"] and "ABD" not in row["method"])
    table = (recorded / "compare.md").read_text()
    assert all(f"| {name} " in table for name in METHODS)


def test_it_names_its_inputs(compared: dict[str, Any]):
    assert [video["video"] for video in compared["videos"]] == ["one", "two"]
    assert [one["video"] for one in compared["refused"]] == ["broken.mp4"]
    assert PipelineConfig.from_dict(compared["config"]).tokenizer.d_m == 32
    assert compared["encoders"] == [{"name": "appearance", "weights": None}]
    assert compared["absent"][0].startswith("open_clip")
    assert compared["seed"] == 0


def test_the_row_of_kineme_is_what_discover_finds(compared: dict[str, Any], recorded: Path, work: Path, tmp_path: Path):
    report = discover(
        [recorded / "one.mp4", recorded / "two.mp4"], tmp_path, PipelineConfig.preset("tiny"), work / "tokenizer"
    )
    found = {take.video.stem: [[s.start_s, s.end_s] for s in take.segments] for take in report.takes}
    assert compared["rows"][0]["intervals"] == found


def test_moving_and_resting_are_told_apart(compared: dict[str, Any]):
    rows = {row["method"]: row for row in compared["rows"]}
    assert rows["velocity"]["scores"]["F1@0.5s"] == 1.0
    assert rows["optical flow"]["scores"]["F1@0.5s"] == 1.0


def test_what_was_measured_is_used_again(compared: dict[str, Any], recorded: Path, work: Path):
    before = {p: p.stat().st_mtime_ns for p in work.rglob("*") if p.is_file() and "tokenizer" not in p.parts}
    out = recorded / "again.json"
    assert (
        kineme(
            "compare", "--videos", recorded / "one.mp4", recorded / "two.mp4", "--gt", recorded / "truth",
            "--work", work, "--tokenizer", work / "tokenizer", "--json", out,
        )
        == 0
    )  # fmt: skip
    assert {p: p.stat().st_mtime_ns for p in before} == before
    again = json.loads(out.read_text())
    assert [row["scores"] for row in again["rows"]] == [row["scores"] for row in compared["rows"]]


def test_a_bad_video_is_named(recorded: Path, work: Path, capsys: pytest.CaptureFixture[str]):
    gt, tokenizer = ("--gt", recorded / "truth"), ("--tokenizer", work / "tokenizer")
    videos = [recorded / name for name in ("one.mp4", "broken.mp4", "unknown.mp4", "absent.mp4")]
    annotate(recorded / "truth", "absent")
    try:
        assert kineme("compare", "--videos", *videos, *gt, *tokenizer, "--work", work) == 0
    finally:
        (recorded / "truth" / "absent.json").unlink()
    said = capsys.readouterr()
    assert "broken.mp4: not a video: the format is not known" in said.err
    assert f"unknown.mp4: no annotation in {recorded / 'truth'}" in said.err
    assert "absent.mp4: no such file" in said.err
    assert "| Kineme " in said.out


VARIANTS = [
    "as configured",
    *(f"signal: {source}, per {per}" for source in SOURCES for per in PERS),
    "threshold: one for all videos",
    "threshold: Otsu labels",
    "refinement: none",
    "all as in the paper",
    "encoder: Transformer",
    "encoder: mean",
    "encoder: attention-norm pooling",
    "encoder: Transformer, before quantisation",
    "clustered by latents, each camera alone",
    "representation: appearance frame features",
]


def test_the_ablation_has_a_row_for_every_variant(compared: dict[str, Any], recorded: Path, work: Path):
    out, table = recorded / "ablate.json", recorded / "ablate.md"
    given = ["--videos", recorded, "--gt", recorded / "truth", "--work", work, "--tokenizer", work / "tokenizer"]
    assert kineme("ablate", *given, "--json", out, "--markdown", table, "--clusters", 2) == 0
    data = json.loads(out.read_text())
    rows = {row["variant"]: row for row in data["rows"]}
    assert list(rows) == VARIANTS
    assert data["n_clusters"] == 2
    of_methods = {row["method"]: row["scores"] for row in compared["rows"]}
    assert rows["as configured"]["scores"] == of_methods["Kineme"]
    assert rows["signal: quantized, per step"]["scores"] == of_methods["Kineme on latent energy"]
    assert rows["all as in the paper"]["scores"] == of_methods["LAPS as in the paper"]
    assert rows["signal: velocity, per step"]["scores"]["F1@0.5s"] == 1.0
    clustered = rows["as configured"]["clustering"]
    assert clustered["n_labelled"] == 4
    assert 0 <= clustered["nmi"] <= 1
    assert -1 <= clustered["icss"]["appearance"]["random_pairs"] <= 1
    assert all(f"| {name} " in table.read_text() for name in VARIANTS)


@pytest.mark.parametrize("command", ["compare", "ablate"])
def test_requests_that_cannot_work_end_with_2(
    command: str, recorded: Path, work: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
):
    gt = ("--gt", recorded / "truth")
    (tmp_path / "empty").mkdir()
    for arguments, sentence in (
        (["--videos", recorded / "broken.mp4", *gt], "no video can be used"),
        (["--videos", recorded / "one.mp4"], "--videos need their annotations: --gt DIR"),
        (gt, "--gt says what happens in --videos, and none are given"),
        (["--videos", tmp_path / "empty", *gt], "the folders given hold no video with an annotation"),
        (["--videos", recorded, "--gt", tmp_path / "empty"], "holds no annotations"),
        (["--videos", recorded, *gt, "--encoder", "none such"], "there is no encoder 'none such'"),
        (["--videos", recorded / "one.mp4", *gt, "--work", work, "--tokenizer", tmp_path], "tokenizer"),
        (["--videos", recorded / "one.mp4", *gt, "--work", recorded / "one.mp4"], "one.mp4"),
    ):
        assert kineme(command, *arguments) == 2
        said = capsys.readouterr()
        assert sentence in said.err
        assert said.out == ""
        assert "Traceback" not in said.err
