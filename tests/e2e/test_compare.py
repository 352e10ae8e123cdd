"""Two runs of one project side by side."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.api import eventually
from tests.e2e.conftest import Explored

pytestmark = [pytest.mark.browser, pytest.mark.services]


@pytest.fixture(scope="module")
def other(explored: Explored) -> int:
    """A second run: another threshold, fewer clusters, the tokenizer of the first."""
    asked = {"preset": "tiny", "n_clusters": 3, "theta_on": 0.02, "tokenizer_run": explored.run}
    run = explored.api.call("POST", f"/api/projects/{explored.project}/runs/", data=asked).json()["id"]
    eventually(lambda: explored.api.get(f"/api/runs/{run}/")["status"] in ("done", "failed"))
    assert explored.api.get(f"/api/runs/{run}/")["status"] == "done"
    return int(run)


def test_two_runs_show_what_was_set_and_what_moved(page: Page, explored: Explored, other: int) -> None:
    explored.sign_in(page, "/runs")
    page.get_by_role("link", name="Compare").first.click()
    expect(page.get_by_role("heading", name="Compare runs")).to_be_visible()
    explored.sign_in(page, f"/compare?a={explored.run}&b={other}")
    settings = page.get_by_role("region", name="Settings that differ")
    expect(settings.get_by_role("row", name=re.compile("clustering, n clusters 6 3"))).to_be_visible()
    expect(settings.get_by_role("row", name=re.compile("calibration, theta on – 0.02"))).to_be_visible()
    expect(page.get_by_text("clusters agree, ARI")).to_be_visible()

    page.get_by_role("button", name="gearbox-side.mp4").click()
    expect(page).to_have_url(re.compile(rf"video={explored.videos['side']}"))
    numbers = [explored.api.get(f"/api/runs/{run}/")["number"] for run in (explored.run, other)]
    for lane in (*(f"run {number}" for number in numbers), "changed"):
        expect(page.get_by_role("img", name=re.compile(rf"^{lane}"))).to_be_visible()
    moved = page.get_by_role("region", name="Boundaries that differ").get_by_role("button").first
    moved.click()
    at = float(page.get_by_role("slider", name="Time").get_attribute("aria-valuenow") or 0)
    minutes, seconds = (moved.inner_text().split()[0]).split(":")
    assert at == pytest.approx(60 * int(minutes) + float(seconds), abs=0.6)

    page.get_by_role("button", name="Swap the runs").click()
    expect(page).to_have_url(re.compile(rf"a={other}&b={explored.run}"))
