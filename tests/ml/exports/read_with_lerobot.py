"""Opens a data set with the real `lerobot` library and prints, as JSON, what a trainer would get from it.

Run by test_lerobot_library.py in an environment of its own, see docs/decisions/0016-export-formats.md. Imports nothing
of ours.
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from pathlib import Path

import pandas
import torch
from lerobot.datasets.lerobot_dataset import LeRobotDataset


def level(picture: torch.Tensor) -> int:
    """Which slot a picture is of: grey 20 + 4 a slot, as tests.ml.exports.made draws them."""
    return round((float(picture.mean()) * 255 - 20) / 4)


def main(folder: str) -> dict[str, object]:
    dataset = LeRobotDataset("kineme/export", root=folder, video_backend="pyav")
    camera = next(iter(dataset.meta.video_keys), None)
    # Since 0.5 the library leaves this table to who reads the data set; before, it adds the text to every frame.
    subtasks = pandas.read_parquet(Path(folder) / "meta" / "subtasks.parquet").sort_values("subtask_index")
    loader = torch.utils.data.DataLoader(dataset, batch_size=4, shuffle=False, num_workers=0)
    frames: list[dict[str, object]] = []
    for batch in loader:
        for i in range(len(batch["index"])):
            frames.append(
                {
                    "episode": int(batch["episode_index"][i]),
                    "code": int(batch["latent.code"][i]),
                    "action": batch["action"][i].tolist(),
                    "z_q": batch["latent.z_q"][i].tolist() if "latent.z_q" in batch else None,
                    "source_time_s": float(batch["source.time_s"][i]),
                    "slot": level(batch[camera][i]) if camera else None,
                    "shape": list(batch[camera][i].shape) if camera else None,
                    "task": batch["task"][i],
                    "subtask": subtasks.index[int(batch["subtask_index"][i])],
                    "subtask_of_library": batch["subtask"][i] if "subtask" in batch else None,
                }
            )
    deltas = {"action": [0.0, 0.1, 0.2]} | ({camera: [-0.1, 0]} if camera else {})
    chunked = LeRobotDataset("kineme/export", root=folder, video_backend="pyav", delta_timestamps=deltas)
    last = dataset.num_frames - 1
    some = LeRobotDataset("kineme/export", root=folder, video_backend="pyav", episodes=[dataset.num_episodes - 1])
    return {
        "lerobot": version("lerobot"),
        "torch": torch.__version__,
        "torchvision": version("torchvision"),
        "av": version("av"),
        "fps": dataset.fps,
        "episodes": dataset.num_episodes,
        "camera": camera,
        "frames": frames,
        "chunk": chunked[last]["action"].shape,
        "padded": chunked[last]["action_is_pad"].tolist(),
        "two_pictures": [level(picture) for picture in chunked[last][camera]] if camera else None,
        "in_last_episode": len(some),
        "last_code": int(some[len(some) - 1]["latent.code"]),
        "stats": {name: sorted(found) for name, found in dataset.meta.stats.items()},
        "titles": list(dataset.meta.episodes["kineme/title"]),
    }


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1])))
