"""Facts about the project as a whole."""

from __future__ import annotations

import tomllib
from io import StringIO

import pytest
from django.core.management import call_command

from backend import VERSION
from backend.config.env import REPOSITORY


@pytest.mark.django_db
def test_the_models_and_the_migrations_agree():
    call_command("makemigrations", check=True, dry_run=True, stdout=StringIO())


def test_the_version_is_said_twice_and_the_same():
    assert tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]["version"] == VERSION


def test_the_queue_never_trusts_a_slow_message_to_be_lost(settings):
    from backend.config.celery import app

    assert app.conf.task_acks_late
    assert app.conf.task_reject_on_worker_lost
    assert app.conf.worker_prefetch_multiplier == 1
    assert app.conf.broker_transport_options["visibility_timeout"] == 12 * 3600
    assert app.conf.broker_transport_options["unacked_restore_interval"] == 2
    assert app.conf.accept_content == ["json"]
    assert not settings.CELERY_RESULT_BACKEND
