from __future__ import annotations

import pytest
from django.db import DatabaseError, connection
from django.test import Client

from backend.common import health


@pytest.fixture(autouse=True)
def _forget_the_last_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_last", (float("-inf"), {}))
    monkeypatch.setattr(health, "ASK_WORKERS_FOR_S", 0.01)


@pytest.mark.django_db
def test_anyone_may_ask_and_learns_no_detail(client: Client):
    response = client.get("/api/health/")
    assert response.status_code == 200
    assert response.json() == {"database": True, "broker": True, "workers": 0}


@pytest.mark.django_db
def test_a_database_that_is_away_makes_the_server_unhealthy(client: Client, monkeypatch: pytest.MonkeyPatch):
    def away() -> None:
        raise DatabaseError("password of the database user is wrong")

    monkeypatch.setattr(connection, "cursor", away)
    response = client.get("/api/health/")
    assert response.status_code == 503
    assert response.json()["database"] is False
    assert b"password" not in response.content


@pytest.mark.django_db
def test_a_broker_that_is_away_is_said(client: Client, monkeypatch: pytest.MonkeyPatch):
    from backend.config.celery import app

    monkeypatch.setattr(
        app, "connection_for_read", lambda: app.connection_for_write("redis+socket:///nowhere/valkey.sock")
    )
    response = client.get("/api/health/")
    assert (response.status_code, response.json()["broker"]) == (503, False)
