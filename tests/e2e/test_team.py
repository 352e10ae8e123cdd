"""A whole team at work, each in a browser of their own: invited, judging blind, settling, freezing, handing on."""

from __future__ import annotations

import json
import re
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import PATIENCE_MS, Explored, Kineme

pytestmark = [pytest.mark.browser, pytest.mark.services]

N = 4  # primitives that both judge
QUALITY, CONFIDENCE = "qwer", "asd"
PASSWORD = "a long enough password"


@pytest.fixture
def somebody(browser: Browser) -> Iterator[Callable[[], Page]]:
    """A browser of their own for each person. An error in a console fails the test."""
    opened, faults = [], []

    def one() -> Page:
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        context.set_default_timeout(PATIENCE_MS)
        opened.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        return page

    yield one
    for context in opened:
        context.close()
    assert faults == []


def test_a_team_goes_from_invitations_to_an_export(
    page: Page, own: Explored, somebody: Callable[[], Page], tmp_path: Path
) -> None:
    owner_api, kineme, project, run = own.api, own.kineme, own.project, own.run
    place = f"{kineme.address}/projects/{project}"
    page.context.add_cookies(owner_api.context.cookies())

    # The owner names two clusters: the labels of the review.
    page.goto(f"{place}/runs/{run}/clusters")
    for cluster, name in (("Cluster 1", "Reach"), ("Cluster 2", "Fetch")):
        page.get_by_role("button", name=f"Name {cluster}", exact=True).click()
        field = page.get_by_role("textbox", name=f"Name of {cluster}")
        field.fill(name)
        field.press("Enter")
        expect(page.get_by_role("button", name=f"Name {name}", exact=True)).to_be_visible()

    # Two reviewers are invited by link, and make their accounts.
    ana, ben = (_invited(page, place, somebody(), name) for name in ("Ana", "Ben"))

    # Both are given the same few primitives.
    page.goto(f"{place}/review")
    page.get_by_role("button", name="Assign").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("How many, drawn at random").fill(str(N))
    dialog.get_by_label("Judged by two, in %").fill("100")
    for name in ("Ana", "Ben"):
        dialog.get_by_role("checkbox", name=name).check()
    dialog.get_by_role("button", name="Assign", exact=True).click()
    expect(page.get_by_role("dialog")).to_contain_text(f"{N} primitives")
    page.get_by_role("dialog").get_by_role("button", name="Done").click()

    # Ana judges, by keys alone. Ben does not see what she said before he has judged the same one himself.
    _judge(ana, place, run, [3] * N)
    first = _queue(ben, kineme, run)[0]["id"]
    assert _shown_reviews(ben, kineme, first) == []
    _judge(ben, place, run, [0, *[3] * (N - 1)])
    assert sorted(review["quality"] for review in _shown_reviews(ben, kineme, first)) == [0, 3]

    # The owner sees how far they agree, with its n, and settles what they do not agree on.
    page.goto(f"{place}/review")
    agreement = page.get_by_role("region", name="Agreement")
    expect(agreement).to_contain_text(f"{N} primitives")
    alpha = owner_api.get(f"/api/runs/{run}/agreement/")["quality"]["alpha"]
    expect(agreement).to_contain_text(f"{alpha:.2f}".replace("-", "−"))
    conflicts = page.get_by_role("region", name="Conflicts")
    conflict = conflicts.get_by_role("listitem", name=re.compile("3 grades apart"))
    expect(conflict).to_contain_text("Ana")
    conflict.get_by_role("radio", name=re.compile("^2")).check()
    conflict.get_by_role("button", name="Settle").click()
    expect(page.get_by_role("region", name="Settled")).to_contain_text("2")
    expect(conflict).to_have_count(0)
    page.screenshot(path=tmp_path / "settled.png", full_page=True)

    # The vocabulary is edited once more, then frozen.
    page.goto(f"{place}/runs/{run}/clusters")
    page.get_by_role("button", name="Name Fetch", exact=True).click()
    field = page.get_by_role("textbox", name="Name of Fetch")
    field.fill("Fetch the part")
    field.press("Enter")
    expect(page.get_by_role("button", name="Name Fetch the part", exact=True)).to_be_visible()
    page.goto(f"{place}/versions")
    page.get_by_role("button", name=re.compile("^Freeze")).first.click()
    dialog = page.get_by_role("dialog", name="Freeze the vocabulary")
    dialog.get_by_label("Name").fill("June, agreed")
    dialog.get_by_role("button", name="Freeze", exact=True).click()
    version = page.get_by_role("listitem", name="Version 1, June, agreed")
    expect(version).to_be_visible()

    # And exported: everything rated 2 or more, named or not.
    page.goto(f"{place}/exports")
    page.get_by_role("button", name="New export").first.click()
    dialog = page.get_by_role("dialog", name="New export")
    dialog.get_by_role("radio", name=re.compile("ActivityNet")).check()
    dialog.get_by_role("checkbox", name="Also those that belong to no action").check()
    expect(dialog.get_by_role("status")).to_contain_text(f"Would hold {N} primitives")
    dialog.get_by_role("button", name="Export", exact=True).click()
    download = page.get_by_role("link", name=re.compile("^Download"))
    expect(download).to_be_visible(timeout=6 * PATIENCE_MS)
    with page.expect_download() as got:
        download.click()
    got.value.save_as(tmp_path / "export.tar")
    page.screenshot(path=tmp_path / "exported.png", full_page=True)
    with tarfile.open(tmp_path / "export.tar") as tar:
        name = next(one for one in tar.getnames() if one.endswith(".json") and "card" not in one)
        file = tar.extractfile(name)
        assert file is not None
        database = json.load(file)["database"]
    labels = [one["label"] for video in database.values() for one in video["annotations"]]
    assert len(labels) == N
    assert "Fetch" not in labels  # it was renamed before it was frozen

    # What was done is known.
    kinds = {row["kind"] for row in owner_api.get(f"/api/projects/{project}/audit/")["results"]}
    assert kinds >= {"member.joined", "review.assigned", "review.settled", "version.frozen", "export.asked"}


def _invited(owner: Page, place: str, page: Page, name: str) -> Page:
    """Somebody's window, signed in as a reviewer by an invitation link."""
    owner.goto(f"{place}/members")
    owner.get_by_role("button", name="Invite").click()
    dialog = owner.get_by_role("dialog")
    dialog.get_by_label("As", exact=True).select_option("reviewer")
    dialog.get_by_role("button", name="Make link").click()
    page.goto(owner.get_by_label("Link", exact=True).input_value())
    page.get_by_label("User name").fill(f"{name.lower()}-{place.rsplit('/', 1)[1]}")
    page.get_by_label("Your name, as others see it").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Make account and join").click()
    expect(page).to_have_url(re.compile(r"/projects"))
    owner.get_by_role("dialog").get_by_role("button", name="Done").click()
    return page


def _judge(page: Page, place: str, run: int, qualities: list[int]) -> None:
    """Two keys for each; the next one plays by itself."""
    page.goto(f"{place}/review")
    page.get_by_role("link", name="Start reviewing").click()
    expect(page).to_have_url(re.compile(rf"/runs/{run}/review"))
    for quality in qualities:
        clip = page.get_by_role("region", name=re.compile(r"^Primitive \d+ of"))
        name = clip.get_attribute("aria-label") or ""
        expect(clip.locator("video").first).to_have_js_property("paused", False)
        page.keyboard.press(QUALITY[quality])
        page.keyboard.press(CONFIDENCE[2])
        expect(page.get_by_role("region", name=name, exact=True)).to_have_count(0)


def _queue(page: Page, kineme: Kineme, run: int) -> list[dict[str, int]]:
    rows: list[dict[str, int]] = page.request.get(f"{kineme.address}/api/runs/{run}/review-queue/").json()["results"]
    return rows


def _shown_reviews(page: Page, kineme: Kineme, segment: int) -> list[dict[str, int]]:
    rows: list[dict[str, int]] = page.request.get(f"{kineme.address}/api/segments/{segment}/reviews/").json()
    return rows
