"""`kineme export`: asked for, waited for, fetched whatever the line does, verified."""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from backend.exports import scheduling, stages
from backend.exports.models import Export
from backend.projects.models import User
from kineme_client import Client, WrongBytes, cli, downloads
from kineme_client.transport import Transport
from tests.factories.exports import Exportable, exportable
from tests.factories.runs import a_user

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume asynchronous iterators"),
]
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch, settings: Any) -> list[Any]:
    """Exports that wait for a worker; one works while the client pauses."""
    ids: list[Any] = []
    monkeypatch.setattr(scheduling, "wake", ids.append)

    def pause(_: float) -> None:
        while ids:
            stages.run(str(ids.pop()))

    monkeypatch.setitem(Client.__init__.__kwdefaults__, "sleep", pause)
    settings.MIN_FREE_BYTES = 0
    return ids


@pytest.fixture
def world(
    woken: list[Any], server: str, owner: User, token_of: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> Exportable:
    monkeypatch.setenv("KINEME_URL", server)
    monkeypatch.setenv("KINEME_TOKEN", token_of(owner))
    return exportable(user=owner)


def command(world: Exportable, to: Path, *more: str) -> list[str]:
    return [
        *("--project", world.project.name, "--version", world.version.name, "--kind", "activitynet"),
        *("-o", str(to), *more),
    ]


def test_a_version_is_exported_fetched_and_verified(world: Exportable, tmp_path: Path, capsys: Capture):
    to = tmp_path / "june.tar"
    assert cli.run("export", command(world, to)) == 0
    export = Export.objects.get()
    assert hashlib.sha256(to.read_bytes()).hexdigest() == export.sha256
    with tarfile.open(to) as archive:
        assert any(name.endswith("README.md") for name in archive.getnames())
    said = capsys.readouterr()
    assert said.out.strip() == str(to)
    assert export.sha256 in said.err
    assert list(tmp_path.glob(".*.part")) == []


def test_a_folder_gets_the_name_the_server_gave(world: Exportable, tmp_path: Path):
    folder = tmp_path / "out"
    folder.mkdir()
    assert cli.run("export", command(world, folder)) == 0
    assert [path.name for path in folder.iterdir()] == [Export.objects.get().filename]


def test_filters_reach_the_server_and_an_export_of_nothing_is_refused(
    world: Exportable, tmp_path: Path, capsys: Capture
):
    assert cli.run("export", command(world, tmp_path / "a.tar", "--options", '{"min_quality": 2.6}')) == 0
    assert Export.objects.get().n_segments == 1
    assert (
        cli.run("export", command(world, tmp_path / "b.tar", "--options", '{"owner__password__startswith": "a"}')) == 1
    )
    assert "no such parameter" in capsys.readouterr().err
    assert not (tmp_path / "b.tar").exists()


def test_a_version_or_folder_that_is_not_there_is_said_before_anything_is_made(
    world: Exportable, tmp_path: Path, capsys: Capture
):
    arguments = command(world, tmp_path / "nowhere" / "a.tar")
    assert cli.run("export", arguments) == 1
    assert "There is no folder" in capsys.readouterr().err
    arguments = [one if one != world.version.name else "July" for one in command(world, tmp_path / "a.tar")]
    assert cli.run("export", arguments) == 1
    assert f"There is no version 'July'. There are: {world.version.name}." in capsys.readouterr().err
    assert not Export.objects.exists()


def test_the_versions_of_another_project_are_not_there(
    world: Exportable, tmp_path: Path, token_of: Callable[..., str], monkeypatch: pytest.MonkeyPatch, capsys: Capture
):
    monkeypatch.setenv("KINEME_TOKEN", token_of(a_user()))
    arguments = [one if one != world.project.name else str(world.project.pk) for one in command(world, tmp_path / "a")]
    assert cli.run("export", arguments) == 1
    assert "nothing here, or it is not yours" in capsys.readouterr().err


def test_an_export_that_failed_ends_with_its_reason(
    world: Exportable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
):
    def fails(_: float) -> None:
        Export.objects.update(status="failed", reason="A video could not be decoded.")

    monkeypatch.setitem(Client.__init__.__kwdefaults__, "sleep", fails)
    assert cli.run("export", command(world, tmp_path / "a.tar")) == 1
    assert "A video could not be decoded." in capsys.readouterr().err


CONTENT = bytes(i % 253 for i in range(3_000_000))


class Broken:
    """Serves CONTENT by ranges, and lets go after a million bytes each time."""

    def __init__(self, content: bytes = CONTENT) -> None:
        self.content = content
        self.begins: list[int] = []

    def handle(self, request: httpx.Request) -> httpx.Response:
        begin = int(request.headers.get("Range", "bytes=0-").removeprefix("bytes=").removesuffix("-"))
        self.begins.append(begin)
        headers = {"Content-Range": f"bytes {begin}-{len(self.content) - 1}/{len(self.content)}"} if begin else {}
        return httpx.Response(206 if begin else 200, headers=headers, stream=Cut(self.content[begin:]))

    def fetch(self, to: Path, content: bytes = CONTENT) -> None:
        transport = Transport("http://localhost", "kin_x", http=httpx.MockTransport(self.handle), sleep=lambda _: None)
        digest = hashlib.sha256(content).hexdigest()
        downloads.fetch(transport, "/file/", to, size_bytes=len(content), sha256=digest)


class Cut(httpx.SyncByteStream):
    def __init__(self, left: bytes) -> None:
        self.left = left

    def __iter__(self):
        yield self.left[:1_000_000]
        if len(self.left) > 1_000_000:
            raise httpx.ReadError("cut")


def test_a_download_goes_on_where_it_was_cut(tmp_path: Path):
    server = Broken()
    server.fetch(tmp_path / "file.tar")
    assert (tmp_path / "file.tar").read_bytes() == CONTENT
    assert server.begins[0] == 0
    assert server.begins == sorted(set(server.begins))
    assert len(server.begins) >= 3


def test_what_a_killed_client_had_is_not_fetched_again(tmp_path: Path):
    digest = hashlib.sha256(CONTENT).hexdigest()
    (tmp_path / f".file.tar.{digest[:16]}.part").write_bytes(CONTENT[:2_500_000])
    server = Broken()
    server.fetch(tmp_path / "file.tar")
    assert server.begins == [2_500_000]
    assert (tmp_path / "file.tar").read_bytes() == CONTENT


def test_a_file_that_is_not_what_the_server_made_is_not_kept(tmp_path: Path):
    with pytest.raises(WrongBytes):
        Broken(CONTENT[:-1] + b"x").fetch(tmp_path / "file.tar")
    assert list(tmp_path.iterdir()) == []
