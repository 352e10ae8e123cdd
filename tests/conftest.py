"""What every test may use. Marks are explained in pyproject.toml."""

from __future__ import annotations

import pytest

from launcher import pytest_database


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those that start servers and workers come first: they take minutes, and nobody waits for them at the end. Browser
    tests stay as they are: they share a project."""
    items.sort(key=lambda item: not any(item.get_closest_marker(mark) for mark in ("services", "browser")))


@pytest.fixture(scope="session")
def database_url() -> str:
    """The address of a running PostgreSQL with pgvector: DATABASE_URL, or a server of our own for this test run."""
    return pytest_database.ensure_started()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None, database_url: str) -> None:
    """Start the server before pytest-django makes its test database."""
