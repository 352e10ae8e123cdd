"""`kineme evaluate`: what it prints, writes and refuses."""

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from ml.annotations import read_annotations
from ml.cli import main
from ml.commands.evaluate import table
from ml.evaluation import evaluate
from ml.evaluation import report as module

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the annotated clips are not on this machine")


@pytest.fixture(autouse=True)
def few_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DRAWS", 5)
    monkeypatch.setattr(module, "RESAMPLES", 50)


def annotate(folder: Path, video: str, *spans: tuple[float, float]) -> None:
    folder.mkdir(exist_ok=True)
    segments = [{"start": s, "end": e, "label": "take"} for s, e in spans]
    (folder / f"{video}.json").write_text(json.dumps({"duration_s": 20.0, "segments": segments}))


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Truth of a, b and c; predictions of a, b and d."""
    found, truth = tmp_path / "found", tmp_path / "truth"
    annotate(truth, "a", (1, 5), (6, 9))
    annotate(truth, "b", (2, 8))
    annotate(truth, "c", (2, 8))
    annotate(found, "a", (1, 5.3), (6, 12))
    annotate(found, "b", (2, 8.8))
    annotate(found, "d", (2, 8))
    return found, truth


def score(found: Path, truth: Path, *more: object) -> int:
    return main(["evaluate", "--pred", str(found), "--gt", str(truth), *map(str, more)])


def test_it_prints_every_video_the_means_and_always_chance(
    folders: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
):
    assert score(*folders) == 0
    said = capsys.readouterr()
    lines = said.out.splitlines()
    starts = [line.split("  ")[0] for line in lines if line and not line.startswith(" ")]
    assert starts[:-1] == [
        "video", "a", "b", "c", "macro", "micro", "chance: grid, true count", "chance: random, true count",
        "chance: grid, found count", "chance: random, found count", "gain over grid, true count",
    ]  # fmt: skip
    head, a = lines[0].split(), lines[1].split()
    assert head[:7] == ["video", "true", "found", "F1@0.5s", "F1@1s", "F1@2s", "F1@5s"]
    assert a[:7] == ["a", "2", "2", "0.500", "0.500", "0.500", "1.000"]
    assert sum("95 %" in line for line in lines) == 6
    assert len({len(line) for line in lines if line and "scores in" not in line}) <= 2  # aligned
    assert "c: no prediction" in said.err
    assert "d: no annotation" in said.err


def test_it_writes_json_and_plots_beside_the_predictions(folders: tuple[Path, Path]):
    assert score(*folders) == 0
    out = folders[0] / "evaluation"
    data = json.loads((out / "evaluation.json").read_text())
    assert {"F1@0.5s", "F1@1s", "F1@2s", "F1@5s", "segmental F1@10", "mAP@0.5", "edit"} <= set(data["macro"])
    assert set(data["chance"]) == {"grid", "random", "grid_found", "random_found"}
    assert set(data["per_video"]) == {"a", "b", "c"}
    assert (data["n_videos"], data["without_prediction"], data["without_truth"]) == (3, ["c"], ["d"])
    plots = sorted(out.glob("*.svg"))
    assert [p.stem for p in plots] == ["f1_over_tolerance", "timeline_a", "timeline_b", "timeline_c"]
    for plot in plots:
        ElementTree.parse(plot)


def test_the_same_again_gives_the_same_bytes(folders: tuple[Path, Path]):
    out = folders[0] / "evaluation"
    assert score(*folders) == 0
    before = {p.name: p.read_bytes() for p in out.iterdir()}
    assert score(*folders) == 0
    assert {p.name: p.read_bytes() for p in out.iterdir()} == before


def test_json_and_plots_go_where_they_are_told(folders: tuple[Path, Path], tmp_path: Path):
    assert score(*folders, "--json", tmp_path / "new" / "s.json", "--plots", tmp_path / "p" / "q") == 0
    assert json.loads((tmp_path / "new" / "s.json").read_text())["rule"] == "kineme"
    assert (tmp_path / "p" / "q" / "f1_over_tolerance.svg").is_file()
    assert not (folders[0] / "evaluation").exists()


def test_the_official_rule(folders: tuple[Path, Path], tmp_path: Path):
    assert score(*folders, "--rule", "laps", "--json", tmp_path / "s.json") == 0
    data = json.loads((tmp_path / "s.json").read_text())
    assert (data["rule"], data["boundaries"]) == ("laps", "both")
    # a: 1 5 6 9 with 1 5.3 6 12: 3 of 4 at 2 s; b: 2 8 with 2 8.8: all; c has no file: 0
    assert data["macro"]["F1@2s"] == pytest.approx((3 / 4 + 1 + 0) / 3)


def test_frame_labels(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    for folder, labels in (("found", "bbttpppb"), ("truth", "bbtttppb")):
        (tmp_path / folder).mkdir()
        words = {"b": "background", "t": "take", "p": "put"}
        (tmp_path / folder / "a.txt").write_text("\n".join(words[c] for c in labels) + "\n")
    assert score(tmp_path / "found", tmp_path / "truth") == 2
    assert "--fps" in capsys.readouterr().err
    assert score(tmp_path / "found", tmp_path / "truth", "--fps", 2) == 0
    # Ends at 2.0 and 3.5 s against 2.5 and 3.5 s.
    assert capsys.readouterr().out.splitlines()[1].split()[:4] == ["a", "2", "2", "1.000"]


def test_files_that_cannot_be_used_are_one_sentence(folders: tuple[Path, Path], capsys: pytest.CaptureFixture[str]):
    found, truth = folders
    (found / "e.json").write_text("{")
    assert score(found, truth) == 2
    said = capsys.readouterr()
    assert said.err == "e.json: it is not JSON.\n"
    assert said.out == ""


def test_names_that_do_not_pair_are_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    annotate(tmp_path / "found", "x", (1, 2))
    annotate(tmp_path / "truth", "a", (1, 2))
    assert score(tmp_path / "found", tmp_path / "truth") == 2
    assert "predicted x; annotated a" in capsys.readouterr().err


def test_a_place_that_cannot_be_written(folders: tuple[Path, Path], capsys: pytest.CaptureFixture[str]):
    assert score(*folders, "--plots", folders[1] / "a.json" / "p") == 2
    assert "cannot write" in capsys.readouterr().err


def test_names_of_videos_are_data(tmp_path: Path):
    names = ["../../up", "..__.._up", "A", "a", "日本 <b>"]
    rows = {name: [{"segment": [1, 2], "label": "take"}] for name in names}
    for file in ("found.json", "truth.json"):
        (tmp_path / file).write_text(json.dumps({"results": rows}))
    assert score(tmp_path / "found.json", tmp_path / "truth.json", "--plots", tmp_path / "p" / "q") == 0
    assert len(list((tmp_path / "p" / "q").glob("timeline_*.svg"))) == 5
    assert {p.name for p in tmp_path.iterdir()} == {"found.json", "truth.json", "p"}


def test_one_video_has_no_rows_of_intervals(tmp_path: Path):
    annotate(tmp_path / "t", "a", (1, 2))
    truth = read_annotations(tmp_path / "t")
    assert "95 %" not in table(evaluate(truth, truth))


@needs_shared
def test_the_annotations_against_themselves(tmp_path: Path):
    folder = SHARED / "annotations"
    assert score(folder, folder, "--plots", tmp_path) == 0
    data = json.loads((tmp_path / "evaluation.json").read_text())
    assert {value for value in data["macro"].values() if value is not None} == {1.0}
    assert data["n_videos"] == len(list(tmp_path.glob("timeline_*.svg"))) == 14
