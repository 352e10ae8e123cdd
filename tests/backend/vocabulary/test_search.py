from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test import Client

from backend.projects.models import Project, User
from backend.runs.models import Run
from backend.videos.models import Video
from backend.vocabulary import indexes, selectors
from backend.vocabulary.models import EMBEDDING_DIM, Action, Cluster, Segment
from tests.factories.runs import SPACE, a_project, a_run, a_user, a_video, some_segments

pytestmark = pytest.mark.django_db


def vectors(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, EMBEDDING_DIM)).astype(np.float32)


def similar(query: Segment, candidates: QuerySet[Segment] | None = None, *, k: int = 10) -> selectors.SimilarSegments:
    """As the API asks: by the segment's own vector, among its project, without itself."""
    rows = selectors.narrowed(query.project_id) if candidates is None else candidates
    return selectors.similar_segments(query.embedding, query.space, rows.exclude(pk=query.pk), k=k)


def nearest_by_hand(query: Segment, pool: list[Segment], k: int) -> list[int]:
    """Ids by cosine distance in float64, from what the database holds (halfvec rounds)."""

    def unit(segment: Segment) -> np.ndarray:
        v = np.array(segment.embedding, dtype=np.float64)
        return v / np.linalg.norm(v)

    q = unit(query)
    return [s.pk for s in sorted(pool, key=lambda s: (1 - unit(s) @ q, s.pk))[:k]]


def test_few_candidates_are_compared_one_by_one() -> None:
    project = a_project(a_user())
    video = a_video(project)
    run = a_run(project, [video])
    some_segments(run, video, vectors(200))
    rows = list(Segment.objects.all())
    found = similar(rows[0])
    assert [s.pk for s in found.segments] == nearest_by_hand(rows[0], rows[1:], 10)
    assert (found.searched, found.exact) == (199, True)
    assert found.segments[0].distance <= found.segments[-1].distance


def test_the_query_itself_and_other_spaces_are_left_out() -> None:
    project = a_project(a_user())
    video = a_video(project)
    run = a_run(project, [video])
    same = vectors(3)
    query, *_ = some_segments(run, video, same)
    some_segments(run, video, same, space="another-tokenizer")
    found = similar(Segment.objects.get(pk=query.pk))
    assert found.searched == 2
    assert {s.space for s in found.segments} == {SPACE}


def test_another_project_is_never_searched() -> None:
    mine, theirs = a_project(a_user()), a_project(a_user())
    for project in (mine, theirs):
        video = a_video(project)
        some_segments(a_run(project, [video]), video, vectors(5))
    query = Segment.objects.filter(project=mine).first()
    assert query is not None
    found = similar(query)
    assert {s.project_id for s in found.segments} == {mine.pk}
    assert found.searched == 4


def index_now() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # within a test's transaction references wait to be checked
        return indexes.index_large_spaces(concurrently=False)


@pytest.fixture
def own_index(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few segments count as many: the space gets an index, and that answers."""
    monkeypatch.setattr(indexes, "LARGE", 40)
    monkeypatch.setattr(selectors, "EXACT_UP_TO", 10)
    monkeypatch.setattr(selectors, "FAR", 2.1)  # vectors drawn at random are far from one another


@pytest.mark.parametrize("share", [0.004, 0.04])
def test_the_index_fills_the_page_under_a_filter(share: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same question with the limit lowered, so that the index answers: k rows, and nearly the right ones."""
    project = a_project(a_user())
    crowd, few = a_video(project), a_video(project)
    run = a_run(project, [crowd, few])
    n_few = int(2500 * share)
    some_segments(run, crowd, vectors(2500))
    some_segments(run, few, vectors(n_few, seed=1))
    query = Segment.objects.filter(video=crowd).first()
    assert query is not None
    exact = similar(query, selectors.narrowed(project.pk, video=few.pk), k=20)
    assert exact.exact
    monkeypatch.setattr(selectors, "EXACT_UP_TO", 10)
    monkeypatch.setattr(selectors, "FAR", 2.1)
    monkeypatch.setattr(indexes, "LARGE", 1000)
    assert index_now() == 1
    found = similar(query, selectors.narrowed(project.pk, video=few.pk), k=20)
    assert len(found.segments) == min(20, n_few)
    overlap = {s.pk for s in found.segments} & {s.pk for s in exact.segments}
    assert len(overlap) >= 0.9 * len(exact.segments)


def test_the_index_answers_a_page_in_the_order_of_the_exact_way(own_index: None) -> None:
    project = a_project(a_user())
    video = a_video(project)
    run = a_run(project, [video])
    some_segments(run, video, vectors(400))
    query = Segment.objects.first()
    assert query is not None
    index_now()
    found = similar(query, k=5)
    assert not found.exact
    distances = [segment.distance for segment in found.segments]
    assert distances == sorted(distances)


def test_what_nothing_moves_like_is_compared_with_all(own_index: None, monkeypatch: pytest.MonkeyPatch) -> None:
    project = a_project(a_user())
    video = a_video(project)
    some_segments(a_run(project, [video]), video, vectors(400))
    query = Segment.objects.first()
    assert query is not None
    index_now()
    assert not similar(query, k=5).exact
    monkeypatch.setattr(selectors, "FAR", 0.4)
    assert similar(query, k=5).exact


@pytest.mark.parametrize("exact_up_to", [20_000, 10])
def test_leafing_through_shows_every_candidate_once(exact_up_to: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where equal vectors lie across the edge of a page, and where the index gives way to the exact way."""
    monkeypatch.setattr(indexes, "LARGE", 40)
    monkeypatch.setattr(selectors, "EXACT_UP_TO", exact_up_to)
    monkeypatch.setattr(selectors, "FAR", 2.1)
    monkeypatch.setattr(selectors, "APPROXIMATE_AT_MOST", 40)
    project = a_project(a_user())
    video = a_video(project)
    run = a_run(project, [video])
    some_segments(run, video, np.repeat(vectors(9), 7, axis=0))
    query = Segment.objects.first()
    assert query is not None
    index_now()
    pool = selectors.narrowed(project.pk).exclude(pk=query.pk)
    seen: list[tuple[float, int]] = []
    after = None
    while True:
        page = selectors.similar_segments(query.embedding, query.space, pool, k=10, after=after)
        seen += [(segment.distance, segment.pk) for segment in page.segments]
        after = page.next
        if after is None:
            break
    assert len(seen) == 62
    assert len({pk for _, pk in seen}) == 62
    assert seen == sorted(seen)


def test_a_segment_without_a_vector_is_nobodys_neighbour() -> None:
    project = a_project(a_user())
    video = a_video(project)
    run = a_run(project, [video])
    some_segments(run, video, vectors(3))
    Segment.objects.filter(index=0).update(embedding=None)
    assert similar(Segment.objects.get(index=1)).searched == 1


@dataclass
class Searched:
    """Two runs over two videos of a project; segment i of video v in run r has index i, and 2 s."""

    user: User
    project: Project
    videos: list[Video]
    runs: list[Run]

    def segment(self, run: int, video: int, index: int) -> Segment:
        return Segment.objects.get(run=self.runs[run], video=self.videos[video], index=index)


@pytest.fixture
def searched() -> Searched:
    user = a_user()
    project = a_project(user)
    videos = [a_video(project, view="front"), a_video(project, view="side")]
    Video.objects.filter(pk=videos[1].pk).update(created_at=datetime(2026, 3, 5, 23, 30, tzinfo=UTC))
    runs = [a_run(project, videos), a_run(project, videos)]
    for seed, run in enumerate(runs):
        for shift, video in enumerate(videos):
            some_segments(run, video, vectors(5, seed=10 * seed + shift))
    return Searched(user, project, videos, runs)


def ids(answer: dict[str, Any]) -> set[int]:
    return {row["segment"]["id"] for row in answer["results"]}


def test_each_filter_lets_through_what_it_says(searched: Searched, client_of: Callable[[User], Client]) -> None:
    client = client_of(searched.user)
    query = searched.segment(0, 0, 0)
    first, second = searched.runs

    def ask(**parameters: object) -> set[int]:
        return ids(client.get(f"/api/segments/{query.pk}/similar/", {"k": 100, **parameters}).json())

    def those(**lookup: object) -> set[int]:
        return set(Segment.objects.filter(**lookup).exclude(pk=query.pk).values_list("pk", flat=True))

    assert ask() == those(run=first)
    assert ask(scope="project") == those()
    assert ask(run=second.pk) == those(run=second)
    assert ask(run=[first.pk, second.pk]) == those()
    assert ask(video=searched.videos[1].pk) == those(run=first, video=searched.videos[1])
    assert ask(view="side") == those(run=first, video=searched.videos[1])
    assert ask(exclude_same_video="true") == those(run=first, video=searched.videos[1])
    assert ask(date_from="2026-03-05", date_to="2026-03-05") == those(run=first, video=searched.videos[1])
    assert ask(date_to="2026-03-04") == set()

    longer = searched.segment(0, 1, 3)
    Segment.objects.filter(pk=longer.pk).update(end_s=longer.start_s + 2.5, quality=2.5)
    assert ask(min_duration_s=2.2) == {longer.pk}
    assert longer.pk not in ask(max_duration_s=2.2)
    assert ask(min_quality=2) == {longer.pk}

    screw, press = (
        Action.objects.create(project=searched.project, name=name, colour=0, created_by=searched.user)
        for name in ("screw", "press")
    )
    cluster = Cluster.objects.create(run=first, index=0, size=2, action=screw)
    alike, moved = searched.segment(0, 1, 0), searched.segment(0, 1, 1)
    Segment.objects.filter(pk__in=[alike.pk, moved.pk]).update(cluster=cluster)
    Segment.objects.filter(pk=moved.pk).update(action=press)
    assert ask(cluster=0) == {alike.pk, moved.pk}
    assert ask(cluster=7) == set()
    assert ask(action=screw.pk) == {alike.pk}  # the other one left its cluster's action
    assert ask(action=press.pk) == {moved.pk}


@pytest.mark.parametrize(
    "wrong", [{"colour": "red"}, {"k": 0}, {"cursor": "made up"}, {"run": "x"}, {"date_from": "soon"}]
)
def test_what_is_not_understood_is_refused(
    wrong: dict[str, object], searched: Searched, client_of: Callable[[User], Client]
) -> None:
    answer = client_of(searched.user).get(f"/api/segments/{searched.segment(0, 0, 0).pk}/similar/", wrong)
    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid"


def test_a_page_leads_to_the_next(searched: Searched, client_of: Callable[[User], Client]) -> None:
    client = client_of(searched.user)
    address = f"/api/segments/{searched.segment(0, 0, 0).pk}/similar/"
    whole = client.get(address, {"k": 9}).json()
    first = client.get(address, {"k": 5}).json()
    second = client.get(address, {"k": 5, "cursor": first["next"]}).json()
    assert first["results"] + second["results"] == whole["results"]
    assert whole["next"] is None
    assert second["next"] is None


def test_other_projects_stay_out_whatever_is_asked_for(searched: Searched, client_of: Callable[[User], Client]) -> None:
    stranger = a_user()
    theirs = a_project(stranger)
    video = a_video(theirs)
    run = a_run(theirs, [video])
    some_segments(run, video, vectors(3))
    address = f"/api/segments/{searched.segment(0, 0, 0).pk}/similar/"
    mine = client_of(searched.user)
    assert ids(mine.get(address, {"run": run.pk}).json()) == set()
    assert ids(mine.get(address, {"video": video.pk, "scope": "project"}).json()) == set()
    assert client_of(stranger).get(address).status_code == 404


def indexes_of_spaces() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexname FROM pg_indexes WHERE indexname LIKE 'segment_space_%%' ORDER BY 1")
        return [name for (name,) in cursor.fetchall()]


def test_a_large_space_gets_an_index_and_loses_it_when_it_shrinks(own_index: None) -> None:
    project = a_project(a_user())
    video = a_video(project)
    run = a_run(project, [video])
    some_segments(run, video, vectors(60))
    some_segments(run, video, vectors(30), space="ab" * 32)
    assert index_now() == 1
    assert indexes_of_spaces() == ["segment_space_" + SPACE[:24]]
    assert index_now() == 0
    Segment.objects.filter(space=SPACE, index__gte=30).delete()
    assert index_now() == 0  # it may grow again
    Segment.objects.filter(space=SPACE, index__gte=5).delete()
    assert index_now() == 1
    assert indexes_of_spaces() == []


@pytest.mark.django_db(transaction=True)
def test_an_index_is_made_while_others_work(own_index: None) -> None:
    """As the worker makes it: outside a transaction, holding nobody up."""
    project = a_project(a_user())
    video = a_video(project)
    some_segments(a_run(project, [video]), video, vectors(60))
    assert indexes.index_large_spaces() == 1
    Segment.objects.all().delete()
    assert indexes.index_large_spaces() == 1
