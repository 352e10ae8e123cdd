"""The append-only record of who did what: written with what it tells, read by managers, changed by nobody."""

from __future__ import annotations

import csv
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from asgiref.sync import async_to_sync
from django.db import DatabaseError, connection, transaction
from django.test import AsyncClient, Client

from backend.projects import audit
from backend.projects.models import AuditEntry, Membership, Project, Role, User
from backend.reviews import services as reviews
from backend.runs import services as runs
from backend.runs.exceptions import NoReadyVideos
from backend.selections import services as selections
from backend.videos import services as videos
from backend.vocabulary import surgery
from tests.factories.runs import a_project, a_user, a_video, clustered

pytestmark = pytest.mark.django_db
Clients = Callable[[User], Client]


def said(project: Project) -> list[tuple[str, str, str]]:
    return [(row.kind, row.by.username if row.by else "", row.summary) for row in project.audit.order_by("pk")]


def test_what_people_do_is_recorded_with_who_did_it(media: Path):
    owner, reviewer = a_user("owner1"), a_user("reviewer1")
    project = a_project(owner)
    Membership.objects.create(project=project, user=reviewer, role=Role.REVIEWER)
    found = clustered(project, [3, 2])
    segment = found.segments.order_by("pk")[0]
    video = a_video(project)

    started = runs.start_run(project=project, by=owner, preset="tiny", videos=[video])
    runs.cancel_run(started, by=owner)
    named = surgery.name_cluster(run=found, cluster=0, name="press", by=owner)
    surgery.undo(project=project, by=owner)
    surgery.redo(project=project, by=owner)
    kept = selections.save_set(run=found, name="odd", ids=[segment.pk], for_review=False, by=owner)
    selections.change_set(kept, name="even", by=owner)
    selections.delete_set(kept, by=owner)
    reviews.assign(run=found, reviewers=[reviewer], by=owner)
    settled = reviews.adjudicate(segment=segment, quality=2, action=None, note="", by=owner)
    reviews.undo_adjudication(settled, by=owner)
    videos.delete_video(video=video, by=owner)

    assert [(kind, by) for kind, by, _ in said(project)] == [
        ("run.started", "owner1"),
        ("run.cancelled", "owner1"),
        ("vocabulary.changed", "owner1"),
        ("vocabulary.changed", "owner1"),
        ("vocabulary.changed", "owner1"),
        ("set.saved", "owner1"),
        ("set.changed", "owner1"),
        ("set.deleted", "owner1"),
        ("review.assigned", "owner1"),
        ("review.settled", "owner1"),
        ("review.unsettled", "owner1"),
        ("video.deleted", "owner1"),
    ]
    change = project.audit.filter(kind="vocabulary.changed").order_by("pk")[0]
    assert change.facts["change"] == named.change.pk
    assert change.summary == named.change.summary


def test_an_upload_is_recorded(media: Path, tmp_path: Path):
    owner = a_user()
    project = a_project(owner)
    (tmp_path / "a.mp4").write_bytes(b"film")
    videos.register_file(project=project, path=tmp_path / "a.mp4", title="a.mp4", by=owner)
    videos.create_upload(project=project, by=owner, filename="b.mp4", size_bytes=0, ingest=lambda video: None)
    assert [(kind, summary) for kind, _, summary in said(project)] == [
        ("video.uploaded", "Uploaded “a.mp4”."),
        ("video.uploaded", "Uploaded “b.mp4”."),
    ]


def test_what_was_refused_is_not_recorded():
    owner = a_user()
    project = a_project(owner)
    with pytest.raises(NoReadyVideos):
        runs.start_run(project=project, by=owner, preset="tiny")
    with transaction.atomic():
        audit.record(project, by=owner, kind="run.started", summary="Started run 1.")
        transaction.set_rollback(True)
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    "statement", ["UPDATE projects_auditentry SET summary = ''", "DELETE FROM projects_auditentry"]
)
def test_the_database_refuses_to_change_or_delete_an_entry(statement: str):
    project = a_project(a_user())
    audit.record(project, by=None, kind="run.started", summary="Started run 1.")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert project.audit.get().summary == "Started run 1."


def test_managers_read_a_page_at_a_time_and_filter(client_of: Clients):
    owner, manager, reviewer = a_user(), a_user(), a_user()
    project = a_project(owner)
    for person, role in ((manager, Role.MANAGER), (reviewer, Role.REVIEWER)):
        Membership.objects.create(project=project, user=person, role=role)
    audit.record(a_project(a_user()), by=None, kind="run.started", summary="another project's")
    for n in range(5):
        audit.record(project, by=owner, kind="run.started", summary=f"Started run {n}.", run=n)
    audit.record(project, by=manager, kind="run.kept", summary="Kept run 9.")
    audit.record(project, by=manager, kind="runner.kept", summary="something else")
    path = f"/api/projects/{project.pk}/audit/"
    client = client_of(manager)

    assert client_of(reviewer).get(path).status_code == 403
    assert client_of(a_user()).get(path).status_code == 404
    first = client.get(path, {"limit": 4}).json()
    second = client.get(path, {"limit": 4, "cursor": first["next"]}).json()
    ids = [row["id"] for row in first["results"] + second["results"]]
    assert len(ids) == 7
    assert ids == sorted(ids, reverse=True), "the newest first, none twice"
    assert second["next"] is None

    def summaries(**asked: object) -> set[str]:
        return {row["summary"] for row in client.get(path, asked).json()["results"]}

    assert summaries(kind="run.kept") == {"Kept run 9."}
    assert len(summaries(kind="run")) == 6
    assert summaries(by=manager.pk) == {"Kept run 9.", "something else"}
    choices = client.get(f"{path}choices/").json()
    assert choices["kinds"] == ["run.kept", "run.started", "runner.kept"]
    assert {one["id"] for one in choices["people"]} == {owner.pk, manager.pk}
    for bad in ("owner__password__startswith=p", "by__password=1", "kind=" + "x" * 50, "by=me", "cursor=%00"):
        assert client.get(f"{path}?{bad}").status_code in (400, 404), bad


@pytest.mark.django_db(transaction=True)
def test_the_log_comes_as_a_table_that_runs_no_formula(async_client_of: Callable[[User], AsyncClient]):
    owner = a_user()
    project = a_project(owner)
    audit.record(project, by=owner, kind="run.started", summary='=HYPERLINK("x"), "quoted"')
    audit.record(project, by=None, kind="video.uploaded", summary="Uploaded “b.mp4”.")
    client = async_client_of(owner)

    async def read() -> tuple[str, str]:
        answer = await client.get(f"/api/projects/{project.pk}/audit/table/?kind=run")
        return answer["Content-Disposition"], "".join([part.decode() async for part in answer.streaming_content])

    disposition, text = async_to_sync(read)()
    assert disposition.startswith("attachment")
    header, row = csv.reader(StringIO(text))
    assert header == ["id", "at", "by", "kind", "summary"]
    assert row[3:] == ["run.started", '\'=HYPERLINK("x"), "quoted"']
