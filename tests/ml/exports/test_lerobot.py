"""The files of a LeRobot v3 dataset, read with pyarrow and PyAV. The library itself: test_lerobot_library.py."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ml.errors import NothingToExport, UnusableCheckpoint
from ml.exports import Dataset
from ml.tokenizer.checkpoint import load_tokenizer
from ml.tokenizer.encode import z_q_of
from tests.ml.exports import made
from tests.ml.exports.test_writers import write
from tests.ml.media import write_video


def frames(folder: Path) -> pa.Table:
    return pa.concat_tables(pq.read_table(path) for path in sorted((folder / "data").glob("*/*.parquet")))


def episodes(folder: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(folder / "meta" / "episodes").to_pylist()
    return rows


def info(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "meta" / "info.json").read_text())
    return found


def shown(folder: Path, episode: dict[str, Any], camera: str = "observation.images.front") -> list[int]:
    """The slots of the pictures between an episode's timestamps."""
    chunk, file = episode[f"videos/{camera}/chunk_index"], episode[f"videos/{camera}/file_index"]
    start, end = episode[f"videos/{camera}/from_timestamp"], episode[f"videos/{camera}/to_timestamp"]
    with av.open(str(folder / f"videos/{camera}/chunk-{chunk:03d}/file-{file:03d}.mp4")) as container:
        found = [(frame.time, frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]
    return [made.slot_of(image) for time_s, image in found if start - 1e-6 <= time_s < end - 1e-6]


def test_an_episode_is_a_primitive_whose_frames_show_where_each_step_begins(dataset: Dataset, tmp_path: Path) -> None:
    folder = write("lerobot", dataset, tmp_path / "out")
    table, rows = frames(folder), episodes(folder)
    ordered = [one for _, primitives in dataset.by_source for one in primitives]
    assert [row["kineme/primitives"] for row in rows] == [[one.id] for one in ordered]
    assert table["index"].to_pylist() == list(range(table.num_rows))
    for row, one in zip(rows, ordered, strict=True):
        part = table.slice(row["dataset_from_index"], row["length"])
        assert part["latent.code"].to_pylist() == one.codes.tolist()
        assert part["frame_index"].to_pylist() == list(range(len(one.codes)))
        np.testing.assert_allclose(part["timestamp"], np.arange(len(one.codes)) / 10, atol=1e-6)
        assert shown(folder, row) == [round(time_s * 10) - 1 for time_s in one.times_s]


def test_videos_are_h264_at_the_rate_of_the_steps(dataset: Dataset, tmp_path: Path) -> None:
    folder = write("lerobot", dataset, tmp_path / "out")
    with av.open(str(folder / "videos/observation.images.front/chunk-000/file-000.mp4")) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert (stream.average_rate, stream.frames) == (10, 41)
        assert [frame.time for frame in container.decode(stream)] == [i / 10 for i in range(41)]


def test_every_episode_tells_where_it_is_from(dataset: Dataset, tmp_path: Path) -> None:
    rows = episodes(write("lerobot", dataset, tmp_path / "out"))
    assert rows[1]["kineme/title"] == made.TITLE
    assert rows[1]["kineme/quality"] is None
    assert (rows[1]["kineme/start_s"], rows[1]["kineme/end_s"], rows[1]["kineme/action"]) == (0.8, 1.3, 11)
    assert rows[3]["kineme/action"] is None
    assert rows[4]["kineme/cluster"] is None
    source = dataset.sources[0]
    assert (rows[5]["kineme/source_sha256"], rows[5]["kineme/split"]) == (source.sha256, "test")
    assert {row["kineme/version_digest"] for row in rows} == {"d" * 64}


def test_info_tells_splits_and_that_the_action_is_latent(dataset: Dataset, tmp_path: Path) -> None:
    found = info(write("lerobot", dataset, tmp_path / "out"))
    assert found["splits"] == {"train": "0:5", "test": "5:6"}
    assert (found["codebase_version"], found["total_frames"], found["total_episodes"]) == ("v3.0", 41, 6)
    assert "not a robot's command" in found["kineme"]["action"]
    assert found["features"]["action"]["shape"] == [4]


def test_texts_are_the_index_of_a_pandas_table(dataset: Dataset, tmp_path: Path) -> None:
    folder = write("lerobot", dataset, tmp_path / "out")
    tasks = pq.read_table(folder / "meta" / "tasks.parquet")
    assert json.loads(tasks.schema.metadata[b"pandas"])["index_columns"] == ["__index_level_0__"]
    assert tasks["__index_level_0__"].to_pylist()[:3] == [
        "Pick up the red screwdriver", "=cmd|' /C calc'!A0", "cluster 2",
    ]  # fmt: skip
    assert len(tasks["__index_level_0__"][3].as_py()) == 500
    assert tasks["task_index"].to_pylist() == [0, 1, 2, 3]
    subtasks = pq.read_table(folder / "meta" / "subtasks.parquet")
    assert json.loads(subtasks.schema.metadata[b"pandas"])["index_columns"] == ["subtask"]


def test_statistics_are_those_of_the_rows(dataset: Dataset, tmp_path: Path) -> None:
    folder = write("lerobot", dataset, tmp_path / "out", z_q=True)
    stats = json.loads((folder / "meta" / "stats.json").read_text())
    rows = np.array(frames(folder)["latent.z_q"].to_pylist())
    found = stats["latent.z_q"]
    np.testing.assert_allclose(found["mean"], rows.mean(axis=0), atol=1e-9)
    np.testing.assert_allclose(found["std"], rows.std(axis=0), atol=1e-9)
    np.testing.assert_allclose(found["min"], rows.min(axis=0))
    np.testing.assert_allclose(found["q90"], np.quantile(rows, 0.9, axis=0, method="inverted_cdf"))
    assert found["count"] == [41]
    picture = stats["observation.images.front"]
    # The first and every tenth frame of each episode: slots 0, 8, 20, 28, 40 and 3.
    assert picture["mean"][0][0][0] == pytest.approx(
        np.mean([20 + 4 * s for s in (0, 8, 20, 28, 40, 3)]) / 255, abs=0.01
    )
    first = episodes(folder)[0]
    codes = np.array(dataset.by_source[0][1][0].codes)
    assert first["stats/latent.code/mean"] == [codes.mean()]
    assert "stats/observation.images.front/mean" in first


def test_z_q_is_the_tokenizers(dataset: Dataset, tmp_path: Path) -> None:
    folder = write("lerobot", dataset, tmp_path / "out", action="z_q")
    table = frames(folder)
    expected = z_q_of(np.array(table["latent.code"]), load_tokenizer(dataset.tokenizer))
    np.testing.assert_array_equal(np.array(table["action"].to_pylist(), dtype=np.float32), expected)


def test_a_cycle_lasts_from_one_action_to_the_next(dataset: Dataset, tmp_path: Path) -> None:
    folder = write("lerobot", dataset, tmp_path / "out", episode="cycle", cycle_action=11)
    rows = episodes(folder)
    # In the first video primitive 1 comes before the first action 11; the second video has none at all.
    assert [(row["kineme/cycle"], row["kineme/primitives"]) for row in rows] == [
        (0, [1]), (1, [2, 3, 4, 6]), (0, [5]),
    ]  # fmt: skip
    assert [row["tasks"] for row in rows] == [["One cycle of work: Bench <b>one</b>"]] * 3
    assert shown(folder, rows[1]) == [*range(8, 13), *range(20, 32), *range(40, 48)]
    whole = write("lerobot", dataset, tmp_path / "whole", episode="cycle")
    assert [row["kineme/primitives"] for row in episodes(whole)] == [[1, 2, 3, 4, 6], [5]]


def test_files_of_video_are_closed_in_time(dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ml.exports.cameras.SHARD_S", 1.5)
    folder = write("lerobot", dataset, tmp_path / "out")
    rows = episodes(folder)
    camera = "observation.images.front"
    placed = [
        (row[f"videos/{camera}/file_index"], row[f"videos/{camera}/from_timestamp"], row["length"]) for row in rows
    ]
    # The fourth overlaps the third, so its pictures come after those of the fifth.
    assert [file for file, _, _ in placed] == [0, 0, 1, 2, 2, 3]
    assert placed[1][1] == 0.8
    assert [shown(folder, row)[0] for row in rows] == [0, 8, 20, 28, 40, 3]


def test_tables_go_on_in_another_file(dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ml.exports.v3.DATA_MB", 0.001)
    folder = write("lerobot", dataset, tmp_path / "out")
    rows = episodes(folder)
    assert len(list((folder / "data").glob("*/*.parquet"))) > 1
    for row in rows:
        table = pq.read_table(folder / f"data/chunk-000/file-{row['data/file_index']:03d}.parquet")
        assert table.filter(pa.compute.equal(table["episode_index"], row["episode_index"])).num_rows == row["length"]


def test_a_variable_rate_is_followed_by_time(dataset: Dataset, tmp_path: Path) -> None:
    # The first second at 30 a second, then 10 a second, each slot's pictures in its own grey.
    times = [i / 30 for i in range(29)] + [i / 10 for i in range(10, 40)]
    images = [made.numbered(50, step=made.STEP)[int(t * 10 + 0.5)] for t in times]
    path = write_video(tmp_path / "vfr.mkv", images, times_s=times)
    source = replace(dataset.sources[1], path=path)
    some = replace(dataset, sources=(source,), primitives=(made.primitive(1, source.key, 5, 20, 10),))
    folder = write("lerobot", some, tmp_path / "out")
    assert shown(folder, episodes(folder)[0]) == list(range(5, 25))


def test_pictures_of_another_shape_get_a_border(dataset: Dataset, tmp_path: Path) -> None:
    tall = made.video(tmp_path / "tall.mp4", 20, 1, width=32, height=64)
    source = replace(dataset.sources[0], path=tall)
    some = replace(
        dataset,
        sources=(source, dataset.sources[1]),
        primitives=(made.primitive(5, source.key, 3, 4, 10), *dataset.primitives[1:]),
    )
    folder = write("lerobot", some, tmp_path / "out")
    assert info(folder)["features"]["observation.images.front"]["shape"] == [48, 64, 3]
    with av.open(str(folder / "videos/observation.images.front/chunk-000/file-000.mp4")) as container:
        image = list(container.decode(video=0))[-1].to_ndarray(format="rgb24")
    assert image[:, :18].max() < 8  # 32 × 64 scaled to 24 × 48, in the middle of 64 × 48
    assert abs(float(image[4:44, 24:40].mean()) - (20 + 4 * 6)) < 4


def test_a_robots_series_takes_the_place_of_the_latent_action(dataset: Dataset, tmp_path: Path) -> None:
    with_robot = [
        replace(
            one,
            robot_state=np.full((len(one.codes), 7), one.id, dtype=np.float32),
            robot_action=np.arange(2 * len(one.codes), dtype=np.float32).reshape(-1, 2),
        )
        for one in dataset.primitives
    ]
    folder = write("lerobot", replace(dataset, primitives=tuple(with_robot)), tmp_path / "out")
    features = info(folder)["features"]
    assert features["action"]["shape"] == [2]
    assert features["latent.action"]["shape"] == [4]
    assert features["observation.state"]["shape"] == [7]
    assert frames(folder)["action"][1].as_py() == [2.0, 3.0]
    # A series that one primitive lacks is left out.
    mixed = replace(dataset, primitives=(dataset.primitives[0], *with_robot[1:]))
    assert "observation.state" not in info(write("lerobot", mixed, tmp_path / "mixed"))["features"]


def test_primitives_without_a_step_are_left_out(dataset: Dataset, tmp_path: Path) -> None:
    empty = made.primitive(
        1,
        "v1-first",
        5,
        0,
        10,
    )
    some = replace(dataset, primitives=(replace(empty, end_s=0.55), made.primitive(2, "v1-first", 8, 3)))
    assert [row["kineme/primitives"] for row in episodes(write("lerobot", some, tmp_path / "out"))] == [[2]]
    with pytest.raises(NothingToExport, match="long enough"):
        write("lerobot", replace(dataset, primitives=(empty,)), tmp_path / "nothing")


def test_a_tokenizer_with_too_few_codes_is_told(dataset: Dataset, tmp_path: Path) -> None:
    one = dataset.primitives[0]
    wrong = replace(one, codes=one.codes + np.int16(30_000))
    with pytest.raises(UnusableCheckpoint, match="has 1920 codes, but a primitive has the code"):
        write("lerobot", replace(dataset, primitives=(wrong,)), tmp_path / "out")
