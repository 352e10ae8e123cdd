"""Clients of the API, and a media folder that is gone with the test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import AsyncClient, Client

from backend.projects.models import User


@pytest.fixture
def media(tmp_path: Path, settings) -> Path:
    """An empty media folder of this test."""
    settings.MEDIA_FOLDER = tmp_path / "media"
    return settings.MEDIA_FOLDER


@pytest.fixture
def client_of() -> Callable[[User], Client]:
    """A client that is signed in."""

    def make(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return make


@pytest.fixture
def async_client_of() -> Callable[[User], AsyncClient]:
    """The same for views that stream."""

    def make(user: User) -> AsyncClient:
        client = AsyncClient()
        client.force_login(user)
        return client

    return make
