"""What a version holds, that it holds it for good, and that the same content is the same version."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from django.db import connection, connections

from backend.common.artefacts import store
from backend.projects.models import AuditEntry, Project
from backend.reviews.services import adjudicate, give_review
from backend.runs.models import Run
from backend.versions import frozen, services
from backend.versions.exceptions import AlreadyFrozen, NothingToFreeze, NoVersionName, VersionNameTaken
from backend.versions.frozen import agreed_edges
from backend.vocabulary import surgery
from backend.vocabulary.models import Segment
from tests.factories.runs import a_project, a_run, a_user, clustered

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media")]


@pytest.fixture
def project() -> Project:
    return a_project(a_user())


@pytest.fixture
def run(project: Project) -> Run:
    """Three primitives in cluster 1, named grasp; two in cluster 2 without a name."""
    run = clustered(project, [3, 2])
    surgery.name_cluster(run=run, cluster=0, name="grasp", by=project.created_by)
    return run


def freeze(run: Run, name: str = "June"):
    return services.freeze(run=run, name=name, note="", by=run.project.created_by)


def review(segment: Segment, quality: int, **said: object) -> None:
    project = segment.project
    give_review(
        segment=segment,
        by=a_user(),
        **{"quality": quality, "confidence": 2, "action": None, "start_s": None, "end_s": None, **said},
    )
    assert project.pk == segment.project_id


def test_a_version_counts_what_is_in_it(run: Run) -> None:
    segments = list(run.segments.order_by("pk"))
    review(segments[0], 3)
    review(segments[0], 2)
    review(segments[4], 1)
    version = freeze(run)
    assert (version.number, version.n_actions, version.n_segments) == (1, 1, 5)
    assert (version.n_named, version.n_rated, version.n_kept) == (3, 2, 1)
    entry = AuditEntry.objects.get(project=run.project, kind="version.frozen")
    assert entry.facts == {"version": version.pk, "digest": version.digest}


def test_what_is_read_back_is_what_the_database_said(run: Run) -> None:
    segments = list(run.segments.order_by("pk"))
    review(segments[0], 3)
    review(segments[0], 1)
    adjudicate(segment=segments[4], quality=3, action=None, note="", by=run.project.created_by)
    version = freeze(run)
    content = frozen.load(version.digest)
    action = run.project.actions.get()
    assert [one["name"] for one in content.vocabulary["actions"]] == ["grasp"]
    assert content.vocabulary["run"] == run.number
    assert content.vocabulary["videos"][0]["id"] == run.videos.get().pk
    columns = content.columns
    assert columns["id"].tolist() == [one.pk for one in segments]
    assert {name: column.dtype.str for name, column in columns.items()} == frozen.COLUMNS
    assert columns["start_s"].tolist() == columns["cut_start_s"].tolist() == [0.0, 2.0, 4.0, 6.0, 8.0]
    assert columns["cluster"].tolist() == [0, 0, 0, 1, 1]
    assert columns["action"].tolist() == [action.pk] * 3 + [-1, -1]
    assert columns["n_reviews"].tolist() == [2, 0, 0, 0, 0]
    assert columns["spread"].tolist() == [2, -1, -1, -1, -1]
    assert columns["settled"].tolist() == [False] * 4 + [True]
    assert np.array_equal(columns["quality"], [2.0, np.nan, np.nan, np.nan, 3.0], equal_nan=True)
    assert content.digest() == version.digest


def test_a_single_primitive_goes_with_its_own_action(run: Run) -> None:
    moved = run.segments.order_by("pk").last()
    surgery.move(run=run, segments=[moved.pk], to="new", name="wait", by=run.project.created_by)
    columns = frozen.load(freeze(run).digest).columns
    assert columns["action"][-1] == run.project.actions.get(name="wait").pk


def test_the_same_content_has_the_same_digest_and_is_refused_with_its_number(run: Run) -> None:
    version = freeze(run)
    with pytest.raises(AlreadyFrozen) as refusal:
        freeze(run, "July")
    assert refusal.value.details["version"] == version.number
    assert frozen.taken_from(run).digest() == version.digest


def test_the_same_content_is_the_same_file(run: Run, settings, tmp_path) -> None:
    content = frozen.taken_from(run)
    digest = frozen.save(content)
    first = store().manifest(digest)
    settings.MEDIA_FOLDER = tmp_path / "elsewhere"
    frozen.save(content)
    assert store().manifest(digest) == first


def test_later_edits_and_reviews_do_not_reach_a_version(run: Run) -> None:
    version = freeze(run)
    before = frozen.load(version.digest)
    action = run.project.actions.get()
    surgery.edit_action(action=action, values={"name": "seize"}, by=run.project.created_by)
    review(run.segments.order_by("pk").first(), 3)
    after = frozen.load(version.digest)
    assert after.vocabulary == before.vocabulary
    assert all(np.array_equal(after.columns[n], before.columns[n], equal_nan=n == "quality") for n in frozen.COLUMNS)
    second = freeze(run, "July")
    assert second.number == 2
    assert second.digest != version.digest


def test_undoing_an_edit_leads_back_to_the_digest_before(run: Run) -> None:
    version = freeze(run)
    surgery.edit_action(action=run.project.actions.get(), values={"name": "seize"}, by=run.project.created_by)
    surgery.undo(project=run.project, by=run.project.created_by)
    with pytest.raises(AlreadyFrozen):
        freeze(run, "July")
    assert run.project.versions.get() == version


def test_a_name_is_taken_once_in_a_project(run: Run) -> None:
    freeze(run)
    surgery.edit_action(action=run.project.actions.get(), values={"name": "seize"}, by=run.project.created_by)
    with pytest.raises(VersionNameTaken):
        freeze(run)


@pytest.mark.parametrize("name", ["", "  ", "\x00", "\u202e\u200f"])
def test_a_name_nobody_can_see_is_refused(run: Run, name: str) -> None:
    with pytest.raises(NoVersionName):
        freeze(run, name)


def test_a_run_without_primitives_is_not_frozen(project: Project) -> None:
    with pytest.raises(NothingToFreeze):
        freeze(a_run(project))


def test_reviewers_are_numbered_not_named(run: Run) -> None:
    segment = run.segments.order_by("pk").first()
    review(segment, 3)
    review(segment, 2)
    pairs = frozen.load(freeze(run).digest).vocabulary["agreement"]["pairs"]
    assert [(pair["first"], pair["second"], pair["n"]) for pair in pairs] == [(1, 2, 1)]


def test_edges_are_the_median_of_the_corrections(run: Run) -> None:
    segment = run.segments.order_by("pk")[1]  # [2, 4)
    for start_s in (2.1, 2.3, 2.2, None):
        review(segment, 3, start_s=start_s)
    columns = frozen.load(freeze(run).digest).columns
    assert columns["start_s"][1] == pytest.approx(2.2)
    assert columns["end_s"][1] == 4.0
    assert columns["cut_start_s"][1] == 2.0


def edges(cut: list[tuple[float, float]], said: list[tuple[float | None, float | None]]) -> list[tuple[float, float]]:
    video = np.zeros(len(cut), dtype=np.int64)
    starts, ends = np.array(cut).T
    said_start, said_end = np.array(said, dtype=np.float64).T
    start, end = agreed_edges(video, starts, ends, said_start, said_end)
    return list(zip(start.tolist(), end.tolist(), strict=True))


def test_neighbours_that_would_overlap_meet_in_the_middle() -> None:
    # The first was corrected to end at 3, the second begins at 2: both at 2.5.
    assert edges([(0, 2), (2, 4)], [(None, 3), (None, None)]) == [(0.0, 2.5), (2.5, 4.0)]


def test_a_correction_that_swallows_its_neighbour_is_not_taken() -> None:
    # The first would end at 9, behind the second's end at 4: the middle, 5.5, leaves the second nothing.
    assert edges([(0, 2), (2, 4)], [(None, 9), (None, None)]) == [(0.0, 2.0), (2.0, 4.0)]


def test_medians_out_of_order_are_not_taken() -> None:
    assert edges([(0, 2)], [(1.8, 0.5)]) == [(0.0, 2.0)]


def test_agreed_primitives_have_a_length_and_do_not_overlap_whatever_was_said() -> None:
    rng = np.random.default_rng(3)
    for _ in range(200):
        cuts = np.sort(rng.uniform(0, 20, 21))
        said = rng.uniform(0, 20, (2, 20))
        said[rng.random((2, 20)) < 0.4] = np.nan
        start, end = agreed_edges(np.zeros(20, dtype=np.int64), cuts[:-1], cuts[1:], *said)
        assert (end > start).all()
        assert (end[:-1] <= start[1:]).all()


def test_primitives_of_two_videos_do_not_touch_each_other() -> None:
    nothing = np.array([np.nan, np.nan])
    start, end = agreed_edges(
        np.array([0, 1]), np.array([0.0, 0.0]), np.array([2.0, 2.0]), nothing, np.array([5.0, np.nan])
    )
    assert (start.tolist(), end.tolist()) == ([0.0, 0.0], [5.0, 2.0])


@pytest.mark.django_db(transaction=True)
def test_a_version_is_of_one_moment(run: Run, monkeypatch) -> None:
    """A rename that comes in between reading the primitives and reading the actions is not in the version."""
    read, action = frozen._columns, run.project.actions.get()

    def rename() -> None:
        surgery.edit_action(action=action, values={"name": "seize"}, by=run.project.created_by)
        connections.close_all()

    def slow(*given: object):
        found = read(*given)
        other = threading.Thread(target=rename)
        other.start()
        other.join()
        return found

    monkeypatch.setattr(frozen, "_columns", slow)
    names = [one["name"] for one in frozen.load(freeze(run).digest).vocabulary["actions"]]
    assert names == ["grasp"]
    assert run.project.actions.get().name == "seize"
    assert not connection.in_atomic_block


@pytest.mark.django_db(transaction=True)
def test_of_two_who_freeze_the_same_at_once_one_is_told(run: Run) -> None:
    both, outcomes = threading.Barrier(2), []

    def one(name: str) -> None:
        both.wait()
        try:
            outcomes.append(freeze(run, name).number)
        except AlreadyFrozen as error:
            outcomes.append(error.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=one, args=(name,)) for name in ("June", "July")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, outcomes)) == ["1", "already_frozen"]
    assert run.project.versions.count() == 1
