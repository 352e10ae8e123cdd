"""The supervisor: starts processes in order, starts again what dies, and leaves none behind.

Every process gets a session of its own, so that a Ctrl-C reaches only the supervisor and a whole tree can be ended at
once; and a tether, so that on Linux a supervisor that is killed takes them with it. What survives elsewhere is found
at the next start by its recorded number and birth.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from launcher.host import LauncherError, ProcessMark, tail, wait_until_gone

HEALTHY_AFTER_S = 30.0  # a process that ran this long starts again at once when it dies
LONGEST_PAUSE_S = 30.0
LARGEST_LOG = 10 * 1024 * 1024
KEPT_LOGS = 3

Signals = tuple[tuple[signal.Signals, float], ...]
BY_FORCE = (signal.SIGKILL, 5.0)
POLITE: Signals = ((signal.SIGTERM, 5.0),)


@dataclass(frozen=True)
class Service:
    """Something that should run for as long as the supervisor does, or, `once`, until it is done.

    `stop` is sent signal by signal, each with the seconds it has to work, to the process itself; what is left of its
    tree then is killed. Services of the same `tier` stop together, higher tiers first.
    """

    name: str
    launch: Callable[[], subprocess.Popen[bytes]]
    log: Path
    tier: int
    stop: Signals = POLITE
    once: bool = False
    done: str = ""  # said at the end of one that runs once


@dataclass
class Child:
    service: Service
    process: subprocess.Popen[bytes]
    mark: ProcessMark | None
    started: float
    failures: int = 0
    due: float | None = None  # when a dead one starts again
    finished: bool = False
    signals: list[tuple[signal.Signals, float]] = field(default_factory=list)  # still to be sent while stopping
    next_signal: float = 0.0


@dataclass
class Supervisor:
    """Owner of a set of processes. Used from one thread: the kernel ties a tethered process to the thread it came from.

    Args:
        records: file with the numbers of the running processes, for a successor after a kill.
        say: how to tell the person at the terminal.
    """

    records: Path
    say: Callable[[str], None]
    children: list[Child] = field(default_factory=list)
    stopping: bool = False
    hurry: bool = False

    def on_signal(self, number: int, frame: object) -> None:
        """Handler of SIGINT, SIGTERM and SIGHUP: the first asks for the stop, the second for a quick one."""
        self.hurry = self.stopping
        self.stopping = True

    def listen(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # started under nohup: stay
                signal.signal(number, self.on_signal)

    def start(self, service: Service) -> None:
        """Start a service and keep it running. Raises LauncherError when it cannot start at all."""
        self.children.append(self._launch(service))
        self._record()

    def watch(self, until: Callable[[], bool] = lambda: False) -> None:
        """Keep everything running until `until` is true or somebody asks to stop."""
        while not self.stopping and not until():
            self.check()
            time.sleep(0.1)

    def check(self) -> None:
        """Start again what has died, with growing pauses. Called often."""
        now = time.monotonic()
        for child in self.children:
            if child.finished:
                continue
            if child.due is not None:
                if now >= child.due:
                    self._restart(child)
                continue
            status = child.process.poll()
            if status is None:
                continue
            _kill_group(child.process.pid)  # what it had started does not outlive it
            name, log = child.service.name, child.service.log
            if child.service.once:
                child.finished = True
                self.say(child.service.done if status == 0 else f"{name} failed. {_last_words(log)}")
                continue
            child.failures = 1 if now - child.started > HEALTHY_AFTER_S else child.failures + 1
            pause = 0.0 if child.failures == 1 else min(LONGEST_PAUSE_S, 2.0 ** (child.failures - 2))
            child.due = now + pause
            self.say(f"{name} ended ({_how(status)}); starting it again{f' in {pause:.0f} s' if pause else ''}.")

    def stop_all(self) -> None:
        """Stop everything, tier by tier, last started first. Returns when no process is left."""
        for tier in sorted({child.service.tier for child in self.children}, reverse=True):
            self._stop([child for child in reversed(self.children) if child.service.tier == tier])
        self.children.clear()
        self.records.unlink(missing_ok=True)

    def _launch(self, service: Service) -> Child:
        rotate(service.log)
        process = service.launch()
        return Child(service, process, ProcessMark.of(process.pid), time.monotonic())

    def _restart(self, child: Child) -> None:
        try:
            fresh = self._launch(child.service)
        except LauncherError as error:
            child.failures += 1
            child.due = time.monotonic() + LONGEST_PAUSE_S
            self.say(f"{child.service.name} does not start; trying again in {LONGEST_PAUSE_S:.0f} s. {error}")
            return
        child.process, child.mark, child.started, child.due = fresh.process, fresh.mark, fresh.started, None
        self._record()

    def _stop(self, children: Sequence[Child]) -> None:
        """Send each its signals in turn, to all of them at the same time, until the last has gone."""
        running = [child for child in children if child.process.poll() is None]
        for child in running:
            child.signals = [*child.service.stop, BY_FORCE]
        while running:
            now = time.monotonic()
            for child in running:
                if self.hurry and child.service.tier > 0 and len(child.signals) > 1:
                    child.signals, child.next_signal = [BY_FORCE], now
                if now >= child.next_signal:
                    number, within_s = child.signals.pop(0) if len(child.signals) > 1 else child.signals[0]
                    child.next_signal = now + within_s
                    child.process.send_signal(number)
            time.sleep(0.05)
            running = [child for child in running if child.process.poll() is None]
        for child in children:
            _kill_group(child.process.pid)

    def _record(self) -> None:
        marks = [
            {"name": child.service.name, "pid": child.mark.pid, "born": child.mark.born}
            for child in self.children
            if child.mark is not None
        ]
        unfinished = self.records.with_name(self.records.name + ".new")
        unfinished.write_text(json.dumps(marks, indent=1))
        unfinished.replace(self.records)


def end_leftovers(records: Path) -> int:
    """End what a supervisor that was killed has left running. How many there were."""
    try:
        listed = json.loads(records.read_text())
        marks = [ProcessMark(int(row["pid"]), str(row["born"])) for row in listed]
    except FileNotFoundError:
        return 0
    except (ValueError, KeyError, TypeError):  # cut short by a crash: the tethers have done their work
        records.unlink()
        return 0
    left = [mark for mark in marks if mark.alive()]
    for mark in reversed(left):
        with contextlib.suppress(ProcessLookupError):
            os.kill(mark.pid, signal.SIGTERM)
    for mark in wait_until_gone(left, within_s=20.0):
        _kill_group(mark.pid)
    records.unlink()
    return len(left)


def rotate(log: Path) -> None:
    """Move a large log aside, keeping a few old ones."""
    if not log.exists() or log.stat().st_size <= LARGEST_LOG:
        return
    for number in range(KEPT_LOGS - 1, 0, -1):
        older = log.with_name(f"{log.name}.{number}")
        if older.exists():
            older.replace(log.with_name(f"{log.name}.{number + 1}"))
    log.replace(log.with_name(f"{log.name}.1"))


def _kill_group(leader: int) -> None:
    """End what is left of a process's session. Its number is not given away while any of it lives."""
    with contextlib.suppress(ProcessLookupError, PermissionError):  # gone; or macOS's answer when all are zombies
        os.killpg(leader, signal.SIGKILL)


def _how(status: int) -> str:
    return f"status {status}" if status >= 0 else signal.Signals(-status).name


def _last_words(log: Path) -> str:
    return f"The end of {log}:\n{tail(log, 8)}"
