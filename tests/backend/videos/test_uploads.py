"""Resumable upload as tus 1.0 has it, through the views."""

from __future__ import annotations

import base64
import errno
import hashlib
import os
import random
import threading
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from backend.common.disk import free_bytes
from backend.projects.models import Membership, Project, Role, User
from backend.runs.models import StageExecution
from backend.videos import services
from backend.videos.models import Upload, Video, VideoStatus
from tests.factories.runs import a_project, a_user

TUS = {"Tus-Resumable": "1.0.0"}
PIECE = "application/offset+octet-stream"
CONTENT = random.Random(4).randbytes(300_000)


def metadata(**facts: str | bytes) -> str:
    encoded = {name: base64.b64encode(v if isinstance(v, bytes) else v.encode()).decode() for name, v in facts.items()}
    return ",".join(f"{name} {value}" for name, value in encoded.items())


def create(client: Client, project: Project, size: object = len(CONTENT), **facts: str | bytes):
    headers = {**TUS, "Upload-Length": str(size), "Upload-Metadata": metadata(**facts)}
    return client.post(f"/api/projects/{project.pk}/uploads/", headers=headers)


def send(client: Client, address: str, data: bytes, offset: object, content_type: str = PIECE):
    headers = {**TUS, "Upload-Offset": str(offset)}
    return client.patch(address, data, content_type=content_type, CONTENT_TYPE=content_type, headers=headers)


def offset_of(client: Client, address: str) -> int:
    return int(client.head(address, headers=TUS)["Upload-Offset"])


@pytest.fixture
def manager(db) -> User:
    return a_user()


@pytest.fixture
def project(manager: User, media: Path) -> Project:
    return a_project(manager, Role.MANAGER)


@pytest.fixture
def client(manager: User, project: Project, client_of) -> Client:
    return client_of(manager)


def stored_sha256(video: Video) -> str:
    return hashlib.sha256(video.path.read_bytes()).hexdigest()


@pytest.mark.parametrize("share", [0.01, 0.5, 0.99])
def test_an_upload_goes_on_where_it_stopped(client: Client, project: Project, share: float):
    made = create(client, project, filename="shift.mp4", view="top", recording="take 1")
    assert made.status_code == 201
    address = made["Location"]
    cut = int(share * len(CONTENT))
    first = send(client, address, CONTENT[:cut], 0)
    assert (first.status_code, first["Upload-Offset"]) == (204, str(cut))
    assert "Kineme-Video" not in first
    assert "Upload-Expires" in first

    state = client.head(address, headers=TUS)
    assert (state.status_code, state["Upload-Offset"], state["Upload-Length"]) == (200, str(cut), str(len(CONTENT)))
    assert state["Cache-Control"] == "no-store"

    last = send(client, address, CONTENT[cut:], state["Upload-Offset"])
    video = Video.objects.get(pk=last["Kineme-Video"])
    assert (video.title, video.view, video.recording) == ("shift.mp4", "top", "take 1")
    assert (video.size_bytes, video.project, video.sha256) == (len(CONTENT), project, None)
    assert stored_sha256(video) == hashlib.sha256(CONTENT).hexdigest()


def test_a_finished_upload_is_being_checked(client: Client, project: Project):
    last = send(client, create(client, project, filename="a.mp4")["Location"], CONTENT, 0)
    video = Video.objects.get(pk=last["Kineme-Video"])
    assert video.status == VideoStatus.CHECKING
    stages = StageExecution.objects.filter(video=video, run=None).order_by("pk")
    assert list(stages.values_list("stage", "status")) == [("probe", "queued"), ("preview", "waiting")]


def test_a_video_and_its_ingest_come_together_or_not_at_all(
    client: Client, project: Project, monkeypatch: pytest.MonkeyPatch
):
    address = create(client, project, 4)["Location"]

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr("backend.videos.api.tus.start_ingest", broken)
        client.raise_request_exception = False
        assert send(client, address, b"abcd", 0).status_code == 500
    assert not Video.objects.exists()
    assert offset_of(client, address) == 0
    assert send(client, address, b"abcd", 0)["Kineme-Video"]


def test_the_last_answer_may_be_asked_for_again(client: Client, project: Project):
    address = create(client, project)["Location"]
    video = send(client, address, CONTENT, 0)["Kineme-Video"]
    assert client.head(address, headers=TUS)["Kineme-Video"] == video
    again = send(client, address, b"", len(CONTENT))
    assert (again.status_code, again["Kineme-Video"]) == (204, video)
    assert Video.objects.count() == 1


@pytest.mark.parametrize("offset", [0, 99, 101, len(CONTENT)])
def test_a_piece_that_does_not_fit_on_is_refused(client: Client, project: Project, offset: int):
    address = create(client, project)["Location"]
    send(client, address, CONTENT[:100], 0)
    refused = send(client, address, b"x", offset)
    assert (refused.status_code, refused.json()["code"]) == (409, "wrong_offset")
    assert refused.json()["details"] == {"offset_bytes": 100}
    assert Upload.objects.get().path.read_bytes() == CONTENT[:100]


def test_a_piece_longer_than_the_file_is_refused_whole(client: Client, project: Project):
    address = create(client, project, 10)["Location"]
    refused = send(client, address, b"x" * 11, 0)
    assert (refused.status_code, refused.json()["code"]) == (413, "too_large")
    assert offset_of(client, address) == 0


def test_a_server_that_dies_while_it_writes_loses_that_piece_only(
    client: Client, project: Project, monkeypatch: pytest.MonkeyPatch
):
    address = create(client, project)["Location"]
    send(client, address, CONTENT[:100_000], 0)

    def die(descriptor: int) -> None:
        raise KeyboardInterrupt  # nothing in the request's way catches it: the bytes are written, the row is not

    with monkeypatch.context() as patch:
        patch.setattr(os, "fdatasync", die)
        with pytest.raises(KeyboardInterrupt):
            send(client, address, b"\xff" * 150_000, 100_000)
    assert Upload.objects.get().path.stat().st_size == 250_000
    assert offset_of(client, address) == 100_000

    last = send(client, address, CONTENT[100_000:], 100_000)
    assert stored_sha256(Video.objects.get(pk=last["Kineme-Video"])) == hashlib.sha256(CONTENT).hexdigest()


@pytest.mark.parametrize("left", [0, 700, None])
def test_bytes_the_disk_lost_are_asked_for_again(client: Client, project: Project, left: int | None):
    address = create(client, project)["Location"]
    send(client, address, CONTENT[:1000], 0)
    path = Upload.objects.get().path
    path.unlink() if left is None else os.truncate(path, left)
    refused = send(client, address, CONTENT[1000:], 1000)
    assert (refused.status_code, refused.json()["details"]) == (409, {"offset_bytes": left or 0})
    start = offset_of(client, address)
    assert start == (left or 0)
    last = send(client, address, CONTENT[start:], start)
    assert stored_sha256(Video.objects.get(pk=last["Kineme-Video"])) == hashlib.sha256(CONTENT).hexdigest()


def test_a_sender_that_dies_keeps_what_arrived(manager: User, project: Project):
    upload = services.create_upload(
        project=project, by=manager, filename="a", size_bytes=1000, ingest=lambda video: None
    )
    half = BytesIO(CONTENT[:300])  # the stream ends before the length that was announced
    upload = services.append(
        upload_id=upload.pk, by=manager, offset=0, length=1000, stream=half, ingest=lambda video: None
    )
    assert (upload.offset_bytes, upload.video) == (300, None)


def test_a_disk_that_fills_up_in_the_middle_keeps_nothing_of_the_piece(
    client: Client, project: Project, monkeypatch: pytest.MonkeyPatch
):
    address = create(client, project)["Location"]
    send(client, address, CONTENT[:1000], 0)

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fdatasync", full)
        refused = send(client, address, CONTENT[1000:], 1000)
    assert (refused.status_code, refused.json()["code"]) == (507, "disk_full")
    assert offset_of(client, address) == 1000
    assert send(client, address, CONTENT[1000:], 1000)["Kineme-Video"]


def test_a_file_that_cannot_fit_is_refused_before_a_byte_is_sent(client: Client, project: Project, settings):
    settings.MIN_FREE_BYTES = free_bytes(settings.MEDIA_FOLDER) - 10**6
    refused = create(client, project, 10**9)
    assert (refused.status_code, refused.json()["code"]) == (507, "disk_full")
    assert not Upload.objects.exists()


def test_room_promised_to_one_upload_is_not_promised_to_the_next(client: Client, project: Project, settings):
    spare = 10**9
    settings.MIN_FREE_BYTES = free_bytes(settings.MEDIA_FOLDER) - spare
    assert create(client, project, int(0.6 * spare)).status_code == 201
    assert create(client, project, int(0.6 * spare)).status_code == 507


def test_a_file_over_the_limit_is_refused_at_once(client: Client, project: Project, settings):
    settings.MAX_UPLOAD_BYTES = 1000
    refused = create(client, project, 1001)
    assert (refused.status_code, refused.json()["code"]) == (413, "too_large")
    assert create(client, project, 1000).status_code == 201


def test_an_empty_file_is_complete_at_once(client: Client, project: Project):
    made = create(client, project, 0, filename="empty.mp4")
    assert made.status_code == 201
    video = Video.objects.get(pk=made["Kineme-Video"])
    assert video.path.read_bytes() == b""


NAMES = {
    "<script>alert(1)</script>.mp4": "<script>alert(1)</script>.mp4",
    "../../../etc/passwd": "../../../etc/passwd",
    "/etc/passwd": "/etc/passwd",
    "a\0b.mp4": "a b.mp4",
    "x" * 10_000: "x" * 255,
    "clip\u202e4pm.exe": "clip4pm.exe",
    "": "unnamed video",
    "no suffix": "no suffix",
    "CON": "CON",
}


@pytest.mark.parametrize("name", NAMES)
def test_a_file_name_is_data_and_never_a_path(client: Client, project: Project, media: Path, name: str):
    made = create(client, project, 3, filename=name)
    assert made.status_code == 201
    send(client, made["Location"], b"abc", 0)
    video = Video.objects.get()
    assert video.title == NAMES[name]
    files = [path for path in media.rglob("*") if path.is_file()]
    assert files == [media / "originals" / video.storage_name[:2] / video.storage_name]


def test_a_name_that_is_not_text_is_kept_as_far_as_it_goes(client: Client, project: Project):
    create(client, project, 0, filename=b"caf\xe9.mp4")
    assert Video.objects.get().title == "caf\ufffd.mp4"


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Upload-Length": "10"}, 412, "tus_version"),
        ({"Upload-Length": "10", "Tus-Resumable": "0.2.2"}, 412, "tus_version"),
        (TUS, 400, "bad_upload"),
        ({**TUS, "Upload-Length": "-1"}, 400, "bad_upload"),
        ({**TUS, "Upload-Length": "1e3"}, 400, "bad_upload"),
        ({**TUS, "Upload-Length": "٣"}, 400, "bad_upload"),
        ({**TUS, "Upload-Length": "9" * 19}, 400, "bad_upload"),
        ({**TUS, "Upload-Length": "1" * 400}, 400, "bad_upload"),
        ({**TUS, "Upload-Defer-Length": "1"}, 400, "bad_upload"),
        ({**TUS, "Upload-Length": "10", "Upload-Metadata": "filename !!!"}, 400, "bad_upload"),
    ],
)
def test_a_creation_that_is_not_tus_is_refused_in_words(
    client: Client, project: Project, headers: dict[str, str], status: int, code: str
):
    refused = client.post(f"/api/projects/{project.pk}/uploads/", headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert refused["Tus-Version"] == "1.0.0"


def test_a_piece_has_to_say_what_it_is(client: Client, project: Project):
    address = create(client, project)["Location"]
    refused = send(client, address, b"x", 0, content_type="application/octet-stream")
    assert (refused.status_code, refused.json()["code"]) == (415, "content_type")
    assert send(client, address, b"x", "zero").status_code == 400


def test_what_the_server_can_do_is_asked_with_options(client: Client, project: Project, settings):
    for address in (f"/api/projects/{project.pk}/uploads/", create(client, project)["Location"]):
        answer = client.options(address)
        assert (answer.status_code, answer["Tus-Version"]) == (204, "1.0.0")
        assert answer["Tus-Extension"] == "creation,termination,expiration"
        assert answer["Tus-Max-Size"] == str(settings.MAX_UPLOAD_BYTES)


def test_an_upload_that_is_given_up_takes_its_bytes_along(
    client: Client, project: Project, django_capture_on_commit_callbacks
):
    address = create(client, project)["Location"]
    send(client, address, CONTENT[:1000], 0)
    path = Upload.objects.get().path
    with django_capture_on_commit_callbacks(execute=True):
        assert client.delete(address, headers=TUS).status_code == 204
    assert not path.exists()
    assert client.head(address, headers=TUS).status_code == 404
    assert send(client, address, CONTENT[1000:], 1000).status_code == 404


def test_a_finished_upload_cannot_be_given_up(client: Client, project: Project):
    address = create(client, project, 3)["Location"]
    send(client, address, b"abc", 0)
    refused = client.delete(address, headers=TUS)
    assert (refused.status_code, refused.json()["code"]) == (409, "upload_finished")
    assert Video.objects.get().path.exists()


def test_an_upload_that_was_left_lying_expires(
    client: Client, project: Project, settings, django_capture_on_commit_callbacks
):
    for _ in range(2):
        create(client, project)
    done = create(client, project, 3)["Location"]
    send(client, done, b"abc", 0)
    Upload.objects.update(touched_at=timezone.now() - settings.UPLOAD_EXPIRES_AFTER - timedelta(seconds=1))
    alive = Upload.objects.unfinished().first()
    send(client, f"/api/uploads/{alive.pk}/", b"x", 0)
    with django_capture_on_commit_callbacks(execute=True):
        assert services.sweep_expired_uploads() == 1
    assert set(Upload.objects.all()) == {alive, Upload.objects.get(video__isnull=False)}
    assert Video.objects.get().path.exists()


def test_a_new_upload_makes_room_of_those_that_expired(client: Client, project: Project, settings):
    create(client, project)
    Upload.objects.update(touched_at=timezone.now() - settings.UPLOAD_EXPIRES_AFTER - timedelta(seconds=1))
    made = create(client, project)
    assert made["Location"] == f"/api/uploads/{Upload.objects.get().pk}/"


def test_what_is_left_to_send_is_listed_for_whoever_sends_it(client: Client, project: Project, client_of):
    address = create(client, project, filename="a.mp4")["Location"]
    send(client, address, CONTENT[:7], 0)
    send(client, create(client, project, 1)["Location"], b"x", 0)  # finished: not listed
    (row,) = client.get(f"/api/projects/{project.pk}/uploads/").json()
    assert (row["filename"], row["size_bytes"], row["offset_bytes"]) == ("a.mp4", len(CONTENT), 7)
    assert row["url"] == address == f"/api/uploads/{row['id']}/"
    colleague = a_user()
    Membership.objects.create(user=colleague, project=project, role=Role.OWNER)
    assert client_of(colleague).get(f"/api/projects/{project.pk}/uploads/").json() == []


@pytest.mark.parametrize("role", [Role.VIEWER, Role.REVIEWER])
def test_uploading_takes_a_manager(project: Project, client_of, role: Role):
    member = a_user()
    Membership.objects.create(user=member, project=project, role=role)
    refused = create(client_of(member), project)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert not Upload.objects.exists()


def test_nobody_reaches_anothers_upload(client: Client, project: Project, client_of):
    address = create(client, project)["Location"]
    colleague = a_user()
    Membership.objects.create(user=colleague, project=project, role=Role.OWNER)
    for other in (client_of(colleague), client_of(a_user())):
        assert other.head(address, headers=TUS).status_code == 404
        assert send(other, address, b"x", 0).status_code == 404
        assert other.delete(address, headers=TUS).status_code == 404
    nobody = Client()
    assert nobody.head(address, headers=TUS).status_code == 401
    assert send(nobody, address, b"x", 0).status_code == 401
    assert create(nobody, project).status_code == 401
    assert create(client_of(a_user()), project).status_code == 404
    assert Upload.objects.get().offset_bytes == 0


def test_a_manager_who_is_taken_off_cannot_go_on(client: Client, project: Project, manager: User):
    address = create(client, project)["Location"]
    Membership.objects.filter(user=manager).update(role=Role.VIEWER)
    assert send(client, address, b"x", 0).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_two_requests_never_write_to_one_upload_at_once(media: Path, client_of):
    user = a_user()
    client = client_of(user)
    address = create(client, a_project(user))["Location"]
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            Upload.objects.select_for_update().get()
            held.set()
            done.wait(10)
        connection.close()

    other = threading.Thread(target=hold)
    other.start()
    assert held.wait(10)
    refused = send(client, address, CONTENT, 0)
    done.set()
    other.join()
    assert (refused.status_code, refused.json()["code"]) == (423, "upload_busy")
    assert send(client, address, CONTENT, 0)["Kineme-Video"]
