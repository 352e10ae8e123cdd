from __future__ import annotations

import numpy as np
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from backend.projects.models import Membership, Role
from backend.runs.models import RunStatus
from backend.vocabulary.models import Cluster
from tests.factories.runs import a_project, a_run, a_user, a_video, some_segments

pytestmark = pytest.mark.django_db
PROJECTS = "/api/projects/"


def test_a_project_shows_its_figures(client_of):
    user = a_user()
    project = a_project(user, description="Gearboxes")
    videos = [a_video(project, duration_s=60.0, preview_key="ab" * 32), a_video(project, duration_s=30.5)]
    a_video(project, duration_s=None, sha256=None)
    old, new = a_run(project, videos), a_run(project, videos)
    some_segments(old, videos[0], np.ones((5, 256)))
    some_segments(new, videos[0], np.ones((2, 256)))
    some_segments(new, videos[1], np.ones((1, 256)))
    for run, size in ((old, 5), (new, 3)):
        Cluster.objects.create(run=run, index=0, size=size)
    working = a_run(project, videos, status=RunStatus.RUNNING)
    some_segments(working, videos[0], np.ones((4, 256)))
    a_run(project, videos, status=RunStatus.QUEUED)
    a_run(project, videos, status=RunStatus.FAILED)

    (row,) = client_of(user).get(PROJECTS).json()
    assert row == {
        "id": project.pk,
        "name": project.name,
        "description": "Gearboxes",
        "synthetic": False,
        "role": "owner",
        "n_videos": 3,
        "duration_s": 90.5,
        "n_segments": 3,
        "n_active_runs": 2,
        "created_at": row["created_at"],
        "poster_url": f"/api/videos/{videos[0].pk}/files/poster.webp?v=abababababab",
    }
    assert client_of(user).get(f"{PROJECTS}{project.pk}/").json() == row


def test_an_empty_project_has_zeroes_and_no_poster(client_of):
    user = a_user()
    a_project(user)
    (row,) = client_of(user).get(PROJECTS).json()
    assert (row["n_videos"], row["duration_s"], row["n_segments"], row["n_active_runs"]) == (0, 0.0, 0, 0)
    assert row["poster_url"] is None


def test_the_list_costs_as_much_for_twenty_projects_as_for_one(client_of):
    user = a_user()
    client = client_of(user)

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            client.get(PROJECTS)
        return len(captured)

    a_project(user)
    one = queries()
    for _ in range(19):
        a_video(a_project(user))
    assert queries() == one


def test_other_peoples_projects_stay_out(client_of):
    mine, theirs = a_user(), a_user()
    hidden = a_project(theirs)
    client = client_of(mine)
    assert client.get(PROJECTS).json() == []
    response = client.get(f"{PROJECTS}{hidden.pk}/")
    assert (response.status_code, response.json()["code"]) == (404, "not_found")
    assert client.get(f"{PROJECTS}{2**70}/").status_code == 404


def test_nobody_gets_anything_unasked_for_a_name(client: Client):
    project = a_project(a_user())
    for address in (PROJECTS, f"{PROJECTS}{project.pk}/"):
        response = client.get(address)
        assert (response.status_code, response.json()["code"]) == (401, "not_authenticated")


def test_founding_a_project(client_of):
    user = a_user()
    client = client_of(user)
    made = client.post(PROJECTS, {"name": "<script>x</script>"}, content_type="application/json")
    assert made.status_code == 201
    assert (made.json()["name"], made.json()["role"]) == ("<script>x</script>", "owner")
    assert Membership.objects.get().role == Role.OWNER


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": ""},
        {"name": "  "},
        {"name": "x" * 121},
        {"name": "a\0b"},
        {"name": ["x"]},
        [],
        {"name": "\u202e\u200f"},
    ],
)
def test_a_project_needs_a_name_that_fits(client_of, body: object):
    response = client_of(a_user()).post(PROJECTS, body, content_type="application/json")
    assert (response.status_code, response.json()["code"]) == (400, "invalid")
    assert response.json()["message"]


def test_names_and_descriptions_of_projects_turn_no_writing(client_of):
    client = client_of(a_user())
    body = {"name": "Line\u202e 3", "description": "first\u202e\r\nsecond\x1b"}
    made = client.post(PROJECTS, body, content_type="application/json").json()
    assert (made["name"], made["description"]) == ("Line 3", "first\nsecond")
    address = f"{PROJECTS}{made['id']}/"
    changed = client.patch(address, {"name": "\u2066Line 4"}, content_type="application/json").json()
    assert (changed["name"], changed["description"]) == ("Line 4", "first\nsecond")
    assert client.patch(address, {"name": "\u2066"}, content_type="application/json").status_code == 400


def test_only_json_is_spoken(client_of):
    client = client_of(a_user())
    assert client.post(PROJECTS, {"name": "x"}).status_code == 415
    assert client.get(PROJECTS, headers={"Accept": "text/html"})["Content-Type"] == "application/json"
    assert client.put(PROJECTS).json()["code"] == "method_not_allowed"
