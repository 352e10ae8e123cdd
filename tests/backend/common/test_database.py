from __future__ import annotations

import pytest
from asgiref.sync import async_to_sync
from django.db import connection

from backend.common.database import ask
from backend.projects.models import Project


@pytest.mark.django_db(transaction=True)
def test_a_connection_is_given_back_at_once_and_not_when_the_stream_ends():
    async def scenario() -> bool:
        assert await ask(Project.objects.count) == 0
        return await ask(lambda: connection.connection is None)

    assert async_to_sync(scenario)()


@pytest.mark.django_db
def test_a_transaction_that_is_open_stays_open():
    assert async_to_sync(ask)(Project.objects.count) == 0
    assert connection.in_atomic_block
    assert not connection.closed_in_transaction
