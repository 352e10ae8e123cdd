from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ml.annotations import read_annotation
from ml.exports import Dataset
from ml.preview import Mp4Writer
from ml.tokenizer.checkpoint import load_tokenizer
from ml.tokenizer.encode import z_q_of
from ml.video import pictures
from tests.ml.exports.test_writers import write


def test_our_reader_of_the_official_layout_reads_it_back(dataset: Dataset, tmp_path: Path) -> None:
    folder = write("laps", dataset, tmp_path / "out")
    found = read_annotation(folder / "v1-first" / "segmented_videos" / "v1-first_segments.json")
    assert (found.video, found.duration_s) == ("v1-first", 5.0)
    mine = [one for one in dataset.primitives if one.source == "v1-first"]
    names = [None if one.action is None else dataset.actions[one.action].name for one in mine]
    assert [(i.start_s, i.end_s, i.label) for i in found.intervals] == [
        (one.start_s, one.end_s, name) for one, name in zip(mine, names, strict=True)
    ]


def test_codes_and_clips_stand_under_the_names_of_the_official_code(dataset: Dataset, tmp_path: Path) -> None:
    folder = write("laps", dataset, tmp_path / "out", quantized=True) / "v2-second"
    # 0.3 s is frame 3 at ten a second, which lies in window 0 of stride 4.
    codes = json.loads((folder / "code_indices" / "segment_0000_startwin_000000.codes.json").read_text())
    clip = folder / codes["video_segment_path"]
    assert clip.name == "segment_0000_startwin_000000.mp4"
    assert sum(1 for _ in pictures(clip)) == 18
    one = dataset.primitives[0]
    assert codes["codes_windows"] == [one.codes.tolist()]
    assert codes["segment"] == {"start_frame": 3, "end_frame": 9, "start_win": 0}
    np.testing.assert_array_equal(
        np.array(codes["quantized_windows"][0], dtype=np.float32),
        z_q_of(one.codes, load_tokenizer(dataset.tokenizer)),
    )


def test_a_failing_encoder_leaves_no_half_clip(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Mp4Writer) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Mp4Writer, "close", fail)
    with pytest.raises(OSError, match="No space left"):
        write("laps", dataset, tmp_path / "out")
    assert not [path for path in (tmp_path / "out").rglob("*") if path.suffix in (".mp4", ".part")]
