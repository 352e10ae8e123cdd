"""The command line and the pipeline under it, on small videos drawn here."""

import importlib
import json
import os
from pathlib import Path

import av
import numpy as np
import pytest

import launcher.commands
from ml.cli import COMMANDS, main
from ml.config import PipelineConfig
from ml.pipeline import folder_names
from ml.tokenizer.checkpoint import load_tokenizer


def draw(path: Path, seconds: float = 8.0, moving: bool = True, seed: int = 0) -> Path:
    """A textured square that slides to and fro over a textured ground, two seconds at rest, two in motion."""
    rng = np.random.default_rng(seed)
    ground = np.kron(rng.integers(60, 190, (18, 32)), np.ones((10, 10))).astype(np.uint8)
    square = np.kron(rng.integers(0, 255, (12, 12)), np.ones((6, 6))).astype(np.uint8)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        x = 20.0
        for i in range(round(seconds * 10)):
            if moving and (i // 20) % 2 == 1:
                x += 6 if (i // 40) % 2 == 0 else -6
            picture = ground.copy()
            picture[50:122, round(x) : round(x) + 72] = square
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.stack([picture] * 3, axis=-1), format="rgb24")))
        container.mux(stream.encode(None))
    return path


def discover(*arguments: object) -> int:
    return main(["discover", *map(str, arguments), "--preset", "tiny"])


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw(tmp_path_factory.mktemp("videos") / "station.mp4")


@pytest.fixture(scope="module")
def found(video: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What one run leaves behind. θ is given so that a barely trained tokenizer finds something."""
    out = tmp_path_factory.mktemp("found") / "new" / "folder"
    assert discover(video, "--out", out, "--theta-on", 0.01, "--clusters", 2) == 0
    return out


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_a_run_leaves_what_it_found(found: Path):
    data = json.loads((found / "station" / "segments.json").read_text())
    assert data["video"] == "station.mp4"
    assert data["duration_s"] == pytest.approx(8.0, abs=0.11)
    assert data["segments"]
    with np.load(found / "station" / "codes.npz") as codes, np.load(found / "station" / "energy.npz") as energy:
        assert len(codes["stream_codes"]) == len(energy["times_s"]) == len(energy["energy"]) == len(energy["smoothed"])
        assert len(energy["velocity"]) == len(energy["energy"])
        assert float(energy["theta_on"]) == 0.01
        for segment in data["segments"]:
            assert 0 <= segment["start_s"] < segment["end_s"] <= data["duration_s"]
            inside = (codes["stream_times_s"] > segment["start_s"]) & (codes["stream_times_s"] <= segment["end_s"])
            assert segment["codes"] == codes["stream_codes"][inside].tolist()
    clusters = json.loads((found / "clusters.json").read_text())
    embeddings = np.load(found / "embeddings.npy", allow_pickle=False)
    assert embeddings.shape == (len(data["segments"]), 256)
    assert [segment["cluster"] for segment in data["segments"]] == clusters["labels"]
    assert PipelineConfig.from_dict(json.loads((found / "config.json").read_text())).clustering.n_clusters == 2
    assert load_tokenizer(found / "tokenizer").config.d_m == 32
    assert not list(found.glob(".working*"))


def test_each_clip_plays_just_its_segment(found: Path):
    for segment in json.loads((found / "station" / "segments.json").read_text())["segments"]:
        with av.open(str(found / "station" / segment["clip"])) as clip:
            pictures = sum(1 for _ in clip.decode(video=0))
        assert pictures == round(10 * (segment["end_s"] - segment["start_s"]))


def test_the_same_again_gives_the_same_bytes(video: Path, found: Path, tmp_path: Path):
    assert discover(video, "--out", tmp_path, "--theta-on", 0.01, "--clusters", 2) == 0
    again, before = files(tmp_path), files(found)
    assert again.keys() == before.keys()
    assert [name for name in again if again[name] != before[name]] == []


def test_a_tokenizer_is_used_again(video: Path, found: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    arguments = (video, "--out", tmp_path, "--tokenizer", found / "tokenizer", "--theta-on", 0.01, "--clusters", 2)
    # Another preset, to see that the checkpoint's shape is what counts.
    assert main(["discover", *map(str, arguments), "--preset", "small"]) == 0
    assert files(tmp_path)["station/codes.npz"] == files(found)["station/codes.npz"]
    assert files(tmp_path / "tokenizer") == files(found / "tokenizer")
    assert "1 of 1 videos" in capsys.readouterr().out


def test_cameras_of_one_take_are_clustered_by_what_all_of_them_saw(video: Path, found: Path, tmp_path: Path):
    other = tmp_path / "other.mp4"
    other.write_bytes(video.read_bytes())
    given = ("--tokenizer", found / "tokenizer", "--theta-on", 0.01, "--clusters", 2, "--cluster-by", "latents")
    assert discover(video, other, "--out", tmp_path / "one", "--one-take", *given) == 0
    seen = np.load(tmp_path / "one" / "latents.npy", allow_pickle=False)
    n = len(json.loads((tmp_path / "one" / "other" / "segments.json").read_text())["segments"])
    assert seen.shape == (2 * n, 2 * 32)
    np.testing.assert_array_equal(seen[:n], seen[n:])  # both saw the same
    np.testing.assert_allclose(seen[:, :32], seen[:, 32:], rtol=1e-6)
    assert discover(video, other, "--out", tmp_path / "two", *given) == 0
    assert np.load(tmp_path / "two" / "latents.npy", allow_pickle=False).shape == (2 * n, 32)
    assert not (found / "latents.npy").exists()


def test_a_video_that_cannot_be_used_is_one_line_and_stops_no_other(
    video: Path, found: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    text = tmp_path / "notes.mp4"
    text.write_text("not a video\n")
    still = draw(tmp_path / "still.mp4", seconds=3, moving=False)
    short = draw(tmp_path / "short.mp4", seconds=0.8)
    videos = (text, video, tmp_path / "missing.mp4", tmp_path, still, short)
    assert discover(*videos, "--out", tmp_path / "out", "--tokenizer", found / "tokenizer", "--theta-on", 0.01) == 0
    lines = capsys.readouterr().err.strip().splitlines()
    assert [line.split(":")[0] for line in lines] == [
        "notes.mp4",
        "missing.mp4",
        tmp_path.name,
        "still.mp4",
        "short.mp4",
    ]
    assert "no such file" in lines[1]
    assert "a folder" in lines[2]
    assert "nothing moved" in lines[3]
    assert "too short: 0.8 s, needs 1.6 s" in lines[4]
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert [v["status"] for v in report["videos"]] == ["failed", "done", "failed", "failed", "failed", "failed"]
    assert report["videos"][5]["reason"] == "too short: 0.8 s, needs 1.6 s"
    assert (report["n_working"], report["n_segments"] > 0) == (1, True)


def test_status_is_2_where_no_video_works(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert discover(tmp_path / "missing.mp4", "--out", tmp_path / "out") == 2
    assert capsys.readouterr().err == "missing.mp4: no such file\n"
    assert json.loads((tmp_path / "out" / "report.json").read_text())["n_working"] == 0


def test_a_video_without_motion_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert discover(draw(tmp_path / "still.mp4", seconds=3, moving=False), "--out", tmp_path / "out") == 2
    assert capsys.readouterr().err.startswith("still.mp4: nothing moved")


def test_a_file_of_tracks_goes_the_way_of_a_video_without_clips(
    found: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    frames = np.arange(120)
    path = 40.0 * np.cumsum((frames // 20) % 2 == 1)  # in pixels: 20 frames at rest, 20 in motion
    tracks = np.random.default_rng(0).uniform(0, 900, (1, 30, 2)) + np.zeros((120, 1, 1))
    tracks[:, :6, 0] += path[:, None] % 700
    np.savez(tmp_path / "hands.npz", tracks=tracks, fps=10, width=1600, height=900)
    out = tmp_path / "out"
    assert discover(tmp_path / "hands.npz", "--out", out, "--tokenizer", found / "tokenizer", "--theta-on", 0.01) == 0
    assert "hands.npz: warning: these are tracks, not pictures: there are no clips" in capsys.readouterr().err
    segments = json.loads((out / "hands" / "segments.json").read_text())["segments"]
    assert segments
    assert {segment["clip"] for segment in segments} == {None}
    assert list((out / "hands" / "clips").iterdir()) == []


def test_tracks_that_do_not_say_their_rate_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    np.save(tmp_path / "hands.npy", np.zeros((120, 30, 2)))
    assert discover(tmp_path / "hands.npy", "--out", tmp_path / "out") == 2
    assert "say --tracks-fps" in capsys.readouterr().err


def test_two_videos_of_one_name_do_not_mix(video: Path, found: Path, tmp_path: Path):
    twin = tmp_path / "elsewhere" / video.name
    twin.parent.mkdir()
    draw(twin, seed=1)
    out = tmp_path / "out"
    assert discover(video, twin, "--out", out, "--tokenizer", found / "tokenizer", "--theta-on", 0.01) == 0
    assert (out / "station" / "segments.json").exists()
    assert (out / "station-2" / "segments.json").exists()


def test_folder_names_are_all_different():
    videos = ["a/x.mp4", "b/x.avi", "c/X.mp4", "x-2.mp4", "tokenizer.mp4", "..mp4", ".mp4", "clusters.json.mp4"]
    names = folder_names([Path(v) for v in videos])
    assert names == ["x", "x-2", "X-3", "x-2-2", "tokenizer-2", "video", "mp4", "clusters.json-2"]


def test_what_is_wrong_with_the_command_is_one_plain_line(
    video: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert discover(video, "--out", tmp_path / "out", "--tokenizer", tmp_path) == 2
    assert capsys.readouterr().err.startswith("no tokenizer at")
    file = tmp_path / "file"
    file.write_text("")
    assert discover(video, "--out", file) == 2
    assert discover(video, "--out", file / "below") == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert all(line.startswith("cannot write to") for line in lines)


@pytest.mark.skipif(not Path("/dev/full").exists() or os.name != "posix", reason="needs /dev/full")
def test_a_full_disk_is_one_plain_line(video: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "report.json").symlink_to("/dev/full")
    assert discover(tmp_path / "missing.mp4", "--out", tmp_path) == 2
    assert capsys.readouterr().err.splitlines() == [f"cannot write to {tmp_path}: No space left on device"]


@pytest.mark.parametrize(
    "arguments",
    [["--clusters", "0"], ["--clusters", "x"], ["--theta-on", "-1"], ["--theta-on", "nan"], ["--seed", "-1"]],
)
def test_values_without_meaning_are_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as stopped:
        main(["discover", "v.mp4", "--out", "out", *arguments])
    assert stopped.value.code == 2
    assert arguments[0] in capsys.readouterr().err


def test_the_launcher_mounts_every_command():
    assert set(COMMANDS) <= set(launcher.commands.COMMANDS)
    assert all(importlib.import_module(f"ml.commands.{name}").HELP for name in COMMANDS)
