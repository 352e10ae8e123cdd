"""Changes to a training window that leave it motion a camera could have seen: a few recordings then go further.

Mirroring, speed and playing backwards change what is to be predicted as well as what is shown. Noise and lost points
are shown to the encoder only: the decoder still has to say where every point really went.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import torch
from torch import Tensor

from ml.config import AugmentationConfig


@dataclass(frozen=True)
class Example:
    """A batch. velocities [B, T-1, N, 2] and visible [B, T-1, N] are the truth, the others what the encoder sees."""

    velocities: Tensor
    visible: Tensor
    shown_velocities: Tensor
    shown_visible: Tensor

    def to(self, device: torch.device) -> Example:
        """The same on `device`."""
        return Example(*(getattr(self, one.name).to(device) for one in fields(self)))


def augment(velocities: Tensor, visible: Tensor, config: AugmentationConfig, px_per_unit: float) -> Example:
    """A changed copy of each window, drawn from torch's generator.

    velocities [B, T-1, N, 2] in half picture heights of px_per_unit pixels, visible [B, T-1, N]; N is a square grid,
    row by row. There is no turning by 90°: a picture is wider than high, so its grid would not fit itself.
    """
    B = len(velocities)
    for on, axis in ((config.mirror_x, 0), (config.mirror_y, 1)):
        if on:
            chosen = torch.rand(B) < 0.5
            velocities, visible = _where(chosen, mirrored(velocities, visible, axis), (velocities, visible))
    if config.reverse:
        chosen = torch.rand(B) < 0.5
        velocities, visible = _where(chosen, backwards(velocities, visible), (velocities, visible))
    if config.speed > 1:
        velocities = velocities * torch.exp(math.log(config.speed) * (2 * torch.rand(B) - 1)).view(-1, 1, 1, 1)
    shown_velocities, shown_visible = velocities, visible
    if config.noise_px > 0:
        shown_velocities = velocities + config.noise_px / px_per_unit * torch.randn_like(velocities)
    if config.drop_points > 0:
        shown_visible = visible & (torch.rand(B, 1, visible.shape[2]) >= config.drop_points)
    return Example(velocities, visible, shown_velocities, shown_visible)


def mirrored(velocities: Tensor, visible: Tensor, axis: int) -> tuple[Tensor, Tensor]:
    """The windows seen in a mirror: left and right (axis 0, x) or top and bottom (axis 1, y) change places."""
    side = math.isqrt(visible.shape[2])
    if side * side != visible.shape[2]:
        raise ValueError(f"{visible.shape[2]} points are no square grid")
    place = torch.arange(side * side).view(side, side).flip(1 - axis).flatten()  # [N], the grid is [row, column]
    sign = torch.ones(2)
    sign[axis] = -1
    return velocities[:, :, place] * sign, visible[:, :, place]


def backwards(velocities: Tensor, visible: Tensor) -> tuple[Tensor, Tensor]:
    """The windows played from their end: the last step first, and the other way. The points keep their places in the
    grid, although they were laid out on what is now the last frame."""
    return -velocities.flip(1), visible.flip(1)


def _where(chosen: Tensor, yes: tuple[Tensor, Tensor], no: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    """Per window the first pair where `chosen` [B], else the second."""
    v, s = yes
    return torch.where(chosen.view(-1, 1, 1, 1), v, no[0]), torch.where(chosen.view(-1, 1, 1), s, no[1])
