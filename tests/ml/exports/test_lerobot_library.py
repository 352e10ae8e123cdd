"""The real `lerobot` library opens what we write. It shares no versions with us, so it has an environment of its own:
docs/decisions/0016-export-formats.md says how to make it."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ml.exports import Dataset
from ml.tokenizer.checkpoint import load_tokenizer
from ml.tokenizer.encode import z_q_of
from tests.ml.exports import made
from tests.ml.exports.test_writers import write

LIBRARY = os.environ.get("KINEME_LEROBOT_PYTHON", "")
pytestmark = pytest.mark.skipif(
    not LIBRARY, reason="KINEME_LEROBOT_PYTHON names no Python with lerobot (docs/decisions/0016-export-formats.md)"
)
READER = Path(__file__).with_name("read_with_lerobot.py")


def read(folder: Path) -> dict[str, Any]:
    alone = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "HF_HOME": str(folder.parent / "hf"), "PYTHONPATH": ""}
    run = subprocess.run([LIBRARY, str(READER), str(folder)], env=os.environ | alone, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr[-4000:]
    found: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    print({name: found[name] for name in ("lerobot", "torch", "torchvision", "av")})
    return found


def test_the_library_reads_every_frame_with_its_code_picture_and_texts(dataset: Dataset, tmp_path: Path) -> None:
    found = read(write("lerobot", dataset, tmp_path / "out", z_q=True))
    ordered = [one for _, primitives in dataset.by_source for one in primitives]
    assert (found["episodes"], found["fps"], found["camera"]) == (len(ordered), 10, "observation.images.front")
    assert found["titles"] == [made.TITLE] * 5 + ["second.mp4"]
    codes = np.concatenate([one.codes for one in ordered])
    assert [frame["code"] for frame in found["frames"]] == codes.tolist()
    assert [frame["episode"] for frame in found["frames"]] == [i for i, one in enumerate(ordered) for _ in one.codes]
    # Frame i shows the slot its step begins in.
    begins = np.concatenate([np.round(one.times_s * 10).astype(int) - 1 for one in ordered])
    assert [frame["slot"] for frame in found["frames"]] == begins.tolist()
    np.testing.assert_allclose([frame["source_time_s"] for frame in found["frames"]], begins / 10, atol=1e-9)
    z_q = z_q_of(codes, load_tokenizer(dataset.tokenizer))
    np.testing.assert_array_equal(np.array([frame["z_q"] for frame in found["frames"]], dtype=np.float32), z_q)
    assert {tuple(frame["shape"]) for frame in found["frames"]} == {(3, 48, 64)}
    assert all(frame["subtask_of_library"] in (None, frame["subtask"]) for frame in found["frames"])
    assert found["frames"][0]["task"] == found["frames"][0]["subtask"] == "Pick up the red screwdriver"
    assert found["stats"]["action"] == sorted(["min", "max", "mean", "std", "count", "q01", "q10", "q50", "q90", "q99"])


def test_the_library_reads_chunks_of_actions_and_single_episodes(dataset: Dataset, tmp_path: Path) -> None:
    found = read(write("lerobot", dataset, tmp_path / "out"))
    assert found["chunk"] == [3, 4]
    assert found["padded"] == [False, True, True]
    assert found["two_pictures"] == [7, 8]  # the last primitive has the slots 3..8
    assert found["in_last_episode"] == 6
    assert found["last_code"] == dataset.primitives[0].codes[-1]


def test_the_library_reads_cycles_with_their_subtasks(dataset: Dataset, tmp_path: Path) -> None:
    folder = write("lerobot", dataset, tmp_path / "out", episode="cycle", cycle_action=10, task="Mount the plate")
    found = read(folder)
    assert found["episodes"] == 3  # two in the first video, one in the second
    assert {frame["task"] for frame in found["frames"]} == {"Mount the plate"}
    subtasks = [frame["subtask"] for frame in found["frames"] if frame["episode"] == 0]
    assert subtasks == ["Pick up the red screwdriver"] * 8 + ["=cmd|' /C calc'!A0"] * 5
    # The primitive of cluster 2 begins two steps before the one before it ends, which keeps them.
    slots = [frame["slot"] for frame in found["frames"] if frame["episode"] == 1]
    assert slots == [*range(20, 30), 30, 31, *range(40, 48)]


def test_the_library_reads_each_view_of_several(dataset: Dataset, tmp_path: Path) -> None:
    sources = (replace(dataset.sources[0], view="Über Kopf"), dataset.sources[1])
    folder = write("lerobot", replace(dataset, sources=sources), tmp_path / "out")
    assert read(folder / "uber-kopf")["camera"] == "observation.images.uber-kopf"
    assert read(folder / "front")["episodes"] == 5


def test_the_library_reads_language_and_action_without_pictures(dataset: Dataset, tmp_path: Path) -> None:
    found = read(write("language_action", dataset, tmp_path / "out"))
    assert (found["camera"], found["episodes"]) == (None, 6)
    assert found["frames"][0]["task"] == "align with and grasp the object"
    ordered = [one for _, primitives in dataset.by_source for one in primitives]
    assert [frame["code"] for frame in found["frames"]] == [code for one in ordered for code in one.codes.tolist()]
    assert found["padded"] == [False, True, True]
