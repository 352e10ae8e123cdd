import json
from pathlib import Path

import numpy as np
import pytest

from ml.artefacts import Calibration, EnergyTrace, Segment, TokenStream
from ml.store import (
    load_energy,
    load_segments,
    load_stream,
    save_energy,
    save_json,
    save_segments,
    save_stream,
)

STREAM = TokenStream(np.array([[1, 2, 3], [4, 5, 6]], dtype=np.int16), np.array([[0, 1, 2, 3], [2, 3, 4, 5.0]]), 2)
TRACE = EnergyTrace(np.array([0, 0.5, 0.25], dtype=np.float32), np.array([0.1, 0.2, 0.4]), "quantized")
VELOCITY = EnergyTrace(np.array([1, 2, 3], dtype=np.float32), TRACE.times_s, "velocity")
SEGMENTS = [
    Segment(0.1, 0.30000000000000004, np.array([7, 1919], dtype=np.int16), 1 / 3, 0.5),
    Segment(1.0, 2.5, np.array([0], dtype=np.int16), 2.0, 2.0),
]


def test_a_stream_comes_back(tmp_path: Path):
    save_stream(STREAM, tmp_path / "codes.npz")
    found = load_stream(tmp_path / "codes.npz")
    np.testing.assert_array_equal(found.codes, STREAM.codes)
    assert found.codes.dtype == np.int16
    np.testing.assert_array_equal(found.times_s, STREAM.times_s)
    assert found.stride == 2
    with np.load(tmp_path / "codes.npz") as file:
        assert file["stream_codes"].tolist() == [1, 2, 3, 5, 6]
        assert file["stream_times_s"].tolist() == [1, 2, 3, 4, 5]


def test_energy_comes_back_with_its_thresholds_once_they_exist(tmp_path: Path):
    path = tmp_path / "energy.npz"
    save_energy(path, TRACE, VELOCITY)
    with np.load(path) as file:
        assert not {"theta_on", "latent", "flow", "start_s"} & set(file)
    save_energy(path, TRACE, VELOCITY, smoothed=TRACE.energy, calibration=Calibration(0.4, 0.5))
    trace, velocity = load_energy(path)
    np.testing.assert_array_equal(trace.energy, TRACE.energy)
    np.testing.assert_array_equal(velocity.energy, VELOCITY.energy)
    assert trace.source == "quantized"
    with np.load(path) as file:
        assert (float(file["theta_on"]), float(file["theta_off"])) == (0.4, 0.2)
        np.testing.assert_array_equal(file["smoothed"], TRACE.energy)
    save_energy(path, TRACE, VELOCITY, latent=TRACE, flow=VELOCITY, start_s=0.04)
    with np.load(path) as file:
        np.testing.assert_array_equal(file["latent"], TRACE.energy)
        np.testing.assert_array_equal(file["flow"], VELOCITY.energy)
        assert float(file["start_s"]) == 0.04


def test_segments_come_back_to_the_last_bit(tmp_path: Path):
    path = tmp_path / "segments.json"
    save_segments(path, "a video.mp4", 3.5, SEGMENTS, clusters=[1, None], clips=["clips/00000.mp4", None])
    for found, expected in zip(load_segments(path), SEGMENTS, strict=True):
        assert (found.start_s, found.end_s) == (expected.start_s, expected.end_s)
        assert found.codes.tolist() == expected.codes.tolist()
        assert (found.energy_mean, found.energy_peak) == (expected.energy_mean, expected.energy_peak)
    data = json.loads(path.read_text())
    assert (data["video"], data["duration_s"]) == ("a video.mp4", 3.5)
    assert [(s["cluster"], s["clip"]) for s in data["segments"]] == [(1, "clips/00000.mp4"), (None, None)]


def test_equal_artefacts_are_equal_files(tmp_path: Path):
    for name in ("first", "second"):
        save_stream(STREAM, tmp_path / f"{name}-codes.npz")
        save_energy(tmp_path / f"{name}-energy.npz", TRACE, VELOCITY)
        save_segments(tmp_path / f"{name}-segments.json", "v.mp4", 3.5, SEGMENTS)
    for file in ("codes.npz", "energy.npz", "segments.json"):
        first, second = (tmp_path / f"{name}-{file}" for name in ("first", "second"))
        assert first.read_bytes() == second.read_bytes()
        # A zip keeps the time of each entry: it must not be that of writing.
        assert b"PK" not in first.read_bytes()[:2] or first.read_bytes()[10:14] == b"\x00\x00\x21\x00"


def test_json_is_readable_and_never_nan(tmp_path: Path):
    data = {"a": 1, "list": [1, 2], "rows": [{"x": "ü"}, {"x": None}], "empty": [], "none": {}}
    save_json(tmp_path / "data.json", data)
    text = (tmp_path / "data.json").read_text()
    assert json.loads(text) == data
    assert '  {"x": "ü"},\n' in text
    with pytest.raises(ValueError, match="JSON"):
        save_json(tmp_path / "data.json", {"a": float("nan")})


@pytest.mark.parametrize("rows", [[], [{"x": 1}], [{"x": 1}, {"y": None}]])
def test_rows_may_come_one_by_one(tmp_path: Path, rows: list[dict[str, int]]):
    save_json(tmp_path / "at-once.json", {"rows": rows})
    save_json(tmp_path / "streamed.json", {"rows": iter(rows)})
    assert (tmp_path / "streamed.json").read_bytes() == (tmp_path / "at-once.json").read_bytes()
