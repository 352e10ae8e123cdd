"""LeRobot v3: video, latent codes, and what each frame is part of, as the `lerobot` library opens it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ml.artefacts import Progress
from ml.errors import NothingToExport
from ml.exports.cameras import Camera, canvas_of
from ml.exports.card import write_card
from ml.exports.dataset import Dataset, Primitive, Source
from ml.exports.episodes import episodes_of, robot_widths
from ml.exports.latent import Vectors, vectors_of
from ml.exports.options import LerobotOptions
from ml.exports.text import safe_name
from ml.exports.v3 import V3, Frames

Used = list[tuple[Source, list[Primitive]]]


def write(dataset: Dataset, folder: Path, options: LerobotOptions, progress: Progress) -> None:
    """One dataset in `folder`, or one for each view in a folder of its name, where there are several: every frame of a
    LeRobot dataset needs a picture of every camera, and primitives are found in each view for itself.

    observation.images.<view>: the frame a step begins with, at the chain's rate. latent.code: the motion from it to the
    next frame. latent.z_q: where it was asked for. action: the robot's where it is given, with the latent one in
    `latent.action` beside it; else the latent one, and info.json says that it is no robot's. observation.state: where
    the robot's is given. subtask_index, task_index: what the primitive, and the episode, is called. source.time_s: of
    the frame in the source. Episodes of train, val and test follow each other. Errors: see `Writer.write`.
    """
    views: dict[str, Used] = {}
    for source, primitives in dataset.by_source:
        if any(len(one.codes) for one in primitives):
            views.setdefault(safe_name(source.view, "main"), []).append((source, primitives))
    if not views:
        raise NothingToExport("There is nothing to export: no primitive is long enough to have a single step.")
    vectors, said = _columns(dataset, options)
    n_sources = sum(len(used) for used in views.values())
    made: dict[str, Any] = {"episodes": 0, "frames": 0, "views": {}}
    before = 0
    for view, used in sorted(views.items()):

        def tell(of_view: float, message: str, before: int = before) -> None:
            progress((before + of_view) / n_sources, message)

        into = folder if len(views) == 1 else folder / view
        done = _write_view(dataset, into, view, used, options, Frames(vectors, *robot_widths(dataset)), said, tell)
        made["views"][view] = done
        for name, count in done.items():
            made[name] += count
        before += len(used)
    write_card(dataset, folder, "lerobot", options, made, (*_NOTES, *said.values()))


_NOTES = (
    "Frame i of an episode is what is seen when step i begins; its code is the motion from there to the next frame.",
    "`meta/episodes` tells for every episode (columns kineme/…) which video, seconds, primitives, run and version it "
    "is from; `source.time_s` the second of every frame.",
    "In an episode of a cycle the pauses between primitives are left out: `source.time_s` jumps there.",
    "Pictures of another shape than most have a black border.",
)


def _columns(dataset: Dataset, options: LerobotOptions) -> tuple[dict[str, Vectors], dict[str, str]]:
    """The columns of latent vectors, and what info.json says of the columns."""
    _, robot_action = robot_widths(dataset)
    latent = "action" if robot_action is None else "latent.action"
    vectors = {latent: vectors_of(dataset, options.action)}
    if options.z_q:
        vectors["latent.z_q"] = vectors_of(dataset, "z_q")
    what = "the quantised numbers behind each code, in -1..1" if options.action == "coordinates" else "z_q of each code"
    said = {
        latent: f"`{latent}` is latent: {what}, found in the motion of the picture by tokenizer and run named here. It "
        "is not a robot's command.",
        "latent.code": f"`latent.code` is one of {dataset.n_codes} codes of motion, one for every frame.",
    }
    if robot_action is not None:
        said["action"] = "`action` is what was commanded to the robot, as it was given with the video."
    return vectors, said


def _write_view(
    dataset: Dataset,
    folder: Path,
    view: str,
    used: Used,
    options: LerobotOptions,
    frames: Frames,
    said: dict[str, str],
    tell: Callable[[float, str], None],
) -> dict[str, int]:
    """The dataset of one view. tell: called with how many sources are done, and a message."""
    name = f"observation.images.{view}"
    camera = Camera(folder / "videos" / name, dataset.fps, canvas_of(used, options.long_side_px), options)
    v3 = V3(dataset, folder, frames, {name: camera.size})
    try:
        for place, (source, primitives) in enumerate(used):
            message = f"{view}: {place + 1} of {len(used)} videos"
            episodes = list(episodes_of(dataset, source, primitives, options))

            def of_source(fraction: float, place: int = place, message: str = message) -> None:
                tell(place + fraction, message)

            for episode, placed in zip(episodes, camera.add(source, episodes, of_source), strict=True):
                v3.add(episode, {name: placed})
        camera.close()
    except BaseException:
        camera.abandon()
        v3.abandon()
        raise
    v3.close(
        {
            **said,
            "version": dataset.version,
            "version_digest": dataset.digest,
            "run": dataset.run,
            "config_hash": dataset.config_hash,
        }
    )
    return {"episodes": v3.n_episodes, "frames": v3.n_frames}
