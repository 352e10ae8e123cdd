from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from launcher.host import ProcessMark, spawn, wait_until_gone
from launcher.processes import LARGEST_LOG, Child, Service, Supervisor, end_leftovers, rotate

pytestmark = [pytest.mark.services, pytest.mark.timeout(120)]

# A process with a child of its own in the same session, both deaf to SIGTERM when asked to be.
FAMILY = """
import signal, subprocess, sys, time
if "deaf" in sys.argv:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
open(sys.argv[1], "w").write(str(child.pid))
time.sleep(600)
"""


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def supervisor(tmp_path: Path, said: list[str]) -> Iterator[Supervisor]:
    supervisor = Supervisor(tmp_path / "processes.json", said.append)
    yield supervisor
    supervisor.hurry = True
    supervisor.stop_all()


def service(
    tmp_path: Path, name: str, *arguments: str, once: bool = False, tier: int = 1, wait_s: float = 5.0
) -> Service:
    log = tmp_path / f"{name}.log"
    return Service(
        name,
        lambda: spawn([sys.executable, "-c", *arguments], log=log, tether=signal.SIGKILL),
        log,
        tier,
        stop=((signal.SIGTERM, wait_s),),
        once=once,
        done=f"{name} is done.",
    )


def soon(true: Callable[[], bool], within_s: float = 60.0) -> bool:
    deadline = time.monotonic() + within_s
    while not true() and time.monotonic() < deadline:
        time.sleep(0.02)
    return true()


def mark_in(file: Path) -> ProcessMark:
    assert soon(lambda: file.exists() and file.read_text().isdigit())
    mark = ProcessMark.of(int(file.read_text()))
    assert mark is not None
    return mark


@pytest.mark.parametrize("manners", ["", "deaf"])
def test_stopping_leaves_neither_children_nor_grandchildren(
    tmp_path: Path, supervisor: Supervisor, manners: str
) -> None:
    file = tmp_path / "pid"
    supervisor.start(service(tmp_path, "family", FAMILY, str(file), manners, wait_s=0.2))
    grandchild = mark_in(file)
    child = supervisor.children[0].mark
    assert child is not None
    supervisor.stop_all()
    assert wait_until_gone([child, grandchild], within_s=30) == []
    assert not supervisor.records.exists()


def test_higher_tiers_are_gone_before_lower_ones_are_asked(tmp_path: Path, supervisor: Supervisor) -> None:
    order = tmp_path / "order"
    code = """
import signal, sys, time
def leave(*_):
    time.sleep(0.3)
    open(sys.argv[1], "a").write(sys.argv[2] + "\\n")
    sys.exit()
signal.signal(signal.SIGTERM, leave)
open(sys.argv[1] + sys.argv[2], "w").close()
time.sleep(600)
"""
    for name, tier in (("database", 0), ("broker", 1), ("worker", 2)):
        supervisor.start(service(tmp_path, name, code, str(order), name, tier=tier, wait_s=60))
        assert soon(Path(f"{order}{name}").exists)
    supervisor.stop_all()
    assert order.read_text().split() == ["worker", "broker", "database"]


def test_a_process_that_dies_is_started_again(tmp_path: Path, supervisor: Supervisor, said: list[str]) -> None:
    file = tmp_path / "pid"
    supervisor.start(service(tmp_path, "family", FAMILY, str(file)))
    grandchild = mark_in(file)
    first = supervisor.children[0].process
    os.kill(first.pid, signal.SIGKILL)
    supervisor.watch(until=lambda: supervisor.children[0].process is not first)
    assert supervisor.children[0].process.poll() is None
    assert wait_until_gone([grandchild], within_s=30) == []  # the dead one's child went with it
    assert said == ["family ended (SIGKILL); starting it again."]
    assert json.loads(supervisor.records.read_text())[0]["pid"] == supervisor.children[0].process.pid


def test_pauses_grow_for_a_process_that_cannot_live(tmp_path: Path, supervisor: Supervisor, said: list[str]) -> None:
    supervisor.start(service(tmp_path, "broken", "raise SystemExit(3)"))
    supervisor.watch(until=lambda: len(said) == 3)
    assert said == [
        "broken ended (status 3); starting it again.",
        "broken ended (status 3); starting it again in 1 s.",
        "broken ended (status 3); starting it again in 2 s.",
    ]


@pytest.mark.parametrize(
    ("code", "message"), [("pass", "job is done."), ("print('no disk'); raise SystemExit(1)", "job failed.")]
)
def test_a_job_runs_once_and_its_end_is_told(
    tmp_path: Path, supervisor: Supervisor, said: list[str], code: str, message: str
) -> None:
    supervisor.start(service(tmp_path, "job", code, once=True))
    supervisor.watch(until=lambda: bool(said))
    supervisor.check()
    assert len(said) == 1
    assert said[0].startswith(message)
    assert ("no disk" in said[0]) == ("disk" in code)


KILLED = """
import os, signal, sys
from pathlib import Path
from launcher.host import spawn
from launcher.processes import Service, Supervisor

folder, tether = Path(sys.argv[1]), signal.SIGKILL if sys.argv[2] == "tethered" else None
supervisor = Supervisor(folder / "processes.json", print)
command = [sys.executable, "-c", "import time; time.sleep(600)"]
log = folder / "log"
supervisor.start(Service("sleeper", lambda: spawn(command, log=log, tether=tether), log, 1))
os.kill(os.getpid(), signal.SIGKILL)
"""


def left_by_a_killed_supervisor(tmp_path: Path, how: str) -> ProcessMark:
    killed = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path), how], check=False)
    assert killed.returncode == -signal.SIGKILL
    row = json.loads((tmp_path / "processes.json").read_text())[0]
    return ProcessMark(row["pid"], row["born"])


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent died")
def test_a_killed_supervisor_takes_its_processes_with_it(tmp_path: Path) -> None:
    assert wait_until_gone([left_by_a_killed_supervisor(tmp_path, "tethered")], within_s=30) == []


def test_what_a_killed_supervisor_left_is_ended_by_the_next(tmp_path: Path) -> None:
    left = left_by_a_killed_supervisor(tmp_path, "loose")
    assert left.alive()
    assert end_leftovers(tmp_path / "processes.json") == 1
    assert not left.alive()
    assert end_leftovers(tmp_path / "processes.json") == 0


@pytest.mark.parametrize("born", ["another boot 17", ""])
def test_a_recorded_number_that_was_given_to_another_process_is_let_be(tmp_path: Path, born: str) -> None:
    records = tmp_path / "processes.json"
    records.write_text(json.dumps([{"name": "web", "pid": os.getpid(), "born": born}]))
    assert end_leftovers(records) == 0


@pytest.mark.parametrize("text", ["", '[{"pid": 1', "[{}]", "7"])
def test_records_cut_short_are_dropped(tmp_path: Path, text: str) -> None:
    records = tmp_path / "processes.json"
    records.write_text(text)
    assert end_leftovers(records) == 0
    assert not records.exists()


def test_a_large_log_is_moved_aside_and_few_are_kept(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    for number in range(6):
        log.write_bytes(str(number).encode() + b"x" * LARGEST_LOG)
        rotate(log)
    assert {file.name: file.read_bytes()[:1] for file in tmp_path.iterdir()} == {
        "web.log.1": b"5",
        "web.log.2": b"4",
        "web.log.3": b"3",
    }


def test_a_second_signal_asks_for_hurry(supervisor: Supervisor) -> None:
    supervisor.on_signal(signal.SIGINT, None)
    assert (supervisor.stopping, supervisor.hurry) == (True, False)
    supervisor.on_signal(signal.SIGTERM, None)
    assert supervisor.hurry


def test_in_a_hurry_workers_are_killed_at_once(tmp_path: Path, supervisor: Supervisor) -> None:
    supervisor.start(service(tmp_path, "deaf", FAMILY, str(tmp_path / "pid"), "deaf", wait_s=3600))
    mark_in(tmp_path / "pid")
    child: Child = supervisor.children[0]
    supervisor.hurry = True
    supervisor.stop_all()
    assert child.process.returncode == -signal.SIGKILL
