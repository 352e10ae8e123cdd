"""Handing on, as a person does it: freeze, choose, export in every form, fetch, and open the file with Python."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.api import eventually
from tests.e2e.conftest import PATIENCE_MS, Explored
from tests.e2e.test_accessibility import AXE, RULES

pytestmark = pytest.mark.browser

MADE_WITHIN_MS = 240_000
KINDS = {
    "LeRobot v3": "lerobot",
    "Language-action episodes": "language_action",
    "WebDataset": "webdataset",
    "ActivityNet JSON and CSV": "activitynet",
    "LAPS clips and codes": "laps",
}


@pytest.fixture(scope="session")
def version(explored: Explored) -> int:
    """A version of the run as it was found: nothing named, nothing rated."""
    path = f"/api/projects/{explored.project}/versions/"
    asked = {"run": explored.run, "name": "As found"}
    return int(explored.api.call("POST", path, data=asked).json()["id"])


def ask(page: Page, name: str) -> None:
    page.get_by_role("button", name="New export").first.click()
    dialog = page.get_by_role("dialog", name="New export")
    dialog.get_by_role("radio", name=name).check()
    dialog.get_by_label("Mean quality").select_option("0")
    dialog.get_by_label("Also those nobody has rated").check()
    dialog.get_by_label("Also those that belong to no action").check()
    expect(dialog.get_by_text("Would hold")).to_be_visible()
    dialog.get_by_role("button", name="Export", exact=True).click()
    expect(dialog).to_be_hidden()


def fetched(page: Page, name: str) -> dict[str, bytes]:
    """Download by the button, as a person does; what is in the archive, by name below its one folder."""
    row = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name=name)).first
    link = row.get_by_role("link", name="Download")
    expect(link).to_be_visible(timeout=MADE_WITHIN_MS)
    with page.expect_download() as begun:
        link.click()
    path = begun.value.path()
    assert begun.value.suggested_filename.endswith(".tar")
    content = path.read_bytes()
    assert hashlib.sha256(content).hexdigest().startswith(row.locator("code").first.inner_text().rstrip("…"))
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        found = {member.name.partition("/")[2]: archive.extractfile(member) for member in archive.getmembers()}
        return {inside: file.read() for inside, file in found.items() if file is not None}


def codes_by_id(explored: Explored) -> dict[int, list[int]]:
    rows: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = explored.api.get(f"/api/runs/{explored.run}/segments/?limit=500{cursor}")
        rows += page["results"]
        if page["next"] is None:
            return {row["id"]: row["codes"] for row in rows}
        cursor = f"&cursor={page['next']}"


def test_every_form_from_the_dialog_to_the_numbers_in_the_file(page: Page, explored: Explored, version: int) -> None:
    explored.sign_in(page, "/exports")
    expect(page.get_by_text("No exports yet")).to_be_visible()
    codes = codes_by_id(explored)
    for name in KINDS:
        ask(page, name)
    for name, kind in KINDS.items():
        files = fetched(page, name)
        card = json.loads(files["card.json"])
        assert card["counts"]["primitives"] == len(codes)
        assert b"Krippendorff" in files["README.md"]
        CHECKS[kind](files, codes)

    shown = explored.api.get(f"/api/projects/{explored.project}/exports/")
    assert {row["status"] for row in shown} == {"done"}
    page.get_by_role("button", name="Card of WebDataset of version 1").click()
    expect(page.get_by_role("region", name="Videos in this export")).to_contain_text("gearbox-front.mp4")
    expect(page.get_by_label("How to load it in Python")).to_contain_text("webdataset-v1/shards")


def test_the_same_asked_again_is_there_at_once_with_the_same_checksum(
    page: Page, explored: Explored, version: int
) -> None:
    everything = {"min_quality": 0, "include_unrated": True, "unnamed": True}
    body = {"version": version, "kind": "activitynet", "options": everything}
    path = f"/api/projects/{explored.project}/exports/"
    first = explored.api.call("POST", path, data=body).json()
    address = f"/api/exports/{first['id']}/"
    made = eventually(lambda: (row := explored.api.get(address))["status"] == "done" and row)
    again = explored.api.call("POST", path, data=body).json()
    assert (again["status"], again["sha256"]) == ("done", made["sha256"])
    page.goto(explored.kineme.address)


def test_an_export_of_nothing_is_not_offered_and_says_why(page: Page, explored: Explored, version: int) -> None:
    explored.sign_in(page, f"/exports?new=1&version={version}")
    dialog = page.get_by_role("dialog", name="New export")
    expect(dialog.get_by_text("Nothing would be in it.")).to_be_visible()
    expect(dialog.get_by_text("not rated yet")).to_be_visible()
    expect(dialog.get_by_role("button", name="Export", exact=True)).to_be_disabled()


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("width", [1440, 390])
def test_the_screen_keeps_the_rules_of_axe(
    browser: Browser, explored: Explored, version: int, theme: str, width: int
) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 900}, bypass_csp=True, reduced_motion="reduce", color_scheme=theme
    )  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE_MS)
    context.add_cookies(explored.api.context.cookies())
    page = context.new_page()
    page.add_init_script(f"localStorage.setItem('kineme.theme', '{theme}')")
    for screen in ("/exports", "/exports?new=1"):
        page.goto(f"{explored.kineme.address}/projects/{explored.project}{screen}")
        expect(page.get_by_role("heading", name="Exports")).to_be_visible()
        page.wait_for_load_state("networkidle")
        page.add_script_tag(path=AXE)
        found = page.evaluate("rules => axe.run({runOnly: rules}).then(({violations}) => violations)", RULES)
        assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()


def _lerobot(files: dict[str, bytes], codes: dict[int, list[int]]) -> None:
    """One data set, or one a view."""
    infos = [json.loads(content) for name, content in files.items() if name.endswith("meta/info.json")]
    assert sum(info["total_episodes"] for info in infos) == len(codes)


def _webdataset(files: dict[str, bytes], codes: dict[int, list[int]]) -> None:
    told = {}
    for name, content in files.items():
        if name.endswith(".tar"):
            with tarfile.open(fileobj=io.BytesIO(content)) as shard:
                for member in shard.getmembers():
                    if member.name.endswith(".codes.npy") and (file := shard.extractfile(member)) is not None:
                        found = np.load(io.BytesIO(file.read()), allow_pickle=False).tolist()
                        told[int(member.name.split(".")[0].rpartition("-")[2])] = found
    assert told == codes


def _activitynet(files: dict[str, bytes], codes: dict[int, list[int]]) -> None:
    database = json.loads(files["annotations.json"])["database"]
    assert {one["id"] for video in database.values() for one in video["annotations"]} == set(codes)


def _laps(files: dict[str, bytes], codes: dict[int, list[int]]) -> None:
    told = [json.loads(content) for name, content in files.items() if name.endswith(".codes.json")]
    assert {one["kineme"]["id"]: [code for row in one["codes_windows"] for code in row] for one in told} == codes
    assert sum(name.endswith(".mp4") for name in files) == len(codes)


CHECKS: dict[str, Callable[[dict[str, bytes], dict[int, list[int]]], None]] = {
    "lerobot": _lerobot,
    "language_action": _lerobot,
    "webdataset": _webdataset,
    "activitynet": _activitynet,
    "laps": _laps,
}
