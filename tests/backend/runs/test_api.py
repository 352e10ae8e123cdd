"""The API of runs and of what they found: what it answers, and to whom."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from django.db.models import RestrictedError
from django.test import Client

from backend.common.columns import unpack
from backend.projects.models import Membership, Project, Role, User
from backend.runs import scheduling, services
from backend.runs.models import Run, RunStatus, StageExecution, Status
from backend.videos.models import VideoStatus
from backend.vocabulary.models import EMBEDDING_DIM, Cluster, Segment
from tests.factories.runs import a_project, a_run, a_user, a_video, some_segments

pytestmark = pytest.mark.django_db

ClientOf = Callable[[User], Client]


@pytest.fixture(autouse=True)
def no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduling, "wake", lambda *_: None)


@pytest.fixture
def owner() -> User:
    return a_user("owner")


@pytest.fixture
def project(owner: User) -> Project:
    return a_project(owner)


@pytest.fixture
def run(project: Project) -> Run:
    """A finished run over one video with twelve segments in two clusters."""
    video = a_video(project, view="front")
    run = a_run(project, [video], metrics={"silhouette": 0.4, "calinski_harabasz": 9.0})
    vectors = np.random.default_rng(0).normal(size=(12, EMBEDDING_DIM))
    segments = some_segments(run, video, vectors)
    for index, members in enumerate((segments[:8], segments[8:])):
        cluster = Cluster.objects.create(run=run, index=index, size=len(members), medoids=[members[0].pk])
        Segment.objects.filter(pk__in=[s.pk for s in members]).update(cluster=cluster, x=0.5, y=-0.5)
    return run


def get(client: Client, path: str) -> object:
    response = client.get(path)
    assert response.status_code == 200, response.content
    return response.json()


def routes(run: Run) -> dict[str, str]:
    """Every address of runs and their findings → the method it takes."""
    video, segment = run.videos.get(), run.segments.first()
    assert segment is not None
    return {
        f"/api/projects/{run.project_id}/runs/": "get post",
        f"/api/projects/{run.project_id}/stages/": "get",
        f"/api/runs/{run.pk}/": "get",
        f"/api/runs/{run.pk}/cancel/": "post",
        f"/api/runs/{run.pk}/retry/": "post",
        f"/api/runs/{run.pk}/keep/": "post",
        f"/api/runs/{run.pk}/stages/": "get",
        f"/api/runs/{run.pk}/videos/{video.pk}/signals/": "get",
        f"/api/runs/{run.pk}/suggest-offset/?a={video.pk}&b={video.pk}": "get",
        f"/api/runs/{run.pk}/segments/": "get",
        f"/api/runs/{run.pk}/clusters/": "get",
        f"/api/runs/{run.pk}/map/": "get",
        f"/api/runs/{run.pk}/coherence/": "get",
        f"/api/runs/{run.pk}/coherence/measure/": "post",
        f"/api/videos/{video.pk}/retry/": "post",
        f"/api/segments/{segment.pk}/": "get",
        f"/api/segments/{segment.pk}/similar/": "get",
        f"/api/segments/{segment.pk}/clip/": "get",
        f"/api/segments/{segment.pk}/poster/": "get",
    }


def test_nobody_outside_the_project_reaches_anything(run: Run, client_of: ClientOf) -> None:
    stranger = a_user("stranger")
    a_run(a_project(stranger), status=RunStatus.DONE)
    for path, methods in routes(run).items():
        for method in methods.split():
            anonymous = getattr(Client(), method)(path, {}, content_type="application/json")
            assert anonymous.status_code == 401, f"{method} {path}"
            strangers = getattr(client_of(stranger), method)(path, {}, content_type="application/json")
            assert strangers.status_code == 404, f"{method} {path}"
            assert set(strangers.json()) == {"code", "message"}


def test_a_viewer_sees_everything_and_starts_nothing(run: Run, client_of: ClientOf) -> None:
    viewer = a_user("viewer")
    Membership.objects.create(project=run.project, user=viewer, role=Role.VIEWER)
    for path, methods in routes(run).items():
        for method in methods.split():
            if method == "post":
                answer = client_of(viewer).post(path, {}, content_type="application/json")
                assert answer.status_code == 403, path
                assert answer.json()["code"] == "forbidden"
            elif path.endswith("/map/"):
                assert client_of(viewer).get(path).status_code == 200
            elif not any(made in path for made in ("signals", "offset", "/clip/", "/poster/")):  # none were made
                get(client_of(viewer), path)


def test_starting_a_run_answers_with_it(project: Project, owner: User, client_of: ClientOf) -> None:
    a_video(project)
    answer = client_of(owner).post(
        f"/api/projects/{project.pk}/runs/", {"preset": "tiny", "n_clusters": 5}, content_type="application/json"
    )
    assert answer.status_code == 201
    body = answer.json()
    assert (body["number"], body["status"], body["n_clusters"], body["n_videos"]) == (1, "running", 5, 1)
    assert body["progress"] == 0
    stages = get(client_of(owner), f"/api/runs/{body['id']}/stages/")
    assert [s["stage"] for s in stages if s["status"] == "queued"] == ["track"]
    assert get(client_of(owner), f"/api/projects/{project.pk}/stages/") == stages


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"preset": "enormous"}, 400, "invalid"),
        ({"n_clusters": 0}, 400, "invalid"),
        ({"theta_on": -1}, 400, "invalid"),
        ({"videos": [987654]}, 404, "not_found"),
        ({"tokenizer_run": 987654}, 404, "not_found"),
        ({}, 400, "no_ready_videos"),
    ],
)
def test_a_run_that_cannot_start_says_why(
    asked: dict[str, object], status: int, code: str, project: Project, owner: User, client_of: ClientOf
) -> None:
    a_video(project, status=VideoStatus.FAILED)
    answer = client_of(owner).post(f"/api/projects/{project.pk}/runs/", asked, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not project.runs.exists()


def test_two_clicks_start_one_run(project: Project, owner: User, client_of: ClientOf) -> None:
    a_video(project)
    path = f"/api/projects/{project.pk}/runs/"
    first, second = (client_of(owner).post(path, {}, content_type="application/json") for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 409)
    assert second.json()["code"] == "run_already_active"


def test_a_tokenizer_of_another_project_is_not_to_be_had(
    run: Run, owner: User, client_of: ClientOf, project: Project
) -> None:
    other = a_project(owner)
    a_video(other)
    answer = client_of(owner).post(
        f"/api/projects/{other.pk}/runs/", {"tokenizer_run": run.pk}, content_type="application/json"
    )
    assert answer.status_code == 404


def test_cancel_and_retry_through_the_api(project: Project, owner: User, client_of: ClientOf) -> None:
    a_video(project)
    run = services.start_run(project=project, by=owner, preset="tiny")
    client = client_of(owner)
    assert client.post(f"/api/runs/{run.pk}/cancel/").json()["status"] == "cancelled"
    assert client.post(f"/api/runs/{run.pk}/cancel/").status_code == 409
    again = client.post(f"/api/runs/{run.pk}/retry/").json()
    assert (again["status"], again["can_retry"]) == ("running", False)
    assert client.post(f"/api/runs/{run.pk}/retry/").json()["code"] == "nothing_to_retry"


def test_a_failed_video_can_be_checked_again(project: Project, owner: User, client_of: ClientOf) -> None:
    video = a_video(project, status=VideoStatus.UPLOADED)
    services.start_ingest(video)
    client = client_of(owner)
    assert client.post(f"/api/videos/{video.pk}/retry/").status_code == 409
    StageExecution.objects.filter(video=video, stage="probe").update(status=Status.FAILED)
    video.status = VideoStatus.FAILED
    video.save()
    assert client.post(f"/api/videos/{video.pk}/retry/").status_code == 204
    video.refresh_from_db()
    assert video.status == VideoStatus.CHECKING
    assert video.stages.get(stage="probe").status == Status.QUEUED


def test_a_run_lists_its_findings(run: Run, owner: User, client_of: ClientOf) -> None:
    client = client_of(owner)
    (listed,) = get(client, f"/api/projects/{run.project_id}/runs/")
    assert (listed["n_segments"], listed["n_clusters_found"], listed["metrics"]["silhouette"]) == (12, 2, 0.4)
    cards = get(client, f"/api/runs/{run.pk}/clusters/")
    assert [(card["name"], card["size"], card["n_videos"]) for card in cards] == [
        ("Cluster 1", 8, 1),
        ("Cluster 2", 4, 1),
    ]
    assert cards[0]["mean_duration_s"] == pytest.approx(2.0)
    assert cards[0]["medoids"][0]["clip_url"].endswith("/clip/")
    _, columns = unpack(client.get(f"/api/runs/{run.pk}/map/").content)
    assert {len(column) for column in columns.values()} == {12}


def test_segments_come_in_pages_that_never_overlap(run: Run, owner: User, client_of: ClientOf) -> None:
    client, seen, cursor = client_of(owner), [], ""
    while cursor is not None:
        page = get(client, f"/api/runs/{run.pk}/segments/?limit=5&cursor={cursor}")
        seen += [row["id"] for row in page["results"]]
        cursor = page["next"]
    assert seen == list(run.segments.order_by("pk").values_list("pk", flat=True))
    of_cluster = get(client, f"/api/runs/{run.pk}/segments/?cluster=1")
    assert {row["cluster"] for row in of_cluster["results"]} == {1}
    assert len(of_cluster["results"]) == 4


@pytest.mark.parametrize(
    ("query", "n"),
    [
        ("", 11),
        ("k=3", 3),
        ("cluster=1", 4),
        ("exclude_same_video=true", 0),
        ("min_duration_s=3", 0),
        ("max_duration_s=3", 11),
        ("view=front", 11),
        ("view=side", 0),
        ("scope=project", 11),
    ],
)
def test_similar_primitives_pass_the_filters(query: str, n: int, run: Run, owner: User, client_of: ClientOf) -> None:
    segment = run.segments.order_by("pk").first()
    assert segment is not None
    found = get(client_of(owner), f"/api/segments/{segment.pk}/similar/?{query}")
    assert len(found["results"]) == n
    distances = [row["distance"] for row in found["results"]]
    assert distances == sorted(distances)
    assert segment.pk not in [row["segment"]["id"] for row in found["results"]]


@pytest.mark.parametrize("query", ["k=0", "k=1000", "cluster=x", "min_duration_s=-1", "scope=everything"])
def test_a_filter_that_makes_no_sense_is_refused(query: str, run: Run, owner: User, client_of: ClientOf) -> None:
    segment = run.segments.first()
    assert segment is not None
    answer = client_of(owner).get(f"/api/segments/{segment.pk}/similar/?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


def test_a_long_list_of_runs_costs_as_many_queries_as_a_short_one(
    project: Project, owner: User, client_of: ClientOf, django_assert_max_num_queries
) -> None:
    for _ in range(8):
        a_run(project)
    client = client_of(owner)
    with django_assert_max_num_queries(8):
        get(client, f"/api/projects/{project.pk}/runs/")


def test_one_run_says_its_whole_configuration_and_the_list_does_not(run: Run, owner: User, client_of: ClientOf) -> None:
    client = client_of(owner)
    assert client.get(f"/api/runs/{run.pk}/").json()["config"] == run.config
    assert "config" not in client.get(f"/api/projects/{run.project_id}/runs/").json()[0]


def test_a_tokenizer_that_others_use_is_kept(project: Project, owner: User) -> None:
    trained = a_run(project)
    again = a_run(project, tokenizer_run=trained)
    with pytest.raises(RestrictedError):
        trained.delete()
    again.delete()
    a_run(project, tokenizer_run=trained)
    project.delete()  # with all its runs
    assert not Run.objects.exists()
