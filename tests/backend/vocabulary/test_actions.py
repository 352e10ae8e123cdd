"""The vocabulary of a project, and the effective action of a segment."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from backend.projects.models import User
from backend.runs.models import Run
from backend.vocabulary.models import Action, Cluster, Segment
from tests.factories.runs import a_project, a_user, an_action, clustered

pytestmark = pytest.mark.django_db

ClientOf = Callable[[User], Client]


@pytest.fixture
def run() -> Run:
    """Three clusters of 3, 2 and 1 segments."""
    return clustered(a_project(a_user("owner")), [3, 2, 1])


def test_a_segment_has_its_own_action_or_its_clusters(run: Run, client_of: ClientOf) -> None:
    grasp, place = an_action(run.project, "Grasp"), an_action(run.project, "Place", colour=4)
    run.clusters.filter(index=0).update(action=grasp)
    moved = run.segments.filter(cluster__index=0).order_by("pk").first()
    assert moved is not None
    Segment.objects.filter(pk=moved.pk).update(action=place, quality=2.5)
    client = client_of(run.started_by)
    rows = client.get(f"/api/runs/{run.pk}/segments/").json()["results"]
    assert [row["action"] and row["action"]["name"] for row in rows] == ["Place", "Grasp", "Grasp", None, None, None]
    assert (rows[0]["action"], rows[0]["quality"]) == ({"id": place.pk, "name": "Place", "colour": 4}, 2.5)
    assert client.get(f"/api/segments/{moved.pk}/").json()["action"]["name"] == "Place"

    def listed(query: str) -> int:
        return len(client.get(f"/api/runs/{run.pk}/segments/?{query}").json()["results"])

    assert listed(f"action={grasp.pk}") == 2
    assert listed(f"action={place.pk}") == 1
    assert listed("cluster=0") == 3
    assert listed("unnamed=true") == 3
    assert listed("unnamed=true&cluster=1") == 2


def test_actions_are_counted_in_a_run(run: Run, client_of: ClientOf) -> None:
    grasp, place = an_action(run.project, "grasp"), an_action(run.project, "Place")
    an_action(run.project, "Ancient", deprecated=True)
    run.clusters.filter(index__in=[0, 1]).update(action=grasp)  # 5 segments
    for segment, action in zip(run.segments.order_by("pk"), [place, place, None, None, None, grasp], strict=True):
        Segment.objects.filter(pk=segment.pk).update(action=action)  # two leave, the unnamed cluster's one comes
    client = client_of(run.started_by)
    rows = client.get(f"/api/projects/{run.project_id}/actions/?run={run.pk}").json()
    assert [(row["name"], row["n_clusters"], row["n_segments"]) for row in rows] == [
        ("grasp", 2, 4),
        ("Place", 0, 2),
        ("Ancient", 0, 0),
    ]
    assert client.get(f"/api/projects/{run.project_id}/actions/").json()[0]["n_segments"] is None
    card = client.get(f"/api/runs/{run.pk}/clusters/").json()[0]
    assert card["action"] == {"id": grasp.pk, "name": "grasp", "colour": 0}


def test_pages_and_lists_do_not_ask_for_each_row(run: Run, client_of: ClientOf, django_assert_max_num_queries) -> None:
    for cluster in run.clusters.all():
        Cluster.objects.filter(pk=cluster.pk).update(action=an_action(run.project, f"a{cluster.index}"))
    client = client_of(run.started_by)
    with django_assert_max_num_queries(5):
        client.get(f"/api/runs/{run.pk}/segments/")
    with django_assert_max_num_queries(8):
        client.get(f"/api/projects/{run.project_id}/actions/?run={run.pk}")


def test_another_projects_vocabulary_stays_out(run: Run, client_of: ClientOf) -> None:
    stranger = a_user("stranger")
    theirs = clustered(a_project(stranger), [1])
    an_action(theirs.project, "Secret")
    an_action(run.project, "Mine")
    client = client_of(run.started_by)
    assert [row["name"] for row in client.get(f"/api/projects/{run.project_id}/actions/").json()] == ["Mine"]
    assert client.get(f"/api/projects/{theirs.project_id}/actions/").status_code == 404
    assert client.get(f"/api/projects/{run.project_id}/actions/?run={theirs.pk}").status_code == 404
    assert client.get(f"/api/projects/{run.project_id}/actions/?run=x").status_code == 400
    assert [action.name for action in Action.objects.visible_to(run.started_by)] == ["Mine"]
