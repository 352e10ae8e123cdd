"""`kineme up`: PostgreSQL, Valkey, web and workers, until Ctrl-C."""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from launcher.host import LauncherError, spawn, tail
from launcher.postgres import STOP_SIGNALS, Postgres
from launcher.processes import Service, Signals, Supervisor, end_leftovers, rotate
from launcher.valkey import Valkey

REPOSITORY = Path(__file__).resolve().parent.parent
FIRST_PORT = 8421
PORTS_TRIED = 50
ANSWERS_WITHIN_S = 180.0  # a machine that also unpacks and compiles is slow
MOST_WORKERS = 8  # each holds half a gigabyte of libraries and frames
SETTINGS = "backend.config.settings.base"

# The order of stopping: web and workers first, then the queue, then the database.
DATABASE, QUEUE, PROGRAMS = 0, 1, 2

WEB: Signals = ((signal.SIGTERM, 6.0),)
# Warm: the stage in hand may finish. Cold: it is given back to the queue. Its lease covers the rest.
WORKER: Signals = ((signal.SIGTERM, 4.0), (signal.SIGQUIT, 4.0))


@dataclass(frozen=True)
class Installation:
    """The folder one Kineme keeps everything in."""

    data: Path

    @property
    def logs(self) -> Path:
        return self.data / "logs"

    @property
    def run(self) -> Path:
        return self.data / "run"

    @property
    def address_file(self) -> Path:
        return self.run / "address.json"

    def postgres(self) -> Postgres:
        return Postgres(self.data / "postgres", sockets=self.run / "postgres", log=self.logs / "postgres.log")

    def valkey(self) -> Valkey:
        return Valkey(self.data / "valkey", sockets=self.run / "valkey", log=self.logs / "valkey.log")

    def make(self) -> None:
        """Make the folders. As root PostgreSQL runs as another user, who has to pass through, and can see nothing."""
        try:
            self.data.mkdir(parents=True, exist_ok=True)
            self.data.chmod(0o711 if os.geteuid() == 0 else 0o700)
            for folder in (self.logs, self.run, self.data / "media"):
                folder.mkdir(exist_ok=True)
                folder.chmod(0o711 if folder == self.run and os.geteuid() == 0 else 0o700)
        except OSError as error:
            raise LauncherError(f"The data folder {self.data} cannot be used: {error.strerror}.") from error

    def secret_key(self) -> str:
        """The key that signs sessions, made at the first start."""
        file = self.data / "secrets.json"
        if file.exists():
            try:
                return str(json.loads(file.read_text())["secret_key"])
            except (ValueError, KeyError) as error:
                raise LauncherError(f"{file} is damaged. Remove it, and everybody has to sign in again.") from error
        unfinished = file.with_name("secrets.json.new")
        with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as opened:
            json.dump({"secret_key": secrets.token_urlsafe(50)}, opened)
        unfinished.replace(file)
        return self.secret_key()

    @contextlib.contextmanager
    def alone(self) -> Iterator[bool]:
        """Whether nobody else runs this installation; holds it until the end if so. Freed even by a kill."""
        descriptor = os.open(self.run / "up.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            yield False
            return
        try:
            yield True
        finally:
            os.close(descriptor)


@dataclass
class Up:
    """One `kineme up`, from the first process to the last."""

    installation: Installation
    port: int | None = None
    sample: bool = True
    videos: Sequence[Path] = ()
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.supervisor = Supervisor(self.installation.run / "processes.json", self.say)

    def say(self, line: str) -> None:
        """To the terminal, if it is still there, and to logs/up.log."""
        with contextlib.suppress(OSError):
            print(line, flush=True)
        with (self.installation.logs / "up.log").open("a") as log:
            log.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {line}\n")

    def run(self) -> int:
        """Start everything, keep it running until asked to stop, stop everything."""
        rotate(self.installation.logs / "up.log")
        self.supervisor.listen()
        self.installation.address_file.unlink(missing_ok=True)
        if left := end_leftovers(self.installation.run / "processes.json"):
            self.say(f"Stopped {left} processes that an earlier run left behind.")
        try:
            self._start()
            self.supervisor.watch()
        finally:
            self.installation.address_file.unlink(missing_ok=True)
            if self.supervisor.children:
                self.say("Stopping …")
            self.supervisor.stop_all()
        self.say("Stopped. Everything is kept in " + str(self.installation.data))
        return 0

    def _start(self) -> None:
        """Start everything in order; between two steps, see whether somebody wants to stop."""
        self.environment = child_environment(self.installation)
        port = free_port(self.port)
        address = f"http://127.0.0.1:{port}"
        for step in (
            self._start_postgres,
            self._start_valkey,
            self._migrate,
            lambda: self._start_programs(port),
            lambda: self._wait_for_web(address),
        ):
            step()
            if self.supervisor.stopping:
                return
        account = self._manage("bootstrap_account")  # late: its link lives for an hour
        self.installation.address_file.write_text(json.dumps({"address": address, "pid": os.getpid()}))
        self._greet(address, account)
        if self.sample:
            self._once("The sample project is there.", "sample", "ensure_sample")
        if self.videos:
            self._once("The videos are taken in.", "ingest", "ingest", *map(str, self.videos))

    def _start_postgres(self) -> None:
        if os.environ.get("DATABASE_URL"):
            return
        server = self.installation.postgres()

        def launch() -> subprocess.Popen[bytes]:
            while (process := server.start(tether=True)) is None:
                server.stop()  # somebody started it by hand: it has to be ours, to be watched and stopped
            return process

        with self._timed("PostgreSQL is up"):
            self.supervisor.start(Service("postgres", launch, server.log, DATABASE, STOP_SIGNALS))
        self.environment["DATABASE_URL"] = server.url

    def _start_valkey(self) -> None:
        if os.environ.get("REDIS_URL"):
            return
        server = self.installation.valkey()
        stop: Signals = ((signal.SIGTERM, 10.0),)
        with self._timed("Valkey is up"):
            self.supervisor.start(Service("valkey", lambda: server.start(tether=True), server.log, QUEUE, stop))
        self.environment["REDIS_URL"] = server.url

    def _migrate(self) -> None:
        with self._timed("The database is up to date"):
            self._manage("migrate", "--no-input")

    @contextlib.contextmanager
    def _timed(self, line: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        self.say(f"{line}. {time.monotonic() - began:.1f} s")

    def _start_programs(self, port: int) -> None:
        self._keep(
            "web", WEB, "uvicorn", "backend.config.asgi:application", "--host", "127.0.0.1", "--port", str(port),
            "--lifespan", "off", "--no-server-header", "--timeout-graceful-shutdown", "3",
            "--no-access-log",  # it would hold the sign-in links
        )  # fmt: skip
        self._keep("worker-cpu", WORKER, *celery("cpu,io", processes=cpu_workers()))
        self._keep("worker-gpu", WORKER, *celery("gpu", processes=1))
        self._keep("reaper", WEB, "django", "reap")

    def _keep(self, name: str, stop: Signals, module: str, *arguments: str, done: str = "") -> None:
        log = self.installation.logs / f"{name}.log"
        command = [sys.executable, "-P", "-m", module, *arguments]

        def launch() -> subprocess.Popen[bytes]:
            return spawn(command, log=log, tether=signal.SIGKILL, env=self.environment, cwd=REPOSITORY)

        self.supervisor.start(Service(name, launch, log, PROGRAMS, stop, once=bool(done), done=done))

    def _once(self, done: str, name: str, *arguments: str) -> None:
        """Run a management command beside everything else, and say `done` when it is."""
        self._keep(name, WEB, "django", *arguments, done=done)

    def _manage(self, *arguments: str) -> str:
        """Run a management command to its end; what it printed."""
        done = subprocess.run(
            [sys.executable, "-P", "-m", "django", *arguments],
            env=self.environment,
            cwd=REPOSITORY,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0 and not self.supervisor.stopping:
            end = "\n".join((done.stderr or done.stdout).splitlines()[-15:])
            raise LauncherError(f"`manage.py {arguments[0]}` failed:\n{end}")
        return done.stdout

    def _wait_for_web(self, address: str) -> None:
        began = time.monotonic()
        web = self.installation.logs / "web.log"
        with self._timed("The web server is up"):
            self.supervisor.watch(until=lambda: answers(address) or time.monotonic() - began > ANSWERS_WITHIN_S)
            if not self.supervisor.stopping and not answers(address):
                raise LauncherError(f"The web server does not answer. The end of {web}:\n{tail(web)}")

    def _greet(self, address: str, account: str) -> None:
        """Passwords and links go to the terminal only, never into a log."""
        facts = dict(re.findall(r"^([\w-]+): (.*)$", account, re.MULTILINE))
        lines = ["", "Kineme is running. Open this address; it signs you in once, within the hour:", ""]
        lines += [f"    {address}{facts.get('sign-in', '/')}", ""]
        if "password" in facts:
            lines += [f"Later sign in as {facts['account']} with the password {facts['password']}"]
            lines += ["(shown this once; keep it).", ""]
        lines += [f"Data and logs: {self.installation.data}", "Stop with Ctrl-C.", ""]
        with contextlib.suppress(OSError):
            print("\n".join(lines), flush=True)


def child_environment(installation: Installation) -> dict[str, str]:
    """What every process of Kineme gets."""
    return {
        **os.environ,
        **child_threads(),
        "PYTHONUNBUFFERED": "1",
        "DJANGO_SETTINGS_MODULE": SETTINGS,
        "KINEME_DATA": str(installation.data),
        "KINEME_SECRET_KEY": os.environ.get("KINEME_SECRET_KEY") or installation.secret_key(),
    }


def child_threads() -> dict[str, str]:
    """One thread for each process, unless the environment says otherwise: there are as many processes as cores.

    Threads that wait must sleep: spinning ones made an encode on two busy cores take 57 ms in place of 2 ms.
    """
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
    return {"OMP_WAIT_POLICY": "PASSIVE", **{name: os.environ.get(name, "1") for name in names}}


def celery(queues: str, processes: int) -> list[str]:
    name = "cpu" if "cpu" in queues else queues
    return [
        "celery", "--app", "backend.config.celery", "worker", "--queues", queues, "--pool", "prefork",
        "--concurrency", str(processes), "--prefetch-multiplier", "1", "--hostname", f"{name}@%h", "--loglevel", "INFO",
        "--without-gossip", "--without-mingle",
    ]  # fmt: skip


def cpu_workers() -> int:
    """Processes for the queues cpu and io: one a core, at least two, so a long stage never holds up a short one."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(2, min(cores, MOST_WORKERS))


def free_port(wanted: int | None) -> int:
    """The wanted port, or the first free one. Raises LauncherError when the wanted one is taken."""
    tried = [wanted] if wanted is not None else range(FIRST_PORT, FIRST_PORT + PORTS_TRIED)
    for port in tried:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    if wanted is not None:
        raise LauncherError(f"Port {wanted} is taken or not allowed; choose another with --port.")
    raise LauncherError(f"Ports {FIRST_PORT} to {FIRST_PORT + PORTS_TRIED - 1} are all taken; choose one with --port.")


def answers(address: str) -> bool:
    """Whether the web server says it is well."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # a proxy cannot reach our loopback
    try:
        with opener.open(f"{address}/api/health/", timeout=5) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.HTTPError):
        return False


def second_call(installation: Installation, videos: Sequence[Path]) -> int:
    """Kineme runs already: say where, and hand it the videos."""
    try:
        address = json.loads(installation.address_file.read_text())["address"]
    except (FileNotFoundError, ValueError):
        print("Kineme is being started or stopped by another ./kineme up; wait for it.")
        return 1
    print(f"Kineme is running already: {address}\nStop it with Ctrl-C where it was started.")
    if not videos:
        return 0
    environment = child_environment(installation)
    environment["DATABASE_URL"] = os.environ.get("DATABASE_URL") or installation.postgres().url
    environment["REDIS_URL"] = os.environ.get("REDIS_URL") or installation.valkey().url
    command = [sys.executable, "-P", "-m", "django", "ingest", *map(str, videos)]
    return subprocess.run(command, env=environment, cwd=REPOSITORY, check=False).returncode


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="kineme up", description=__doc__)
    parser.add_argument("videos", nargs="*", type=Path, metavar="VIDEO", help="files to take in and discover in")
    parser.add_argument(
        "--data", type=Path, help="folder it keeps everything in (default: KINEME_DATA, or .kineme here)"
    )
    parser.add_argument("--port", type=int, help=f"of the address (default: the first free one from {FIRST_PORT})")
    parser.add_argument("--no-sample", action="store_true", help="do not make the sample project")
    asked = parser.parse_args(arguments)
    for video in asked.videos:
        if not video.is_file():
            parser.error(f"there is no file {video}")
    data = asked.data or Path(os.environ.get("KINEME_DATA") or REPOSITORY / ".kineme")
    videos = [video.absolute() for video in asked.videos]
    installation = Installation(data.absolute())
    installation.make()
    with installation.alone() as alone:
        if not alone:
            return second_call(installation, videos)
        return Up(installation, asked.port, not asked.no_sample, videos).run()
