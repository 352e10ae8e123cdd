"""A file reaches the server whole, however often the line is cut or the client killed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from backend.projects.models import Project, User
from backend.videos.models import Upload, Video
from kineme_client import Client, KinemeError, Refused, cli, stored, uploads
from tests.factories.runs import a_project, a_user

pytestmark = pytest.mark.django_db(transaction=True)
MiB = 1024**2


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "schicht früh.mp4"
    path.write_bytes(bytes(i % 251 for i in range(2 * MiB + 17)))
    return path


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "PIECE_BYTES", 512 * 1024)
    monkeypatch.setattr(uploads, "BLOCK_BYTES", 64 * 1024)


@pytest.fixture
def signed_in(server: str, owner: User, token_of: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KINEME_URL", server)
    monkeypatch.setenv("KINEME_TOKEN", token_of(owner))


class Cut(httpx.HTTPTransport):
    """A line that breaks in the middle of every second piece."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "PATCH":
            self.pieces += 1
            if self.pieces % 2 == 1:
                request.stream = Breaks(request.stream)
        return super().handle_request(request)


class Breaks(httpx.SyncByteStream):
    def __init__(self, stream: httpx.SyncByteStream) -> None:
        self.stream = stream

    def __iter__(self):
        yield from list(self.stream)[:2]
        raise httpx.WriteError("cut")


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def kept(video: Video) -> Path:
    return video.path


def test_a_file_arrives_as_it_is(kineme: Client, project: Project, film: Path):
    seen: list[int] = []
    video = kineme.upload(project.pk, film, view="front", progress=lambda done, of: seen.append(done))
    row = Video.objects.get(pk=video.id)
    assert (row.title, row.view, row.size_bytes) == (film.name, "front", film.stat().st_size)
    assert digest(kept(row)) == digest(film)
    assert seen == sorted(seen)
    assert seen[-1] == film.stat().st_size


def test_a_line_that_breaks_again_and_again_loses_nothing(
    server: str, owner: User, project: Project, film: Path, token_of: Callable[..., str]
):
    line = Cut()
    with Client(server, token_of(owner), http=line, sleep=lambda _: None) as kineme:
        video = kineme.upload(project.pk, film)
    assert line.pieces > 5
    assert digest(kept(Video.objects.get(pk=video.id))) == digest(film)
    assert Video.objects.count() == 1


class Killed(BaseException):
    """Stands for SIGKILL: nothing of ours runs after it but what is on the disk."""


def test_a_killed_client_goes_on_where_it_was(
    project: Project, film: Path, signed_in: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    send, offsets = uploads._send, []

    def dies(transport, url, file, offset, size, progress):
        offsets.append(offset)
        if len(offsets) == 3:
            raise Killed
        return send(transport, url, file, offset, size, progress)

    monkeypatch.setattr(uploads, "_send", dies)
    command = ["upload", str(film), "--project", project.name]
    with pytest.raises(Killed):
        cli.run("videos", command)
    assert Upload.objects.get(video=None).offset_bytes == 1 * MiB
    assert cli.run("videos", command) == 0
    assert offsets[3] == 1 * MiB  # and not from the beginning
    video = Video.objects.get()
    assert digest(kept(video)) == digest(film)
    assert capsys.readouterr().out.startswith(f"{video.pk}\t")
    assert stored._read(stored.uploads_file()) == {}


def test_a_file_that_changed_since_is_sent_anew(
    project: Project, film: Path, signed_in: None, monkeypatch: pytest.MonkeyPatch
):
    def dies(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(uploads, "_send", dies)
        with pytest.raises(Killed):
            cli.run("videos", ["upload", str(film), "--project", project.name])
    film.write_bytes(film.read_bytes()[::-1])
    assert cli.run("videos", ["upload", str(film), "--project", project.name]) == 0
    assert digest(kept(Video.objects.get())) == digest(film)
    assert Upload.objects.filter(video=None).count() == 1  # the first, which expires


def test_an_upload_the_server_forgot_begins_again(
    project: Project, film: Path, owner: User, signed_in: None, monkeypatch: pytest.MonkeyPatch
):
    def dies(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(uploads, "_send", dies)
        with pytest.raises(Killed):
            cli.run("videos", ["upload", str(film), "--project", project.name])
    Upload.objects.all().delete()
    assert cli.run("videos", ["upload", str(film), "--project", project.name]) == 0
    assert digest(kept(Video.objects.get())) == digest(film)


def test_one_file_that_is_missing_does_not_keep_the_others_back(
    project: Project, film: Path, signed_in: None, capsys: pytest.CaptureFixture[str]
):
    assert cli.run("videos", ["upload", "/nowhere.mp4", str(film), "--project", str(project.pk)]) == 1
    assert Video.objects.get().title == film.name
    assert "/nowhere.mp4: No such file or directory." in capsys.readouterr().err


def test_an_empty_file_or_one_too_large_is_refused_in_the_servers_words(
    kineme: Client, project: Project, film: Path, settings
):
    settings.MAX_UPLOAD_BYTES = 1000
    with pytest.raises(Refused) as refused:
        kineme.upload(project.pk, film)
    assert (refused.value.status, refused.value.code) == (413, "too_large")
    assert not Upload.objects.exists()


def test_the_project_of_others_is_not_there(kineme: Client, film: Path, token_of: Callable[..., str]):
    with pytest.raises(Refused) as refused:
        kineme.upload(a_project(a_user()).pk, film)
    assert refused.value.status == 404


def test_a_server_that_is_away_is_said_to_be(film: Path):
    with Client("http://127.0.0.1:9", "kin_x", sleep=lambda _: None) as kineme, pytest.raises(KinemeError) as error:
        kineme.upload(1, film)
    assert "does not answer" in str(error.value)
