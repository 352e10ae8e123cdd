"""The map's columns: what they hold, when they count as changed, and to whom they are shown."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from django.test import Client

from backend.common.columns import MEDIA_TYPE, unpack
from backend.projects.models import Membership, Project, Role, User
from backend.runs.models import Run
from backend.vocabulary import selectors
from backend.vocabulary.models import EMBEDDING_DIM, Action, Cluster, Segment
from tests.factories.runs import a_project, a_run, a_user, a_video, some_segments

pytestmark = pytest.mark.django_db

ClientOf = Callable[[User], Client]


def an_action(project: Project, name: str, colour: int = 0) -> Action:
    return Action.objects.create(project=project, name=name, colour=colour, created_by=project.created_by)


@pytest.fixture
def run() -> Run:
    """Four primitives: two in cluster 0, one in cluster 1, and one that nothing has placed."""
    project = a_project(a_user("owner"))
    video = a_video(project)
    run = a_run(project, [video], projection="umap")
    rows = some_segments(run, video, np.ones((4, EMBEDDING_DIM)))
    clusters = [Cluster.objects.create(run=run, index=i, size=2 - i) for i in range(2)]
    for i, row in enumerate(rows[:3]):
        row.x, row.y, row.cluster = i + 0.5, -i, clusters[i // 2]
        row.save()
    return run


def test_columns_are_what_the_rows_say(run: Run, client_of: ClientOf) -> None:
    pressed, placed = an_action(run.project, "press", 4), an_action(run.project, "place", 7)
    an_action(run.project, "not in this run")
    run.clusters.filter(index=0).update(action=pressed)
    first, second, third, _ = run.segments.order_by("pk")
    Segment.objects.filter(pk=second.pk).update(action=placed, quality=2.5)

    answer = client_of(run.started_by).get(f"/api/runs/{run.pk}/map/")

    assert answer["Content-Type"] == MEDIA_TYPE
    facts, columns = unpack(answer.content)
    assert facts["n"] == 3
    assert (facts["projection"], facts["seed"], facts["run"]) == ("umap", run.config["clustering"]["seed"], run.pk)
    assert facts["actions"] == [
        {"id": placed.pk, "name": "place", "colour": 7},
        {"id": pressed.pk, "name": "press", "colour": 4},
    ]
    assert facts["videos"] == [{"id": first.video_id, "title": first.video.title}]
    assert columns["ids"].tolist() == [first.pk, second.pk, third.pk]
    assert columns["x"].tolist() == [0.5, 1.5, 2.5]
    assert columns["y"].tolist() == [0.0, -1.0, -2.0]
    assert columns["cluster"].tolist() == [0, 0, 1]
    assert columns["action"].tolist() == [pressed.pk, placed.pk, -1]
    assert columns["video"].tolist() == [first.video_id] * 3
    assert columns["start_s"].tolist() == [0.0, 2.0, 4.0]
    assert columns["end_s"].tolist() == [2.0, 4.0, 6.0]
    np.testing.assert_array_equal(columns["quality"], np.float32([np.nan, 2.5, np.nan]))


def test_an_unchanged_map_is_not_sent_again(run: Run, client_of: ClientOf) -> None:
    client, address = client_of(run.started_by), f"/api/runs/{run.pk}/map/"
    known = client.get(address)["ETag"]
    again = client.get(address, headers={"If-None-Match": known})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", known)
    for change in ({"quality": 1.0}, {"action": an_action(run.project, "press")}, {"x": 9.0}):
        run.segments.filter(index=0).update(**change)
        changed = client.get(address, headers={"If-None-Match": known})
        assert changed.status_code == 200
        assert changed["ETag"] != known
        known = changed["ETag"]
    Action.objects.update(name="push")
    assert client.get(address, headers={"If-None-Match": known}).status_code == 200


def test_a_run_without_places_has_a_map_without_points(run: Run) -> None:
    run.segments.update(x=None, y=None)
    facts, columns = selectors.map_columns(run)
    assert facts["actions"] == []
    assert {len(column) for column in columns.values()} == {0}


def test_other_projects_and_runs_stay_out(run: Run, client_of: ClientOf) -> None:
    other = a_run(run.project, run.videos.all())
    some_segments(other, run.videos.get(), np.ones((2, EMBEDDING_DIM)))
    other.segments.update(x=0.0, y=0.0)
    stranger = a_user("stranger")
    a_project(stranger)
    viewer = a_user("viewer")
    Membership.objects.create(project=run.project, user=viewer, role=Role.VIEWER)
    address = f"/api/runs/{run.pk}/map/"
    assert client_of(stranger).get(address).status_code == 404
    assert Client().get(address).status_code == 401
    _, columns = unpack(client_of(viewer).get(address).content)
    assert set(columns["ids"].tolist()) == set(run.segments.filter(x__isnull=False).values_list("pk", flat=True))
