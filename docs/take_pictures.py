"""Take the pictures of the user guide from a running sample project, so that they stay true.

    python docs/take_pictures.py "$SIGN_IN_LINK"

The link is the one `./kineme up` printed; it waits until the sample's run is done. Two reviewers join and judge, so
take a data folder that is not missed afterwards. Needs `chromium` on the PATH.
"""

from __future__ import annotations

import io
import re
import shutil
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

PICTURES = Path(__file__).parent / "pictures"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
SETTLE_MS = 2500  # posters, loops and the map


def take(page: Page, name: str) -> None:
    page.wait_for_timeout(SETTLE_MS)
    picture = Image.open(io.BytesIO(page.screenshot()))
    PICTURES.mkdir(exist_ok=True)
    picture.convert("RGB").save(PICTURES / f"{name}.webp", quality=80, method=6)


def call(page: Page, method: str, address: str, data: object = None) -> Any:
    """One request of the API, as whoever is signed in here."""
    token = next(one["value"] for one in page.context.cookies() if one["name"] == "csrftoken")
    headers = {"X-CSRFToken": token, "Referer": address}
    answer = page.request.fetch(address, method=method, data=data, headers=headers)
    if not answer.ok:
        raise SystemExit(f"{method} {address}: {answer.status} {answer.text()}")
    return answer.json()


def until_done(page: Page, project: str) -> None:
    """Wait for every stage of the sample's run, UMAP and coherence too."""
    while True:
        runs = call(page, "GET", f"{project}/runs/")
        stages = [call(page, "GET", f"{project.rpartition('/projects/')[0]}/runs/{one['id']}/stages/") for one in runs]
        if stages and all(row["status"] in ("done", "failed") for rows in stages for row in rows):
            return
        page.wait_for_timeout(1000)


def the_team(page: Page, browser: Browser, origin: str, project: int) -> None:
    """Two reviewers join, judge and differ a little; then what the team sees."""
    place, api = f"{origin}/projects/{project}", f"{origin}/api"
    run = next(one["id"] for one in call(page, "GET", f"{api}/projects/{project}/runs/") if one["status"] == "done")
    people = []
    for name in ("Ana", "Ben"):
        made = call(
            page, "POST", f"{api}/projects/{project}/invitations/", {"role": "reviewer", "note": name, "days": 7}
        )
        somebody = browser.new_context(viewport={"width": 1360, "height": 850}).new_page()
        somebody.goto(origin + made["path"])
        somebody.get_by_label("User name").fill(name.lower())
        somebody.get_by_label("Your name, as others see it").fill(name)
        somebody.get_by_label("Password").fill("a long enough password")
        somebody.get_by_role("button", name="Make account and join").click()
        somebody.wait_for_url(re.compile("/projects"))
        people.append(somebody)
    page.goto(f"{place}/members")
    take(page, "members")

    for index, name in enumerate(("reach", "grasp", "place")):
        call(page, "POST", f"{api}/runs/{run}/groups/name/", {"cluster": index, "name": name})
    everybody = {
        one["user"]["display_name"]: one["user"]["id"]
        for one in call(page, "GET", f"{api}/projects/{project}/members/")
    }
    reviewers = [everybody["Ana"], everybody["Ben"]]
    call(page, "POST", f"{api}/runs/{run}/assignments/", {"reviewers": reviewers, "draw": 60, "double_share": 0.5})
    for n, somebody in enumerate(people):
        for row in call(somebody, "GET", f"{api}/runs/{run}/review-queue/?limit=100")["results"][:-6]:
            quality = (0, 1, 2, 2, 3, 3, 3, 3)[(row["id"] + n * (row["id"] % 5 == 0)) % 8]
            said = {"quality": quality, "confidence": 2 - row["id"] % 2, "seconds": 3.0 + row["id"] % 3}
            call(somebody, "PUT", f"{api}/segments/{row['id']}/review/", said)
    people[0].goto(f"{place}/runs/{run}/review")
    take(people[0], "judging")
    page.goto(f"{place}/review")
    take(page, "agreement")

    call(page, "POST", f"{api}/projects/{project}/versions/", {"run": run, "name": "June, agreed", "note": ""})
    page.goto(f"{place}/versions")
    take(page, "versions")
    page.goto(f"{place}/exports")
    page.get_by_role("button", name="New export").first.click()
    take(page, "export")


def main(link: str) -> None:
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(link))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page = browser.new_context(viewport={"width": 1360, "height": 850}).new_page()
        page.goto(link)
        page.get_by_role("heading", name="Projects").wait_for()  # a link signs in once: restart for another
        page.get_by_role("link", name=re.compile("Sample workstation")).click(timeout=120_000)
        page.wait_for_url(re.compile(r"/projects/\d+"))
        until_done(page, f"{origin}/api{urlsplit(page.url).path}")
        page.reload()
        take(page, "videos")
        page.get_by_role("button", name="Discover").click()
        take(page, "discover")
        page.keyboard.press("Escape")
        page.get_by_role("link", name="Runs").first.click()
        page.get_by_role("link", name=re.compile(r"Run \d+")).last.click()
        take(page, "run")
        page.get_by_role("link", name="Videos").first.click()
        page.get_by_role("link", name="synthetic-front.mp4", exact=True).click()
        page.get_by_role("img", name=re.compile("Energy over time")).wait_for()
        for _ in range(6):
            page.keyboard.press("ArrowDown")
        for _ in range(3):
            page.keyboard.press("+")
        take(page, "workbench")
        page.get_by_role("tab", name="Detector").click()
        theta = page.get_by_role("slider", name="θ on")
        theta.focus()
        for _ in range(6):
            page.keyboard.press("ArrowLeft")
        take(page, "detector")
        page.get_by_role("button", name="Reset").click()
        page.get_by_role("link", name="Map").first.click()
        page.get_by_role("button", name=re.compile("Cluster 2")).first.click()
        take(page, "map")
        page.get_by_role("link", name="Actions").first.click()
        take(page, "clusters")
        page.get_by_role("link", name="Flow").click()
        take(page, "flow")
        page.get_by_role("link", name="Videos").first.click()
        page.get_by_role("link", name="synthetic-front.mp4", exact=True).click()
        page.keyboard.press("ArrowDown")
        page.wait_for_url(re.compile("segment="))
        found = re.search(r"/projects/(\d+)/.*segment=(\d+)", page.url)
        assert found is not None
        page.goto(f"{origin}/projects/{found[1]}/search?like={found[2]}")
        take(page, "similar")
        the_team(page, browser, origin, int(found[1]))
        browser.close()
    print(f"{origin}: pictures in {PICTURES}")


if __name__ == "__main__":
    main(sys.argv[1])
