"""What the API says of coherence, and to whom."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import IntegrityError
from django.test import Client

from backend.projects.models import User
from backend.runs.models import Run
from backend.vocabulary.models import Cluster, ClusterCoherence, Coherence
from tests.factories.runs import a_project, a_run, a_user

pytestmark = pytest.mark.django_db

ClientOf = Callable[[User], Client]


def scored(run: Run, encoder: str, icss: float, position: int = 0) -> Coherence:
    """Two clusters, of which the second has one primitive."""
    row = Coherence.objects.create(
        run=run, encoder=encoder, position=position, weights="ab" * 32, seed=42, n_segments=9, n_pairs=28, icss=icss,
        std=0.1, exact=icss, low=icss - 0.1, high=icss + 0.1, of_clusters=icss, random_repeats=5, random_icss=0.5,
        random_std=0.2, random_spread=0.01, random_exact=0.5,
    )  # fmt: skip
    for index, (size, value) in enumerate([(8, icss), (1, None)]):
        cluster, _ = Cluster.objects.get_or_create(run=run, index=index, defaults={"size": size, "silhouette": 0.3})
        ClusterCoherence.objects.create(
            coherence=row, cluster=cluster, n_segments=size, n_pairs=size * (size - 1) // 2, icss=value
        )
    return row


@pytest.fixture
def run() -> Run:
    return a_run(a_project(a_user("owner")))


def test_each_encoder_has_its_figures_with_what_made_them(run: Run, client_of: ClientOf) -> None:
    scored(run, "second", 0.6, position=1)
    Coherence.objects.create(run=run, encoder="first", position=0, seed=42, why_not="not here", command="fetch it")
    first, second = client_of(run.started_by).get(f"/api/runs/{run.pk}/coherence/").json()
    assert (first["encoder"], first["why_not"], first["command"], first["icss"], first["clusters"]) == (
        "first",
        "not here",
        "fetch it",
        None,
        [],
    )
    assert (second["encoder"], second["weights"], second["seed"]) == ("second", "ab" * 32, 42)
    assert (second["icss"], second["random_icss"], second["low"], second["n_pairs"]) == (0.6, 0.5, 0.5, 28)
    assert [(c["index"], c["name"], c["icss"], c["silhouette"]) for c in second["clusters"]] == [
        (0, "Cluster 1", 0.6, 0.3),
        (1, "Cluster 2", None, 0.3),
    ]


def test_a_card_carries_the_encoder_and_the_baseline(run: Run, client_of: ClientOf) -> None:
    scored(run, "second", 0.6, position=1)
    scored(run, "first", 0.8)
    card = client_of(run.started_by).get(f"/api/runs/{run.pk}/clusters/").json()[0]
    assert [(one["encoder"], one["icss"], one["random_icss"]) for one in card["coherence"]] == [
        ("first", 0.8, 0.5),
        ("second", 0.6, 0.5),
    ]


def test_figures_of_other_projects_and_other_runs_stay_out(run: Run, client_of: ClientOf) -> None:
    stranger = a_user("stranger")
    theirs = a_run(a_project(stranger))
    other = a_run(run.project)
    scored(theirs, "appearance", 0.9)
    scored(other, "appearance", 0.8)
    scored(run, "appearance", 0.6)
    (mine,) = client_of(run.started_by).get(f"/api/runs/{run.pk}/coherence/").json()
    assert mine["icss"] == 0.6
    assert client_of(run.started_by).get(f"/api/runs/{theirs.pk}/coherence/").status_code == 404
    assert set(Coherence.objects.visible_to(run.started_by).values_list("icss", flat=True)) == {0.6, 0.8}
    assert list(Coherence.objects.visible_to(stranger).values_list("icss", flat=True)) == [0.9]


def test_before_anything_is_measured_there_is_an_empty_list(run: Run, client_of: ClientOf) -> None:
    assert client_of(run.started_by).get(f"/api/runs/{run.pk}/coherence/").json() == []


def test_the_database_keeps_figures_and_excuses_apart(run: Run) -> None:
    with pytest.raises(IntegrityError, match="coherence_figure_or_reason"):
        Coherence.objects.create(run=run, encoder="x", position=0, seed=1, why_not="no weights", icss=0.5)


def test_the_list_takes_as_many_queries_for_many_clusters_as_for_few(
    run: Run, client_of: ClientOf, django_assert_max_num_queries
) -> None:
    row = scored(run, "appearance", 0.7)
    for index in range(2, 30):
        cluster = Cluster.objects.create(run=run, index=index, size=2)
        ClusterCoherence.objects.create(coherence=row, cluster=cluster, n_segments=2, n_pairs=1, icss=0.7)
    client = client_of(run.started_by)
    with django_assert_max_num_queries(7):
        assert len(client.get(f"/api/runs/{run.pk}/coherence/").json()[0]["clusters"]) == 30
