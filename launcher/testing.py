"""`kineme test`: every check and every test, on a database of its own that is gone afterwards."""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from launcher import frontend
from launcher.bootstrap import Environment
from launcher.commands import COMMANDS
from launcher.host import LauncherError
from launcher.postgres import throw_away
from launcher.steps import StepFailed

REPOSITORY = Path(__file__).resolve().parent.parent
SUITES = {  # apart: the browser's driver keeps an event loop running, which no test of Django may share
    # A file stays on one process: its fixtures cost more than its tests.
    "tests": ["-n", "2", "--dist", "loadfile", "--no-loadscope-reorder", "--ignore", "tests/e2e"],
    "browser tests": ["tests/e2e"],
}
PYTHON_FOLDERS = ["ml", "backend", "launcher", "benchmarks", "tests", "docs", "kineme", "manage.py"]


def main(arguments: list[str]) -> int:
    """The checks, then the suites, whose lines close the output. With arguments only pytest, given them."""
    if arguments in (["-h"], ["--help"]):
        argparse.ArgumentParser(
            prog="kineme test",
            usage="kineme test [PYTEST ARGUMENT…]",
            description=f"{__doc__} With arguments only pytest runs, and gets them.",
        ).print_help()
        return 0
    if shutil.which("chromium") is None:
        print("Browser tests are skipped: there is no `chromium` on the PATH (Debian: apt install chromium).")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # asked to end, clean up first
    with throw_away() as server:
        server.start(tether=True)
        environment = {
            **os.environ,
            "DATABASE_URL": server.url,
            "KINEME_SECRET_KEY": secrets.token_urlsafe(50),
            "OMP_WAIT_POLICY": "PASSIVE",
        }
        pytest = [sys.executable, "-m", "pytest"]
        if arguments:
            return _run("pytest", [*pytest, *arguments], environment)
        failed = _checks(environment)
        failed += [name for name, suite in SUITES.items() if _run(name, [*pytest, *suite], environment) != 0]
    print(f"Failed: {', '.join(failed)}." if failed else "Every check and every test passed.")
    return len(failed)


def _checks(environment: dict[str, str]) -> list[str]:
    """Run every check, whether or not one before it failed. The names of those that failed."""
    django = {**environment, "DJANGO_SETTINGS_MODULE": "backend.config.settings.base"}
    bin_ = Path(sys.executable).parent
    checks: list[tuple[str, Callable[[], int]]] = [
        (name, lambda name=name, command=command, env=env: _run(name, command, env))  # type: ignore[misc]
        for name, command, env in [
            ("ruff check", [str(bin_ / "ruff"), "check", *PYTHON_FOLDERS], environment),
            ("ruff format", [str(bin_ / "ruff"), "format", "--check", *PYTHON_FOLDERS], environment),
            ("mypy", [sys.executable, "-m", "mypy"], environment),
            ("import directions", [str(bin_ / "lint-imports")], environment),
            ("migrations", [sys.executable, "-m", "django", "makemigrations", "--check", "--dry-run"], django),
        ]
    ]
    checks.append(("front end", _front_end))
    results = []
    for name, check in checks:
        began = time.monotonic()
        status = check()
        results.append((name, status, time.monotonic() - began))
    _heading("checks")
    for name, status, seconds in results:
        print(f"{name:20}{'ok' if status == 0 else 'FAILED':8}{seconds:6.1f} s", flush=True)
    return [name for name, status, _ in results if status != 0]


def _front_end() -> int:
    """Types, lint and tests of the pages, then their build."""
    _heading("front end")
    environment = Environment(REPOSITORY)
    try:
        with environment.alone():
            node = environment.node(COMMANDS["test"].extras)
            frontend.install(environment.frontend, node, environment.steps)
        status = subprocess.call([*node.npm, "run", "check"], cwd=environment.frontend, env=node.environment)
        with environment.alone():
            frontend.build(environment.frontend, node, environment.steps)
    except StepFailed as error:
        print(error)
        return 1
    return status


def _run(name: str, command: list[str], environment: dict[str, str]) -> int:
    _heading(name)
    try:
        return subprocess.call(command, cwd=REPOSITORY, env=environment, stdin=subprocess.DEVNULL)
    except FileNotFoundError as error:
        raise LauncherError(f"{command[0]} is not installed here; run ./kineme test.") from error


def _heading(name: str) -> None:
    print(f"\n──── {name} ────", flush=True)
