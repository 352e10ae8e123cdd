"""Sets and exports: what is kept, what is refused, and to whom they are shown."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable

import numpy as np
import pytest
from asgiref.sync import async_to_sync
from django.db import connection
from django.test import Client

from backend.projects.models import Membership, Role, User
from backend.runs.models import Run
from backend.selections import selectors, services
from backend.selections.models import PrimitiveSet
from backend.vocabulary.models import EMBEDDING_DIM, Action, Cluster, Segment
from tests.factories.runs import a_project, a_run, a_user, a_video, some_segments

pytestmark = pytest.mark.django_db

ClientOf = Callable[[User], Client]


@pytest.fixture
def owner() -> User:
    return a_user("owner")


@pytest.fixture
def run(owner: User) -> Run:
    """Six primitives of a video, the first four in a cluster."""
    project = a_project(owner)
    video = a_video(project)
    run = a_run(project, [video])
    rows = some_segments(run, video, np.ones((6, EMBEDDING_DIM)))
    cluster = Cluster.objects.create(run=run, index=0, size=4)
    run.segments.filter(pk__in=[row.pk for row in rows[:4]]).update(cluster=cluster)
    return run


def ids_of(run: Run) -> list[int]:
    return list(run.segments.order_by("pk").values_list("pk", flat=True))


def save(client: Client, run: Run, /, **change: object):  # type: ignore[no-untyped-def]
    body = {"run": run.pk, "name": "Odd presses", "ids": ids_of(run)[:3], **change}
    return client.post(f"/api/projects/{run.project_id}/sets/", body, content_type="application/json")


def test_a_set_is_saved_listed_changed_and_removed(run: Run, owner: User, client_of: ClientOf) -> None:
    client, ids = client_of(owner), ids_of(run)
    made = save(client, run, ids=[ids[2], ids[0], ids[2]], name="  Odd\n presses ", for_review=True)
    assert made.status_code == 201
    saved = made.json()
    assert (saved["name"], saved["n"], saved["for_review"]) == ("Odd presses", 2, True)
    assert (saved["run"], saved["run_number"], saved["created_by"]) == (run.pk, run.number, "owner")
    (listed,) = client.get(f"/api/projects/{run.project_id}/sets/?run={run.pk}").json()
    assert listed == saved  # and so without the ids
    assert client.get(f"/api/projects/{run.project_id}/sets/?run={run.pk + 1}").json() == []
    one = client.get(f"/api/sets/{saved['id']}/").json()
    assert one["ids"] == [ids[0], ids[2]]
    changed = client.patch(
        f"/api/sets/{saved['id']}/", {"name": "Presses", "for_review": False}, content_type="application/json"
    )
    assert (changed.json()["name"], changed.json()["for_review"], changed.json()["n"]) == ("Presses", False, 2)
    assert client.delete(f"/api/sets/{saved['id']}/").status_code == 204
    assert client.get(f"/api/sets/{saved['id']}/").status_code == 404
    assert run.segments.count() == 6


def test_a_set_is_shown_in_pages_without_what_is_gone(run: Run, owner: User, client_of: ClientOf) -> None:
    client, ids = client_of(owner), ids_of(run)
    saved = save(client, run, ids=ids).json()["id"]
    Segment.objects.filter(pk=ids[1]).delete()
    first = client.get(f"/api/sets/{saved}/segments/?limit=3").json()
    second = client.get(f"/api/sets/{saved}/segments/?limit=3&cursor={first['next']}").json()
    assert [row["id"] for row in first["results"] + second["results"]] == [ids[0], *ids[2:]]
    assert second["next"] is None


def test_a_name_is_taken_once_a_project(run: Run, owner: User, client_of: ClientOf) -> None:
    client = client_of(owner)
    assert save(client, run).status_code == 201
    refused = save(client, run)
    assert (refused.status_code, refused.json()["code"]) == (409, "set_name_taken")
    other = save(client, run, name="Another").json()["id"]
    renamed = client.patch(f"/api/sets/{other}/", {"name": "Odd presses"}, content_type="application/json")
    assert (renamed.status_code, renamed.json()["code"]) == (409, "set_name_taken")
    elsewhere = a_run(a_project(owner), run.videos.all())
    some_segments(elsewhere, run.videos.get(), np.ones((1, EMBEDDING_DIM)))
    assert save(client, elsewhere, ids=ids_of(elsewhere)).status_code == 201


def test_what_cannot_be_a_set_is_refused_and_nothing_written(run: Run, owner: User, client_of: ClientOf) -> None:
    client = client_of(owner)
    sibling = a_run(run.project, run.videos.all())
    some_segments(sibling, run.videos.get(), np.ones((1, EMBEDDING_DIM)))
    theirs = a_run(a_project(a_user("stranger")))
    for change, code in (
        ({"ids": []}, "nothing_selected"),
        ({"ids": [*ids_of(run), *ids_of(sibling)]}, "not_of_this_run"),
        ({"ids": [2**62]}, "not_of_this_run"),
        ({"run": theirs.pk}, "not_of_this_run"),
        ({"ids": [1.5]}, "invalid"),
        ({"ids": "all"}, "invalid"),
        ({"ids": [2**64]}, "invalid"),
        ({"ids": [True]}, "invalid"),
        ({"name": " \n"}, "invalid"),
        ({"name": "x" * 121}, "invalid"),
    ):
        refused = save(client, run, **change)
        assert (refused.status_code, refused.json()["code"]) == (400, code), change
    assert not PrimitiveSet.objects.exists()


def test_who_may_do_what(run: Run, owner: User, client_of: ClientOf) -> None:
    saved = save(client_of(owner), run).json()["id"]
    for role in (Role.VIEWER, Role.REVIEWER, Role.MANAGER):
        user = a_user(str(role))
        Membership.objects.create(project=run.project, user=user, role=role)
        client, writes = client_of(user), role == Role.MANAGER
        assert [row["id"] for row in client.get(f"/api/projects/{run.project_id}/sets/").json()] == [saved]
        assert client.get(f"/api/sets/{saved}/").status_code == 200
        assert client.get(f"/api/sets/{saved}/segments/").status_code == 200
        exported = client.post(f"/api/runs/{run.pk}/export/", {"ids": ids_of(run)}, content_type="application/json")
        assert exported.status_code == 200
        assert save(client, run, name=f"of the {role}").status_code == (201 if writes else 403)
        patched = client.patch(f"/api/sets/{saved}/", {"name": f"by {role}"}, content_type="application/json")
        assert patched.status_code == (200 if writes else 403)
        assert client.delete(f"/api/sets/{saved}/").status_code == (204 if writes else 403)


def test_another_project_stays_out(run: Run, owner: User, client_of: ClientOf) -> None:
    saved = save(client_of(owner), run).json()["id"]
    stranger = a_user("stranger")
    mine = a_run(a_project(stranger))
    client = client_of(stranger)
    assert client.get(f"/api/projects/{mine.project_id}/sets/").json() == []
    for answer in (
        client.get(f"/api/projects/{run.project_id}/sets/"),
        save(client, run, name="stolen"),
        client.get(f"/api/sets/{saved}/"),
        client.patch(f"/api/sets/{saved}/", {"name": "stolen"}, content_type="application/json"),
        client.delete(f"/api/sets/{saved}/"),
        client.get(f"/api/sets/{saved}/segments/"),
        client.post(f"/api/runs/{run.pk}/export/", {"ids": ids_of(run)}, content_type="application/json"),
    ):
        assert answer.status_code == 404
    # Nor through a run of one's own.
    for answer in (
        save(client, mine, ids=ids_of(run)),
        client.post(f"/api/runs/{mine.pk}/export/", {"ids": ids_of(run)}, content_type="application/json"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (400, "not_of_this_run")
    assert Client().get(f"/api/sets/{saved}/").status_code == 401
    assert PrimitiveSet.objects.count() == 1


def export(client: Client, run: Run, **body: object):  # type: ignore[no-untyped-def]
    return client.post(f"/api/runs/{run.pk}/export/", {"ids": ids_of(run), **body}, content_type="application/json")


def content_of(answer) -> str:  # type: ignore[no-untyped-def]
    async def read() -> bytes:
        return b"".join([part async for part in answer])

    return async_to_sync(read)().decode()


def test_an_export_is_a_table(run: Run, owner: User, client_of: ClientOf) -> None:
    action = Action.objects.create(project=run.project, name='=press "hard", twice', colour=0, created_by=owner)
    run.clusters.update(action=action)
    run.videos.update(title="@cam,1.mp4")
    first, *_, last = ids_of(run)
    answer = export(client_of(owner), run, ids=[last, first], name='../Odd "presses"\r\n/ü')
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == f"attachment; filename*=utf-8''odd-presses-%C3%BC-run-{run.number}.csv"
    rows = list(csv.DictReader(io.StringIO(content_of(answer))))
    assert [int(row["id"]) for row in rows] == [first, last]
    assert list(rows[0]) == list(selectors.FACTS)
    assert rows[0]["action"] == '\'=press "hard", twice'  # no formula
    assert rows[0]["video_title"] == "'@cam,1.mp4"
    assert (rows[0]["cluster"], rows[1]["cluster"], rows[1]["action"]) == ("Cluster 1", "", "")
    assert (rows[1]["start_s"], rows[1]["end_s"], rows[1]["duration_s"]) == ("10.0", "12.0", "2.0")


def test_an_export_is_json(run: Run, owner: User, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selectors, "EXPORTED_AT_ONCE", 4)
    answer = export(client_of(owner), run, format="json")
    assert answer["Content-Disposition"] == f'attachment; filename="primitives-run-{run.number}.json"'
    told = json.loads(content_of(answer))
    assert told["run"] == run.pk
    assert [row["id"] for row in told["segments"]] == ids_of(run)
    assert told["segments"][0]["action"] is None
    assert tuple(told["segments"][0]) == selectors.FACTS


def test_an_export_of_nothing_or_in_another_form_is_refused(run: Run, owner: User, client_of: ClientOf) -> None:
    client = client_of(owner)
    assert export(client, run, ids=[]).json()["code"] == "nothing_selected"
    assert export(client, run, format="xlsx").json()["code"] == "invalid"


def test_as_many_as_a_map_shows(run: Run, owner: User, client_of: ClientOf) -> None:
    """More than the 65,535 parameters that a statement may have."""
    video = run.videos.get()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO vocabulary_segment "
            "(project_id, run_id, video_id, index, start_s, end_s, codes, energy_mean, energy_peak, space) "
            "SELECT %s, %s, %s, 1000 + i, i, i + 1, '{1}', 1, 1, '' FROM generate_series(1, 70000) i",
            [run.project_id, run.pk, video.pk],
        )
    client, ids = client_of(owner), ids_of(run)
    saved = save(client, run, ids=ids)
    assert saved.json()["n"] == 70_006
    assert len(client.get(f"/api/sets/{saved.json()['id']}/segments/").json()["results"]) == 100
    assert content_of(export(client, run)).count("\r\n") == 70_007


def test_open_pages_are_told_of_a_set(
    run: Run, owner: User, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[int, object, object]] = []
    monkeypatch.setattr(
        services.events, "publish", lambda project, **said: told.append((project, said["kind"], said["status"]))
    )
    saved = save(client_of(owner), run).json()["id"]
    client_of(owner).delete(f"/api/sets/{saved}/")
    assert told == [(run.project_id, "set", "saved"), (run.project_id, "set", "deleted")]
