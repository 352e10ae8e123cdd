"""Makes a checkout ready and hands over to the environment it made. Standard library only, and readable by old Pythons.

Ready means: `.venv` holds the packages of pyproject.toml at the versions of requirements.lock, and the pages are built.
Both are stamped with a hash of what they were made from, so a second call takes milliseconds. A `.venv` that carries
the mark of an unfinished installation is made anew.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from launcher import frontend
from launcher.commands import COMMANDS, usage
from launcher.steps import StepFailed, Steps, replace_text

OLDEST, NEWEST = (3, 11), (3, 13)
REPOSITORY = Path(__file__).resolve().parent.parent
INSTALL_ADVICE = (
    "The packages could not be installed: is there a way to the package index, and room on the disk? "
    "Behind a mirror, set it for pip (`pip config set global.index-url …`)."
)


def main(arguments: list[str]) -> int:
    """Prepare, then become the command. Returns only when it cannot."""
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(usage())
        return 0 if arguments else 2
    if arguments[0] not in COMMANDS:
        print(f"There is no command {arguments[0]!r}.\n\n{usage()}", file=sys.stderr)
        return 2
    if sys.platform == "win32":
        print("Kineme's own servers run on Linux and macOS; on Windows use WSL.", file=sys.stderr)
        return 1
    command = COMMANDS[arguments[0]]
    environment = Environment(REPOSITORY)
    if command.client and not environment.serves(()):
        environment = ClientEnvironment(REPOSITORY)
        os.environ["PYTHONPATH"] = str(REPOSITORY)  # it holds the packages of the client, and not Kineme itself
    try:
        if not environment.serves(command.extras) or (command.frontend and not frontend.is_built(environment.frontend)):
            if not OLDEST <= sys.version_info[:2] <= NEWEST:
                return _use_other_python(arguments)
            with environment.alone():
                environment.prepare(command.extras)
                if command.frontend:
                    environment.build_pages(command.extras)
    except StepFailed as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. The next call goes on from here.", file=sys.stderr)
        return 130
    # -P: a folder `launcher` where the person happens to be is not ours.
    os.execv(environment.python, [str(environment.python), "-P", "-m", "launcher", *arguments])


class Environment:
    """The `.venv` of a checkout."""

    name = ".venv"

    def __init__(self, repository: Path) -> None:
        self.repository = repository
        self.folder = repository / self.name
        self.python = self.folder / "bin" / "python"
        self.frontend = repository / "frontend"
        self.stamp = self.folder / "kineme-stamp.json"
        self.unfinished = self.folder / "kineme-unfinished"
        data = os.environ.get("KINEME_DATA")
        self.steps = Steps((Path(data) if data else repository / ".kineme") / "logs" / "setup.log")

    def serves(self, extras: tuple[str, ...]) -> bool:
        """Whether everything asked for is installed as pyproject.toml and requirements.lock say now."""
        try:
            stamp = json.loads(self.stamp.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return False
        return stamp["key"] == self.key() and set(extras) <= set(stamp["extras"]) and not self.unfinished.exists()

    def key(self) -> str:
        """Changes with the wanted packages, the interpreter, and the checkout's place, which scripts in it name."""
        digest = hashlib.sha256(str(self.repository).encode("utf-8", "surrogateescape"))
        for name in ("pyproject.toml", "requirements.lock"):
            digest.update((self.repository / name).read_bytes())
        try:
            interpreter = os.stat(self.python)
        except FileNotFoundError:
            return "no interpreter"
        digest.update(f"{os.path.realpath(self.python)} {interpreter.st_size} {interpreter.st_mtime_ns}".encode())
        return digest.hexdigest()

    @contextlib.contextmanager
    def alone(self):  # type: ignore[no-untyped-def]
        """Hold off other calls for this checkout. The kernel lets go when a holder dies."""
        descriptor = os.open(self.repository, os.O_RDONLY)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                print("Waiting for another ./kineme that prepares this checkout …", flush=True)
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def prepare(self, extras: tuple[str, ...]) -> None:
        """Install what is missing. Raises StepFailed."""
        if self.serves(extras):
            return
        wanted = sorted(set(extras) | self._extras_of_stamp())
        if self.unfinished.exists() or not self._interpreter_works():
            if self.folder.is_symlink() or self.folder.is_file():
                self.folder.unlink()
            shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(exist_ok=True)
        self.unfinished.touch()
        if self.stamp.exists():
            self.stamp.unlink()
        if not self.python.exists():
            self._make()
        self._install(wanted)
        replace_text(self.stamp, json.dumps({"key": self.key(), "extras": wanted}))
        self.unfinished.unlink()

    def build_pages(self, extras: tuple[str, ...]) -> None:
        """Build the front end with the Node on the PATH, or with one out of a wheel. Raises StepFailed."""
        if frontend.is_built(self.frontend):
            return
        frontend.build(self.frontend, self.node(extras), self.steps)

    def node(self, extras: tuple[str, ...]) -> frontend.Node:
        found = frontend.node_on_path()
        if found is None:
            self.prepare((*extras, "ui-build"))
            found = frontend.node_of_wheel(self.folder)
        if found is None:
            raise StepFailed("There is no Node for this machine in its wheel. Install Node 22 and put it on the PATH.")
        return found

    def _extras_of_stamp(self) -> set[str]:
        try:
            return set(json.loads(self.stamp.read_text(encoding="utf-8"))["extras"])
        except (FileNotFoundError, ValueError):
            return set()

    def _interpreter_works(self) -> bool:
        check = f"import sys, pip; sys.exit(not {OLDEST} <= sys.version_info[:2] <= {NEWEST})"
        return self.python.exists() and _succeeds([str(self.python), "-c", check])

    def _make(self) -> None:
        version = ".".join(map(str, sys.version_info[:3]))
        advice = "On Debian and Ubuntu `apt install python3-venv` brings what is missing."
        command = [sys.executable, "-m", "venv", str(self.folder)]
        self.steps.run(f"Making {self.name} with Python {version}", command, advice)

    def _install(self, extras: list[str]) -> None:
        """With uv, in a quarter of the time; with pip where uv does not work."""
        wanted = [*self._wanted(extras), "-c", "requirements.lock"]
        python = str(self.python)
        if not _succeeds([python, "-m", "uv", "--version"]):
            self.steps.quietly([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "uv"])
        with_uv = [python, "-m", "uv", "pip", "install", "--no-progress", "--python", python, *wanted]
        with_pip = [python, "-m", "pip", "install", "--disable-pip-version-check", "--progress-bar", "off", *wanted]
        here = str(self.repository)
        title = "Installing packages (the first time takes minutes on a slow line)"
        try:
            self.steps.run(title, with_uv, "", cwd=here, env=self._uv_settings())
        except StepFailed:
            self.steps.run("Installing packages with pip instead", with_pip, INSTALL_ADVICE, cwd=here)

    def _wanted(self, extras: list[str]) -> list[str]:
        return ["-e", f".[{','.join(extras)}]"]

    def _uv_settings(self) -> dict[str, str]:
        """uv does not read pip's settings: hand on where this machine keeps its packages."""
        settings = dict(os.environ)
        for option, variable in (("find-links", "UV_FIND_LINKS"), ("index-url", "UV_DEFAULT_INDEX")):
            value = os.environ.get("PIP_" + option.upper().replace("-", "_")) or self._pip_setting(option)
            if value:
                settings.setdefault(variable, ",".join(value.split()))
        return settings

    def _pip_setting(self, option: str) -> str:
        command = [str(self.python), "-m", "pip", "config", "get", f"global.{option}"]
        asked = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
        return asked.stdout.decode().strip() if asked.returncode == 0 else ""


class ClientEnvironment(Environment):
    """For commands that talk to a server from a machine that runs none: a few megabytes in place of gigabytes."""

    name = ".venv-client"

    def _wanted(self, extras: list[str]) -> list[str]:
        return ["httpx", "tqdm"]  # of the versions in requirements.lock


def _use_other_python(arguments: list[str]) -> int:
    """Run again with a Python of the right age, if there is one on the PATH."""
    check = f"import sys; sys.exit(not {OLDEST} <= sys.version_info[:2] <= {NEWEST})"
    for minor in range(OLDEST[1], NEWEST[1] + 1):
        other = shutil.which(f"python3.{minor}")
        if other is not None and _succeeds([other, "-c", check]):
            os.execv(other, [other, str(REPOSITORY / "kineme"), *arguments])
    print(
        "Kineme needs Python 3.11, 3.12 or 3.13; this is {}.{} and no python3.11 … python3.13 is on the PATH.".format(
            *sys.version_info[:2]
        ),
        file=sys.stderr,
    )
    return 1


def _succeeds(command: list[str]) -> bool:
    try:
        return subprocess.call(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False
