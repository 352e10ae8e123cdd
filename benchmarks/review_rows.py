"""The part of `kineme bench review` that needs Django to be set up."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.core.management import call_command
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from backend.projects.models import Membership, Project, Role, User
from backend.reviews.models import Adjudication, Assignment, Comment, Review
from backend.reviews.services import settle_run
from backend.runs.models import Run
from backend.vocabulary.management.commands.generate_segments import NAME
from benchmarks.search import timed

DOUBLE_SHARE = 0.2
DONE_SHARE = 0.8  # of what was assigned; the rest is what the queues are of
SETTLED = 3_000
COMMENTS = 5_000
SET_OF = 2_000


@dataclass
class World:
    """One run, and who looks at it."""

    run: Run
    owner: Client
    reviewer: Client
    reviewer_user: User
    n_reviewers: int

    def facts(self) -> str:
        count = {model: model._default_manager.filter(project=self.run.project_id).count() for model in COUNTED}
        return (
            f"{self.run.segments.count():,} primitives in one run, {self.n_reviewers} reviewers, "
            f"{count[Review]:,} reviews of {count[Assignment]:,} assignments, "
            f"{Adjudication.objects.in_force().filter(project=self.run.project_id).count():,} settled, "
            f"{count[Comment]:,} comments"
        )


COUNTED: list[Any] = [Review, Assignment, Comment]


@dataclass
class Measured:
    """One kind of request."""

    name: str
    ms: list[float]
    bytes: int
    queries: int
    slowest_ms: float
    slowest_sql: str

    @property
    def p95_ms(self) -> float:
        return float(np.percentile(self.ms, 95))

    def row(self) -> list[str]:
        return [
            self.name,
            f"{min(self.ms):.1f}",
            f"{np.percentile(self.ms, 50):.1f}",
            f"{self.p95_ms:.1f}",
            str(self.queries) if self.queries else "",
            f"{self.bytes / 1000:.0f}" if self.bytes else "",
        ]


def fill(n_segments: int, n_reviews: int, n_reviewers: int) -> World:
    call_command("migrate", verbosity=0)
    name = NAME.format(n_segments)
    if not Project.objects.filter(name=name).exists():
        call_command("generate_segments", sizes=[], total=n_segments, run_at_most=n_segments, no_search=True)
    project = Project.objects.get(name=name)
    run = project.runs.get()
    if not Review.objects.filter(run=run).exists():
        began = time.perf_counter()
        with transaction.atomic():
            _review(run, n_reviews, n_reviewers)
        with connection.cursor() as cursor:
            for model in (*COUNTED, Adjudication):
                cursor.execute(f"VACUUM (ANALYZE, PARALLEL 0) {model._meta.db_table}")
            cursor.execute("VACUUM (ANALYZE, PARALLEL 0) vocabulary_segment")
        print(f"{time.perf_counter() - began:7.1f} s  reviewed", flush=True)
    with connection.cursor() as cursor:  # a server that has run for a while has them in memory
        cursor.execute("SELECT sum(length(space)) FROM vocabulary_segment")
    first = User.objects.filter(assignments__run=run).order_by("pk").first()
    assert first is not None
    reviewers = project.memberships.filter(role=Role.REVIEWER).count()
    return World(run, _client(project.created_by), _client(first), first, reviewers)


def _client(user: User) -> Client:
    client = Client(SERVER_NAME="localhost")
    client.force_login(user)
    return client


def _review(run: Run, n_reviews: int, n_reviewers: int) -> None:
    """Assignments over a part of the run, spread by a hash of the id; most judged, some twice; some settled."""
    project = run.project
    people = User.objects.bulk_create(
        User(username=f"generated-reviewer-{number:03d}", password="!", display_name=f"Reviewer {number}")
        for number in range(1, n_reviewers + 1)
    )
    Membership.objects.bulk_create(Membership(project=project, user=one, role=Role.REVIEWER) for one in people)
    n_given = round(n_reviews / DONE_SHARE)
    n_once = round(n_given / (1 + DOUBLE_SHARE))
    actions = list(project.actions.order_by("pk").values_list("pk", flat=True))
    values = {
        "project": project.pk,
        "run": run.pk,
        "by": project.created_by_id,
        "people": [one.pk for one in people],
        "actions": actions,
        "n_people": n_reviewers,
        "n_actions": len(actions),
        "n_once": n_once,
        "n_twice": n_given - n_once,
        "n_reviews": n_reviews,
        "settled": SETTLED,
        "comments": COMMENTS,
        "set_of": SET_OF,
    }
    with connection.cursor() as cursor:
        for statement in FILL:
            cursor.execute(statement, values)
    settle_run(run)


# Every number comes from a hash of the ids, so that the same generated run is always reviewed alike.
FILL = [
    """
    CREATE TEMPORARY TABLE chosen ON COMMIT DROP AS
    SELECT id, row_number() OVER (ORDER BY hashint8(id), id) AS place FROM (
        SELECT id FROM vocabulary_segment WHERE run_id = %(run)s ORDER BY hashint8(id), id LIMIT %(n_once)s) AS s
    """,
    """
    INSERT INTO reviews_assignment (project_id, run_id, segment_id, reviewer_id, assigned_by_id, created_at)
    SELECT %(project)s, %(run)s, id, (%(people)s::bigint[])[
            1 + (place + turn * (1 + place / %(n_people)s %% (%(n_people)s - 1))) %% %(n_people)s], %(by)s, now()
    FROM chosen CROSS JOIN generate_series(0, 1) AS turn
    WHERE turn = 0 OR place <= %(n_twice)s
    """,
    """
    INSERT INTO reviews_review (
        project_id, run_id, segment_id, reviewer_id, quality, confidence, action_id, start_s, end_s, comment, flagged,
        skipped, seconds, created_at, updated_at)
    SELECT %(project)s, %(run)s, segment_id, reviewer_id,
        CASE WHEN h %% 100 = 0 THEN NULL ELSE greatest(0, least(3,
            (array[0, 1, 2, 2, 2, 3, 3, 3])[1 + base %% 8]
            + (array[0, 0, 0, 0, 0, 0, 0, 0, 1, -1, 2])[1 + h %% 11])) END,
        CASE WHEN h %% 100 = 0 THEN NULL ELSE (array[0, 1, 1, 2, 2, 2])[1 + h %% 6] END,
        CASE WHEN h %% 5 < 3 THEN (%(actions)s::bigint[])[1 + (base + (h %% 12 = 0)::int) %% %(n_actions)s] END,
        CASE WHEN h %% 7 = 0 THEN s.start_s + 0.01 * (h %% 10) END,
        CASE WHEN h %% 7 = 1 THEN s.end_s + 0.01 * (h %% 10) END,
        CASE WHEN h %% 50 = 0 THEN 'Look at the wrist.' ELSE '' END, h %% 97 = 0, h %% 100 = 0,
        2 + (h %% 400) / 100.0, now() - (h %% 86400) * interval '1 second', now()
    FROM (
        SELECT segment_id, reviewer_id, abs(hashint8(segment_id)::bigint) AS base,
            abs(hashint8(segment_id * 1000 + reviewer_id)::bigint) AS h
        FROM reviews_assignment WHERE run_id = %(run)s
        ORDER BY hashint8(segment_id * 7 + 1), reviewer_id LIMIT %(n_reviews)s) AS a
    JOIN vocabulary_segment AS s ON s.id = a.segment_id
    """,
    """
    INSERT INTO reviews_adjudication (project_id, segment_id, quality, action_id, note, by_id, at)
    SELECT %(project)s, segment_id, max(quality), max(action_id), '', %(by)s, now() FROM reviews_review
    WHERE run_id = %(run)s AND NOT skipped GROUP BY segment_id
    HAVING count(*) >= 2 AND max(quality) - min(quality) >= 2 ORDER BY segment_id LIMIT %(settled)s
    """,
    """
    INSERT INTO reviews_comment (project_id, video_id, segment_id, time_s, text, by_id, at)
    SELECT %(project)s, s.video_id, s.id, s.start_s, 'Is this still a press?', r.reviewer_id, now()
    FROM (SELECT segment_id, reviewer_id FROM reviews_review WHERE run_id = %(run)s ORDER BY id LIMIT %(comments)s) AS r
    JOIN vocabulary_segment AS s ON s.id = r.segment_id
    """,
    """
    INSERT INTO selections_primitiveset (project_id, run_id, name, segments, for_review, created_by_id, created_at)
    SELECT %(project)s, %(run)s, 'odd ones', array_agg(id), true, %(by)s, now() FROM (
        SELECT id FROM chosen ORDER BY place DESC LIMIT %(set_of)s) AS s
    """,
]


def measure(world: World, times: int) -> list[Measured]:
    run, reviewer, owner = world.run, world.reviewer, world.owner
    at = f"/api/runs/{run.pk}"
    queue = f"{at}/review-queue/"
    chosen = run.sets.get().pk
    mine = Assignment.objects.filter(run=run, reviewer=world.reviewer_user).open()
    todo = iter(list(mine.order_by("segment").values_list("segment", flat=True)[: 3 * times]))
    judged = list(
        Review.objects.filter(run=run, reviewer=world.reviewer_user)
        .order_by("pk")
        .values_list("segment", flat=True)[:times]
    )
    settle = _conflicted(run, times)
    video = run.videos.order_by("pk").first()
    assert video is not None

    def judge() -> HttpResponse:
        body = {"quality": 2, "confidence": 2, "seconds": 3.0}
        return reviewer.put(f"/api/segments/{next(todo)}/review/", body, content_type="application/json")

    def after_a_review() -> Callable[[], HttpResponse]:
        judge()
        return lambda: owner.get(f"{at}/agreement/")

    def get(client: Client, address: str) -> Callable[[], Callable[[], HttpResponse]]:
        return lambda: lambda: client.get(address)

    def deep(name: str) -> str:
        """A page far into a queue."""
        address, cursor = f"{queue}?queue={name}&limit=100", ""
        for _ in range(10):
            following = reviewer.get(address + cursor).json()["next"]
            if following is None:
                break
            cursor = f"&cursor={following}"
        return address + cursor

    settling = iter(settle)
    of_judged = iter(judged)
    kinds: dict[str, Callable[[], Callable[[], HttpResponse]]] = {
        "floor: an empty address": get(owner, "/api/session/"),
        **{f"queue: {name}": get(reviewer, f"{queue}?queue={name}") for name in QUEUES},
        **{f"queue: {name}, 1,000 on": get(reviewer, deep(name)) for name in QUEUES},
        "queue: a set of 2,000": get(reviewer, f"{queue}?set={chosen}"),
        "how much is left in every queue": get(reviewer, f"{at}/review-queues/"),
        "judge one": lambda: judge,
        "reviews of one": lambda: lambda: reviewer.get(f"/api/segments/{next(of_judged)}/reviews/"),
        "progress of everybody": get(owner, f"{at}/review-progress/"),
        "agreement, nothing new": get(owner, f"{at}/agreement/"),
        "agreement, after a review": after_a_review,
        "conflicts": get(owner, f"{at}/conflicts/"),
        "settled": get(owner, f"{at}/settled/"),
        "settle one": lambda: (
            lambda: owner.post(
                f"/api/segments/{next(settling)}/adjudications/", {"quality": 2}, content_type="application/json"
            )
        ),
        "comments of a video": get(reviewer, f"/api/videos/{video.pk}/comments/"),
        "clusters and actions": get(reviewer, f"{at}/groups/"),
    }
    return [_floor(times), *(_measured(name, prepare, times) for name, prepare in kinds.items())]


QUEUES = ("assigned", "disagreement", "edge", "threshold")


def _conflicted(run: Run, n: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT segment_id FROM reviews_review AS r WHERE run_id = %s AND NOT skipped
            AND NOT EXISTS (SELECT 1 FROM reviews_adjudication AS a WHERE a.segment_id = r.segment_id)
            GROUP BY segment_id HAVING count(*) >= 2 AND max(quality) - min(quality) >= 1 LIMIT %s
            """,
            [run.pk, n + 1],
        )
        return [row[0] for row in cursor.fetchall()]


def _floor(times: int) -> Measured:
    def ask() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()

    ask()
    return Measured("floor: SELECT 1", [timed(ask)[0] for _ in range(times)], 0, 1, 0.0, "")


def _measured(name: str, prepare: Callable[[], Callable[[], HttpResponse]], times: int) -> Measured:
    with CaptureQueriesContext(connection) as seen:  # once, outside the times: which queries it makes
        answer = prepare()()
    if answer.status_code >= 300:
        raise SystemExit(f"{name} answered {answer.status_code}: {answer.content[:300]!r}")
    queries = list(seen.captured_queries)
    slowest = max(queries, key=lambda query: float(query["time"]), default={"time": "0", "sql": ""})
    ms = []
    for _ in range(times - 1):
        ask = prepare()
        ms.append(timed(ask)[0])
    return Measured(name, ms, len(answer.content), len(queries), 1000 * float(slowest["time"]), slowest["sql"])


def plan_of(one: Measured) -> str:
    """How the database goes about the slowest query."""
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (ANALYZE, BUFFERS) " + one.slowest_sql.replace("%", "%%"), [])
        return "\n".join(row[0] for row in cursor.fetchall())
