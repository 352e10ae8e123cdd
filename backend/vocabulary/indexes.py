"""An HNSW index for each space that is too large to compare every vector (docs/decisions/0004).

One for all would lead searches astray: from its upper layers a query comes down among the vectors of another space,
and a filter afterwards finds none of its own.
"""

from __future__ import annotations

import logging
import re

from django.db import connection
from django.db.models import Count

from backend.vocabulary.models import Segment

LARGE = 50_000
"""Segments of a space from which on it has an index: well before it is needed, as making it takes minutes."""
PREFIX = "segment_space_"
SPACE = re.compile(r"[0-9a-f]{16,64}")  # a digest; it goes into the index's definition, where no parameter can
LOCK = 0x6B696E65

logger = logging.getLogger(__name__)


def index_large_spaces(*, concurrently: bool = True) -> int:
    """Make the indexes that are missing and drop those whose space has gone; how many that were.

    Safe to call at any time and twice: a lock lets one process do it, and what a killed one left half made is made
    again. Outside a transaction unless told otherwise; searching and writing go on meanwhile.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            return 0
        try:
            return _settle(concurrently)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def _settle(concurrently: bool) -> int:
    sizes = dict(Segment.objects.order_by().values_list("space").annotate(n=Count("pk")))
    large = {_name(space): space for space, n in sizes.items() if n >= LARGE and SPACE.fullmatch(space)}
    still = {_name(space) for space, n in sizes.items() if n >= LARGE // 2 and SPACE.fullmatch(space)}
    how = "CONCURRENTLY" if concurrently else ""
    changed = 0
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
            "WHERE i.indrelid = %s::regclass AND starts_with(c.relname, %s)",
            [Segment._meta.db_table, PREFIX],
        )
        there = dict(cursor.fetchall())
        for name, valid in there.items():
            if name not in still or not valid:
                cursor.execute(f'DROP INDEX {how} IF EXISTS "{name}"')
                changed += 1
        for name, space in large.items():
            if not there.get(name):
                logger.info("making an index of %s segments of space %s", sizes[space], space[:12])
                cursor.execute(
                    f'CREATE INDEX {how} "{name}" ON "{Segment._meta.db_table}" '
                    f"USING hnsw (embedding halfvec_cosine_ops) WITH (m = 16, ef_construction = 64) "
                    f"WHERE space = '{space}'"
                )
                changed += 1
    return changed


def _name(space: str) -> str:
    return PREFIX + space[:24]
