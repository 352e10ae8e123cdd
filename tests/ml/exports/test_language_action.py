from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from ml.exports import Dataset
from ml.tokenizer.checkpoint import load_tokenizer
from ml.tokenizer.encode import z_q_of
from tests.ml.exports.test_lerobot import episodes, frames, info
from tests.ml.exports.test_writers import write


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.parametrize("layout", ["v3", "v2.1"])
def test_there_is_no_picture_anywhere(layout: str, dataset: Dataset, tmp_path: Path) -> None:
    sources = tuple(replace(source, path=tmp_path / "gone.mp4") for source in dataset.sources)
    folder = write("language_action", replace(dataset, sources=sources), tmp_path / "out", layout=layout)
    assert {path.suffix for path in folder.rglob("*") if path.is_file()} <= {".json", ".jsonl", ".parquet", ".md"}
    found = info(folder)
    assert found["video_path"] is None
    assert {feature["dtype"] for feature in found["features"].values()} <= {"int64", "float32", "float64"}
    assert "not a robot's command" in found["kineme"]["action"]


def test_v3_tells_instructions_as_tasks(dataset: Dataset, tmp_path: Path) -> None:
    folder = write("language_action", dataset, tmp_path / "out", vectors="z_q")
    assert [row["tasks"] for row in episodes(folder)[:4]] == [
        ["align with and grasp the object"],
        ["transport the object to the left while holding it"],
        ["align with and grasp the object"],
        ["perform motion 2"],
    ]
    table = frames(folder)
    expected = z_q_of(np.array(table["latent.code"]), load_tokenizer(dataset.tokenizer))
    np.testing.assert_array_equal(np.array(table["action"].to_pylist(), dtype=np.float32), expected)
    listed = json.loads((folder / "instructions.json").read_text())
    assert sum(row["episodes"] for row in listed) == 6


def test_v2_1_is_a_file_an_episode_and_lists_as_lines(dataset: Dataset, tmp_path: Path) -> None:
    folder = write("language_action", dataset, tmp_path / "out", layout="v2.1")
    found = info(folder)
    assert (found["codebase_version"], found["total_episodes"], found["total_chunks"]) == ("v2.1", 6, 1)
    tasks = {row["task_index"]: row["task"] for row in lines(folder / "meta" / "tasks.jsonl")}
    rows = lines(folder / "meta" / "episodes.jsonl")
    assert "all zeros" in found["kineme"]["observation.state"]
    assert len(lines(folder / "meta" / "episodes_stats.jsonl")) == len(rows) == 6
    for row in rows:
        path = folder / found["data_path"].format(episode_chunk=0, episode_index=row["episode_index"])
        table = pq.read_table(path)
        assert table.num_rows == row["length"]
        assert [tasks[index] for index in set(table["task_index"].to_pylist())] == row["tasks"]
        assert len(table["action"][0].as_py()) == 4
        assert table["observation.state"][0].as_py() == [0.0] * 7
        assert set(table.column_names) == set(found["features"])


def test_a_robots_state_and_action_go_along(dataset: Dataset, tmp_path: Path) -> None:
    with_robot = tuple(
        replace(
            one,
            robot_state=np.ones((len(one.codes), 7), np.float32),
            robot_action=np.full((len(one.codes), 7), one.id, np.float32),
        )
        for one in dataset.primitives
    )
    some = replace(dataset, primitives=with_robot)
    folder = write("language_action", some, tmp_path / "out", layout="v2.1")
    table = pq.read_table(folder / "data/chunk-000/episode_000000.parquet")
    assert table["action"][0].as_py() == [1.0] * 7
    assert table["observation.state"][0].as_py() == [1.0] * 7
    assert len(table["latent.action"][0].as_py()) == 4
