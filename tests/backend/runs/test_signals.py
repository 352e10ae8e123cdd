"""The signals of a video: what the browser cuts and draws."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from django.test import Client

from backend.common.artefacts import store
from backend.projects.models import Membership, Role, User
from backend.runs.models import Run, StageExecution, Status
from backend.videos.models import Video
from ml import store as files
from ml.artefacts import EnergyTrace, TokenStream
from tests.factories.runs import a_project, a_run, a_user, a_video

pytestmark = pytest.mark.django_db

ClientOf = Callable[[User], Client]
ENERGY, CALIBRATE, TOKENIZE = (digit * 64 for digit in "abc")
TIMES_S = np.array([0.12, 0.2, 0.32], dtype=np.float64)
COLUMNS = {name: np.array([k, k + 0.1, k + 0.2], dtype=np.float32) for k, name in enumerate("evlf")}


@pytest.fixture
def owner() -> User:
    return a_user("owner")


@pytest.fixture
def run(owner: User, media: Path) -> Run:
    project = a_project(owner)
    run = a_run(project, [a_video(project)])
    done = {"project": project, "run": run, "status": Status.DONE}
    StageExecution.objects.create(**done, video=run.videos.get(), stage="energy", output_key=ENERGY)
    StageExecution.objects.create(**done, stage="calibrate", output_key=CALIBRATE)
    with store().writing(CALIBRATE) as folder:
        files.save_json(folder / "calibrations.json", {ENERGY: {"theta_on": 0.25, "off_ratio": 0.8}})
    return run


def store_energy(**more: object) -> None:
    chosen, velocity, latent, flow = (EnergyTrace(values, TIMES_S, "velocity") for values in COLUMNS.values())
    with store().writing(ENERGY) as folder:
        if more.get("old"):
            files.save_energy(folder / "energy.npz", chosen, velocity)
        else:
            files.save_energy(folder / "energy.npz", chosen, velocity, latent=latent, flow=flow, start_s=0.04)


def address(run: Run, video: Video | None = None) -> str:
    return f"/api/runs/{run.pk}/videos/{(video or run.videos.get()).pk}/signals"


def test_signals_are_columns_and_what_they_were_cut_with(run: Run, owner: User, client_of: ClientOf) -> None:
    store_energy()
    client = client_of(owner)
    facts = client.get(f"{address(run)}/").json()
    assert facts["columns"] == ["times_s", "energy", "velocity", "latent", "flow"]
    assert (facts["n_steps"], facts["start_s"], facts["duration_s"], facts["hand_cut"]) == (3, 0.04, 60.0, False)
    assert (facts["theta_on"], facts["theta_off"]) == (0.25, 0.2)
    assert facts["detection"] == run.config["detection"]
    assert facts["refinement"] == run.config["refinement"]
    columns = client.get(facts["url"])
    assert columns["Content-Type"] == "application/octet-stream"
    assert "immutable" in columns["Cache-Control"]
    assert "private" in columns["Cache-Control"]
    expected = b"".join([TIMES_S.astype("<f8").tobytes(), *(c.astype("<f4").tobytes() for c in COLUMNS.values())])
    assert columns.content == expected
    unchanged = client.get(facts["url"], headers={"if-none-match": columns["ETag"]})
    assert (unchanged.status_code, unchanged.content) == (304, b"")


def test_without_the_key_in_the_address_a_browser_asks_again(run: Run, owner: User, client_of: ClientOf) -> None:
    store_energy()
    for query in ("", "?key=another"):
        answer = client_of(owner).get(f"{address(run)}.bin{query}")
        assert (answer.status_code, answer["Cache-Control"]) == (200, "private, no-cache")


def test_signals_of_an_earlier_version_are_what_there_is(run: Run, owner: User, client_of: ClientOf) -> None:
    store_energy(old=True)
    video = run.videos.get()
    StageExecution.objects.create(
        project=run.project, run=run, video=video, stage="tokenize", status=Status.DONE, output_key=TOKENIZE
    )
    stream = TokenStream(np.zeros((1, 3), dtype=np.int16), np.concatenate([[0.04], TIMES_S])[None], 1)
    with store().writing(TOKENIZE) as folder:
        files.save_stream(stream, folder / "codes.npz")
    facts = client_of(owner).get(f"{address(run)}/").json()
    assert (facts["columns"], facts["start_s"]) == (["times_s", "energy", "velocity"], 0.04)
    assert len(client_of(owner).get(facts["url"]).content) == 3 * (8 + 4 + 4)


def test_before_the_energy_is_measured_there_is_nothing(run: Run, owner: User, client_of: ClientOf) -> None:
    run.stages.all().delete()
    for path in (f"{address(run)}/", f"{address(run)}.bin"):
        answer = client_of(owner).get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "energy_not_ready")


def test_another_projects_signals_stay_out(run: Run, client_of: ClientOf) -> None:
    store_energy()
    stranger = a_user("stranger")
    theirs = a_project(stranger)
    own = a_run(theirs, [a_video(theirs)])
    for path in (f"{address(run)}/", f"{address(run)}.bin", f"{address(own, run.videos.get())}/"):
        assert client_of(stranger).get(path).status_code == 404
        assert Client().get(path).status_code == 401
    viewer = a_user("viewer")
    Membership.objects.create(project=run.project, user=viewer, role=Role.VIEWER)
    assert client_of(viewer).get(f"{address(run)}.bin").status_code == 200
