"""What is kept of a finished run is what its rows say, and nothing people change is kept."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from django.utils import timezone

from backend.runs.models import Run, RunStatus
from backend.vocabulary import selectors
from backend.vocabulary.finished import primitives_of, said_of
from backend.vocabulary.models import Segment
from tests.factories.runs import a_project, a_user, an_action, clustered

pytestmark = pytest.mark.django_db


@pytest.fixture
def run() -> Run:
    """Four primitives of 2 s in cluster 0 and two in cluster 1."""
    return clustered(a_project(a_user()), [4, 2], finished_at=timezone.now())


def test_a_finished_run_is_read_once(run: Run, django_assert_num_queries):
    primitives_of(run)
    with django_assert_num_queries(0):
        found = primitives_of(run)
    assert found.ids.tolist() == list(run.segments.order_by("pk").values_list("pk", flat=True))
    assert (found.end_s - found.start_s).tolist() == [2.0] * 6


def test_one_that_goes_on_or_is_taken_up_again_is_read_anew(run: Run):
    primitives_of(run)
    run.segments.filter(index=0).update(end_s=1.5)
    run.finished_at += timedelta(seconds=1)
    assert primitives_of(run).end_s[0] == 1.5
    run.status = RunStatus.RUNNING
    run.segments.filter(index=0).update(end_s=1.0)
    assert primitives_of(run).end_s[0] == 1.0


def test_what_people_say_is_never_kept(run: Run):
    first = run.segments.order_by("pk").first()
    assert first is not None
    selectors.map_columns(run)
    press = an_action(run.project, "press")
    Segment.objects.filter(pk=first.pk).update(action=press, quality=2.5)
    action, quality = said_of(run, primitives_of(run))
    assert action.tolist() == [press.pk] + [-1] * 5
    np.testing.assert_array_equal(quality, np.float32([2.5] + [np.nan] * 5))


def test_the_figures_of_clusters_are_those_of_their_primitives(run: Run):
    run.segments.filter(index=5).update(end_s=14.0)  # of 4 s, the longest, in cluster 1
    found = primitives_of(run).by_cluster(4)
    first, second = (found[pk] for pk in run.clusters.order_by("index").values_list("pk", flat=True))
    assert (first.n, first.total_s, first.n_videos, first.histogram) == (4, 8.0, 1, [0, 0, 4, 0])
    assert (second.n, second.total_s, second.n_videos, second.histogram) == (2, 6.0, 1, [0, 0, 1, 1])


def test_one_without_a_cluster_counts_in_none(run: Run):
    run.segments.filter(index__lt=5).update(cluster=None)
    assert [one.n for one in primitives_of(run).by_cluster(4).values()] == [1]


def test_a_run_without_primitives_has_no_columns(run: Run):
    run.segments.all().delete()
    assert len(primitives_of(run).ids) == 0
    assert primitives_of(run).by_cluster(4) == {}
    facts, columns = selectors.map_columns(run)
    assert facts["actions"] == []
    assert all(len(column) == 0 for column in columns.values())


def test_another_runs_primitives_stay_out(run: Run):
    other = clustered(a_project(a_user()), [3])
    press = an_action(other.project, "press")
    other.segments.update(action=press, quality=1.0)
    assert len(primitives_of(run).ids) == 6
    assert said_of(run, primitives_of(run))[0].tolist() == [-1] * 6
