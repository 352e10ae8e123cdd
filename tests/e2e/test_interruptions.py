"""The page reloaded, everything killed: what was begun is finished, and as if nothing had happened."""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.api import Api, eventually
from tests.e2e.conftest import Kineme, api_of, start, stop

pytestmark = [pytest.mark.browser, pytest.mark.services]

CHUNK_BYTES = 8 << 20
DISCOVER = {"preset": "tiny", "n_clusters": 3}


def kill_all(kineme: Kineme) -> None:
    """SIGKILL to the supervisor and everything it started, as a power cut would."""
    records = json.loads((kineme.data / "run" / "processes.json").read_text())
    os.kill(kineme.process.pid, signal.SIGKILL)
    kineme.process.wait()
    for pid in re.findall(r'"pid": (\d+)', json.dumps(records)):
        try:
            os.killpg(int(pid), signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue  # the kernel was faster: they are tied to the supervisor


def padded(film: Path, path: Path, size_bytes: int) -> Path:
    """The film with a `free` box behind it: as large as wanted, and still a film."""
    room = size_bytes - film.stat().st_size
    path.write_bytes(film.read_bytes() + room.to_bytes(4, "big") + b"free" + bytes(room - 8))
    return path


def test_an_upload_survives_a_reload_and_a_killed_server(
    page: Page, browser: Browser, chromium_path: str, film: Path, tmp_path: Path
) -> None:
    large = padded(film, tmp_path / "long-shift.mp4", 96 << 20)
    kineme = start(tmp_path / "data")
    try:
        page.goto(kineme.sign_in)
        page.get_by_role("button", name="New project").first.click()
        page.get_by_label("Name", exact=True).fill("Line 1")
        page.get_by_role("button", name="Create project").click()
        slow = page.context.new_cdp_session(page)
        slow.send("Network.enable")
        throttle = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 6 << 20}
        slow.send("Network.emulateNetworkConditions", throttle)

        page.get_by_label("Choose video files").set_input_files(large)
        uploads = page.get_by_role("region", name="Uploads")
        arrived(uploads, at_least=0.1)
        uploads.get_by_role("button", name="Pause long-shift.mp4").click()
        expect(uploads).to_contain_text("paused")
        uploads.get_by_role("button", name="Resume: long-shift.mp4").click()
        arrived(uploads, at_least=0.2)

        page.reload()
        expect(uploads).to_contain_text("Choose the file again to continue")
        arrived(uploads, at_least=0.05)  # the server kept what it had
        page.get_by_label("Choose long-shift.mp4 again").set_input_files(large)
        arrived(uploads, at_least=0.4)

        kill_all(kineme)
        expect(uploads).to_contain_text("the server does not answer", timeout=60_000)
        kineme = start(tmp_path / "data", port=int(kineme.address.rsplit(":", 1)[1]))
        expect(page.get_by_role("link", name="long-shift.mp4")).to_be_visible(timeout=180_000)

        api = api_of(browser, kineme)
        (video,) = api.get("/api/projects/1/videos/")
        assert video["size_bytes"] == large.stat().st_size
        kept = api.call("GET", f"/api/videos/{video['id']}/files/original").body()
        assert hashlib.sha256(kept).digest() == hashlib.sha256(large.read_bytes()).digest()
    finally:
        stop(kineme)


def arrived(uploads: Any, *, at_least: float) -> None:
    bar = uploads.get_by_role("progressbar").first
    eventually(lambda: float(bar.get_attribute("aria-valuenow") or 0) >= at_least * 100, uploads.inner_text)


def findings(api: Api, run: int) -> dict[str, Any]:
    """What a run found, without ids and times."""
    segments, cursor = [], ""
    while cursor is not None:
        page = api.get(f"/api/runs/{run}/segments/?cursor={cursor}")
        segments += page["results"]
        cursor = page["next"]
    names = ("index", "start_s", "end_s", "codes", "energy_mean", "energy_peak", "cluster", "x", "y")
    stages = api.get(f"/api/runs/{run}/stages/")
    return {
        "segments": sorted([[s[name] for name in names] for s in segments]),
        "clusters": [(c["index"], c["size"], c["silhouette"]) for c in api.get(f"/api/runs/{run}/clusters/")],
        "stages": sorted((s["stage"], s["status"]) for s in stages),
    }


def artefacts(kineme: Kineme) -> dict[str, Any]:
    """Key → files with their hashes, of everything the installation computed; and every file is what its hash says."""
    found = {}
    for manifest in (kineme.data / "media" / "artefacts").glob("??/*/manifest.json"):
        files = json.loads(manifest.read_text())["files"]
        for name, facts in files.items():
            assert hashlib.sha256((manifest.parent / name).read_bytes()).hexdigest() == facts["sha256"]
        found[manifest.parent.name] = files
    return found


def test_killed_as_a_whole_three_times_a_run_ends_as_if_nothing_had_happened(
    kineme: Kineme, browser: Browser, film: Path, tmp_path: Path
) -> None:
    """Early, in the middle, and when all but the last is done."""
    calm = api_of(browser, kineme)
    expected = findings(calm, discovered(calm, film))
    stormy = start(tmp_path / "data")
    try:
        api = api_of(browser, stormy)
        run = begin(api, film)
        for moment in ("track", "train", "umap"):
            reach(api, run, moment)
            kill_all(stormy)
            stormy = start(tmp_path / "data", port=int(stormy.address.rsplit(":", 1)[1]))
            api = api_of(browser, stormy)
        finish(api, run)
        assert findings(api, run) == expected
        calm_files = artefacts(kineme)
        for key, files in artefacts(stormy).items():
            assert files == calm_files[key]
    finally:
        stop(stormy)


def reach(api: Api, run: int, stage: str) -> None:
    stages = lambda: api.get(f"/api/runs/{run}/stages/")  # noqa: E731
    eventually(lambda: [s for s in stages() if s["stage"] == stage and s["status"] in ("running", "done")], stages)


def begin(api: Api, film: Path) -> int:
    project = api.call("POST", "/api/projects/", data={"name": "Line 9"}).json()["id"]
    video = api.upload(project, film)
    eventually(lambda: api.get(f"/api/videos/{video}/")["status"] == "ready", lambda: api.get(f"/api/videos/{video}/"))
    return int(api.call("POST", f"/api/projects/{project}/runs/", data=DISCOVER).json()["id"])


def finish(api: Api, run: int) -> None:
    def settled() -> bool:
        return all(s["status"] not in ("waiting", "queued", "running") for s in api.get(f"/api/runs/{run}/stages/"))

    eventually(settled, lambda: api.get(f"/api/runs/{run}/stages/"))
    assert api.get(f"/api/runs/{run}/")["status"] == "done"


def discovered(api: Api, film: Path) -> int:
    run = begin(api, film)
    finish(api, run)
    return run
