"""What may be chosen for each kind of export: plain data, checked when it is made."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

from ml.config import build

MAX_TEXT = 500


def _within(name: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise ValueError(f"{name} must be in {low}..{high}, got {value}")


@dataclass(frozen=True)
class Options:
    """`from_dict(to_dict())` is the same options; a key nobody knows, or a value of another type, is a ValueError."""

    @classmethod
    def from_dict(cls, data: object) -> Self:
        """Raises ValueError, in words for who sent it."""
        made: Self = build(cls, data)
        return made

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return asdict(self)


@dataclass(frozen=True)
class LerobotOptions(Options):
    """episode: one a primitive, or one a cycle: the primitives of one source from one `cycle_action` (an Entry.key) to
    the next, all of the source where none is given. task: what a cycle is called; empty: after the project.
    action: the column `action` as the code's FSQ coordinates, [levels], or as z_q, [d_m]. z_q: write `latent.z_q` too.
    long_side_px: pictures are scaled down to this, never up; quality: x264's crf, lower is better.
    """

    episode: Literal["primitive", "cycle"] = "primitive"
    cycle_action: int | None = None
    task: str = ""
    action: Literal["coordinates", "z_q"] = "coordinates"
    z_q: bool = False
    long_side_px: int = 640
    quality: int = 23

    def __post_init__(self) -> None:
        _within("long_side_px", self.long_side_px, 64, 3840)
        _within("quality", self.quality, 0, 51)
        if len(self.task) > MAX_TEXT:
            raise ValueError(f"task must have at most {MAX_TEXT} characters")
        if self.cycle_action is not None and self.episode != "cycle":
            raise ValueError("cycle_action needs episode: cycle")


@dataclass(frozen=True)
class LanguageActionOptions(Options):
    """layout: LeRobot v3, or v2.1, which is what the LA4VLA loader reads. vectors: the latent action as FSQ
    coordinates or as z_q. drop_objects: instructions say "the object" for the objects' own names."""

    layout: Literal["v3", "v2.1"] = "v3"
    vectors: Literal["coordinates", "z_q"] = "coordinates"
    drop_objects: bool = True


@dataclass(frozen=True)
class WebdatasetOptions(Options):
    """shard_mb: a shard is closed before it grows beyond this, in 10^6 bytes; a larger sample has one of its own.
    long_side_px: pictures are scaled down to this, null for full size; quality: x264's crf."""

    shard_mb: int = 500
    long_side_px: int | None = 640
    quality: int = 20

    def __post_init__(self) -> None:
        _within("shard_mb", self.shard_mb, 1, 10_000)
        _within("quality", self.quality, 0, 51)
        if self.long_side_px is not None:
            _within("long_side_px", self.long_side_px, 64, 8192)


@dataclass(frozen=True)
class ActivitynetOptions(Options):
    """label: an annotation is called by its action's name, or by the action's primitive of the taxonomy."""

    label: Literal["name", "primitive"] = "name"


@dataclass(frozen=True)
class LapsOptions(Options):
    """quantized: also write z_q as the official code does, 768 numbers a token in text: about 1.5 MB a primitive.
    long_side_px, quality: as for WebDataset."""

    quantized: bool = False
    long_side_px: int | None = None
    quality: int = 20

    def __post_init__(self) -> None:
        _within("quality", self.quality, 0, 51)
        if self.long_side_px is not None:
            _within("long_side_px", self.long_side_px, 64, 8192)
