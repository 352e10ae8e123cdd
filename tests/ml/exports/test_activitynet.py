from __future__ import annotations

import csv
import json
from pathlib import Path

from ml.annotations import read_annotations
from ml.exports import Dataset
from tests.ml.exports.test_writers import write


def test_the_json_reads_back_as_what_was_written(dataset: Dataset, tmp_path: Path) -> None:
    folder = write("activitynet", dataset, tmp_path / "out")
    found = read_annotations(folder / "annotations.json")
    assert list(found) == [source.key for source in dataset.sources]
    for source in dataset.sources:
        assert found[source.key].duration_s == source.duration_s
        expected = [
            (one.start_s, one.end_s, dataset.label_of(one)) for one in dataset.primitives if one.source == source.key
        ]
        assert [(i.start_s, i.end_s, i.label) for i in found[source.key].intervals] == expected


def test_the_table_reads_back_too_and_computes_nothing(dataset: Dataset, tmp_path: Path) -> None:
    folder = write("activitynet", dataset, tmp_path / "out")
    found = read_annotations(folder / "segments.csv")
    assert sum(len(annotation.intervals) for annotation in found.values()) == len(dataset.primitives)
    with (folder / "segments.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert not [value for row in rows for value in row.values() if value.startswith(("=", "+", "-", "@"))]
    assert rows[2]["label"] == "'=cmd|' /C calc'!A0"


def test_subsets_and_taxonomy_are_those_of_activitynet(dataset: Dataset, tmp_path: Path) -> None:
    data = json.loads((write("activitynet", dataset, tmp_path / "out") / "annotations.json").read_text())
    assert {key: entry["subset"] for key, entry in data["database"].items()} == {
        "v1-first": "training",
        "v2-second": "testing",
    }
    by_id = {node["nodeId"]: node for node in data["taxonomy"]}
    assert by_id[0] == {"nodeId": 0, "nodeName": "Root", "parentId": None, "parentName": None}
    for node in by_id.values():
        assert node["parentId"] is None or by_id[node["parentId"]]["nodeName"] == node["parentName"]


def test_labels_may_be_primitives_of_the_taxonomy(dataset: Dataset, tmp_path: Path) -> None:
    folder = write("activitynet", dataset, tmp_path / "out", label="primitive")
    labels = [i.label for i in read_annotations(folder / "annotations.json")["v1-first"].intervals]
    assert labels == ["grasp", "transport", "grasp", "cluster 2", "other"]
