"""Finite scalar quantisation (§3.1, [21]): each of a few numbers is rounded to one of a few levels.

A code names one point of a fixed grid, so "a 768-d latent" is an affine image of `len(levels)` numbers: what is stored
is the code, and z_q is rebuilt from it.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from vector_quantize_pytorch import FSQ as LibraryFSQ

SOFTNESS = 0.5  # of the soft assignment, in squared levels: a token half way between two codes counts for both


class FSQ(nn.Module):
    """Linear d_m → len(levels), round, Linear back. Codes count in mixed radix, the first level fastest.

    With levels (8, 8, 6, 5) the basis is 1, 8, 64, 384 and there are 1,920 codes.
    """

    def __init__(self, d_m: int, levels: tuple[int, ...]) -> None:
        super().__init__()
        self.levels = levels
        self.quantiser = LibraryFSQ(levels=list(levels), dim=d_m)

    @property
    def n_codes(self) -> int:
        """How many different codes there are: the product of the levels."""
        product = 1
        for level in self.levels:
            product *= level
        return product

    def forward(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Quantise z, [B, T, d_m]. Returns z_q, [B, T, d_m], with a straight-through gradient, and codes [B, T]."""
        # The library takes the second axis of a 4-d input for the channels: only [B, T, d_m] may reach it.
        z_q, codes = self.quantiser(z)
        return z_q, codes

    def codebook(self) -> Tensor:
        """z_q of every code, [n_codes, d_m]. Looking up in this table is the one definition of z_q outside training:
        the same product in another batch shape may differ in its last bit."""
        table: Tensor = self.quantiser.project_out(self.quantiser.implicit_codebook)
        return table

    def coordinates(self, codes: Tensor) -> Tensor:
        """The quantised numbers behind `codes` [...], [..., len(levels)] in -1..1."""
        points: Tensor = self.quantiser.implicit_codebook[codes.long()]
        return points

    def soft_usage(self, z: Tensor) -> Tensor:
        """How much each code is used by z, [B, T, d_m] → [n_codes], summing to 1: a count of codes made soft.

        Per level a softmax over squared distances, in units of one level, divided by `SOFTNESS`; their products are
        a distribution over codes per token, whose mean this is. Unlike a count it has a gradient.
        """
        bounded = self._bounded(self.quantiser.project_in(z)).flatten(0, -2)  # [B·T, L], one level apart
        half = len(self.levels) // 2
        slow, fast = self._joint(bounded, range(half, len(self.levels))), self._joint(bounded, range(half))
        # The mean of outer products is one matrix product: [n_slow, n_fast], the first levels counting fastest.
        return (slow.T @ fast).flatten() / len(bounded)

    def _joint(self, bounded: Tensor, axes: range) -> Tensor:
        """Soft assignment to all combinations of the levels `axes`, [B·T, product], the first counting fastest."""
        joint = bounded.new_ones(len(bounded), 1)
        for axis in axes:
            level = self.levels[axis]
            grid = torch.arange(level, device=bounded.device, dtype=bounded.dtype) - level // 2
            soft = torch.softmax(-((bounded[:, axis, None] - grid) ** 2) / SOFTNESS, dim=-1)  # [B·T, level]
            joint = (soft[:, :, None] * joint[:, None, :]).flatten(1)
        return joint

    def _bounded(self, z: Tensor) -> Tensor:
        """The library's `bound` before it rounds, [..., L]: levels are the integers -(level // 2) .. ."""
        levels = torch.tensor(self.levels, device=z.device, dtype=z.dtype)
        half = (levels - 1) * (1 + 1e-3) / 2
        offset = torch.where(levels % 2 == 0, 0.5, 0.0)
        return torch.tanh(z + torch.atanh(offset / half)) * half - offset
