"""A pytest plugin: without DATABASE_URL the tests get a PostgreSQL of their own, gone when they end.

Named in pyproject.toml's `addopts` and not left to a conftest.py, because pytest-django reads the settings, and they
the environment, before any conftest.py is loaded. The address is fixed at once; the server starts when a test first
asks for a database, so tests of `ml` never wait for it. Tests use it through `tests/conftest.py`.
"""

from __future__ import annotations

import contextlib
import os
import signal

import pytest

from launcher.postgres import Postgres, throw_away

_own = contextlib.ExitStack()
_server: Postgres | None = None


def pytest_addoption() -> None:
    """The first hook of all; nothing is added to the command line."""
    global _server
    if not os.environ.get("DATABASE_URL"):
        _server = _own.enter_context(throw_away())
        os.environ["DATABASE_URL"] = _server.url


def pytest_configure(config: pytest.Config) -> None:
    # Asked to end, end like on Ctrl-C: fixtures stop the servers they started.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if getattr(config.option, "numprocesses", None):  # pytest-xdist: its workers inherit the address of ours
        ensure_started()


def pytest_unconfigure() -> None:
    if _server is not None:
        _own.close()
        del os.environ["DATABASE_URL"]


def ensure_started() -> str:
    """The address of a running server for tests."""
    if _server is not None and not _server.running():
        _server.start(tether=True)
    return os.environ["DATABASE_URL"]
