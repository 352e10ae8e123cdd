"""Which primitives of a frozen version an export holds, and which split each video falls into. Columns in, no database.

A column is as `backend.versions.frozen` keeps it: NaN, −1 where there is nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from backend.reviews.models import KEPT_FROM
from ml.exports.dataset import SPLITS

Columns = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Filter:
    """What to leave out. Confidence never filters (LA4VLA §7.6)."""

    min_quality: float = KEPT_FROM
    include_unrated: bool = False
    max_spread: int | None = None  # grades between the highest and the lowest rating, of those not settled
    actions: tuple[int, ...] | None = None  # None: all
    unnamed: bool = False  # also those that belong to no action


@dataclass(frozen=True)
class Shares:
    """How much of the videos goes into each split. They add up to 1."""

    train: float = 0.8
    val: float = 0.1
    test: float = 0.1
    seed: int = 0


@dataclass(frozen=True)
class Choice:
    """The rows that stay, and why the others do not: each is counted at the first rule it fails."""

    rows: npt.NDArray[np.int64]
    total: int
    unrated: int
    below_quality: int
    disagreed: int
    unnamed: int
    other_actions: int


def choose(columns: Columns, wanted: Filter) -> Choice:
    """The primitives of a version that the filter lets through, in the version's order."""
    quality, action = columns["quality"], columns["action"]
    rated = np.isfinite(quality)
    good = np.where(rated, quality >= wanted.min_quality, wanted.include_unrated)
    agreed: npt.NDArray[np.bool_] = np.ones(len(quality), dtype=bool)
    if wanted.max_spread is not None:
        agreed = (columns["spread"] <= wanted.max_spread) | columns["settled"].astype(bool)
    named = action >= 0
    in_vocabulary = np.where(named, True, wanted.unnamed)
    asked_for = np.ones(len(quality), dtype=bool)
    if wanted.actions is not None:
        asked_for = np.isin(action, wanted.actions) | ~named
    rules = (good | ~rated, good | rated, agreed, in_vocabulary, asked_for)
    left = np.ones(len(quality), dtype=bool)
    out = []
    for rule in rules:
        out.append(int((left & ~rule).sum()))
        left &= rule
    below_quality, unrated, disagreed, unnamed, other_actions = out
    return Choice(np.flatnonzero(left), len(quality), unrated, below_quality, disagreed, unnamed, other_actions)


def why_nothing(choice: Choice, wanted: Filter) -> str:
    """A sentence, with the numbers, for a filter that lets nothing through."""
    if choice.total == 0:
        return "This version holds no primitive."
    left = choice.total - choice.unrated - choice.below_quality
    if left == 0:
        said = f"0 of {choice.total} primitives have quality {wanted.min_quality:g} or more"
        return said + (f"; {choice.unrated} are not rated yet." if choice.unrated else ".")
    if left == choice.disagreed:
        return f"Reviewers differ by more than {wanted.max_spread} in every one of the {left} primitives that are left."
    left -= choice.disagreed
    if left == choice.unnamed:
        return (
            f"None of the {left} primitives that are left belongs to an action. Name some, or export unnamed ones too."
        )
    return f"None of the {left - choice.unnamed} primitives that are left belongs to the actions asked for."


def splits_of(videos: Sequence[Mapping[str, Any]], shares: Shares) -> list[str]:
    """The split of each video of a version. Views of one recording stay together, and so do the same file's parts.

    Recordings are shuffled by seed and content, then each goes where most videos are missing. All videos of the
    version count, not only those that some filter leaves: another filter moves no video into another split.
    """
    groups: dict[str, list[int]] = {}
    for place, one in enumerate(videos):
        groups.setdefault(f"recording {one['recording']}" if one["recording"] else f"video {one['sha256']}", []).append(
            place
        )

    def drawn(places: list[int]) -> str:
        content = ",".join(sorted(str(videos[place]["sha256"]) for place in places))
        return hashlib.sha256(f"{shares.seed} {content}".encode()).hexdigest()

    wanted = {name: getattr(shares, name) * len(videos) for name in SPLITS}
    found = [""] * len(videos)
    for places in sorted(groups.values(), key=drawn):
        name = max((one for one in SPLITS if getattr(shares, one) > 0), key=lambda one: wanted[one])
        wanted[name] -= len(places)
        for place in places:
            found[place] = name
    return found
