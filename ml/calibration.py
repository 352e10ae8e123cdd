"""Threshold calibration without labels (§3.1.2): pseudo-labels from a proxy, then the θ_on that agrees best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.artefacts import Calibration, EnergyTrace, Float
from ml.config import CalibrationConfig, DetectionConfig
from ml.errors import NothingMoved
from ml.segmentation import smooth

Labels = npt.NDArray[np.bool_]
FAST_QUANTILE = 0.95


def calibrate_views(
    energies: Sequence[EnergyTrace],
    velocity_energies: Sequence[EnergyTrace],
    views: Sequence[str],
    config: CalibrationConfig,
    detection: DetectionConfig,
) -> list[Calibration | None]:
    """The calibration of each video of a run: videos of one view share theirs, or all do with `config.scope` "run".

    energies, velocity_energies, views: one of each per video, in the same order; views: equal for the same camera. How
    far hands and camera are apart decides how large a speed is, so a threshold of one camera means little for another.
    None for the videos of a view that cannot be calibrated because nothing moves there.
    """
    given = dict(config.theta_by_view or ())
    groups: dict[str, list[int]] = {}
    for video, view in enumerate(views):
        groups.setdefault(view if config.scope == "view" or view in given else "", []).append(video)
    found: list[Calibration | None] = [None] * len(views)
    for name, videos in groups.items():
        if name in given:
            for video in videos:
                found[video] = Calibration(given[name], detection.off_ratio)
            continue
        try:
            shared = calibrate([energies[v] for v in videos], [velocity_energies[v] for v in videos], config, detection)
        except NothingMoved:
            continue
        for video in videos:
            found[video] = shared
    return found


def calibrate(
    energies: Sequence[EnergyTrace],
    velocity_energies: Sequence[EnergyTrace],
    config: CalibrationConfig,
    detection: DetectionConfig,
) -> Calibration:
    """One θ_on for some videos, from their energies and velocity energies (same videos, same order).

    Both signals are smoothed as the detector smooths, so θ_on is a threshold of what it will compare with, and the
    pseudo-labels lag as much as the energy does. Steps of all videos are pooled: one sweep, not a median of many.
    With `config.theta_on` given, that is the threshold, and the scores are None. Where the energy is the velocity
    energy itself, the sweep returns the threshold of the labels, and its scores say nothing.

    Raises NothingMoved where no video moves, or where the energy is 0 throughout.
    """
    if config.theta_on is not None:
        return Calibration(config.theta_on, detection.off_ratio)
    if len(energies) != len(velocity_energies):
        raise ValueError(f"{len(energies)} energies but {len(velocity_energies)} velocity energies")
    if not any(moved(trace, config) for trace in velocity_energies):
        raise NothingMoved("nothing moved: the points of the picture stay where they are")
    energy = np.concatenate([smooth(trace.energy, detection.alpha) for trace in energies])
    velocity = np.concatenate([smooth(trace.energy, detection.alpha) for trace in velocity_energies])
    if not energy.any():
        raise NothingMoved("nothing moved: the code stream never changes")
    threshold = label_threshold(velocity, config)
    found = sweep(energy, velocity > threshold)
    return Calibration(
        theta_on=found.theta,
        off_ratio=detection.off_ratio,
        f1=found.f1,
        f1_always_on=found.f1_always_on,
        auc=found.auc,
        j=found.j,
        label_threshold=threshold,
        n_steps=len(energy),
        warning=_warning(found),
    )


def label_threshold(velocity: Float, config: CalibrationConfig) -> float:
    """The smoothed velocity energy, [S], above which a step is taken to move: Otsu's threshold, or a share of the speed
    that one step in twenty exceeds.

    The share is of a high quantile, so hours of rest between the cycles do not move it, and neither does one glitch.
    """
    if config.labels == "otsu":
        return otsu(velocity, config.histogram_bins)
    return config.moving_share * float(np.quantile(velocity, FAST_QUANTILE))


def moved(velocity: EnergyTrace, config: CalibrationConfig) -> bool:
    """Whether anything in a video moves: its velocity energy's 99th percentile is above what camera noise gives."""
    return bool(np.quantile(velocity.energy, 0.99) > config.still_speed)


def otsu(values: Float, bins: int = 256) -> float:
    """Otsu's threshold [22]: the bin edge that leaves the least variance within the two classes it makes.

    values [S]; a value above the result is of the upper class. Among equal edges the middle one is taken. Where all
    values are equal, that value: nothing is above it.
    """
    low, high = float(values.min()), float(values.max())
    if not high > low:
        return high
    counts, edges = np.histogram(values.astype(np.float64), bins=bins, range=(low, high))
    centres = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)[:-1]  # [bins-1] values below each inner edge
    above = len(values) - below
    sums = np.cumsum(counts * centres)
    with np.errstate(divide="ignore", invalid="ignore"):
        gap = sums[:-1] / below - (sums[-1] - sums[:-1]) / above
        between = np.where((below > 0) & (above > 0), below * above * gap**2, -1.0)
    best = np.flatnonzero(between >= between.max() * (1 - 1e-12))
    return float(edges[1:-1][best].mean())


@dataclass(frozen=True)
class Sweep:
    """The best threshold and how far the energy agrees with the labels at all. Scores are None where they have no
    meaning: one of the two classes is empty."""

    theta: float
    f1: float | None
    f1_always_on: float | None
    auc: float | None
    j: float | None


def sweep(energy: Float, labels: Labels) -> Sweep:
    """The θ that maximises F1 of `energy > θ` against `labels`, both [S], in one pass over the sorted energies.

    Candidates lie halfway between neighbouring distinct energies, so at least one step is on and one off, and a
    rounding error does not flip a step. Of equal F1 the highest θ is taken: it keeps fewest steps on. auc is the chance
    that a step labelled moving has more energy than one labelled still (ties half); j the greatest TPR - FPR.

    Where all labels agree there is nothing to maximise: θ is Otsu's threshold of the energy itself. Where all energies
    agree, θ is that energy, and nothing is above it.
    """
    order = np.argsort(-energy, kind="stable")
    falling = energy[order].astype(np.float64)
    last = np.flatnonzero(falling[:-1] > falling[1:])  # [K] the last step that is on, per candidate
    moving, S = int(labels.sum()), len(labels)
    if moving in (0, S) or len(last) == 0:
        always_on = 2 * moving / (S + moving) if 0 < moving < S else None
        return Sweep(otsu(energy), None, always_on, None, None)
    true_on = np.cumsum(labels[order])[last]  # [K]
    on = last + 1
    f1 = 2 * true_on / (on + moving)
    best = int(np.argmax(f1))  # the first, which is the highest θ
    theta = (falling[last[best]] + falling[last[best] + 1]) / 2
    true_rate = np.concatenate([[0.0], true_on / moving, [1.0]])
    false_rate = np.concatenate([[0.0], (on - true_on) / (S - moving), [1.0]])
    auc = np.sum(np.diff(false_rate) * (true_rate[1:] + true_rate[:-1]) / 2)
    return Sweep(
        theta=float(theta),
        f1=float(f1[best]),
        f1_always_on=2 * moving / (S + moving),
        auc=float(auc),
        j=float(np.max(true_rate - false_rate)),
    )


def _warning(found: Sweep) -> str | None:
    if found.f1 is None or found.f1_always_on is None:
        return "The motion has no two levels to tell apart, so the threshold comes from the energy alone."
    if found.f1 <= found.f1_always_on:
        return "No threshold does better than calling everything an action, so the segments may mean little."
    return None
