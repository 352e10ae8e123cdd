"""Views of one recording play in step, with an offset that can be set, tried and suggested."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Explored

pytestmark = pytest.mark.browser

FRAME_S = 1 / 30

# The media time that each video last presented, looked at once every frame of the screen while the first one plays.
SAMPLE = """(seconds) => new Promise((done) => {
    const videos = [...document.querySelectorAll('.stage-pictures video')];
    const last = videos.map(() => null);
    const samples = [];
    videos.forEach((video, i) => {
        const heard = (_, frame) => {
            last[i] = frame.mediaTime;
            video.requestVideoFrameCallback(heard);
        };
        video.requestVideoFrameCallback(heard);
    });
    const until = performance.now() + 1000 * seconds;
    const look = () => {
        if (last.every((time) => time !== null)) samples.push([...last]);
        if (performance.now() < until) requestAnimationFrame(look); else done(samples);
    };
    requestAnimationFrame(look);
})"""
AT_REST = """() => new Promise((done) => {
    let quiet = 0;
    const look = () => {
        const videos = [...document.querySelectorAll('.stage-pictures video')];
        quiet = videos.every((video) => !video.seeking && video.paused) ? quiet + 1 : 0;
        if (quiet > 6) done(videos.map((video) => video.currentTime)); else requestAnimationFrame(look);
    };
    look();
})"""


def frames(times_s: list[float]) -> list[int]:
    return [int((time_s + 1e-4) / FRAME_S) for time_s in times_s]


def assert_in_step(apart: list[float]) -> None:
    """At most one frame apart. Where a busy machine drops a frame of one view, a sample sees two: once in a hundred."""
    beyond = sum(one > FRAME_S + 1e-3 for one in apart)
    assert beyond <= max(1, len(apart) // 100), f"{beyond} of {len(apart)}"
    assert max(apart) <= 2 * FRAME_S + 1e-3


def tell(apart: list[float]) -> None:
    counts = Counter(round(one / FRAME_S) for one in apart)
    print(f"\n{len(apart)} samples, frames apart: {dict(sorted(counts.items()))}", flush=True)


def open_views(page: Page, explored: Explored) -> Any:
    explored.sign_in(page, f"/videos/{explored.videos['front']}?run={explored.run}")
    page.wait_for_function(
        "() => [...document.querySelectorAll('.stage-pictures video')].filter(v => v.readyState >= 3).length === 2"
    )
    return page.get_by_role("group", name="View side")


def test_both_views_play_in_step(page: Page, explored: Explored) -> None:
    open_views(page, explored)
    page.keyboard.press("Space")
    page.wait_for_timeout(1500)
    samples = page.evaluate(SAMPLE, 4)
    apart = [abs(a - b) for a, b in samples]
    tell(apart)
    assert samples[-1][0] - samples[0][0] > 2  # it played
    assert_in_step(apart)

    # Standing still, it is the same frame; and so step by step, and after a press far away.
    page.keyboard.press("Space")
    for key in ("", "ArrowRight", "ArrowRight", "ArrowLeft", "Shift+ArrowLeft", "Home", "End", "ArrowLeft"):
        if key:
            page.keyboard.press(key)
        first, second = frames(page.evaluate(AT_REST))
        assert first == second, f"after {key or 'stopping'}"

    # Faster, slower and backwards.
    page.keyboard.press("Home")
    page.get_by_label("Speed", exact=True).select_option("2")
    page.get_by_label("Speed", exact=True).blur()
    page.keyboard.press("Space")
    page.wait_for_timeout(1000)
    apart = [abs(a - b) for a, b in page.evaluate(SAMPLE, 2)]
    assert max(apart) <= 2 * FRAME_S + 1e-3
    page.keyboard.press("j")
    page.wait_for_timeout(700)
    page.keyboard.press("k")
    first, second = frames(page.evaluate(AT_REST))
    assert first == second


def test_an_offset_is_tried_saved_and_honoured(page: Page, explored: Explored) -> None:
    side = open_views(page, explored)
    try:
        side.get_by_role("button", name="Offset of side").first.click()
        side.get_by_label("Begins at").fill("1")
        # The picture follows at once: second 5 of the front view is second 4 of this one.
        page.get_by_role("slider", name="Time").focus()
        page.keyboard.press("Home")
        for _ in range(5):
            page.keyboard.press("Shift+ArrowRight")
        first, second = frames(page.evaluate(AT_REST))
        assert first - second == 30
        side.get_by_role("button", name="Offset of side").first.click()
        side.get_by_label("Begins at").fill("1")
        side.get_by_role("button", name="One frame later").click()
        expect(side.get_by_label("Begins at")).to_have_value("1.033")
        side.get_by_role("button", name="One frame earlier").click()
        with page.expect_response(lambda answer: answer.request.method == "PATCH"):
            side.get_by_role("button", name="Save").click()
        assert explored.api.get(f"/api/videos/{explored.videos['side']}/")["offset_s"] == 1.0

        page.reload()
        open_views(page, explored)
        page.keyboard.press("Space")
        page.wait_for_timeout(2200)
        apart = [abs(a - b - 1.0) for a, b in page.evaluate(SAMPLE, 2)]
        tell(apart)
        assert_in_step(apart)
        page.keyboard.press("Space")
        page.keyboard.press("Home")
        expect(side).to_contain_text("had not begun")
    finally:
        explored.api.call("PATCH", f"/api/videos/{explored.videos['side']}/", data={"offset_s": 0})


def test_an_offset_is_suggested_by_when_things_move(page: Page, explored: Explored) -> None:
    side = open_views(page, explored)
    side.get_by_role("button", name="Offset of side").first.click()
    side.get_by_role("button", name="Suggest").click()
    suggestion = side.get_by_role("status").filter(has_text="Correlation")
    said = re.search(r"([+−])(\d+\.\d+) s", suggestion.inner_text())
    assert said is not None
    assert float(said[2]) <= 0.2  # both cameras were started together
    suggestion.get_by_role("button", name="Try it").click()
    assert abs(float(side.get_by_label("Begins at").input_value())) <= 0.2
    assert explored.api.get(f"/api/videos/{explored.videos['side']}/")["offset_s"] == 0  # nothing is saved unasked


def test_views_stand_above_each_other_on_a_phone(page: Page, explored: Explored) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    open_views(page, explored)
    boxes = [video.bounding_box() for video in page.locator(".stage-pictures video").all()]
    assert all(box is not None for box in boxes)
    assert boxes[0]["y"] + boxes[0]["height"] <= boxes[1]["y"] + 1  # type: ignore[index]
    assert page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth")


def test_a_view_that_cannot_be_shown_says_so(page: Page, explored: Explored) -> None:
    side = explored.videos["side"]
    page.route(re.compile(rf"/api/videos/{side}/files/browser\.mp4"), lambda route: route.abort())
    explored.sign_in(page, f"/videos/{explored.videos['front']}?run={explored.run}")
    expect(page.get_by_role("group", name="View side")).to_contain_text("The video does not play")
    page.keyboard.press("Space")
    page.wait_for_function("() => document.querySelector('.stage-pictures video').currentTime > 0.5")
