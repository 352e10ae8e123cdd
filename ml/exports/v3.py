"""The tables and texts of a LeRobot dataset of codebase version v3.0, as the library reads them.

Written after reading huggingface/lerobot at v0.4.4 and v0.6.1: frames in data/chunk-000/file-000.parquet, …, many
episodes a file; meta/info.json; meta/stats.json; meta/tasks.parquet and meta/subtasks.parquet, whose texts are the
index of a pandas table; meta/episodes/chunk-000/file-000.parquet, a row an episode.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from ml.exports.cameras import Placed, Size, stats_of_pictures
from ml.exports.dataset import SPLITS, Dataset
from ml.exports.episodes import Episode
from ml.exports.latent import Stats, Vectors, stats_of, stats_of_rows
from ml.exports.text import plain, write_json

CODEBASE = "v3.0"
DATA_MB, VIDEO_MB = 100, 200
FILES_A_CHUNK = 1000
ROWS_AT_ONCE = 4096
WIDE = 64  # a feature with more columns has no statistics by episode: they would be larger than the data
DATA = "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"
VIDEO = "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4"
EPISODES = "meta/episodes/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"


class Frames:
    """The columns of frames that do not come from the library's own bookkeeping, and their statistics."""

    def __init__(self, vectors: Mapping[str, Vectors], state_width: int | None, action_width: int | None):
        """vectors: columns that hold vectors of the codes, by name; the widths of a robot's series, where there is."""
        self.vectors, self.state_width, self.action_width = dict(vectors), state_width, action_width
        self._codes: npt.NDArray[np.int64] = np.zeros(
            max((len(v.table) for v in vectors.values()), default=1 << 15), dtype=np.int64
        )
        self._robot: dict[str, _Running] = {}
        if state_width is not None:
            self._robot["observation.state"] = _Running(state_width)
        if action_width is not None:
            self._robot["action"] = _Running(action_width)

    def features(self) -> dict[str, dict[str, Any]]:
        """The columns a frame has, as `info.json` describes them."""
        found: dict[str, dict[str, Any]] = {"latent.code": _feature("int64", 1, ["code"])}
        for name, vectors in self.vectors.items():
            found[name] = _feature("float32", vectors.width, list(vectors.names))
        for name, running in self._robot.items():
            found[name] = _feature("float32", running.width, [f"{name}_{i}" for i in range(running.width)])
        found["source.time_s"] = _feature("float64", 1, None)
        return found

    def columns(self, episode: Episode) -> dict[str, pa.Array]:
        """The columns of one episode, a row a frame."""
        found = {"latent.code": pa.array(episode.codes.astype(np.int64))}
        for name, vectors in self.vectors.items():
            found[name] = _rows(vectors.of(episode.codes))
        for name, series in self._series(episode).items():
            found[name] = _rows(series.astype(np.float32))
        found["source.time_s"] = pa.array(episode.times_s)
        return found

    def stats(self, episode: Episode) -> dict[str, Stats]:
        """Of this episode; counts it for the whole too."""
        counts = np.bincount(episode.codes, minlength=len(self._codes))
        self._codes += counts
        for name, series in self._series(episode).items():
            self._robot[name].add(series)
        return _of_codes(self.vectors, counts, WIDE) | {
            name: stats_of_rows(series) for name, series in self._series(episode).items()
        }

    def all_stats(self) -> dict[str, Stats]:
        """Statistics of every column over all episodes so far."""
        return _of_codes(self.vectors, self._codes) | {name: one.stats() for name, one in self._robot.items()}

    def _series(self, episode: Episode) -> dict[str, npt.NDArray[np.float32]]:
        found = {"observation.state": episode.state, "action": episode.action}
        return {name: series for name, series in found.items() if series is not None and name in self._robot}


class V3:
    """One dataset being written. Episodes are added in their order, those of one split after each other."""

    def __init__(self, dataset: Dataset, folder: Path, frames: Frames, cameras: Mapping[str, Size]):
        """cameras: the size of the pictures of each camera's feature."""
        self.n_episodes = self.n_frames = 0
        self._dataset, self._folder, self._frames, self._cameras = dataset, folder, frames, dict(cameras)
        self._data = _Files(folder, DATA)
        self._episodes = _Files(folder, EPISODES)
        self._tasks: dict[str, int] = {}
        self._subtasks: dict[str, int] = {}
        self._levels = {name: np.zeros((256, 3), dtype=np.int64) for name in cameras}
        self._in_split = dict.fromkeys(SPLITS, 0)

    def add(self, episode: Episode, placed: Mapping[str, Placed]) -> None:
        """placed: where each camera's pictures of the episode lie."""
        number, n = self.n_episodes, len(episode)
        task = self._tasks.setdefault(episode.task, len(self._tasks))
        subtasks = np.array([self._subtasks.setdefault(text, len(self._subtasks)) for text in episode.subtasks])
        steps = np.arange(n)
        columns = self._frames.columns(episode) | {
            "subtask_index": pa.array(subtasks[episode.part].astype(np.int64)),
            "timestamp": pa.array((steps / self._dataset.fps).astype(np.float32)),
            "frame_index": pa.array(steps),
            "episode_index": pa.array(np.full(n, number)),
            "index": pa.array(self.n_frames + steps),
            "task_index": pa.array(np.full(n, task)),
        }
        chunk, file = self._data.add(pa.table(columns))
        row: dict[str, Any] = {
            "episode_index": number,
            "tasks": [episode.task],
            "length": n,
            "data/chunk_index": chunk,
            "data/file_index": file,
            "dataset_from_index": self.n_frames,
            "dataset_to_index": self.n_frames + n,
        }
        stats = self._frames.stats(episode)
        for name, where in placed.items():
            row |= {
                f"videos/{name}/chunk_index": where.chunk,
                f"videos/{name}/file_index": where.file,
                f"videos/{name}/from_timestamp": where.from_s,
                f"videos/{name}/to_timestamp": where.to_s,
            }
            stats[name] = where.stats
            self._levels[name] += where.levels
        row |= {f"kineme/{name}": value for name, value in provenance(self._dataset, episode).items()}
        row |= {f"stats/{name}/{one}": value for name, found in stats.items() for one, value in found.items()}
        self._add_row(row)
        self.n_episodes, self.n_frames = number + 1, self.n_frames + n
        self._in_split[episode.source.split] += 1

    def close(self, said: Mapping[str, Any]) -> None:
        """Finish the files and write what describes them. said: goes into info.json under "kineme"."""
        self._data.close()
        self._episodes.close()
        _write_index(self._tasks, "task_index", None, self._folder / "meta" / "tasks.parquet")
        _write_index(self._subtasks, "subtask_index", "subtask", self._folder / "meta" / "subtasks.parquet")
        stats = self._frames.all_stats() | {name: stats_of_pictures(found) for name, found in self._levels.items()}
        write_json(stats, self._folder / "meta" / "stats.json")
        write_json(self._info(said), self._folder / "meta" / "info.json")

    def abandon(self) -> None:
        """Close the files, to be removed."""
        self._data.close()
        self._episodes.close()

    def _add_row(self, row: dict[str, Any]) -> None:
        table = pa.table({name: pa.array([value], _type(name, value)) for name, value in row.items()})
        chunk, file = self._episodes.place_for(table)
        where = {"meta/episodes/chunk_index": chunk, "meta/episodes/file_index": file}
        for name, value in where.items():
            table = table.append_column(name, pa.array([value], pa.int64()))
        self._episodes.add(table)

    def _info(self, said: Mapping[str, Any]) -> dict[str, Any]:
        fps = self._dataset.fps
        features = {
            name: {
                "dtype": "video",
                "shape": [height, width, 3],
                "names": ["height", "width", "channels"],
                "info": {
                    "video.height": height,
                    "video.width": width,
                    "video.codec": "h264",
                    "video.pix_fmt": "yuv420p",
                    "video.is_depth_map": False,
                    "video.fps": _whole(fps),
                    "video.channels": 3,
                    "has_audio": False,
                },
            }
            for name, (width, height) in self._cameras.items()
        }
        splits, start = {}, 0
        for split in SPLITS:
            if self._in_split[split]:
                splits[split] = f"{start}:{start + self._in_split[split]}"
                start += self._in_split[split]
        return {
            "codebase_version": CODEBASE,
            "robot_type": None,
            "total_episodes": self.n_episodes,
            "total_frames": self.n_frames,
            "total_tasks": len(self._tasks),
            "chunks_size": FILES_A_CHUNK,
            "data_files_size_in_mb": DATA_MB,
            "video_files_size_in_mb": VIDEO_MB,
            "fps": _whole(fps),
            "splits": splits,
            "data_path": DATA,
            "video_path": VIDEO if self._cameras else None,
            "features": features | self._frames.features() | BOOKKEEPING,
            "kineme": dict(said),
        }


def provenance(dataset: Dataset, episode: Episode) -> dict[str, Any]:
    """Where an episode comes from: columns of its row."""
    only = episode.primitives[0] if len(episode.primitives) == 1 else None
    rated = [(one.quality, one.n_reviews) for one in episode.primitives if one.quality is not None]
    source = episode.source
    return {
        "source": source.key,
        "source_sha256": source.sha256,
        "title": plain(source.title),
        "view": plain(source.view),
        "recording": plain(source.recording),
        "licence": plain(source.licence),
        "split": source.split,
        "start_s": episode.primitives[0].start_s,
        "end_s": max(one.end_s for one in episode.primitives),
        "primitives": [one.id for one in episode.primitives],
        "cycle": episode.cycle,
        "action": None if only is None else only.action,
        "cluster": None if only is None else only.cluster,
        "quality": float(np.mean([quality for quality, _ in rated])) if rated else None,
        "n_reviews": sum(one.n_reviews for one in episode.primitives),
        "run": dataset.run,
        "version": plain(dataset.version),
        "version_digest": dataset.digest,
    }


def _feature(dtype: str, width: int, names: list[str] | None) -> dict[str, Any]:
    return {"dtype": dtype, "shape": [width], "names": names}


BOOKKEEPING = {
    "subtask_index": _feature("int64", 1, None),
    "timestamp": _feature("float32", 1, None),
    "frame_index": _feature("int64", 1, None),
    "episode_index": _feature("int64", 1, None),
    "index": _feature("int64", 1, None),
    "task_index": _feature("int64", 1, None),
}


def _rows(values: npt.NDArray[np.float32]) -> pa.Array:
    """[T, D] as a column of lists; of plain numbers where D is 1, which is what the library makes of it."""
    flat = pa.array(np.ascontiguousarray(values).ravel())
    return flat if values.shape[1] == 1 else pa.FixedSizeListArray.from_arrays(flat, values.shape[1])


def _of_codes(
    vectors: Mapping[str, Vectors], counts: npt.NDArray[np.int64], widest: int | None = None
) -> dict[str, Stats]:
    found = {"latent.code": stats_of(np.arange(len(counts), dtype=np.float64)[:, None], counts)}
    for name, one in vectors.items():
        if widest is None or one.width <= widest:
            used = np.flatnonzero(counts)
            found[name] = stats_of(one.table[used], counts[used])
    return found


_NUMBERS = {"kineme/start_s", "kineme/end_s", "kineme/quality"}
_WHOLE = {"kineme/cycle", "kineme/action", "kineme/cluster", "kineme/n_reviews", "kineme/run"}


def _type(name: str, value: Any) -> pa.DataType:
    """The type of an episode's column, which a missing value would not tell."""
    if name.startswith("stats/"):
        kind = pa.int64() if name.endswith("/count") else pa.float64()
        while isinstance(value, list):
            kind, value = pa.list_(kind), value[0]
        return kind
    if name == "tasks":
        return pa.list_(pa.string())
    if name == "kineme/primitives":
        return pa.list_(pa.int64())
    if name in _NUMBERS or name.endswith("_timestamp"):
        return pa.float64()
    return pa.int64() if name in _WHOLE or isinstance(value, int) else pa.string()


def _write_index(texts: Mapping[str, int], column: str, index: str | None, path: Path) -> None:
    """A table of numbers whose pandas index is the texts, as the library expects: `index` is its name."""
    stored = index if index is not None else "__index_level_0__"
    pandas = {
        "index_columns": [stored],
        "column_indexes": [
            {"name": None, "field_name": None, "pandas_type": "unicode", "numpy_type": "object", "metadata": None}
        ],
        "columns": [
            {"name": column, "field_name": column, "pandas_type": "int64", "numpy_type": "int64", "metadata": None},
            {"name": index, "field_name": stored, "pandas_type": "unicode", "numpy_type": "object", "metadata": None},
        ],
        "creator": {"library": "pyarrow", "version": pa.__version__},
        "pandas_version": "2.2.0",
    }
    table = pa.table({column: pa.array(list(texts.values()), pa.int64()), stored: pa.array(list(texts), pa.string())})
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table.replace_schema_metadata({b"pandas": json.dumps(pandas).encode()}), path)


def _whole(number: float) -> float | int:
    return int(number) if number == int(number) else number


class _Files:
    """A table in files of at most `DATA_MB` each, uncompressed, rows together in groups of some thousands."""

    def __init__(self, folder: Path, pattern: str):
        self._folder, self._pattern = folder, pattern
        self._writer: pq.ParquetWriter | None = None
        self._waiting: list[pa.Table] = []
        self._number, self._bytes = 0, 0

    def place_for(self, table: pa.Table) -> tuple[int, int]:
        """(chunk, file) that rows of this size will be in; closes the file before if they have no room in it."""
        if self._bytes and self._bytes + table.nbytes > DATA_MB * 1_000_000:
            self.close()
            self._number, self._bytes = self._number + 1, 0
        chunk, file = divmod(self._number, FILES_A_CHUNK)
        return chunk, file

    def add(self, table: pa.Table) -> tuple[int, int]:
        """Append rows that stay together in one file; where."""
        place = self.place_for(table)
        self._bytes += table.nbytes
        self._waiting.append(table)
        if sum(len(one) for one in self._waiting) >= ROWS_AT_ONCE:
            self._flush()
        return place

    def close(self) -> None:
        self._flush()
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _flush(self) -> None:
        if not self._waiting:
            return
        rows = pa.concat_tables(self._waiting).combine_chunks()
        self._waiting = []
        if self._writer is None:
            chunk, file = divmod(self._number, FILES_A_CHUNK)
            path = self._folder / self._pattern.format(chunk_index=chunk, file_index=file)
            path.parent.mkdir(parents=True, exist_ok=True)
            self._writer = pq.ParquetWriter(path, rows.schema, compression="snappy")
        self._writer.write_table(rows)


class _Running:
    """Statistics of rows that pass by once: moments exactly, quantiles of the first million rows."""

    KEPT = 1_000_000

    def __init__(self, width: int):
        self.width = width
        self._rows: list[npt.NDArray[np.float32]] = []
        self._n, self._kept = 0, 0
        self._sum, self._squares = np.zeros(width), np.zeros(width)
        self._min, self._max = np.full(width, np.inf), np.full(width, -np.inf)

    def add(self, rows: npt.NDArray[np.float32]) -> None:
        exact = rows.astype(np.float64)
        self._n += len(rows)
        self._sum += exact.sum(axis=0)
        self._squares += (exact**2).sum(axis=0)
        self._min, self._max = np.minimum(self._min, exact.min(axis=0)), np.maximum(self._max, exact.max(axis=0))
        if self._kept < self.KEPT:
            self._rows.append(rows.astype(np.float32))
            self._kept += len(rows)

    def stats(self) -> Stats:
        mean = self._sum / self._n
        return stats_of_rows(np.concatenate(self._rows)) | {
            "min": self._min.tolist(),
            "max": self._max.tolist(),
            "mean": mean.tolist(),
            "std": np.sqrt(np.maximum(self._squares / self._n - mean**2, 0)).tolist(),
            "count": [self._n],
        }
