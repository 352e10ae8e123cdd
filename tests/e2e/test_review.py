"""Two reviewers judge the same primitives by keys alone, neither knowing what the other said."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.e2e.api import eventually
from tests.e2e.conftest import PATIENCE_MS, Explored

pytestmark = pytest.mark.browser

NAMES = ("rosa", "tom")
GIVEN = 6


@dataclass
class Reviewer:
    page: Page
    id: int
    address: str

    def reviews(self, segment: int) -> list[dict[str, Any]]:
        return self.page.request.get(f"{self.address}/api/segments/{segment}/reviews/").json()


@pytest.fixture(scope="module")
def named(explored: Explored) -> Iterator[str]:
    """The largest cluster has a name; taken back at the end."""
    explored.api.call("POST", f"/api/runs/{explored.run}/groups/name/", data={"cluster": 0, "name": "Reach"})
    yield "Reach"
    explored.api.call("POST", f"/api/projects/{explored.project}/vocabulary/undo/", data={})


@pytest.fixture(scope="module")
def reviewers(browser: Browser, explored: Explored) -> Iterator[list[Reviewer]]:
    """Two people who were invited, each in a window of their own, and given the same primitives."""
    contexts: list[BrowserContext] = []
    people = []
    for name in NAMES:
        made = explored.api.call("POST", f"/api/projects/{explored.project}/invitations/", data={"role": "reviewer"})
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        address = explored.kineme.address
        context.request.get(f"{address}/api/session/")  # sets the CSRF cookie
        tokens = {cookie["name"]: cookie["value"] for cookie in context.cookies()}
        joined = context.request.post(
            f"{address}/api{made.json()['path'].replace('/invite/', '/invitations/')}/join/",
            data={"username": name, "password": "correct horse battery staple"},
            headers={"X-CSRFToken": tokens["csrftoken"], "Referer": address},
        )
        assert joined.ok, joined.text()
        people.append(Reviewer(context.new_page(), joined.json()["user"]["id"], address))
    segments = explored.api.get(f"/api/runs/{explored.run}/segments/?cluster=0&limit={GIVEN}")["results"]
    explored.api.call(
        "POST",
        f"/api/runs/{explored.run}/assignments/",
        data={"reviewers": [one.id for one in people], "segments": [one["id"] for one in segments], "double_share": 1},
    )
    yield people
    for context in contexts:
        context.close()


@contextmanager
def no_faults(page: Page) -> Iterator[None]:
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield
    assert faults == []


def open_review(explored: Explored, reviewer: Reviewer, search: str = "") -> Page:
    page = reviewer.page
    page.goto(f"{explored.kineme.address}/projects/{explored.project}/runs/{explored.run}/review{search}")
    expect(page.get_by_role("region", name=re.compile("^Primitive "))).to_be_visible()
    return page


def position(page: Page) -> str:
    return page.get_by_role("status").filter(has_text=" of ").inner_text()


def test_three_keys_judge_one_and_the_next_is_playing(explored: Explored, reviewers: list[Reviewer], named: str):
    first = reviewers[0]
    with no_faults(first.page):
        page = open_review(explored, first)
        queue = page.request.get(f"{first.address}/api/runs/{explored.run}/review-queue/").json()["results"]
        assert len(queue) == GIVEN
        shown = page.locator("video.here")
        expect(page.get_by_role("button", name=re.compile(f"^{named}"))).to_have_attribute("aria-pressed", "true")
        assert position(page).startswith(f"1 of {GIVEN}")
        for key in "1rd":  # label, quality, confidence
            page.keyboard.press(key)
        expect(page.get_by_role("status").filter(has_text=f"2 of {GIVEN}")).to_be_visible()
        playing = "video => !video.paused && video.readyState >= 2"
        page.wait_for_function(f"() => ({playing})(document.querySelector('video.here'))")
        second = queue[1]
        inside = (
            "([from, to]) => { const t = document.querySelector('video.here').currentTime; return t > from && t < to }"
        )
        page.wait_for_function(inside, arg=[second["start_s"] - 0.6, second["end_s"] + 0.7])
        begin = shown.evaluate("video => video.currentTime")
        page.wait_for_function("t => document.querySelector('video.here').currentTime !== t", arg=begin)
        eventually(lambda: len(first.reviews(queue[0]["id"])) == 1)
        (said,) = first.reviews(queue[0]["id"])
        assert (said["quality"], said["confidence"], said["action"]["name"]) == (3, 2, named)


def test_nudge_comment_flag_skip_and_back_are_a_key_each(explored: Explored, reviewers: list[Reviewer]):
    first = reviewers[0]
    with no_faults(first.page):
        page = open_review(explored, first)
        queue = page.request.get(f"{first.address}/api/runs/{explored.run}/review-queue/").json()["results"]
        page.wait_for_function("() => document.querySelector('.review-strip path') !== null")
        page.keyboard.press("]")
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowRight")
        page.keyboard.press("f")
        page.keyboard.press("c")
        page.keyboard.type("hand leaves the picture")
        page.keyboard.press("Escape")
        page.keyboard.press("w")
        page.keyboard.press("s")
        eventually(lambda: first.reviews(queue[0]["id"]))
        (said,) = first.reviews(queue[0]["id"])
        assert (said["quality"], said["confidence"], said["flagged"]) == (1, 1, True)
        assert said["comment"] == "hand leaves the picture"
        assert said["start_s"] is None
        assert 0.1 < said["end_s"] - queue[0]["end_s"] < 0.4, "two steps of the stream later"

        page.keyboard.press("x")
        eventually(lambda: first.reviews(queue[1]["id"]))
        assert first.reviews(queue[1]["id"])[0]["skipped"]
        page.keyboard.press("z")
        page.keyboard.press("Backspace")
        low = page.get_by_role("button", name=re.compile(r"Quality\s*1 low"))
        expect(low).to_have_attribute("aria-pressed", "true")
        page.keyboard.press("e")
        page.keyboard.press("s")
        eventually(lambda: first.reviews(queue[0]["id"])[0]["quality"] == 2)
        assert len(first.reviews(queue[0]["id"])) == 1, "changed, not given twice"

        # Who leaves and comes back goes on where they were, and can still go back.
        page.reload()
        expect(page.get_by_role("status").filter(has_text=f"4 of {GIVEN}")).to_be_visible()
        page.keyboard.press("z")
        expect(page.get_by_text("You skipped this one.")).to_be_visible()


def test_the_second_reviewer_learns_nothing_of_the_first_and_both_reach_the_end(
    explored: Explored, reviewers: list[Reviewer]
):
    first, second = reviewers
    with no_faults(second.page):
        page = open_review(explored, second)
        rows = page.request.get(f"{second.address}/api/runs/{explored.run}/review-queue/").json()["results"]
        assert len(rows) == GIVEN, "what the first has judged is still the second's to judge"
        assert all(row["quality"] is None for row in rows)
        assert second.reviews(rows[0]["id"]) == []
        expect(page.get_by_text("hand leaves the picture")).to_have_count(0)
        for number in range(GIVEN):
            page.keyboard.press("q")
            page.keyboard.press("a")
            if number < GIVEN - 1:
                expect(page.get_by_role("status").filter(has_text=f"{number + 2} of {GIVEN}")).to_be_visible()
        expect(page.get_by_role("heading", name="Done: nothing of this queue is left to you")).to_be_visible()
        expect(page.get_by_text(f"{GIVEN} primitives judged")).to_be_visible()
        eventually(lambda: all(second.reviews(row["id"]) for row in rows))
        assert len(second.reviews(rows[0]["id"])) == 2, "after one's own, the other's is shown"
    left = first.page.request.get(f"{first.address}/api/runs/{explored.run}/review-queue/?queue=disagreement")
    assert left.json()["results"] == [], "who has rated one is not asked about it again"


@pytest.mark.parametrize("search", ["", "?queue=edge", "?queue=threshold", "?queue=disagreement", "?set=999999"])
def test_every_queue_says_what_it_has(explored: Explored, reviewers: list[Reviewer], search: str):
    first = reviewers[0]
    with no_faults(first.page):
        first.page.goto(f"{explored.kineme.address}/projects/{explored.project}/runs/{explored.run}/review{search}")
        something = first.page.get_by_role("region", name=re.compile("^Primitive ")).or_(
            first.page.get_by_role("heading", level=3)
        )
        expect(something.first).to_be_visible()
