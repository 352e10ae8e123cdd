from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from django.test import Client

from backend.common.artefacts import store
from backend.projects.models import User
from backend.runs.models import Run, StageExecution, Status
from backend.videos.models import Video
from ml import store as files
from ml.artefacts import EnergyTrace
from tests.factories.runs import a_project, a_run, a_user, a_video
from tests.ml.test_alignment import trace, work

pytestmark = pytest.mark.django_db

ClientOf = Callable[[User], Client]


def measured(run: Run, video: Video, energy: EnergyTrace) -> None:
    key = f"{video.pk:064x}"
    with store().writing(key) as folder:
        files.save_energy(folder / "energy.npz", energy, energy)
    StageExecution.objects.create(
        project=run.project, run=run, video=video, stage="energy", status=Status.DONE, output_key=key
    )


@pytest.fixture
def views(media: object) -> tuple[Run, Video, Video]:
    project = a_project(a_user())
    front, side = (a_video(project, view=view, recording="take 1") for view in ("front", "side"))
    run = a_run(project, [front, side])
    measured(run, front, trace(work(90)))
    return run, front, side


def address(run: Run, a: object, b: object) -> str:
    return f"/api/runs/{run.pk}/suggest-offset/?a={a}&b={b}"


def test_views_started_apart_get_an_offset(views: tuple[Run, Video, Video], client_of: ClientOf) -> None:
    run, front, side = views
    measured(run, side, trace(work(90)[25:]))  # started 2.5 s after the other
    found = client_of(run.project.created_by).get(address(run, front.pk, side.pk)).json()
    assert found["offset_s"] == pytest.approx(2.5, abs=0.05)
    assert found["clear"]
    assert found["peak"] > 0.9 > found["second_peak"]
    Video.objects.filter(pk=front.pk).update(offset_s=10.0)
    found = client_of(run.project.created_by).get(address(run, front.pk, side.pk)).json()
    assert found["offset_s"] == pytest.approx(12.5, abs=0.05)


def test_what_cannot_be_compared_says_why(views: tuple[Run, Video, Video], client_of: ClientOf) -> None:
    run, front, side = views
    client = client_of(run.project.created_by)
    assert client.get(address(run, front.pk, side.pk)).json()["code"] == "energy_not_ready"
    measured(run, side, trace(np.full(500, 0.1)))
    answer = client.get(address(run, front.pk, side.pk))
    assert (answer.status_code, answer.json()["code"]) == (409, "nothing_to_align")
    for wrong in ("", "-1", "x", 10**30, a_video(run.project).pk):
        assert client.get(address(run, front.pk, wrong)).status_code == 404


def test_other_projects_stay_out(views: tuple[Run, Video, Video], client_of: ClientOf) -> None:
    run, front, side = views
    measured(run, side, trace(work(90)))
    stranger = a_user()
    theirs = a_video(a_project(stranger))
    assert client_of(stranger).get(address(run, front.pk, side.pk)).status_code == 404
    assert client_of(run.project.created_by).get(address(run, front.pk, theirs.pk)).status_code == 404
