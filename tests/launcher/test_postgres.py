"""Real servers: each test has its own folder, and leaves no process behind."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from launcher import host
from launcher.host import LauncherError, ProcessMark, wait_until_gone
from launcher.postgres import Postgres, throw_away

pytestmark = pytest.mark.services


@pytest.fixture
def server() -> Iterator[Postgres]:
    with throw_away(durable=True) as server:
        yield server


def postmaster(server: Postgres) -> ProcessMark:
    mark = ProcessMark.of(int((server.cluster / "postmaster.pid").read_text().split("\n")[0]))
    assert mark is not None
    return mark


def remember(server: Postgres, value: int) -> None:
    with psycopg.connect(server.url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (value int)")
        connection.execute("INSERT INTO kept VALUES (%s)", [value])


def remembered(server: Postgres) -> list[int]:
    with psycopg.connect(server.url) as connection:
        return [row[0] for row in connection.execute("SELECT value FROM kept ORDER BY value")]


def test_starts_with_pgvector_and_keeps_rows_over_a_restart(server: Postgres) -> None:
    server.start()
    address = server.url
    with psycopg.connect(address) as connection:
        connection.execute("CREATE EXTENSION vector")
        distance = connection.execute("SELECT '[3,4]'::halfvec(2) <-> '[0,0]'::halfvec(2)").fetchone()
    assert distance == (5.0,)
    remember(server, 1)
    server.stop()
    assert not server.running()
    server.start()
    assert (server.url, remembered(server)) == (address, [1])


def test_a_running_server_is_found_and_not_started_again(server: Postgres) -> None:
    server.start()
    first = postmaster(server)
    assert Postgres(server.folder, sockets=server.wanted_sockets).start() is None
    assert postmaster(server) == first


def test_asks_for_its_password(server: Postgres) -> None:
    server.start()
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(server.url, password="wrong")


def test_only_its_user_may_enter_the_folders(server: Postgres) -> None:
    server.start()
    modes = {path.name: path.stat().st_mode & 0o777 for path in (server.sockets, server.cluster)}
    assert modes == {"sockets": 0o700, "cluster": 0o700}
    assert (server.folder / "password").stat().st_mode & 0o777 == 0o600


@pytest.mark.timeout(180)
def test_committed_rows_are_there_right_after_the_server_was_killed(server: Postgres) -> None:
    server.start()
    for value in range(3):
        remember(server, value)
        process = postmaster(server)
        os.kill(process.pid, signal.SIGKILL)
        server.start()  # at once: its children are still leaving
        assert postmaster(server) != process
        assert remembered(server) == list(range(value + 1))


def test_a_pid_file_naming_some_other_process_is_no_server(server: Postgres) -> None:
    server.start()
    file = server.cluster / "postmaster.pid"
    written = file.read_text()
    server.stop()
    number, rest = written.split("\n", 1)
    bystander = subprocess.Popen(["sleep", "600"])
    try:
        file.write_text(f"{bystander.pid}\n{rest}")
        server.start()
        assert server.running()
        assert postmaster(server).pid not in (bystander.pid, int(number))
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


@pytest.mark.parametrize("left", ["", "12", "not a number\n"])
def test_a_pid_file_cut_short_is_no_server(server: Postgres, left: str) -> None:
    server.start()
    server.stop()
    (server.cluster / "postmaster.pid").write_text(left)
    server.start()
    assert server.running()


def test_a_cluster_that_was_being_made_when_the_power_went_is_made_anew(server: Postgres) -> None:
    unfinished = server.folder / "cluster.new"
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18\n")
    server.start()
    assert server.running()
    assert not unfinished.exists()


@pytest.mark.timeout(300)
def test_eight_starting_at_once_share_one_server(server: Postgres) -> None:
    code = (
        "import sys; from pathlib import Path; from launcher.postgres import Postgres\n"
        "server = Postgres(Path(sys.argv[1]), sockets=Path(sys.argv[2]), durable=False)\n"
        "print('started' if server.start() else 'found', server.url)"
    )
    command = [sys.executable, "-c", code, str(server.folder), str(server.wanted_sockets)]
    starters = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(8)]
    said = sorted(starter.communicate()[0].split() for starter in starters)
    assert [how for how, _ in said] == ["found"] * 7 + ["started"]
    assert {address for _, address in said} == {server.url}
    remember(server, 8)
    assert remembered(server) == [8]


def test_a_deep_folder_gets_a_short_socket(server: Postgres) -> None:
    deep = server.folder.parent / ("a rather long name " * 6) / ("and another one " * 6)
    elsewhere = Postgres(deep, durable=False)
    try:
        elsewhere.start()
        assert len(os.fsencode(elsewhere.sockets / ".s.PGSQL.5432")) <= host.LONGEST_SOCKET_PATH
        remember(elsewhere, 1)
        assert remembered(elsewhere) == [1]
    finally:
        elsewhere.stop()
        elsewhere.sockets.rmdir()


def test_a_short_socket_folder_of_somebody_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    deep = tmp_path / ("x" * 120)
    short = host.socket_folder(deep, "socket")
    target = tmp_path / "elsewhere"
    target.mkdir()
    short.rmdir()
    short.symlink_to(target)
    with pytest.raises(LauncherError, match="belongs to somebody else"):
        host.socket_folder(deep, "socket")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent died")
@pytest.mark.timeout(180)
def test_a_tethered_server_goes_with_its_starter_even_if_that_is_killed(server: Postgres) -> None:
    code = (
        "import sys, time; from pathlib import Path; from launcher.postgres import Postgres\n"
        "Postgres(Path(sys.argv[1]), sockets=Path(sys.argv[2])).start(tether=True)\n"
        "print('up', flush=True); time.sleep(600)"
    )
    command = [sys.executable, "-c", code, str(server.folder), str(server.wanted_sockets)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        assert starter.stdout.readline() == "up\n"
        process = postmaster(server)
        starter.kill()
    assert wait_until_gone([process], within_s=60) == []
    assert not (server.cluster / "postmaster.pid").exists()  # it shut down in order


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as another user")
def test_as_root_a_folder_the_server_cannot_reach_is_moved_behind_a_link(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    server = Postgres(closed / "postgres", durable=False)
    server.start()
    state = server.folder.resolve()
    try:
        assert state.is_relative_to("/var/lib/kineme")
        assert closed.stat().st_mode & 0o777 == 0o700
        remember(server, 1)
        assert remembered(server) == [1]
    finally:
        server.stop()
        shutil.rmtree(state)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as another user")
def test_as_root_programs_the_server_cannot_reach_are_copied(server: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_may_enter", lambda path: path == server.folder)
    server.start()
    program = os.readlink(f"/proc/{postmaster(server).pid}/exe")
    assert program.startswith(str(server.folder / "programs-"))
    remember(server, 1)
    assert remembered(server) == [1]
