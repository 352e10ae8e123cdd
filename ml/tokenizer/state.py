"""An unfinished training on disk, so that one that was killed goes on from there to the same bytes.

`training.json` names the tensors' file beside it and replaces its forerunner in one rename; no pickle.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor

FACTS = "training.json"


def save_state(folder: Path, facts: dict[str, Any], tensors: dict[str, Tensor]) -> None:
    """Keep the state of a training in `folder`, in place of an earlier one. facts: JSON types with a "step"."""
    folder.mkdir(parents=True, exist_ok=True)
    name = f"training-{facts['step']}.safetensors"
    plain = {key: tensor.detach().cpu().contiguous() for key, tensor in tensors.items()}
    _replace(folder / name, save_tensors(plain))
    _replace(folder / FACTS, json.dumps({**facts, "tensors": name}).encode())
    for old in folder.glob("training-*.safetensors"):
        if old.name != name:
            old.unlink(missing_ok=True)


def load_state(folder: Path) -> tuple[dict[str, Any], dict[str, Tensor]] | None:
    """The facts and tensors that `save_state` left in `folder`; None where there are none that can be read."""
    try:
        facts = json.loads((folder / FACTS).read_bytes())
        return facts, load_tensors((folder / facts["tensors"]).read_bytes())
    except (OSError, ValueError, KeyError, TypeError, SafetensorError):
        return None


def drop_state(folder: Path) -> None:
    """Remove the folder of a finished training's state."""
    shutil.rmtree(folder, ignore_errors=True)


def optimiser_tensors(optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    """The running sums of every parameter, under flat names."""
    state = optimiser.state_dict()["state"]
    return {f"optimiser.{index}.{name}": value for index, sums in state.items() for name, value in sums.items()}


def restore_optimiser(optimiser: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    """Take back what `optimiser_tensors` gave."""
    state: dict[int, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        head, _, rest = key.partition(".")
        if head == "optimiser":
            index, name = rest.split(".")
            state.setdefault(int(index), {})[name] = tensor
    optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})


def _replace(path: Path, content: bytes) -> None:
    draft = path.with_name(f"{path.name}.{os.getpid()}.part")
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
