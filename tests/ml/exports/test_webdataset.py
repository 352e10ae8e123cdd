"""Read with the real `webdataset` library."""

from __future__ import annotations

import io
import json
from pathlib import Path

import av
import numpy as np
import pytest
import webdataset

from ml.exports import Dataset
from tests.ml.exports import made
from tests.ml.exports.test_writers import write


def samples(shard: Path) -> list[dict[str, object]]:
    return list(webdataset.WebDataset(str(shard), shardshuffle=False, empty_check=True))


def levels(content: bytes) -> list[int]:
    with av.open(io.BytesIO(content)) as container:
        return [made.slot_of(frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]


def test_webdataset_reads_every_primitive_with_its_clip_codes_and_facts(dataset: Dataset, tmp_path: Path) -> None:
    folder = write("webdataset", dataset, tmp_path / "out")
    assert json.loads((folder / "shards.json").read_text()) == {"shards": {"train-000000.tar": 5, "test-000000.tar": 1}}
    found = samples(folder / "shards" / "train-000000.tar")
    assert [sample["__key__"] for sample in found] == [f"v1-first-{i:08d}" for i in (1, 2, 3, 4, 6)]
    by_id = {primitive.id: primitive for primitive in dataset.primitives}
    for sample in found:
        facts = json.loads(sample["json"])
        one = by_id[facts["id"]]
        codes = np.load(io.BytesIO(sample["codes.npy"]))
        assert codes.dtype == np.int16
        np.testing.assert_array_equal(codes, one.codes)
        np.testing.assert_allclose(facts["times_s"], one.times_s)
        # Every picture of [start_s, end_s), and no other: pictures of 30 a second, three a slot but at the ends.
        slots = levels(sample["mp4"])
        assert len(slots) == facts["clip"]["pictures"] == round((one.end_s - one.start_s) * 30)
        assert slots[0] == round(one.start_s * 10)
        assert slots[-1] == round(one.end_s * 10)  # 1/30 s before the end: in the slot around it
        assert facts["source"]["title"] == made.TITLE


def test_a_shard_is_closed_before_it_grows_beyond_its_size(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ml.exports.webdataset.MEGABYTE", 25_000)
    folder = write("webdataset", dataset, tmp_path / "out", shard_mb=1)
    shards = sorted((folder / "shards").glob("train-*.tar"))
    assert len(shards) > 1
    assert sum(len(samples(shard)) for shard in shards) == 5
    # The last one has a label of 10,000 characters and is larger than a shard may be.
    assert all(shard.stat().st_size <= 25_000 for shard in shards[:-1])
    assert len(samples(shards[-1])) == 1
