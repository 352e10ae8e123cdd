"""Annotations of a video: files in, lists out, and to whom."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from backend.projects.models import Membership, Role, User
from backend.videos import services
from backend.videos.models import Annotation, Video
from tests.factories.runs import a_project, a_user, a_video

pytestmark = pytest.mark.django_db

ClientOf = Callable[[User], Client]
HAND = {"segments": [{"start": 3, "end": 4, "label": "pick"}, {"start": 1, "end": 3, "label": None}]}
TWO_HANDS = {"segments": [{"start": 3, "end": 4, "label": "pick"}, {"start": 1, "end": 3.5, "label": "hold"}]}


@pytest.fixture
def owner() -> User:
    return a_user("owner")


@pytest.fixture
def video(owner: User) -> Video:
    video = a_video(a_project(owner), duration_s=10.0, fps=25.0)
    video.title = "shift 1.mp4"
    video.save()
    return video


def send(client: Client, video: Video, content: Any, filename: str = "mira.json", **form: str) -> Any:
    body = content if isinstance(content, str) else json.dumps(content)
    file = SimpleUploadedFile(filename, body.encode())
    return client.post(f"/api/videos/{video.pk}/annotations/", {"file": file, **form})


def test_a_file_becomes_a_lane_in_order_of_time(video: Video, owner: User, client_of: ClientOf) -> None:
    client = client_of(owner)
    made = send(client, video, HAND, name="  by Mira ")
    assert made.status_code == 201, made.content
    body = made.json()
    assert (body["name"], body["source"]) == ("by Mira", "segments")
    assert body["segments"] == [{"start": 1.0, "end": 3.0, "label": ""}, {"start": 3.0, "end": 4.0, "label": "pick"}]
    assert body.pop("notice") == services.NOT_IN_ORDER
    assert client.get(f"/api/videos/{video.pk}/annotations/").json() == [body]
    assert send(client, video, HAND).json()["name"] == "mira"
    assert client.delete(f"/api/annotations/{body['id']}/").status_code == 204
    assert [one["name"] for one in client.get(f"/api/videos/{video.pk}/annotations/").json()] == ["mira"]


@pytest.mark.parametrize(
    ("content", "filename"),
    [
        ({"segments": HAND["segments"][::-1]}, "hand.json"),
        ("start,end,label\n1,2,turn\n2,3,hold\n2.5,3,background\n2.2,2.4,sil\n", "in_order.csv"),
        ("pick\npick\nplace\n", "labels.txt"),
    ],
)
def test_what_is_in_order_of_time_is_not_remarked_on(
    content: Any, filename: str, video: Video, owner: User, client_of: ClientOf
) -> None:
    made = send(client_of(owner), video, content, filename)
    assert (made.status_code, made.json()["notice"]) == (201, "")


def test_a_table_in_another_order_is_put_in_order_and_remarked_on(
    video: Video, owner: User, client_of: ClientOf
) -> None:
    table = "start,end,label\n3,4,pick\n1,2,hold\n"
    made = send(client_of(owner), video, table, "unsorted.csv").json()
    assert made["segments"] == [
        {"start": 1.0, "end": 2.0, "label": "hold"},
        {"start": 3.0, "end": 4.0, "label": "pick"},
    ]
    assert made["notice"].startswith("The file lists its segments in another order")


def test_the_truth_of_a_rendered_video_comes_first(video: Video, owner: User, client_of: ClientOf) -> None:
    video.truth = {"segments": [{"start": 0.5, "end": 1.5, "label": "screw"}], "boundaries": [1.5]}
    video.save()
    client = client_of(owner)
    send(client, video, HAND, name="a")
    listed = client.get(f"/api/videos/{video.pk}/annotations/").json()
    assert [(one["id"] is None, one["name"]) for one in listed] == [(True, "truth"), (False, "a")]
    assert listed[0]["segments"] == [{"start": 0.5, "end": 1.5, "label": "screw"}]


def test_a_file_may_be_the_body_itself(video: Video, owner: User, client_of: ClientOf) -> None:
    answer = client_of(owner).post(
        f"/api/videos/{video.pk}/annotations/?filename=x.csv&name=table",
        "start,end,label\n1,2,turn\n",
        content_type="text/csv",
    )
    assert answer.status_code == 201, answer.content
    assert (answer.json()["name"], answer.json()["source"]) == ("table", "table")


@pytest.mark.parametrize(
    ("content", "filename", "source"),
    [
        ("pick\npick\nplace\n", "labels.txt", "frame labels"),
        ({"database": {"shift 1": {"annotations": [{"segment": [1, 2], "label": "a"}]},
                       "other": {"annotations": [{"segment": [3, 4], "label": "b"}]}}}, "all.json", "ActivityNet"),
        ({"segments": [{"start_s": 1, "end_s": 2, "energy_mean": 1.0, "cluster": 0}]}, "segments.json", "Kineme"),
        ({"segments": [{"start_sec": 1, "end_sec": 2, "label": "segment_0"}]}, "x_segments.json", "LAPS"),
    ],
)  # fmt: skip
def test_formats_are_told_apart(
    content: Any, filename: str, source: str, video: Video, owner: User, client_of: ClientOf
) -> None:
    answer = send(client_of(owner), video, content, filename)
    assert answer.status_code == 201, answer.content
    assert answer.json()["source"] == source


@pytest.mark.parametrize(
    ("content", "filename", "sentence"),
    [
        ("no json", "mira.json", "mira.json: it is not JSON."),
        ("[1]", "mira.json", "mira.json: it has the shape of no annotation we know."),
        ({"segments": [{"start": -1, "end": 2}]}, "mira.json", "its start is negative"),
        ('{"segments": [{"start": NaN, "end": 2}]}', "mira.json", "is no finite number"),
        ({"segments": [{"start": 2, "end": 2}]}, "mira.json", "it ends at 2 s and starts at 2 s"),
        ({"segments": [{"start": 2, "end": 11}]}, "mira.json", "Segment 1 (2.00 to 11.00 s) lies beyond the end"),
        ({"segments": [{"start": 10.1, "end": 10.3}]}, "mira.json", "which is 10.00 s long"),
        ({"segments": []}, "mira.json", "The file marks no action in this video."),
        ({"database": {"a": {"annotations": []}, "b": {"annotations": []}}}, "all.json", "is about 2 videos, and not"),
        ("x", "../../etc/passwd", "passwd: it is not JSON"),
        ("\x00", "x.eaf", "x.eaf: it is not XML"),
    ],
)
def test_what_cannot_be_used_is_refused_in_a_sentence(
    content: Any, filename: str, sentence: str, video: Video, owner: User, client_of: ClientOf
) -> None:
    answer = send(client_of(owner), video, content, filename)
    assert answer.status_code == 400, answer.content
    assert sentence in answer.json()["message"]
    assert not Annotation.objects.exists()


def test_an_end_a_little_behind_the_videos_is_its_end(video: Video, owner: User, client_of: ClientOf) -> None:
    made = send(client_of(owner), video, {"segments": [{"start": 9, "end": 10.4}]}).json()
    assert made["segments"] == [{"start": 9.0, "end": 10.0, "label": ""}]


def test_one_name_is_taken_once(video: Video, owner: User, client_of: ClientOf) -> None:
    client = client_of(owner)
    assert send(client, video, HAND, name="a").status_code == 201
    for name in ("a", "truth"):
        answer = send(client, video, HAND, name=name)
        assert (answer.status_code, answer.json()["code"]) == (409, "annotation_name_taken")
    assert Annotation.objects.count() == 1


def test_a_file_of_more_than_five_megabytes_is_refused(video: Video, owner: User, client_of: ClientOf) -> None:
    client, large = client_of(owner), " " * 5_000_001
    assert send(client, video, large).status_code == 413
    raw = client.post(f"/api/videos/{video.pk}/annotations/?filename=a.json", large, content_type="text/plain")
    assert (raw.status_code, raw.json()["code"]) == (413, "too_large")


def test_viewers_look_managers_add_and_strangers_see_nothing(video: Video, owner: User, client_of: ClientOf) -> None:
    made = send(client_of(owner), video, HAND).json()
    path, one = f"/api/videos/{video.pk}/annotations/", f"/api/annotations/{made['id']}/"
    for role, reads, writes in ((Role.VIEWER, 200, 403), (Role.REVIEWER, 200, 403)):
        user = a_user()
        Membership.objects.create(project=video.project, user=user, role=role)
        assert client_of(user).get(path).status_code == reads
        assert send(client_of(user), video, HAND, name="b").status_code == writes
        assert client_of(user).delete(one).status_code == writes
    stranger = a_user("stranger")
    a_video(a_project(stranger))
    assert client_of(stranger).get(path).status_code == 404
    assert send(client_of(stranger), video, HAND, name="b").status_code == 404
    assert client_of(stranger).delete(one).status_code == 404
    assert Client().get(path).status_code == 401
    assert Annotation.objects.count() == 1


def test_segments_that_share_time_are_kept_only_if_that_is_meant(
    video: Video, owner: User, client_of: ClientOf
) -> None:
    client = client_of(owner)
    answer = send(client, video, TWO_HANDS)
    assert (answer.status_code, answer.json()["code"]) == (400, "overlapping")
    said = "Segment 2 in order of time (“pick”, 3.00 to 4.00 s) begins before “hold” has ended at 3.50 s."
    assert answer.json()["message"] == said
    assert not Annotation.objects.exists()
    assert len(send(client, video, TWO_HANDS, overlapping="true").json()["segments"]) == 2
    raw = f"/api/videos/{video.pk}/annotations/?filename=x.json&name=raw"
    body = json.dumps(TWO_HANDS)
    assert client.post(raw, body, content_type="text/plain").status_code == 400
    assert client.post(f"{raw}&overlapping=true", body, content_type="text/plain").status_code == 201


@pytest.mark.parametrize(
    ("content", "filename", "source"),
    [
        ("start,end,label\n3,4,b\n1,2,a\n", "x.csv", "table"),
        (
            "Time,Media file path,Total length,FPS,Subject,Behavior,Behavioral category,Comment,Status\n"
            "1,shift 1.mp4,10,25,,a,,,START\n2,shift 1.mp4,10,25,,a,,,STOP\n",
            "boris.csv",
            "table",
        ),
        (
            '<?xml version="1.0"?><ANNOTATION_DOCUMENT><HEADER TIME_UNITS="milliseconds"/><TIME_ORDER>'
            '<TIME_SLOT TIME_SLOT_ID="t1" TIME_VALUE="1000"/><TIME_SLOT TIME_SLOT_ID="t2" TIME_VALUE="2000"/>'
            '</TIME_ORDER><TIER TIER_ID="hand"><ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a" '
            'TIME_SLOT_REF1="t1" TIME_SLOT_REF2="t2"><ANNOTATION_VALUE>a</ANNOTATION_VALUE>'
            "</ALIGNABLE_ANNOTATION></ANNOTATION></TIER></ANNOTATION_DOCUMENT>",
            "x.eaf",
            "ELAN",
        ),
        (
            '{"project": {"pid": "1"}, "config": {}, "attribute": {"1": {"aname": "label", "type": 1}}, '
            '"file": {"1": {"fid": "1", "fname": "shift 1.mp4"}}, "view": {"1": {"fid_list": ["1"]}}, '
            '"metadata": {"1_a": {"vid": "1", "z": [1, 2], "xy": [], "av": {"1": "a"}}}}',
            "via.json",
            "VIA",
        ),
    ],
)
def test_every_tool_comes_in_through_the_page(
    content: str, filename: str, source: str, video: Video, owner: User, client_of: ClientOf
) -> None:
    answer = send(client_of(owner), video, content, filename)
    assert answer.status_code == 201, answer.content
    assert answer.json()["source"] == source
    assert answer.json()["segments"][0] == {"start": 1.0, "end": 2.0, "label": "a"}
