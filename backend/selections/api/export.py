"""Primitives as a file, a few thousand rows in memory at a time."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator, Sequence

from backend.common.database import ask
from backend.common.names import safe_cell
from backend.projects.models import User
from backend.selections.selectors import FACTS, exported, in_parts


async def as_csv(ids: Sequence[int], user: User) -> AsyncIterator[str]:
    yield ",".join(FACTS) + "\r\n"
    for part in in_parts(ids):
        text = io.StringIO()
        rows = csv.DictWriter(text, FACTS)
        for facts in await ask(exported, part, user):
            rows.writerow({name: safe_cell(value) for name, value in facts.items()})
        yield text.getvalue()


async def as_json(run: int, ids: Sequence[int], user: User) -> AsyncIterator[str]:
    yield f'{{"run": {run}, "segments": ['
    first = True
    for part in in_parts(ids):
        for facts in await ask(exported, part, user):
            yield ("\n" if first else ",\n") + json.dumps(facts)
            first = False
    yield "\n]}\n"
