"""A whole Kineme of its own for the browser tests, started as a person starts it, and a real Chromium."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from ml.synthetic import SceneConfig, render
from tests.e2e.api import Api, eventually

REPOSITORY = Path(__file__).resolve().parents[2]
STARTS_WITHIN_S = 240.0
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE_MS = 20_000


@dataclass
class Kineme:
    """A running `kineme up`."""

    data: Path
    address: str
    sign_in: str
    process: subprocess.Popen[str]
    password: str | None = None


def start(data: Path, *, port: int = 0) -> Kineme:
    """`kineme up` over a data folder, until it says where it is."""
    environment = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    environment |= {"KINEME_MIN_FREE_BYTES": "0", "KINEME_LEASE_S": "6", "KINEME_HEARTBEAT_S": "1"}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    log = data.with_suffix(".log")
    with log.open("a") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "launcher", "up", "--data", str(data), "--no-sample", "--port", str(port)],
            cwd=REPOSITORY,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            text=True,
            start_new_session=True,
        )
    begin = log.stat().st_size if port else 0
    deadline = time.monotonic() + STARTS_WITHIN_S
    while True:
        said = log.read_text()[begin:]
        if link := re.search(r"(http://127\.0\.0\.1:\d+)(/welcome\S+)[\s\S]*Stop with Ctrl-C", said):
            password = re.search(r"with the password (\S+)", said)
            return Kineme(data, link[1], link[1] + link[2], process, password[1] if password else None)
        assert process.poll() is None, said
        assert time.monotonic() < deadline, said
        time.sleep(0.2)


def api_of(browser: Browser, running: Kineme) -> Api:
    return Api(browser, running.address, password=running.password, sign_in=running.sign_in)


def stop(running: Kineme) -> None:
    """Ctrl-C, and by force if that does not help."""
    running.process.send_signal(signal.SIGINT)
    try:
        running.process.wait(60)
    except subprocess.TimeoutExpired:
        os.killpg(running.process.pid, signal.SIGKILL)
        running.process.wait()
        raise


@pytest.fixture(scope="session")
def chromium_path() -> str:
    found = shutil.which("chromium")
    if found is None:
        pytest.skip("there is no `chromium` on the PATH; install it to run the browser tests")
    if not (REPOSITORY / "frontend" / "dist" / "index.html").exists():
        pytest.skip("the pages are not built; `./kineme test` builds them first")
    return found


@pytest.fixture(scope="session")
def browser(chromium_path: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium_path, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def kineme(chromium_path: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kineme]:
    running = start(tmp_path_factory.mktemp("kineme") / "data")
    yield running
    stop(running)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh window. An error in its console fails the test."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    opened = context.new_page()
    faults: list[str] = []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    yield opened
    context.close()
    assert faults == []


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short take, rendered for the tests."""
    path = tmp_path_factory.mktemp("film") / "shift-a.mp4"
    scene = SceneConfig.difficulty("easy", cycles=1, width_px=480, height_px=270, fps=30)
    render(scene, "front", path, lambda *_: None)
    return path


@dataclass
class Explored:
    """A project with two views of one take and a finished run over both, for tests that look and do not upload."""

    api: Api
    project: int
    videos: dict[str, int]  # by view
    run: int
    kineme: Kineme

    def sign_in(self, page: Page, path: str = "") -> None:
        """Bring a fresh window to a place in the project: `""` is its videos, `/runs` its runs."""
        page.context.add_cookies(self.api.context.cookies())
        page.goto(f"{self.kineme.address}/projects/{self.project}{path}")


def explore(api: Api, kineme: Kineme, name: str, films: dict[str, Path], *, n_clusters: int) -> Explored:
    """A new project with films, by view, of one recording, and a finished run over them."""
    project = api.call("POST", "/api/projects/", data={"name": name}).json()["id"]
    recording = name.split()[0].lower()
    videos = {
        view: api.upload(project, film, title=f"{recording}-{view}.mp4", view=view, recording=recording)
        for view, film in films.items()
    }
    eventually(lambda: all(row["status"] == "ready" for row in api.get(f"/api/projects/{project}/videos/")))
    asked = {"preset": "tiny", "n_clusters": n_clusters}
    run = api.call("POST", f"/api/projects/{project}/runs/", data=asked).json()["id"]
    eventually(lambda: api.get(f"/api/runs/{run}/")["status"] == "done")
    return Explored(api, project, videos, run, kineme)


@pytest.fixture(scope="session")
def explored(browser: Browser, kineme: Kineme, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Explored]:
    """Tests share it: what a test changes here, it leaves so that the others still hold."""
    api = api_of(browser, kineme)
    folder = tmp_path_factory.mktemp("views")
    scene = SceneConfig.difficulty("easy", cycles=2, width_px=480, height_px=270, fps=30)
    films = {view: folder / f"{view}.mp4" for view in ("front", "side")}
    for view, path in films.items():
        render(scene, view, path, lambda *_: None)
    yield explore(api, kineme, "Gearbox line", films, n_clusters=6)
    api.context.close()


@pytest.fixture(scope="module")
def own(browser: Browser, kineme: Kineme, film: Path) -> Iterator[Explored]:
    """A project of its own for each file whose tests leave something behind: one short film, and a run over it."""
    api = api_of(browser, kineme)
    yield explore(api, kineme, "Spare line", {"front": film}, n_clusters=3)
    api.context.close()
