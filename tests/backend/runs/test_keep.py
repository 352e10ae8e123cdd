"""Keeping a run cut otherwise: what is asked for, what is refused, and by whom. test_chain has the work itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.test import Client

from backend.common.artefacts import store
from backend.projects.models import Membership, Project, Role, User
from backend.runs import scheduling
from backend.runs.models import Run, RunStatus, StageExecution, Status
from ml import store as files
from ml.artefacts import EnergyTrace
from ml.config import CalibrationConfig, PipelineConfig
from tests.factories.runs import a_project, a_run, a_user, a_video

pytestmark = pytest.mark.django_db

ClientOf = Callable[[User], Client]
VIEWS = ("front", "front", "", "")
THETAS = (0.25, 0.25, 0.5, None)  # nothing moves in the last
TIMES_S = np.arange(1, 101) / 10


@pytest.fixture(autouse=True)
def no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduling, "wake", lambda *_: None)


@pytest.fixture
def owner() -> User:
    return a_user("owner")


@pytest.fixture
def run(owner: User, media: Path) -> Run:
    """A finished run over two views of one camera, one of none, and one where nothing moves; ten seconds each."""
    return a_finished_run(a_project(owner))


def a_finished_run(project: Project) -> Run:
    videos = [a_video(project, view=view, duration_s=10.05) for view in VIEWS]
    run = a_run(project, videos)
    done = {"project": project, "run": run, "status": Status.DONE}
    calibrations: dict[str, Any] = {}
    for video, theta in zip(videos, THETAS, strict=True):
        key = f"{video.pk:064x}"
        StageExecution.objects.create(**done, video=video, stage="energy", output_key=key)
        trace = EnergyTrace(np.ones(100, dtype=np.float32), TIMES_S, "velocity")
        with store().writing(key) as folder:
            files.save_energy(folder / "energy.npz", trace, trace, start_s=0.0)
        calibrations[key] = None if theta is None else {"theta_on": theta, "off_ratio": 0.8}
    key = f"{run.pk + 10**6:064x}"
    StageExecution.objects.create(**done, stage="calibrate", output_key=key)
    with store().writing(key) as folder:
        files.save_json(folder / "calibrations.json", calibrations)
    return run


def keep(client: Client, run: Run, **asked: object) -> Any:
    return client.post(f"/api/runs/{run.pk}/keep/", asked, content_type="application/json")


def test_a_kept_run_differs_in_what_was_asked_and_has_its_thresholds(
    run: Run, owner: User, client_of: ClientOf
) -> None:
    video = run.videos.order_by("pk").first()
    assert video is not None
    answer = keep(
        client_of(owner),
        run,
        detection={"alpha": 0.3, "max_s": 4},
        refinement={"dip": None},
        theta_scale=2,
        cuts={str(video.pk): [[0.5, 1.5], [1.5, 2]]},
    )
    assert answer.status_code == 201, answer.content
    body = answer.json()
    assert (body["derived_from"], body["derived_from_number"], body["is_hand_cut"]) == (run.pk, run.number, True)
    assert (body["number"], body["tokenizer_run"]) == (run.number + 1, run.pk)
    kept = Run.objects.get(pk=body["id"])
    before, config = run.pipeline_config(), kept.pipeline_config()
    assert (config.detection.alpha, config.detection.max_s) == (0.3, 4.0)
    assert config.detection.on_steps == before.detection.on_steps
    assert config.refinement.dip is None
    assert (config.tracking, config.energy, config.clustering) == (before.tracking, before.energy, before.clustering)
    unnamed = run.videos.order_by("pk")[2]
    assert dict(config.calibration.theta_by_view or ()) == {"front": 0.5, unnamed.sha256: 1.0}
    assert kept.cuts == {str(video.pk): [[0.5, 1.5], [1.5, 2.0]]}
    assert set(kept.videos.all()) == set(run.videos.all())
    assert kept.config_hash != config.digest()
    listed = client_of(owner).get(f"/api/projects/{run.project_id}/runs/").json()
    assert [(one["is_hand_cut"], one["derived_from"]) for one in listed] == [(True, run.pk), (False, None)]


def test_one_threshold_for_all_stays_one(run: Run, owner: User, client_of: ClientOf) -> None:
    run.config["calibration"]["theta_on"] = 0.25
    run.save()
    kept = Run.objects.get(pk=keep(client_of(owner), run, theta_scale=0.5).json()["id"])
    assert kept.pipeline_config().calibration == CalibrationConfig(theta_on=0.125)


def test_videos_whose_view_was_changed_since_keep_their_own_thresholds(
    run: Run, owner: User, client_of: ClientOf
) -> None:
    run.videos.filter(view="").update(view="front")
    kept = Run.objects.get(pk=keep(client_of(owner), run).json()["id"])
    given = dict(kept.pipeline_config().calibration.theta_by_view or ())
    videos = list(run.videos.order_by("pk"))
    assert given == {videos[0].sha256: 0.25, videos[1].sha256: 0.25, videos[2].sha256: 0.5}


def test_fixed_thresholds_survive_being_stored() -> None:
    config = PipelineConfig(calibration=CalibrationConfig(theta_by_view=(("front", 0.25), ("top", 1.0))))
    again = PipelineConfig.from_dict(config.to_dict())
    assert again == config
    assert again.digest() == config.digest() != PipelineConfig().digest()
    older = config.to_dict()
    del older["calibration"]["theta_by_view"]
    assert PipelineConfig.from_dict(older) == PipelineConfig()
    older["calibration"]["theta_by_view"] = [["front", 0.25, 1]]
    with pytest.raises(ValueError, match="2 values"):
        PipelineConfig.from_dict(older)


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"detection": {"alpha": 0}}, "The smoothing α has to be above 0 and at most 1."),
        ({"detection": {"alpha": 1.2}}, "The smoothing α has to be above 0 and at most 1."),
        ({"detection": {"on_steps": 0}}, "The number of steps that begin a primitive has to be at least 1"),
        ({"detection": {"max_s": 0.1}}, "The greatest length has to be longer than the least."),
        ({"detection": {"of_steps": 2}}, "There is no setting “of_steps”."),
        ({"detection": {"alpha": "nan"}}, "A valid number is required."),
        ({"refinement": {"smooth_s": 0}}, "The smoothing of dips has to be at least 0.001 and at most 10."),
        ({"refinement": {"hold_s": None}}, "hold_s"),
        ({"theta_scale": 0}, "The scale of the threshold has to be at least 0.001"),
        ({"cuts": [[1, 2]]}, "Cuts are given by the id of their video."),
        ({"cuts": {"999999": [[1, 2]]}}, "Video 999999 is not in this run."),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_in_a_sentence(
    asked: dict[str, object], sentence: str, run: Run, owner: User, client_of: ClientOf
) -> None:
    answer = keep(client_of(owner), run, **asked)
    assert answer.status_code == 400
    assert sentence in answer.json()["message"]
    assert Run.objects.count() == 1


@pytest.mark.parametrize(
    ("cuts", "sentence"),
    [
        ([], "A list of at least one interval is needed."),
        ([[1, 2], [3, "x"]], "Interval 2 is not a start and an end in seconds."),
        ([[1, 2, 3]], "Interval 1 is not a start and an end in seconds."),
        ([[2, 1]], "Interval 1 (2.000 to 1.000 s) does not end after it starts."),
        ([[-0.5, 1]], "Interval 1 (-0.500 to 1.000 s) does not lie within the video, which is 10.050 s long."),
        ([[9, 10.2]], "does not lie within the video"),
        ([[1, 2], [1.5, 3]], "Interval 2 (1.500 to 3.000 s) begins before the one in front of it ends."),
        ([[5, 6], [1, 2]], "Interval 2 (1.000 to 2.000 s) begins before"),
        ([[1.06, 1.1]], "Interval 1 (1.060 to 1.100 s) holds no step of the analysis. Its steps are 0.10 s long"),
        ([[k * 1e-4, k * 1e-4 + 5e-5] for k in range(100_001)], "These are 100001 intervals; at most 100000"),
    ],
)
def test_intervals_that_cannot_be_primitives_are_refused_by_name(
    cuts: list[object], sentence: str, run: Run, owner: User, client_of: ClientOf
) -> None:
    video = run.videos.order_by("pk").first()
    assert video is not None
    answer = keep(client_of(owner), run, cuts={str(video.pk): cuts})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_cuts")
    assert answer.json()["message"].startswith(f"“{video.title}”: ")
    assert sentence in answer.json()["message"]


def test_the_same_is_not_kept_twice_at_once_but_other_cuts_are(run: Run, owner: User, client_of: ClientOf) -> None:
    client, video = client_of(owner), run.videos.order_by("pk").first()
    assert video is not None
    assert keep(client, run, theta_scale=2).status_code == 201
    answer = keep(client, run, theta_scale=2)
    assert (answer.status_code, answer.json()["code"]) == (409, "run_already_active")
    assert keep(client, run, theta_scale=2, cuts={str(video.pk): [[1, 2]]}).status_code == 201
    assert keep(client, run, theta_scale=2, cuts={str(video.pk): [[1, 2.5]]}).status_code == 201
    Run.objects.exclude(pk=run.pk).update(status=RunStatus.DONE)
    assert keep(client, run, theta_scale=2).status_code == 201


def test_a_run_without_thresholds_cannot_be_kept(run: Run, owner: User, client_of: ClientOf) -> None:
    run.stages.filter(stage="calibrate").delete()
    answer = keep(client_of(owner), run)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_calibrated")


def test_only_managers_keep_and_only_their_own(run: Run, client_of: ClientOf) -> None:
    for role, expected in ((Role.VIEWER, 403), (Role.REVIEWER, 403), (Role.MANAGER, 201)):
        user = a_user()
        Membership.objects.create(project=run.project, user=user, role=role)
        assert keep(client_of(user), run).status_code == expected
    stranger = a_user("stranger")
    own = a_finished_run(a_project(stranger))
    assert keep(client_of(stranger), run).status_code == 404
    foreign = run.videos.order_by("pk").first()
    assert foreign is not None
    answer = keep(client_of(stranger), own, cuts={str(foreign.pk): [[1, 2]]})
    assert answer.json()["message"] == f"Video {foreign.pk} is not in this run."
