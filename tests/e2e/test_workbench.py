"""The video page as a person uses it: sliders, keys, drags, and a draft that becomes a run."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from playwright.sync_api import Locator, Page, expect

from ml.segmentation import smooth
from tests.e2e.api import eventually
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


def picked(page: Page) -> Locator:
    """What the panel says of the primitive in hand."""
    return page.get_by_role("region", name=re.compile(r"^Primitive \d+$"))


def times(page: Page) -> tuple[float, float]:
    """When it begins and ends, as the panel says."""
    said = picked(page).get_by_text(re.compile(r"^\d\d:\d\d\.\d{3} – ")).inner_text()
    start, stop = (int(m) * 60 + float(s) for m, s in re.findall(r"(\d\d):([\d.]+)", said))
    return start, stop


def expect_times(page: Page, start_s: float, end_s: float, *, within_s: float = 0.0011) -> None:
    def are_there() -> bool:
        return max(abs(times(page)[0] - start_s), abs(times(page)[1] - end_s)) <= within_s

    eventually(are_there, lambda: f"{times(page)}, not {(start_s, end_s)}")


def cuts(explored: Explored, run: int) -> list[tuple[float, float]]:
    """The primitives of the front view, in time order."""
    rows = explored.api.get(f"/api/runs/{run}/segments/?video={explored.videos['front']}&limit=500")["results"]
    return sorted((row["start_s"], row["end_s"]) for row in rows)


def duration(explored: Explored) -> float:
    return float(explored.api.get(f"/api/videos/{explored.videos['front']}/")["duration_s"])


def on_lane(page: Page, lane: str, share: float) -> tuple[float, float]:
    """Where on the screen a moment is, given as a share of what the lane shows."""
    box = page.locator(f"[data-lane={lane}] canvas").bounding_box()
    assert box is not None
    return box["x"] + box["width"] * share, box["y"] + box["height"] / 2


def painted(page: Page, lane: str, shares: list[float]) -> list[bool]:
    """Whether the lane has a block at each moment, given as shares of what it shows."""
    found: list[bool] = page.locator(f"[data-lane={lane}] canvas").evaluate(
        """(canvas, shares) => {
            const context = canvas.getContext('2d');
            const y = Math.round(canvas.height / 3);
            return shares.map((share) => context.getImageData(Math.floor(share * canvas.width), y, 1, 1).data[3] > 100);
        }""",
        shares,
    )
    return found


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
    facts = picked(page)
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


@pytest.fixture(scope="module")
def stricter(explored: Explored) -> dict[str, Any]:
    """The run once more, cut at a higher threshold; what comes before the cut is reused."""
    api = explored.api
    run = api.call("POST", f"/api/runs/{explored.run}/keep/", data={"theta_scale": 1.6}).json()["id"]
    made: dict[str, Any] = eventually(lambda: (row := api.get(f"/api/runs/{run}/"))["status"] == "done" and row)
    return made


def test_another_run_stands_on_a_lane_beside_this_one(page: Page, explored: Explored, stricter: dict[str, Any]) -> None:
    here, there = cuts(explored, explored.run), cuts(explored, stricter["id"])
    assert here != there
    open_bench(page, explored)
    expect(page.locator("[data-lane=other]")).to_have_count(0)
    page.get_by_role("button", name="Lanes and signals").click()
    page.get_by_label("Another run").select_option(label=f"Run {stricter['number']}")
    page.keyboard.press("Escape")
    name = re.compile(rf"^Run {stricter['number']}, for comparison: {len(there)} on the timeline$")
    expect(page.get_by_role("img", name=name)).to_be_visible()
    expect(page).to_have_url(re.compile(rf"with={stricter['id']}"))

    # Each lane has its blocks where its run has primitives, and they can be told apart where the runs differ.
    long = duration(explored)
    edges = [edge for cut in here + there for edge in cut]
    moments = [
        float(t) for t in np.arange(0.1, long, 0.05) if min(abs(t - edge) for edge in edges) > 0.15
    ]  # two pixels
    shares = [t / long for t in moments]
    ours, theirs = ([any(start <= t < end for start, end in its) for t in moments] for its in (here, there))
    eventually(lambda: painted(page, "run", shares) == ours)
    eventually(lambda: painted(page, "other", shares) == theirs)
    apart = [t for t, one, other in zip(moments, ours, theirs, strict=True) if one != other]
    assert apart

    # A press on the other lane leads to that moment, and leaves what is picked here alone.
    page.mouse.click(*on_lane(page, "other", apart[0] / long))
    page.wait_for_function(f"() => Math.abs(document.querySelector('video').currentTime - {apart[0]}) < 0.1")
    expect(picked(page)).to_have_count(0)

    # A link shows the same; and without it the lane is gone.
    page.reload()
    expect(page.get_by_role("img", name=name)).to_be_visible()
    page.get_by_role("button", name="Lanes and signals").click()
    page.get_by_label("Another run").select_option(label="None")
    expect(page.locator("[data-lane=other]")).to_have_count(0)


Curve = tuple[npt.NDArray[np.float64], npt.NDArray[np.floating[Any]]]


def nearest(places: npt.NDArray[np.float64], time_s: float) -> float:
    return float(places[np.abs(places - time_s).argmin()])


def crossings(curve: Curve, levels: list[float]) -> npt.NDArray[np.float64]:
    """Where the line through the values crosses a level."""
    times_s, values = curve
    found = []
    for level in levels:
        for k in np.flatnonzero(np.diff(values < level)):
            share = (level - values[k]) / (values[k + 1] - values[k])
            found.append(times_s[k] + share * (times_s[k + 1] - times_s[k]))
    return np.array(found)


def valleys(curve: Curve) -> npt.NDArray[np.float64]:
    times_s, values = curve
    down, up = values[:-2] > values[1:-1], values[2:] >= values[1:-1]
    return times_s[1:-1][down & up]


def test_an_edge_snaps_to_a_crossing_a_frame_and_a_valley(page: Page, explored: Explored) -> None:
    at = f"/api/runs/{explored.run}/videos/{explored.videos['front']}/signals"
    facts = explored.api.get(f"{at}/")
    body = explored.api.call("GET", f"{at}.bin").body()
    n = facts["n_steps"]
    energy = np.frombuffer(body, "<f4", n, 8 * n)  # the first column after the times
    curve = np.frombuffer(body, "<f8", n), smooth(energy, facts["detection"]["alpha"])
    fps = explored.api.get(f"/api/videos/{explored.videos['front']}/")["proxy_fps"]

    # A primitive whose end has somewhere to go, three times, and room to go there.
    mine = cuts(explored, explored.run)

    def stops(end_s: float) -> list[float]:
        crossing = nearest(crossings(curve, [facts["theta_on"], facts["theta_off"]]), end_s)
        frame = round(crossing * fps) / fps
        return [crossing, frame, nearest(valleys(curve), frame)]

    def suits(one: tuple[float, float], following: tuple[float, float]) -> bool:
        way = [one[1], *stops(one[1])]
        room = all(one[0] + 0.3 < t < following[0] for t in way[1:])
        return room and all(0.005 < abs(b - a) < 1.9 for a, b in pairwise(way))

    number = next(i for i, pair in enumerate(pairwise(mine)) if suits(*pair))
    start_s, end_s = mine[number]

    open_bench(page, explored)
    page.mouse.click(*on_lane(page, "run", (start_s + end_s) / 2 / duration(explored)))
    expect(page.get_by_role("region", name=f"Primitive {number + 1}", exact=True)).to_be_visible()
    page.keyboard.press("d")
    page.keyboard.press("]")
    expect(page.get_by_text("End in hand")).to_be_visible()
    expect_times(page, start_s, end_s)
    for key, to_s in zip("tgb", stops(end_s), strict=True):
        page.keyboard.press(key)
        expect_times(page, start_s, to_s)
    expect(picked(page).get_by_text("edited")).to_be_visible()
    for _ in "tgb":
        page.keyboard.press("z")
    expect(page.locator("[data-lane=draft]")).to_have_count(0)
    expect_times(page, start_s, end_s)


def test_an_edge_is_dragged_with_the_mouse_and_taken_back(page: Page, explored: Explored) -> None:
    long = duration(explored)
    mine = cuts(explored, explored.run)
    number = max(range(len(mine)), key=lambda i: mine[i][1] - mine[i][0])
    start_s, end_s = mine[number]
    to_s = end_s - 0.4 * (end_s - start_s)

    open_bench(page, explored)
    page.mouse.click(*on_lane(page, "run", (start_s + end_s) / 2 / long))
    expect(page.get_by_role("region", name=f"Primitive {number + 1}", exact=True)).to_be_visible()
    expect_times(page, start_s, end_s)
    expect(page.locator("[data-lane=draft]")).to_have_count(0)

    page.mouse.move(*on_lane(page, "run", end_s / long))
    expect(page.locator(".timeline-stack")).to_have_css("cursor", "ew-resize")
    page.mouse.down()
    page.mouse.move(*on_lane(page, "run", to_s / long), steps=12)
    page.mouse.up()
    box = page.locator("[data-lane=run] canvas").bounding_box()
    assert box is not None
    pixel_s = long / box["width"]
    expect_times(page, start_s, to_s, within_s=1.5 * pixel_s)
    expect(picked(page).get_by_text("edited")).to_be_visible()
    expect(picked(page)).to_contain_text(re.compile(r"Run \d+ has it at"))
    # The draft's lane is cut short there; the run's is as it was.
    left_s = (to_s + end_s) / 2
    eventually(lambda: painted(page, "draft", [left_s / long]) == [False])
    assert painted(page, "run", [left_s / long]) == [True]
    assert cuts(explored, explored.run) == mine

    page.keyboard.press("z")  # the whole drag is one step
    expect(page.locator("[data-lane=draft]")).to_have_count(0)
    expect_times(page, start_s, end_s)
    page.keyboard.press("Shift+Z")
    expect_times(page, start_s, to_s, within_s=1.5 * pixel_s)


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
    start, stop = times(page)
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
