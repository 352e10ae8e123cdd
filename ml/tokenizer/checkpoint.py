"""A tokenizer on disk: `model.safetensors` and `tokenizer.json` (configuration, normalisation, metrics) in one folder.

Neither file holds a time or a name of the machine: the same training gives the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors

from ml.config import TokenizerConfig, build
from ml.errors import UnusableCheckpoint
from ml.tokenizer.model import MotionTokenizer, Normalisation

WEIGHTS, FACTS = "model.safetensors", "tokenizer.json"
FORMAT = 1


def save_tokenizer(tokenizer: MotionTokenizer, metrics: dict[str, Any], out: Path) -> None:
    """Write the checkpoint into folder `out`, made where it is missing, and set `tokenizer.digest`."""
    out.mkdir(parents=True, exist_ok=True)
    tensors = {name: tensor.contiguous() for name, tensor in tokenizer.state_dict().items()}
    facts = {
        "format": FORMAT,
        "config": asdict(tokenizer.config),
        "normalisation": asdict(tokenizer.normalisation),
        "n_parameters": tokenizer.n_parameters,
        "metrics": metrics,
    }
    (out / WEIGHTS).write_bytes(save_tensors(tensors))
    (out / FACTS).write_text(json.dumps(facts, indent=2, sort_keys=True) + "\n")
    tokenizer.digest = checkpoint_digest(out)


def load_tokenizer(path: Path) -> MotionTokenizer:
    """The tokenizer in folder `path`, in eval mode, nothing trainable.

    Raises UnusableCheckpoint where a file is missing or damaged, or the weights do not fit the configuration.
    """
    facts = read_facts(path)
    try:
        config = build(TokenizerConfig, facts["config"])
        normalisation = build(Normalisation, facts["normalisation"])
    except (KeyError, TypeError, ValueError) as exc:
        raise UnusableCheckpoint(f"the tokenizer in {path} has a damaged {FACTS}: {exc}") from exc
    try:
        tensors = load_tensors(_read(path / WEIGHTS))
    except SafetensorError as exc:
        raise UnusableCheckpoint(f"the tokenizer in {path} has a damaged {WEIGHTS}") from exc
    embed = tensors.get("embed.weight")
    if embed is None or embed.shape != (config.d_m, 2 * config.n_points):
        # Before anything is built: a wrong configuration must not make this process reserve what it asks for.
        raise UnusableCheckpoint(f"the weights in {path} do not fit their configuration")
    with torch.random.fork_rng(devices=[]):  # first weights are drawn at random: not from the caller's numbers
        tokenizer = MotionTokenizer(config, normalisation)
    try:
        tokenizer.load_state_dict(tensors)
    except RuntimeError as exc:
        raise UnusableCheckpoint(f"the weights in {path} do not fit their configuration") from exc
    if not all(bool(torch.isfinite(tensor).all()) for tensor in tensors.values()):
        raise UnusableCheckpoint(f"the weights in {path} are not finite numbers")
    tokenizer.digest = checkpoint_digest(path)
    tokenizer.requires_grad_(False)
    return tokenizer.eval()


def read_facts(path: Path) -> dict[str, Any]:
    """`tokenizer.json` of the checkpoint in folder `path`. Raises UnusableCheckpoint."""
    try:
        facts = json.loads(_read(path / FACTS))
    except ValueError as exc:
        raise UnusableCheckpoint(f"the tokenizer in {path} has a damaged {FACTS}") from exc
    if not isinstance(facts, dict) or facts.get("format") != FORMAT:
        raise UnusableCheckpoint(f"{path / FACTS} is not a tokenizer of format {FORMAT}")
    return facts


def checkpoint_digest(path: Path) -> str:
    """SHA-256, in hex, over both files of the checkpoint in folder `path`."""
    digest = hashlib.sha256()
    for name in (FACTS, WEIGHTS):
        content = _read(path / name)
        digest.update(f"{name} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as exc:
        raise UnusableCheckpoint(f"no tokenizer at {path.parent}: {path.name} cannot be read") from exc
