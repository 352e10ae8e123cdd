"""Naming, merging, splitting, moving, and taking it back."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from django.db import connection, transaction
from django.test import Client

from backend.projects.models import Membership, Role, User
from backend.runs.models import Run
from backend.vocabulary import surgery
from backend.vocabulary.exceptions import (
    ActionDeprecated,
    CannotSplit,
    ChangedMeanwhile,
    NameTaken,
    NoName,
    NoSuchExample,
    NothingToChange,
    NothingToUndo,
)
from backend.vocabulary.models import (
    EMBEDDING_DIM,
    Action,
    Cluster,
    ClusterCoherence,
    Coherence,
    Segment,
    VisualEmbedding,
    VocabularyChange,
)
from tests.factories.runs import a_project, a_run, a_user, a_video, an_action, clustered, some_segments

pytestmark = pytest.mark.django_db

ClientOf = Callable[[User], Client]


@pytest.fixture
def run() -> Run:
    """Clusters 0, 1, 2 of 3, 2 and 1 segments."""
    return clustered(a_project(a_user("owner")), [3, 2, 1])


def shown(run: Run) -> list[str]:
    """The group of each segment, in the order of ids."""
    rows = run.segments.select_related("cluster__action", "action").order_by("pk")
    return [(s.effective_action or s.cluster).name for s in rows]


def ids(run: Run, *positions: int) -> list[int]:
    every = list(run.segments.order_by("pk").values_list("pk", flat=True))
    return [every[position] for position in positions]


def name(run: Run, cluster: int, as_: str) -> Action:
    action = surgery.name_cluster(run=run, cluster=cluster, name=as_, by=run.started_by).action
    assert action is not None
    return action


def undo(run: Run, **which: Any) -> surgery.Done:
    return surgery.undo(project=run.project, by=run.started_by, **which)


def redo(run: Run, **which: Any) -> surgery.Done:
    return surgery.redo(project=run.project, by=run.started_by, **which)


def state() -> list[Any]:
    """All that surgery may touch."""
    return [
        list(Action.objects.order_by("pk").values()),
        list(Cluster.objects.order_by("pk").values_list("pk", "action")),
        list(Segment.objects.order_by("pk").values_list("pk", "action")),
    ]


def test_naming_a_cluster_makes_an_action_of_its_colour(run: Run) -> None:
    done = surgery.name_cluster(run=run, cluster=1, name="  Press  lever ", by=run.started_by)
    assert done.action is not None
    assert (done.action.name, done.action.colour) == ("Press lever", 1)
    assert done.change.summary == "Named cluster 2 “Press lever”"
    assert shown(run) == ["Cluster 1"] * 3 + ["Press lever"] * 2 + ["Cluster 3"]


@pytest.mark.parametrize("odd", ["抓取", "Pièce d’écrou 🔩", "x" * 120, "ا‌ب", "<b>&amp;</b>", "'; DROP TABLE --"])
def test_a_name_is_any_text(run: Run, odd: str, client_of: ClientOf) -> None:
    client = client_of(run.started_by)
    said = client.post(f"/api/runs/{run.pk}/groups/name/", {"cluster": 0, "name": odd}, content_type="application/json")
    assert said.status_code == 200, said.content
    assert said.json()["action"]["name"] == odd


@pytest.mark.parametrize("bad", ["", "   ", "\u200b\u200d", "a\0b", "x" * 121, "\u202e"])
def test_what_is_no_name_is_refused(run: Run, bad: str, client_of: ClientOf) -> None:
    client = client_of(run.started_by)
    said = client.post(f"/api/runs/{run.pk}/groups/name/", {"cluster": 0, "name": bad}, content_type="application/json")
    assert said.status_code == 400
    assert not Action.objects.exists()


def test_a_name_is_taken_once_in_a_project(run: Run) -> None:
    grasp = name(run, 0, "Grasp")
    with pytest.raises(NameTaken) as refused, transaction.atomic():
        name(run, 1, "gRASP")
    assert refused.value.details == {"action": grasp.pk}
    an_action(a_project(a_user()), "Grasp 2")
    name(run, 1, "Grasp 2")  # another project's name is free here
    surgery.edit_action(action=grasp, values={"deprecated": True}, by=run.started_by)
    name(run, 2, "Grasp")  # and so is that of one nobody is offered any more


def test_of_two_who_rename_at_once_the_second_is_told(run: Run, client_of: ClientOf) -> None:
    grasp = name(run, 0, "Grasp")
    client = client_of(run.started_by)

    def rename(to: str) -> Any:
        body = {"name": to, "expected": {"name": "Grasp"}}
        return client.patch(f"/api/actions/{grasp.pk}/", body, content_type="application/json")

    assert rename("Take").status_code == 200
    second = rename("Fetch")
    assert (second.status_code, second.json()["code"]) == (409, "changed_meanwhile")
    assert second.json()["message"] == "“Grasp” was renamed to “Take” by owner meanwhile."
    with pytest.raises(ChangedMeanwhile, match="Cluster 1 has been named “Take” meanwhile"):
        name(run, 0, "Fetch")


def test_other_fields_of_an_action(run: Run) -> None:
    grasp = name(run, 0, "Grasp")
    values = {"description": "With\nthe left hand", "verb": "grasp", "primitive": "grasp", "colour": 0}
    done = surgery.edit_action(action=grasp, values=values, by=run.started_by)
    assert done.change.summary == "Changed description, verb, primitive of “Grasp”"
    with pytest.raises(NothingToChange), transaction.atomic():
        surgery.edit_action(action=grasp, values=values, by=run.started_by)
    undo(run)
    grasp.refresh_from_db()
    assert (grasp.description, grasp.primitive) == ("", "")


def test_merging_clusters_makes_one_action(run: Run) -> None:
    done = surgery.merge(run=run, groups=["cluster:1", "cluster:2"], into="cluster:0", by=run.started_by)
    assert done.change.summary == "Merged cluster 2, cluster 3 into “Cluster 1”"
    assert set(run.clusters.values_list("action__name", flat=True)) == {"Cluster 1"}
    assert Action.objects.count() == 1


def test_merging_an_action_takes_what_is_of_it_singly_and_retires_it(run: Run) -> None:
    grasp, place = name(run, 0, "Grasp"), name(run, 1, "Place")
    surgery.move(run=run, segments=ids(run, 5), to=f"action:{place.pk}", by=run.started_by)
    surgery.merge(run=run, groups=[f"action:{place.pk}"], into=f"action:{grasp.pk}", by=run.started_by)
    assert shown(run) == ["Grasp"] * 6
    place.refresh_from_db()
    assert place.deprecated
    with pytest.raises(ActionDeprecated), transaction.atomic():
        surgery.move(run=run, segments=ids(run, 0), to=f"action:{place.pk}", by=run.started_by)
    undo(run)
    place.refresh_from_db()
    assert not place.deprecated
    assert shown(run) == ["Grasp"] * 3 + ["Place"] * 3


def test_an_action_that_another_run_has_is_not_retired(run: Run) -> None:
    grasp, place = name(run, 0, "Grasp"), name(run, 1, "Place")
    other = clustered(run.project, [1])
    other.clusters.update(action=place)
    surgery.merge(run=run, groups=[f"action:{place.pk}"], into=f"action:{grasp.pk}", by=run.started_by)
    place.refresh_from_db()
    assert not place.deprecated
    assert shown(other) == ["Place"]


def test_an_action_dragged_onto_an_unnamed_cluster_keeps_its_name(run: Run) -> None:
    grasp = name(run, 0, "Grasp")
    done = surgery.merge(run=run, groups=[f"action:{grasp.pk}"], into="cluster:1", by=run.started_by)
    assert done.change.summary == "Merged cluster 2 into “Grasp”"
    assert shown(run) == ["Grasp"] * 5 + ["Cluster 3"]


def test_moving_single_primitives_and_back(run: Run) -> None:
    place = name(run, 1, "Place")
    surgery.move(run=run, segments=ids(run, 0, 5), to=f"action:{place.pk}", by=run.started_by)
    assert shown(run) == ["Place", "Cluster 1", "Cluster 1", "Place", "Place", "Place"]
    assert surgery.move(run=run, segments=ids(run, 0), to="own", by=run.started_by).change.summary == (
        "Put 1 primitive back into their clusters"
    )
    assert shown(run)[0] == "Cluster 1"
    made = surgery.move(run=run, segments=ids(run, 1, 2), to="new", name="Wipe", by=run.started_by).action
    assert made is not None
    assert made.colour not in (1, 0, 2)  # of “Place”, and of the clusters without a name
    assert shown(run)[:3] == ["Cluster 1", "Wipe", "Wipe"]
    surgery.move(run=run, segments=ids(run, 1), to="cluster:2", by=run.started_by)  # which becomes an action
    assert shown(run)[1] == "Cluster 3"


def test_moved_to_its_clusters_own_action_a_primitive_follows_the_cluster_again(run: Run) -> None:
    grasp, place = name(run, 0, "Grasp"), name(run, 1, "Place")
    surgery.move(run=run, segments=ids(run, 0), to=f"action:{place.pk}", by=run.started_by)
    surgery.move(run=run, segments=ids(run, 0), to=f"action:{grasp.pk}", by=run.started_by)
    assert Segment.objects.get(pk=ids(run, 0)[0]).action is None


def two_kinds(n: int, of_the_second: int) -> Run:
    """A cluster of `n` segments, all with a little noise, of which `of_the_second` point elsewhere; and a wild one."""
    project = a_project(a_user())
    video = a_video(project)
    run = a_run(project, [video])
    rng = np.random.default_rng(0)
    vectors = rng.normal(0, 0.02, (n, EMBEDDING_DIM)) + np.eye(EMBEDDING_DIM)[3]
    vectors[:of_the_second] += np.eye(EMBEDDING_DIM)[7] - np.eye(EMBEDDING_DIM)[3]
    some_segments(run, video, vectors.astype(np.float32))
    cluster = Cluster.objects.create(run=run, index=0, size=n)
    run.segments.update(cluster=cluster)
    wild = some_segments(run, video, rng.normal(0, 1, (100, EMBEDDING_DIM)).astype(np.float32))
    rest = Cluster.objects.create(run=run, index=1, size=100)
    Segment.objects.filter(pk__in=[segment.pk for segment in wild]).update(cluster=rest)
    return run


@pytest.mark.parametrize("sample", [4000, 20])
def test_splitting_finds_the_two_kinds(sample: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the centres come from a few of them only, and the database tells the others apart."""
    monkeypatch.setattr(surgery, "SPLIT_SAMPLE", sample)
    run = two_kinds(60, of_the_second=25)
    done = surgery.split(run=run, group="cluster:0", by=run.started_by)
    assert done.change.summary == "Split 25 of 60 off cluster 1 as “Cluster 1 2”"
    assert shown(run)[:60] == ["Cluster 1 2"] * 25 + ["Cluster 1"] * 35
    undo(run)
    assert shown(run)[:60] == ["Cluster 1"] * 60


def test_what_moves_alike_cannot_be_split() -> None:
    run = clustered(a_project(a_user()), [4, 1])
    for group in ("cluster:0", "cluster:1"):
        with pytest.raises(CannotSplit), transaction.atomic():
            surgery.split(run=run, group=group, by=run.started_by)


def everything(run: Run) -> list[Callable[[], object]]:
    by = {"run": run, "by": run.started_by}
    return [
        lambda: name(run, 0, "Grasp"),
        lambda: surgery.edit_action(action=Action.objects.get(name="Grasp"), values={"name": "Take"}, by=by["by"]),
        lambda: surgery.move(segments=ids(run, 3), to="new", name="Place", **by),
        lambda: surgery.merge(groups=["cluster:1"], into=f"action:{Action.objects.get(name='Place').pk}", **by),
        lambda: surgery.merge(groups=["cluster:2"], into=f"action:{Action.objects.get(name='Take').pk}", **by),
        lambda: surgery.edit_action(action=Action.objects.get(name="Place"), values={"deprecated": True}, by=by["by"]),
        lambda: (
            surgery.move(segments=ids(run, 0, 1), to="own", **by)
            if run.segments.filter(action__isnull=False).exists()
            else surgery.move(segments=ids(run, 0, 1), to="new", name="Last", **by)
        ),
    ]


def test_every_step_can_be_taken_back_and_done_again(run: Run) -> None:
    states = [state()]
    for step in everything(run):
        step()
        states.append(state())
    for before in reversed(states[:-1]):
        undo(run)
        was, now = before, state()
        assert now[1:] == was[1:]
        assert [row for row in now[0] if not row["deprecated"]] == [row for row in was[0] if not row["deprecated"]]
    with pytest.raises(NothingToUndo), transaction.atomic():
        undo(run)
    for after in states[1:]:
        redo(run)
        assert [row for row in state()[0] if not row["deprecated"]] == [r for r in after[0] if not r["deprecated"]]
        assert state()[1:] == after[1:]
    assert VocabularyChange.objects.count() == len(states) - 1  # undoing writes no step of its own
    with pytest.raises(NothingToUndo), transaction.atomic():
        redo(run)


def test_after_something_new_what_was_undone_is_not_done_again(run: Run) -> None:
    name(run, 0, "Grasp")
    undo(run)
    name(run, 1, "Place")
    with pytest.raises(NothingToUndo), transaction.atomic():
        redo(run)


def test_undo_is_refused_where_somebody_has_been_since(run: Run) -> None:
    grasp = name(run, 0, "Grasp")
    colleague = a_user()
    Membership.objects.create(project=run.project, user=colleague, role=Role.MANAGER)
    surgery.edit_action(action=grasp, values={"name": "Take"}, by=colleague)
    before = state()
    with pytest.raises(ChangedMeanwhile, match="“Named cluster 1 “Grasp”” cannot be undone"), transaction.atomic():
        undo(run)  # mine, under which the colleague's lies
    assert state() == before
    surgery.undo(project=run.project, by=colleague)
    undo(run)
    assert shown(run)[0] == "Cluster 1"


def test_making_an_action_is_not_undone_while_others_use_it(run: Run) -> None:
    grasp = name(run, 0, "Grasp")
    colleague = a_user()
    Membership.objects.create(project=run.project, user=colleague, role=Role.MANAGER)
    surgery.merge(run=run, groups=["cluster:1"], into=f"action:{grasp.pk}", by=colleague)
    with pytest.raises(ChangedMeanwhile, match="used elsewhere since"), transaction.atomic():
        undo(run)
    assert shown(run)[:4] == ["Grasp"] * 4


def test_a_colleagues_step_is_undone_by_name_only(run: Run) -> None:
    name(run, 0, "Grasp")
    colleague = a_user()
    Membership.objects.create(project=run.project, user=colleague, role=Role.MANAGER)
    with pytest.raises(NothingToUndo), transaction.atomic():
        surgery.undo(project=run.project, by=colleague)
    step = VocabularyChange.objects.get()
    surgery.undo(project=run.project, by=colleague, change=step.pk)
    step.refresh_from_db()
    assert step.undone_by == colleague


def test_when_the_segments_are_gone_undo_says_so(run: Run) -> None:
    surgery.move(run=run, segments=ids(run, 0), to="new", name="Odd", by=run.started_by)
    run.segments.all().delete()
    with pytest.raises(ChangedMeanwhile, match="a primitive it changed has been changed since"), transaction.atomic():
        undo(run)


def test_open_pages_are_told(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[dict[str, Any]] = []
    monkeypatch.setattr(
        surgery.events, "publish", lambda project, **fields: told.append({"project": project, **fields})
    )
    name(run, 0, "Grasp")
    undo(run)
    assert [(one["project"], one["kind"], one["run"]) for one in told] == [(run.project_id, "vocabulary", run.pk)] * 2


def test_the_history_comes_in_pages_with_what_undo_and_redo_would_do(run: Run, client_of: ClientOf) -> None:
    for index, as_ in enumerate(["Grasp", "Place", "Turn"]):
        name(run, index, as_)
    undo(run)
    client = client_of(run.started_by)
    address = f"/api/projects/{run.project_id}/vocabulary/history/"
    first = client.get(f"{address}?limit=2").json()
    assert [one["summary"] for one in first["results"]] == ["Named cluster 3 “Turn”", "Named cluster 2 “Place”"]
    assert first["results"][0]["undone_by"] == "owner"
    assert (first["undo"]["summary"], first["redo"]["summary"]) == ("Named cluster 2 “Place”", "Named cluster 3 “Turn”")
    second = client.get(f"{address}?limit=2&cursor={first['next']}").json()
    assert ([one["summary"] for one in second["results"]], second["next"]) == (["Named cluster 1 “Grasp”"], None)


def routes(run: Run) -> list[tuple[str, str, dict[str, Any]]]:
    """Everything that writes, with a body that would do."""
    action = name(run, 2, "Turn")
    source = clustered(run.project, [1])
    there = f"/api/runs/{run.pk}"
    return [
        ("post", f"{there}/groups/name/", {"cluster": 0, "name": "Grasp"}),
        ("post", f"{there}/groups/merge/", {"groups": ["cluster:0"], "into": f"action:{action.pk}"}),
        ("post", f"{there}/groups/split/", {"group": "cluster:1"}),
        ("post", f"{there}/groups/move/", {"segments": ids(run, 0), "to": "new", "name": "New"}),
        ("post", f"{there}/carry-over/", {"source": source.pk, "clusters": [{"cluster": 0, "action": action.pk}]}),
        ("post", f"{there}/recluster/", {"n_clusters": 4}),
        ("patch", f"/api/actions/{action.pk}/", {"name": "Other"}),
        ("post", f"/api/projects/{run.project_id}/vocabulary/undo/", {}),
        ("post", f"/api/projects/{run.project_id}/vocabulary/redo/", {}),
    ]


def test_only_a_manager_changes_the_vocabulary(run: Run, client_of: ClientOf) -> None:
    calls = routes(run)
    before, n = state(), VocabularyChange.objects.count()
    reviewer = a_user()
    Membership.objects.create(project=run.project, user=reviewer, role=Role.REVIEWER)
    for user, status in ((reviewer, 403), (a_user(), 404)):
        client = client_of(user)
        for method, address, body in calls:
            said = getattr(client, method)(address, body, content_type="application/json")
            assert said.status_code == status, address
    assert (state(), VocabularyChange.objects.count()) == (before, n)


def test_nobody_outside_the_project_reads_it(run: Run, client_of: ClientOf) -> None:
    stranger = client_of(a_user())
    mine = client_of(run.started_by)
    for address in (
        f"/api/projects/{run.project_id}/vocabulary/history/",
        f"/api/runs/{run.pk}/groups/",
        f"/api/runs/{run.pk}/carry-over/",
        f"/api/runs/{run.pk}/transitions/",
        f"/api/runs/{run.pk}/cycles/",
    ):
        assert mine.get(address).status_code == 200, address
        assert stranger.get(address).status_code == 404, address


def test_rows_of_another_project_cannot_be_brought_in(run: Run, client_of: ClientOf) -> None:
    theirs = clustered(a_project(a_user()), [1])
    foreign = an_action(theirs.project, "Foreign")
    client = client_of(run.started_by)
    before = state()
    for path, body in (
        ("groups/move", {"segments": ids(theirs, 0), "to": "new", "name": "Mine"}),
        ("groups/move", {"segments": ids(run, 0), "to": f"action:{foreign.pk}"}),
        ("groups/merge", {"groups": [f"action:{foreign.pk}"], "into": "cluster:0"}),
        ("carry-over", {"source": theirs.pk, "clusters": [{"cluster": 0, "action": foreign.pk}]}),
        ("carry-over", {"source": run.pk, "clusters": [{"cluster": 0, "action": foreign.pk}]}),
    ):
        said = client.post(f"/api/runs/{run.pk}/{path}/", body, content_type="application/json")
        assert said.status_code in (404, 409), said.content
    assert state() == before
    assert client.get(f"/api/runs/{run.pk}/carry-over/?from={theirs.pk}").status_code == 404
    step = VocabularyChange.objects.create(project=theirs.project, kind="name", summary="x", by=theirs.started_by)
    said = client.post(
        f"/api/projects/{run.project_id}/vocabulary/undo/", {"change": step.pk}, content_type="application/json"
    )
    assert said.status_code == 404


def test_cards_are_of_groups(run: Run, client_of: ClientOf, django_assert_max_num_queries) -> None:
    grasp = name(run, 0, "Grasp")
    surgery.move(run=run, segments=ids(run, 3), to=f"action:{grasp.pk}", by=run.started_by)
    Segment.objects.filter(pk__in=ids(run, 0)).update(quality=3.0)
    Segment.objects.filter(pk__in=ids(run, 3)).update(quality=1.0)
    client = client_of(run.started_by)
    with django_assert_max_num_queries(14):
        cards = client.get(f"/api/runs/{run.pk}/groups/").json()
    assert [(card["key"], card["name"], card["size"]) for card in cards] == [
        (f"action:{grasp.pk}", "Grasp", 4),
        ("cluster:1", "Cluster 2", 1),
        ("cluster:2", "Cluster 3", 1),
    ]
    first = cards[0]
    assert (first["quality"], first["n_rated"], cards[1]["quality"]) == (2.0, 2, None)
    assert (first["mean_duration_s"], first["total_duration_s"], first["n_videos"]) == (2.0, 8.0, 1)
    assert sum(first["durations_histogram"]) == 4
    assert first["silhouette"] == 0.5
    assert {medoid["id"] for medoid in first["medoids"]} == set(ids(run, 0, 1, 2, 3))
    assert [cluster["index"] for cluster in first["clusters"]] == [0]


def test_a_merged_groups_coherence_is_the_mean_over_its_pairs(run: Run, client_of: ClientOf) -> None:
    made = Coherence.objects.create(run=run, encoder="appearance", position=0, seed=1, icss=0.5, random_icss=0.25)
    for cluster in run.clusters.all():
        ClusterCoherence.objects.create(coherence=made, cluster=cluster, n_segments=1, n_pairs=0, icss=0.75)
    # Three vectors at 0°, 60° and 90°: cosines ½, 0 and √3/2, so the mean of the pairs is (0.5 + 0 + 0.866)/3.
    angles = np.deg2rad([0, 60, 90])
    for pk, angle in zip(ids(run, 3, 4, 5), angles, strict=True):
        VisualEmbedding.objects.create(segment_id=pk, encoder="appearance", vector=[np.cos(angle), np.sin(angle), 0])
    surgery.merge(run=run, groups=["cluster:1"], into="cluster:2", by=run.started_by)
    cards = client_of(run.started_by).get(f"/api/runs/{run.pk}/groups/").json()
    whole = next(card for card in cards if card["key"] == "cluster:0")
    merged = next(card for card in cards if card["key"] != "cluster:0")
    assert whole["coherence"][0]["icss"] == 0.75
    assert merged["coherence"][0]["icss"] == pytest.approx((0.5 + 3**0.5 / 2) / 3, abs=1e-3)
    assert (merged["coherence"][0]["n_pairs"], merged["coherence"][0]["random_icss"]) == (3, 0.25)


@pytest.mark.django_db(transaction=True)
def test_two_people_at_once_make_one_action(run: Run) -> None:
    def attempt(cluster: int) -> str:
        try:
            name(run, cluster, "Grasp")
            return "made"
        except NameTaken:
            return "taken"
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(attempt, [0, 1])) == ["made", "taken"]
    assert Action.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_who_rename_an_action_in_the_same_moment_one_is_told(run: Run, client_of: ClientOf) -> None:
    grasp = name(run, 0, "Grasp")
    both = threading.Barrier(2)

    def rename(to: str) -> tuple[int, str]:
        client = client_of(run.started_by)
        both.wait()
        try:
            body = {"name": to, "expected": {"name": "Grasp"}}
            answer = client.patch(f"/api/actions/{grasp.pk}/", body, content_type="application/json")
            return answer.status_code, answer.json().get("code", "")
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(rename, ["Take", "Fetch"])) == [(200, ""), (409, "changed_meanwhile")]
    grasp.refresh_from_db()
    assert grasp.name in ("Take", "Fetch")
    assert VocabularyChange.objects.filter(project=run.project_id).count() == 2, "the naming, and one renaming"


def test_a_service_refuses_a_blank_name_too() -> None:
    with pytest.raises(NoName):
        surgery.clean_name(" \u2060 ")


# ---- the form: digits, examples, deprecation


def digits(run: Run) -> dict[str, int | None]:
    return dict(run.project.actions.order_by("name").values_list("name", "digit"))


def edit(action: Action, **values: Any) -> surgery.Done:
    return surgery.edit_action(action=action, values=values, by=action.created_by)


def test_a_key_that_is_taken_is_swapped_and_the_history_says_so(run: Run) -> None:
    a, b = name(run, 0, "Grasp"), name(run, 1, "Place")
    assert edit(a, digit=1).change.summary == "Gave “Grasp” the key 1"
    edit(b, digit=2)
    done = edit(b, digit=1)
    assert done.change.summary == "Gave “Place” the key 1, which “Grasp” had; that one has the key 2 now"
    assert digits(run) == {"Grasp": 2, "Place": 1}
    surgery.undo(project=run.project, by=a.created_by)
    assert digits(run) == {"Grasp": 1, "Place": 2}
    surgery.redo(project=run.project, by=a.created_by)
    assert digits(run) == {"Grasp": 2, "Place": 1}
    edit(name(run, 2, "Wait"), digit=2)
    assert digits(run) == {"Grasp": None, "Place": 1, "Wait": 2}
    edit(b, digit=None)
    assert digits(run)["Place"] is None


def test_a_deprecated_action_gives_its_key_up_and_undo_brings_it_back(run: Run) -> None:
    a, b = name(run, 0, "Grasp"), name(run, 1, "Place")
    edit(a, digit=0)
    edit(a, deprecated=True)
    assert digits(run)["Grasp"] is None
    surgery.undo(project=run.project, by=a.created_by)
    assert digits(run)["Grasp"] == 0
    edit(a, deprecated=True)
    edit(b, digit=0)
    step = run.project.vocabulary_changes.filter(kind="deprecate", undone_at=None).get()
    with pytest.raises(ChangedMeanwhile, match="The key 0 belongs to “Place” meanwhile"):
        surgery.undo(project=run.project, by=a.created_by, change=step.pk)
    with pytest.raises(ActionDeprecated):
        edit(a, digit=4)
    assert edit(a, deprecated=False).change.summary == "Brought “Grasp” back"


def test_examples_are_primitives_of_the_project(run: Run) -> None:
    action = name(run, 0, "Grasp")
    first, second = ids(run, 0, 1)
    assert edit(action, examples=[second, first, second]).change.summary == "Changed examples of “Grasp”"
    action.refresh_from_db()
    assert action.examples == [second, first]
    surgery.undo(project=run.project, by=action.created_by)
    action.refresh_from_db()
    assert action.examples == []
    elsewhere = clustered(a_project(a_user()), [1]).segments.get()
    with pytest.raises(NoSuchExample):
        edit(action, examples=[first, elsewhere.pk])


def test_who_changed_it_meanwhile_is_named_and_nothing_of_the_form_is_written(run: Run, client_of: ClientOf) -> None:
    action = name(run, 0, "Grasp")
    colleague = a_user("Ana")
    Membership.objects.create(project=run.project, user=colleague, role=Role.MANAGER)
    form = {"expected": {"description": "", "digit": None}}
    client, other = client_of(action.created_by), client_of(colleague)
    address = f"/api/actions/{action.pk}/"
    first = other.patch(address, {"description": "with the left hand", "digit": 3}, content_type="application/json")
    assert first.status_code == 200
    second = client.patch(address, {"name": "Seize", "digit": 4, **form}, content_type="application/json")
    assert second.status_code == 409
    assert second.json()["message"] == "The description of “Grasp” was changed by Ana meanwhile."
    late = client.patch(address, {"digit": 4, "expected": {"digit": None}}, content_type="application/json")
    assert late.json()["message"] == "The digit of “Grasp” was changed to “3” by Ana meanwhile."
    assert digits(run) == {"Grasp": 3}


@pytest.mark.parametrize(
    "form",
    [{"digit": 10}, {"digit": -1}, {"digit": "x"}, {"examples": [0]}, {"examples": [1] * 25}, {"name": "x" * 10_000}],
)
def test_a_form_that_cannot_be_is_refused(run: Run, client_of: ClientOf, form: dict[str, Any]) -> None:
    action = name(run, 0, "Grasp")
    client = client_of(action.created_by)
    answer = client.patch(f"/api/actions/{action.pk}/", form, content_type="application/json")
    assert answer.status_code == 400
    assert run.project.vocabulary_changes.count() == 1


def test_every_step_is_in_the_audit_log(run: Run) -> None:
    action = name(run, 0, "Grasp")
    surgery.undo(project=run.project, by=action.created_by)
    said = run.project.audit.filter(kind="vocabulary.changed").order_by("pk").values_list("summary", flat=True)
    assert list(said) == ["Named cluster 1 “Grasp”", "Undid: Named cluster 1 “Grasp”"]
