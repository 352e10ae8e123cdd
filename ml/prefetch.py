"""Reading ahead in a thread, so that decoding overlaps with what is done to the pictures."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

Item = TypeVar("Item")


@contextmanager
def prefetched(source: Iterable[Item], ahead: int) -> Generator[Iterator[Item]]:
    """Run `source` in a thread, at most `ahead` items ahead of the consumer.

    An exception of the source is raised at the consumer; leaving the context stops the thread, wherever it is.
    """
    items: queue.Queue[Item | _End] = queue.Queue(maxsize=ahead)
    stopped = threading.Event()

    def produce() -> None:
        end = _End()
        try:
            for item in source:
                if not _put(items, item, stopped):
                    return
        except BaseException as exc:  # noqa: BLE001  handed over to the consumer, who raises it
            end = _End(exc)
        _put(items, end, stopped)

    def consume() -> Iterator[Item]:
        while not isinstance(item := items.get(), _End):
            yield item
        if item.error is not None:
            raise item.error

    thread = threading.Thread(target=produce, name="prefetch", daemon=True)
    thread.start()
    try:
        yield consume()
    finally:
        stopped.set()
        thread.join()


@dataclass(frozen=True)
class _End:
    error: BaseException | None = None


def _put(items: queue.Queue[Item | _End], item: Item | _End, stopped: threading.Event) -> bool:
    """Wait for room, or until nobody wants the item any more."""
    while not stopped.is_set():
        try:
            items.put(item, timeout=0.05)
            return True
        except queue.Full:
            continue
    return False
