"""Language and action without pictures (LA4VLA §4): a sentence that needs no eyes, and the motion that goes with it.

For video without a robot the action is latent: vectors of the codes. Two layouts: LeRobot v3 without cameras, and
LeRobot v2.1, which the LA4VLA loader reads (MINT-SJTU/LA4VLA, `process_suite: default`, `use_delta_action: false`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ml.artefacts import Progress
from ml.errors import NothingToExport
from ml.exports.card import write_card
from ml.exports.dataset import Dataset
from ml.exports.episodes import Episode, episodes_of, robot_widths
from ml.exports.instructions import Linter, instruction
from ml.exports.latent import Vectors, vectors_of
from ml.exports.options import LanguageActionOptions, LerobotOptions
from ml.exports.text import to_json, write_json
from ml.exports.v3 import BOOKKEEPING, V3, Frames, provenance

EPISODES_A_CHUNK = 1000
NO_STATE = 7  # columns of a state nobody gave: pose and gripper, as the LA4VLA data set has them
DATA = "data/chunk-{episode_chunk:03d}/episode_{episode_index:06d}.parquet"


def write(dataset: Dataset, folder: Path, options: LanguageActionOptions, progress: Progress) -> None:
    """An episode a primitive: the instruction as its task, a row a step with latent.code and action [D], latent or,
    where it is given, the robot's, with `latent.action` beside it and observation.state. In v2.1 a state nobody gave is
    zeros, since its loader refuses rows without one.

    No picture, and no name of a video's picture, anywhere. instructions.json lists every instruction with how many
    episodes have it. Errors: see `Writer.write`; opens no video.
    """
    vectors, said = _columns(dataset, options)
    instructed = Counter[str]()
    state_width, action_width = robot_widths(dataset)
    stateless = options.layout == "v2.1" and state_width is None
    frames = Frames(vectors, NO_STATE if stateless else state_width, action_width)
    layout: V3 | _V21 = V3(dataset, folder, frames, {}) if options.layout == "v3" else _V21(dataset, folder, frames)
    total = len(dataset.primitives)
    try:
        for number, episode in enumerate(_episodes(dataset, options)):
            instructed[episode.task] += 1
            if stateless:
                episode = replace(episode, state=np.zeros((len(episode), NO_STATE), dtype=np.float32))
            layout.add(episode, {})
            if number % 100 == 0:
                progress(number / total, f"{number} of {total} episodes")
    except BaseException:
        layout.abandon()
        raise
    if not layout.n_episodes:
        layout.abandon()
        raise NothingToExport("There is nothing to export: no primitive is long enough to have a single step.")
    layout.close({**said, "version": dataset.version, "version_digest": dataset.digest, "run": dataset.run})
    listed = [{"instruction": text, "episodes": n} for text, n in sorted(instructed.items())]
    write_json(listed, folder / "instructions.json")
    made = {"episodes": layout.n_episodes, "frames": layout.n_frames, "instructions": len(instructed)}
    write_card(dataset, folder, "language_action", options, made, (*_NOTES, *said.values()))


_NOTES = (
    "Instructions follow from the vocabulary by rules: action, direction, held or not. Colours, materials and looks "
    "are left out, and the names of objects unless they were asked for. A noun no list knows may have stayed: read "
    "instructions.json.",
    "There are no pictures. Statistics for v2.1 are left to the loader, which computes them for its own horizon.",
)


def _episodes(dataset: Dataset, options: LanguageActionOptions) -> Iterator[Episode]:
    linter = Linter.of(dataset.vocabulary, options.drop_objects)
    for source, primitives in dataset.by_source:
        for episode in episodes_of(dataset, source, primitives, LerobotOptions()):
            one = episode.primitives[0]
            text = instruction(dataset.action_of(one), one.cluster, linter)
            yield replace(episode, task=text, subtasks=(text,))


def _columns(dataset: Dataset, options: LanguageActionOptions) -> tuple[dict[str, Vectors], dict[str, str]]:
    robot_state, robot_action = robot_widths(dataset)
    latent = "action" if robot_action is None else "latent.action"
    what = "z_q" if options.vectors == "z_q" else "the quantised numbers"
    said = {
        latent: f"`{latent}` is latent: {what} of each code, found in the motion of a picture. It is not a robot's "
        "command.",
        "latent.code": f"`latent.code` is one of {dataset.n_codes} codes of motion, one for every row.",
    }
    if options.layout == "v2.1" and robot_state is None:
        said["observation.state"] = (
            "`observation.state` is all zeros: no robot's state was given, and the loader refuses rows without one."
        )
    if robot_action is not None:
        said["action"] = "`action` is what was commanded to the robot, as it was given with the video."
    return {latent: vectors_of(dataset, options.vectors)}, said


class _V21:
    """LeRobot codebase version v2.1: a file an episode, and lists as lines of JSON."""

    def __init__(self, dataset: Dataset, folder: Path, frames: Frames):
        self.n_episodes = self.n_frames = 0
        self._dataset, self._folder, self._frames = dataset, folder, frames
        self._tasks: dict[str, int] = {}
        meta = folder / "meta"
        meta.mkdir(parents=True)
        self._episodes = (meta / "episodes.jsonl").open("w", encoding="utf-8", newline="\n")
        self._stats = (meta / "episodes_stats.jsonl").open("w", encoding="utf-8", newline="\n")

    def add(self, episode: Episode, placed: dict[str, Any]) -> None:
        number, n = self.n_episodes, len(episode)
        task = self._tasks.setdefault(episode.task, len(self._tasks))
        columns = self._frames.columns(episode) | {
            "timestamp": pa.array((np.arange(n) / self._dataset.fps).astype(np.float32)),
            "frame_index": pa.array(np.arange(n)),
            "episode_index": pa.array(np.full(n, number)),
            "index": pa.array(self.n_frames + np.arange(n)),
            "task_index": pa.array(np.full(n, task)),
        }
        path = self._folder / DATA.format(episode_chunk=number // EPISODES_A_CHUNK, episode_index=number)
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table(columns), path, compression="snappy")
        facts = {f"kineme/{name}": value for name, value in provenance(self._dataset, episode).items()}
        row = {"episode_index": number, "tasks": [episode.task], "length": n} | facts
        self._episodes.write(to_json(row, indent=None) + "\n")
        self._stats.write(to_json({"episode_index": number, "stats": self._frames.stats(episode)}, indent=None) + "\n")
        self.n_episodes, self.n_frames = number + 1, self.n_frames + n

    def close(self, said: dict[str, Any]) -> None:
        self.abandon()
        with (self._folder / "meta" / "tasks.jsonl").open("w", encoding="utf-8", newline="\n") as file:
            for text, index in self._tasks.items():
                file.write(to_json({"task_index": index, "task": text}, indent=None) + "\n")
        fps = self._dataset.fps
        info = {
            "codebase_version": "v2.1",
            "robot_type": None,
            "total_episodes": self.n_episodes,
            "total_frames": self.n_frames,
            "total_tasks": len(self._tasks),
            "total_videos": 0,
            "total_chunks": -(-self.n_episodes // EPISODES_A_CHUNK),
            "chunks_size": EPISODES_A_CHUNK,
            "fps": int(fps) if fps == int(fps) else fps,
            "splits": {"train": f"0:{self.n_episodes}"},
            "data_path": DATA,
            "video_path": None,
            "features": self._frames.features()
            | {name: feature for name, feature in BOOKKEEPING.items() if name != "subtask_index"},
            "kineme": said,
        }
        write_json(info, self._folder / "meta" / "info.json")

    def abandon(self) -> None:
        self._episodes.close()
        self._stats.close()
