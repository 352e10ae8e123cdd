"""What the launcher asks the operating system: who owns a process, where a socket fits, one holder of a lock."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

LONGEST_SOCKET_PATH = 103  # bytes, the shorter of Linux's 107 and macOS's 103
TETHER = Path(__file__).with_name("tether.py")


class LauncherError(Exception):
    """The launcher cannot go on. `str(error)` is a sentence for whoever typed the command."""


@dataclass(frozen=True)
class ProcessMark:
    """A process, told apart from a later one that was given the same number."""

    pid: int
    born: str

    @classmethod
    def of(cls, pid: int) -> ProcessMark | None:
        """The process that has this number now, or None."""
        born = _birth(pid)
        return None if born is None else cls(pid, born)

    def alive(self) -> bool:
        return _birth(self.pid) == self.born


def _birth(pid: int) -> str | None:
    """When a process began, in the kernel's own words; None when it is gone or only waits to be collected."""
    if sys.platform == "linux":
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return None
        state, *rest = stat.rpartition(")")[2].split()  # the name before it may hold spaces and brackets
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return None if state in "ZX" else f"{boot} {rest[18]}"
    listed = subprocess.run(["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    state, _, started = listed.stdout.strip().partition(" ")
    return None if not started or state.startswith("Z") else started.strip()


def command_of(pid: int) -> str:
    """The command line of a process as one string, empty when it is gone."""
    if sys.platform == "linux":
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        except (FileNotFoundError, ProcessLookupError):
            return ""
    listed = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return listed.stdout.strip()


def wait_until_gone(marks: Sequence[ProcessMark], within_s: float) -> list[ProcessMark]:
    """Wait for processes to end; those that are still there after `within_s`."""
    deadline = time.monotonic() + within_s
    while (left := [mark for mark in marks if mark.alive()]) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


def end(mark: ProcessMark, *signals: tuple[signal.Signals, float]) -> None:
    """Send each signal in turn, waiting its seconds after it, until the process is gone."""
    for number, within_s in signals:
        if not mark.alive():
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(mark.pid, number)
        wait_until_gone([mark], within_s)


@contextlib.contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold the lock file at `path`; waits for whoever holds it. The kernel lets go of it when a holder dies."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def private_folder(path: Path, owner: int | None = None) -> Path:
    """`path` as a folder that only its owner may enter. Raises LauncherError when somebody else's is in the way."""
    path.mkdir(parents=True, mode=0o700, exist_ok=True)
    wanted = os.geteuid() if owner is None else owner
    found = path.lstat()
    if found.st_uid not in (os.geteuid(), wanted) or path.is_symlink():
        raise LauncherError(f"{path} belongs to somebody else; remove it or choose another data folder.")
    if found.st_uid != wanted:
        os.chown(path, wanted, -1)
    path.chmod(0o700)
    return path


def socket_folder(wanted: Path, longest_name: str, owner: int | None = None) -> Path:
    """A private folder for a unix socket: `wanted`, or a short one when the socket's path would not fit."""
    if len(os.fsencode(wanted / longest_name)) <= LONGEST_SOCKET_PATH:
        return private_folder(wanted, owner)
    name = hashlib.sha256(os.fsencode(wanted.absolute())).hexdigest()[:12]
    short = Path(tempfile.gettempdir()) / f"kineme-{os.geteuid()}-{name}"
    if len(os.fsencode(short / longest_name)) > LONGEST_SOCKET_PATH:
        short = Path("/tmp") / short.name
    return private_folder(short, owner)


def spawn(
    command: Sequence[str | Path],
    *,
    log: Path,
    tether: signal.Signals | None,
    user: int | None = None,
    env: dict[str, str] | None = None,
    cwd: Path | str | None = None,
) -> subprocess.Popen[bytes]:
    """Start a command in a session of its own, its output appended to `log`.

    With `tether` the kernel sends it that signal when this process dies, however it dies; without, it stays.
    """
    arguments = [str(part) for part in command]
    if tether is not None:
        who = "-" if user is None else str(user)
        arguments = [sys.executable, "-I", "-S", str(TETHER), str(os.getpid()), str(int(tether)), who, *arguments]
    elif user is not None:
        return _popen(arguments, log, env, cwd, user=user, group=user, extra_groups=[])
    return _popen(arguments, log, env, cwd)


def _popen(
    arguments: list[str], log: Path, env: dict[str, str] | None, cwd: Path | str | None, **identity: object
) -> subprocess.Popen[bytes]:
    log.parent.mkdir(parents=True, exist_ok=True)
    with open(os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab") as output:
        return subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=env,
            cwd=cwd,
            start_new_session=True,  # a Ctrl-C in the terminal is the supervisor's to handle
            **identity,  # type: ignore[call-overload]
        )


def tail(log: Path, lines: int = 15) -> str:
    """The last lines of a log, for a message."""
    if not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - 16_384))
        return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])
