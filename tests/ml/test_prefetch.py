from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from ml.errors import CannotDecode
from ml.prefetch import prefetched


def test_prefetched_items_come_in_order() -> None:
    with prefetched(range(100), 4) as items:
        assert list(items) == list(range(100))


def test_an_error_of_the_source_is_raised_at_the_consumer() -> None:
    def failing() -> Iterator[int]:
        yield 1
        raise CannotDecode("broken")

    with prefetched(failing(), 4) as items:
        assert next(items) == 1
        with pytest.raises(CannotDecode, match="broken"):
            next(items)


def test_reading_ahead_is_bounded_and_ends_with_the_consumer() -> None:
    made, before = [], threading.active_count()

    def endless() -> Iterator[int]:
        while True:
            made.append(len(made))
            yield len(made)

    with prefetched(endless(), 3) as items:
        assert next(items) == 1
        time.sleep(0.1)
        assert len(made) <= 6  # one consumed, three waiting, one in hand, and the next perhaps begun
    assert threading.active_count() == before
