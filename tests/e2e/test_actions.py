"""Clusters become a vocabulary, as a person makes them one: names, drags, keys; and the flow of what is named."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import Explored

pytestmark = [pytest.mark.browser, pytest.mark.services]


@pytest.fixture
def shot(page: Page, tmp_path: Path) -> Callable[[str], None]:
    """A picture of the page, to be looked at."""
    return lambda name: page.screenshot(path=tmp_path / f"{name}.png") and None


@pytest.fixture
def actions(page: Page, explored: Explored) -> Iterator[Page]:
    """The run's actions; whatever is done to them is taken back."""
    explored.sign_in(page, f"/runs/{explored.run}/clusters")
    expect(page.get_by_role("heading", name="Actions", exact=True)).to_be_visible()
    yield page
    history = f"/api/projects/{explored.project}/vocabulary"
    while explored.api.get(f"{history}/history/?limit=1")["undo"] is not None:
        explored.api.call("POST", f"{history}/undo/", data={})


def card(page: Page, name: str) -> Locator:
    return page.get_by_role("list", name="Actions").get_by_role("listitem", name=name, exact=True)


def size(page: Page, name: str) -> int:
    found = re.search(r"(\d+) primitives?", card(page, name).inner_text())
    assert found is not None
    return int(found[1])


def give_name(page: Page, was: str, name: str) -> None:
    card(page, was).get_by_role("button", name=f"Name {was}", exact=True).click()
    field = page.get_by_label(f"Name of {was}", exact=True)
    field.fill(name)
    field.press("Enter")
    expect(card(page, name)).to_be_visible()


def test_a_vocabulary_is_made_and_unmade(actions: Page, shot: Callable[[str], None]) -> None:
    page = actions
    expect(card(page, "Cluster 1")).to_be_visible()
    n_cards = card(page, "Cluster 1").locator("xpath=../li").count()
    shot("cards")

    # A name is written in place; then written over.
    give_name(page, "Cluster 1", "Reach")
    give_name(page, "Reach", "Reach for the part")
    give_name(page, "Cluster 2", "Fetch")

    # One card is dragged onto another.
    together = size(page, "Reach for the part") + size(page, "Cluster 3")
    card(page, "Cluster 3").drag_to(card(page, "Reach for the part"))
    expect(card(page, "Cluster 3")).to_have_count(0)
    assert size(page, "Reach for the part") == together

    # The same by the keyboard alone.
    more = card(page, "Cluster 4").get_by_role("button", name="More for Cluster 4")
    more.focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Merge into…").focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Merge Cluster 4 into")
    dialog.get_by_role("radio", name=re.compile("Fetch")).focus()
    page.keyboard.press("Space")
    shot("merge")
    page.keyboard.press("Enter")
    expect(card(page, "Cluster 4")).to_have_count(0)
    expect(card(page, "Fetch")).to_contain_text("2 clusters")

    # Z takes it back, shift Z does it again.
    page.locator("body").click(position={"x": 5, "y": 300})
    page.keyboard.press("z")
    expect(card(page, "Cluster 4")).to_be_visible()
    expect(page.get_by_role("button", name="Redo", exact=True)).to_be_enabled()
    page.keyboard.press("Shift+Z")
    expect(card(page, "Cluster 4")).to_have_count(0)

    # Opened and split in two: the smaller half is an action of its own.
    whole = size(page, "Reach for the part")
    card(page, "Reach for the part").get_by_role("link", name="Reach for the part").click()
    expect(page.get_by_role("heading", name="Reach for the part")).to_be_visible()
    page.get_by_role("button", name="Split in two").click()
    expect(page.get_by_text(re.compile(r"Split \d+ of \d+ off “Reach for the part”"))).to_be_visible()
    page.get_by_role("link", name="All actions").click()
    half = size(page, "Reach for the part 2")
    assert 1 <= half <= whole / 2
    expect(card(page, "Reach for the part")).to_contain_text(f"{whole - half} primitive")

    # Single primitives are ticked and moved to an action of their own.
    card(page, "Fetch").get_by_role("link", name="Fetch").click()
    boxes = page.get_by_role("checkbox", name=re.compile("^Select Primitive"))
    for box in (boxes.first, boxes.nth(1)):
        box.click()
        expect(box).to_be_checked()
    expect(page.get_by_text("2 primitives selected")).to_be_visible()
    assert "sel=ids" in page.url
    shot("ticked")
    page.get_by_role("link", name="All actions").click()
    expect(card(page, "Fetch")).to_contain_text("2 selected")
    page.get_by_role("button", name="Move to…").click()
    page.get_by_label("Name of a new action").fill("Odd ones")
    shot("move")
    page.get_by_role("dialog").get_by_role("button", name="Move").click()
    expect(card(page, "Odd ones")).to_contain_text("2 primitives")

    # The history knows every step, and takes one back that nothing lies on.
    page.get_by_role("button", name="History").click()
    history = page.get_by_role("dialog", name="History")
    expect(history.get_by_role("listitem").first).to_contain_text("Made “Odd ones” of 2 primitives")
    shot("history")
    history.get_by_role("listitem").first.get_by_role("button", name="Undo").click()
    expect(history.get_by_role("listitem").first).to_contain_text("undone by")
    # “Fetch” has been merged into since: its naming cannot be taken back from under that.
    history.get_by_role("listitem").filter(has_text="Named cluster 2 “Fetch”").get_by_role(
        "button", name="Undo"
    ).click()
    expect(history.get_by_role("alert")).to_contain_text("cannot be undone")
    page.keyboard.press("Escape")

    # Step by step back to where it began.
    while not page.get_by_role("button", name="Undo", exact=True).is_disabled():
        with page.expect_response(lambda said: "/groups/" in said.url and said.request.method == "GET"):
            page.get_by_role("button", name="Undo", exact=True).click()
        expect(page.get_by_role("button", name="Redo", exact=True)).to_be_enabled()
    expect(page.get_by_role("list", name="Actions").locator(":scope > li")).to_have_count(n_cards)
    expect(card(page, "Cluster 1")).to_contain_text("unnamed")


def members(explored: Explored) -> dict[int, str | None]:
    """What each primitive of the run is called."""
    rows = explored.api.get(f"/api/runs/{explored.run}/segments/?limit=500")["results"]
    return {row["id"]: row["action"] and row["action"]["name"] for row in rows}


def test_a_set_drawn_on_the_map_is_moved_to_an_action(actions: Page, explored: Explored) -> None:
    page = actions
    give_name(page, "Cluster 1", "Reach")
    before = members(explored)

    # Two groups of the legend, by shift, kept under a name; taken along to the actions.
    page.goto(f"{explored.kineme.address}/projects/{explored.project}/runs/{explored.run}/map")
    legend = page.get_by_role("list", name="Colours")
    legend.get_by_role("button", name="Cluster 2").click()
    legend.get_by_role("button", name="Cluster 3").click(modifiers=["Shift"])
    page.get_by_role("button", name="Save as set…").click()
    page.get_by_label("Name").fill("Like reaching")
    page.get_by_role("button", name="Save set").click()
    expect(page).to_have_url(re.compile(r"sel=set(%3A|:)\d+"))
    kept = next(
        row for row in explored.api.get(f"/api/projects/{explored.project}/sets/") if row["name"] == "Like reaching"
    )
    try:
        chosen = set(explored.api.get(f"/api/sets/{kept['id']}/")["ids"])
        assert 0 < len(chosen) < len(before)
        assert {before[one] for one in chosen} == {None}
        page.get_by_role("link", name="In actions").click()
        expect(page.get_by_text(f"{len(chosen)} primitives selected")).to_be_visible()
        expect(card(page, "Cluster 2")).to_contain_text("selected")

        page.get_by_role("button", name="Move to…").click()
        page.get_by_role("dialog").get_by_role("radio", name=re.compile("^Reach")).check()
        page.get_by_role("dialog").get_by_role("button", name="Move").click()
        expect(card(page, "Cluster 2")).to_have_count(0)
        expect(card(page, "Cluster 3")).to_have_count(0)
        moved = {one: "Reach" if one in chosen else name for one, name in before.items()}
        assert members(explored) == moved
        assert size(page, "Reach") == sum(name == "Reach" for name in moved.values())

        # Taken back: every one of them is where it was, and the set still holds them.
        page.get_by_role("button", name="Undo", exact=True).click()
        expect(card(page, "Cluster 3")).to_be_visible()
        assert members(explored) == before
        page.get_by_role("button", name="Redo", exact=True).click()
        expect(card(page, "Cluster 3")).to_have_count(0)
        assert members(explored) == moved
    finally:
        explored.api.call("DELETE", f"/api/sets/{kept['id']}/")


def test_a_second_window_follows(actions: Page, explored: Explored) -> None:
    other = actions.context.new_page()
    other.goto(actions.url)
    expect(card(other, "Cluster 1")).to_be_visible()
    give_name(actions, "Cluster 1", "Seen by both")
    expect(card(other, "Seen by both")).to_be_visible()
    other.close()


def test_another_k_takes_the_names_along(actions: Page, explored: Explored, shot: Callable[[str], None]) -> None:
    page = actions
    give_name(page, "Cluster 1", "Reach")
    give_name(page, "Cluster 2", "Fetch")
    page.get_by_role("button", name=re.compile("^k = 6")).click()
    page.get_by_label("Clusters", exact=True).fill("5")
    shot("k")
    page.get_by_role("button", name="Cluster again").click()
    page.wait_for_url(re.compile(rf"/runs/(?!{explored.run}/)\d+/clusters"))
    expect(page.get_by_text(re.compile(r"Run \d+ has names for"))).to_be_visible(timeout=90_000)
    page.get_by_role("button", name="Look at them").click()
    shot("carry")
    page.get_by_role("button", name=re.compile("Take over")).click()
    expect(
        page.get_by_role("list", name="Actions").get_by_role("link", name=re.compile("Reach|Fetch")).first
    ).to_be_visible()
    made = re.search(r"/runs/(\d+)/", page.url)
    assert made is not None
    stages = explored.api.get(f"/api/runs/{made[1]}/stages/")
    assert {row["stage"] for row in stages if not row["reused"] and row["status"] == "done"} <= {
        "cluster", "umap", "coherence",
    }  # fmt: skip


def test_the_flow_of_a_run(actions: Page, explored: Explored, shot: Callable[[str], None]) -> None:
    page = actions
    page.get_by_role("link", name="Flow").click()
    graph = page.get_by_role("img", name=re.compile("transitions? between"))
    expect(graph).to_be_visible()
    drawn = graph.locator("path[marker-end]").count()
    shot("flow")
    page.get_by_label("Least probability shown").fill("1")
    expect(graph.locator("path[marker-end]")).not_to_have_count(drawn)
    said = explored.api.get(f"/api/runs/{explored.run}/transitions/")
    certain = [one for one in said["transitions"] if one["probability"] == 1]
    expect(graph.locator("path[marker-end]")).to_have_count(len(certain))
    expect(page.get_by_role("region", name="Transition matrix").get_by_role("row")).to_have_count(
        1 + len(said["groups"])
    )

    # A cycle leads into its video, at its time.
    page.get_by_label("begin with").select_option(index=1)
    expect(page).to_have_url(re.compile("start="))
    cycle = page.get_by_role("link", name=re.compile("^Cycle 1 of")).first
    began = re.search(r"t=([\d.]+)", str(cycle.get_attribute("href")))
    assert began is not None
    cycle.click()
    expect(page).to_have_url(re.compile(rf"/videos/\d+\?run={explored.run}&t="))


@pytest.mark.parametrize("path", ["clusters", "flow"])
def test_a_phone_shows_it_without_scrolling_sideways(page: Page, explored: Explored, path: str) -> None:
    page.set_viewport_size({"width": 360, "height": 780})
    explored.sign_in(page, f"/runs/{explored.run}/{path}")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
