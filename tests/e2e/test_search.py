"""Searching as a person does: from a primitive, from a stretch of a video, by a clip of one's own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Explored

pytestmark = [pytest.mark.browser, pytest.mark.services]

HIT = re.compile(r"^Primitive \d+ of .*distance (\d\.\d+)")


def distances(page: Page) -> list[float]:
    hits = page.get_by_role("list", name="Results").get_by_role("link", name=HIT)
    return [float(text.split()[-1]) for text in hits.all_inner_texts()]


def test_a_range_finds_what_moves_alike(page: Page, explored: Explored) -> None:
    segments = explored.api.get(f"/api/runs/{explored.run}/segments/?video={explored.videos['front']}")["results"]
    one = segments[2]
    explored.sign_in(
        page, f"/search?run={explored.run}&video={one['video']}&from={one['start_s']:.3f}&to={one['end_s']:.3f}"
    )
    results = page.get_by_role("list", name="Results")
    expect(results.get_by_role("listitem").first).to_be_visible()
    shown = distances(page)  # once: more come while they are read
    assert shown[0] < 0.01  # the range of a primitive finds that primitive
    assert shown == sorted(shown)

    page.get_by_label("Video", exact=True).select_option(label="gearbox-side.mp4")
    expect(page).to_have_url(re.compile(rf"in={explored.videos['side']}"))
    expect(results.get_by_text("gearbox-front.mp4")).to_have_count(0)
    page.reload()  # the address is enough
    expect(results.get_by_role("listitem").first).to_be_visible()
    expect(page.get_by_label("Video", exact=True)).to_have_value(str(explored.videos["side"]))

    page.get_by_label("Shortest, in seconds").fill("900")
    expect(page.get_by_text("No primitive passes these filters")).to_be_visible()
    page.get_by_role("button", name="Clear filters").last.click()
    expect(results.get_by_text("gearbox-front.mp4").first).to_be_visible()


def test_the_slash_leads_to_the_search_and_one_primitive_leads_to_the_next(page: Page, explored: Explored) -> None:
    one = explored.api.get(f"/api/runs/{explored.run}/segments/")["results"][0]
    explored.sign_in(page, "/runs")
    expect(page.get_by_role("heading", name="Runs")).to_be_visible()
    page.keyboard.press("/")
    expect(page.get_by_role("heading", name="Search", exact=True)).to_be_focused()
    explored.sign_in(page, f"/search?like={one['id']}")
    expect(page.get_by_role("region", name="Searched by").get_by_text("Primitive 1 of")).to_be_visible()
    page.get_by_role("link", name=re.compile("^More like this")).first.click()
    expect(page).not_to_have_url(re.compile(f"like={one['id']}$"))
    expect(page.get_by_role("list", name="Results").get_by_role("listitem").first).to_be_visible()
    page.get_by_role("list", name="Results").get_by_role("link", name=HIT).first.click()
    expect(page).to_have_url(re.compile(r"/videos/\d+\?run="))


def test_a_clip_of_ones_own_is_looked_at_and_compared(page: Page, explored: Explored, film: Path) -> None:
    explored.sign_in(page, "/search")
    page.get_by_label("Choose a clip to search by").set_input_files(film)
    expect(page).to_have_url(re.compile("example=[0-9a-f-]{36}"))
    expect(page.get_by_role("heading", name=film.name)).to_be_visible()
    expect(page.get_by_role("list", name="Results").get_by_role("listitem").first).to_be_visible(timeout=60_000)


def test_a_file_that_is_no_film_says_so(page: Page, explored: Explored, tmp_path: Path) -> None:
    letter = tmp_path / "letter.mp4"
    letter.write_text("Dear all")
    explored.sign_in(page, "/search")
    page.get_by_label("Choose a clip to search by").set_input_files(letter)
    expect(page.get_by_role("alert")).to_contain_text("This cannot be searched by")
