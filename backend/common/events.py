"""What open pages are told the moment it is true: Postgres NOTIFY in, server-sent events out."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from django.db import connection, connections

CHANNEL = "kineme_events"
LONGEST_MESSAGE = 500
MOST_WAITING = 256
RECONNECT_AFTER_S = 0.5
RECONNECT_AT_LEAST_EVERY_S = 10.0
JSONScalar = str | int | float | bool | None

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Event:
    """One server-sent event; `data` is JSON."""

    name: str
    data: str

    def encode(self) -> bytes:
        return f"event: {self.name}\ndata: {self.data}\n\n".encode()


RESYNC = Event("resync", "{}")  # something may have been missed: ask for everything again


def publish(project_id: int, **fields: JSONScalar) -> None:
    """Tell the open pages of a project, if and when the surrounding transaction commits.

    NOTIFY is transactional itself: Postgres delivers it at commit and drops it on rollback.
    """
    if isinstance(message := fields.get("message"), str):
        fields["message"] = message[:LONGEST_MESSAGE]  # a payload has to stay under 8000 bytes
    payload = json.dumps({**fields, "project": project_id})
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, payload])


class Subscription:
    """What one open page has not been told yet."""

    def __init__(self, project_id: int) -> None:
        self.project_id = project_id
        self._waiting: asyncio.Queue[Event] = asyncio.Queue(maxsize=MOST_WAITING)

    def offer(self, event: Event) -> None:
        """Never waits: a page that does not read must not hold up the others. It is told to ask for everything."""
        try:
            self._waiting.put_nowait(event)
        except asyncio.QueueFull:
            while not self._waiting.empty():
                self._waiting.get_nowait()
            self._waiting.put_nowait(RESYNC)

    async def next(self, within_s: float) -> Event | None:
        """The next event, or None if there is none for that long."""
        try:
            return await asyncio.wait_for(self._waiting.get(), within_s)
        except TimeoutError:
            return None


class Listener:
    """Hears Postgres once for a whole process and passes on what concerns each open page."""

    def __init__(self) -> None:
        self._subscriptions: set[Subscription] = set()
        self._hearing: asyncio.Task[None] | None = None
        self.connected = False

    @asynccontextmanager
    async def subscribe(self, project_id: int) -> AsyncIterator[Subscription]:
        """Events of one project. The first is RESYNC, once nothing can be missed any more."""
        subscription = Subscription(project_id)
        self._subscriptions.add(subscription)
        if self._hearing is None or self._hearing.done():
            self._hearing = asyncio.create_task(self._hear())
        elif self.connected:
            subscription.offer(RESYNC)
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)
            if not self._subscriptions and self._hearing is not None:
                self._hearing.cancel()
                self._hearing = None
                self.connected = False

    async def _hear(self) -> None:
        delay_s = RECONNECT_AFTER_S
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(**_address(), autocommit=True) as hearing:
                    await hearing.execute(f"LISTEN {CHANNEL}")
                    delay_s = RECONNECT_AFTER_S
                    self.connected = True
                    for subscription in self._subscriptions:
                        subscription.offer(RESYNC)
                    async for notification in hearing.notifies():
                        self._pass_on(notification.payload)
            except psycopg.OperationalError as error:
                self.connected = False
                logger.warning("lost the database's events, asking again in %.0f s: %s", delay_s, error)
                await asyncio.sleep(delay_s)
                delay_s = min(2 * delay_s, RECONNECT_AT_LEAST_EVERY_S)

    def _pass_on(self, payload: str) -> None:
        event = Event("change", payload)
        project_id = json.loads(payload)["project"]
        for subscription in self._subscriptions:
            if subscription.project_id == project_id:
                subscription.offer(event)


_listeners: WeakKeyDictionary[asyncio.AbstractEventLoop, Listener] = WeakKeyDictionary()


def listener() -> Listener:
    """The listener of this process: of its one event loop."""
    return _listeners.setdefault(asyncio.get_running_loop(), Listener())


def _address() -> dict[str, Any]:
    """How Django reaches the database, without what only Django's own connections understand."""
    wanted = connections["default"].get_connection_params()
    for ours in ("pool", "cursor_factory", "context", "prepare_threshold", "assume_role", "server_side_binding"):
        wanted.pop(ours, None)
    return {**wanted, "keepalives_idle": 30, "connect_timeout": 10}
