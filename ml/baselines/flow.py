"""The optical flow baseline (§4.1.2): "the identical online state-machine architecture" on flow magnitude.

The threshold is Otsu's on the signal itself, smoothed as the detector smooths it and pooled over all videos: no labels,
and no other signal, take part. Differences from the published baseline: DIS flow instead of Dual TV-L1, one value per
frame pair instead of one per four, and no threshold search on the truth.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ml.annotations import Interval
from ml.artefacts import Calibration, EnergyTrace, Progress, TokenStream, no_progress
from ml.baselines.signals import FrameSignals, flow_speeds
from ml.calibration import otsu
from ml.config import CalibrationConfig, DetectionConfig, TrackingConfig
from ml.segmentation import Detector, smooth
from ml.video import frames, probe


def flow_trace(signals: FrameSignals) -> EnergyTrace:
    """Mean flow magnitude of each step of a whole video, [F-1], in half picture heights per `STEP_S`."""
    return EnergyTrace(signals.flow, signals.times_s[1:], "flow")


def flow_energy(
    video: Path, stream: TokenStream, config: TrackingConfig, progress: Progress = no_progress
) -> EnergyTrace:
    """Mean flow magnitude on the steps of `stream`, [S]: the source `flow` of the ablation. Decodes the video again.

    Raises what `ml.video.probe` raises.
    """
    duration_s = probe(video).duration_s
    times_s, speeds = [], []
    for time_s, speed in flow_speeds(frames(video, config.fps, config.long_side_px)):
        times_s.append(time_s)
        speeds.append(speed)
        progress(min(1.0, time_s / duration_s), f"{time_s:.0f} of {duration_s:.0f} s")
    return on_steps(EnergyTrace(np.array(speeds, dtype=np.float32), np.array(times_s), "flow"), stream)


def on_steps(trace: EnergyTrace, stream: TokenStream) -> EnergyTrace:
    """The values of `trace` at the steps of `stream`, which ends with its last whole window.

    Raises ValueError where a step has no value: the two were not taken from the same frames.
    """
    wanted = stream.stream_times_s
    at = np.searchsorted(trace.times_s, wanted - 1e-6)
    if at.max(initial=0) >= len(trace.times_s) or not np.allclose(trace.times_s[at], wanted, atol=1e-6):
        raise ValueError("the trace and the stream are not of the same frames")
    return EnergyTrace(trace.energy[at], wanted, trace.source)


def cut_by_otsu(
    traces: Sequence[EnergyTrace],
    starts_s: Sequence[float],
    detection: DetectionConfig,
    calibration: CalibrationConfig,
) -> list[list[Interval]]:
    """The detector of §3.1.2 on any signal, one threshold for all videos: Otsu's on the smoothed, pooled signal.

    starts_s: where step 0 of each video begins. An interval's score is its mean energy. Equal values throughout give no
    interval.
    """
    if not traces:
        return []
    smoothed = np.concatenate([smooth(trace.energy, detection.alpha) for trace in traces])
    theta = Calibration(otsu(smoothed, calibration.histogram_bins), detection.off_ratio)
    return [_cut(trace, start_s, theta, detection) for trace, start_s in zip(traces, starts_s, strict=True)]


def _cut(trace: EnergyTrace, start_s: float, theta: Calibration, config: DetectionConfig) -> list[Interval]:
    detector = Detector(theta, config, start_s)
    found = [
        interval
        for value, time_s in zip(trace.energy, trace.times_s, strict=True)
        for interval in detector.push(float(value), float(time_s))
    ]
    return [
        Interval(part.start_s, part.end_s, score=float(trace.energy[part.first : part.stop].mean()))
        for part in found + detector.flush()
    ]
