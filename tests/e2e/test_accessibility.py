"""Every screen by the rules of axe-core, in both themes; by keyboard alone; from 360 px to 4K; with motion reduced."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import PATIENCE_MS, REPOSITORY, Explored

pytestmark = pytest.mark.browser

AXE = REPOSITORY / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
SCREENS = [
    "projects", "videos", "discover", "runs", "run", "workbench", "keys", "actions", "group", "map", "flow",
    "coherence", "search", "compare", "versions", "review",
]  # fmt: skip


def address(screen: str, explored: Explored) -> str:
    run, video = explored.run, explored.videos["front"]
    inside = {
        "videos": "",
        "discover": "?discover=1",
        "runs": "/runs",
        "run": f"/runs/{run}",
        "workbench": f"/videos/{video}?run={run}",
        "keys": f"/videos/{video}?run={run}",
        "actions": f"/runs/{run}/clusters",
        "group": f"/runs/{run}/clusters?cluster=0",
        "map": f"/runs/{run}/map",
        "flow": f"/runs/{run}/flow",
        "coherence": f"/runs/{run}/coherence",
        "search": f"/search?run={run}&video={video}&from=1&to=3",
        "versions": "/versions",
        "compare": f"/compare?a={run}&b={run}",
        "review": f"/runs/{run}/review?queue=edge",
    }
    return f"/projects/{explored.project}{inside[screen]}" if screen in inside else "/projects"


@pytest.fixture
def wide(browser: Browser, explored: Explored) -> Iterator[Page]:
    """A window into which axe may be put, which the pages' own policy forbids."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, bypass_csp=True, reduced_motion="reduce")
    context.set_default_timeout(PATIENCE_MS)
    context.add_cookies(explored.api.context.cookies())
    yield context.new_page()
    context.close()


def visit(page: Page, screen: str, explored: Explored) -> None:
    page.goto(explored.kineme.address + address(screen, explored))
    expect(page.get_by_role("heading").first).to_be_visible()
    page.wait_for_load_state("networkidle")
    expect(page.locator(".skeleton")).to_have_count(0)
    if screen == "keys":
        page.keyboard.press("?")
        expect(page.get_by_role("dialog")).to_be_visible()
    expect(page.get_by_role("heading", name="Nothing is at this address")).to_have_count(0)


def violations(page: Page) -> list[str]:
    """What axe finds wrong: rule, element, why."""
    if not page.evaluate("() => 'axe' in window"):
        page.add_script_tag(path=AXE)
    found: dict[str, Any] = page.evaluate(
        "(tags) => axe.run(document, { runOnly: { type: 'tag', values: tags }, resultTypes: ['violations'] })", RULES
    )
    return [
        f"{rule['id']}: {node['target'][0]}: {node['failureSummary'].splitlines()[-1].strip()}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("screen", SCREENS)
def test_axe_finds_nothing_wrong(wide: Page, explored: Explored, screen: str) -> None:
    for scheme in ("dark", "light"):
        wide.add_init_script(f"localStorage.setItem('kineme.theme', '{scheme}')")
        wide.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        visit(wide, screen, explored)
        found = violations(wide)
        assert found == [], f"{screen}, {scheme}:\n" + "\n".join(found)


@pytest.mark.parametrize("screen", SCREENS)
def test_every_screen_fits_from_a_phone_to_4k(wide: Page, explored: Explored, screen: str) -> None:
    for width, height in ((360, 740), (3840, 2160)):
        wide.set_viewport_size({"width": width, "height": height})
        visit(wide, screen, explored)
        over = wide.evaluate("() => document.documentElement.scrollWidth - window.innerWidth")
        assert over <= 0, f"{screen} at {width} px is {over} px too wide"


@pytest.mark.parametrize("screen", [one for one in SCREENS if one not in ("keys", "discover")])
def test_the_keyboard_comes_to_everything_in_order(wide: Page, explored: Explored, screen: str) -> None:
    """Tab goes through what can be used without going back to the start, and shows where it is."""
    visit(wide, screen, explored)
    seen: list[str] = []
    for _ in range(24):
        wide.keyboard.press("Tab")
        at = wide.evaluate(
            """() => {
                const element = document.activeElement;
                if (!element || element === document.body) return null;
                element.dataset.visited = String(Number(element.dataset.visited ?? 0) + 1);
                const { width, height } = element.getBoundingClientRect();
                let shown = false; // on it, or on the card around it
                for (let one = element, up = 0; one && up < 4; one = one.parentElement, up += 1) {
                    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(one);
                    const outlined = outlineStyle !== 'none' && parseFloat(outlineWidth) > 0;
                    shown ||= outlined || (up === 0 && boxShadow !== 'none');
                }
                return {
                    what: element.getAttribute('aria-label') ?? element.textContent.trim().slice(0, 40),
                    times: Number(element.dataset.visited),
                    marked: shown || element.matches('input, select, textarea, [role=slider]'),
                    size: width * height,
                };
            }"""
        )
        if at is None or at["times"] > 1:
            break  # through all of it
        assert at["size"] > 0, f"{at['what']} has the focus and cannot be seen"
        assert at["marked"], f"{at['what']} does not show that it has the focus"
        seen.append(at["what"])
    assert len(seen) >= 5, seen


@pytest.mark.parametrize("screen", ["actions", "group", "map", "search", "review"])
def test_nothing_plays_by_itself_where_motion_is_reduced(wide: Page, explored: Explored, screen: str) -> None:
    visit(wide, screen, explored)
    wide.wait_for_timeout(600)
    playing = wide.evaluate("() => [...document.querySelectorAll('video')].filter((v) => !v.paused).length")
    assert playing == 0
    assert wide.locator(".clip canvas").count() == 0  # what a clip plays on once its pictures are there
    moving = wide.evaluate(
        "() => document.getAnimations().filter((a) => a.playState === 'running' && "
        "a.effect.getComputedTiming().iterations === Infinity).length"
    )
    assert moving == 0
