from __future__ import annotations

import asyncio
import json
from typing import Any

import psycopg
import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.db import connection, transaction

from backend.common import events
from backend.common.events import MOST_WAITING, RESYNC, Event, Listener, Subscription, publish


def test_a_page_that_does_not_read_is_told_to_ask_for_everything():
    async def scenario() -> list[Event | None]:
        page = Subscription(1)
        for number in range(MOST_WAITING + 1):
            page.offer(Event("change", str(number)))
        page.offer(Event("change", "after"))
        return [await page.next(0.01) for _ in range(3)]

    assert async_to_sync(scenario)() == [RESYNC, Event("change", "after"), None]


def test_an_event_is_written_as_the_standard_has_it():
    assert Event("change", '{"id": 1}').encode() == b'event: change\ndata: {"id": 1}\n\n'


async def _next(page: Subscription) -> Event:
    event = await page.next(10)
    assert event is not None, "no event within 10 s"
    return event


@pytest.mark.django_db(transaction=True)
def test_what_is_committed_reaches_the_pages_of_that_project_only():
    def change(fail: bool, **fields: Any) -> None:
        try:
            with transaction.atomic():
                publish(7, **fields)
                if fail:
                    raise ZeroDivisionError
        except ZeroDivisionError:
            pass

    async def scenario() -> list[Event]:
        listener = Listener()
        async with listener.subscribe(7) as mine, listener.subscribe(8) as other:
            assert await _next(mine) == RESYNC
            assert await _next(other) == RESYNC
            await sync_to_async(change)(True, kind="run", id=1)
            await sync_to_async(change)(False, kind="run", id=2, message="m" * 10_000)
            await sync_to_async(publish)(8, kind="run", id=3)
            heard = [await _next(mine), await _next(other)]
            assert await mine.next(0.05) is None
            return heard

    mine, other = async_to_sync(scenario)()
    assert json.loads(mine.data) == {"kind": "run", "id": 2, "project": 7, "message": "m" * 500}
    assert json.loads(other.data) == {"kind": "run", "id": 3, "project": 8}


@pytest.mark.django_db(transaction=True)
def test_a_lost_connection_is_made_again_and_the_pages_are_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(events, "RECONNECT_AFTER_S", 0.01)

    def cut() -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                "WHERE query LIKE 'LISTEN%%' AND datname = current_database()"
            )
            assert cursor.fetchone() == (1,)

    async def scenario() -> list[str]:
        listener = Listener()
        async with listener.subscribe(7) as page:
            names = [(await _next(page)).name]
            await sync_to_async(cut)()
            names.append((await _next(page)).name)
            await sync_to_async(publish)(7, kind="run", id=1)
            names.append((await _next(page)).name)
            return names

    assert async_to_sync(scenario)() == ["resync", "resync", "change"]


@pytest.mark.django_db(transaction=True)
def test_nothing_listens_once_the_last_page_is_closed():
    async def scenario() -> int:
        listener = Listener()
        async with listener.subscribe(7) as first:
            await _next(first)
            async with listener.subscribe(7) as second:
                assert await _next(second) == RESYNC  # at once: the process hears already
            publishing = asyncio.create_task(sync_to_async(publish)(7, id=1))
            await publishing
            assert (await _next(first)).name == "change"  # the other page's leaving changes nothing
        await asyncio.sleep(0.2)
        async with await psycopg.AsyncConnection.connect(**events._address()) as asking:
            rows = await asking.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()"
            )
            return (await rows.fetchone())[0]

    assert async_to_sync(scenario)() == 0
