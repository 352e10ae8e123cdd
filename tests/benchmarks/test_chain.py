from __future__ import annotations

from pathlib import Path

import av
import pytest

from benchmarks import chain, clip
from benchmarks.chain import Measured, memory, run_stage, speed
from benchmarks.machine import MiB, table
from ml.synthetic import SceneConfig
from ml.tracking import TracksFile


def stages(peak: int) -> dict[str, Measured]:
    """Every stage one second and half a second of CPU, the decoding a quarter."""
    measured = {name: Measured(1.0, 0.5, peak * MiB, "") for name in chain.ORDER}
    return {**measured, "decode": Measured(1.0, 0.25, peak * MiB, "")}


def line_of(text: str, start: str) -> list[str]:
    return next(line for line in text.splitlines() if line.startswith(start)).split()


def test_totals_add_up_stages_and_set_them_beside_decoding() -> None:
    report = speed(stages(100), seconds=60.0)
    # track, tokenize, cut, embed, cluster: 5 s of wall, 2.5 s of CPU; 5 / 60 = 83.33 ms; 60 / 5 = 12; 5 / 1; 2.5 / 0.25
    assert line_of(report, "track to cluster")[-6:] == ["5.0", "2.5", "83.33", "12.0", "5.00", "10.00"]
    # and preview and clips: 7 s, 3.5 s, 7 / 60 = 116.67 ms, 60 / 7 = 8.6, 7, 14
    assert line_of(report, "the same, with")[-6:] == ["7.0", "3.5", "116.67", "8.6", "7.00", "14.00"]
    assert report.endswith("5.00 times decoding by the clock, 10.00 in CPU; at most 2.5: missed")


def test_the_bar_counts_the_worse_of_clock_and_processor() -> None:
    measured = {**stages(100), "decode": Measured(2.5, 1.0, 100 * MiB, "")}
    assert speed(measured, seconds=60.0).endswith("2.00 times decoding by the clock, 2.50 in CPU; at most 2.5: met")


def test_memory_compares_the_longest_with_the_shortest() -> None:
    report = memory({30.0: stages(110), 1.0: stages(100)})
    assert line_of(report, "track") == ["track", "100", "110", "+10.0", "%"]
    assert line_of(report, "worker") == ["worker", "100", "110", "+10.0", "%"]


def test_the_whole_command_is_set_beside_decoding_alone() -> None:
    whole = {"decode": Measured(1.0, 2.0, MiB, ""), "discover": Measured(3.0, 5.0, 2 * MiB, "7 segments")}
    report = speed(whole, seconds=600.0)
    assert line_of(report, "kineme discover, whole")[-6:] == ["5.00", "200.0", "3.00", "2.50", "7", "segments"]
    assert "track to cluster" not in report
    assert line_of(memory({1.0: whole, 60.0: whole}), "discover") == ["discover", "2", "2", "+0.0", "%"]


@pytest.mark.parametrize("backend", ["lk", "flow"])
def test_the_track_stage_uses_the_backend_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, backend: str
) -> None:
    monkeypatch.setattr(clip, "SCENE", SceneConfig(cycles=1, width_px=96, height_px=64, fps=10, passers_by=0))
    assert run_stage("track", clip.clip(tmp_path, minutes=0.05), tmp_path, "tiny", backend).made == "4 windows"
    assert TracksFile.open(tmp_path / "tracks").tracker == backend


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    assert table(["a", "figure"], [["long name", "1"]]).splitlines() == [
        "a          figure",
        "─────────  ──────",
        "long name       1",
    ]


def test_a_clip_has_the_length_asked_for_and_whole_frames(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clip, "SCENE", SceneConfig(cycles=1, width_px=96, height_px=64, fps=5, passers_by=0))
    path = clip.clip(tmp_path, minutes=1.0)
    assert clip.clip(tmp_path, minutes=1.0) == path
    with av.open(str(path)) as container:
        times_s = [float(frame.time) for frame in container.decode(video=0)]  # type: ignore[arg-type]
    assert len(times_s) == 300
    assert times_s == sorted(set(times_s))
    assert times_s[-1] < 60.0


def test_a_stage_says_what_it_took(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clip, "SCENE", SceneConfig(cycles=1, width_px=96, height_px=64, fps=5, passers_by=0))
    measured = run_stage("decode", clip.clip(tmp_path, minutes=0.1), tmp_path, "tiny")
    assert measured.made == "30 frames"
    assert measured.wall_s > 0
    assert measured.cpu_s > 0
    assert measured.peak_bytes > MiB
