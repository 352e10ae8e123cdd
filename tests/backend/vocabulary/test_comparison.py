from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

from backend.projects.models import User
from backend.runs.models import Run
from backend.videos.models import Video
from backend.vocabulary import comparison
from backend.vocabulary.comparison import BoundaryPair
from backend.vocabulary.models import Cluster, Segment
from tests.factories.runs import a_project, a_run, a_user, a_video


def counts_of(a: list[int], b: list[int]) -> np.ndarray:
    table: dict[tuple[int, int], int] = {}
    comparison._count(table, np.array(a, dtype=np.int64), np.array(b, dtype=np.int64))
    return comparison.contingency(table)


def test_agreement_by_hand() -> None:
    # Table [[2, 1], [0, 1]]: pairs together in both 1; in a 3 + 0 = 3; in b 1 + 1 = 2; of 6 pairs.
    # Expected 3·2/6 = 1, most (3 + 2)/2 = 2.5: ARI = (1 - 1)/(2.5 - 1) = 0.
    assert comparison.adjusted_rand_index(counts_of([0, 0, 0, 1], [0, 0, 1, 1])) == 0.0
    # Two equal halves told apart by both: all that there is to know, ln 2, over ln 2.
    assert comparison.normalized_mutual_information(counts_of([0, 0, 1, 1], [5, 5, 2, 2])) == pytest.approx(1.0)
    # b says nothing of a.
    assert comparison.normalized_mutual_information(counts_of([0, 0, 1, 1], [0, 1, 0, 1])) == pytest.approx(0.0)


def test_moments_that_one_run_leaves_out_do_not_count() -> None:
    assert counts_of([0, -1, 1, 2], [0, 0, -1, 3]).sum() == 2
    assert comparison.adjusted_rand_index(counts_of([-1], [0])) is None
    assert comparison.normalized_mutual_information(counts_of([], [])) is None


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=40))
def test_agreement_is_that_of_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    a, b = (list(column) for column in zip(*pairs, strict=True))
    counts = counts_of(a, b)
    assert comparison.adjusted_rand_index(counts) == pytest.approx(adjusted_rand_score(a, b), abs=1e-9)
    if len(set(a)) > 1 or len(set(b)) > 1:  # of two that never change scikit-learn has said 0 and 1
        found = comparison.normalized_mutual_information(counts)
        assert found == pytest.approx(normalized_mutual_info_score(a, b), abs=1e-9)


def test_labels_at_moments_by_hand() -> None:
    cuts = [(1.0, 2.0, 4), (2.0, 3.0, 0), (5.0, 6.0, -1)]
    times_s = np.array([0.0, 1.0, 1.9, 2.0, 3.0, 5.5])
    assert comparison.labels_at(cuts, times_s).tolist() == [-1, 4, 4, 0, -1, -1]


def test_boundaries_are_matched_one_to_one_the_nearest_first() -> None:
    # 2.0 is 0.4 from 2.4 and 2.5 is 0.1 from it: 2.4 belongs to 2.5, and 2.0 is left alone. 9.0 and 10.5 are too far.
    assert comparison.match_boundaries([1.0, 2.0, 2.5, 9.0], [1.0, 2.4, 10.5]) == [
        BoundaryPair(1.0, 1.0),
        BoundaryPair(2.0, None),
        BoundaryPair(2.5, 2.4),
        BoundaryPair(9.0, None),
        BoundaryPair(None, 10.5),
    ]
    # Exactly a second is still a match.
    assert comparison.match_boundaries([3.0], [4.0]) == [BoundaryPair(3.0, 4.0)]


def test_configurations_differ_by_dotted_keys() -> None:
    a = {"preset": "tiny", "detection": {"alpha": 0.2, "on": {"steps": 2}}, "old": 1}
    b = {"preset": "tiny", "detection": {"alpha": 0.3, "on": {"steps": 2}}, "new": None}
    assert comparison.config_differences(a, b) == [
        {"key": "detection.alpha", "a": 0.2, "b": 0.3},
        {"key": "old", "a": 1, "b": None},
    ]


def some_cuts(run: Run, video: Video, cuts: list[tuple[float, float, int]]) -> None:
    clusters = {index: Cluster.objects.get_or_create(run=run, index=index, size=1)[0] for _, _, index in cuts}
    Segment.objects.bulk_create(
        Segment(
            project_id=run.project_id, run=run, video=video, index=position, start_s=start_s, end_s=end_s, codes=[1],
            energy_mean=1.0, energy_peak=1.0, cluster=clusters[index],
        )
        for position, (start_s, end_s, index) in enumerate(cuts)
    )  # fmt: skip


@pytest.mark.django_db
def test_two_runs_side_by_side(client_of: Callable[[User], Client]) -> None:
    user = a_user()
    project = a_project(user)
    video, extra = a_video(project, duration_s=10.0), a_video(project)
    a, b = a_run(project, [video, extra]), a_run(project, [video])
    some_cuts(a, video, [(0.0, 4.0, 0), (4.0, 8.0, 1)])
    some_cuts(b, video, [(0.0, 4.5, 1), (4.5, 8.01, 0)])
    Run.objects.filter(pk=b.pk).update(config={**b.config, "preset": "paper"})
    answer = client_of(user).get(f"/api/runs/{a.pk}/compare/{b.pk}/?video={video.pk}").json()
    # Boundaries 0, 4, 8 and 0, 4.5, 8.01: two kept, one moved by half a second.
    (one,) = answer["videos"]
    assert (one["n_kept"], one["n_moved"], one["median_moved_s"]) == (2, 1, 0.5)
    assert (one["n_only_a"], one["n_only_b"]) == (0, 0)
    assert (one["segmented_a"], one["segmented_b"]) == pytest.approx((0.8, 0.801))
    assert answer["boundaries"][1] == {"a_s": 4.0, "b_s": 4.5, "moved_s": 0.5}
    # 80 moments within both: 40 and 40 by a, 45 and 35 by b, 5 of them differ.
    assert answer["n_samples"] == 80
    assert 0.7 < answer["ari"] < 0.8
    assert [row["id"] for row in answer["only_a"]] == [extra.pk]
    assert [row["key"] for row in answer["config"]] == ["preset"]
    assert client_of(user).get(f"/api/runs/{a.pk}/compare/{b.pk}/").json()["boundaries"] is None
    itself = client_of(user).get(f"/api/runs/{a.pk}/compare/{a.pk}/").json()
    assert (itself["ari"], itself["nmi"], itself["config"]) == (1.0, pytest.approx(1.0), [])


@pytest.mark.django_db
def test_runs_of_other_projects_stay_out(client_of: Callable[[User], Client]) -> None:
    user, stranger = a_user(), a_user()
    mine, also_mine, theirs = a_run(a_project(user)), a_run(a_project(user)), a_run(a_project(stranger))
    client = client_of(user)
    for a, b in ((mine, theirs), (theirs, mine), (mine, also_mine)):
        assert client.get(f"/api/runs/{a.pk}/compare/{b.pk}/").status_code == 404
    assert client.get(f"/api/runs/{mine.pk}/compare/{mine.pk}/?colour=1").status_code == 400
    other = a_video(theirs.project)
    assert client.get(f"/api/runs/{mine.pk}/compare/{mine.pk}/?video={other.pk}").status_code == 404
