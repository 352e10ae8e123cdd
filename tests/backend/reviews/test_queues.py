"""What a reviewer is to judge next: each queue's order, what it leaves out, and what it does not tell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from django.test import Client

from backend.projects.models import Membership, Role, User
from backend.reviews import services
from backend.runs.models import Run
from backend.selections.models import PrimitiveSet
from backend.vocabulary.models import EMBEDDING_DIM, Cluster, Segment
from tests.factories.runs import a_project, a_run, a_user, a_video, an_action, some_segments

pytestmark = pytest.mark.django_db
Clients = Callable[[User], Client]


@dataclass
class Team:
    manager: User
    me: User
    others: list[User]
    run: Run
    segments: list[Segment]


@pytest.fixture
def team() -> Team:
    manager = a_user()
    project = a_project(manager, Role.MANAGER)
    people = [a_user() for _ in range(3)]
    for person in people:
        Membership.objects.create(project=project, user=person, role=Role.REVIEWER)
    video = a_video(project)
    run = a_run(project, [video])
    segments = some_segments(run, video, np.random.default_rng(0).normal(size=(12, EMBEDDING_DIM)))
    return Team(manager, people[0], people[1:], run, segments)


def ask(client: Client, run: Run, **query: Any) -> dict[str, Any]:
    answer = client.get(f"/api/runs/{run.pk}/review-queue/", query)
    assert answer.status_code == 200, answer.json()
    return answer.json()


def ids(page: dict[str, Any]) -> list[int]:
    return [row["id"] for row in page["results"]]


def rate(segment: Segment, by: User, quality: int, **more: Any) -> None:
    services.give_review(segment=segment, by=by, quality=quality, confidence=1, **more)


def facts(client: Client, run: Run) -> dict[str, tuple[int, int, bool]]:
    rows = client.get(f"/api/runs/{run.pk}/review-queues/").json()["queues"]
    return {row["name"]: (row["total"], row["left"], row["measured"]) for row in rows}


def give_margins(team: Team, column: str, margins: list[float | None]) -> None:
    for segment, margin in zip(team.segments, margins, strict=True):
        Segment.objects.filter(pk=segment.pk).update(**{column: margin})


@pytest.mark.parametrize(("queue", "column"), [("edge", "edge_margin"), ("threshold", "cut_margin")])
def test_the_least_margin_comes_first_and_what_was_not_measured_last(team, client_of: Clients, queue, column):
    client = client_of(team.me)
    assert ask(client, team.run, queue=queue) == {"results": [], "next": None, "measured": False}
    assert facts(client, team.run)[queue] == (0, 0, False)
    give_margins(team, column, [0.9, 0.1, None, 0.5, 0.1, None, -0.2, 0.4, 0.3, 0.8, 0.7, 0.6])
    order = [team.segments[i].pk for i in (6, 1, 4, 8, 7, 3, 11, 10, 9, 0, 2, 5)]
    assert ids(ask(client, team.run, queue=queue)) == order
    rate(team.segments[6], team.me, 3)
    services.give_review(segment=team.segments[4], by=team.me, skipped=True)
    rate(team.segments[1], team.others[0], 0)
    assert ids(ask(client, team.run, queue=queue)) == [pk for pk in order if pk not in (order[0], order[2])]
    assert facts(client, team.run)[queue] == (12, 10, True)


@pytest.mark.parametrize("limit", [1, 2, 5, 12])
def test_the_pages_of_a_queue_are_the_queue(team: Team, client_of: Clients, limit: int):
    give_margins(team, "edge_margin", [0.9, 0.1, None, 0.5, 0.1, None, -0.2, 0.4, 0.3, 0.8, 0.7, 0.6])
    services.assign(run=team.run, reviewers=[team.me], by=team.manager)
    for number, segment in enumerate(team.segments):
        rate(segment, team.others[0], 0)
        rate(segment, team.others[1], 1 + number % 3)
    saved = PrimitiveSet.objects.create(
        project=team.run.project,
        run=team.run,
        name="Odd ones",
        segments=[one.pk for one in team.segments[::2]],
        for_review=True,
        created_by=team.manager,
    )
    client = client_of(team.me)
    for query in ({"queue": "assigned"}, {"queue": "disagreement"}, {"queue": "edge"}, {"set": saved.pk}):
        whole = ask(client, team.run, **query, limit=100)
        assert whole["next"] is None
        assert len(ids(whole)) == (6 if "set" in query else 12)
        seen, cursor = [], {}
        while True:
            page = ask(client, team.run, **query, **cursor, limit=limit)
            seen += ids(page)
            if page["next"] is None:
                break
            cursor = {"cursor": page["next"]}
        assert seen == ids(whole)
    assert facts(client, team.run)["Odd ones"] == (6, 6, True)


def test_what_others_rated_apart_comes_with_conflicts_first(team: Team, client_of: Clients):
    grip, turn = (an_action(team.run.project, name) for name in ("Grip", "Turn"))
    agreed, one_apart, far_apart, otherwise_named, mine, skipped, settled, alone = team.segments[:8]
    first, second = team.others
    for segment, qualities in (
        (agreed, (2, 2)),
        (one_apart, (2, 3)),
        *((one, (0, 3)) for one in (far_apart, mine, skipped, settled)),
    ):
        for person, quality in zip(team.others, qualities, strict=True):
            rate(segment, person, quality)
    rate(otherwise_named, first, 2, action=grip)
    rate(otherwise_named, second, 2, action=turn)
    rate(alone, first, 0)
    rate(mine, team.me, 3)
    services.give_review(segment=skipped, by=team.me, skipped=True)
    services.adjudicate(segment=settled, quality=3, action=None, note="", by=team.manager)
    found = ids(ask(client_of(team.me), team.run, queue="disagreement"))
    assert set(found[:2]) == {far_apart.pk, otherwise_named.pk}
    assert found[2:] == [one_apart.pk]
    assert facts(client_of(team.me), team.run)["disagreement"] == (3, 3, True)
    assert ids(ask(client_of(first), team.run, queue="disagreement")) == [], "who has rated is not asked again"


def test_among_conflicts_the_order_is_not_that_of_the_ratings(team: Team, client_of: Clients):
    def order() -> list[int]:
        return ids(ask(client_of(team.me), team.run, queue="disagreement"))

    first, second = team.others
    for number, segment in enumerate(team.segments):
        rate(segment, first, 0)
        rate(segment, second, 2 + number % 2)
    before = order()
    for number, segment in enumerate(team.segments):
        rate(segment, first, 3)
        rate(segment, second, number % 2)
    assert order() == before


def test_nothing_in_a_queue_comes_from_other_peoples_ratings(team: Team, client_of: Clients):
    by_cluster, by_hand = (an_action(team.run.project, name) for name in ("Grip", "Turn"))
    cluster = Cluster.objects.create(run=team.run, index=0, size=12, action=by_cluster)
    Segment.objects.filter(run=team.run).update(cluster=cluster, edge_margin=0.5)
    segment = team.segments[0]
    rate(segment, team.others[0], 0, comment="look away", flagged=True)
    services.adjudicate(segment=segment, quality=3, action=by_hand, note="", by=team.manager)
    row = next(one for one in ask(client_of(team.me), team.run, queue="edge")["results"] if one["id"] == segment.pk)
    assert row["quality"] is None
    assert row["action"]["name"] == "Grip", "its own was given by whoever settled it"
    assert "look away" not in str(row)


def test_a_set_is_a_queue_once_it_was_sent_to_review_and_of_this_run(team: Team, client_of: Clients):
    other = a_run(team.run.project, [team.segments[0].video])
    common = {"project": team.run.project, "segments": [team.segments[3].pk], "created_by": team.manager}
    private = PrimitiveSet.objects.create(run=team.run, name="Mine", **common)
    elsewhere = PrimitiveSet.objects.create(run=other, name="Other run", for_review=True, **common)
    client = client_of(team.me)
    for one in (private, elsewhere):
        assert client.get(f"/api/runs/{team.run.pk}/review-queue/", {"set": one.pk}).status_code == 404
    assert ids(ask(client, other, set=elsewhere.pk)) == [], "its primitives are of another run"


def test_another_projects_rows_stay_out(team: Team, client_of: Clients):
    stranger = a_user()
    elsewhere = a_run(a_project(stranger), [])
    client = client_of(team.me)
    for path in ("review-queue", "review-queues"):
        assert client.get(f"/api/runs/{elsewhere.pk}/{path}/").status_code == 404
        assert client_of(stranger).get(f"/api/runs/{team.run.pk}/{path}/").status_code == 404
    path = f"/api/segments/{team.segments[0].pk}/review/"
    said = {"quality": 3, "confidence": 2}
    assert client_of(stranger).put(path, said, content_type="application/json").status_code == 404
    theirs = PrimitiveSet.objects.create(
        project=elsewhere.project, run=elsewhere, name="Theirs", segments=[], for_review=True, created_by=stranger
    )
    assert client.get(f"/api/runs/{team.run.pk}/review-queue/", {"set": theirs.pk}).status_code == 404
    # An assignment of somebody else is not mine.
    services.assign(run=team.run, reviewers=[team.others[0]], by=team.manager)
    assert ids(ask(client, team.run)) == []


@pytest.mark.parametrize(
    "query",
    [
        {"cursor": "0"}, {"cursor": "-1"}, {"cursor": "cD0x"}, {"cursor": str(2**63)}, {"cursor": "\x00"},
        {"queue": "quality"}, {"set": "x"}, {"limit": "0"}, {"limit": "101"}, {"order": "quality"},
    ],
)  # fmt: skip
def test_a_made_up_question_is_refused(team: Team, client_of: Clients, query: dict[str, str]):
    assert client_of(team.me).get(f"/api/runs/{team.run.pk}/review-queue/", query).status_code == 400


def test_a_cursor_of_another_run_is_refused(team: Team, client_of: Clients):
    video = team.segments[0].video
    other = a_run(team.run.project, [video])
    (there,) = some_segments(other, video, np.ones((1, EMBEDDING_DIM)))
    answer = client_of(team.me).get(f"/api/runs/{team.run.pk}/review-queue/", {"cursor": there.pk})
    assert answer.status_code == 400


def test_the_pace_is_ones_own(team: Team, client_of: Clients):
    path = f"/api/runs/{team.run.pk}/review-queues/"
    rate(team.segments[0], team.others[0], 3, seconds=60.0)
    assert client_of(team.me).get(path).json()["mean_seconds"] is None
    rate(team.segments[0], team.me, 3, seconds=3.0)
    rate(team.segments[1], team.me, 3, seconds=5.0)
    assert client_of(team.me).get(path).json()["mean_seconds"] == 4.0


def test_labels_with_a_digit_come_first_and_only_current_ones_of_the_project(team: Team, client_of: Clients):
    project = team.run.project
    an_action(project, "Clamp")
    an_action(project, "Turn", digit=2)
    an_action(project, "Grip", digit=1)
    an_action(project, "Old", deprecated=True)
    an_action(a_project(a_user()), "Theirs")
    labels = client_of(team.me).get(f"/api/runs/{team.run.pk}/review-queues/").json()["labels"]
    assert [(one["name"], one["digit"]) for one in labels] == [("Grip", 1), ("Turn", 2), ("Clamp", None)]
