"""The synthetic take: its truth is exact, its picture shows it, its difficulties do what their names say."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from ml.errors import Cancelled
from ml.synthetic import DIFFICULTIES, TAXONOMY, VIEWS, Renderer, SceneConfig, plan, render, render_sample, write_truth
from ml.synthetic.motion import CARRIAGE, CLAMP, HAND, LEVER, Take
from ml.synthetic.scene import Camera

SMALL = {"width_px": 320, "height_px": 180}
STILL = {"noise_sigma": 0.0, "flicker": 0.0, "tremor_mm": 0.0, "passers_by": 0, "lamp_hz": 0.0}
QUICK = {"cycles": 1, "speed": 8.0, "wait_s": (0.1, 0.2), "pause_s": (0.0, 0.1), **SMALL}


@pytest.fixture(scope="module")
def still_take() -> Take:
    """One cycle in which nothing moves but what the operator moves."""
    return plan(SceneConfig(cycles=1, wait_s=(0.8, 1.2), **STILL, **SMALL))


@pytest.fixture(scope="module", params=VIEWS)
def still_view(request: pytest.FixtureRequest, still_take: Take) -> Renderer:
    return Renderer(still_take, request.param)


# -- the plan --------------------------------------------------------------------------------------------------------


def test_the_sample_has_eleven_kinds_of_primitive_and_each_comes_six_times_or_more() -> None:
    kinds = Counter(p.label for p in plan(SceneConfig()).primitives)
    assert len(kinds) == 11
    assert min(kinds.values()) >= 6
    assert set(kinds) <= set(TAXONOMY)


@pytest.mark.parametrize("difficulty", DIFFICULTIES)
def test_primitives_follow_one_another_and_name_who_does_what_to_what(difficulty: str) -> None:
    take = plan(SceneConfig.difficulty(difficulty, cycles=3))
    assert take.primitives[0].start_s == 0.0
    for earlier, later in zip(take.primitives, take.primitives[1:], strict=False):
        assert earlier.start_s < earlier.end_s <= later.start_s
    assert take.primitives[-1].end_s <= take.duration_s
    assert all(p.subject and p.action and p.object for p in take.primitives)
    assert take.boundaries_s == [p.end_s for p in take.primitives if p.label != "wait"]


@pytest.mark.parametrize("difficulty", DIFFICULTIES)
def test_everything_stands_still_where_a_primitive_starts_or_ends(difficulty: str) -> None:
    # dt from an end a minimum-jerk motion of D in T has moved 10·D·(dt/T)³: for 1 m in 0.1 s and 0.1 ms, 10 nm.
    # At its average speed it would have moved 1 mm.
    take, dt = plan(SceneConfig.difficulty(difficulty, cycles=2)), 1e-4
    for primitive in take.primitives:
        for time_s in (primitive.start_s, primitive.end_s):
            before, at, after = take.poses([time_s - dt, time_s, time_s + dt])
            assert np.abs(before - at).max() < 2e-8
            assert np.abs(after - at).max() < 2e-8


def test_nothing_moves_in_a_wait_and_something_does_in_any_other_primitive() -> None:
    take = plan(SceneConfig(cycles=3))
    for p in take.primitives:
        travel = np.ptp(take.poses(list(np.linspace(p.start_s, p.end_s, 9))), axis=0)
        assert (travel.max() == 0) == (p.label == "wait"), p


def test_a_primitive_moves_the_thing_it_names() -> None:
    columns = {"press": LEVER, "push": CARRIAGE, "pull": CARRIAGE, "wrist_rotate": CLAMP, "transport": 0}
    take = plan(SceneConfig(cycles=1, order_variation=0.0))
    named = {p.label: p for p in take.primitives}
    for label, column in columns.items():
        first, last = take.poses([named[label].start_s, named[label].end_s])
        assert abs(last[column] - first[column]) > 0.1, label
    lifted = next(p for p in take.primitives if p.label == "lift" and p.object == "housing")
    low, high = take.poses([lifted.start_s, lifted.end_s])[:, 2]
    assert high > low + 0.1


def test_a_straight_grasp_has_the_jerk_of_the_minimum_jerk_polynomial() -> None:
    # The third derivative of D·s(t/T) is D/T³·(60 - 360u + 360u²): 60·D/T³ in size at both ends, never more.
    take, dt = plan(SceneConfig(cycles=1, pause_share=1.0)), 2.5e-4
    index = next(i for i, p in enumerate(p for p in take.primitives if p.label != "wait") if p.label == "grasp")
    stroke = take.strokes[index]
    distance = float(np.linalg.norm(stroke.last[HAND] - stroke.first[HAND]))
    seconds = float(stroke.windows[0, 1]) * (stroke.end_s - stroke.start_s)
    times_s = np.arange(stroke.start_s, stroke.start_s + seconds, dt)
    jerk = np.linalg.norm(np.diff(take.poses(list(times_s))[:, HAND], n=3, axis=0), axis=1) / dt**3
    assert jerk.max() == pytest.approx(60 * distance / seconds**3, rel=0.02)


def test_jerk_is_limited_everywhere() -> None:
    # A jump of the acceleration would double the third difference quotient where the step is halved.
    take = plan(SceneConfig.difficulty("hard", cycles=1))

    def greatest_jerk(dt: float) -> float:
        poses = take.poses(list(np.arange(0, take.duration_s, dt)))
        return float(np.abs(np.diff(poses, n=3, axis=0)).max() / dt**3)

    assert greatest_jerk(0.001) < 1.2 * greatest_jerk(0.002)


def test_a_housing_changes_hands_without_a_jump() -> None:
    take = plan(SceneConfig(cycles=2, order_variation=0.3))
    times_s = np.arange(0, take.duration_s, 1 / 240)
    for part in range(2):
        placed = [take.housing(part, t) for t in times_s]
        way = np.array([p[0] for p in placed if p is not None])
        # no hand moves faster than 2 m/s, 8.3 mm in a step
        assert np.linalg.norm(np.diff(way, axis=0), axis=1).max() < 0.0084
        assert np.linalg.norm(way[-1] - way[0]) > 0.5  # it went from one tray to the other


def test_trays_are_exchanged_when_the_left_one_is_empty() -> None:
    take = plan(SceneConfig(cycles=13, speed=4.0))
    middle_s = [p.start_s for p in take.primitives if (p.action, p.object) == ("grasp", "housing")]
    assert sorted(take.resting(middle_s[24])) == list(range(12, 24))


def test_the_same_configuration_gives_the_same_take_and_another_seed_another() -> None:
    def primitives(**changes: int) -> tuple[object, ...]:
        return plan(replace(SceneConfig(cycles=2), **changes)).primitives

    assert primitives() == primitives(width_px=640, height_px=360)
    assert primitives() != primitives(seed=1)


# -- the picture -----------------------------------------------------------------------------------------------------


def test_a_camera_puts_its_target_in_the_middle_and_what_is_higher_above_it() -> None:
    for view in VIEWS:
        camera = Camera.of(view, 960, 540)
        pixels, depth = camera.project(np.stack([camera.target, camera.target + np.array([0, 0, 0.1])]))
        assert pixels[0] == pytest.approx([480, 270])
        assert pixels[1, 0] == pytest.approx(480)
        assert pixels[1, 1] < 270
        assert depth[0] == pytest.approx(np.linalg.norm(camera.target - camera.position))


def test_the_picture_stands_still_exactly_in_the_waits_and_moves_at_the_hand_otherwise(
    still_view: Renderer, still_take: Take
) -> None:
    fps = still_take.config.fps
    for primitive in still_take.primitives:
        first, last = int(np.ceil(primitive.start_s * fps)), int(np.floor(primitive.end_s * fps))
        if primitive.label == "wait":
            assert np.array_equal(still_view.luma_chroma(first), still_view.luma_chroma(last))
            continue
        changed = cv2.absdiff(still_view.picture(first), still_view.picture(last)).max(axis=2) > 24
        rows, columns = np.nonzero(changed)
        hands = still_take.poses([primitive.start_s, primitive.end_s])[:, HAND]
        pixels, _ = still_view.camera.project(hands)
        nearest = np.min(np.hypot(columns[:, None] - pixels[:, 0], rows[:, None] - pixels[:, 1]))
        assert len(rows) > 20, primitive
        assert nearest < 20, primitive


def test_noise_has_the_sigma_it_is_given() -> None:
    quiet = plan(SceneConfig(**QUICK | STILL))
    clean = Renderer(quiet, "front").luma_chroma(3)[:180].astype(float)
    for sigma in (2.0, 6.0):
        noisy = Renderer(plan(replace(quiet.config, noise_sigma=sigma)), "front")
        noise = noisy.luma_chroma(3)[:180] - clean
        assert noise.std() == pytest.approx(sigma, rel=0.05)
        assert abs(noise.mean()) < 0.1
        assert not np.array_equal(noisy.luma_chroma(3), noisy.luma_chroma(4))


def test_flicker_changes_the_brightness_by_its_amplitude(still_take: Take) -> None:
    config = replace(still_take.config, flicker=0.1, flicker_hz=2.5)
    flickering = Renderer(plan(config), "front")
    # 2.5 Hz at 30 frames a second: the crest at frame 3 (0.1 s), the trough at frame 9, both in the first wait
    bright, dark = (flickering.luma_chroma(i)[:180].mean() - 16 for i in (3, 9))
    assert bright / dark == pytest.approx(1.1 / 0.9, rel=0.01)


def test_each_nuisance_changes_the_picture_and_not_the_truth(still_take: Take) -> None:
    still = Renderer(still_take, "side")
    for change in ({"shake_px": 2.0}, {"lamp_hz": 1.0}, {"conveyor_m_s": 0.2}, {"tremor_mm": 3.0}, {"passers_by": 40}):
        take = plan(replace(still_take.config, **change))
        assert take.primitives == still_take.primitives
        disturbed = Renderer(take, "side")
        assert not np.array_equal(disturbed.picture(0), disturbed.picture(18)), change  # within the first wait
    assert np.array_equal(still.picture(0), still.picture(18))
    hidden = Renderer(plan(replace(still_take.config, occluders=2)), "side")
    assert not np.array_equal(hidden.picture(0), still.picture(0))


def test_difficulties_are_ordered_in_how_regular_the_work_is() -> None:
    spread = []
    for name in DIFFICULTIES:
        take = plan(SceneConfig.difficulty(name, cycles=12))
        lengths = [np.log(p.end_s - p.start_s) for p in take.primitives if p.label == "press"]
        spread.append(float(np.std(lengths)))
    assert spread == sorted(spread)
    assert spread[2] > 3 * spread[0]


def test_the_picture_says_that_it_is_synthetic(still_view: Renderer) -> None:
    found = cv2.matchTemplate(still_view.picture(0), still_view.mark, cv2.TM_CCOEFF_NORMED)
    _, score, _, (x, y) = cv2.minMaxLoc(found)
    assert score > 0.9
    assert x > 160
    assert y > 90


# -- the files -------------------------------------------------------------------------------------------------------


def test_two_renders_are_the_same_bytes_and_the_video_is_as_long_as_the_take(tmp_path: Path) -> None:
    config = SceneConfig.difficulty("hard", **QUICK)
    for name in ("a.mp4", "b.mp4"):
        render(config, "side", tmp_path / name)
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()
    take = plan(config)
    with av.open(str(tmp_path / "a.mp4")) as container:
        stream = container.streams.video[0]
        times_s = [frame.time for frame in container.decode(stream)]
        assert (stream.codec.name, stream.pix_fmt, stream.width, stream.height) == ("h264", "yuv420p", 320, 180)
    assert times_s == pytest.approx([i / 30 for i in range(take.n_frames)], abs=1e-4)
    assert take.duration_s <= len(times_s) / 30 < take.duration_s + 1 / 30


def test_a_stopped_render_leaves_no_file(tmp_path: Path) -> None:
    def stop(fraction: float, message: str) -> None:
        if fraction > 0.2:
            raise Cancelled

    with pytest.raises(Cancelled):
        render(SceneConfig(**QUICK), "front", tmp_path / "front.mp4", stop)
    assert list(tmp_path.iterdir()) == []


def test_the_sample_is_both_views_with_one_truth(tmp_path: Path) -> None:
    seen: list[float] = []
    config = SceneConfig(**QUICK)
    files = render_sample(tmp_path, config, lambda fraction, message: seen.append(fraction))
    assert [f.name for f in files] == [
        "synthetic-front.mp4", "synthetic-side.mp4", "synthetic-front.json", "synthetic-side.json"
    ]  # fmt: skip
    assert all(f.stat().st_size > 0 for f in files)
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(f.name for f in files)
    front, side = (json.loads(f.read_text()) for f in files[2:])
    assert (front.pop("video"), side.pop("video")) == ("synthetic-front.mp4", "synthetic-side.mp4")
    assert front == side
    assert seen[-1] == 1.0
    assert seen == sorted(seen)


def test_the_truth_has_the_shape_of_the_recorded_clips_annotations(tmp_path: Path) -> None:
    take = plan(SceneConfig(cycles=1))
    write_truth(take, tmp_path / "truth.json", "take.mp4")
    truth = json.loads((tmp_path / "truth.json").read_text())
    assert truth.keys() == {
        "video", "source", "duration_s", "fps", "annotator", "rule", "confidence", "timing_error_s", "boundaries",
        "segments",
    }  # fmt: skip
    assert truth["source"] == "synthetic"
    assert len(truth["segments"]) == len(take.primitives)
    assert truth["segments"][1].keys() == {"start", "end", "label", "subject", "action", "object"}
    assert truth["boundaries"] == [s["end"] for s in truth["segments"] if s["label"] != "wait"]


def test_a_scene_that_cannot_be_is_refused() -> None:
    for change in ({"cycles": 0}, {"width_px": 321}, {"views": ("top",)}, {"speed": 0.0}, {"occluders": 3}):
        with pytest.raises(ValueError, match=r"must be|unknown view"):
            SceneConfig(**change)
    with pytest.raises(ValueError, match="unknown difficulty"):
        SceneConfig.difficulty("brutal")
