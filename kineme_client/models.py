"""What the API answers with, typed. Only what a script needs; `Client.get` gives the whole answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self


class _Answer:
    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Self:
        """From a JSON object; fields a newer server added are passed over."""
        return cls(**{field.name: answer[field.name] for field in fields(cls)})  # type: ignore[arg-type]


@dataclass(frozen=True)
class Project(_Answer):
    id: int
    name: str
    description: str
    role: str  # the token owner's: viewer, reviewer, manager, owner
    n_videos: int
    duration_s: float
    n_segments: int  # of the newest finished run
    n_active_runs: int


@dataclass(frozen=True)
class Video(_Answer):
    id: int
    project: int
    title: str
    view: str
    recording: str
    size_bytes: int
    status: str  # uploaded, checking, preparing, ready, failed
    reason: str | None
    duration_s: float | None
    fps: float | None
    n_segments: int | None
    latest_run: int | None


@dataclass(frozen=True)
class Run(_Answer):
    id: int
    project: int
    number: int
    status: str  # queued, running, done, failed, cancelled
    reason: str
    preset: str
    progress: float  # 0..1
    message: str
    n_videos: int
    n_segments: int
    n_clusters_found: int
    started_by: str
    created_at: str
    finished_at: str | None

    @property
    def is_over(self) -> bool:
        return self.status in ("done", "failed", "cancelled")


@dataclass(frozen=True)
class Stage(_Answer):
    id: int
    stage: str
    video_title: str | None
    status: str  # waiting, queued, running, done, failed, skipped, cancelled
    progress: float
    message: str
    reason: str


@dataclass(frozen=True)
class Segment(_Answer):
    """A primitive: [start_s, end_s) of a video, in seconds of the video."""

    id: int
    run: int
    video: int
    video_title: str
    index: int
    start_s: float
    end_s: float
    codes: list[int]
    cluster: int | None
    action: Mapping[str, Any] | None  # what it is called: its own action, else its cluster's
    quality: float | None

    @property
    def action_name(self) -> str | None:
        return None if self.action is None else str(self.action["name"])


@dataclass(frozen=True)
class Neighbour:
    """A primitive that search found, and how far it is."""

    segment: Segment
    distance: float  # cosine, 0..2

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Self:
        return cls(Segment.of(answer["segment"]), answer["distance"])


@dataclass(frozen=True)
class Version(_Answer):
    """A frozen vocabulary."""

    id: int
    name: str


@dataclass(frozen=True)
class Export(_Answer):
    id: str
    kind: str
    status: str  # queued, running, done, failed, cancelled
    progress: float
    message: str
    reason: str
    filename: str
    size_bytes: int | None
    sha256: str

    @property
    def is_over(self) -> bool:
        return self.status in ("done", "failed", "cancelled")
