"""A team's agreement: two people judge, alpha appears, a conflict is settled and taken back, and a mention arrives."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.e2e.conftest import PATIENCE_MS, Explored
from tests.e2e.test_accessibility import violations

pytestmark = pytest.mark.browser

PASSWORD = "correct horse battery staple"


class Reviewer:
    """Somebody who came by an invitation, in a browser of their own."""

    def __init__(self, browser: Browser, own: Explored, name: str) -> None:
        self.name, self.address = name, own.kineme.address
        invited = own.api.call("POST", f"/api/projects/{own.project}/invitations/", data={"role": "reviewer"}).json()
        token = invited["path"].rstrip("/").split("/")[-1]
        self.context: BrowserContext = browser.new_context(viewport={"width": 1440, "height": 900}, bypass_csp=True)
        self.context.set_default_timeout(PATIENCE_MS)
        self.context.request.get(f"{self.address}/api/session/")
        self.call("POST", f"/api/invitations/{token}/join/", {"username": name, "password": PASSWORD})
        session = self.context.request.get(f"{self.address}/api/session/").json()
        self.id = session["user"]["id"]

    def call(self, method: str, path: str, data: object) -> None:
        tokens = {c["name"]: c["value"] for c in self.context.cookies()}
        headers = {"X-CSRFToken": tokens.get("csrftoken", ""), "Referer": self.address}
        answer = self.context.request.fetch(self.address + path, method=method, data=data, headers=headers)
        assert answer.ok, f"{method} {path}: {answer.status} {answer.text()[:500]}"

    def rate(self, segment: int, quality: int) -> None:
        self.call("PUT", f"/api/segments/{segment}/review/", {"quality": quality, "confidence": 2, "seconds": 3.5})


@pytest.fixture(scope="module")
def team(browser: Browser, own: Explored) -> Iterator[tuple[Reviewer, Reviewer]]:
    ana, bo = Reviewer(browser, own, "ana"), Reviewer(browser, own, "bo")
    yield ana, bo
    for one in (ana, bo):
        one.context.close()


@pytest.fixture
def owner(browser: Browser, own: Explored) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, bypass_csp=True)
    context.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    context.add_cookies(own.api.context.cookies())
    yield context.new_page()
    context.close()


def test_two_people_judge_and_what_they_disagree_on_is_settled_and_taken_back(
    team: tuple[Reviewer, Reviewer], owner: Page, own: Explored
):
    ana, bo = team
    owner.goto(f"{own.kineme.address}/projects/{own.project}/review")
    quality = owner.get_by_role("group", name="Alpha of quality")
    expect(quality).to_contain_text("no primitive has been rated by two people")

    owner.get_by_role("button", name="Assign…").first.click()
    dialog = owner.get_by_role("dialog")
    dialog.get_by_label("How many, drawn at random").fill("4")
    dialog.get_by_label("Judged by two, in %").fill("100")
    for name in (ana.name, bo.name):
        dialog.get_by_role("checkbox", name=name).check()
    dialog.get_by_role("button", name="Assign", exact=True).click()
    expect(dialog.get_by_role("status")).to_contain_text("4 of them to two")
    dialog.get_by_role("button", name="Done").click()

    path = f"{ana.address}/api/runs/{own.run}/segments/"
    segments = [row["id"] for row in ana.context.request.get(path).json()["results"][:4]]
    for segment, grades in zip(segments, [(3, 3), (1, 1), (2, 2), (0, 3)], strict=True):
        ana.rate(segment, grades[0])
        bo.rate(segment, grades[1])

    # Nobody reloads: the page is told.
    expect(quality).to_contain_text("n = 4 primitives, 8 ratings")
    expect(quality).to_contain_text("α")
    conflicts = owner.get_by_role("region", name="Conflicts")
    conflict = conflicts.get_by_role("listitem", name="3 grades apart")
    expect(conflict).to_contain_text("quality 0, unusable")
    expect(conflict).to_contain_text("quality 3, high")
    assert violations(owner) == []

    conflict.get_by_role("radio", name="2, acceptable").check(force=True)
    conflict.get_by_role("textbox", name="Note").fill("The end is late, the movement is whole.")
    conflict.get_by_role("button", name="Settle").click()
    undo = owner.get_by_role("button", name="Undo: primitive")
    expect(undo).to_be_visible()
    expect(conflict).to_have_count(0)
    undo.click()
    expect(conflict).to_be_visible()
    expect(undo).to_have_count(0)

    owner.goto(f"{own.kineme.address}/projects/{own.project}/audit?kind=review")
    for word in ("review, assigned", "review, settled", "review, unsettled"):
        expect(owner.get_by_role("cell", name=word, exact=True).first).to_be_visible()
    assert violations(owner) == []


def test_a_comment_that_names_somebody_reaches_them_where_they_are(
    team: tuple[Reviewer, Reviewer], owner: Page, own: Explored
):
    _, bo = team
    there = bo.context.new_page()
    there.goto(f"{own.kineme.address}/projects/{own.project}/runs")
    bell = there.get_by_role("button", name="Mentions", exact=True)
    expect(bell).to_be_visible()

    owner.goto(f"{own.kineme.address}/projects/{own.project}/videos/{own.videos['front']}?t=1.5&tab=comments")
    field = owner.get_by_role("combobox", name="Comment on this moment")
    field.fill("<script>document.title = 'bad'</script> @b")
    owner.get_by_role("option", name="bo").click()
    field.press("End")
    field.press_sequentially("is this one whole?")
    owner.get_by_role("button", name="Comment", exact=True).click()
    comments = owner.get_by_role("region", name="Comments")
    expect(comments).to_contain_text("<script>document.title = 'bad'</script> @bo is this one whole?")
    expect(owner.get_by_role("button", name=re.compile("^Comment of"))).to_be_visible()
    assert violations(owner) == []

    there.get_by_role("button", name="Mentions: 1 new").click()
    there.get_by_role("link", name="is this one whole?").click()
    there.wait_for_url(re.compile(r"/videos/\d+\?.*t=1\."))
    expect(there.get_by_role("region", name="Comments")).to_contain_text("is this one whole?")
    expect(bell).to_be_visible()
    assert "bad" not in there.title()
    there.close()
