"""An owner invites, somebody joins, is given another role, and removed; a token is made, used and revoked."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import PATIENCE_MS, Kineme, api_of
from tests.e2e.test_accessibility import violations

pytestmark = pytest.mark.browser
PASSWORD = "seven quiet levers"


@pytest.fixture
def windows(browser: Browser) -> Iterator[tuple[Page, Page]]:
    """Two people at two machines; axe may be put into both."""
    contexts = [browser.new_context(viewport={"width": 1440, "height": 900}, bypass_csp=True) for _ in range(2)]
    for context in contexts:
        context.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    yield contexts[0].new_page(), contexts[1].new_page()
    for context in contexts:
        context.close()


def test_a_team_comes_together_and_a_program_with_it(
    browser: Browser, kineme: Kineme, windows: tuple[Page, Page]
) -> None:
    owner, ada = windows
    api = api_of(browser, kineme)
    project = api.call("POST", "/api/projects/", data={"name": "Pump line"}).json()["id"]
    owner.context.add_cookies(api.context.cookies())

    owner.goto(f"{kineme.address}/projects/{project}")
    owner.get_by_role("navigation", name="Project").get_by_role("link", name="Members").click()
    owner.get_by_role("button", name="Invite", exact=True).click()
    owner.get_by_label("For whom").fill("Ada")
    owner.get_by_role("button", name="Make link").click()
    link = owner.get_by_label("Link", exact=True).input_value()
    owner.get_by_role("button", name="Done").click()
    expect(owner.get_by_role("list", name="Open invitations")).to_contain_text("Ada")
    assert violations(owner) == []

    ada.goto(link)
    expect(ada.get_by_text("invites you to")).to_contain_text("Pump line")
    assert violations(ada) == []
    ada.get_by_label("User name").fill("ada")
    ada.get_by_label("Your name").fill("Ada L.")
    ada.get_by_label("Password", exact=True).fill(PASSWORD)
    ada.get_by_role("button", name="Make account and join").click()
    ada.get_by_role("link", name="Pump line").click()
    expect(ada.get_by_role("navigation", name="Project")).to_be_visible()

    ada.get_by_role("button", name="You", exact=True).click()
    ada.get_by_role("button", name="Sign out").click()
    ada.get_by_label("User name").fill("ADA")
    ada.get_by_label("Password", exact=True).fill(PASSWORD)
    ada.get_by_role("button", name="Sign in", exact=True).click()
    expect(ada.get_by_role("link", name="Pump line")).to_be_visible()

    ada.goto(f"{kineme.address}/account")
    ada.get_by_role("button", name="New token").click()
    ada.get_by_label("What it is for").fill("A script")
    ada.get_by_role("button", name="Make token").click()
    token = ada.get_by_label("Token", exact=True).input_value()
    ada.get_by_role("button", name="Done").click()
    assert violations(ada) == []

    def ask() -> httpx.Response:
        return httpx.get(f"{kineme.address}/api/projects/{project}/", headers={"Authorization": f"Bearer {token}"})

    assert ask().json()["role"] == "reviewer"

    owner.reload()
    owner.get_by_label("Role of Ada L.").select_option("manager")
    expect(owner.get_by_label("Role of Ada L.")).to_have_value("manager")
    ada.goto(f"{kineme.address}/projects/{project}/members")
    expect(ada.get_by_role("listitem").filter(has_text=re.compile("Ada L"))).to_contain_text("manager")
    assert ask().json()["role"] == "manager"

    owner.get_by_role("button", name="Remove Ada L.").click()
    owner.get_by_role("button", name="Remove member").click()
    expect(owner.get_by_label("Role of Ada L.")).to_have_count(0)
    ada.goto(f"{kineme.address}/projects")
    expect(ada.get_by_role("heading", name="Projects", exact=True)).to_be_visible()
    expect(ada.get_by_role("link", name="Pump line")).to_have_count(0)
    assert ask().status_code == 404

    ada.goto(f"{kineme.address}/account")
    ada.get_by_role("button", name="Revoke A script").click()
    ada.get_by_role("button", name="Keep it").click()
    assert ask().status_code == 404
    ada.get_by_role("button", name="Revoke A script").click()
    ada.get_by_role("button", name="Revoke it").click()
    expect(ada.get_by_text("No tokens")).to_be_visible()
    assert ask().status_code == 401

    owner.get_by_role("button", name="Delete project…").click()
    owner.get_by_label("Name of the project").fill("Pump line")
    owner.get_by_role("button", name="Delete project", exact=True).click()
    expect(owner.get_by_role("heading", name="Projects", exact=True)).to_be_visible()
    expect(owner.get_by_role("link", name="Pump line")).to_have_count(0)
    api.context.close()
