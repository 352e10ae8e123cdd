from __future__ import annotations

import errno
import io
import json
import socket
from pathlib import Path

import pytest

from launcher import up
from launcher.host import LauncherError
from launcher.up import FIRST_PORT, Installation, Up, child_environment, cpu_workers, free_port, second_call


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    installation = Installation(tmp_path / "data")
    installation.make()
    return installation


def test_the_secret_key_is_made_once_and_nobody_else_may_read_it(installation: Installation) -> None:
    key = installation.secret_key()
    assert len(key) >= 50
    assert Installation(installation.data).secret_key() == key
    assert (installation.data / "secrets.json").stat().st_mode & 0o777 == 0o600


def test_two_installations_have_two_keys(tmp_path: Path, installation: Installation) -> None:
    other = Installation(tmp_path / "other")
    other.make()
    assert other.secret_key() != installation.secret_key()


def test_a_damaged_secrets_file_is_not_replaced_in_silence(installation: Installation) -> None:
    (installation.data / "secrets.json").write_text("{")
    with pytest.raises(LauncherError, match="damaged"):
        installation.secret_key()


def test_nobody_else_may_look_into_the_data(installation: Installation) -> None:
    for folder in (installation.logs, installation.data / "media"):
        assert folder.stat().st_mode & 0o077 == 0
    assert installation.data.stat().st_mode & 0o066 == 0


def test_a_data_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LauncherError, match="cannot be used"):
        Installation(tmp_path / "file" / "data").make()


def test_only_one_runs_an_installation(installation: Installation) -> None:
    with installation.alone() as first, installation.alone() as second:
        assert (first, second) == (True, False)
    with installation.alone() as third:
        assert third


def test_a_second_call_tells_the_address(installation: Installation, capsys: pytest.CaptureFixture[str]) -> None:
    assert second_call(installation, []) == 1
    assert "being started" in capsys.readouterr().out
    installation.address_file.write_text(json.dumps({"address": "http://127.0.0.1:8425", "pid": 1}))
    assert second_call(installation, []) == 0
    assert "http://127.0.0.1:8425" in capsys.readouterr().out


def test_children_get_one_thread_each_and_no_spinning(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.delenv("KINEME_SECRET_KEY", raising=False)
    environment = child_environment(installation)
    assert (environment["OMP_WAIT_POLICY"], environment["OMP_NUM_THREADS"]) == ("PASSIVE", "1")
    assert environment["KINEME_DATA"] == str(installation.data)
    assert environment["KINEME_SECRET_KEY"] == installation.secret_key()


def test_a_secret_key_of_the_environment_is_kept(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KINEME_SECRET_KEY", "k" * 50)
    assert child_environment(installation)["KINEME_SECRET_KEY"] == "k" * 50
    assert not (installation.data / "secrets.json").exists()


def test_a_taken_port_is_passed_over_unless_it_was_asked_for() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(LauncherError, match=f"Port {port} is taken"):
            free_port(port)
    assert free_port(None) >= FIRST_PORT


def test_there_are_always_two_cpu_workers_and_never_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    for cores, workers in ((1, 2), (2, 2), (4, 4), (64, 8)):
        monkeypatch.setattr(up.os, "sched_getaffinity", lambda _, cores=cores: set(range(cores)), raising=False)
        assert cpu_workers() == workers


def test_outside_servers_are_used_and_none_started(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://db.example/kineme")
    monkeypatch.setenv("REDIS_URL", "redis://queue.example/0")
    started = Up(installation)
    started.environment = child_environment(installation)
    started._start_postgres()
    started._start_valkey()
    assert started.supervisor.children == []
    assert started.environment["DATABASE_URL"] == "postgresql://db.example/kineme"
    assert started.environment["REDIS_URL"] == "redis://queue.example/0"


def test_the_password_and_the_link_go_to_the_terminal_and_into_no_log(
    installation: Installation, capsys: pytest.CaptureFixture[str]
) -> None:
    account = "account: owner\npassword: correct horse\nsign-in: /welcome?token=abc\n"
    Up(installation)._greet("http://127.0.0.1:8421", account)
    said = capsys.readouterr().out
    assert "http://127.0.0.1:8421/welcome?token=abc" in said
    assert "as owner with the password correct horse" in said
    logs = "".join(file.read_text() for file in installation.logs.iterdir())
    assert "horse" not in logs
    assert "token" not in logs


def test_a_second_start_shows_no_password(installation: Installation, capsys: pytest.CaptureFixture[str]) -> None:
    Up(installation)._greet("http://127.0.0.1:8421", "account: owner\nsign-in: /welcome?token=abc\n")
    assert "password" not in capsys.readouterr().out


def test_a_video_that_is_not_there_is_told_before_anything_starts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        up.main(["--data", str(tmp_path / "data"), str(tmp_path / "missing.mp4")])
    assert ended.value.code == 2
    assert "there is no file" in capsys.readouterr().err
    assert not (tmp_path / "data").exists()


def test_lines_for_the_terminal_survive_its_loss(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(errno.EIO, "the terminal was closed")

    monkeypatch.setattr("sys.stdout", Gone())
    Up(installation).say("web ended (SIGKILL); starting it again.")
    assert "web ended" in (installation.logs / "up.log").read_text()
