"""The API of versions: who may, what is refused, and what two versions differ in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from django.db.models import RestrictedError
from django.db.models.deletion import Collector
from django.test import Client

from backend.projects.models import Membership, Project, Role, User
from backend.reviews.models import Review
from backend.reviews.services import give_review
from backend.runs.models import Run
from backend.versions import selectors, services
from backend.versions.frozen import COLUMNS, Frozen
from backend.versions.models import VocabularyVersion
from backend.vocabulary import surgery
from backend.vocabulary.models import Segment
from tests.factories.runs import a_project, a_user, clustered

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media")]


@pytest.fixture
def owner() -> User:
    return a_user()


@pytest.fixture
def project(owner: User) -> Project:
    return a_project(owner)


@pytest.fixture
def run(project: Project) -> Run:
    """Three primitives of grasp, two of place, one cluster of two without a name."""
    run = clustered(project, [3, 2, 2])
    surgery.name_cluster(run=run, cluster=0, name="grasp", by=project.created_by)
    surgery.name_cluster(run=run, cluster=1, name="place", by=project.created_by)
    return run


@pytest.fixture
def client(client_of: Callable[[User], Client], owner: User) -> Client:
    return client_of(owner)


def post(client: Client, project: Project, **said: object):
    return client.post(f"/api/projects/{project.pk}/versions/", said, content_type="application/json")


def freeze(run: Run, name: str) -> VocabularyVersion:
    return services.freeze(run=run, name=name, note="", by=run.project.created_by)


def rate(segment: Segment, quality: int, **said: Any) -> Review:
    edges = {"start_s": None, "end_s": None, **said}
    return give_review(segment=segment, by=a_user(), quality=quality, confidence=2, action=None, **edges)


def test_a_version_is_frozen_listed_and_opened(client: Client, project: Project, run: Run) -> None:
    answer = post(client, project, run=run.pk, name="  June,\u202e agreed ", note="for the first training")
    assert answer.status_code == 201, answer.json()
    version = answer.json()
    assert (version["number"], version["name"], version["run_number"]) == (1, "June, agreed", run.number)
    assert [one["id"] for one in client.get(f"/api/projects/{project.pk}/versions/").json()] == [version["id"]]
    opened = client.get(f"/api/versions/{version['id']}/").json()
    assert [(one["name"], one["n_segments"]) for one in opened["actions"]] == [("grasp", 3), ("place", 2)]
    assert opened["n_videos"] == 1


def test_the_same_again_answers_409_with_the_number(client: Client, project: Project, run: Run) -> None:
    post(client, project, run=run.pk, name="June")
    again = post(client, project, run=run.pk, name="July")
    assert again.status_code == 409
    assert again.json()["code"] == "already_frozen"
    assert again.json()["details"]["version"] == 1
    taken = post(client, project, run=run.pk, name="June")
    assert (taken.status_code, taken.json()["code"]) == (409, "version_name_taken")


@pytest.mark.parametrize("name", ["", " ", "a\x00b", "x" * 10_000, "\u200f\u202e", None, ["June"]])
def test_a_bad_name_is_refused_and_nothing_kept(client: Client, project: Project, run: Run, name: object) -> None:
    answer = post(client, project, run=run.pk, name=name)
    assert answer.status_code == 400
    assert not project.versions.exists()


def test_markup_in_a_name_stays_text(client: Client, project: Project, run: Run) -> None:
    answer = post(client, project, run=run.pk, name="<script>alert(1)</script>", note="../../etc")
    assert answer.json()["name"] == "<script>alert(1)</script>"


def test_a_run_of_another_project_is_not_there(client: Client, project: Project) -> None:
    other = clustered(a_project(a_user()), [2])
    assert post(client, project, run=other.pk, name="June").status_code == 404


def test_versions_of_another_project_stay_out(client: Client, project: Project, run: Run, owner: User) -> None:
    mine = freeze(run, "June")
    other = clustered(a_project(a_user()), [2])
    theirs = freeze(other, "June")
    assert list(selectors.versions_visible_to(owner)) == [mine]
    assert client.get(f"/api/versions/{theirs.pk}/").status_code == 404
    assert client.get(f"/api/versions/{mine.pk}/diff/{theirs.pk}/").status_code == 404
    second = a_project(owner)
    elsewhere = freeze(clustered(second, [2]), "June")
    assert client.get(f"/api/versions/{mine.pk}/diff/{elsewhere.pk}/").status_code == 404


def test_a_reviewer_sees_versions_and_freezes_none(client_of, project: Project, run: Run) -> None:
    reviewer = a_user()
    Membership.objects.create(project=project, user=reviewer, role=Role.REVIEWER)
    client = client_of(reviewer)
    assert post(client, project, run=run.pk, name="June").status_code == 403
    assert client.get(f"/api/projects/{project.pk}/versions/").status_code == 200


def test_the_preview_says_what_is_open(client: Client, project: Project, run: Run) -> None:
    segments = list(run.segments.order_by("pk"))
    rate(segments[0], 3)
    rate(segments[0], 0)
    rate(segments[1], 2)
    found = client.get(f"/api/projects/{project.pk}/versions/preview/?run={run.pk}").json()
    assert found == {
        "n_actions": 2, "n_segments": 7, "n_named": 5, "n_rated": 2, "n_kept": 1, "n_conflicts": 1,
        "n_unnamed_clusters": 1, "n_videos": 1, "alpha": found["alpha"], "n_twice": 1,
    }  # fmt: skip
    assert client.get(f"/api/projects/{project.pk}/versions/preview/?run=x").status_code == 400


def test_a_video_of_a_version_stays(client: Client, run: Run) -> None:
    freeze(run, "June")
    video = run.videos.get()
    answer = client.delete(f"/api/videos/{video.pk}/")
    assert answer.status_code == 409
    assert "version 1 was frozen" in answer.json()["message"]
    assert run.segments.count() == 7


def test_a_version_keeps_its_run_but_not_its_project(project: Project, run: Run) -> None:
    version = freeze(run, "June")
    with pytest.raises(RestrictedError):
        run.delete()
    whole = Collector(using="default")
    whole.collect([project])
    assert version in whole.data[VocabularyVersion]


# ---- differences


def diff(client: Client, a: VocabularyVersion, b: VocabularyVersion) -> dict[str, Any]:
    answer = client.get(f"/api/versions/{a.pk}/diff/{b.pk}/")
    assert answer.status_code == 200
    return answer.json()


def kinds(found: dict[str, Any]) -> dict[str, tuple[str, str | None]]:
    return {one["action"]["name"]: (one["kind"], (one["other"] or {}).get("name")) for one in found["actions"]}


def test_nothing_differs_from_itself(client: Client, run: Run) -> None:
    version = freeze(run, "June")
    found = diff(client, version, version)
    assert found["actions"] == found["moves"] == []
    assert (found["n_shared"], found["n_moved"], found["quality"]["n"], found["edges"]["n"]) == (7, 0, 0, 0)


def test_a_renamed_and_a_redescribed_action(client: Client, project: Project, run: Run, owner: User) -> None:
    a = freeze(run, "June")
    surgery.edit_action(action=project.actions.get(name="grasp"), values={"name": "seize"}, by=owner)
    surgery.edit_action(action=project.actions.get(name="place"), values={"description": "on the table"}, by=owner)
    found = diff(client, a, freeze(run, "July"))
    assert kinds(found) == {"seize": ("renamed", None), "place": ("changed", None)}
    renamed = next(one for one in found["actions"] if one["kind"] == "renamed")
    assert renamed["fields"] == [{"field": "name", "before": "grasp", "after": "seize"}]
    assert (renamed["n_before"], renamed["n_after"], len(renamed["examples"])) == (3, 3, 3)
    assert found["n_moved"] == 0


def test_an_added_a_split_off_and_a_merged_action(client: Client, project: Project, run: Run, owner: User) -> None:
    a = freeze(run, "June")
    surgery.name_cluster(run=run, cluster=2, name="wait", by=owner)
    of_grasp = run.segments.filter(cluster__index=0).order_by("pk").first()
    surgery.move(run=run, segments=[of_grasp.pk], to="new", name="pinch", by=owner)
    place = project.actions.get(name="place")
    surgery.merge(
        run=run, groups=[f"action:{place.pk}"], into=f"action:{project.actions.get(name='grasp').pk}", by=owner
    )
    found = diff(client, a, freeze(run, "July"))
    assert kinds(found) == {"wait": ("added", None), "pinch": ("split", "grasp"), "place": ("merged", "grasp")}
    moves = {((m["before"] or {}).get("name"), m["after"]["name"]): m["n"] for m in found["moves"]}
    assert moves == {("place", "grasp"): 2, (None, "wait"): 2, ("grasp", "pinch"): 1}
    assert found["n_moved"] == 5
    pinch = next(m for m in found["moves"] if m["after"]["name"] == "pinch")
    assert pinch["examples"][0]["id"] == of_grasp.pk
    back = diff(client, *VocabularyVersion.objects.order_by("-number"))
    assert kinds(back)["place"] == ("split", "grasp")


def test_a_deprecated_action_that_still_has_primitives(client: Client, project: Project, run: Run, owner: User) -> None:
    a = freeze(run, "June")
    surgery.edit_action(action=project.actions.get(name="grasp"), values={"deprecated": True}, by=owner)
    b = freeze(run, "July")
    assert kinds(diff(client, a, b)) == {"grasp": ("deprecated", None)}
    assert kinds(diff(client, b, a)) == {"grasp": ("restored", None)}
    assert (a.n_actions, b.n_actions) == (2, 1)


def test_quality_and_edges_that_changed(client: Client, run: Run) -> None:
    segments = list(run.segments.order_by("pk"))
    rate(segments[0], 3)
    a = freeze(run, "June")
    rate(segments[0], 2)
    rate(segments[1], 1, end_s=3.7)
    found = diff(client, a, freeze(run, "July"))
    quality = found["quality"]
    assert (quality["n"], quality["raised"], quality["lowered"], quality["first_rated"]) == (2, 0, 1, 1)
    assert (quality["examples"][0]["before"], quality["examples"][0]["after"]) == ([3.0], [2.5])
    edges = found["edges"]
    assert (edges["n"], edges["median"]) == (1, pytest.approx(0.3))
    assert edges["examples"][0]["before"] == [2.0, 4.0]
    assert edges["examples"][0]["after"] == [2.0, 3.7]


def content(spans: list[tuple[float, float]], actions: list[int], first_id: int) -> Frozen:
    n = len(spans)
    starts, ends = np.array(spans).T
    given = {
        "id": first_id + np.arange(n), "start_s": starts, "end_s": ends, "cut_start_s": starts, "cut_end_s": ends,
        "action": actions, "quality": np.full(n, np.nan), "spread": np.full(n, -1),
    }  # fmt: skip
    columns = {name: np.asarray(given.get(name, np.zeros(n)), dtype=kind) for name, kind in COLUMNS.items()}
    fields = {"description": "", "subject": "", "verb": "", "object": "", "primitive": "", "digit": None}
    named = [{"id": pk, "name": f"a{pk}", "colour": 0, "examples": [], "deprecated": False, **fields} for pk in (1, 2)]
    return Frozen({"actions": named, "videos": [{"id": 9, "title": "v"}]}, columns)


def test_primitives_of_different_runs_are_the_same_by_their_time() -> None:
    # [0, 2) and [0.5, 2) share 1.5 of 2 s: the same. [2, 4) and [3.5, 6) share 0.5 of 4 s: another.
    a = content([(0, 2), (2, 4), (6, 8)], [1, 1, 2], 100)
    b = content([(0.5, 2), (3.5, 6), (6, 8)], [1, 2, 1], 200)
    found = selectors.compare(a, b, same_run=False)
    assert (found.n_shared, found.n_gone, found.n_new) == (2, 1, 1)
    assert [(m.before.id, m.after.id, m.n) for m in found.moves] == [(2, 1, 1)]
    assert found.moves[0].examples[0].id == 202
    assert found.new[0].id == 201
    assert found.gone[0].id == 101
    assert found.edges.n == 1


def test_a_primitive_cut_exactly_in_two_has_one_partner() -> None:
    found = selectors.compare(content([(0, 4)], [1], 1), content([(0, 2), (2, 4)], [1, 1], 5), same_run=False)
    assert (found.n_shared, found.n_gone, found.n_new) == (1, 0, 1)


def test_versions_without_a_common_video_share_nothing() -> None:
    a, b = content([(0, 2)], [1], 1), content([(0, 2)], [1], 5)
    b.vocabulary["videos"][0]["id"] = 10
    found = selectors.compare(a, b, same_run=False)
    assert (found.n_shared, found.n_gone, found.n_new) == (0, 1, 1)
