"""What turns pictures into vectors, for figures about what clusters look like (§3.2.3) and for comparisons.

`appearance` is built in and measures colour and gradients; CLIP needs weights that are no part of Kineme. Each goes by
its own name everywhere: a figure made by one is never shown under the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ml.artefacts import Float
from ml.encoders import appearance, clip
from ml.encoders.errors import EncoderUnavailable

BUILT_IN = appearance.NAME
CLIP = clip.NAME
WEIGHTS = Path(".kineme/weights/clip")
"""Where weights are looked for if nobody says otherwise: a folder, or the file itself."""

__all__ = [
    "BUILT_IN",
    "CLIP",
    "WEIGHTS",
    "Availability",
    "EncoderUnavailable",
    "FrameEncoder",
    "availability",
    "encoders",
    "frame_encoder",
]


class FrameEncoder(Protocol):
    """Pictures to vectors whose cosine says how alike they are."""

    name: str
    dimension: int
    licence: str
    weights: str | None
    """SHA-256 of the file of weights; None where there are none."""

    def encode(self, frames: npt.NDArray[np.uint8]) -> Float:
        """RGB pictures [B, H, W, 3] → [B, dimension], not normalised."""
        ...


@dataclass(frozen=True)
class Availability:
    """An encoder this version knows, and whether it can be used here and now."""

    name: str
    dimension: int
    licence: str
    missing: str | None = None  # what it lacks, if it lacks anything
    command: str | None = None  # the one that fetches it

    @property
    def why_not(self) -> str | None:
        """None: it can be used now. Else a sentence with the one command that helps."""
        return self.missing and f"{self.missing}; fetch them with: {self.command}"


def encoders(weights: Path = WEIGHTS) -> tuple[Availability, ...]:
    """Every encoder, the built-in one first. Looks for the weights, but does not read them."""
    return (
        Availability(appearance.NAME, appearance.DIMENSION, appearance.LICENCE),
        Availability(clip.NAME, clip.VIT_B_32.dimension, clip.LICENCE, *clip.missing(weights)),
    )


def availability(name: str, weights: Path = WEIGHTS) -> Availability:
    """What is known of encoder `name`. Raises EncoderUnavailable for a name nobody knows."""
    known = encoders(weights)
    for found in known:
        if found.name == name:
            return found
    raise EncoderUnavailable(f"there is no encoder {name!r}; there are {' and '.join(e.name for e in known)}")


def frame_encoder(name: str, weights: Path = WEIGHTS) -> FrameEncoder:
    """The encoder `name`, loaded. Raises EncoderUnavailable, with the way to get it."""
    found = availability(name, weights)
    if found.why_not is not None:
        raise EncoderUnavailable(found.why_not)
    return appearance.Appearance() if name == appearance.NAME else clip.load(weights)
