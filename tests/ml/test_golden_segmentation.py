"""The files Python and TypeScript both have to meet; frontend/src/lib/segmentation/golden.test.ts reads them too."""

import json
from typing import Any

import numpy as np
import pytest

from ml.annotations import Annotation
from ml.annotations import Interval as Named
from ml.artefacts import Calibration, EnergyTrace
from ml.config import DetectionConfig, RefinementConfig
from ml.evaluation.boundaries import boundary_f1, ends
from ml.refinement import refine, smooth_both_ways
from ml.segmentation import Interval, detect, smooth
from tests.golden.make_segmentation import FOLDER


def cases(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((FOLDER / f"{name}.json").read_text())["cases"]
    return found


def rows(found: list[Interval]) -> list[list[float]]:
    return [[one.first, one.stop, one.start_s, one.end_s] for one in found]


@pytest.mark.parametrize("case", cases("hand_made") + cases("drawn"), ids=lambda case: case["name"])
def test_a_trace_is_cut_as_written(case: dict[str, Any]):
    energy = np.array(case["energy"], dtype=np.float32)
    trace = EnergyTrace(energy, np.array(case["times_s"], dtype=np.float64), "made up")
    detection, refinement = DetectionConfig(**case["detection"]), RefinementConfig(**case["refinement"])
    calibration = Calibration(case["theta_on"], detection.off_ratio)
    assert np.array_equal(smooth(energy, detection.alpha), np.array(case["smoothed"], dtype=np.float32))
    found = detect(trace, calibration, detection, case["start_s"])
    assert rows(found) == case["detected"]
    assert rows(refine(found, trace, calibration, refinement)) == case["cut"]


def test_the_files_hold_every_way_of_cutting():
    drawn = cases("drawn")
    assert any(len(case["cut"]) > len(case["detected"]) for case in drawn)
    assert any(case["cut"] and case["cut"][-1][1] == len(case["energy"]) for case in drawn)
    assert sum(len(case["cut"]) for case in drawn) > 500


@pytest.mark.parametrize("case", cases("smoothed"), ids=lambda case: f"sigma {case['sigma_steps']}")
def test_values_are_smoothed_as_written(case: dict[str, Any]):
    smoothed = smooth_both_ways(np.array(case["values"], dtype=np.float32), case["sigma_steps"])
    assert np.array_equal(smoothed, np.array(case["smoothed"], dtype=np.float32))


@pytest.mark.parametrize("case", cases("boundaries"))
def test_boundaries_are_scored_as_written(case: dict[str, Any]):
    found, truth = (
        ends(Annotation("v", None, tuple(Named(0.0, t) for t in case[side])), case["duration_s"])
        for side in ("found", "truth")
    )
    assert (found.tolist(), truth.tolist()) == (case["found_ends"], case["truth_ends"])
    for tolerance_s, f1 in case["f1"].items():
        assert boundary_f1(found, truth, float(tolerance_s)) == f1
