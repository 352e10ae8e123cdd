"""The preparation of a checkout, on a small one whose programs are stand-ins that count their calls."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from launcher import bootstrap, frontend
from launcher.bootstrap import REPOSITORY, ClientEnvironment, Environment
from launcher.commands import COMMANDS
from launcher.main import PROGRAMS
from launcher.steps import StepFailed, Steps
from ml import cli

BASE = COMMANDS["up"].extras


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    checkout = tmp_path / "a checkout"
    (checkout / "frontend" / "src").mkdir(parents=True)
    (checkout / "pyproject.toml").write_text("[project]\n")
    (checkout / "requirements.lock").write_text("django==5.2.19\n")
    (checkout / "frontend" / "package.json").write_text("{}")
    (checkout / "frontend" / "package-lock.json").write_text("{}")
    (checkout / "frontend" / "src" / "main.tsx").write_text("1")
    return checkout


class Recorded(Environment):
    """Makes `.venv` and "installs" without the network; what stands for the network is one method."""

    def __init__(self, repository: Path) -> None:
        super().__init__(repository)
        self.installed: list[list[str]] = []
        self.made = 0
        self.killed = False

    def _make(self) -> None:
        self.made += 1
        self.python.parent.mkdir(parents=True, exist_ok=True)
        self.python.symlink_to(sys.executable)

    def _install(self, extras: list[str]) -> None:
        if self.killed:
            raise SystemExit("killed")
        self.installed.append(extras)


def test_a_second_call_installs_nothing(checkout: Path) -> None:
    first = Recorded(checkout)
    assert not first.serves(BASE)
    first.prepare(BASE)
    assert (first.made, first.installed) == (1, [sorted(BASE)])
    second = Recorded(checkout)
    assert second.serves(BASE)
    second.prepare(BASE)
    assert (second.made, second.installed) == (0, [])


@pytest.mark.parametrize("name", ["pyproject.toml", "requirements.lock"])
def test_other_wanted_packages_install_again_into_the_same_environment(checkout: Path, name: str) -> None:
    Recorded(checkout).prepare(BASE)
    (checkout / name).write_text("changed\n")
    again = Recorded(checkout)
    assert not again.serves(BASE)
    again.prepare(BASE)
    assert (again.made, len(again.installed)) == (0, 1)


def test_more_extras_are_added_and_stay(checkout: Path) -> None:
    Recorded(checkout).prepare(BASE)
    more = Recorded(checkout)
    more.prepare((*BASE, "test"))
    assert more.installed == [sorted((*BASE, "test"))]
    assert Recorded(checkout).serves(BASE)
    assert Recorded(checkout).serves((*BASE, "test"))


def test_an_installation_that_was_killed_is_made_anew(checkout: Path) -> None:
    killed = Recorded(checkout)
    killed.killed = True
    with pytest.raises(SystemExit):
        killed.prepare(BASE)
    (killed.folder / "half of a package").touch()
    repaired = Recorded(checkout)
    assert not repaired.serves(BASE)
    repaired.prepare(BASE)
    assert (repaired.made, len(repaired.installed)) == (1, 1)
    assert not (repaired.folder / "half of a package").exists()
    assert Recorded(checkout).serves(BASE)


def test_an_environment_somebody_made_by_hand_is_added_to(checkout: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", str(checkout / ".venv")], check=True)
    (checkout / ".venv" / "mine").touch()
    adopted = Recorded(checkout)
    adopted.prepare(BASE)
    assert (adopted.made, len(adopted.installed)) == (0, 1)
    assert (adopted.folder / "mine").exists()


@pytest.mark.parametrize("broken", ["gone", "no program"])
def test_an_environment_whose_interpreter_is_broken_is_made_anew(checkout: Path, broken: str) -> None:
    Recorded(checkout).prepare(BASE)
    python = Recorded(checkout).python
    python.unlink()
    if broken == "gone":
        python.symlink_to(checkout / "no such python")
    else:
        python.write_text("not a program")
    again = Recorded(checkout)
    assert not again.serves(BASE)
    again.prepare(BASE)
    assert again.made == 1


def test_a_checkout_that_was_moved_is_installed_again(checkout: Path) -> None:
    Recorded(checkout).prepare(BASE)
    moved = checkout.rename(checkout.with_name("elsewhere"))
    assert not Recorded(moved).serves(BASE)


def test_a_damaged_stamp_is_no_stamp(checkout: Path) -> None:
    made = Recorded(checkout)
    made.prepare(BASE)
    made.stamp.write_text("{")
    assert not Recorded(checkout).serves(BASE)


def test_a_second_call_waits_for_the_first(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = os.open(checkout, os.O_RDONLY)
    fcntl.flock(first, fcntl.LOCK_EX)
    entered = threading.Event()

    def second_call() -> None:
        with Recorded(checkout).alone():
            entered.set()

    second = threading.Thread(target=second_call)
    second.start()
    said = ""
    while "Waiting" not in said:
        said += capsys.readouterr().out
        time.sleep(0.01)
    assert not entered.is_set()
    os.close(first)
    second.join(timeout=60)
    assert entered.is_set()


def test_a_failing_step_shows_the_end_of_its_log_and_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    steps = Steps(tmp_path / "logs" / "setup.log")
    steps.run("Fine", [sys.executable, "-c", "pass"], "")
    with pytest.raises(StepFailed) as failed:
        steps.run("Baking", [sys.executable, "-c", "print('no flour'); raise SystemExit(3)"], "Buy some.")
    assert "no flour" in str(failed.value)
    assert "Baking failed. Buy some." in str(failed.value)
    assert str(steps.log) in str(failed.value)
    assert capsys.readouterr().out.splitlines()[1] == "Baking … failed"


def test_a_step_whose_program_is_missing_fails_like_any_other(tmp_path: Path) -> None:
    with pytest.raises(StepFailed, match="no-such-program"):
        Steps(tmp_path / "setup.log").run("Baking", ["no-such-program"], "")


@pytest.mark.parametrize(
    ("version", "enough"),
    [
        ("v20.18.9", False), ("v20.19.0", True), ("v21.7.3", False), ("v22.11.0", False), ("v22.12.0", True),
        ("v24.1.0", True), ("v8.0.0", False), ("something else", False),
    ],
)  # fmt: skip
def test_which_node_is_new_enough(version: str, enough: bool) -> None:
    assert frontend.new_enough(version) is enough


@pytest.fixture
def npm(checkout: Path) -> frontend.Node:
    """Stands for npm: writes down its calls, and makes what each makes."""
    program = checkout.parent / "npm.py"
    program.write_text(
        "import pathlib, sys\n"
        "open('../calls', 'a').write(' '.join(sys.argv[1:3]) + '\\n')\n"
        "pathlib.Path('node_modules' if sys.argv[1] == 'ci' else 'dist').mkdir(exist_ok=True)\n"
    )
    return frontend.Node([sys.executable, str(program)], None)


def calls(checkout: Path) -> list[str]:
    return (checkout / "calls").read_text().splitlines()


def test_pages_are_built_once_for_each_state_of_their_sources(checkout: Path, npm: frontend.Node) -> None:
    pages, steps = checkout / "frontend", Steps(checkout / "setup.log")
    assert not frontend.is_built(pages)
    for _ in range(2):
        frontend.build(pages, npm, steps)
        assert frontend.is_built(pages)
    assert calls(checkout) == ["ci --no-audit", "run build"]

    (pages / "src" / "main.tsx").write_text("2")
    assert not frontend.is_built(pages)
    frontend.build(pages, npm, steps)
    assert calls(checkout)[2:] == ["run build"]  # its packages are the same

    (pages / "package-lock.json").write_text('{"changed": 1}')
    frontend.build(pages, npm, steps)
    assert calls(checkout)[3:] == ["ci --no-audit", "run build"]


def test_what_a_build_makes_does_not_count_as_a_source_but_a_new_name_does(checkout: Path) -> None:
    pages = checkout / "frontend"
    before = frontend.sources_digest(pages)
    for made in ("dist", "node_modules"):
        (pages / made).mkdir()
        (pages / made / "file").write_text("x")
    assert frontend.sources_digest(pages) == before
    (pages / "src" / "main.tsx").rename(pages / "src" / "other.tsx")
    assert frontend.sources_digest(pages) != before


def kineme(*arguments: str, cwd: Path, python: str = sys.executable) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [python, str(REPOSITORY / "kineme"), *arguments], cwd=cwd, capture_output=True, text=True, check=False
    )


def test_help_needs_no_preparation_and_names_every_command(tmp_path: Path) -> None:
    said = kineme("--help", cwd=tmp_path)
    assert said.returncode == 0
    assert all(name in said.stdout for name in COMMANDS)


def test_an_unknown_command_is_named(tmp_path: Path) -> None:
    said = kineme("launch", cwd=tmp_path)
    assert (said.returncode, "'launch'" in said.stderr) == (2, True)


def test_every_command_has_a_program() -> None:
    of_the_client = {name for name, command in COMMANDS.items() if command.client}
    assert set(PROGRAMS) | set(cli.COMMANDS) | of_the_client == set(COMMANDS)


def test_a_python_of_the_wrong_age_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(bootstrap.sys, "version_info", (3, 9, 2))
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: None)
    monkeypatch.setattr(Environment, "serves", lambda self, extras: False)
    assert bootstrap.main(["lock"]) == 1
    assert "Kineme needs Python 3.11, 3.12 or 3.13; this is 3.9" in capsys.readouterr().err


def test_a_fitting_python_on_the_path_is_taken_when_ours_does_not_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    became: list[list[str]] = []

    def become(program: str, arguments: list[str]) -> None:
        became.append(arguments)
        raise SystemExit

    monkeypatch.setattr(bootstrap.sys, "version_info", (3, 9, 2))
    # A shim of a version manager may lie on the PATH and refuse to run.
    found = {"python3.11": "/bin/false", "python3.12": sys.executable}
    monkeypatch.setattr(bootstrap.shutil, "which", found.get)
    monkeypatch.setattr(bootstrap.os, "execv", become)
    monkeypatch.setattr(Environment, "serves", lambda self, extras: False)
    with pytest.raises(SystemExit):
        bootstrap.main(["lock", "--upgrade"])
    assert became == [[sys.executable, str(REPOSITORY / "kineme"), "lock", "--upgrade"]]


def test_the_stamp_is_plain(checkout: Path) -> None:
    made = Recorded(checkout)
    made.prepare(BASE)
    assert json.loads(made.stamp.read_text()) == {"key": made.key(), "extras": sorted(BASE)}


def test_the_client_needs_neither_the_chain_nor_the_server(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[list[str]] = []
    monkeypatch.setattr(Steps, "run", lambda self, title, command, *_, **__: steps.append(command))
    monkeypatch.setattr(bootstrap, "_succeeds", lambda command: True)
    monkeypatch.setattr(ClientEnvironment, "_pip_setting", lambda self, option: "")
    client = ClientEnvironment(checkout)
    client._install([])
    assert steps[-1][-4:] == ["httpx", "tqdm", "-c", "requirements.lock"]
    assert client.folder != Environment(checkout).folder


def test_the_client_starts_where_only_its_own_packages_are() -> None:
    """An interpreter that finds nothing but httpx, tqdm and the checkout."""
    blocked = ("torch", "numpy", "django", "celery", "scipy", "ml", "backend")
    program = (
        f"import sys; [sys.modules.__setitem__(name, None) for name in {blocked}]; "
        "from launcher.main import main; sys.exit(main(['videos', 'upload', '--help']))"
    )
    said = subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr
    assert "--project" in said.stdout
