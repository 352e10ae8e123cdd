"""What a training looked like, and what its codes keep of the motion: plots as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ml.artefacts import Float, TrackWindows
from ml.plots import BLUE, GREEN, GREY, ORANGE, Field, Series, field_plot, line_plot
from ml.threads import fixed_threads
from ml.tokenizer.encode import model_inputs
from ml.tokenizer.model import MotionTokenizer
from ml.tokenizer.windows import Place, spread

EXAMPLES = 4  # windows shown
CONSIDERED = 64  # windows they are chosen from
LENGTHENED = 4.0  # a pixel of motion is drawn this long


def curves(metrics: dict[str, Any]) -> dict[str, str]:
    """name → SVG of loss.svg, displacements.svg and codes.svg over the steps, from a checkpoint's metrics."""
    history = metrics["history"]
    steps = [one["step"] for one in history]

    def series(key: str, name: str, colour: str, dash: str | None = None, scale: float = 1.0) -> Series:
        return Series(name, steps, [scale * one[key] for one in history], colour, dash, points=True)

    loss = [series("training_loss", "training", ORANGE, "6 4"), series("validation_loss", "validation", BLUE)]
    right = [
        series("accuracy", "all points", BLUE),
        series("accuracy_no_motion", "saying that nothing moves", GREY, "2 4"),
        series("accuracy_moving", "points that move", GREEN, "6 4"),
    ]
    codes = [series("perplexity", "perplexity", BLUE), series("code_usage", "% of the codes seen", ORANGE, "6 4", 100)]
    return {
        "loss.svg": line_plot(loss, title="Focal loss of a visible point", x_label="step", y_label="loss"),
        "displacements.svg": line_plot(
            right, title="Displacements predicted right", x_label="step", y_label="share", y_range=(0, 1)
        ),
        "codes.svg": line_plot(codes, title="Use of codes on validation", x_label="step", y_label=""),
    }


def reconstruction(
    tokenizer: MotionTokenizer, tracks: Sequence[TrackWindows], places: Sequence[Place], names: Sequence[str]
) -> str:
    """SVG of the liveliest step of a few windows among `places`: the true displacements, and those the decoder expects
    from the codes. names: of the videos."""
    rows = []
    px_per_unit = tokenizer.normalisation.px_per_half_height
    for video, window in _liveliest(tracks, places):
        batch = tracks[video].read(window, window + 1)
        velocities, visible = model_inputs(batch, tokenizer)
        step = int((velocities.norm(dim=-1) * visible).sum(dim=-1)[0].argmax())
        with torch.inference_mode(), fixed_threads():
            expected = expected_px(tokenizer, velocities, visible)[0, step].numpy() / px_per_unit
        seen = visible[0, step].numpy()
        points = batch.points[0, step][seen]
        stretch = LENGTHENED / np.array([batch.aspect, 1.0])  # from half picture heights to -1..1
        at = f"{names[video]}, {batch.times_s[0, step + 1]:.1f} s"
        rows.append(
            [
                _field(f"{at}: true", points, velocities[0, step].numpy()[seen] * stretch, batch.aspect, BLUE),
                _field("expected from the codes", points, expected[seen] * stretch, batch.aspect, ORANGE),
            ]
        )
    note = f"Motion of a tenth of a second, drawn {LENGTHENED:g} times as long; steps with most motion"
    return field_plot(rows, title="Displacements, true and from the codes", note=note)


def expected_px(tokenizer: MotionTokenizer, velocities: Tensor, visible: Tensor) -> Tensor:
    """Mean displacement under the decoder's shares, [B, T-1, N, 2] in reference pixels, (x, y)."""
    scores, _ = tokenizer(velocities, visible)
    bins = tokenizer.config.displacement_bins
    axis = torch.arange(bins, dtype=torch.float32) - bins // 2
    shares = torch.softmax(scores, dim=-1).view(*scores.shape[:-1], bins, bins)  # [B, T-1, N, row, column]
    return torch.stack([shares.sum(dim=-2) @ axis, shares.sum(dim=-1) @ axis], dim=-1)


def _liveliest(tracks: Sequence[TrackWindows], places: Sequence[Place]) -> list[Place]:
    """Of some of the windows those with the most motion, of as many videos as can be."""
    motion = {}
    for video, window in spread(places, CONSIDERED):
        batch = tracks[video].read(window, window + 1)
        motion[video, window] = float(np.abs(batch.velocities()).mean())
    order = sorted(motion, key=lambda place: -motion[place])
    first = {video: (video, window) for video, window in reversed(order)}.values()
    rest = [place for place in order if place not in first]
    return [*sorted(first, key=lambda place: -motion[place]), *rest][:EXAMPLES]


def _field(name: str, points: Float, moves: Float, aspect: float, colour: str) -> Field:
    return Field(name, points.tolist(), moves.tolist(), aspect, colour)
