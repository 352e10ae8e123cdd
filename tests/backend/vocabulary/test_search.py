from __future__ import annotations

import numpy as np
import pytest

from backend.vocabulary import selectors
from backend.vocabulary.models import EMBEDDING_DIM, Segment
from tests.factories.runs import a_project, a_run, a_user, a_video, some_segments

pytestmark = pytest.mark.django_db


def vectors(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, EMBEDDING_DIM)).astype(np.float32)


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
    found = selectors.similar_segments(rows[0], Segment.objects.filter(run=run), k=10)
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
    found = selectors.similar_segments(Segment.objects.get(pk=query.pk), Segment.objects.all(), k=10)
    assert found.searched == 2
    assert {s.space for s in found.segments} == {"space-a"}


def test_another_project_is_never_searched() -> None:
    mine, theirs = a_project(a_user()), a_project(a_user())
    for project in (mine, theirs):
        video = a_video(project)
        some_segments(a_run(project, [video]), video, vectors(5))
    query = Segment.objects.filter(project=mine).first()
    assert query is not None
    found = selectors.similar_segments(query, Segment.objects.all(), k=10)
    assert {s.project_id for s in found.segments} == {mine.pk}
    assert found.searched == 4


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
    exact = selectors.similar_segments(query, Segment.objects.filter(video=few), k=20)
    assert exact.exact
    monkeypatch.setattr(selectors, "EXACT_UP_TO", 10)
    found = selectors.similar_segments(query, Segment.objects.filter(video=few), k=20)
    assert len(found.segments) == min(20, n_few)
    overlap = {s.pk for s in found.segments} & {s.pk for s in exact.segments}
    assert len(overlap) >= 0.9 * len(exact.segments)


def test_a_segment_without_a_vector_has_no_neighbours() -> None:
    project = a_project(a_user())
    video = a_video(project)
    run = a_run(project, [video])
    some_segments(run, video, vectors(3))
    Segment.objects.filter(index=0).update(embedding=None)
    found = selectors.similar_segments(Segment.objects.get(index=0), Segment.objects.all(), k=5)
    assert (found.segments, found.searched) == ([], 0)
