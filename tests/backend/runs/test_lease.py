from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from backend.common.lease import LeaseLost
from backend.runs import scheduling, services
from backend.runs.lease import Heartbeat, claim
from backend.runs.models import Run, StageExecution, Status
from backend.runs.reaper import reap
from backend.videos.models import VideoStatus
from ml.errors import Cancelled
from tests.factories.runs import a_project, a_user, a_video


@pytest.fixture
def run() -> Run:
    owner = a_user()
    project = a_project(owner)
    a_video(project)
    return services.start_run(project=project, by=owner, preset="tiny")


@pytest.fixture
def queued(run: Run) -> StageExecution:
    return run.stages.get(stage="track")


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, str]]:
    """What the broker was asked to deliver."""
    asked: list[tuple[int, str]] = []
    monkeypatch.setattr(scheduling, "wake", lambda pk, queue: asked.append((pk, queue)))
    return asked


def expire(row: StageExecution) -> None:
    StageExecution.objects.filter(pk=row.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


@pytest.mark.django_db
def test_a_stage_is_claimed_once(queued: StageExecution) -> None:
    mine = claim(queued.pk)
    assert mine is not None
    assert (mine.status, mine.attempt) == (Status.RUNNING, 1)
    assert claim(queued.pk) is None


@pytest.mark.django_db
def test_a_stage_that_still_waits_cannot_be_claimed(run: Run) -> None:
    assert claim(run.stages.get(stage="train").pk) is None


@pytest.mark.django_db
def test_the_stage_of_a_dead_worker_can_be_claimed_again(queued: StageExecution) -> None:
    claim(queued.pk)
    expire(queued)
    again = claim(queued.pk)
    assert again is not None
    assert again.attempt == 2


@pytest.mark.django_db(transaction=True)
def test_two_workers_racing_for_a_stage_get_it_once(queued: StageExecution) -> None:
    won: list[bool] = []

    def race() -> None:
        won.append(claim(queued.pk) is not None)
        connection.close()

    racers = [threading.Thread(target=race) for _ in range(6)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert sorted(won) == [False] * 5 + [True]


@pytest.mark.django_db(transaction=True)
def test_the_heartbeat_renews_the_lease_and_carries_progress(queued: StageExecution, settings) -> None:
    settings.HEARTBEAT_S = 0.02
    mine = claim(queued.pk)
    assert mine is not None
    before = mine.lease_until
    beaten = threading.Event()
    with Heartbeat(mine) as heartbeat:
        heartbeat.progress(0.4, "frame 40")
        for _ in range(200):
            row = StageExecution.objects.get(pk=mine.pk)
            if row.progress:
                break
            beaten.wait(0.02)
    assert (row.progress, row.message) == (0.4, "frame 40")
    assert row.lease_until is not None
    assert before is not None
    assert row.lease_until > before


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_lost_its_lease_is_told_to_stop(queued: StageExecution, settings) -> None:
    settings.HEARTBEAT_S = 0.02
    mine = claim(queued.pk)
    assert mine is not None
    with Heartbeat(mine) as heartbeat:
        StageExecution.objects.filter(pk=mine.pk).update(attempt=2)
        with pytest.raises(LeaseLost):
            _work_until_stopped(heartbeat)


@pytest.mark.django_db(transaction=True)
def test_a_worker_hears_that_the_run_is_cancelled(run: Run, queued: StageExecution, settings) -> None:
    settings.HEARTBEAT_S = 0.02
    mine = claim(queued.pk)
    assert mine is not None
    with Heartbeat(mine) as heartbeat:
        services.cancel_run(run)
        with pytest.raises(Cancelled):
            _work_until_stopped(heartbeat)


def _work_until_stopped(heartbeat: Heartbeat) -> None:
    pause = threading.Event()
    for step in range(500):
        heartbeat.progress(step / 500, "working")
        pause.wait(0.01)


@pytest.mark.django_db
def test_the_reaper_requeues_an_expired_stage(
    queued: StageExecution, woken: list[tuple[int, str]], django_capture_on_commit_callbacks
) -> None:
    claim(queued.pk)
    assert reap() == 0, "its worker lives"
    expire(queued)
    with django_capture_on_commit_callbacks(execute=True):
        assert reap() == 1
    queued.refresh_from_db()
    assert queued.status == Status.QUEUED
    assert woken == [(queued.pk, "cpu")]


@pytest.mark.django_db
def test_a_stage_that_brings_down_its_workers_fails_with_a_sentence(run: Run, queued: StageExecution, settings) -> None:
    for _ in range(settings.MAX_ATTEMPTS):
        assert claim(queued.pk) is not None
        expire(queued)
        reap()
    queued.refresh_from_db()
    run.refresh_from_db()
    assert queued.status == Status.FAILED
    assert queued.reason.startswith("The worker stopped 3 times during this step")
    assert run.status == "failed"
    assert run.reason == queued.reason


@pytest.mark.django_db
def test_an_upload_that_brings_down_its_workers_fails_on_the_video(settings) -> None:
    video = a_video(a_project(a_user()), status=VideoStatus.UPLOADED)
    services.start_ingest(video)
    probe = video.stages.get(stage="probe")
    for _ in range(settings.MAX_ATTEMPTS):
        assert claim(probe.pk) is not None
        expire(probe)
        reap()
    video.refresh_from_db()
    assert video.status == VideoStatus.FAILED
    assert "killed, or ran out of memory" in video.reason


@pytest.mark.django_db
def test_a_message_the_broker_lost_is_sent_again(
    queued: StageExecution, woken: list[tuple[int, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert reap() == 0, "it has not waited long"
    StageExecution.objects.filter(pk=queued.pk).update(queued_at=timezone.now() - timedelta(minutes=1))
    monkeypatch.setattr("backend.runs.reaper.is_empty", lambda queue: False)
    assert reap() == 0, "the broker still holds messages for its queue: it is only busy"
    monkeypatch.setattr("backend.runs.reaper.is_empty", lambda queue: True)
    assert reap() == 1
    assert woken == [(queued.pk, "cpu")]
