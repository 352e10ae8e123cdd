"""Traces and what is cut from them: files in tests/golden/segmentation that Python and TypeScript both have to meet.

    PYTHONPATH=. python tests/golden/make_segmentation.py

Made by our own code, so they pin behaviour and prove nothing right; tests/ml/test_segmentation.py and
tests/ml/test_refinement.py have what was worked out by hand. Energies and smoothed values are written as the shortest
decimals that are the same float32, times as float64.
"""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.annotations import Annotation, Interval
from ml.artefacts import Calibration, EnergyTrace
from ml.config import DetectionConfig, RefinementConfig
from ml.evaluation.boundaries import TOLERANCES_S, boundary_f1, ends
from ml.refinement import refine, smooth_both_ways
from ml.segmentation import Interval as Cut
from ml.segmentation import detect, smooth
from ml.store import save_json

FOLDER = Path(__file__).parent / "segmentation"
PLAIN = DetectionConfig(alpha=1.0, off_ratio=0.5, on_steps=2, off_steps=2, cooldown_steps=0, min_s=0.0, max_s=None)
NOTHING = RefinementConfig(rest=None, dip=None, min_piece_s=0.0, hold_s=0.0)


@dataclass(frozen=True)
class Case:
    name: str
    energy: npt.NDArray[np.float32]
    times_s: npt.NDArray[np.float64]
    start_s: float = 0.0
    theta_on: float = 1.0
    detection: DetectionConfig = field(default_factory=DetectionConfig)
    refinement: RefinementConfig = field(default_factory=RefinementConfig)

    def written(self) -> dict[str, Any]:
        trace = EnergyTrace(self.energy, self.times_s, "made up")
        calibration = Calibration(self.theta_on, self.detection.off_ratio)
        found = detect(trace, calibration, self.detection, self.start_s)
        return {
            "name": self.name,
            "start_s": self.start_s,
            "theta_on": self.theta_on,
            "detection": asdict(self.detection),
            "refinement": asdict(self.refinement),
            "times_s": self.times_s.tolist(),
            "energy": shortest(self.energy),
            "smoothed": shortest(smooth(self.energy, self.detection.alpha)),
            "detected": rows(found),
            "cut": rows(refine(found, trace, calibration, self.refinement)),
        }


def rows(found: list[Cut]) -> list[list[float]]:
    return [[one.first, one.stop, one.start_s, one.end_s] for one in found]


def shortest(values: npt.NDArray[np.float32]) -> list[float]:
    return [float(str(value)) for value in values.astype(np.float32)]


def by_hand(
    name: str,
    *energy: float,
    refinement: RefinementConfig = NOTHING,
    times_s: list[float] | None = None,
    theta_on: float = 1.0,
    **detection: Any,
) -> Case:
    """Step k lasts from k/10 to (k+1)/10 seconds, if not said otherwise."""
    times = np.arange(1, len(energy) + 1) / 10 if times_s is None else np.array(times_s)
    config = DetectionConfig(**{**asdict(PLAIN), **detection})
    return Case(name, np.array(energy, dtype=np.float32), times, 0.0, theta_on, config, refinement)


def refined(**changes: Any) -> RefinementConfig:
    return RefinementConfig(**{**asdict(NOTHING), **changes})


def hand_made() -> list[Case]:
    seven = [2.0] * 7 + [0.0, 0.0]
    return [
        by_hand("no step at all"),
        by_hand("one step, low", 0),
        by_hand("one step, high", 5),
        by_hand("one step, high, and one is enough", 5, on_steps=1),
        by_hand("two high steps at the end of the video", 0, 5, 5),
        by_hand("exactly at the upper threshold is not above", 1, 1, 1, 1),
        by_hand("exactly at the lower threshold is not below", 2, 2, 0.5, 0.5, 0.5, 0.5),
        by_hand("a plateau between the thresholds", 2, 2, 0.7, 0.7, 0.7, 0, 0),
        by_hand("a value between breaks a run of low steps", 2, 2, 0, 0.7, 0, 0),
        by_hand("one high step does not start", 0, 2, 0, 2, 0),
        by_hand("no cooldown", 2, 2, 0, 0, 2, 2, 2, 0, 0),
        by_hand("a cooldown of one step", 2, 2, 0, 0, 2, 2, 2, 0, 0, cooldown_steps=1),
        by_hand("a cooldown of two steps", 2, 2, 0, 0, 2, 2, 2, 0, 0, cooldown_steps=2),
        by_hand("a greatest length", *seven, max_s=0.3),
        by_hand("a greatest and a least length", *seven, max_s=0.3, min_s=0.2),
        by_hand("a greatest length shorter than the debounce", *seven, max_s=0.1, on_steps=3),
        by_hand("a cut between two low steps", 2, 2, 0, 0, 0, max_s=0.3),
        by_hand("a least length that rounding would miss", 0, 0, 0, 2, 2, 2, 2, 0, 0, min_s=0.4),
        by_hand("a least length that is too long", 0, 0, 0, 2, 2, 2, 2, 0, 0, min_s=0.41),
        by_hand("one number for both thresholds", 2, 2, 1, 1, 0.9, 0.9, 2, 2, 0, 0, off_ratio=1.0),
        by_hand("smoothed", 0, 0, 3, 3, 3, 0, 0, 0, 0, 0, alpha=0.3, on_steps=1, off_steps=1),
        by_hand(
            "frames as the camera took them", 0, 2, 2, 2, 0, 0, 2, 2, 0, 0,
            times_s=[0.08, 0.2, 0.28, 0.4, 0.48, 0.6, 1.9, 2.0, 2.08, 2.2], max_s=1.0,
        ),
        by_hand("rest splits", 3, 3, 0.1, 0.2, 3, 3, refinement=refined(rest=0.3), off_steps=9),
        by_hand("rest at its level does not", 3, 3, 0.25, 0.25, 3, 3, refinement=refined(rest=0.25), off_steps=9),
        by_hand("rest at the ends stays", 3, 3, 3, 0.1, 0.1, refinement=refined(rest=0.3), off_steps=9),
        by_hand("rest would leave a short piece", 3, 3, 0.1, 3, 0.1, 3, 3, 3,
                refinement=refined(rest=0.3, min_piece_s=0.2), off_steps=9),
        by_hand("a dip splits", 3, 3, 1, 1, 2, 3, 3, 0, 0, refinement=refined(dip=1.0, smooth_s=0.001)),
        by_hand("a dip that is not deep enough", 3, 3, 1, 1, 2, 3, 3, 0, 0, theta_on=1.5,
                refinement=refined(dip=2.0, smooth_s=0.001)),
        by_hand("a dip smoothed away", 3, 3, 1, 3, 3, 3, 3, 0, 0, refinement=refined(dip=1.0, smooth_s=0.3)),
        by_hand("two dips, one piece too short", 3, 3, 1, 3, 1, 3, 3, 3, 0, 0,
                refinement=refined(dip=1.0, smooth_s=0.001, min_piece_s=0.25)),
        by_hand("an end moved on", 3, 3, 0, 0, 0, 0, 0, refinement=refined(hold_s=0.3)),
        by_hand("an end moved on to the next", 3, 3, 0, 0, 3, 3, 3, 0, 0, refinement=refined(hold_s=0.9)),
        by_hand("rest and a dip and a hold", 3, 3, 0.1, 4, 1, 1, 4, 4, 0, 0, 0, 0,
                refinement=RefinementConfig(smooth_s=0.05, min_piece_s=0.1), off_steps=3),
    ]  # fmt: skip


def drawn(rng: np.random.Generator, number: int) -> Case:
    """Bursts of movement over noise, with a parameter set of its own; every third as the defaults have it."""
    n = int(rng.integers(20, 260))
    bursts = np.repeat(rng.choice([0.05, 0.4, 1.5, 3.0], size=n), rng.integers(1, 12, size=n))[:n]
    energy = (bursts * rng.gamma(4.0, 0.25, n)).astype(np.float32)
    if number % 4 == 0:
        energy = np.round(energy, 1).astype(np.float32)  # values that fall on thresholds
    start_s = float(rng.choice([0.0, 0.033, 12.5]))
    kind = number % 3
    if kind == 0:
        times_s = start_s + np.arange(1, n + 1) / 10
    elif kind == 1:
        times_s = start_s + np.round(np.arange(1, n + 1) * 100 / 40) * 0.04  # 25 fps: 80 and 120 ms
    else:
        times_s = start_s + np.cumsum(rng.uniform(0.02, 0.3, n))
    if number % 3 == 0:
        detection, refinement = DetectionConfig(), RefinementConfig()
    else:
        detection = DetectionConfig(
            alpha=float(rng.choice([0.1, 0.3, 0.55, 0.8, 1.0])),
            off_ratio=float(rng.choice([0.3, 0.5, 0.8, 1.0])),
            on_steps=int(rng.integers(1, 5)),
            off_steps=int(rng.integers(1, 5)),
            cooldown_steps=int(rng.choice([0, 0, 1, 4])),
            min_s=float(rng.choice([0.0, 0.2, 0.5])),
            max_s=None if rng.random() < 0.5 else float(rng.choice([0.3, 1.0, 2.5])),
        )
        refinement = RefinementConfig(
            rest=None if rng.random() < 0.3 else float(rng.choice([0.1, 0.35, 0.7])),
            dip=None if rng.random() < 0.3 else float(rng.choice([0.2, 0.6, 1.2])),
            smooth_s=float(rng.choice([0.01, 0.14, 0.3, 1.0])),
            min_piece_s=float(rng.choice([0.0, 0.2, 0.5])),
            hold_s=float(rng.choice([0.0, 0.1, 0.3, 1.0])),
        )
    theta_on = float(rng.choice([0.5, 1.0, 1.3, rng.uniform(0.2, 2.0)]))
    return Case(f"drawn {number}", energy, times_s, start_s, theta_on, detection, refinement)


def smoothings(rng: np.random.Generator) -> list[dict[str, Any]]:
    cases = []
    for sigma_steps in (0.05, 0.7, 1.0, 1.3999999999999997, 2.5, 9.3):
        values = rng.gamma(1.0, 1.0, int(rng.integers(1, 80))).astype(np.float32)
        smoothed = shortest(smooth_both_ways(values, sigma_steps))
        cases.append({"sigma_steps": sigma_steps, "values": shortest(values), "smoothed": smoothed})
    return cases


def scores(rng: np.random.Generator) -> list[dict[str, Any]]:
    duration_s = 30.0
    pairs: list[tuple[list[float], list[float]]] = [
        ([], []),
        ([5.0], []),
        ([], [5.0]),
        ([1.1], [0.6]),
        ([0.1, 29.9, 30.0], [5.0]),
        ([5.0, 5.01, 5.02, 5.06], [5.0]),
        ([1.0, 2.0, 3.0], [1.6, 2.6, 3.6]),
        ([2.0, 1.0], [1.4, 1.5]),
        ([1.0, 1.5], [0.8, 1.2, 1.9]),
    ]
    for _ in range(20):
        n, m = (int(value) for value in rng.integers(0, 40, 2))
        pairs.append((rng.uniform(0.1, 30, n).tolist(), rng.uniform(0.1, 30, m).tolist()))
    cases = []
    for found, truth in pairs:
        counted = [
            ends(Annotation("v", duration_s, tuple(Interval(0.0, time_s) for time_s in times)), duration_s)
            for times in (found, truth)
        ]
        f1 = {str(t): boundary_f1(counted[0], counted[1], t) for t in TOLERANCES_S}
        case = {"found": found, "truth": truth, "duration_s": duration_s}
        cases.append(case | {"found_ends": counted[0].tolist(), "truth_ends": counted[1].tolist(), "f1": f1})
    return cases


def make(folder: Path) -> None:
    rng = np.random.default_rng(20240607)
    folder.mkdir(exist_ok=True)
    save_json(folder / "hand_made.json", {"cases": [case.written() for case in hand_made()]})
    save_json(folder / "drawn.json", {"cases": [drawn(rng, number).written() for number in range(72)]})
    save_json(folder / "smoothed.json", {"cases": smoothings(rng)})
    save_json(folder / "boundaries.json", {"cases": scores(rng)})


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
