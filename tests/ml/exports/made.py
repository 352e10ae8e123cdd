"""A small dataset for tests: two videos whose pictures tell their number, and every kind of text people may type."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ml.config import TokenizerConfig
from ml.exports import Dataset, Entry, Primitive, Source
from ml.tokenizer.checkpoint import save_tokenizer
from ml.tokenizer.model import MotionTokenizer, Normalisation
from tests.ml.media import numbered, write_video

FPS = 10.0
STEP = 4  # grey levels from one slot of 0.1 s to the next
TITLE = "../=HYPERLINK(1)\x00 \u202eevil <script>.mp4"
TINY = TokenizerConfig(d_m=16, layers=1, heads=2, n_points=16, head_hidden=8)


def video(path: Path, n_slots: int = 50, per_slot: int = 3, width: int = 64, height: int = 48) -> Path:
    """`per_slot` pictures of one grey in each slot of 0.1 s, centred on it: slot k has the level 20 + 4 k."""
    images = [image for image in numbered(n_slots, width, height, STEP) for _ in range(per_slot)]
    # The first slot is half as wide as the others: it begins at 0.
    return write_video(path, images[per_slot // 2 :], FPS * per_slot)


def slot_of(image: np.ndarray) -> int:
    return round((float(image.mean()) - 20) / STEP)


def tokenizer(folder: Path) -> Path:
    torch.manual_seed(0)
    save_tokenizer(MotionTokenizer(TINY, Normalisation()).eval(), {}, folder)
    return folder


def primitive(
    number: int, source: str, first_slot: int, n_steps: int, action: int | None = None, **others: Any
) -> Primitive:
    """The step from slot k to slot k + 1 has the code 7 · number + k and ends at (k + 1) / 10 s."""
    slots = first_slot + np.arange(n_steps)
    return Primitive(
        id=number,
        source=source,
        start_s=first_slot / FPS,
        end_s=(first_slot + n_steps) / FPS,
        codes=(7 * number + slots).astype(np.int16),
        times_s=(slots + 1) / FPS,
        cluster=others.pop("cluster", 2),
        action=action,
        quality=others.pop("quality", 2.5),
        n_reviews=others.pop("n_reviews", 2),
        **others,
    )


VOCABULARY = (
    Entry(10, "Pick up the red screwdriver", verb="pick up", object="screwdriver", primitive="grasp"),
    Entry(11, "=cmd|' /C calc'!A0", description="moves left", primitive="transport"),
    Entry(12, "x" * 10_000),
)


def dataset(folder: Path, primitives: Sequence[Primitive] | None = None, **others: Any) -> Dataset:
    first, second = video(folder / "first.mp4"), video(folder / "second.mp4", 40)
    sources = (
        Source("v2-second", "second.mp4", _sha(second), second, 4.0, "front", "b", "CC-BY 4.0", "test"),
        Source("v1-first", TITLE, _sha(first), first, 5.0, "front", "a", "", "train"),
    )
    found = primitives or (
        primitive(5, "v2-second", 3, 6, 10),
        primitive(1, "v1-first", 0, 8, 10),
        primitive(2, "v1-first", 8, 5, 11, quality=None, n_reviews=0),
        primitive(3, "v1-first", 20, 10, 10),
        primitive(4, "v1-first", 28, 4, None),  # begins before the one before it ends
        primitive(6, "v1-first", 40, 8, 12, cluster=None),
    )
    made = Dataset(
        name="Bench <b>one</b>",
        version="3 (June, agreed)",
        digest="d" * 64,
        run=7,
        config_hash="c" * 64,
        preset="tiny",
        tokenizer=tokenizer(folder / "tokenizer"),
        n_codes=TINY.n_codes,
        sources=sources,
        vocabulary=VOCABULARY,
        primitives=tuple(found),
        figures={
            "quality": {"alpha": 0.81, "low": 0.7, "high": 0.9, "n_units": 12, "n_ratings": 24},
            "labels": {"alpha": None, "low": None, "high": None, "n_units": 0, "n_ratings": 0},
            "funnel": {"candidates": 20, "rated": 12, "kept": 6},
            "retention": {"in_version": 20, "below_quality": 14, "exported": 6},
            "filter": {"min_quality": 2.0, "split": {"train": 0.8}, "actions": None},
        },
    )
    return replace(made, **others)


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 by path of every file below `folder`."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _sha(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
