"""The part of `kineme bench search` that needs Django to be set up."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from backend.projects.models import Project
from backend.vocabulary import selectors
from backend.vocabulary.management.commands.generate_segments import NAME
from backend.vocabulary.models import Cluster, Segment
from benchmarks.search import K, timed

HARD_FROM = 0.4
"""Cosine distance of the 20th neighbour from which on a query counts as near-random: nothing moves like it."""


def fill(sizes: list[int], total: int) -> None:
    call_command("migrate", verbosity=0)
    if not Project.objects.filter(name=NAME.format(max(sizes))).exists():
        call_command("generate_segments", sizes=sizes, total=total)


def warm() -> None:
    """Read the table and its indexes once: a server that has run for a while has them in memory."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT sum(length(space)) FROM vocabulary_segment")


def searches(sizes: list[int], times: int) -> list[list[str]]:
    rows, every = [], []
    for size in sizes:
        found, took = _of_project(Project.objects.get(name=NAME.format(size)), size, times)
        rows += [*found, _all_of(f"{size:,}, all of these", took)]
        every += took
    return [*rows, _all_of("all searches", every)]


def _all_of(name: str, took: list[float]) -> list[str]:
    p50, p95 = np.percentile(took, [50, 95])
    return [name, f"{min(took):.1f}", f"{p50:.1f}", f"{p95:.1f}", "", "", "", ""]


def _of_project(project: Project, size: int, times: int) -> tuple[list[list[str]], list[float]]:
    """A row for each filter, and the milliseconds of all its searches."""
    rng = np.random.default_rng(size)
    run = project.runs.order_by("number").first()
    assert run is not None
    video = project.videos.order_by("pk").first()
    assert video is not None
    action = project.actions.order_by("pk").first()
    assert action is not None
    day = (timezone.now() - timedelta(days=20)).date().isoformat()
    filters: dict[str, dict[str, Any]] = {
        "none": {},
        "run": {"scope": "run"},
        "video": {"video": video.pk},
        "view": {"view": "side"},
        "other videos": {"exclude_same_video": "true"},
        "cluster": {"cluster": 3},
        "rare cluster": {"cluster": 23},
        "action": {"action": action.pk},
        "0.5 s to 1 s": {"min_duration_s": 0.5, "max_duration_s": 1.0},
        "quality from 2.9": {"min_quality": 2.9},
        "from a day": {"date_from": day},
        "view, action, quality": {"view": "top", "action": action.pk, "min_quality": 2},
    }
    client = Client(SERVER_NAME="localhost")
    client.force_login(project.created_by)
    low, high = _extent_of_ids(project)
    rows, every = [], []
    for name, asked in filters.items():
        took, counts, recalls, hard, exact = [], [], [], [], 0
        for pk in rng.integers(low, high + 1, size=times).tolist():
            address = f"/api/segments/{pk}/similar/"
            parameters = {"k": K, "scope": "project", **asked}
            ms, answer = timed(lambda at=address, by=parameters: client.get(at, by))
            took.append(ms)
            body = answer.json()
            exact += body["exact"]
            truth, far = _truth(pk, parameters)
            found = {row["segment"]["id"] for row in body["results"]}
            counts.append(len(found) / min(K, len(truth)) if truth else 1.0)
            if truth:
                recalls.append(len(found & truth) / len(truth))
                if far:
                    hard.append(recalls[-1])
        every += took[1:]
        p50, p95 = np.percentile(took[1:], [50, 95])  # the first one fills caches
        recall = np.mean(recalls) if recalls else 1.0
        rows.append(
            [
                f"{size:,}, {name}",
                f"{min(took[1:]):.1f}",
                f"{p50:.1f}",
                f"{p95:.1f}",
                f"{min(counts):.0%}",
                f"{recall:.3f}",
                f"{np.mean(hard):.3f} ({len(hard)})" if hard else "–",
                f"{exact / times:.0%}",
            ]
        )
        print("  ".join(rows[-1]), flush=True)
    return rows, every


def _extent_of_ids(project: Project) -> tuple[int, int]:
    ids = Segment.objects.filter(project=project).order_by("pk").values_list("pk", flat=True)
    first, last = ids.first(), ids.last()
    assert first is not None
    assert last is not None
    return first, last


def _truth(pk: int, parameters: dict[str, Any]) -> tuple[set[int], bool]:
    """Ids of the exact nearest, and whether even they are far."""
    from backend.vocabulary.api.serializers import SimilarFilterSerializer
    from backend.vocabulary.api.views import similar_candidates

    wanted = SimilarFilterSerializer(data=parameters)
    wanted.is_valid(raise_exception=True)
    query = Segment.objects.get(pk=pk)
    pool = similar_candidates(
        wanted.validated_data,
        user=query.project.created_by,
        project=query.project_id,
        run=query.run_id,
        video=query.video_id,
    ).exclude(pk=pk)
    near = selectors._exact(query.embedding, pool.filter(space=query.space), K, None)
    return {one for one, _ in near}, bool(near) and near[-1][1] >= HARD_FROM


def lists(sizes: list[int], times: int) -> list[list[str]]:
    project = Project.objects.get(name=NAME.format(max(sizes)))
    run = project.runs.order_by("number").first()
    video = project.videos.order_by("pk").first()
    assert run is not None
    assert video is not None
    segment = run.segments.order_by("pk").first()
    assert segment is not None
    index = Cluster.objects.filter(run=run).order_by("-size").values_list("index", flat=True)[0]
    client = Client(SERVER_NAME="localhost")
    client.force_login(project.created_by)
    addresses = {
        "projects": "/api/projects/",
        "project": f"/api/projects/{project.pk}/",
        "videos": f"/api/projects/{project.pk}/videos/",
        "runs": f"/api/projects/{project.pk}/runs/",
        "run": f"/api/runs/{run.pk}/",
        "segments of a run": f"/api/runs/{run.pk}/segments/",
        "segments of a video": f"/api/runs/{run.pk}/segments/?video={video.pk}",
        "segments of a cluster": f"/api/runs/{run.pk}/segments/?cluster={index}",
        "segment": f"/api/segments/{segment.pk}/",
        "actions": f"/api/projects/{project.pk}/actions/",
        "clusters": f"/api/runs/{run.pk}/clusters/",
        "map": f"/api/runs/{run.pk}/map/",
    }
    rows = []
    for name, address in addresses.items():
        if (status := client.get(address).status_code) != 200:
            rows.append([name, f"status {status}", "", "", ""])
            continue
        taken, size = [], 0
        for _ in range(max(5, times // 4)):
            ms, answer = timed(lambda at=address: client.get(at))
            taken.append(ms)
            size = len(answer.getvalue() if answer.streaming else answer.content)
        p50, p95 = np.percentile(taken, [50, 95])
        rows.append([name, f"{min(taken):.1f}", f"{p50:.1f}", f"{p95:.1f}", f"{size / 1000:.0f}"])
    return rows
