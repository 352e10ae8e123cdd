"""How well a tokenizer does on windows it was not trained on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from ml.artefacts import TrackWindows
from ml.tokenizer.losses import reconstruction_loss
from ml.tokenizer.model import MotionTokenizer
from ml.tokenizer.windows import Place, read_windows

VALIDATION_POINTS = 100  # of each window, the same ones every time


@torch.no_grad()
def validate(tokenizer: MotionTokenizer, tracks: Sequence[TrackWindows], places: Sequence[Place]) -> dict[str, Any]:
    """Loss and reconstruction on the windows at `places`, and how the codes are used there.

    validation_loss: mean focal loss of a visible point. accuracy: share of visible points whose class is predicted;
    accuracy_no_motion: the share that predicting "does not move" gets right; accuracy_moving: of those that move.
    code_usage: codes seen / n_codes. perplexity: exp of the entropy of the codes' shares.
    """
    tokenizer.eval()
    device = tokenizer.positions.device
    bins = tokenizer.config.displacement_bins
    rest = bins * bins // 2
    loss, n, right, resting, right_moving = 0.0, 0, 0, 0, 0
    counts = torch.zeros(tokenizer.config.n_codes, dtype=torch.int64)
    N = tokenizer.config.n_points
    points = torch.from_numpy(np.sort(np.random.default_rng(0).choice(N, min(N, VALIDATION_POINTS), replace=False))).to(
        device
    )
    for start in range(0, len(places), 16):
        velocities, visible = read_windows(tracks, places[start : start + 16], tokenizer)
        velocities, visible = velocities.to(device), visible.to(device)
        scores, codes = tokenizer(velocities, visible, points)
        targets, visible = tokenizer.targets(velocities[:, :, points]), visible[:, :, points]
        found = scores.argmax(dim=-1)
        seen = int(visible.sum())
        loss += float(reconstruction_loss(scores, targets, visible, bins)) * seen
        n += seen
        right += int(((found == targets) & visible).sum())
        resting += int(((targets == rest) & visible).sum())
        right_moving += int(((found == targets) & (targets != rest) & visible).sum())
        counts += torch.bincount(codes.flatten().cpu(), minlength=len(counts))
    share = counts[counts > 0].double() / counts.sum()
    return {
        "validation_loss": loss / max(n, 1),
        "accuracy": right / max(n, 1),
        "accuracy_no_motion": resting / max(n, 1),
        "accuracy_moving": right_moving / max(n - resting, 1),
        "code_usage": len(share) / len(counts),
        "perplexity": float(torch.exp(torch.special.entr(share).sum())),
        "validation_windows": len(places),
    }
