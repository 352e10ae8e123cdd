"""`kineme bench search`: time, rows and recall of the search by movement, with a million primitives in the database.

In process: each request goes through the whole of the web application but the network. A database of its own is
filled first, which takes a quarter of an hour on two cores: `--data` keeps it for the next time. With `DATABASE_URL`
that one is used, and filled by `generate_segments` if nothing generated is in it yet.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import secrets
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.machine import describe, table
from launcher.postgres import Postgres, throw_away

K = 20


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="kineme bench search", description=__doc__)
    parser.add_argument("--data", type=Path, help="a folder for the database, which stays (default: a temporary one)")
    parser.add_argument("--total", type=int, default=1_000_000, help="primitives altogether (1,000,000)")
    parser.add_argument("--sizes", type=int, nargs="*", default=[1_000, 10_000, 100_000, 300_000])
    parser.add_argument("--times", type=int, default=40, help="searches of each kind (40)")
    asked = parser.parse_args(arguments)
    print(describe(), flush=True)
    with database(asked.data):
        import django

        django.setup()
        from benchmarks import search_rows

        search_rows.fill(asked.sizes, asked.total)
        search_rows.warm()
        rows = search_rows.searches(asked.sizes, asked.times)
        print(f"\n{asked.total:,} primitives; {asked.times} searches of each kind for {K} rows, one at a time\n")
        print(
            table(
                ["project, filter", "least ms", "p50 ms", "p95 ms", "fewest rows", "recall@20", "hard alone", "exact"],
                rows,
            )
        )
        print("\nlists, in the project of the most\n")
        print(table(["", "least ms", "p50 ms", "p95 ms", "kB"], search_rows.lists(asked.sizes, asked.times)))
    return 0


@contextlib.contextmanager
def database(kept: Path | None) -> Iterator[None]:
    """Django's environment over a server of our own: in the folder `kept`, or one that is gone afterwards."""
    with contextlib.ExitStack() as end:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.config.settings.base")
        os.environ.setdefault("KINEME_SECRET_KEY", secrets.token_urlsafe(50))
        if not os.environ.get("DATABASE_URL"):
            server = Postgres(kept, durable=False) if kept else end.enter_context(throw_away())
            server.start(tether=True)
            end.callback(server.stop)
            os.environ["DATABASE_URL"] = server.url
            end.callback(os.environ.pop, "DATABASE_URL")
        yield


def timed(what: Callable[[], Any]) -> tuple[float, Any]:
    """Milliseconds, and what came of it."""
    began = time.perf_counter()
    found = what()
    return 1000 * (time.perf_counter() - began), found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
