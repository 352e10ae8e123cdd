"""A real server in this process, people with tokens, and a home folder that is gone with the test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from backend.accounts.models import Scope
from backend.accounts.services import make_token
from backend.projects.models import Project, User
from kineme_client import Client
from tests.factories.runs import a_project, a_user


@pytest.fixture
def server(live_server, settings, tmp_path: Path) -> str:
    """The address of a server with an empty media folder."""
    settings.MEDIA_FOLDER = tmp_path / "media"
    return str(live_server.url)


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No test reads or writes what the person running it keeps."""
    folder = tmp_path / "home"
    for variable in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(variable, str(folder))
    for variable in ("KINEME_URL", "KINEME_TOKEN", "KINEME_INSECURE"):
        monkeypatch.delenv(variable, raising=False)
    return folder


@pytest.fixture
def token_of() -> Callable[..., str]:
    def make(user: User, *scopes: str) -> str:
        return make_token(user=user, name="test", scopes=scopes or Scope.values, days=1)[1]

    return make


@pytest.fixture
def owner(server: str) -> User:
    return a_user()


@pytest.fixture
def project(owner: User) -> Project:
    return a_project(owner)


@pytest.fixture
def kineme(server: str, owner: User, token_of: Callable[..., str]):
    with Client(server, token_of(owner), sleep=lambda _: None) as client:
        yield client
