"""Primitives as a file, a few thousand rows in memory at a time."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator, Sequence

from backend.common.database import ask
from backend.selections.selectors import FACTS, exported, in_parts

# A table program runs what begins like a formula: a title may say "=…".
STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


async def as_csv(ids: Sequence[int]) -> AsyncIterator[str]:
    yield ",".join(FACTS) + "\r\n"
    for part in in_parts(ids):
        text = io.StringIO()
        rows = csv.DictWriter(text, FACTS)
        for facts in await ask(exported, part):
            rows.writerow({name: _shown(value) for name, value in facts.items()})
        yield text.getvalue()


def _shown(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(STARTS_A_FORMULA) else value


async def as_json(run: int, ids: Sequence[int]) -> AsyncIterator[str]:
    yield f'{{"run": {run}, "segments": ['
    first = True
    for part in in_parts(ids):
        for facts in await ask(exported, part):
            yield ("\n" if first else ",\n") + json.dumps(facts)
            first = False
    yield "\n]}\n"
