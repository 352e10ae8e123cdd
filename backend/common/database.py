"""Asking the database from an async view."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from asgiref.sync import sync_to_async
from django.db import connections

P = ParamSpec("P")
T = TypeVar("T")


async def ask(function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a function that queries, in a thread, and give its connection back at once.

    Django gives a request's connection back when its response is finished. A stream of events finishes after hours: a
    handful of open pages would hold the whole pool.
    """

    def call() -> T:
        try:
            return function(*args, **kwargs)
        finally:
            for connection in connections.all(initialized_only=True):
                if not connection.in_atomic_block:  # then it is not ours to close: a test's, or a caller's
                    connection.close_if_unusable_or_obsolete()

    return await sync_to_async(call)()
