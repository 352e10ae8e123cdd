"""What training minimises (§3.1): a focal cross-entropy over each point's displacement class, and even use of codes."""

from __future__ import annotations

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from ml.tokenizer.model import PointHead

FOCAL_GAMMA, FOCAL_ALPHA = 4.0, 0.5  # as published
RADIAL_WEIGHT = 4.0  # a displacement at the rim counts 1 + 4 times a resting one
# Points whose scores exist at a time: 2,400 rows of 225 classes are 2 MB and stay in a processor's cache; a GPU wants
# fewer, larger steps.
POINTS_AT_ONCE = {"cpu": 2_400, "cuda": 131_072}


def reconstruction_loss(scores: Tensor, targets: Tensor, visible: Tensor, bins: int) -> Tensor:
    """Focal cross-entropy, mean over visible points, a scalar; 0 where nothing is visible.

    scores [B, T, P, bins²], targets [B, T, P] int64, visible [B, T, P] bool. Larger displacements weigh more, up to
    1 + 4 times: most points rest. `head_loss` is the same from the decoder's state, and cheaper.
    """
    loss = F.cross_entropy(scores.flatten(0, 2), targets.flatten(), reduction="none")
    right = torch.exp(-loss)  # probability given to the true class
    focal = (1 - right) ** FOCAL_GAMMA * loss
    return (focal * _weights(targets, visible, bins).flatten()).sum()


def head_loss(
    head: PointHead,
    state: Tensor,
    targets: Tensor,
    visible: Tensor,
    bins: int,
    points: Tensor | None = None,
    dtype: torch.dtype = torch.float32,
) -> Tensor:
    """`reconstruction_loss` of `head`'s scores for the points with indices `points` [P], all when None, a scalar.

    state [B, T, d_m], targets [B, T, P] int64, visible [B, T, P] bool. Scores and their gradients are made for some
    steps at a time and thrown away: B·T·N rows of 225 classes, kept for the way back, cost more to move than to
    compute. dtype: what the large products are made in; sums are float32.
    """
    of_state, of_point, fused, base = head.split(state, points)
    weights = _weights(targets, visible, bins)
    rows = (of_state.flatten(0, 1), of_point, fused, base.flatten(0, 1), targets.flatten(0, 1), weights.flatten(0, 1))
    loss: Tensor = _HeadLoss.apply(*rows, dtype)  # type: ignore[no-untyped-call]
    return loss


class _HeadLoss(torch.autograd.Function):
    """Σ weights · focal of softmax(relu(of_state + of_point) @ fused.T + base), with its gradients made on the way in.

    of_state [R, h], of_point [P, h], fused [C, h], base [R, C], targets and weights [R, P].

    With c = -log p of the true class, focal is f = (1 - p)^γ · c and df/dc = (1 - p)^γ + γ (1 - p)^(γ-1) · p · c;
    dc/dscores = softmax(scores) - onehot(target).
    """

    @staticmethod
    def forward(
        ctx: Any,
        of_state: Tensor,
        of_point: Tensor,
        fused: Tensor,
        base: Tensor,
        targets: Tensor,
        weights: Tensor,
        dtype: torch.dtype,
    ) -> Tensor:
        (R, P), (C, h) = targets.shape, fused.shape
        total = of_state.new_zeros(())
        gradients = d_state, d_point, d_fused, d_base = tuple(map(torch.zeros_like, (of_state, of_point, fused, base)))
        matrix = fused.to(dtype)
        at_once = max(1, POINTS_AT_ONCE.get(of_state.device.type, R * P) // P)
        for start in range(0, R, at_once):
            some = slice(start, start + at_once)
            active = torch.relu_(of_state[some, None] + of_point).to(dtype).view(-1, h)  # [r·P, h]
            scores = (active @ matrix.T).float().view(-1, P, C).add_(base[some, None])  # [r, P, C]
            log_shares = torch.log_softmax(scores.view(-1, C), dim=-1)
            truth, weight = targets[some].reshape(-1, 1), weights[some].reshape(-1, 1)
            log_right = log_shares.gather(1, truth)
            right = log_right.exp()
            wrong = 1 - right
            total -= (weight * wrong**FOCAL_GAMMA * log_right).sum()
            slope = weight * wrong ** (FOCAL_GAMMA - 1) * (wrong - FOCAL_GAMMA * right * log_right)
            d_scores = log_shares.exp_().mul_(slope).scatter_add_(1, truth, -slope)  # [r·P, C]
            d_base[some] = d_scores.view(-1, P, C).sum(dim=1)
            d_scores = d_scores.to(dtype)
            d_fused += d_scores.T @ active
            d_active = (d_scores @ matrix).mul_(active > 0).view(-1, P, h)
            d_state[some] = d_active.sum(dim=1, dtype=torch.float32)
            d_point += d_active.sum(dim=0, dtype=torch.float32)
        ctx.save_for_backward(*gradients)
        return total

    @staticmethod
    def backward(ctx: Any, *outer: Tensor) -> tuple[Tensor | None, ...]:
        return (*(outer[0] * gradient for gradient in ctx.saved_tensors), None, None, None)


def _weights(targets: Tensor, visible: Tensor, bins: int) -> Tensor:
    """[B, T, P] share of each point in the loss: 0 where invisible, larger for a larger displacement."""
    return FOCAL_ALPHA * radial_weights(bins).to(targets.device)[targets] * visible / visible.sum().clamp(min=1)


def radial_weights(bins: int) -> Tensor:
    """[bins²] weight of each class: 1 + 4 · (r / r_max)², r the displacement's length."""
    axis = torch.arange(bins, dtype=torch.float32) - bins // 2
    r2 = axis[:, None] ** 2 + axis[None, :] ** 2
    return (1 + RADIAL_WEIGHT * r2 / r2.max()).flatten()


def diversity_loss(usage: Tensor) -> Tensor:
    """1 - H / log(n_codes) of the codes' shares `usage` [n_codes], in 0..1; 0 when all codes are used alike.

    With the shares of a soft assignment, unlike those of counted codes, it has a gradient.
    """
    entropy = torch.special.entr(usage.clamp(min=1e-12)).sum()  # its slope at 0 is infinite
    loss: Tensor = 1 - entropy / math.log(len(usage))
    return loss
