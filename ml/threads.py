"""How many threads a computation may use. A fixed number, so the same input gives the same bits on a busy machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def fixed_threads(n: int = 1) -> Iterator[None]:
    """Run the block with `n` torch threads. One by default: two that share two busy cores wait for each other, and
    sums are split by the number of threads, so their last bits would depend on it."""
    before = torch.get_num_threads()
    torch.set_num_threads(n)
    try:
        yield
    finally:
        torch.set_num_threads(before)
