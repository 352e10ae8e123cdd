"""The optical flow baseline (§4.1.2): "the identical online state-machine architecture" on flow magnitude.

The threshold comes from the signal itself, smoothed as the detector smooths it: no labels, and no other signal, take
part. Differences from the published baseline: DIS flow instead of Dual TV-L1, one value per frame pair instead of one
per four, and no threshold search on the truth.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ml.annotations import Interval
from ml.artefacts import Calibration, EnergyTrace, TokenStream
from ml.baselines.signals import FrameSignals
from ml.calibration import label_threshold
from ml.config import CalibrationConfig, DetectionConfig, RefinementConfig
from ml.refinement import refine
from ml.segmentation import detect, smooth


def flow_trace(signals: FrameSignals) -> EnergyTrace:
    """Mean flow magnitude of each step of a whole video, [F-1], in half picture heights per `STEP_S`."""
    return EnergyTrace(signals.flow, signals.times_s[1:], "flow")


def on_steps(trace: EnergyTrace, stream: TokenStream) -> EnergyTrace:
    """The values of `trace` at the steps of `stream`, which ends with its last whole window.

    Raises ValueError where a step has no value: the two were not taken from the same frames.
    """
    wanted = stream.stream_times_s
    at = np.searchsorted(trace.times_s, wanted - 1e-6)
    if at.max(initial=0) >= len(trace.times_s) or not np.allclose(trace.times_s[at], wanted, atol=1e-6):
        raise ValueError("the trace and the stream are not of the same frames")
    return EnergyTrace(trace.energy[at], wanted, trace.source)


def cut(
    traces: Sequence[EnergyTrace],
    starts_s: Sequence[float],
    calibration: CalibrationConfig,
    detection: DetectionConfig,
    refinement: RefinementConfig | None = None,
) -> list[list[Interval]]:
    """The detector of §3.1.2 on any signal, with one threshold for these videos: that of `calibration.labels` on their
    smoothed signals together.

    starts_s: where step 0 of each video begins; refinement: what is done to the intervals then, nothing where None. An
    interval's score is its mean energy. Equal values throughout give no interval.
    """
    if not traces:
        return []
    smoothed = np.concatenate([smooth(trace.energy, detection.alpha) for trace in traces])
    theta = Calibration(label_threshold(smoothed, calibration), detection.off_ratio)
    found = []
    for trace, start_s in zip(traces, starts_s, strict=True):
        parts = detect(trace, theta, detection, start_s)
        parts = parts if refinement is None else refine(parts, trace, theta, refinement)
        scores = [float(trace.energy[part.first : part.stop].mean()) for part in parts]
        found.append([Interval(part.start_s, part.end_s, score=s) for part, s in zip(parts, scores, strict=True)])
    return found
