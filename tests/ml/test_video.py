import io
import wave
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image as Pillow

from ml.errors import CannotDecode, PipelineError, TooLarge, TooShort
from ml.video import Damage, fit, frames, pictures, pictures_between, probe
from tests.ml.media import grey, level_of, needs_shared_data, numbered, shared_files, spoil, write_video


def test_probe_tells_what_the_file_holds(tmp_path: Path) -> None:
    info = probe(write_video(tmp_path / "a.mp4", numbered(50), 25))
    assert (info.width_px, info.height_px, info.rotation_deg) == (64, 48, 0)
    assert info.duration_s == pytest.approx(2.0)
    assert info.fps == pytest.approx(25.0)
    assert (info.container, info.codec, info.pixel_format) == ("mp4", "h264", "yuv420p")
    assert (info.variable_frame_rate, info.has_audio, info.plays_in_browser) == (False, False, True)
    assert info.warnings == ()


def test_every_third_picture_of_30_fps_makes_10_fps(tmp_path: Path) -> None:
    found = list(frames(write_video(tmp_path / "a.mp4", numbered(48), 30), 10))
    assert [level_of(f.image) for f in found] == list(range(0, 48, 3))
    assert [f.time_s for f in found] == pytest.approx([0.1 * k for k in range(16)])
    assert found[0].image.shape == (48, 64, 3)
    assert found[0].image.dtype == np.uint8


def test_grey_pictures_are_the_brightness_of_the_coloured_ones(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    images = [np.repeat(np.repeat(rng.integers(30, 220, (6, 8, 3), dtype=np.uint8), 8, axis=0), 8, axis=1)] * 20
    path = write_video(tmp_path / "a.mp4", images, 10, rotation_deg=90)
    for rgb, brightness in zip(frames(path, 10, 48), frames(path, 10, 48, grey=True), strict=True):
        assert brightness.time_s == rgb.time_s
        assert brightness.image.shape == rgb.image.shape[:2]
        expected = rgb.image @ np.array([0.299, 0.587, 0.114])
        assert np.abs(brightness.image - expected).mean() < 2.0


def test_pictures_are_chosen_by_their_time_not_their_number(tmp_path: Path) -> None:
    # Slots at 10 fps reach from -50 to +50 ms. 0.00 → slot 0; 0.04 → slot 0 but farther; 0.12 → slot 1; 0.21 → slot 2;
    # 0.24 → slot 2 but farther; slots 3 and 4 are empty and repeat what is on screen, 0.24; 0.46 → slot 5.
    times_s = [0.0, 0.04, 0.12, 0.21, 0.24, 0.46, 0.56]
    path = write_video(tmp_path / "a.mp4", numbered(7), times_s=times_s)
    found = list(frames(path, 10))
    assert [level_of(f.image) for f in found] == [0, 2, 3, 4, 4, 5, 6]
    assert [f.time_s for f in found] == pytest.approx([0.0, 0.12, 0.21, 0.3, 0.4, 0.46, 0.56], abs=1e-4)


def test_a_variable_rate_is_recognised(tmp_path: Path) -> None:
    steps = [0.033, 0.067, 0.04] * 16
    times_s = [round(sum(steps[:i]), 6) for i in range(48)]
    info = probe(write_video(tmp_path / "a.mp4", numbered(48), times_s=times_s))
    assert info.variable_frame_rate
    assert info.duration_s == pytest.approx(times_s[-1] + (times_s[-1] - times_s[-2]), abs=1e-3)


def test_a_slower_source_repeats_the_picture_on_screen(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", numbered(14), 7)
    found = list(frames(path, 10))
    # Pictures at 0, .143, .286, .429, .571, .714, .857, 1.0, …; slots 2, 5 and 8 of ten have none within 50 ms.
    assert [level_of(f.image) for f in found] == [0, 1, 1, 2, 3, 3, 4, 5, 5, 6, 7, 8, 8, 9, 10, 10, 11, 12, 12, 13]
    assert all(a.time_s < b.time_s for a, b in pairwise(found))
    assert "only 7.0 pictures a second" in probe(path).warnings[0]


@pytest.mark.parametrize("fps", [5, 7, 10, 15, 24, 25, Fraction(30000, 1001), 30, 60])
def test_sixteen_frames_are_1_6_s_of_any_source(tmp_path: Path, fps: Fraction) -> None:
    n = round(1.6 * fps)
    found = list(frames(write_video(tmp_path / "a.mp4", [grey(100)] * n, fps), 10))
    assert len(found) == round(10 * n / fps)
    assert all(a.time_s < b.time_s for a, b in pairwise(found))
    assert all(abs(f.time_s - k / 10) <= 0.05 + 1e-6 for k, f in enumerate(found))


def test_time_counts_from_the_first_picture(tmp_path: Path) -> None:
    times_s = [5.0 + i / 30 for i in range(48)]
    path = write_video(tmp_path / "a.mkv", numbered(48), times_s=times_s)
    assert probe(path).start_s == pytest.approx(5.0, abs=0.001)
    assert probe(path).duration_s == pytest.approx(1.6, abs=0.002)
    found = list(frames(path, 10))
    assert [level_of(f.image) for f in found] == list(range(0, 48, 3))
    assert found[0].time_s == 0


def test_a_recording_without_a_duration_is_measured(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.webm", numbered(48), 30, codec="libvpx", options={"live": "1"})
    with av.open(str(path)) as container:
        assert container.duration is None
    assert probe(path).duration_s == pytest.approx(1.6, abs=0.002)
    assert len(list(frames(path, 10))) == 16


def test_avi_times_follow_the_order_of_showing(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.avi", numbered(48), 30, codec_options={"bf": "3", "preset": "medium"})
    damage = Damage()
    assert [level_of(f.image) for f in frames(path, 10, damage=damage)] == list(range(0, 48, 3))
    assert not damage
    assert probe(path).duration_s == pytest.approx(1.6)


def test_rotation_is_applied(tmp_path: Path) -> None:
    image = grey(30)
    image[:, 48:] = 220  # bright at the right
    path = write_video(tmp_path / "a.mp4", [image] * 48, rotation_deg=90)
    with av.open(str(path)) as container:
        stored = next(container.decode(video=0))
    assert abs(stored.rotation) == 90
    info, shown = probe(path), next(frames(path, 10)).image
    assert (info.width_px, info.height_px) == (48, 64)
    assert info.rotation_deg == -stored.rotation % 360
    assert not info.plays_in_browser
    assert shown.shape == (64, 48, 3)
    bright_at_bottom = shown[60].mean() > 150 > shown[4].mean()
    assert bright_at_bottom == (info.rotation_deg == 90)  # turned clockwise, right comes to lie at the bottom
    assert abs(shown[60].mean() - shown[4].mean()) > 150


def test_wide_pixels_are_shown_wide(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", [grey(90)] * 48, pixel_aspect=Fraction(4, 3))
    assert (probe(path).width_px, probe(path).height_px) == (85, 48)
    assert next(frames(path, 10)).image.shape == (48, 84, 3)


def test_frames_shrink_to_even_sizes_and_never_grow() -> None:
    assert fit((1280, 720), 512) == (512, 288)
    assert fit((720, 1280), 512) == (288, 512)
    assert fit((320, 180), 512) == (320, 180)
    assert fit((417, 373), None) == (416, 372)
    assert fit((8000, 20), 512) == (512, 16)  # what is written here must be readable here


def test_the_largest_of_several_streams_is_used(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as container:
        streams = []
        for size in ((64, 48), (128, 96)):
            stream = container.add_stream("libx264", rate=10)
            stream.width, stream.height = size
            streams.append(stream)
        for _ in range(20):
            for stream in streams:
                image = grey(80, stream.width, stream.height)
                container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        for stream in streams:
            container.mux(stream.encode(None))
    info = probe(path)
    assert (info.width_px, info.height_px) == (128, 96)
    assert info.warnings == ("2 video streams: the largest, 128×96, is used",)
    assert next(frames(path, 10)).image.shape == (96, 128, 3)


def test_a_gif_is_a_video(tmp_path: Path) -> None:
    info = probe(write_video(tmp_path / "a.gif", numbered(20), 10, codec="gif"))
    assert (info.codec, info.plays_in_browser) == ("gif", False)
    assert info.duration_s == pytest.approx(2.0)


def test_a_stream_that_is_added_on_the_way_does_no_harm(tmp_path: Path) -> None:
    first = write_video(tmp_path / "a.ts", numbered(48), 4)
    second = tmp_path / "b.ts"
    with av.open(str(second), "w") as container:
        streams = [container.add_stream("mpeg2video", rate=25) for _ in range(2)]
        for stream in streams:
            stream.width, stream.height = 64, 48
        for stream in streams:
            frame = av.VideoFrame.from_ndarray(grey(99), format="rgb24")
            frame.pts, frame.time_base = 1300, Fraction(1, 100)
            container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    path = tmp_path / "both.ts"
    path.write_bytes(first.read_bytes() + second.read_bytes())
    assert probe(path).duration_s >= 12.0
    assert [level_of(f.image) for f in frames(path, 4)][:46] == list(range(46))  # the seam spoils the last


def test_titles_in_an_old_encoding_do_no_harm(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mkv", numbered(48), title="Pruefstand")
    content = path.read_bytes()
    assert content.count(b"Pruefstand") == 1
    path.write_bytes(content.replace(b"Pruefstand", b"Pr\xfcfstaende"))
    assert probe(path).duration_s == pytest.approx(1.6, abs=0.002)


# What cannot be used says so in one sentence.


def picture_bytes(kind: str) -> bytes:
    buffer = io.BytesIO()
    Pillow.fromarray(grey(99)).save(buffer, kind)
    return buffer.getvalue()


def wav_bytes() -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(32000))
    return buffer.getvalue()


LFS_POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:6ad2\nsize 81395572\n"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "not a video: the file is empty"),
        (LFS_POINTER, "this is a Git LFS pointer, not a video: fetch the real file with `git lfs pull`"),
        (b"To whom it may concern\n" * 100, "not a video: the format is not known"),
        (bytes(4096), "not a video: the format is not known"),
        (picture_bytes("JPEG"), "not a video: this is a still picture (JPEG)"),
        (picture_bytes("PNG"), "not a video: this is a still picture (PNG)"),
        (picture_bytes("WEBP"), "not a video: this is a still picture (WebP)"),
        (picture_bytes("AVIF"), "not a video: this is a still picture (AVIF)"),
        (picture_bytes("GIF"), "too short: 0.0 s, needs 1.6 s"),
        (wav_bytes(), "no video stream: this is an audio file"),
        (b"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nfile:///etc/passwd\n", "not a video: this is a playlist"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", "not a video: this is a playlist"),
        (b"v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n", "not a video: the format is not known"),
    ],
)
def test_what_is_not_a_video_is_refused_in_a_sentence(tmp_path: Path, content: bytes, sentence: str) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(content)
    with pytest.raises(PipelineError) as refused:
        probe(path)
    assert str(refused.value) == sentence


def test_a_playlist_of_real_files_is_not_followed(tmp_path: Path) -> None:
    write_video(tmp_path / "real.mp4", numbered(48))
    playlist = tmp_path / "list.mp4"
    playlist.write_text("\n\nffconcat version 1.0\nfile real.mp4\n")
    with pytest.raises(CannotDecode, match="not a video"):
        probe(playlist)


def test_sound_alone_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=48000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024 * 80), dtype=np.float32), format="fltp", layout="mono")
        frame.sample_rate = 48000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with pytest.raises(CannotDecode, match=r"^no video stream$"):
        probe(path)


def test_a_video_shorter_than_one_window_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TooShort, match=r"^too short: 0\.8 s, needs 1\.6 s$"):
        probe(write_video(tmp_path / "a.mp4", numbered(24), 30))


def test_a_huge_picture_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.gif", numbered(20), 10, codec="gif")
    content = bytearray(path.read_bytes())
    content[6:10] = (16384).to_bytes(2, "little") * 2  # the logical screen, at bytes 6 to 9 of every GIF
    path.write_bytes(content)
    with pytest.raises(TooLarge, match=r"^the picture is 16384×16384 px, at most 8192×8192 and 40 megapixels$"):
        probe(path)


def test_a_side_beyond_the_limit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TooLarge, match="the picture is 8208×16 px"):
        probe(write_video(tmp_path / "a.mp4", numbered(20, 8208, 16), 10))


def test_a_tiny_picture_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CannotDecode, match=r"^the picture is 2×2 px, needs at least 16×16$"):
        probe(write_video(tmp_path / "a.mp4", numbered(48, 2, 2)))


def test_a_clock_that_jumps_by_hours_is_refused(tmp_path: Path) -> None:
    times_s = [*(i / 30 for i in range(40)), *(7200 + i / 30 for i in range(8))]
    path = write_video(tmp_path / "a.mkv", numbered(48), times_s=times_s)
    with pytest.raises(CannotDecode, match="clock of this video is broken"):
        probe(path)
    with pytest.raises(CannotDecode, match="clock of this video is broken"):
        list(frames(path, 10))


def test_a_missing_file_is_not_the_uploaders_mistake(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        probe(tmp_path / "gone.mp4")


# Damage is skipped and told.


def test_a_file_cut_off_behind_its_index_gives_what_is_there(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (120, 48, 64, 3), dtype=np.uint8)
    path = write_video(tmp_path / "a.mp4", list(noise), 30, options={"movflags": "+faststart"})
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
    info = probe(path)
    assert 1.8 < info.duration_s < 3.0
    assert len(info.warnings) == 1
    assert info.warnings[0].startswith("cut short: the file says 4.0 s")
    found = list(frames(path, 10))
    assert found[-1].time_s == pytest.approx(info.duration_s, abs=0.2)


def test_a_file_cut_off_before_its_index_is_refused(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", numbered(48))
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(CannotDecode, match="damaged: it begins like a video but cannot be opened"):
        probe(path)


def test_damaged_pictures_are_skipped_and_counted(tmp_path: Path) -> None:
    path = spoil(write_video(tmp_path / "a.mp4", numbered(48), 30, codec_options={"g": "1"}), slice(20, 23))
    damage = Damage()
    found = list(frames(path, 10, damage=damage))
    assert len(found) == 16
    assert [level_of(f.image) for f in found] == [0, 3, 6, 9, 12, 15, 18, 20 - 1, *range(24, 48, 3)]
    assert damage.undecodable == 3
    assert damage.warnings() == (
        "damaged: about 3 of 48 pictures could not be decoded and were skipped, the first near 0.7 s",
    )


def test_a_video_of_which_nothing_decodes_is_refused(tmp_path: Path) -> None:
    path = spoil(write_video(tmp_path / "a.mp4", numbered(48)), slice(None))
    with pytest.raises(CannotDecode, match="no picture in this video can be decoded"):
        probe(path)


# Reading a stretch.


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "avi"])
def test_a_stretch_has_exactly_its_pictures(tmp_path: Path, suffix: str) -> None:
    options = {"g": "100", "bf": "3", "preset": "medium"}
    path = write_video(tmp_path / f"a.{suffix}", numbered(50), 25, codec_options=options)
    found = list(pictures_between(path, 0.8, 1.2))
    assert [level_of(p.rgb((64, 48))) for p in found] == list(range(20, 30))
    assert [p.time_s for p in found] == pytest.approx([i / 25 for i in range(20, 30)], abs=1e-3)


def test_pictures_are_all_there_in_order(tmp_path: Path) -> None:
    found = list(pictures(write_video(tmp_path / "a.mp4", numbered(48), 30, codec_options={"bf": "3"})))
    assert [p.time_s for p in found] == pytest.approx([i / 30 for i in range(48)], abs=1e-4)


# Real files.

REFUSED = {
    "-video-with-dash-.mp4": "the picture is 1×1 px, needs at least 16×16",
    "audio_only.mp3": "no video stream: this is an audio file",
    "audio_only_amr.3gp": "no video stream",
    "chunk_out_of_range.mp4": (
        "damaged: it begins like a video but cannot be opened; perhaps it was cut off while it was copied"
    ),
    "hevc_10bit.mp4": "too short: 1.0 s, needs 1.6 s",
    "init_segment_only_encrypted.mp4": "no picture in this video can be decoded",
    "lfs_pointer.mp4": "this is a Git LFS pointer, not a video: fetch the real file with `git lfs pull`",
    "mp3_with_cover_picture.mp3": "no video stream: this is an audio file",
    "one_frame_av1.mp4": "too short: 0.0 s, needs 1.6 s",
    "rotation_180.mov": "too short: 0.1 s, needs 1.6 s",
    "rotation_90.mov": "too short: 0.1 s, needs 1.6 s",
    "truncated_231s_header_135kB.mp4": "no picture in this video can be decoded",
    "zero_bytes.webm": "not a video: the file is empty",
}
USABLE = {  # seconds, shown size, frames at 10 fps
    "animated.gif": (3.0, (314, 273), 30),
    "corrupted_nal_units.mp4": (5.0, (1280, 720), 50),
    "h264_yuv444.mp4": (14.0, (1280, 720), 140),
    "many_streams.mp4": (13.013, (480, 270), 131),
    "no_duration.webm": (4.94, (1280, 720), 50),
    "no_timescale_absurd_rotation.mp4": (6.042, (320, 240), 61),
    "variable_frame_rate.mp4": (14.967, (128, 128), 150),
    "vp6_flash.flv": (17.4, (112, 80), 174),
}


@needs_shared_data
@pytest.mark.parametrize("path", shared_files("malformed"), ids=lambda p: p.name)
def test_a_malformed_file_is_used_or_refused_in_a_sentence(path: Path) -> None:
    if path.name in REFUSED:
        with pytest.raises(PipelineError) as refused:
            probe(path)
        assert str(refused.value) == REFUSED[path.name]
        return
    duration_s, size, n_frames = USABLE[path.name]
    info = probe(path)
    assert info.duration_s == pytest.approx(duration_s, abs=0.001)
    assert (info.width_px, info.height_px) == size
    found = [(f.time_s, f.image.shape) for f in frames(path, 10, 160)]
    assert len(found) == n_frames
    assert len({shape for _, shape in found}) == 1
    assert all(a < b for (a, _), (b, _) in pairwise(found))


@needs_shared_data
def test_damage_in_the_middle_of_a_real_file_is_told() -> None:
    path, damage = next(p for p in shared_files("malformed") if p.name == "corrupted_nal_units.mp4"), Damage()
    assert sum(1 for _ in pictures(path, damage)) == 49
    assert damage.warnings() == (
        "damaged: about 1 of 50 pictures could not be decoded and were skipped, the first near 3.1 s",
    )


@needs_shared_data
def test_anamorphic_video_of_a_real_camera_has_its_true_shape() -> None:
    path = next(p for p in shared_files("videos") if p.name == "apple_pot_robot_vfr.mp4")
    info = probe(path)
    assert (info.width_px, info.height_px, info.variable_frame_rate) == (1024, 576, True)
