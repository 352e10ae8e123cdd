"""Transitions, cycles, and names carried over: worked by hand."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from backend.projects.models import Project, User
from backend.runs.models import Run
from backend.videos.models import Video
from backend.vocabulary import carrying, flow, surgery
from backend.vocabulary.flow import Step
from backend.vocabulary.models import Cluster, Segment
from tests.factories.runs import a_project, a_run, a_user, a_video, an_action

ClientOf = Callable[[User], Client]


def take(text: str, length: float = 1.0, gap: float = 0.5) -> list[Step]:
    """One step a letter, each `length` long, `gap` apart."""
    return [Step(i, letter, i * (length + gap), i * (length + gap) + length) for i, letter in enumerate(text)]


def test_transitions_are_counted_within_videos() -> None:
    # AB, BA, AB, BC and BA, AA: the end of one video and the start of the next are no transition.
    found = flow.transitions([take("ABABC"), take("BAA", gap=1.0)])
    by_pair = {(one.group, one.follows): one for one in found}
    assert {pair: one.count for pair, one in by_pair.items()} == {
        ("A", "B"): 2,
        ("B", "A"): 2,
        ("B", "C"): 1,
        ("A", "A"): 1,
    }
    assert by_pair["A", "B"].probability == pytest.approx(2 / 3)
    assert by_pair["B", "A"].probability == pytest.approx(2 / 3)
    assert by_pair["B", "A"].mean_gap_s == pytest.approx(0.75)  # 0.5 s in the one video, 1 s in the other
    assert (found[0].group, found[0].follows) == ("A", "B")


def test_cycles_go_from_start_to_start() -> None:
    cut = flow.cycles({1: take("XABABBA"), 2: take("BB")}, "A")
    # Onsets of A at 1.5, 4.5 and 9 s: 3 s, 4.5 s, and one that nothing ends (9 to 10 s).
    assert [(c.start_s, c.end_s, c.complete) for c in cut.videos[1]] == [
        (1.5, 4.5, True),
        (4.5, 9.0, True),
        (9.0, 10.0, False),
    ]
    assert ["".join(s.group for s in c.steps) for c in cut.videos[1]] == ["AB", "ABB", "A"]
    assert cut.videos[2] == []
    assert (cut.median_s, cut.mad_s, cut.n) == (3.75, 0.75, 2)


def test_the_start_twice_in_a_row_begins_once() -> None:
    cut = flow.cycles({1: take("AABAAB")}, "A")
    assert [(c.start_s, c.complete) for c in cut.videos[1]] == [(0.0, True), (4.5, False)]


def test_outliers_lie_further_than_three_mads_from_the_median() -> None:
    # Cycle times 3, 3, 4.5, 3, 4.5, 12 s: median 3.75, distances .75 ×5 and 8.25, MAD 0.75, so only 12 s is out.
    cut = flow.cycles({1: take("ABABABBABABBABBBBBBBA")}, "A")
    assert [(c.end_s - c.start_s, c.outlier) for c in cut.videos[1] if c.complete] == [
        (3.0, False),
        (3.0, False),
        (4.5, False),
        (3.0, False),
        (4.5, False),
        (12.0, True),
    ]
    assert (cut.median_s, cut.mad_s) == (3.75, 0.75)


def test_where_all_but_one_are_equal_that_one_is_out() -> None:
    cut = flow.cycles({1: take("ABABABABBABA")}, "A")
    assert [c.outlier for c in cut.videos[1]] == [False, False, False, True, False, False]


def test_the_start_that_is_suggested_recurs_most_regularly_in_every_video() -> None:
    # B recurs every 3 steps in both; A is as regular but only in the first; X at random.
    videos = {1: take("ABXABCABX"), 2: take("BXXBCXBXX")}
    assert flow.suggested_start(videos) == "B"
    assert flow.cycles(videos, None).start == "B"


def test_of_equals_the_first_in_the_video_begins() -> None:
    assert flow.suggested_start({1: take("ABCABCABCA")}) == "A"  # all every 4.5 s; A thrice, the others twice
    assert flow.suggested_start({1: take("ABCABCABC")}) == "A"


def test_nothing_recurs_nothing_is_suggested() -> None:
    assert flow.suggested_start({1: take("ABC"), 2: take("ABC")}) is None
    assert flow.cycles({}, None) == flow.Cycles(None, None, {}, None, None, 0)


def test_overlaps_by_hand() -> None:
    a = [(0.0, 2.0, 1), (2.0, 5.0, 2), (6.0, 7.0, 1)]
    b = [(1.0, 3.0, 7), (3.0, 4.0, 8), (4.5, 6.5, 7)]
    # 1 with 7: 1 to 2 s and 6 to 6.5 s; 2 with 7: 2 to 3 s and 4.5 to 5 s; 2 with 8: 3 to 4 s.
    assert carrying.overlaps(a, b) == {(1, 7): 1.5, (2, 7): 1.5, (2, 8): 1.0}


@pytest.fixture
def project() -> Project:
    return a_project(a_user("owner"))


def cut_into(project: Project, video: Video, pieces: list[tuple[float, float, int]], **fields: object) -> Run:
    """A run over one video with these (start_s, end_s, cluster)."""
    run = a_run(project, [video], **fields)
    clusters = {}
    for index in sorted({index for _, _, index in pieces}):
        size = sum(1 for *_, one in pieces if one == index)
        clusters[index] = Cluster.objects.create(run=run, index=index, size=size)
    for i, (start_s, end_s, index) in enumerate(pieces):
        Segment.objects.create(
            project=project, run=run, video=video, index=i, start_s=start_s, end_s=end_s, codes=[1],
            energy_mean=1, energy_peak=1, cluster=clusters[index],
        )  # fmt: skip
    return run


@pytest.mark.django_db
def test_names_are_proposed_by_the_time_in_common(project: Project, client_of: ClientOf) -> None:
    video, elsewhere = a_video(project), a_video(project)
    old = cut_into(project, video, [(0, 4, 0), (4, 8, 1), (8, 10, 0)])
    grasp, place = an_action(project, "Grasp"), an_action(project, "Place")
    old.clusters.filter(index=0).update(action=grasp)
    old.clusters.filter(index=1).update(action=place)
    cut_into(project, elsewhere, [(0, 9, 0)]).clusters.update(action=grasp)  # newer, but over another video
    # 0: 3 s of Grasp and 1 s of Place. 1: 3 s of Place. 2: after everything. 3: 1 s of Grasp.
    new = cut_into(project, video, [(1, 5, 0), (5, 8, 1), (8, 9, 3), (20, 22, 2)])
    client = client_of(project.created_by)
    said = client.get(f"/api/runs/{new.pk}/carry-over/").json()
    assert said["source"] == {"id": old.pk, "number": old.number}
    figures = ("cluster", "overlap_s", "of_cluster", "of_action", "ticked")
    rows = [(p["action"] and p["action"]["name"], *(p[name] for name in figures)) for p in said["proposals"]]
    assert rows == [
        ("Grasp", 0, 3.0, 0.75, 0.5, True),
        ("Place", 1, 3.0, 1.0, 0.75, True),
        (None, 2, 0.0, 0.0, 0.0, False),
        ("Grasp", 3, 1.0, 1.0, pytest.approx(1 / 6), True),
    ]
    body = {
        "source": old.pk,
        "clusters": [{"cluster": 0, "action": grasp.pk}, {"cluster": 3, "action": grasp.pk}],
    }
    done = client.post(f"/api/runs/{new.pk}/carry-over/", body, content_type="application/json").json()
    assert done["change"]["summary"] == f"Took 2 names over from run {old.number}"
    assert list(new.clusters.order_by("index").values_list("action", flat=True)) == [grasp.pk, None, None, grasp.pk]
    assert [p["cluster"] for p in client.get(f"/api/runs/{new.pk}/carry-over/").json()["proposals"]] == [1, 2]
    surgery.undo(project=project, by=project.created_by)  # one step
    assert not new.clusters.filter(action__isnull=False).exists()


@pytest.mark.django_db
def test_the_run_it_was_made_from_is_offered_first(project: Project) -> None:
    video = a_video(project)
    older = cut_into(project, video, [(0, 1, 0)])
    newer = cut_into(project, video, [(0, 1, 0)])
    action = an_action(project, "Grasp")
    for run in (older, newer):
        run.clusters.update(action=action)
    assert carrying.source_for(cut_into(project, video, [(0, 1, 0)])) == newer
    assert carrying.source_for(cut_into(project, video, [(0, 1, 0)], derived_from=older)) == older
    alone = a_project(a_user())
    assert carrying.source_for(cut_into(alone, a_video(alone), [(0, 1, 0)])) is None


@pytest.mark.django_db
def test_the_flow_of_a_run_is_by_groups(project: Project, client_of: ClientOf) -> None:
    video = a_video(project)
    run = cut_into(project, video, [(0, 1, 0), (1, 2, 1), (3, 4, 0), (4, 5, 2)])
    grasp = an_action(project, "Grasp", colour=5)
    run.clusters.filter(index__in=[1, 2]).update(action=grasp)
    client = client_of(project.created_by)
    said = client.get(f"/api/runs/{run.pk}/transitions/").json()
    assert [(g["key"], g["name"], g["colour"], g["n_segments"], g["total_s"]) for g in said["groups"]] == [
        (f"action:{grasp.pk}", "Grasp", 5, 2, 2.0),
        ("cluster:0", "Cluster 1", 0, 2, 2.0),
    ]
    assert [(t["group"], t["follows"], t["count"], t["probability"]) for t in said["transitions"]] == [
        ("cluster:0", f"action:{grasp.pk}", 2, 1.0),
        (f"action:{grasp.pk}", "cluster:0", 1, 1.0),
    ]
    cut = client.get(f"/api/runs/{run.pk}/cycles/?start=cluster:0").json()
    assert (cut["n"], cut["median_s"], cut["mad_s"], cut["start"]) == (1, 3.0, 0.0, "cluster:0")
    assert cut["videos"][0]["title"] == video.title
    assert [step["group"] for step in cut["videos"][0]["cycles"][0]["steps"]] == ["cluster:0", f"action:{grasp.pk}"]
    assert client.get(f"/api/runs/{run.pk}/cycles/?start=nonsense").status_code == 400
