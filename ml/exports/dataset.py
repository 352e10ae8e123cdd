"""What every export is written from: sources, primitives and the vocabulary of one frozen version.

Nothing here depends on when or by whom it is written: the same dataset and options give the same bytes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

from ml.artefacts import STEP_S, Codes, Float, Seconds

SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class Source:
    """A video that primitives were cut from. `path` is the file to read pictures from; it is not written anywhere."""

    key: str  # unique in the dataset, safe as a file name: letters, digits, `-`, `_`
    title: str  # as it was uploaded; may hold anything
    sha256: str
    path: Path
    duration_s: float
    view: str
    recording: str
    licence: str
    split: str  # one of SPLITS: a whole video belongs to one

    def __post_init__(self) -> None:
        if self.split not in SPLITS:
            raise ValueError(f"split must be one of {SPLITS}, got {self.split!r}")


@dataclass(frozen=True)
class Entry:
    """An action of the vocabulary."""

    key: int
    name: str
    description: str = ""
    subject: str = ""
    verb: str = ""
    object: str = ""
    primitive: str = ""  # of the taxonomy (LA4VLA §4.2), or empty


@dataclass(frozen=True)
class Primitive:
    """One primitive: [start_s, end_s) of its source, as reviewed.

    codes: [T] int16, one a step; times_s: [T] float64, when each step ends, in seconds of the source.
    """

    id: int
    source: str  # Source.key
    start_s: float
    end_s: float
    codes: Codes
    times_s: Seconds
    cluster: int | None
    action: int | None  # Entry.key
    quality: float | None  # mean of the reviews or as settled, 0..3
    n_reviews: int
    robot_state: Float | None = None  # [T, S] at the beginning of each step, in the robot's own units; None: no robot
    robot_action: Float | None = None  # [T, A]: what was commanded in each step

    def __post_init__(self) -> None:
        if self.codes.shape != self.times_s.shape or self.codes.ndim != 1:
            raise ValueError(f"codes and times_s must be [T], got {self.codes.shape} and {self.times_s.shape}")
        for series in (self.robot_state, self.robot_action):
            if series is not None and (series.ndim != 2 or len(series) != len(self.codes)):
                raise ValueError(f"a robot's series must be [T, …] of {len(self.codes)} steps, got {series.shape}")


@dataclass(frozen=True)
class Dataset:
    """Everything an export is written from. `primitives` are in the order of (source, start_s, id)."""

    name: str
    version: str  # "3 (June, agreed)"
    digest: str  # of the frozen version
    run: int  # its number
    config_hash: str
    preset: str
    tokenizer: Path  # checkpoint folder (`ml.tokenizer.checkpoint.load_tokenizer`): z_q of the codes
    n_codes: int
    sources: tuple[Source, ...]
    vocabulary: tuple[Entry, ...]
    primitives: tuple[Primitive, ...]  # in the order of (source as in `sources`, start_s, id)
    fps: float = 1 / STEP_S  # rate of the steps; slot k of a source is the time around k / fps (`ml.video.frames`)
    figures: dict[str, Any] = field(default_factory=dict)
    """What the card tells of the reviews: "quality" and "labels", each {"alpha", "low", "high", "n_units",
    "n_ratings"}, "funnel" {"candidates", "rated", "kept"}, "retention" counts by name,
    "filter" as it was asked for; and whatever else is JSON."""

    def __post_init__(self) -> None:
        keys = [source.key for source in self.sources]
        if len(set(keys)) != len(keys) or not all(re.fullmatch(r"[A-Za-z0-9_-]{1,80}", key) for key in keys):
            raise ValueError("keys of sources must be unique, of letters, digits, `-` and `_`")
        known = set(keys)
        if any(primitive.source not in known for primitive in self.primitives):
            raise ValueError("a primitive is of no source of the dataset")
        order = {key: place for place, key in enumerate(keys)}
        places = [(order[one.source], one.start_s, one.id) for one in self.primitives]
        if any(later < earlier for earlier, later in pairwise(places)):
            raise ValueError("primitives must be in the order of (source, start_s, id)")

    @cached_property
    def actions(self) -> dict[int, Entry]:
        """The vocabulary by key."""
        return {entry.key: entry for entry in self.vocabulary}

    @cached_property
    def by_source(self) -> list[tuple[Source, list[Primitive]]]:
        """Sources that have primitives, with them: those to train on first, then to validate, then to test."""
        found: dict[str, list[Primitive]] = {source.key: [] for source in self.sources}
        for primitive in self.primitives:
            found[primitive.source].append(primitive)
        ordered = sorted(self.sources, key=lambda source: SPLITS.index(source.split))  # stable
        return [(source, found[source.key]) for source in ordered if found[source.key]]

    def action_of(self, primitive: Primitive) -> Entry | None:
        """The entry of the vocabulary a primitive belongs to; None where nobody gave it one."""
        return None if primitive.action is None else self.actions[primitive.action]

    def label_of(self, primitive: Primitive) -> str:
        """What it is called: its action's name as it is, or its cluster."""
        entry = self.action_of(primitive)
        if entry is not None:
            return entry.name
        return "unnamed" if primitive.cluster is None else f"cluster {primitive.cluster}"
