"""Comments at a moment, whom they name, and what a reviewer may not read yet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from django.test import Client

from backend.projects.models import AuditEntry, Membership, Project, Role, User
from backend.reviews import comments, services
from backend.reviews.models import Comment, Mention
from backend.videos.models import Video
from backend.vocabulary.models import EMBEDDING_DIM, Segment
from tests.factories.runs import a_project, a_run, a_user, a_video, some_segments

pytestmark = pytest.mark.django_db
Clients = Callable[[User], Client]


@dataclass
class Team:
    manager: User
    first: User
    second: User
    viewer: User
    project: Project
    video: Video
    segment: Segment


@pytest.fixture
def team() -> Team:
    manager = a_user("mira.k")
    project = a_project(manager, Role.MANAGER)
    first, second, viewer = a_user("ana"), a_user("bo@plant.example"), a_user("Vera")
    for person, role in ((first, Role.REVIEWER), (second, Role.REVIEWER), (viewer, Role.VIEWER)):
        Membership.objects.create(project=project, user=person, role=role)
    video = a_video(project)
    run = a_run(project, [video])
    (segment,) = some_segments(run, video, np.ones((1, EMBEDDING_DIM)))
    return Team(manager, first, second, viewer, project, video, segment)


def post(client: Client, path: str, data: dict[str, object]):
    return client.post(path, data, content_type="application/json")


def patch(client: Client, path: str, data: dict[str, object]):
    return client.patch(path, data, content_type="application/json")


def test_a_comment_is_read_by_members_in_order_of_time(team: Team, client_of: Clients):
    path = f"/api/videos/{team.video.pk}/comments/"
    for time_s, text in ((20.0, "second"), (4.5, "first")):
        assert post(client_of(team.first), path, {"time_s": time_s, "text": text}).status_code == 201
    shown = client_of(team.viewer).get(path).json()
    assert [(row["time_s"], row["text"]) for row in shown["results"]] == [(4.5, "first"), (20.0, "second")]
    assert shown["total"] == 2
    assert [row["mine"] for row in client_of(team.first).get(path).json()["results"]] == [True, True]
    assert shown["results"][0]["mine"] is False


def test_viewers_read_and_do_not_write_and_others_find_nothing(team: Team, client_of: Clients):
    paths = (f"/api/videos/{team.video.pk}/comments/", f"/api/segments/{team.segment.pk}/comments/")
    stranger = a_user()
    a_project(stranger)
    made = comments.write(video=team.video, time_s=1, text="mine", by=team.first)
    for path in paths:
        assert post(client_of(team.viewer), path, {"time_s": 1, "text": "no"}).status_code == 403
        assert client_of(stranger).get(path).status_code == 404
        assert post(client_of(stranger), path, {"time_s": 1, "text": "no"}).status_code == 404
    for client, status in ((client_of(team.viewer), 403), (client_of(stranger), 404)):
        assert patch(client, f"/api/comments/{made.pk}/", {"resolved": True}).status_code == status
        assert client.delete(f"/api/comments/{made.pk}/").status_code == status
    assert client_of(stranger).get(f"/api/projects/{team.project.pk}/people/").status_code == 404
    assert Comment.objects.get().resolved_at is None


def test_only_its_writer_rewrites_it_and_a_manager_may_delete_it(team: Team, client_of: Clients):
    made = comments.write(video=team.video, time_s=1, text="befor", by=team.first)
    path = f"/api/comments/{made.pk}/"
    for other in (team.second, team.manager):
        answer = patch(client_of(other), path, {"text": "mine now"})
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert client_of(team.second).delete(path).status_code == 403
    edited = patch(client_of(team.first), path, {"text": "before"}).json()
    assert edited["text"] == "before"
    assert edited["edited_at"] is not None
    assert patch(client_of(team.second), path, {"resolved": True}).json()["resolved_by"] == team.second.shown_name
    assert patch(client_of(team.second), path, {"resolved": False}).json()["resolved_at"] is None
    assert client_of(team.manager).delete(path).status_code == 204
    (row,) = client_of(team.viewer).get(f"/api/videos/{team.video.pk}/comments/").json()["results"]
    assert row["text"] == ""
    assert row["deleted_at"] is not None
    assert Comment.objects.get().text == "", "the words are gone, not only hidden"
    assert AuditEntry.objects.filter(kind="comment.deleted", by=team.manager).count() == 1
    assert client_of(team.first).delete(path).json()["code"] == "comment_deleted"
    assert patch(client_of(team.first), path, {"text": "again"}).status_code == 409


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"time_s": 1, "text": "x" * 10_000}, "A comment may have 4,000 characters."),
        ({"time_s": 1, "text": "a\0b"}, "ull characters"),
        ({"time_s": 1, "text": "\u202e \n\u200f"}, "Write something first."),
        ({"time_s": 1, "text": "  "}, "text"),
        ({"time_s": -1, "text": "x"}, "not before it"),
        ({"time_s": 1e9, "text": "x"}, "The video ends at 60.000 s."),
        ({"time_s": "soon", "text": "x"}, "time_s"),
        ({"text": "x"}, "time_s"),
    ],
)
def test_a_bad_comment_is_refused_in_words(team: Team, client_of: Clients, said: dict[str, object], why: str):
    answer = post(client_of(team.first), f"/api/videos/{team.video.pk}/comments/", said)
    assert answer.status_code == 400
    assert why in answer.json()["message"]
    assert not Comment.objects.exists()


def test_a_time_that_is_no_number_is_refused(team: Team, client_of: Clients):
    path = f"/api/videos/{team.video.pk}/comments/"
    for time in ("NaN", "1e999", "-1e999"):
        body = f'{{"text": "x", "time_s": {time}}}'
        answer = client_of(team.first).post(path, body, content_type="application/json")
        assert answer.status_code == 400, time
    assert not Comment.objects.exists()


def test_markup_is_kept_as_the_text_it_is_and_turning_marks_are_not(team: Team, client_of: Clients):
    text = "<script>alert(1)</script> <img src=x onerror=alert(1)>\nsecond \u202eline"
    path = f"/api/videos/{team.video.pk}/comments/"
    answer = post(client_of(team.first), path, {"time_s": 1, "text": text})
    assert answer.json()["text"] == text.replace("\u202e", "")
    assert answer["Content-Type"] == "application/json"


def test_a_primitive_of_another_project_cannot_be_commented_on(team: Team, client_of: Clients):
    owner = a_user()
    elsewhere = a_project(owner)
    video = a_video(elsewhere)
    (foreign,) = some_segments(a_run(elsewhere, [video]), video, np.ones((1, EMBEDDING_DIM)))
    path = f"/api/videos/{team.video.pk}/comments/"
    said = {"time_s": 1, "text": "x", "segment": foreign.pk}
    assert post(client_of(team.first), path, said).status_code == 404
    Membership.objects.create(project=elsewhere, user=team.first, role=Role.REVIEWER)
    answer = post(client_of(team.first), path, said)
    assert (answer.status_code, answer.json()["code"]) == (400, "not_of_this_project")
    assert not Comment.objects.exists()


def test_what_others_say_of_a_primitive_is_hidden_until_one_has_judged_it(team: Team, client_of: Clients):
    path = f"/api/segments/{team.segment.pk}/comments/"
    made = post(client_of(team.first), path, {"text": "unusable, cut too late"}).json()
    assert made["time_s"] == team.segment.start_s

    def read(who: User) -> list[str]:
        both = [client_of(who).get(one).json() for one in (path, f"/api/videos/{team.video.pk}/comments/")]
        assert both[0] == both[1], "the workbench hides what the review screen hides"
        return [row["text"] for row in both[0]["results"]]

    hidden = f"/api/comments/{made['id']}/"
    assert read(team.first) == read(team.manager) == ["unusable, cut too late"]
    assert read(team.second) == read(team.viewer) == []
    assert patch(client_of(team.second), hidden, {"resolved": True}).status_code == 404
    services.give_review(segment=team.segment, by=team.second, skipped=True)
    assert read(team.second) == [], "skipping is not judging"
    services.give_review(segment=team.segment, by=team.second, quality=2, confidence=1)
    assert read(team.second) == ["unusable, cut too late"]


def test_a_manager_who_judges_does_it_blind(team: Team, client_of: Clients):
    path = f"/api/segments/{team.segment.pk}/comments/"
    post(client_of(team.first), path, {"text": "unusable, cut too late"})
    post(client_of(team.manager), path, {"text": "mine"})

    def read(query: str) -> list[str]:
        return [row["text"] for row in client_of(team.manager).get(path + query).json()["results"]]

    assert read("?blind=true") == ["mine"]
    assert read("") == ["unusable, cut too late", "mine"]
    services.give_review(segment=team.segment, by=team.manager, quality=2, confidence=1)
    assert read("?blind=true") == ["unusable, cut too late", "mine"]
    assert client_of(team.manager).get(f"{path}?blind=perhaps").status_code == 400


def test_members_are_mentioned_and_nobody_else(team: Team):
    a_user("stranger")
    text = "@ANA look, @bo@plant.example. too; @mira.k, not @stranger or x@ana or @anabel"
    made = comments.write(video=team.video, time_s=1, text=text, by=team.viewer)
    named = {mention.user.username for mention in made.mentions.all()}
    assert named == {"ana", "bo@plant.example", "mira.k"}
    own = comments.write(video=team.video, time_s=1, text="@ana", by=team.first)
    assert not own.mentions.exists(), "nobody is told of their own words"


def test_a_mention_is_new_until_seen_and_leads_to_its_moment(team: Team, client_of: Clients):
    client = client_of(team.second)
    for time_s in (3.0, 4.0):
        comments.write(video=team.video, time_s=time_s, text="@bo@plant.example here", by=team.first)
    shown = client.get("/api/mentions/").json()
    assert shown["unseen"] == 2
    newest = shown["results"][0]
    assert (newest["project"], newest["video"], newest["time_s"]) == (team.project.pk, team.video.pk, 4.0)
    assert newest["text"] == "@bo@plant.example here"
    assert post(client_of(team.first), "/api/mentions/seen/", {"ids": [newest["id"]]}).status_code == 204
    assert client.get("/api/mentions/").json()["unseen"] == 2, "one's own only"
    post(client, "/api/mentions/seen/", {"ids": [newest["id"]]})
    after = client.get("/api/mentions/").json()
    assert after["unseen"] == 1
    assert [row["time_s"] for row in after["results"]] == [3.0, 4.0], "what is not seen comes first"
    post(client, "/api/mentions/seen/", {})
    assert client.get("/api/mentions/").json()["unseen"] == 0


def test_a_mention_does_not_say_what_was_written_about_a_primitive_not_judged_yet(team: Team, client_of: Clients):
    comments.write(video=team.video, time_s=1, text="@bo@plant.example a 3", by=team.first, segment=team.segment)
    client = client_of(team.second)
    (row,) = client.get("/api/mentions/").json()["results"]
    assert (row["text"], row["segment"], row["run"]) == (None, team.segment.pk, team.segment.run_id)
    services.give_review(segment=team.segment, by=team.second, quality=2, confidence=1)
    (row,) = client.get("/api/mentions/").json()["results"]
    assert row["text"] == "@bo@plant.example a 3"


def test_mentions_follow_the_text_and_the_membership(team: Team, client_of: Clients):
    made = comments.write(video=team.video, time_s=1, text="@ana @bo@plant.example", by=team.manager)
    comments.mark_seen(team.second)
    comments.rewrite(made, text="@bo@plant.example and @vera", by=team.manager)
    assert set(made.mentions.values_list("user__username", flat=True)) == {"bo@plant.example", "Vera"}
    assert made.mentions.get(user=team.second).seen_at is not None, "seen once is seen"
    Membership.objects.filter(user=team.viewer).delete()
    assert client_of(team.viewer).get("/api/mentions/").json() == {"unseen": 0, "results": []}
    comments.delete(made, by=team.manager, is_manager=True)
    assert not Mention.objects.exists()


def test_whom_one_can_name_are_the_members(team: Team, client_of: Clients):
    a_user("stranger")
    shown = client_of(team.viewer).get(f"/api/projects/{team.project.pk}/people/").json()
    assert {row["username"] for row in shown} == {"mira.k", "ana", "bo@plant.example", "Vera"}
