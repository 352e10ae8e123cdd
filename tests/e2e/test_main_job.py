"""From a fresh start to similar primitives, as a person does it: clicks, keys, a real file, a real run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Kineme

pytestmark = pytest.mark.browser

RUN_WITHIN_MS = 240_000


def seconds(page: Page) -> float:
    minutes, rest = page.get_by_test_id("clock").inner_text().split(":")
    return int(minutes) * 60 + float(rest)


def test_upload_discover_play_seek_and_compare(page: Page, kineme: Kineme, film: Path, tmp_path: Path) -> None:
    shots = tmp_path / "shots"

    def shot(name: str) -> None:
        page.screenshot(path=shots / f"{name}.png")

    # Sign in with the password that `up` printed.
    page.goto(kineme.address)
    page.get_by_label("Name").fill("owner")
    page.get_by_label("Password").fill("not it, surely")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("do not go together")
    assert kineme.password
    page.get_by_label("Password").fill(kineme.password)
    page.get_by_role("button", name="Sign in").click()

    # An empty place says what would fill it.
    expect(page.get_by_role("heading", name="Projects", exact=True)).to_be_visible()
    shot("projects-empty")
    page.get_by_role("button", name="New project").first.click()
    page.get_by_label("Name", exact=True).fill("Motor line 3")
    page.get_by_role("button", name="Create project").click()
    expect(page.get_by_role("heading", name="Motor line 3")).to_be_visible()
    expect(page.get_by_role("button", name="Discover")).to_be_disabled()
    shot("videos-empty")

    # Two files: one that is a film, one that only says so.
    notes = tmp_path / "notes.mp4"
    notes.write_text("these are notes, not a film\n" * 100)
    page.get_by_label("Choose video files").set_input_files([film, notes])
    bad = page.get_by_role("listitem").filter(has_text="notes.mp4")
    expect(bad).to_contain_text(re.compile("not a video", re.IGNORECASE), timeout=90_000)
    expect(page.get_by_role("link", name="shift-a.mp4")).to_be_visible(timeout=90_000)
    shot("videos")

    page.get_by_role("button", name="Discover").click(timeout=90_000)
    page.get_by_role("radio", name=re.compile("Tiny")).check()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("group", name=re.compile("Clusters")).get_by_text("Choose").click()
    dialog.get_by_label("Number of clusters").fill("3")
    dialog.get_by_role("group", name=re.compile("Threshold")).get_by_text("Choose").click()
    dialog.get_by_label(re.compile("Threshold, in units")).fill("0.02")
    shot("discover")
    dialog.get_by_role("button", name="Discover").click()

    # The run goes on by itself; the page follows without a reload.
    expect(page.get_by_role("heading", name="Run 1")).to_be_visible()
    expect(page.get_by_text("done", exact=True).first).to_be_visible(timeout=RUN_WITHIN_MS)
    shot("run")

    # The workbench: the picture moves, and a click on the plot seeks.
    page.get_by_role("link", name="Videos").first.click()
    page.get_by_role("link", name="shift-a.mp4").click()
    expect(page.get_by_role("img", name=re.compile("Energy over time"))).to_be_visible()
    video = page.locator("video")
    page.wait_for_function("() => document.querySelector('video').readyState >= 2")
    page.keyboard.press("Space")
    page.wait_for_function("() => document.querySelector('video').currentTime > 0.4")
    page.keyboard.press("Space")
    assert video.evaluate("v => v.paused")
    assert seconds(page) == pytest.approx(video.evaluate("v => v.currentTime"), abs=0.1)

    plot = page.locator(".energy-canvas canvas").first
    box = plot.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] * 0.75, box["y"] + box["height"] / 2)
    duration = video.evaluate("v => v.duration")
    page.wait_for_function(f"() => document.querySelector('video').currentTime > {duration * 0.6}")
    assert seconds(page) == pytest.approx(video.evaluate("v => v.currentTime"), abs=0.1)
    assert 0.65 * duration < seconds(page) < 0.8 * duration
    shot("workbench-seek")

    # One frame at a time.
    before = seconds(page)
    page.keyboard.press("ArrowRight")
    page.wait_for_function(f"() => document.querySelector('[data-testid=clock]').textContent !== '{before}'")
    page.wait_for_timeout(300)
    assert seconds(page) - before == pytest.approx(1 / 30, abs=0.012)

    # A primitive by key, its codes and its neighbours.
    page.keyboard.press("ArrowUp")
    similar = page.get_by_role("region", name="Similar primitives")
    expect(similar.get_by_role("listitem").first).to_be_visible()
    assert "segment=" in page.url
    assert similar.get_by_role("listitem").count() >= 3
    similar.get_by_text("Filters").click()
    similar.get_by_label("Shortest, in seconds").fill("100")
    expect(similar).to_contain_text("No primitive passes these filters")
    similar.get_by_role("button", name="Clear filters").click()
    expect(similar.get_by_role("listitem").first).to_be_visible()
    shot("workbench-similar")

    # The address says it all: a second window shows the same.
    other = page.context.new_page()
    other.goto(page.url)
    expect(other.get_by_role("region", name="Similar primitives").get_by_role("listitem").first).to_be_visible()
    other.close()

    # Clusters, their primitives, and what is like one of them.
    page.get_by_role("link", name="Actions").first.click()
    expect(page.get_by_role("heading", name="Actions", exact=True)).to_be_visible()
    cards = page.get_by_role("link", name=re.compile(r"^Cluster \d+$"))
    expect(cards).to_have_count(3)
    shot("clusters")
    cards.first.click()
    primitives = page.get_by_role("link", name=re.compile(r"^Primitive \d+ of shift-a\.mp4"))
    expect(primitives.first).to_be_visible()
    shot("cluster")
    primitives.first.click()
    expect(page.get_by_role("region", name="Similar primitives").get_by_role("listitem").first).to_be_visible()
    shot("cluster-similar")
    clip = page.locator("video").first
    page.wait_for_function("() => [...document.querySelectorAll('video')].some(v => v.readyState >= 2)")
    assert clip.evaluate("v => v.videoWidth") > 0


def test_the_pages_fit_a_phone(page: Page, kineme: Kineme) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(kineme.address)
    page.get_by_label("Name").fill("owner")
    page.get_by_label("Password").fill(kineme.password or "")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Motor line 3").click()
    for place in ("Videos", "Runs", "Actions"):
        page.get_by_role("link", name=place).first.click()
        page.wait_for_load_state("networkidle")
        overflow = page.evaluate("() => document.documentElement.scrollWidth - window.innerWidth")
        assert overflow <= 0, f"{place} is {overflow} px too wide"


def test_a_stranger_is_asked_to_sign_in_and_brought_back(page: Page, kineme: Kineme) -> None:
    page.goto(f"{kineme.address}/projects/1/runs")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    page.get_by_label("Name").fill("owner")
    page.get_by_label("Password").fill(kineme.password or "")
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(re.compile(r"/projects/1/runs"))
    page.goto(f"{kineme.address}/projects/98765")
    expect(page.get_by_role("heading", name="Nothing is at this address")).to_be_visible()
