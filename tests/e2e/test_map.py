"""The map as a person uses it: draw around points, keep what is inside, take it elsewhere."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from backend.common.columns import unpack
from tests.e2e.api import eventually
from tests.e2e.conftest import Explored

pytestmark = pytest.mark.browser


def at(page: Page) -> Locator:
    return page.get_by_role("region", name="Map").get_by_role("application")


def open_map(page: Page, explored: Explored, search: str = "") -> None:
    explored.sign_in(page, f"/runs/{explored.run}/map{search}")
    expect(page.get_by_role("region", name="Selection")).to_be_visible()
    expect(at(page)).to_be_visible()
    page.wait_for_timeout(400)  # the first frame


def drag(page: Page, corners: list[tuple[float, float]]) -> None:
    """Through places of the map, given as shares of its width and height."""
    box = at(page).bounding_box()
    assert box is not None
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in corners]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=6)
    page.mouse.up()


def selected(page: Page) -> int:
    heading = page.get_by_role("region", name="Selection").get_by_role("status")
    expect(heading).to_have_text(re.compile(r"^[\d,]+ selected$"))
    return int(heading.inner_text().split()[0].replace(",", ""))


@pytest.fixture(autouse=True)
def laid_out(explored: Explored) -> None:
    """UMAP takes PCA's place while one looks; what is drawn here is drawn after that."""

    def settled() -> bool:
        rows = explored.api.get(f"/api/runs/{explored.run}/stages/")
        return all(row["status"] in ("done", "failed") for row in rows if row["stage"] == "umap")

    eventually(settled)


def n_segments(explored: Explored) -> int:
    return int(explored.api.get(f"/api/runs/{explored.run}/")["n_segments"])


ALL_AROUND = [(0.02, 0.03), (0.98, 0.03), (0.98, 0.98), (0.02, 0.98)]
LEFT_HALF = [(0.02, 0.03), (0.5, 0.03), (0.5, 0.97), (0.02, 0.97)]


def test_draw_a_lasso_keep_it_and_take_it_along(page: Page, explored: Explored, tmp_path: Path) -> None:
    n = n_segments(explored)
    explored.sign_in(page)
    page.get_by_role("link", name="Map", exact=True).click()
    expect(page).to_have_url(re.compile(r"/runs/\d+/map"))  # of the newest run, whichever test made it
    page.goto(f"{explored.kineme.address}/projects/{explored.project}/runs/{explored.run}/map")
    expect(at(page)).to_be_visible()
    page.wait_for_timeout(400)
    page.screenshot(path=tmp_path / "map.png")

    page.keyboard.press("l")
    expect(page.get_by_role("button", name="Lasso")).to_have_attribute("aria-pressed", "true")
    drag(page, LEFT_HALF)
    left = selected(page)
    assert 0 < left < n
    assert "sel=lasso" in page.url
    grid = page.get_by_role("group", name="Selected primitives")
    expect(grid.get_by_role("link").first).to_be_visible()
    page.wait_for_timeout(1500)
    page.screenshot(path=tmp_path / "lasso.png")

    # The address says it all: a second window shows the same.
    other = page.context.new_page()
    other.goto(page.url)
    assert selected(other) == left
    other.close()

    # Shift adds the rest, Alt takes a part away again.
    page.keyboard.down("Shift")
    drag(page, ALL_AROUND)
    page.keyboard.up("Shift")
    expect(page.get_by_role("region", name="Selection").get_by_role("status")).to_have_text(f"{n} selected")
    page.keyboard.down("Alt")
    drag(page, LEFT_HALF)
    page.keyboard.up("Alt")
    expect(page.get_by_role("region", name="Selection").get_by_role("status")).to_have_text(f"{n - left} selected")

    # Kept under a name, once.
    page.get_by_role("button", name="Save as set…").click()
    page.get_by_label("Name").fill("Right half")
    page.get_by_role("button", name="Save set").click()
    expect(page).to_have_url(re.compile(r"sel=set%3A\d+|sel=set:\d+"))
    assert selected(page) == n - left
    page.get_by_role("button", name="Send to review…").click()
    page.get_by_label("Name").fill("Right half")
    page.get_by_role("dialog").get_by_role("button", name="Send to review").click()
    expect(page.get_by_role("alert")).to_contain_text("There is a set of this name already")
    page.get_by_label("Name").fill("Right half, for review")
    page.get_by_role("dialog").get_by_role("button", name="Send to review").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    sets = explored.api.get(f"/api/projects/{explored.project}/sets/")
    assert [(row["name"], row["n"], row["for_review"]) for row in sets] == [
        ("Right half, for review", n - left, True),
        ("Right half", n - left, False),
    ]

    # Exported: a file with that many rows, named after the set.
    for form in ("CSV", "JSON"):
        page.get_by_role("button", name="Export").first.click()
        with page.expect_download() as download:
            page.get_by_role("button", name=form, exact=True).click()
        assert download.value.suggested_filename.startswith("right-half-for-review-run-")
        path = tmp_path / f"export.{form}"
        download.value.save_as(path)
        with path.open(newline="") as file:
            rows = list(csv.DictReader(file)) if form == "CSV" else json.load(file)["segments"]
        assert len(rows) == n - left

    # On the timeline the selection comes along.
    page.get_by_role("link", name="On the timeline").click()
    expect(page).to_have_url(re.compile(r"/videos/\d+\?.*sel=set"))
    page.go_back()
    assert selected(page) == n - left

    # Escape clears; the saved sets are there, and go for good.
    page.keyboard.press("Escape")
    expect(page.get_by_text("Nothing selected")).to_be_visible()
    page.screenshot(path=tmp_path / "cleared.png")
    page.get_by_role("button", name=re.compile("^Right half for review|^Right half \\d|^Right half$")).first.click()
    assert selected(page) == n - left
    page.keyboard.press("Escape")
    for _ in range(2):
        page.get_by_role("button", name=re.compile("^Remove the set .")).first.click()
        page.get_by_role("button", name="Remove the set", exact=True).click()
        page.wait_for_timeout(400)
    expect(page.get_by_role("region", name="Saved sets")).to_be_hidden()


def test_a_rectangle_a_press_and_a_group_select_too(page: Page, explored: Explored) -> None:
    open_map(page, explored)
    n = n_segments(explored)
    page.get_by_role("button", name="Rectangle").click()
    drag(page, [(0.02, 0.03), (0.98, 0.98)])
    assert selected(page) == n
    assert "sel=rect" in page.url
    page.get_by_role("button", name="Move").click()
    legend = page.get_by_role("list", name="Colours")
    group = legend.get_by_role("button").first
    group.click()
    told = int(re.sub(r"\D", "", group.locator("span").last.inner_text()))
    assert selected(page) == told
    expect(group).to_have_attribute("aria-pressed", "true")
    group.click()
    expect(page.get_by_text("Nothing selected")).to_be_visible()


def test_the_colours_are_switched_and_stay_in_the_address(page: Page, explored: Explored) -> None:
    open_map(page, explored)

    def colours() -> set[tuple[int, ...]]:
        page.wait_for_timeout(300)
        return {tuple(p) for p in pixels(page)}

    seen = []
    for name in ("action", "video", "duration", "quality"):
        page.get_by_label("Colour", exact=True).select_option(name)
        if name != "action":
            expect(page).to_have_url(re.compile(f"colour={name}"))
        seen.append(frozenset(colours()))
    assert len(set(seen)) == 4
    expect(page.get_by_text("Nobody has rated these primitives yet")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Colour", exact=True)).to_have_value("quality")


QUALITIES = {0: "#34507a", 3: "#fdf3b0"}  # of the ramp, in the dark theme
GREY = "--no-cluster"


def shows(page: Page, colour: str) -> bool:
    """Whether any point has that colour, `#rrggbb`."""
    picture = np.asarray(Image.open(io.BytesIO(at(page).locator("canvas").screenshot())).convert("RGB"), int)
    rgb = [int(colour[k : k + 2], 16) for k in (1, 3, 5)]
    return bool((np.abs(picture - rgb).max(axis=2) <= 6).any())


def test_reviews_colour_the_map(page: Page, own: Explored) -> None:
    rows = own.api.get(f"/api/runs/{own.run}/segments/?limit=500")["results"]
    eventually(lambda: own.api.get(f"/api/runs/{own.run}/")["projection"] == "umap")
    open_map(page, own)
    page.get_by_label("Colour", exact=True).select_option("quality")
    expect(page.get_by_text("Nobody has rated these primitives yet: all are grey.")).to_be_visible()
    grey = page.evaluate(f"() => getComputedStyle(document.documentElement).getPropertyValue('{GREY}').trim()")
    eventually(lambda: shows(page, grey))
    assert not any(shows(page, colour) for colour in QUALITIES.values())

    # One is judged the best and one the worst, as a reviewer's page sends it.
    for row, quality in zip(rows[:2], (3, 0), strict=True):
        said = {"quality": quality, "confidence": 2, "seconds": 2.5}
        own.api.call("PUT", f"/api/segments/{row['id']}/review/", data=said)
    page.reload()
    n = len(rows)
    expect(page.get_by_text(f"Mean of the reviews, 0 to 3; {n - 2} of {n} not rated are grey.")).to_be_visible()
    eventually(lambda: all(shows(page, colour) for colour in (grey, *QUALITIES.values())))

    # A second thought: the mean and the colour follow.
    own.api.call("PUT", f"/api/segments/{rows[0]['id']}/review/", data={"quality": 0, "confidence": 2, "seconds": 1.0})
    page.reload()
    eventually(lambda: shows(page, QUALITIES[0]) and not shows(page, QUALITIES[3]))


def pixels(page: Page) -> list[list[int]]:
    """The colours in a picture of the map, coarsely."""
    picture = Image.open(io.BytesIO(at(page).locator("canvas").screenshot())).convert("RGB")
    counted = picture.quantize(24).convert("RGB").getcolors(100_000) or []
    return [list(colour) for _, colour in counted]  # type: ignore[call-overload]


def test_the_keyboard_moves_and_zooms(page: Page, explored: Explored) -> None:
    open_map(page, explored)
    at(page).focus()
    before = at(page).screenshot()
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(400)
    moved = at(page).screenshot()
    assert moved != before
    page.keyboard.press("+")
    expect(page).to_have_url(re.compile("view="))
    at(page).focus()
    page.keyboard.press("0")
    expect(page).not_to_have_url(re.compile("view="))


def test_near_enough_points_are_pictures(page: Page, explored: Explored) -> None:
    _, columns = unpack(explored.api.call("GET", f"/api/runs/{explored.run}/map/").body())
    x, y = columns["x"], columns["y"]
    span = max(np.ptp(x), np.ptp(y))
    # The first point in the middle of the window; the shorter side is centred in the square.
    u, v = ((c[0] - c.min() + (span - np.ptp(c)) / 2) / span for c in (x, y))
    open_map(page, explored, f"?view={u:.4f},{v:.4f},4")
    expect(at(page).locator(".scatter-pictures img").first).to_be_visible()


def test_what_is_selected_moves(page: Page, explored: Explored) -> None:
    open_map(page, explored)
    page.keyboard.press("r")
    drag(page, [ALL_AROUND[0], ALL_AROUND[2]])
    clips = page.get_by_role("region", name="Selection").locator(".clip")
    moving = clips.locator("canvas")
    expect(moving.first).to_be_visible(timeout=20_000)  # once it has played to its end as a video

    def looks() -> set[str]:
        seen = set()
        for _ in range(12):
            seen.add(moving.first.evaluate("canvas => canvas.toDataURL()"))
            page.wait_for_timeout(90)
        return seen

    assert len(looks()) > 2
    box = at(page).bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 40, box["y"] + 40)
    page.keyboard.press("v")
    page.mouse.down()  # while the map is in the hand all loops stand still
    page.mouse.move(box["x"] + 90, box["y"] + 60)
    page.wait_for_timeout(150)
    held = moving.first.evaluate("canvas => canvas.toDataURL()")
    page.mouse.move(box["x"] + 120, box["y"] + 80)
    page.wait_for_timeout(300)
    assert moving.first.evaluate("canvas => canvas.toDataURL()") == held
    page.mouse.up()
    page.wait_for_timeout(900)
    assert len(looks()) > 2
    page.locator(".selected-scroll").evaluate("grid => { grid.scrollTop = grid.scrollHeight; }")
    expect(clips.last.locator("canvas, video")).to_be_visible()


def test_without_webgl_the_groups_still_select(page: Page, explored: Explored) -> None:
    page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
    open_map(page, explored)
    expect(page.get_by_text("The map needs WebGL 2")).to_be_visible()
    page.get_by_role("list", name="Colours").get_by_role("button").first.click()
    assert selected(page) > 0


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("width", [360, 390, 1440])
def test_it_fits(page: Page, explored: Explored, width: int, theme: str, tmp_path: Path) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.add_init_script(f"localStorage.setItem('kineme.theme', '{theme}')")
    open_map(page, explored, "?sel=cluster:0")
    assert selected(page) > 0
    page.wait_for_timeout(1000)
    page.screenshot(path=tmp_path / f"map-{width}-{theme}.png", full_page=width < 1000)
    assert page.evaluate("() => document.documentElement.scrollWidth - window.innerWidth") <= 0
