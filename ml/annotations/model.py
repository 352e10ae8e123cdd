"""Named parts of a video, and which of them are no action."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby

BACKGROUND = frozenset({"background", "bg", "sil", "na", "n/a", "none", "null", "action_start", "action_end"})
"""Labels, in any case, that say no action: GTEA, Breakfast (SIL), IKEA ASM (NA), 50 Salads (action_start, _end)."""


@dataclass(frozen=True)
class Interval:
    """A named part of a video, half-open. score: how sure a method is of it; higher is surer.

    Raises ValueError where a time is negative or not finite, or the interval has no length.
    """

    start_s: float
    end_s: float
    label: str | None = None
    score: float | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.start_s < self.end_s < math.inf:
            raise ValueError(f"an interval needs 0 <= start < end, got {self.start_s}..{self.end_s}")

    @property
    def duration_s(self) -> float:
        """Seconds from start to end."""
        return self.end_s - self.start_s


@dataclass(frozen=True)
class Annotation:
    """What is said of one video. Intervals are in order of start, and none of them is background.

    boundaries_s: the ends of actions where they are given as such; None where they follow from the intervals.
    reordered: the file had the intervals in another order.
    """

    video: str  # file stem; pairs prediction and truth
    duration_s: float | None
    intervals: tuple[Interval, ...]
    boundaries_s: tuple[float, ...] | None = None
    reordered: bool = field(default=False, compare=False)


def from_frame_labels(video: str, labels: Sequence[str], fps: float) -> Annotation:
    """One label a frame: each run of one label is an interval, background is left out."""
    intervals, first = [], 0
    for label, run in groupby(labels):
        stop = first + sum(1 for _ in run)
        if not is_background(label):
            intervals.append(Interval(first / fps, stop / fps, label))
        first = stop
    return Annotation(video, len(labels) / fps, tuple(intervals))


def is_background(label: str | None) -> bool:
    """Whether a label says that nothing is done. None is an action without a name."""
    return label is not None and label.strip().casefold() in BACKGROUND
