"""Assigning, judging blind, agreeing, settling."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pytest
from django.test import Client

from backend.common import happenings
from backend.projects.models import Membership, Role, User
from backend.reviews import selectors, services
from backend.reviews.exceptions import NotAReviewer, NotOfThisProject
from backend.reviews.models import Assignment, Review
from backend.runs.models import Run
from backend.vocabulary.models import EMBEDDING_DIM, Cluster, Segment
from tests.factories.runs import a_project, a_run, a_user, a_video, an_action, some_segments

pytestmark = pytest.mark.django_db
Clients = Callable[[User], Client]


@dataclass
class Team:
    manager: User
    reviewers: list[User]
    viewer: User
    run: Run
    segments: list[Segment]


@pytest.fixture
def team() -> Team:
    manager = a_user()
    project = a_project(manager, Role.MANAGER)
    reviewers = [a_user() for _ in range(3)]
    viewer = a_user()
    for person, role in [*((one, Role.REVIEWER) for one in reviewers), (viewer, Role.VIEWER)]:
        Membership.objects.create(project=project, user=person, role=role)
    video = a_video(project)
    run = a_run(project, [video])
    segments = some_segments(run, video, np.random.default_rng(0).normal(size=(20, EMBEDDING_DIM)))
    return Team(manager, reviewers, viewer, run, segments)


def rate(segment: Segment, by: User, quality: int, confidence: int = 2, **more: object) -> Review:
    return services.give_review(segment=segment, by=by, quality=quality, confidence=confidence, **more)


def put(client: Client, path: str, data: dict[str, object]):
    return client.put(path, data, content_type="application/json")


def post(client: Client, path: str, data: dict[str, object] | None = None):
    return client.post(path, data or {}, content_type="application/json")


def test_a_share_goes_to_two_and_everybody_gets_as_many(team: Team):
    given = services.assign(run=team.run, reviewers=team.reviewers, by=team.manager, share=0.5)
    assert (given.segments, given.twice, given.assignments) == (20, 10, 30)
    by_person = [Assignment.objects.filter(reviewer=one).count() for one in team.reviewers]
    assert max(by_person) - min(by_person) <= 1
    people = [set(one.assignments.values_list("reviewer", flat=True)) for one in team.segments]
    assert sorted(map(len, people)) == [1] * 10 + [2] * 10
    assert len({frozenset(pair) for pair in people if len(pair) == 2}) == 3, "everybody is paired with everybody"


def test_the_default_share_is_a_fifth_and_one_reviewer_judges_alone(team: Team):
    assert services.assign(run=team.run, reviewers=team.reviewers, by=team.manager).twice == 4
    assert services.assign(run=team.run, reviewers=team.reviewers[:1], by=team.manager).twice == 0


def test_only_reviewers_of_the_project_are_given_work_and_only_its_primitives(team: Team):
    for stranger in (team.viewer, a_user()):
        with pytest.raises(NotAReviewer):
            services.assign(run=team.run, reviewers=[stranger], by=team.manager)
    other = a_run(team.run.project, [team.segments[0].video])
    with pytest.raises(NotOfThisProject):
        services.assign(run=other, reviewers=team.reviewers, by=team.manager, segments=[team.segments[0].pk])
    assert not Assignment.objects.exists()


def test_the_queue_is_what_was_assigned_and_is_not_judged_yet(team: Team, client_of: Clients):
    one = team.reviewers[0]
    mine = [segment.pk for segment in team.segments[:3]]
    services.assign(run=team.run, reviewers=[one], by=team.manager, segments=mine)
    client = client_of(one)

    def ask() -> list[int]:
        return [row["id"] for row in client.get(f"/api/runs/{team.run.pk}/review-queue/").json()["results"]]

    assert ask() == mine
    path = f"/api/segments/{mine[0]}/review/"
    assert put(client, path, {"quality": 3, "confidence": 1, "seconds": 3.5}).status_code == 200
    assert put(client, f"/api/segments/{mine[1]}/review/", {"skipped": True}).status_code == 200
    assert ask() == mine[2:]
    assert put(client, path, {"quality": 1, "confidence": 1}).json()["quality"] == 1
    assert Review.objects.count() == 2
    assert Segment.objects.get(pk=mine[0]).quality == 1
    assert Segment.objects.get(pk=mine[1]).quality is None
    progress = {row["reviewer"]: row for row in client.get(f"/api/runs/{team.run.pk}/review-progress/").json()}
    assert {name: progress[one.pk][name] for name in ("assigned", "done", "skipped")} == {
        "assigned": 3,
        "done": 1,
        "skipped": 1,
    }


def test_nobody_sees_another_rating_before_giving_theirs(team: Team, client_of: Clients):
    first, second, _ = team.reviewers
    segment = team.segments[0]
    rate(segment, first, 3)
    path = f"/api/segments/{segment.pk}/reviews/"
    assert client_of(second).get(path).json() == []
    assert client_of(team.viewer).get(path).json() == []
    assert len(client_of(team.manager).get(path).json()) == 1
    put(client_of(second), f"/api/segments/{segment.pk}/review/", {"skipped": True})
    assert len(client_of(second).get(path).json()) == 1, "skipping is not judging"
    rate(segment, second, 2)
    assert [row["quality"] for row in client_of(second).get(path).json()] == [3, 2]


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({}, "Give a quality"),
        ({"quality": 4, "confidence": 0}, "quality"),
        ({"quality": 3}, "Give a quality"),
        ({"quality": 3, "confidence": -1}, "confidence"),
        ({"quality": 3, "confidence": 1, "start_s": 5, "end_s": 4}, "begin before it ends"),
        ({"quality": 3, "confidence": 1, "start_s": -1}, "begin before it ends"),
        ({"quality": 3, "confidence": 1, "end_s": 1e9}, "The video ends"),
        ({"quality": 3, "confidence": 1, "comment": "x" * 5000}, "comment"),
        ({"quality": 3, "confidence": 1, "comment": "a\0b"}, "comment"),
    ],
)
def test_a_bad_review_is_refused_in_words_and_leaves_nothing(
    team: Team, client_of: Clients, said: dict[str, object], why: str
):
    answer = put(client_of(team.reviewers[0]), f"/api/segments/{team.segments[0].pk}/review/", said)
    assert answer.status_code == 400
    assert why in answer.json()["message"]
    assert not Review.objects.exists()


def test_a_review_of_another_project_is_not_found_and_a_foreign_action_neither(team: Team, client_of: Clients):
    outsider = a_user()
    elsewhere = a_project(outsider)
    foreign = an_action(elsewhere, "press")
    rating = {"quality": 3, "confidence": 2}
    path = f"/api/segments/{team.segments[0].pk}/review/"
    assert put(client_of(outsider), path, rating).status_code == 404
    assert put(client_of(team.viewer), path, rating).status_code == 403
    assert put(client_of(team.reviewers[0]), path, {**rating, "action": foreign.pk}).status_code == 404
    for name in ("review-queue", "review-progress", "agreement", "conflicts"):
        assert client_of(outsider).get(f"/api/runs/{team.run.pk}/{name}/").status_code == 404
    assert post(client_of(outsider), f"/api/runs/{team.run.pk}/assignments/", {"reviewers": [1]}).status_code == 404
    assert not Review.objects.exists()


def test_agreement_worked_by_hand(team: Team, client_of: Clients):
    first, second, third = team.reviewers
    press = an_action(team.run.project, "press")
    lift = an_action(team.run.project, "lift")
    # Things: (0, 0), (1, 1), (0, 1), as in tests/ml/test_agreement.py: alpha = 4/9.
    for segment, (a, b), labels in zip(
        team.segments, [(0, 0), (1, 1), (0, 1)], [(press, press), (lift, lift), (press, lift)], strict=False
    ):
        rate(segment, first, a, 2, action=labels[0])
        rate(segment, second, b, 1, action=labels[1], end_s=segment.end_s - 0.5)
    rate(team.segments[3], third, 3, 0)
    found = selectors.agreement_of(team.run)
    assert found.quality.alpha == pytest.approx(4 / 9)
    assert (found.quality.n_units, found.quality.n_ratings) == (3, 6)
    assert found.labels.alpha == pytest.approx(4 / 9), "two values: nominal and interval distances are the same"
    assert (found.end.value, found.end.n) == (pytest.approx(0.5), 3)
    assert found.start.value == 0
    assert found.overlap.value == pytest.approx(1.5 / 2)
    assert found.confidences == [1, 3, 3]
    assert found.confidence.value == pytest.approx(9 / 7)
    (pair,) = found.pairs
    assert (pair.n, pair.same_quality, pair.same_label) == (3, pytest.approx(2 / 3), pytest.approx(2 / 3))
    assert (found.funnel.candidates, found.funnel.rated, found.funnel.kept) == (20, 4, 1)
    shown = client_of(team.viewer).get(f"/api/runs/{team.run.pk}/agreement/").json()
    assert shown["quality"]["alpha"] == pytest.approx(4 / 9)
    assert shown["quality"]["low"] <= 4 / 9 <= shown["quality"]["high"]


def test_nothing_judged_is_no_agreement(team: Team, client_of: Clients):
    shown = client_of(team.viewer).get(f"/api/runs/{team.run.pk}/agreement/").json()
    assert shown["quality"] == {"alpha": None, "low": None, "high": None, "n_units": 0, "n_ratings": 0}
    assert shown["funnel"] == {"candidates": 20, "rated": 0, "kept": 0}


def test_a_conflict_is_settled_and_that_taken_back(team: Team, client_of: Clients):
    first, second, _ = team.reviewers
    press, lift = an_action(team.run.project, "press"), an_action(team.run.project, "lift")
    agreed, apart, named = team.segments[:3]
    rate(agreed, first, 2), rate(agreed, second, 3)
    rate(apart, first, 0), rate(apart, second, 3)
    rate(named, first, 2, action=press), rate(named, second, 2, action=lift)
    manager = client_of(team.manager)

    def conflicts() -> list[int]:
        found = manager.get(f"/api/runs/{team.run.pk}/conflicts/").json()["results"]
        return [row["segment"]["id"] for row in found]

    assert conflicts() == [apart.pk, named.pk]
    path = f"/api/segments/{apart.pk}/adjudications/"
    assert post(client_of(first), path, {"quality": 3}).status_code == 403
    settled = post(manager, path, {"quality": 3, "action": press.pk, "note": "seen twice"})
    assert settled.status_code == 201
    apart.refresh_from_db()
    assert (apart.quality, apart.action_id) == (3, press.pk)
    assert conflicts() == [named.pk]
    rate(apart, second, 0)
    apart.refresh_from_db()
    assert apart.quality == 3, "what was settled stays settled"

    undo = f"/api/adjudications/{settled.json()['id']}/undo/"
    assert post(client_of(a_user()), undo).status_code == 404
    assert post(manager, undo).status_code == 204
    apart.refresh_from_db()
    assert (apart.quality, apart.action_id) == (0, None)
    assert post(manager, undo).status_code == 409


def test_the_plan_is_the_managers_to_change(team: Team, client_of: Clients):
    path = f"/api/projects/{team.run.project_id}/review-plan/"
    assert client_of(team.viewer).get(path).json() == {"double_share": 0.2}
    assert put(client_of(team.reviewers[0]), path, {"double_share": 0.5}).status_code == 403
    assert put(client_of(team.manager), path, {"double_share": 1.5}).status_code == 400
    assert put(client_of(team.manager), path, {"double_share": 0.5}).json() == {"double_share": 0.5}
    assert client_of(a_user()).get(path).status_code == 404


def test_the_last_review_of_what_was_assigned_is_told_once(team: Team):
    told: list[dict[str, object]] = []

    def listen(sender: object, *, project_id: int, facts: dict[str, object], **_: object) -> None:
        told.append({"project": project_id, **facts})

    first, second = team.segments[:2]
    reviewer = team.reviewers[0]
    services.assign(run=team.run, reviewers=[reviewer], by=team.manager, segments=[first.pk, second.pk])
    happenings.review_done.connect(listen)
    try:
        rate(team.segments[5], reviewer, 3)  # was not asked for
        rate(first, reviewer, 3)
        assert told == []
        rate(second, reviewer, 2)
        rate(second, reviewer, 1)  # a change of mind
        rate(team.segments[6], reviewer, 3)
    finally:
        happenings.review_done.disconnect(listen)
    assert told == [
        {
            "project": team.run.project_id,
            "run": team.run.pk,
            "number": team.run.number,
            "reviewer": reviewer.username,
            "judged": 2,
        }
    ]


def test_what_is_given_out_can_be_chosen(team: Team, client_of: Clients):
    first, second, _ = team.reviewers
    manager = client_of(team.manager)
    rated, given = team.segments[:2]
    rate(rated, first, 3)
    services.assign(run=team.run, reviewers=[first], by=team.manager, segments=[given.pk])
    press = an_action(team.run.project, "press")
    cluster = Cluster.objects.create(run=team.run, index=4, size=5, action=press)
    Segment.objects.filter(pk__in=[one.pk for one in team.segments[2:7]]).update(cluster=cluster)
    path = f"/api/runs/{team.run.pk}/assignments/"

    def ask(**choice: object) -> set[int]:
        Assignment.objects.filter(reviewer=second).delete()
        answer = post(manager, path, {"reviewers": [second.pk], **choice})
        assert answer.status_code == 201, answer.json()
        found = set(Assignment.objects.filter(reviewer=second).values_list("segment", flat=True))
        assert answer.json()["segments"] == len(found)
        return found

    every = {one.pk for one in team.segments}
    assert ask() == every
    assert ask(only="unrated") == every - {rated.pk}
    assert ask(only="unassigned") == every - {given.pk}
    of_cluster = {one.pk for one in team.segments[2:7]}
    assert ask(cluster=4) == ask(action=press.pk) == of_cluster
    drawn = ask(cluster=4, draw=2)
    assert len(drawn) == 2
    assert drawn < of_cluster
    assert len(ask(draw=1000)) == 20
    assert ask(segments=[rated.pk, given.pk], only="unrated") == {given.pk}
    for bad in ({"draw": 0}, {"only": "owner__password"}, {"cluster": -1}, {"double_share": 2}):
        assert post(manager, path, {"reviewers": [second.pk], **bad}).status_code == 400
    none = post(manager, path, {"reviewers": [second.pk], "cluster": 9})
    assert (none.status_code, none.json()["code"]) == (400, "nothing_to_review")


def test_who_rates_higher_than_the_others_is_seen(team: Team, client_of: Clients):
    first, second, third = team.reviewers
    # Own minus the mean of the others, worked by hand: first +1 and +1, second -1 and -2, third +1.
    for segment, ratings in zip(team.segments, [{first: 3, second: 2}, {first: 2, second: 0, third: 2}], strict=False):
        for person, quality in ratings.items():
            rate(segment, person, quality)
    rate(team.segments[5], third, 0)
    services.give_review(segment=team.segments[0], by=third, skipped=True)
    shown = client_of(team.viewer).get(f"/api/runs/{team.run.pk}/agreement/").json()["biases"]
    assert [(row["reviewer"], row["figure"]["value"], row["figure"]["n"]) for row in shown] == [
        (first.pk, pytest.approx(1.0), 2),
        (second.pk, pytest.approx(-1.5), 2),
        (third.pk, pytest.approx(1.0), 1),
    ]
    assert shown[1]["figure"]["low"] == pytest.approx(-2.0)
    assert shown[1]["figure"]["high"] == pytest.approx(-1.0)


def test_when_somebody_was_last_seen_is_shown(team: Team, client_of: Clients):
    first, second, _ = team.reviewers
    review = rate(team.segments[0], first, 3)
    rows = {
        row["reviewer"]: row for row in client_of(team.viewer).get(f"/api/runs/{team.run.pk}/review-progress/").json()
    }
    assert datetime.fromisoformat(rows[first.pk]["last_seen"]) == review.updated_at
    assert rows[second.pk]["last_seen"] is None


def test_what_was_settled_is_listed_until_it_is_taken_back(team: Team, client_of: Clients):
    first, second, _ = team.reviewers
    rate(team.segments[0], first, 0), rate(team.segments[0], second, 3)
    manager = client_of(team.manager)
    path = f"/api/runs/{team.run.pk}/settled/"
    for quality in (1, 2):  # settled anew: the first decision is taken back by the second
        answer = post(
            manager, f"/api/segments/{team.segments[0].pk}/adjudications/", {"quality": quality, "note": "edge"}
        )
    (row,) = manager.get(path).json()["results"]
    assert (row["adjudication"]["quality"], row["adjudication"]["note"]) == (2, "edge")
    assert [one["quality"] for one in row["reviews"]] == [0, 3]
    assert client_of(first).get(path).status_code == 403
    assert client_of(a_user()).get(path).status_code == 404
    assert post(manager, f"/api/adjudications/{answer.json()['id']}/undo/").status_code == 204
    assert manager.get(path).json() == {"results": [], "total": 0}
    found = manager.get(f"/api/runs/{team.run.pk}/conflicts/").json()
    assert (found["total"], found["results"][0]["spread"]) == (1, 3)
