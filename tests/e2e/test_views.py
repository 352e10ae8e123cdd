"""Views of one recording play in step, with an offset that can be set, tried and suggested."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.api import eventually
from tests.e2e.conftest import Explored, Kineme, api_of
from tests.e2e.test_interruptions import padded

pytestmark = pytest.mark.browser

FRAME_S = 1 / 30

# What each video puts on the screen while the first one plays: when, in seconds, and the frame's media time.
WATCH = """(seconds) => new Promise((done) => {
    const videos = [...document.querySelectorAll('.stage-pictures video')];
    const told = videos.map(() => []);
    videos.forEach((video, i) => {
        const heard = (_, { expectedDisplayTime, mediaTime }) => {
            told[i].push([expectedDisplayTime / 1000, mediaTime]);
            video.requestVideoFrameCallback(heard);
        };
        video.requestVideoFrameCallback(heard);
    });
    setTimeout(() => done(told), 1000 * seconds);
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


@dataclass(frozen=True)
class Moment:
    """What the views have on the screen at once, in frames apart."""

    shown: float
    """Of the pictures."""
    played: float
    """Of where they have come to, evenly from each picture to the next."""
    overdue: bool
    """A view's picture is older than a frame lasts: its next one was not drawn in time."""


def moments(told: list[list[tuple[float, float]]], offsets_s: list[float]) -> list[Moment]:
    """Sixty times a second, half-way between two refreshes of the screen, as long as every view is known.

    Not as the callbacks come: a frame is announced up to 33 ms before it is on the screen, to one view earlier than to
    the other, so that what the page last heard of each was never seen together.
    """
    begin, end = max(frames[0][0] for frames in told), min(frames[-1][0] for frames in told)
    found = []
    for now_s in np.arange(begin + 1 / 120, end, 1 / 60):
        shown, played, ages = [], [], []
        for frames, offset_s in zip(told, offsets_s, strict=True):
            at_s, media_s = zip(*frames, strict=True)
            last = bisect_right(at_s, now_s) - 1
            shown.append(media_s[last] + offset_s)
            played.append(np.interp(now_s, at_s, media_s) + offset_s)
            ages.append(now_s - at_s[last])
        found.append(Moment(np.ptp(shown) / FRAME_S, np.ptp(played) / FRAME_S, max(ages) > FRAME_S))
    return found


def assert_in_step(page: Page, seconds: float, *, offsets_s: list[float] | None = None, rate: float = 1.0) -> None:
    """Watch the views play: they are never further apart than a frame, or as many as pass in the time of one.

    Where one has drawn no picture in time, only how far they have come is compared. On a busy machine pictures are lost
    in one view and not in another, and the page cannot tell: so it is watched up to three times and has to be right
    once, from the first moment to the last. Views that are steered wrongly are apart every time.
    """
    wrong = []
    for _ in range(3):
        told = page.evaluate(WATCH, seconds)
        assert all(frames[-1][1] - frames[0][1] > 0.7 * rate * seconds for frames in told)  # they played
        seen = moments(told, offsets_s or [0.0] * len(told))
        drawn = [one for one in seen if not one.overdue]
        counts = Counter(round(one.shown) for one in drawn)
        furthest = max(one.played for one in seen)
        said = (
            f"{len(seen)} moments, {len(drawn)} drawn in time; frames apart: {dict(sorted(counts.items()))}; "
            f"played at most {furthest:.2f} frames apart"
        )
        print(f"\n{said}", flush=True)
        if max([furthest, *(one.shown for one in drawn)]) <= rate + 0.1 and len(drawn) >= len(seen) / 2:
            return
        wrong.append(said)
    pytest.fail("\n".join(wrong))


def all_can_play(page: Page, n: int) -> None:
    page.wait_for_function(
        "n => [...document.querySelectorAll('.stage-pictures video')].filter(v => v.readyState >= 3).length === n",
        arg=n,
    )


def open_views(page: Page, explored: Explored) -> Any:
    explored.sign_in(page, f"/videos/{explored.videos['front']}?run={explored.run}")
    all_can_play(page, 2)
    return page.get_by_role("group", name="View side")


def test_both_views_play_in_step(page: Page, explored: Explored) -> None:
    open_views(page, explored)
    page.keyboard.press("Space")
    page.wait_for_timeout(1500)
    assert_in_step(page, 4)

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
    assert_in_step(page, 2, rate=2)
    page.keyboard.press("j")
    page.wait_for_timeout(700)
    page.keyboard.press("k")
    first, second = frames(page.evaluate(AT_REST))
    assert first == second


def test_three_views_and_four_play_in_step(
    page: Page, browser: Browser, kineme: Kineme, film: Path, tmp_path: Path
) -> None:
    """One film by several names, so that nothing but the playing can be apart. No run is needed to look at it."""
    api = api_of(browser, kineme)
    project = api.call("POST", "/api/projects/", data={"name": "Four cameras"}).json()["id"]
    page.context.add_cookies(api.context.cookies())
    rows = f"/api/projects/{project}/videos/"
    size = film.stat().st_size
    videos: list[int] = []

    def add(*views: str) -> None:
        for view in views:
            copy = padded(film, tmp_path / f"{view}.mp4", size + 16 + len(videos))  # the same bytes would be refused
            videos.append(api.upload(project, copy, title=copy.name, view=view, recording="press"))
        eventually(lambda: all(row["status"] == "ready" for row in api.get(rows)), lambda: api.get(rows))

    for more in (("front", "left", "right"), ("top",)):
        add(*more)
        page.goto(f"{kineme.address}/projects/{project}/videos/{videos[0]}")
        expect(page.get_by_role("group", name=re.compile("^View "))).to_have_count(len(videos) - 1)
        all_can_play(page, len(videos))
        page.keyboard.press("Space")
        page.wait_for_timeout(1500)
        assert_in_step(page, 2.5)
        page.keyboard.press("Space")
        for key in ("", "ArrowRight", "Shift+ArrowLeft", "Home"):
            if key:
                page.keyboard.press(key)
            seen = frames(page.evaluate(AT_REST))
            assert seen == seen[:1] * len(videos), f"after {key or 'stopping'}"
    api.context.close()


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
        assert_in_step(page, 2, offsets_s=[0, 1])
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
