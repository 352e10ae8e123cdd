"""Nobody who reviews sees what others gave a primitive before giving theirs: wherever primitives are shown."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from asgiref.sync import async_to_sync
from django.test import Client

from backend.common.columns import unpack
from backend.projects.models import Membership, Role, User
from backend.reviews import services
from backend.runs.models import Run
from backend.selections.models import PrimitiveSet
from tests.factories.runs import a_project, a_user, clustered

pytestmark = pytest.mark.django_db
Clients = Callable[[User], Client]


@pytest.fixture
def run() -> Run:
    """Three primitives in two clusters; the first was given a 1 by Ana."""
    project = a_project(a_user("owner"))
    run = clustered(project, [2, 1])
    run.segments.update(x=0.5, y=0.5)
    for name, role in (("ana", Role.REVIEWER), ("ben", Role.REVIEWER), ("vi", Role.VIEWER), ("mo", Role.MANAGER)):
        Membership.objects.create(project=project, user=a_user(name), role=role)
    ids = list(run.segments.order_by("pk").values_list("pk", flat=True))
    PrimitiveSet.objects.create(project=project, run=run, name="all", segments=ids, created_by=project.created_by)
    services.give_review(segment=run.segments.get(pk=ids[0]), by=person("ana"), quality=1, confidence=2)
    return run


def person(name: str) -> User:
    return User.objects.get(username=name)


def everywhere(client: Client, run: Run) -> dict[str, float | None]:
    """The quality of the first primitive, by the place that shows it."""
    first, second = run.segments.order_by("pk")[:2]
    found = PrimitiveSet.objects.get(run=run)

    def get(path: str) -> Any:
        answer = client.get(path)
        assert answer.status_code == 200, path
        return answer.json()

    def of(rows: list[dict[str, Any]]) -> float | None:
        return next(row["quality"] for row in rows if row["id"] == first.pk)

    _, columns = unpack(client.get(f"/api/runs/{run.pk}/map/").content)
    on_map = columns["quality"][columns["ids"] == first.pk].item()
    answer = client.post(
        f"/api/runs/{run.pk}/export/", {"ids": [first.pk], "format": "csv"}, content_type="application/json"
    )
    (row,) = csv.DictReader(io.StringIO(_text(answer)))
    cards = get(f"/api/runs/{run.pk}/groups/")
    return {
        "detail": get(f"/api/segments/{first.pk}/")["quality"],
        "list": of(get(f"/api/runs/{run.pk}/segments/")["results"]),
        "set": of(get(f"/api/sets/{found.pk}/segments/")["results"]),
        "similar": of([hit["segment"] for hit in get(f"/api/segments/{second.pk}/similar/")["results"]]),
        "clusters": of([one for card in get(f"/api/runs/{run.pk}/clusters/") for one in card["medoids"]]),
        "groups": of([one for card in cards for one in card["medoids"]]),
        "map": None if np.isnan(on_map) else on_map,
        "export": float(row["quality"]) if row["quality"] else None,
    }


def _text(answer: Any) -> str:
    async def read() -> bytes:
        return b"".join([part async for part in answer.streaming_content])

    return async_to_sync(read)().decode()


def test_a_reviewer_sees_a_rating_only_after_giving_one(run: Run, client_of: Clients) -> None:
    ben = client_of(person("ben"))
    assert set(everywhere(ben, run).values()) == {None}
    services.give_review(segment=run.segments.order_by("pk")[0], by=person("ben"), skipped=True)
    assert set(everywhere(ben, run).values()) == {None}
    services.give_review(segment=run.segments.order_by("pk")[0], by=person("ben"), quality=2, confidence=0)
    assert set(everywhere(ben, run).values()) == {1.5}


@pytest.mark.parametrize("name", ["ana", "vi", "mo", "owner"])
def test_who_has_judged_or_does_not_review_sees_it(run: Run, client_of: Clients, name: str) -> None:
    assert set(everywhere(client_of(person(name)), run).values()) == {1.0}


def test_the_mean_of_a_group_would_tell_too(run: Run, client_of: Clients) -> None:
    def means(name: str) -> list[float | None]:
        return [card["quality"] for card in client_of(person(name)).get(f"/api/runs/{run.pk}/groups/").json()]

    assert means("ben") == [None, None]
    assert means("mo") == [1.0, None]


def test_a_search_by_quality_does_not_ask_for_a_reviewer_what_they_may_not_see(run: Run, client_of: Clients) -> None:
    second = run.segments.order_by("pk")[1]

    def found(name: str, least: float) -> int:
        path = f"/api/segments/{second.pk}/similar/?min_quality={least}"
        return len(client_of(person(name)).get(path).json()["results"])

    assert (found("mo", 1), found("mo", 2)) == (1, 0)
    assert (found("ben", 1), found("ben", 0)) == (0, 0)
    assert found("ana", 1) == 1
