"""What holds for every kind of export."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from ml.errors import Cancelled, CannotDecode, NothingToExport
from ml.exports import WRITERS, Dataset
from ml.exports.options import ActivitynetOptions, Options
from tests.ml.exports import made

KINDS = sorted(WRITERS)


def write(kind: str, dataset: Dataset, folder: Path, **chosen: object) -> Path:
    WRITERS[kind].write(dataset, folder, WRITERS[kind].options.from_dict(chosen))
    return folder


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_dataset_and_options_give_the_same_bytes(kind: str, dataset: Dataset, tmp_path: Path) -> None:
    one, other = write(kind, dataset, tmp_path / "one"), write(kind, dataset, tmp_path / "other")
    assert made.digests(one) == made.digests(other)


@pytest.mark.parametrize("kind", KINDS)
def test_names_of_files_hold_nothing_a_person_typed(kind: str, dataset: Dataset, tmp_path: Path) -> None:
    nasty = replace(dataset, sources=tuple(replace(s, view="../../con", recording="\x00") for s in dataset.sources))
    for path in write(kind, nasty, tmp_path / "out").rglob("*"):
        assert re.fullmatch(r"[A-Za-z0-9._-]+", path.name), path
        assert path.resolve().is_relative_to((tmp_path / "out").resolve())


@pytest.mark.parametrize("kind", KINDS)
def test_an_export_of_nothing_is_refused_before_anything_is_written(
    kind: str, dataset: Dataset, tmp_path: Path
) -> None:
    with pytest.raises(NothingToExport, match="no primitive passes the filter"):
        write(kind, replace(dataset, primitives=()), tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("kind", KINDS)
def test_every_export_has_a_card_that_tells_counts_agreement_and_licences(
    kind: str, dataset: Dataset, tmp_path: Path
) -> None:
    folder = write(kind, dataset, tmp_path / "out")
    facts = json.loads((folder / "card.json").read_text())
    assert facts["kind"] == kind
    assert facts["counts"]["primitives"] == 6
    assert facts["counts"]["splits"] == {"train": 5, "val": 0, "test": 1}
    assert [row["primitives"] for row in facts["counts"]["actions"]] == [3, 1, 1, 1]
    assert facts["figures"]["quality"]["alpha"] == 0.81
    card = (folder / "README.md").read_text()
    assert "alpha 0.810, 95 % interval 0.700 to 0.900, over 12 primitives judged by two or more" in card
    assert "Labels, nominal scale: Krippendorff's alpha is not defined" in card
    assert "20 candidates, 12 rated, 6 kept" in card
    assert "in version 20, below quality 14, exported 6" in card
    assert "Filter split: train 0.8" in card
    assert "No licence is noted on 1 of 2 videos" in card
    assert "none noted" in card
    assert "<script>" not in card
    assert "\x00" not in card
    assert "\u202e" not in card


@pytest.mark.parametrize("kind", KINDS)
def test_progress_grows_and_may_stop_the_export(kind: str, dataset: Dataset, tmp_path: Path) -> None:
    seen: list[float] = []
    writer = WRITERS[kind]
    writer.write(dataset, tmp_path / "whole", writer.options(), lambda fraction, message: seen.append(fraction))
    assert seen == sorted(seen)
    assert seen[-1] == 1.0

    def stop(fraction: float, message: str) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        writer.write(dataset, tmp_path / "stopped", writer.options(), stop)
    assert not list((tmp_path / "stopped").rglob("*.part"))
    assert not list((tmp_path / "stopped").rglob(".clips-*"))


@pytest.mark.parametrize("kind", ["laps", "lerobot", "webdataset"])
def test_a_video_that_ends_before_its_primitives_is_told(kind: str, dataset: Dataset, tmp_path: Path) -> None:
    late = (made.primitive(1, "v1-first", 70, 5, 10),)
    with pytest.raises(CannotDecode, match=r"ends at 4\.9 s"):
        write(kind, replace(dataset, primitives=late), tmp_path / "out")


def test_options_of_another_kind_are_refused(dataset: Dataset, tmp_path: Path) -> None:
    wrong: Options = ActivitynetOptions()
    with pytest.raises(ValueError, match="lerobot takes LerobotOptions"):
        WRITERS["lerobot"].write(dataset, tmp_path, wrong)


def test_a_dataset_refuses_keys_that_are_paths_and_primitives_out_of_order(dataset: Dataset) -> None:
    with pytest.raises(ValueError, match="keys of sources"):
        replace(dataset, sources=(replace(dataset.sources[0], key="../up"),), primitives=())
    with pytest.raises(ValueError, match="order"):
        replace(dataset, primitives=dataset.primitives[::-1])
