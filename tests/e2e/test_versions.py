"""A vocabulary is filled in by its form, frozen, changed, frozen again, and the two are compared."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.conftest import PATIENCE_MS, Explored
from tests.e2e.test_accessibility import violations

pytestmark = [pytest.mark.browser, pytest.mark.services]


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A window that axe may look into."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, bypass_csp=True)
    context.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    yield context.new_page()
    context.close()


def card(page: Page, name: str) -> Locator:
    return page.get_by_role("list", name="Actions").get_by_role("listitem", name=name, exact=True)


def give_name(page: Page, was: str, name: str) -> None:
    card(page, was).get_by_role("button", name=f"Name {was}", exact=True).click()
    field = page.get_by_label(f"Name of {was}", exact=True)
    field.fill(name)
    field.press("Enter")
    expect(card(page, name)).to_be_visible()


def open_form(page: Page, name: str) -> Locator:
    card(page, name).get_by_role("button", name=f"More for {name}").click()
    page.get_by_role("button", name="Edit…").click()
    form = page.get_by_role("dialog", name=name)
    expect(form.get_by_label("Name", exact=True)).to_have_value(name)
    return form


def save(form: Locator) -> None:
    form.get_by_role("button", name="Save").click()
    expect(form).to_have_count(0)


def freeze(page: Page, name: str) -> None:
    page.get_by_role("button", name="Freeze…").click()
    dialog = page.get_by_role("dialog", name="Freeze the vocabulary")
    dialog.get_by_label("Name", exact=True).fill(name)
    expect(dialog.get_by_role("group", name="What will be in it")).to_be_visible()
    dialog.get_by_role("button", name="Freeze", exact=True).click()


def test_a_vocabulary_is_edited_frozen_edited_again_and_compared(page: Page, own: Explored, tmp_path: Path) -> None:
    actions = f"/runs/{own.run}/clusters"
    own.sign_in(page, actions)
    give_name(page, "Cluster 1", "Reach")
    give_name(page, "Cluster 2", "Fetch")

    # One form for all of it: words, taxonomy, colour, key, examples.
    form = open_form(page, "Reach")
    form.get_by_label("Description").fill("The hand goes to the part.")
    form.get_by_label("Verb").fill("reach")
    form.get_by_label("Taxonomy primitive").select_option("move")
    form.get_by_label("Key in review").select_option("1")
    form.get_by_role("radio", name=re.compile("^Colour 5")).first.check(force=True)
    form.get_by_role("checkbox", name="Example 1", exact=True).check()
    form.get_by_role("checkbox", name="Example 2", exact=True).check()
    assert violations(page) == []
    page.screenshot(path=tmp_path / "form.png")
    save(form)

    # A key that is taken is swapped, and says so before it does.
    form = open_form(page, "Fetch")
    form.get_by_label("Key in review").select_option("1")
    expect(form.get_by_text("“Reach” has the key 1 now and will have none.")).to_be_visible()
    save(form)
    actions_now = own.api.get(f"/api/projects/{own.project}/actions/")
    kept = {one["name"]: one for one in actions_now if not one["deprecated"]}
    assert (kept["Reach"]["digit"], kept["Fetch"]["digit"]) == (None, 1)
    assert (kept["Reach"]["primitive"], kept["Reach"]["colour"], len(kept["Reach"]["examples"])) == ("move", 4, 2)

    # Somebody else renames it while the form is open: told, and nothing of the form is written.
    form = open_form(page, "Fetch")
    form.get_by_label("Name", exact=True).fill("Fetch the part")
    mine = f"/api/actions/{kept['Fetch']['id']}/"
    own.api.call("PATCH", mine, data={"name": "Bring"})
    form.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("“Fetch” was renamed to “Bring”")
    page.get_by_role("button", name="Show it as it is now").click()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Bring")
    page.get_by_role("button", name="Cancel").click()

    # Frozen, then changed, then frozen again.
    page.get_by_role("link", name="Versions").click()
    expect(page.get_by_role("heading", name="No version yet")).to_be_visible()
    assert violations(page) == []
    freeze(page, "First names")
    first = page.get_by_role("listitem", name="Version 1, First names")
    expect(first).to_contain_text("2")
    freeze(page, "The same again")
    expect(page.get_by_role("alert")).to_contain_text("frozen already")
    assert violations(page) == []
    page.get_by_role("button", name="Cancel").click()

    own.sign_in(page, actions)
    give_name(page, "Reach", "Reach for the part")
    give_name(page, "Cluster 3", "Hold")
    page.get_by_role("link", name="Versions").click()
    expect(first).to_be_visible()
    freeze(page, "June, <b>agreed</b>")
    second = page.get_by_role("listitem", name="Version 2, June, <b>agreed</b>")
    second.get_by_role("button", name="Actions").click()
    expect(second.get_by_role("row", name=re.compile("Reach for the part"))).to_be_visible()
    assert violations(page) == []
    page.screenshot(path=tmp_path / "versions.png")

    # What changed, in words and with primitives to look at.
    second.get_by_role("link", name="Since version 1").click()
    changed = page.get_by_role("region", name="Actions", exact=True)
    expect(changed.get_by_text("renamed")).to_be_visible()
    expect(changed.locator("del", has_text="Reach")).to_be_visible()
    expect(changed.get_by_text("added")).to_be_visible()
    moved = page.get_by_role("region", name="Primitives moved")
    expect(moved.get_by_text("unnamed")).to_be_visible()
    expect(moved.get_by_role("link").first).to_be_visible()
    assert violations(page) == []
    page.screenshot(path=tmp_path / "diff.png", full_page=True)
    page.get_by_role("link", name="Swap the versions").click()
    expect(page.get_by_role("region", name="Actions", exact=True).get_by_text("deprecated")).to_be_visible()

    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.get_by_role("link", name="All versions").click()
    expect(first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.screenshot(path=tmp_path / "narrow.png")
