"""Searching by a range of a video and by an uploaded clip, with the real chain on a small rendered take."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from backend.projects.models import Membership, Role, User
from backend.runs.models import StageExecution, Status
from backend.runs.services import start_ingest, start_run
from backend.search import scheduling, services, stages
from backend.search.models import Example, ExampleStatus
from backend.search.selectors import clip_path
from backend.videos.models import Video
from backend.videos.services import register_file
from backend.vocabulary.models import Segment
from ml.synthetic import SceneConfig, render
from tests.backend.runs.conftest import work as work
from tests.factories.runs import a_project, a_run, a_user, a_video

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "take.mp4"
    render(
        SceneConfig.difficulty("easy", cycles=1, width_px=320, height_px=180, fps=30), "front", path, lambda *_: None
    )
    return path


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch, media: Path) -> list[Any]:
    """Ids that workers were woken for, in place of a broker."""
    ids: list[Any] = []
    monkeypatch.setattr(scheduling, "wake", ids.append)
    return ids


@pytest.fixture
def explored(work: Callable[[], None], woken: list[Any], film: Path) -> tuple[User, Video]:
    """A video and a finished run over it."""
    user = a_user()
    project = a_project(user)
    video = register_file(project=project, path=film, title="take.mp4", by=user, view="front")
    start_ingest(video)
    work()
    start_run(project=project, by=user, preset="tiny", n_clusters=3)
    work()
    video.refresh_from_db()
    return user, video


def ask(client: Client, video: Video, run: int, start_s: float, end_s: float) -> Any:
    asked = {"run": run, "video": video.pk, "start_s": start_s, "end_s": end_s}
    return client.post(f"/api/projects/{video.project_id}/examples/", asked, content_type="application/json")


def a_clip(content: bytes, name: str = "mine.mp4") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type="video/mp4")


def test_the_range_of_a_primitive_finds_that_primitive_first(
    explored: tuple[User, Video], client_of: Callable[[User], Client], django_capture_on_commit_callbacks: Any,
    woken: list[Any],
) -> None:  # fmt: skip
    user, video = explored
    client = client_of(user)
    segment = Segment.objects.filter(video=video).order_by("index")[2]
    with django_capture_on_commit_callbacks(execute=True):
        made = ask(client, video, segment.run_id, segment.start_s, segment.end_s)
    assert made.status_code == 201
    pk = made.json()["id"]
    assert [str(one) for one in woken] == [pk]
    waiting = client.get(f"/api/examples/{pk}/similar/")
    assert (waiting.status_code, waiting.json()["code"]) == (409, "not_searchable")

    stages.run(pk)
    assert client.get(f"/api/examples/{pk}/").json()["status"] == "done"
    found = client.get(f"/api/examples/{pk}/similar/?k=3").json()
    assert found["results"][0]["segment"]["id"] == segment.pk
    assert found["results"][0]["distance"] < 1e-3  # halfvec rounds
    assert found["space"] == segment.space

    again = ask(client, video, segment.run_id, segment.start_s, segment.end_s)
    assert again.json()["id"] == pk
    assert again.json()["status"] == "done"


def test_a_range_between_two_steps_takes_the_step_it_lies_in(
    explored: tuple[User, Video], client_of: Callable[[User], Client]
) -> None:
    user, video = explored
    run = video.runs.get().pk
    pk = ask(client_of(user), video, run, 1.0, 1.01).json()["id"]
    stages.run(pk)
    assert Example.objects.get(pk=pk).status == ExampleStatus.DONE


def test_a_clip_is_embedded_as_the_run_would_and_then_deleted(
    explored: tuple[User, Video], client_of: Callable[[User], Client], film: Path
) -> None:
    user, video = explored
    run = video.runs.get()
    client = client_of(user)
    made = client.post(
        f"/api/projects/{video.project_id}/examples/", {"run": run.pk, "clip": a_clip(film.read_bytes(), "../x\n.mp4")}
    )
    assert made.status_code == 201, made.content
    example = Example.objects.get(pk=made.json()["id"])
    assert clip_path(example).exists()
    stages.run(str(example.pk))
    example.refresh_from_db()
    assert example.status == ExampleStatus.DONE, example.reason
    assert not clip_path(example).exists()
    assert list(clip_path(example).parent.iterdir()) == []
    # The same file as the video: the whole of it asked for as a range is the same movement.
    whole = ask(client, video, run.pk, 0.0, 1e6).json()["id"]
    stages.run(whole)
    assert Example.objects.get(pk=whole).embedding == example.embedding
    assert len(client.get(f"/api/examples/{example.pk}/similar/").json()["results"]) > 2


@pytest.mark.parametrize("content", [b"#EXTM3U\nfile:///etc/passwd\n", b"not a film" * 100])
def test_what_is_no_film_is_refused_in_a_sentence(
    content: bytes, explored: tuple[User, Video], client_of: Callable[[User], Client]
) -> None:
    user, video = explored
    clip = {"run": video.runs.get().pk, "clip": a_clip(content)}
    pk = client_of(user).post(f"/api/projects/{video.project_id}/examples/", clip).json()["id"]
    stages.run(pk)
    shown = client_of(user).get(f"/api/examples/{pk}/").json()
    assert shown["status"] == "failed"
    assert shown["reason"]
    assert not clip_path(Example.objects.get(pk=pk)).exists()


def test_a_clip_that_is_too_long_says_so(
    explored: tuple[User, Video], client_of: Callable[[User], Client], film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    user, video = explored
    monkeypatch.setattr(stages, "CLIP_AT_MOST_S", 1.0)
    clip = {"run": video.runs.get().pk, "clip": a_clip(film.read_bytes())}
    pk = client_of(user).post(f"/api/projects/{video.project_id}/examples/", clip).json()["id"]
    stages.run(pk)
    assert "two minutes at most" in Example.objects.get(pk=pk).reason


def an_example(user: User, **fields: Any) -> Example:
    """A clip that waits, of a run that has nothing."""
    project = a_project(user)
    video = a_video(project)
    return Example.objects.create(
        project=project, run=a_run(project, [video]), filename="clip.mp4", asked_by=user, **fields
    )


def test_too_large_a_clip_is_refused_before_anything_is_kept(
    client_of: Callable[[User], Client], settings: Any, media: Path
) -> None:
    settings.MAX_CLIP_BYTES = 10
    user = a_user()
    project = a_project(user)
    run = a_run(project)
    answer = client_of(user).post(f"/api/projects/{project.pk}/examples/", {"run": run.pk, "clip": a_clip(b"x" * 11)})
    assert (answer.status_code, answer.json()["code"]) == (413, "clip_too_large")
    assert not (media / "examples").exists()


def test_a_run_without_codes_of_the_video_cannot_be_searched(client_of: Callable[[User], Client]) -> None:
    user = a_user()
    project = a_project(user)
    video = a_video(project)
    run = a_run(project, [video])
    answer = ask(client_of(user), video, run.pk, 0.0, 1.0)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_searchable")


@pytest.mark.parametrize("wrong", [{"start_s": 2.0, "end_s": 1.0}, {"start_s": -1.0, "end_s": 1.0}, {"start_s": 1.0}])
def test_a_range_that_is_none_is_refused(wrong: dict[str, float], client_of: Callable[[User], Client]) -> None:
    user = a_user()
    project = a_project(user)
    video = a_video(project)
    body = {"run": a_run(project, [video]).pk, "video": video.pk, **wrong}
    answer = client_of(user).post(f"/api/projects/{project.pk}/examples/", body, content_type="application/json")
    assert answer.status_code == 400


def test_other_projects_stay_out(client_of: Callable[[User], Client]) -> None:
    mine, stranger = a_user(), a_user()
    example = an_example(mine, status=ExampleStatus.DONE)
    theirs = client_of(stranger)
    assert theirs.get(f"/api/examples/{example.pk}/").status_code == 404
    assert theirs.get(f"/api/examples/{example.pk}/similar/").status_code == 404
    own = a_project(stranger)
    video = a_video(example.project)
    body = {"run": example.run_id, "video": video.pk, "start_s": 0.0, "end_s": 1.0}
    for project in (example.project_id, own.pk):  # in their project, or in mine by their run
        answer = theirs.post(f"/api/projects/{project}/examples/", body, content_type="application/json")
        assert answer.status_code == 404


def test_a_viewer_may_ask_by_a_range_but_not_upload(client_of: Callable[[User], Client], woken: list[Any]) -> None:
    owner, viewer = a_user(), a_user()
    project = a_project(owner)
    Membership.objects.create(project=project, user=viewer, role=Role.VIEWER)
    video = a_video(project)
    run = a_run(project, [video])
    StageExecution.objects.create(project=project, run=run, video=video, stage="tokenize", status=Status.DONE)
    client = client_of(viewer)
    assert ask(client, video, run.pk, 0.0, 1.0).status_code == 201
    clip = client.post(f"/api/projects/{project.pk}/examples/", {"run": run.pk, "clip": a_clip(b"x")})
    assert clip.status_code == 403


def test_an_example_of_a_dead_worker_goes_back_to_the_queue(woken: list[Any]) -> None:
    example = an_example(
        a_user(), status=ExampleStatus.RUNNING, attempt=1, lease_until=timezone.now() - timedelta(seconds=1)
    )
    assert services.reap() == 1
    example.refresh_from_db()
    assert example.status == ExampleStatus.QUEUED
    assert woken == [example.pk]


def test_an_example_that_kills_every_worker_is_given_up(woken: list[Any]) -> None:
    example = an_example(
        a_user(), status=ExampleStatus.RUNNING, attempt=3, lease_until=timezone.now() - timedelta(seconds=1)
    )
    services.reap()
    example.refresh_from_db()
    assert example.status == ExampleStatus.FAILED
    assert "stopped several times" in example.reason
    assert woken == []


def test_a_worker_whose_example_was_taken_over_writes_nothing(woken: list[Any], monkeypatch: Any) -> None:
    example = an_example(a_user())

    def overtaken(mine: Example) -> Any:
        Example.objects.filter(pk=mine.pk).update(attempt=mine.attempt + 1)
        raise stages.PipelineError("too late")

    monkeypatch.setattr(stages, "_codes_of_clip", overtaken)
    stages.run(str(example.pk))
    example.refresh_from_db()
    assert (example.status, example.reason) == (ExampleStatus.RUNNING, "")


def test_examples_are_forgotten_after_a_day(woken: list[Any]) -> None:
    old, new = an_example(a_user(), status=ExampleStatus.DONE), an_example(a_user(), status=ExampleStatus.DONE)
    Example.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(hours=25))
    services.reap()
    assert list(Example.objects.values_list("pk", flat=True)) == [new.pk]


def test_nobody_fills_the_queue_alone(client_of: Callable[[User], Client], monkeypatch: Any, woken: list[Any]) -> None:
    monkeypatch.setattr(services, "WAITING_AT_MOST", 1)
    user = a_user()
    project = a_project(user)
    video = a_video(project)
    run = a_run(project, [video])
    StageExecution.objects.create(project=project, run=run, video=video, stage="tokenize", status=Status.DONE)
    client = client_of(user)
    assert ask(client, video, run.pk, 0.0, 1.0).status_code == 201
    assert ask(client, video, run.pk, 2.0, 3.0).status_code == 429
