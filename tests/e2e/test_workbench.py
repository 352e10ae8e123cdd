"""The video page as a person uses it: sliders, keys, drags, and a draft that becomes a run."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Explored

pytestmark = pytest.mark.browser

RUN_WITHIN_MS = 240_000


def seconds(page: Page) -> float:
    minutes, rest = page.get_by_test_id("clock").inner_text().split(":")
    return int(minutes) * 60 + float(rest)


def open_bench(page: Page, explored: Explored, more: str = "") -> None:
    explored.sign_in(page, f"/videos/{explored.videos['front']}?run={explored.run}{more}")
    expect(page.get_by_role("img", name=re.compile("Energy over time"))).to_be_visible()


def n_shown(page: Page) -> int:
    name = page.get_by_role("tab", name=re.compile(r"^All \(")).inner_text()
    return int(re.sub(r"\D", "", name))


def drag_over(page: Page, lane: str, start: float, stop: float) -> None:
    box = page.locator(f"[data-lane={lane}] canvas").bounding_box()
    assert box is not None
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * start, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * (start + stop) / 2, y, steps=4)
    page.mouse.move(box["x"] + box["width"] * stop, y, steps=4)
    page.mouse.up()


def test_sliders_cut_the_video_anew_and_a_draft_stays_and_is_kept(page: Page, explored: Explored) -> None:
    open_bench(page, explored, "&tab=detector")
    before = n_shown(page)
    outcome = page.get_by_test_id("outcome")
    expect(outcome).to_have_text(re.compile(rf"^{before} primitives$"))

    # Something to be scored against: a table of three movements.
    expect(page.get_by_test_id("F1@0.5s")).to_have_text("–")
    table = b"start,end,label\n1.0,2.0,pick\n4.0,6.0,turn\n10.0,12.0,place\n"
    page.get_by_label("Annotation file").set_input_files(
        {"name": "by-hand.csv", "mimeType": "text/csv", "buffer": table}
    )
    expect(page.get_by_test_id("F1@0.5s")).to_have_text(re.compile(r"^(\.\d\d|0|1)$"))
    expect(page.get_by_role("img", name=re.compile(r"^by-hand.*: 3 on the timeline"))).to_be_visible()

    theta = page.get_by_role("slider", name="θ on")
    theta.focus()
    for _ in range(60):
        page.keyboard.press("ArrowRight")
    expect(outcome).to_contain_text(f"{before} → ")
    after = n_shown(page)
    assert after < before  # a higher threshold finds less in this scene
    expect(page.get_by_role("img", name=re.compile(rf"Your draft.*: {after} on the timeline"))).to_be_visible()

    expect(page.get_by_test_id("F1@0.5s")).to_contain_text("→")

    # Left and come back: the draft is still here, and says so.
    page.reload()
    expect(page.get_by_test_id("outcome")).to_contain_text(f"{before} → {after} primitives")
    expect(page.get_by_text("Taken up again from your last visit")).to_be_visible()

    # Kept: a run that reuses all that comes before the cut, which the page then goes over to.
    page.get_by_role("button", name=re.compile(r"Keep as run \d+")).click()
    page.wait_for_url(re.compile(r"kept=\d+"))
    kept = int(re.search(r"kept=(\d+)", page.url)[1])  # type: ignore[index]
    page.wait_for_url(re.compile(rf"run={kept}"), timeout=RUN_WITHIN_MS)
    expect(page.get_by_test_id("outcome")).to_have_text(re.compile(rf"^{after} primitives$"))
    stages = explored.api.get(f"/api/runs/{kept}/stages/")
    reused = {row["stage"] for row in stages if row["reused"]}
    assert {"track", "tokenize", "energy"} <= reused
    assert explored.api.get(f"/api/runs/{kept}/")["derived_from"] == explored.run

    page.get_by_role("button", name="Remove by-hand.csv").click()
    expect(page.get_by_test_id("F1@0.5s")).to_have_text("–")


def test_cuts_are_edited_by_keys_and_explained(page: Page, explored: Explored) -> None:
    open_bench(page, explored)
    n = n_shown(page)
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    facts = page.get_by_role("region", name=re.compile(r"^Primitive \d+$"))
    expect(facts).to_be_visible()

    page.keyboard.press("x")
    expect(page.get_by_role("article", name="Why it begins here")).to_be_visible()
    expect(page.get_by_role("article", name="Why it ends here")).to_contain_text(re.compile("θ|rest|dip|longest|video"))

    # Its start in hand, a frame earlier: seen in its times, in the draft lane, and on the clock.
    page.keyboard.press("a")
    page.keyboard.press("]")
    expect(page.get_by_text(re.compile("^(Start|End) in hand$"))).to_be_visible()
    at = seconds(page)
    page.keyboard.press("Shift+BracketLeft")
    expect(facts.get_by_text("edited")).to_be_visible()
    page.wait_for_function(f"() => document.querySelector('[data-testid=clock]').textContent.slice(3) < '{at:06.3f}'")
    expect(page.locator("[data-lane=draft]")).to_be_visible()

    page.keyboard.press("z")
    expect(page.locator("[data-lane=draft]")).to_have_count(0)
    page.keyboard.press("Shift+Z")
    expect(page.locator("[data-lane=draft]")).to_be_visible()

    page.keyboard.press("m")
    expect(page.get_by_role("tab", name=f"All ({n - 1})")).to_be_visible()
    page.keyboard.press("a")
    for _ in range(8):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("s")
    expect(page.get_by_role("tab", name=f"All ({n})")).to_be_visible()
    page.keyboard.press("Delete")
    expect(page.get_by_role("tab", name=f"All ({n - 1})")).to_be_visible()
    for _ in range(4):
        page.keyboard.press("z")
    expect(page.get_by_role("tab", name=f"All ({n})")).to_be_visible()
    expect(page.locator("[data-lane=draft]")).to_have_count(0)


def test_a_drag_over_a_lane_selects_a_range(page: Page, explored: Explored) -> None:
    open_bench(page, explored)
    drag_over(page, "run", 0.31, 0.5)
    bar = page.get_by_role("group", name="Selected range")
    expect(bar).to_be_visible()
    expect(page.get_by_test_id("time-band")).to_be_visible()
    page.wait_for_url(re.compile(r"sel=lane"))
    link = bar.get_by_role("link", name="Find similar").get_attribute("href")
    video = explored.videos["front"]
    assert link
    assert re.search(rf"/search\?run={explored.run}&video={video}&from=[\d.]+&to=[\d.]+$", link)

    # Played in a loop: it never leaves the range.
    bar.get_by_role("button", name="Play range").click()
    start, stop = (float(x) for x in re.search(r"from=([\d.]+)&to=([\d.]+)", link).groups())  # type: ignore[union-attr]
    page.wait_for_function("() => !document.querySelector('video').paused")
    page.wait_for_timeout(1200)
    assert start - 0.2 <= seconds(page) <= stop + 0.2
    page.keyboard.press("k")

    n = n_shown(page)
    page.keyboard.press("n")
    expect(page.get_by_text("new in the draft")).to_be_visible()
    assert n_shown(page) <= n
    expect(bar).to_have_count(0)
    page.keyboard.press("z")
    expect(page.get_by_role("tab", name=f"All ({n})")).to_be_visible()


def test_every_key_is_on_the_sheet_and_loops_hold(page: Page, explored: Explored) -> None:
    open_bench(page, explored)
    page.keyboard.press("Shift+Slash")
    sheet = page.get_by_role("dialog", name="Keys")
    for words in (
        "nudge the edge a frame earlier",
        "split at the playhead",
        "undo",
        "loop the primitive",
        "slower",
        "next primitive",
    ):
        expect(sheet.get_by_text(words, exact=True)).to_be_visible()
    page.keyboard.press("Escape")

    page.keyboard.press("ArrowDown")
    page.keyboard.press("o")
    page.keyboard.press("Space")
    times = page.get_by_role("region", name=re.compile(r"^Primitive \d+$")).get_by_text(
        re.compile(r"^\d\d:\d\d\.\d{3} – ")
    )
    start, stop = (int(m) * 60 + float(s) for m, s in re.findall(r"(\d\d):([\d.]+)", times.inner_text()))
    page.wait_for_timeout(int((stop - start) * 1000) + 1200)
    assert start - 0.15 <= seconds(page) <= stop + 0.15
    page.keyboard.press("k")
    page.keyboard.press("d")
    page.wait_for_timeout(300)
    assert seconds(page) == pytest.approx(stop, abs=0.05)
    page.keyboard.press("Shift+Comma")
    expect(page.get_by_label("Speed", exact=True)).to_have_value("0.5")


def test_the_bench_fits_a_phone(page: Page, explored: Explored) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    for more in ("", "&tab=detector"):
        open_bench(page, explored, more)
        overflow = page.evaluate("() => document.documentElement.scrollWidth - window.innerWidth")
        assert overflow <= 0, f"{more} is {overflow} px too wide"


def test_hours_of_energy_are_cut_zoomed_and_panned(page: Page, explored: Explored) -> None:
    """Ten hours at ten steps a second; how long a frame takes is `kineme bench ui`'s to say."""
    n, hours_s = 360_000, 36_000.0
    video = explored.videos["front"]
    at = f"/api/runs/{explored.run}/videos/{video}/signals"
    facts = explored.api.get(f"{at}/")

    def body() -> bytes:
        import numpy as np

        times = np.arange(1, n + 1) * 0.1
        energy = np.abs(np.sin(times / 3)) * 4 * facts["theta_on"] + np.random.default_rng(0).random(n) * 0.01
        return times.astype("<f8").tobytes() + energy.astype("<f4").tobytes() * 2

    long = facts | {"n_steps": n, "columns": ["times_s", "energy", "latent"], "duration_s": hours_s}
    page.route(
        re.compile(r"/signals/$"), lambda route: route.fulfill(body=json.dumps(long), content_type="application/json")
    )
    page.route(
        re.compile(r"/signals\.bin"), lambda route: route.fulfill(body=body(), content_type="application/octet-stream")
    )
    details = explored.api.get(f"/api/videos/{video}/") | {"duration_s": hours_s}
    page.route(
        re.compile(rf"/api/videos/{video}/$"),
        lambda route: route.fulfill(body=json.dumps(details), content_type="application/json"),
    )
    open_bench(page, explored, "&tab=detector")
    theta = page.get_by_role("slider", name="θ on")
    theta.fill("220")  # cut anew, so that the draft's lane has its thousands of blocks
    expect(page.locator("[data-lane=draft]")).to_be_visible()
    plot = page.locator(".energy-canvas canvas").first
    whole = plot.evaluate("canvas => canvas.toDataURL()")
    box = page.locator(".timeline-stack").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 60)
    for delta in (*[(0, -60)] * 10, *[(40, 0)] * 10):  # the wheel zooms, and pans sideways
        page.mouse.wheel(*delta)
    page.wait_for_function("([canvas, whole]) => canvas.toDataURL() !== whole", arg=[plot.element_handle(), whole])
