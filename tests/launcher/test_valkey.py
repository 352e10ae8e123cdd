"""Real servers: each test has its own folder, and leaves no process behind."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from kombu import Connection

from launcher import host
from launcher.valkey import Valkey

pytestmark = pytest.mark.services


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Valkey]:
    server = Valkey(tmp_path / "with a space")
    yield server
    server.stop()


def put(server: Valkey, *words: str) -> None:
    with Connection(server.url) as connection:
        queue = connection.SimpleQueue("cpu")
        for word in words:
            queue.put(word)


def get(server: Valkey, n: int) -> list[str]:
    with Connection(server.url) as connection:
        queue = connection.SimpleQueue("cpu")
        messages = [queue.get(timeout=10) for _ in range(n)]
        for message in messages:
            message.ack()
        return [message.payload for message in messages]


def test_what_is_put_comes_out_in_order(server: Valkey) -> None:
    server.start()
    put(server, "first", "second")
    assert get(server, 2) == ["first", "second"]


def test_the_socket_is_its_users_alone(server: Valkey) -> None:
    server.start()
    assert server.socket.stat().st_mode & 0o777 == 0o700
    assert server.socket.parent.stat().st_mode & 0o777 == 0o700


def test_what_waits_outlives_a_kill(server: Valkey) -> None:
    process = server.start()
    put(server, "kept")
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not server.running()
    server.start()
    assert get(server, 1) == ["kept"]


def test_starting_again_replaces_the_running_server_and_keeps_what_waits(server: Valkey) -> None:
    first = server.start()
    put(server, "kept")
    second = server.start()
    assert first.wait(timeout=30) is not None
    assert second.poll() is None
    assert get(server, 1) == ["kept"]


def test_a_pid_file_naming_some_other_process_is_no_server(server: Valkey) -> None:
    server.folder.mkdir()
    (server.folder / "valkey.pid").write_text(f"{os.getpid()}\n")
    server.stop()  # would end this very test
    assert server.start().poll() is None


def test_a_deep_folder_gets_a_short_socket(tmp_path: Path) -> None:
    server = Valkey(tmp_path / ("a rather long name " * 6))
    try:
        server.start()
        assert len(os.fsencode(server.socket)) <= host.LONGEST_SOCKET_PATH
        put(server, "there")
        assert get(server, 1) == ["there"]
    finally:
        server.stop()
        server.socket.unlink(missing_ok=True)
        server.socket.parent.rmdir()
