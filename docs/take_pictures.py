"""Take the pictures of the user guide from a running sample project, so that they stay true.

    python docs/take_pictures.py "$SIGN_IN_LINK"

The link is the one `./kineme up` printed; the sample's run has to be done. Needs `chromium` on the PATH.
"""

from __future__ import annotations

import io
import re
import shutil
import sys
from pathlib import Path
from urllib.parse import urlsplit

from PIL import Image
from playwright.sync_api import Page, sync_playwright

PICTURES = Path(__file__).parent / "pictures"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
SETTLE_MS = 2500  # posters, loops and the map


def take(page: Page, name: str) -> None:
    page.wait_for_timeout(SETTLE_MS)
    picture = Image.open(io.BytesIO(page.screenshot()))
    PICTURES.mkdir(exist_ok=True)
    picture.convert("RGB").save(PICTURES / f"{name}.webp", quality=80, method=6)


def main(link: str) -> None:
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(link))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page = browser.new_context(viewport={"width": 1360, "height": 850}).new_page()
        page.goto(link)
        page.get_by_role("link", name=re.compile("Sample workstation")).click()
        take(page, "videos")
        page.get_by_role("button", name="Discover").click()
        take(page, "discover")
        page.keyboard.press("Escape")
        page.get_by_role("link", name="Runs").first.click()
        page.get_by_role("link", name=re.compile(r"Run \d+")).last.click()
        take(page, "run")
        page.get_by_role("link", name="Videos").first.click()
        page.get_by_role("link", name="synthetic-front.mp4").click()
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
        page.get_by_role("link", name="synthetic-front.mp4").click()
        page.keyboard.press("ArrowDown")
        page.wait_for_url(re.compile("segment="))
        found = re.search(r"/projects/(\d+)/.*segment=(\d+)", page.url)
        assert found is not None
        page.goto(f"{origin}/projects/{found[1]}/search?like={found[2]}")
        take(page, "similar")
        browser.close()
    print(f"{origin}: pictures in {PICTURES}")


if __name__ == "__main__":
    main(sys.argv[1])
