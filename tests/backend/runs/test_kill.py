"""`kill -9` of a worker in every stage: real broker, real workers, real reaper, real database."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
from django.conf import settings as django_settings
from django.db import connection

from backend.common.artefacts import store
from backend.projects.models import Project
from backend.projects.services import ensure_first_account
from backend.runs import selectors, services
from backend.runs.graph import STAGES
from backend.runs.models import Run, RunStatus, StageExecution, Status
from backend.videos.models import Video, VideoStatus
from launcher.valkey import Valkey
from ml.synthetic import SceneConfig, render
from tests.backend.runs.fingerprint import fingerprint

# A worker is started anew for every stage: on a busy machine this takes more than the usual ten minutes.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.services, pytest.mark.timeout(1800)]

REPOSITORY = Path(__file__).resolve().parents[3]
SCENE = SceneConfig.difficulty("easy", cycles=1, width_px=320, height_px=180, fps=15)
PATIENCE_S = 240.0


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[str]:
    server = Valkey(tmp_path / "valkey")
    server.start(tether=True)
    yield server.url
    server.stop()


@pytest.fixture
def environment(broker: str, database_url: str, tmp_path: Path) -> dict[str, str]:
    """What the processes of this test are given: the test database, the broker, short leases."""
    url = urlsplit(database_url)._replace(path="/" + connection.settings_dict["NAME"])
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "backend.config.settings.base",
        "KINEME_SECRET_KEY": django_settings.SECRET_KEY,
        "DATABASE_URL": url.geturl(),
        "REDIS_URL": broker,
        "KINEME_LEASE_S": "3",
        "KINEME_HEARTBEAT_S": "0.5",
        "KINEME_MIN_FREE_BYTES": "0",
        "OMP_WAIT_POLICY": "PASSIVE",
        "HELD_FOLDER": str(tmp_path / "held"),
    }


@contextmanager
def process(environment: dict[str, str], *arguments: str, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("ab") as out:
        started = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            env=environment,
            cwd=REPOSITORY,
            stdout=out,
            stderr=out,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    try:
        yield started
    finally:
        kill(started)


def kill(started: subprocess.Popen[bytes]) -> None:
    """SIGKILL to the process and all its children, at once."""
    with suppress(ProcessLookupError):
        os.killpg(started.pid, signal.SIGKILL)
    started.wait()


def wait_for(what: Callable[[], bool], said: Callable[[], str]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not what():
        assert time.monotonic() < deadline, said()
        time.sleep(0.1)


def worker(app: str, processes: int = 2) -> list[str]:
    command = ["celery", "--app", app, "worker", "--queues", "cpu,io,gpu", "--loglevel", "WARNING"]
    return [*command, "--concurrency", str(processes)]


def ingest(environment: dict[str, str], project: str, path: Path) -> None:
    """As `./kineme up VIDEO` does it, without the run."""
    command = [sys.executable, "manage.py", "ingest", str(path), "--project", project, "--no-run"]
    done = subprocess.run(command, env=environment, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def settled(run: Run) -> bool:
    return not run.stages.unfinished().exists()


def states(run: Run) -> str:
    return "\n".join(f"{s}: {s.status} {s.attempt} {s.reason} {s.log}" for s in run.stages.order_by("pk"))


def test_killed_in_every_stage_a_run_ends_as_if_nothing_had_happened(
    environment: dict[str, str], tmp_path: Path, settings
) -> None:
    film = tmp_path / "shift.mp4"
    render(SCENE, "front", film, lambda *_: None)
    owner, _ = ensure_first_account()
    log = tmp_path / "processes.log"

    settings.MEDIA_FOLDER = tmp_path / "calm" / "media"
    calm_environment = {**environment, "KINEME_DATA": str(tmp_path / "calm")}
    with (
        process(calm_environment, "django", "reap", log=log),
        process(calm_environment, *worker("backend.config.celery"), log=log),
    ):
        ingest(calm_environment, "calm", film)
        project = Project.objects.get(name="calm")
        first = services.start_run(project=project, by=owner, preset="tiny")
        wait_for(lambda: settled(first), lambda: states(first) + log.read_text())
        segmented = selectors.stage_output(first, "segment", project.videos.get())
        smoothed = np.load(store().path(segmented) / "energy.npz")["smoothed"]
        theta_on = float(np.quantile(smoothed, 0.6))  # thirty training steps do not calibrate well
        calm = services.start_run(project=project, by=owner, preset="tiny", theta_on=theta_on, n_clusters=3)
        wait_for(lambda: settled(calm), lambda: states(calm) + log.read_text())
    expected = fingerprint(calm, store())
    assert len(expected["segments"]) >= 5
    assert {status for _, _, status in expected["stages"]} == {Status.DONE}

    settings.MEDIA_FOLDER = tmp_path / "stormy" / "media"
    stormy_environment = {**environment, "KINEME_DATA": str(tmp_path / "stormy")}
    held_folder = Path(environment["HELD_FOLDER"])
    held_folder.mkdir()
    killed: set[str] = set()

    def storm(done: Callable[[], bool], said: Callable[[], str]) -> None:
        """Kill the worker wherever it is held, and start another, until the work is done."""
        while not done():
            # One process: a stage beside two that are killed would die three times, and the reaper give it up.
            with process(stormy_environment, *worker("tests.backend.runs.held_worker", processes=1), log=log):
                wait_for(lambda: done() or bool(set(os.listdir(held_folder)) - killed), said)
                killed.update(os.listdir(held_folder))

    with process(stormy_environment, "django", "reap", log=log):
        feeder_command = ["django", "ingest", str(film), "--project", "stormy", "--no-run"]
        with process(stormy_environment, *feeder_command, log=log) as feeder:
            ready = Video.objects.filter(project__name="stormy", status=VideoStatus.READY)
            storm(ready.exists, log.read_text)
            assert feeder.wait(PATIENCE_S) == 0
        project = Project.objects.get(name="stormy")
        stormy = services.start_run(project=project, by=owner, preset="tiny", theta_on=theta_on, n_clusters=3)
        storm(lambda: settled(stormy), lambda: states(stormy) + log.read_text())

    assert killed == set(STAGES), states(stormy)
    stormy.refresh_from_db()
    assert stormy.status == RunStatus.DONE, states(stormy)
    rows = StageExecution.objects.filter(project=project)
    assert min(rows.values_list("attempt", flat=True)) == 2
    found = fingerprint(stormy, store())
    for kind in expected:
        assert found[kind] == expected[kind], kind
    assert len(list((settings.MEDIA_FOLDER / "originals").rglob("*/*"))) == 1
    kept = {path.name for path in store().root.glob("??/*")}
    assert kept == set(rows.exclude(output_key="").values_list("output_key", flat=True)), "no stray artefact"
