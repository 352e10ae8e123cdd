"""The whole chain on rendered video: real decoding, tracking, training and clustering, the smallest of each."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from backend.accounts.deletion import delete_project
from backend.common.artefacts import store
from backend.projects.models import Project
from backend.runs import selectors, services, stages
from backend.runs.exceptions import SameClusters
from backend.runs.models import Run, RunStatus, StageExecution, Status
from backend.videos.models import Video, VideoStatus
from backend.videos.selectors import video_row
from backend.videos.services import register_file
from backend.vocabulary import selectors as vocabulary
from backend.vocabulary.models import EMBEDDING_DIM, Segment
from ml.synthetic import SceneConfig, plan, render
from tests.backend.runs.fingerprint import fingerprint
from tests.factories.runs import a_project, a_user, an_action
from tests.ml.media import textured, write_video

pytestmark = pytest.mark.django_db(transaction=True)

SCENE = SceneConfig.difficulty("easy", cycles=1, width_px=320, height_px=180, fps=15)


@pytest.fixture(scope="module")
def takes(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two short views of one take."""
    folder = tmp_path_factory.mktemp("takes")
    paths = []
    for view in SCENE.views:
        paths.append(folder / f"{view}.mp4")
        render(SCENE, view, paths[-1], lambda *_: None)
    return paths


@pytest.fixture
def project(media: Path) -> Project:
    return a_project(a_user())


def ingest(project: Project, paths: list[Path], work: Callable[[], None]) -> list[Video]:
    videos = []
    for path in paths:
        videos.append(register_file(project=project, path=path, title=path.name, by=project.created_by))
        services.start_ingest(videos[-1])
    work()
    for video in videos:
        video.refresh_from_db()
    return videos


def discover(project: Project, work: Callable[[], None], **asked: object) -> Run:
    run = services.start_run(project=project, by=project.created_by, preset="tiny", **asked)
    work()
    run.refresh_from_db()
    return run


def test_from_upload_to_similar_primitives(project: Project, takes: list[Path], work: Callable[[], None]) -> None:
    videos = ingest(project, takes, work)
    assert [video.status for video in videos] == [VideoStatus.READY] * 2
    assert videos[0].duration_s == pytest.approx(plan(SCENE).duration_s, abs=0.1)
    assert (videos[0].width_px, videos[0].height_px, videos[0].codec) == (320, 180, "h264")
    assert videos[0].sprite is not None

    calibrated = discover(project, work)
    smoothed = np.load(store().path(selectors.stage_output(calibrated, "segment", videos[0])) / "energy.npz")[
        "smoothed"
    ]
    # A tokenizer of thirty training steps says little; the team sets a threshold that cuts.
    run = discover(project, work, n_clusters=4, theta_on=float(np.quantile(smoothed, 0.6)), tokenizer_run=calibrated)
    assert (run.status, run.reason) == (RunStatus.DONE, "")
    assert not run.stages.exclude(status=Status.DONE).exclude(stage="umap").exists()
    segments = list(run.segments.order_by("video", "index"))
    assert len(segments) >= 8
    for segment in segments:
        assert segment.codes
        assert len(segment.embedding) == EMBEDDING_DIM
        assert segment.cluster is not None
        assert segment.edge_margin is not None
        assert -2 <= segment.edge_margin <= 2
        place = vocabulary.clip_of(run.started_by, segment.pk)
        assert place is not None
        for suffix in ("mp4", "webp"):
            assert (store().path(place.key) / f"{place.index:05d}.{suffix}").stat().st_size > 0
    assert all(one.cut_margin is None or one.cut_margin >= 0 for one in segments)
    assert sum(one.cut_margin is not None for one in segments) > len(segments) / 2
    by_video = [[s for s in segments if s.video_id == video.pk] for video in videos]
    for one in by_video:
        assert all(a.end_s <= b.start_s for a, b in pairwise(one)), "in order, never overlapping"
        assert one[-1].end_s <= plan(SCENE).duration_s + 0.1

    assert calibrated.calibrations[0]["theta_on"] > 0
    facts = selectors.signal_facts(run, videos[0])
    assert facts["columns"] == ["times_s", "energy", "velocity", "latent", "flow"]
    assert len(selectors.signal_columns(run, videos[0])) == facts["n_steps"] * (8 + 4 * 4)
    assert sum(c.size for c in run.clusters.all()) == len(segments)
    cards = vocabulary.cluster_cards(run)
    assert [sum(card.durations_histogram) for card in cards] == [card.cluster.size for card in cards]
    assert sum(card.share for card in cards) == pytest.approx(1)
    found = vocabulary.similar_segments(segments[0].embedding, segments[0].space, run.segments.all(), k=5)
    assert len(found.segments) == 5
    assert found.exact


def test_the_same_twice_is_the_same(
    project: Project, takes: list[Path], work: Callable[[], None], settings, tmp_path: Path
) -> None:
    ingest(project, takes, work)
    first = fingerprint(discover(project, work), store())
    settings.MEDIA_FOLDER = tmp_path / "elsewhere"  # nothing there to reuse
    other = a_project(a_user())
    ingest(other, list(reversed(takes)), work)
    second = fingerprint(discover(other, work), store())
    assert first == second


def test_a_second_run_recomputes_only_what_changed(
    project: Project, takes: list[Path], work: Callable[[], None]
) -> None:
    ingest(project, takes[:1], work)
    first = discover(project, work, n_clusters=3)
    again = discover(project, work, n_clusters=4)
    assert set(again.stages.exclude(stage="umap").filter(reused=False).values_list("stage", flat=True)) == {
        "cluster",
        "coherence",
    }
    theta = again.calibrations[0]["theta_on"]
    third = discover(project, work, n_clusters=3, theta_on=theta * 1.1)
    fresh = set(third.stages.exclude(stage="umap").filter(reused=False).values_list("stage", flat=True))
    assert fresh == {"calibrate", "segment", "clips", "embed", "cluster", "visual", "coherence"}
    assert first.segments.count() == again.segments.count()


def test_another_k_reuses_all_up_to_the_embeddings(
    project: Project, takes: list[Path], work: Callable[[], None]
) -> None:
    ingest(project, takes[:1], work)
    first = discover(project, work, n_clusters=3)
    again = services.recluster(run=first, n_clusters=4, by=project.created_by)
    work()
    again.refresh_from_db()
    assert (again.status, again.clusters.count(), again.derived_from) == (RunStatus.DONE, 4, first)
    assert set(again.stages.exclude(stage="umap").filter(reused=False).values_list("stage", flat=True)) == {
        "cluster",
        "coherence",
    }
    was, now = first.pipeline_config().to_dict(), again.pipeline_config().to_dict()
    assert (now["clustering"].pop("n_clusters"), was["clustering"].pop("n_clusters")) == (4, 3)
    assert now == was
    with pytest.raises(SameClusters):
        services.recluster(run=again, n_clusters=4, by=project.created_by)


def test_cameras_of_one_recording_are_clustered_by_what_all_of_them_saw(
    project: Project, takes: list[Path], work: Callable[[], None]
) -> None:
    videos = ingest(project, takes, work)
    for video, view in zip(videos, SCENE.views, strict=True):
        Video.objects.filter(pk=video.pk).update(view=view, recording="take")
    alone = discover(project, work, n_clusters=4)
    run = discover(project, work, n_clusters=4, cluster_by="latents", tokenizer_run=alone)
    assert (run.status, run.reason) == (RunStatus.DONE, "")
    assert run.clusters.count() == 4
    assert not run.segments.filter(cluster=None).exists()
    assert set(run.stages.filter(stage__in=["segment", "embed"]).values_list("reused", flat=True)) == {True}
    d_m = run.pipeline_config().tokenizer.d_m
    seen = np.load(store().path(selectors.stage_output(run, "cluster")) / "latents.npy")
    assert seen.shape == (run.segments.count(), 2 * d_m)
    assert np.isfinite(seen).all()
    # Another offset, another sight of the other camera: nothing may be taken from the store.
    Video.objects.filter(pk=videos[1].pk).update(offset_s=1.0)
    shifted = discover(project, work, n_clusters=4, cluster_by="latents", tokenizer_run=alone)
    other = np.load(store().path(selectors.stage_output(shifted, "cluster")) / "latents.npy")
    assert not np.array_equal(other, seen)


def test_names_outlive_that_a_run_is_tried_again(project: Project, takes: list[Path], work: Callable[[], None]) -> None:
    ingest(project, takes[:1], work)
    run = discover(project, work, n_clusters=3)
    grasp, odd = an_action(project, "Grasp"), an_action(project, "Odd")
    run.clusters.filter(index=1).update(action=grasp)
    single = run.segments.first()
    assert single is not None
    run.segments.filter(pk=single.pk).update(action=odd, quality=2)
    clusters = list(run.clusters.order_by("pk").values())
    segments = list(run.segments.order_by("pk").values_list("pk", "cluster", "action", "quality"))
    run.stages.filter(stage="segment").update(status=Status.FAILED)
    services.retry_run(run)
    work()
    run.refresh_from_db()
    assert run.status == RunStatus.DONE
    assert list(run.clusters.order_by("pk").values()) == clusters
    assert list(run.segments.order_by("pk").values_list("pk", "cluster", "action", "quality")) == segments

    # Clusters that are others by now do not keep the name: as if all had been in the first.
    run.segments.update(cluster=run.clusters.get(index=0))
    run.stages.filter(stage="cluster").update(status=Status.FAILED)
    services.retry_run(run)
    work()
    assert not run.clusters.filter(action__isnull=False).exists()


def test_cotracker_says_what_it_needs_and_is_never_replaced(
    project: Project, takes: list[Path], work: Callable[[], None], settings, tmp_path: Path
) -> None:
    ingest(project, takes[:1], work)
    settings.COTRACKER, settings.ACCEPT_CC_BY_NC = tmp_path / "cotracker", False
    run = discover(project, work, tracker="cotracker3")
    track = run.stages.get(stage="track")
    assert (run.status, track.status, track.queue) == (RunStatus.FAILED, Status.FAILED, "gpu")
    assert "cotracker3 scaled_online.pth" in track.reason
    assert run.stages.get(stage="segment").status == Status.SKIPPED


def test_what_is_kept_reuses_everything_up_to_the_energy(
    project: Project, takes: list[Path], work: Callable[[], None]
) -> None:
    videos = ingest(project, takes, work)
    Video.objects.filter(pk=videos[0].pk).update(view="front")  # the other has none, and is named by its file
    first = discover(project, work)
    thresholds = selectors.thresholds(first)
    found = list(first.segments.filter(video=videos[0]).values_list("start_s", "end_s"))
    cuts = [[found[0][0], found[0][1] + 0.02], *([list(found[-1])] if len(found) > 1 else [])]
    kept = services.keep_run(
        run=first,
        by=project.created_by,
        detection={"alpha": 0.8},
        refinement={"rest": None},
        theta_scale=0.5,
        cuts={str(videos[0].pk): cuts},
    )
    work()
    kept.refresh_from_db()
    assert (kept.status, kept.reason, kept.derived_from) == (RunStatus.DONE, "", first)
    reused = {"track", "train", "tokenize", "energy"}
    assert set(kept.stages.filter(reused=True).values_list("stage", flat=True)) == reused
    assert not kept.stages.filter(stage__in=reused, reused=False).exists()
    assert {video: one.theta_on for video, one in selectors.thresholds(kept).items()} == {
        video: one.theta_on * 0.5 for video, one in thresholds.items()
    }
    assert [[s.start_s, s.end_s] for s in kept.segments.filter(video=videos[0]).order_by("index")] == cuts
    assert all(segment.codes and segment.embedding is not None for segment in kept.segments.all())
    assert kept.stages.get(stage="segment", video=videos[0]).message.endswith("set by hand")

    # Kept again without a change, the other video is cut the same: its primitives are there already.
    again = services.keep_run(run=kept, by=project.created_by)
    work()
    again.refresh_from_db()
    assert again.stages.get(stage="segment", video=videos[1]).reused
    assert not again.stages.get(stage="segment", video=videos[0]).reused
    assert again.config["detection"] == kept.config["detection"]


def test_a_tokenizer_can_be_reused(project: Project, takes: list[Path], work: Callable[[], None]) -> None:
    ingest(project, takes[:1], work)
    first = discover(project, work)
    ingest(project, takes[1:], work)
    again = discover(project, work, tokenizer_run=first)
    assert again.status == RunStatus.DONE
    assert again.stages.get(stage="train").output_key == first.stages.get(stage="train").output_key
    assert set(again.segments.values_list("space", flat=True)) == set(first.segments.values_list("space", flat=True))


def test_bad_files_end_with_a_sentence_and_the_others_go_on(
    project: Project, takes: list[Path], work: Callable[[], None], tmp_path: Path
) -> None:
    note, empty = tmp_path / "notes.mp4", tmp_path / "empty.mp4"
    note.write_text("these are notes, not a film\n" * 50)
    empty.touch()
    bad_1, bad_2, good = ingest(project, [note, empty, takes[0]], work)
    for bad in (bad_1, bad_2):
        assert bad.status == VideoStatus.FAILED
        assert bad.reason
        assert "Traceback" not in bad.reason
        assert not bad.stages.unfinished().exists()
    assert good.status == VideoStatus.READY
    assert discover(project, work).status == RunStatus.DONE


def test_a_video_in_which_nothing_moves_says_so_and_the_others_go_on(
    project: Project, takes: list[Path], work: Callable[[], None], tmp_path: Path
) -> None:
    still = tmp_path / "still.mp4"
    picture = np.repeat(textured(180, 320)[..., None], 3, axis=-1)
    write_video(still, [picture] * 40, fps=10)
    quiet, _ = ingest(project, [still, takes[0]], work)
    run = discover(project, work)
    assert run.status == RunStatus.DONE
    left_out = video_row(project.created_by, quiet.pk)
    assert left_out.status == VideoStatus.READY
    assert left_out.run_reason == "Nothing moves in this video, so there is no primitive to find."
    assert not run.segments.filter(video=quiet).exists()


def test_the_same_file_twice_is_said_so(project: Project, takes: list[Path], work: Callable[[], None]) -> None:
    first, second = ingest(project, [takes[0], takes[0]], work)
    assert first.status == VideoStatus.READY
    assert second.status == VideoStatus.FAILED
    assert f"same file as “{first.title}”" in second.reason
    assert not second.stages.unfinished().exists()


def test_a_full_disk_is_said_and_nothing_is_lost(
    project: Project, takes: list[Path], work: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest(project, takes[:1], work)
    real_save = np.save

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "save", full)
    run = services.start_run(project=project, by=project.created_by, preset="tiny")
    with pytest.raises(OSError, match="No space left"):
        work()
    run.refresh_from_db()
    assert run.status == RunStatus.FAILED
    assert run.reason.startswith("The disk is full.")
    monkeypatch.setattr(np, "save", real_save)
    services.retry_run(run)
    work()
    run.refresh_from_db()
    assert (run.status, run.reason) == (RunStatus.DONE, "")
    assert run.segments.exists()


def test_a_late_worker_changes_nothing(project: Project, takes: list[Path], work: Callable[[], None]) -> None:
    """A worker that lost its lease while it computed must not write its rows over those of the one that took over."""
    ingest(project, takes[:1], work)
    run = discover(project, work)
    row = run.stages.get(stage="segment")
    before = list(run.segments.values_list("pk", flat=True))
    late = StageExecution.objects.get(pk=row.pk)
    late.attempt -= 1
    with pytest.raises(stages.LeaseLost):
        stages._finish(late, stages.Outcome("0" * 64, write=lambda: run.segments.all().delete()))
    assert list(run.segments.values_list("pk", flat=True)) == before


def test_deleting_the_project_deletes_its_rows(project: Project, takes: list[Path], work: Callable[[], None]) -> None:
    ingest(project, takes[:1], work)
    discover(project, work)
    shutil.rmtree(store().root)
    delete_project(project=project, typed=project.name, by=project.created_by)
    assert not Segment.objects.exists()
    assert not StageExecution.objects.exists()
