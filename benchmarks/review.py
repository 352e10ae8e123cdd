"""`kineme bench review`: what a team waits for, with a million primitives, fifty reviewers and 200,000 reviews.

In process: each request goes through the whole of the web application but the network. A database of its own is filled
first, which takes minutes; `--data` keeps it for the next time. With `DATABASE_URL` that one is used. The floor in the
same table is what the database and an address that does nothing take.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks.machine import describe, table
from benchmarks.search import database

GOAL_MS = 300


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="kineme bench review", description=__doc__)
    parser.add_argument("--data", type=Path, help="a folder for the database, which stays (default: a temporary one)")
    parser.add_argument("--segments", type=int, default=1_000_000, help="primitives of the run (1,000,000)")
    parser.add_argument("--reviews", type=int, default=200_000, help="reviews of it (200,000)")
    parser.add_argument("--reviewers", type=int, default=50, help="people who gave them (50)")
    parser.add_argument("--times", type=int, default=40, help="requests of each kind (40)")
    parser.add_argument("--explain", action="store_true", help="show the slowest query of each kind over the goal")
    asked = parser.parse_args(arguments)
    print(describe(), flush=True)
    with database(asked.data):
        import django

        django.setup()
        from benchmarks import review_rows

        world = review_rows.fill(asked.segments, asked.reviews, asked.reviewers)
        print(f"\n{world.facts()}; {asked.times} requests of each kind, one at a time\n", flush=True)
        found = review_rows.measure(world, asked.times)
        print(table(["", "least ms", "p50 ms", "p95 ms", "queries", "kB"], [one.row() for one in found]))
        slow = [one for one in found if one.p95_ms >= GOAL_MS]
        print(f"\n{len(found) - len(slow)} of {len(found)} under {GOAL_MS} ms at p95", flush=True)
        if asked.explain:
            for one in slow:
                print(f"\n{one.name}: {one.slowest_ms:.0f} ms in\n{one.slowest_sql}\n{review_rows.plan_of(one)}")
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
