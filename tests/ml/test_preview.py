import errno
import json
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image as Pillow

from ml.artefacts import VideoInfo
from ml.errors import Cancelled, CannotDecode
from ml.preview import cut_clip, make_clips, make_preview
from ml.video import Damage, frames, pictures, probe
from tests.ml.media import SHARED, grey, level_of, needs_shared_data, numbered, spoil, write_video

B_FRAMES = {"bf": "3", "preset": "medium", "g": "48"}


def preview(path: Path, out: Path) -> VideoInfo:
    info = probe(path)
    make_preview(path, info, out)
    return info


def levels(path: Path, step: int = 4) -> list[int]:
    return [level_of(p.rgb(p.shown_size), step) for p in pictures(path)]


def times(path: Path) -> list[float]:
    return [p.time_s for p in pictures(path)]


def packets(path: Path) -> list[tuple[float, bool, bool]]:
    """(time, keyframe, shown in the order of decoding) of each packet."""
    with av.open(str(path)) as container:
        return [
            (float(p.pts * p.time_base), p.is_keyframe, p.pts == p.dts)
            for p in container.demux(video=0)
            if p.pts is not None
        ]


def length_s(path: Path) -> float:
    with av.open(str(path)) as container:
        return container.duration / av.time_base


def assert_can_be_stepped(path: Path) -> None:
    """A constant rate, no B-frames, a keyframe at least every half second."""
    found = packets(path)
    times_s = [time_s for time_s, _, _ in found]
    fps = json.loads((path.parent / "proxy.json").read_text())["fps"]
    assert times_s == pytest.approx([n / fps for n in range(len(times_s))], abs=0.0006)
    assert all(in_order for _, _, in_order in found)
    keyframes_s = [time_s for time_s, keyframe, _ in found if keyframe]
    assert max(b - a for a, b in pairwise([*keyframes_s, length_s(path)])) <= 0.5 + 1e-6


def assert_plays_in_a_browser(path: Path) -> None:
    with av.open(str(path)) as container:
        assert [s.type for s in container.streams] == ["video"]
        codec = container.streams.video[0].codec_context
        assert (codec.name, codec.pix_fmt) == ("h264", "yuv420p")
        assert container.streams.video[0].start_time == 0
    content = path.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


# The browser's copy.


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_what_can_be_stepped_through_is_copied_as_it_is(tmp_path: Path, suffix: str) -> None:
    path = write_video(tmp_path / f"a.{suffix}", numbered(48), 30, codec_options={"bf": "0", "g": "15"})
    preview(path, tmp_path / "out")
    copy = tmp_path / "out" / "browser.mp4"
    assert_plays_in_a_browser(copy)
    assert_can_be_stepped(copy)
    with av.open(str(path)) as a, av.open(str(copy)) as b:
        sizes = [[p.size for p in c.demux(video=0)] for c in (a, b)]
    assert sizes[0] == sizes[1]
    assert levels(copy) == list(range(48))
    assert times(copy) == pytest.approx(times(path), abs=0.001)
    assert json.loads((tmp_path / "out" / "proxy.json").read_text()) == {"fps": 30.0, "copied": True}


@pytest.mark.parametrize(
    "options", [{"bf": "3", "preset": "medium", "g": "12"}, {"bf": "0", "g": "30"}], ids=["B-frames", "rare keyframes"]
)
def test_what_cannot_be_stepped_through_is_encoded(tmp_path: Path, options: dict[str, str]) -> None:
    path = write_video(tmp_path / "a.mp4", numbered(48), 30, codec_options=options)
    preview(path, tmp_path / "out")
    copy = tmp_path / "out" / "browser.mp4"
    assert_plays_in_a_browser(copy)
    assert_can_be_stepped(copy)
    assert levels(copy) == pytest.approx(list(range(48)), abs=1)
    assert json.loads((tmp_path / "out" / "proxy.json").read_text()) == {"fps": 30.0, "copied": False}


@pytest.mark.parametrize("rate", [Fraction(30000, 1001), Fraction(24000, 1001), Fraction(25), Fraction(60)])
def test_each_picture_of_a_steady_rate_is_one_frame_of_the_proxy(tmp_path: Path, rate: Fraction) -> None:
    path = write_video(tmp_path / "a.mkv", numbered(100, step=2), rate, codec_options=B_FRAMES)
    preview(path, tmp_path / "out")
    copy = tmp_path / "out" / "browser.mp4"
    assert_can_be_stepped(copy)
    assert json.loads((tmp_path / "out" / "proxy.json").read_text())["fps"] == pytest.approx(float(rate), abs=1e-9)
    assert levels(copy, 2) == pytest.approx(list(range(100)), abs=1)


def test_a_copy_begins_at_zero_wherever_the_original_began(tmp_path: Path) -> None:
    times_s = [3.0 + i / 30 for i in range(48)]
    path = write_video(tmp_path / "a.mkv", numbered(48), times_s=times_s, codec_options={"bf": "0", "g": "15"})
    preview(path, tmp_path / "out")
    assert packets(tmp_path / "out" / "browser.mp4")[0][0] == 0
    assert times(tmp_path / "out" / "browser.mp4") == pytest.approx([t - 3.0 for t in times_s], abs=0.001)


def test_sound_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as container:
        video, sound = container.add_stream("libx264", rate=10), container.add_stream("aac", rate=48000)
        video.width, video.height = 64, 48
        samples = av.AudioFrame.from_ndarray(np.zeros((1, 96000), dtype=np.float32), format="fltp", layout="mono")
        samples.sample_rate = 48000
        for image in numbered(20):
            container.mux(video.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(video.encode(None))
        container.mux(sound.encode(samples))
        container.mux(sound.encode(None))
    assert preview(path, tmp_path / "out").has_audio
    assert_plays_in_a_browser(tmp_path / "out" / "browser.mp4")


@pytest.mark.parametrize(("name", "codec"), [("a.mp4", "mpeg4"), ("a.webm", "libvpx"), ("a.mkv", "mjpeg")])
def test_what_browsers_may_not_play_is_encoded_on_the_same_clock(tmp_path: Path, name: str, codec: str) -> None:
    times_s = [round(t, 3) for t in np.cumsum([0.0, *[0.033, 0.067, 0.04] * 16])][:48]  # a variable rate
    path = write_video(tmp_path / name, numbered(48), times_s=times_s, codec=codec)
    preview(path, tmp_path / "out")
    copy = tmp_path / "out" / "browser.mp4"
    assert_plays_in_a_browser(copy)
    assert_can_be_stepped(copy)
    shown = [level_of(p.rgb(p.shown_size)) for p in pictures(copy)]
    on_screen = [sum(t <= time_s + 0.002 for t in times_s) - 1 for time_s in times(copy)]
    assert shown == pytest.approx(on_screen, abs=1)
    assert set(on_screen) == set(range(48))  # none is lost
    assert length_s(copy) == pytest.approx(probe(path).duration_s, abs=1 / 30)


def test_a_turned_recording_is_encoded_upright(tmp_path: Path) -> None:
    image = grey(30)
    image[:, 48:] = 220
    path = write_video(tmp_path / "a.mp4", [image] * 48, rotation_deg=90)
    preview(path, tmp_path / "out")
    info = probe(tmp_path / "out" / "browser.mp4")
    assert (info.width_px, info.height_px, info.rotation_deg) == (48, 64, 0)
    original, copy = next(frames(path, 10)).image, next(frames(tmp_path / "out" / "browser.mp4", 10)).image
    assert np.abs(original.astype(int) - copy).mean() < 5


def test_large_and_odd_pictures_are_encoded_small_and_even(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mkv", [grey(99, 1601, 41)] * 20, 10, codec="mjpeg")
    preview(path, tmp_path / "out")
    info = probe(tmp_path / "out" / "browser.mp4")
    assert (info.width_px, info.height_px) == (1280, 32)
    make_clips(tmp_path / "out" / "loops.mp4", [(0.0, 1.0)], tmp_path / "out")
    assert next(pictures(tmp_path / "out" / "00000.mp4")).shown_size == (320, 16)


def test_a_damaged_original_is_encoded_without_the_damage(tmp_path: Path) -> None:
    path = spoil(write_video(tmp_path / "a.mp4", numbered(48), 30, codec_options={"g": "1"}), slice(20, 23))
    info, damage = probe(path), Damage()
    assert info.plays_in_browser
    make_preview(path, info, tmp_path / "out", damage=damage)
    assert damage.undecodable == 3
    copied = Damage()
    found = list(pictures(tmp_path / "out" / "browser.mp4", copied))
    assert not copied
    assert_can_be_stepped(tmp_path / "out" / "browser.mp4")
    expected = [19 if i in (20, 21, 22) else i for i in range(48)]  # the clock goes on over what is missing
    assert [level_of(p.rgb(p.shown_size)) for p in found] == pytest.approx(expected, abs=1)
    assert not json.loads((tmp_path / "out" / "proxy.json").read_text())["copied"]


def test_a_file_cut_off_is_shown_as_far_as_it_goes(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (120, 48, 64, 3), dtype=np.uint8)
    path = write_video(tmp_path / "a.mp4", list(noise), 30, options={"movflags": "+faststart"})
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
    preview(path, tmp_path / "out")
    whole, copied = Damage(), Damage()
    expected = [p.time_s for p in pictures(path, whole)]
    assert [p.time_s for p in pictures(tmp_path / "out" / "browser.mp4", copied)] == pytest.approx(expected, abs=0.001)
    assert not copied


# Poster, sprite, loops.


def test_the_poster_shows_something(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(90, 255, (48, 64, 3), dtype=np.uint8)
    path = write_video(tmp_path / "a.mp4", [grey(0)] * 40 + [noise] * 20, 20)  # black until 2 s of 3
    preview(path, tmp_path / "out")
    with Pillow.open(tmp_path / "out" / "poster.webp") as poster:
        assert poster.size == (64, 48)
        assert np.asarray(poster.convert("L")).mean() > 100


def test_tiles_of_the_sprite_show_the_middle_of_their_interval(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", numbered(50, 64, 36), 10)
    preview(path, tmp_path / "out")
    facts = json.loads((tmp_path / "out" / "sprite.json").read_text())
    assert facts == {
        "columns": 10, "rows": 1, "tiles": 10, "tile_width": 160, "tile_height": 90, "interval_s": pytest.approx(0.5),
    }  # fmt: skip
    with Pillow.open(tmp_path / "out" / "sprite.webp") as sprite:
        assert sprite.size == (1600, 90)
        sheet = np.asarray(sprite.convert("RGB"))
    shown = [level_of(sheet[:, 160 * i : 160 * (i + 1)]) for i in range(10)]
    assert shown == pytest.approx([2.5 + 5 * i for i in range(10)], abs=1)


def test_a_long_video_has_a_hundred_tiles(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", [grey(99)] * 60, 0.5)
    preview(path, tmp_path / "out")
    facts = json.loads((tmp_path / "out" / "sprite.json").read_text())
    assert (facts["tiles"], facts["rows"]) == (100, 10)
    assert facts["interval_s"] == pytest.approx(1.2)
    with Pillow.open(tmp_path / "out" / "sprite.webp") as sprite:
        assert sprite.size == (1600, 10 * facts["tile_height"])


def test_loops_keep_the_clock_at_ten_pictures_a_second(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", numbered(48, 640, 360), 24)
    preview(path, tmp_path / "out")
    expected = list(frames(path, 10, 320))
    found = list(pictures(tmp_path / "out" / "loops.mp4"))
    assert found[0].shown_size == (320, 180)
    assert [p.time_s for p in found] == pytest.approx([f.time_s for f in expected], abs=1e-4)
    assert levels(tmp_path / "out" / "loops.mp4") == pytest.approx([level_of(f.image) for f in expected], abs=1)


def test_the_same_video_gives_the_same_bytes(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (40, 48, 64, 3), dtype=np.uint8)
    path = write_video(tmp_path / "a.mp4", list(noise), 20, codec="mpeg4")
    for out in ("b", "c"):
        preview(path, tmp_path / out)
        make_clips(tmp_path / out / "loops.mp4", [(0.2, 1.0)], tmp_path / out)
    names = sorted(p.name for p in (tmp_path / "b").iterdir())
    assert names == [
        "00000.mp4", "00000.webp", "browser.mp4", "loops.mp4", "poster.webp", "proxy.json", "sprite.json",
        "sprite.webp",
    ]  # fmt: skip
    for name in names:
        assert (tmp_path / "b" / name).read_bytes() == (tmp_path / "c" / name).read_bytes()


# Clips.


@pytest.fixture(scope="module")
def loops(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty numbered pictures, ten a second."""
    folder = tmp_path_factory.mktemp("loops")
    preview(write_video(folder / "a.mp4", numbered(20, step=11), 10), folder)
    return folder / "loops.mp4"


def test_clips_have_exactly_the_pictures_of_their_intervals(loops: Path, tmp_path: Path) -> None:
    intervals = [(0.8, 1.4), (0.0, 0.4), (0.2, 1.0), (1.0, 1.3), (1.5, 99.0), (0.35, 0.75)]
    heard: list[float] = []
    make_clips(loops, intervals, tmp_path, lambda done, message: heard.append(done))
    expected = [range(8, 14), range(4), range(2, 10), range(10, 13), range(15, 20), range(4, 8)]
    for i, numbers in enumerate(expected):
        clip = tmp_path / f"{i:05d}.mp4"
        assert levels(clip, 11) == list(numbers)
        assert times(clip) == pytest.approx([(n - numbers[0]) / 10 for n in numbers], abs=1e-4)
        assert_plays_in_a_browser(clip)
        assert length_s(clip) == pytest.approx(len(numbers) / 10, abs=1e-3)  # so a loop shows each equally long
        with Pillow.open(tmp_path / f"{i:05d}.webp") as poster:
            assert level_of(np.asarray(poster.convert("RGB")), 11) in numbers
    assert heard == sorted(heard)
    assert heard[-1] == 1.0
    assert len(list(tmp_path.iterdir())) == 12


def test_an_interval_without_a_picture_shows_the_one_on_screen(loops: Path, tmp_path: Path) -> None:
    make_clips(loops, [(1.02, 1.08), (7.0, 8.0)], tmp_path)
    assert levels(tmp_path / "00000.mp4", 11) == [10]
    assert levels(tmp_path / "00001.mp4", 11) == [19]


def test_no_intervals_make_no_clips(loops: Path, tmp_path: Path) -> None:
    make_clips(loops, [], tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_stopping_leaves_no_half_clip(loops: Path, tmp_path: Path) -> None:
    def cancel(done: float, message: str) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        make_clips(loops, [(0.0, 0.5), (0.3, 2.0)], tmp_path, cancel)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["00000.mp4", "00000.webp"]


def test_a_clip_of_the_original_is_exact_to_the_picture(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", numbered(50), 25, codec_options={**B_FRAMES, "g": "250"})
    cut_clip(path, 0.52, 1.0, tmp_path / "clip.mp4")
    assert levels(tmp_path / "clip.mp4") == list(range(13, 25))
    assert times(tmp_path / "clip.mp4") == pytest.approx([i / 25 for i in range(12)], abs=1e-4)
    assert_plays_in_a_browser(tmp_path / "clip.mp4")
    with pytest.raises(CannotDecode, match=r"there is no picture between 5\.00 s and 6\.00 s"):
        cut_clip(path, 5.0, 6.0, tmp_path / "none.mp4")
    assert not (tmp_path / "none.mp4").exists()


# A full disk.


@pytest.mark.parametrize("name", ["browser.mp4", "loops.mp4", "poster.webp"])
@pytest.mark.parametrize("codec", ["libx264", "mpeg4"])
def test_a_full_disk_is_the_systems_error(tmp_path: Path, name: str, codec: str) -> None:
    path = write_video(tmp_path / "a.mp4", numbered(48), 30, codec=codec)
    out = tmp_path / "out"
    out.mkdir()
    (out / f"{name}.part").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left") as full:
        preview(path, out)
    assert full.value.errno == errno.ENOSPC
    assert not (out / name).exists()


# Real recordings.


@needs_shared_data
@pytest.mark.parametrize(
    "name",
    ["videos/asl_book.mkv", "videos/mouse_reach_joystick.avi", "malformed/variable_frame_rate.mp4",
     "malformed/many_streams.mp4", "malformed/no_timescale_absurd_rotation.mp4", "malformed/animated.gif"],
)  # fmt: skip
def test_the_browsers_copy_of_a_real_recording_keeps_its_clock(tmp_path: Path, name: str) -> None:
    path = SHARED / name
    info = preview(path, tmp_path)
    assert_plays_in_a_browser(tmp_path / "browser.mp4")
    assert_can_be_stepped(tmp_path / "browser.mp4")
    originals = [(p.time_s, p.rgb((80, 60)).astype(int)) for p in pictures(path)]
    apart, on_screen = [], -1
    for copy in pictures(tmp_path / "browser.mp4"):
        while on_screen + 1 < len(originals) and originals[on_screen + 1][0] <= copy.time_s + 0.002:
            on_screen += 1
        apart.append(np.abs(originals[on_screen][1] - copy.rgb((80, 60))).mean())
    assert np.mean(apart) < 8
    assert length_s(tmp_path / "browser.mp4") == pytest.approx(info.duration_s, abs=0.1)
