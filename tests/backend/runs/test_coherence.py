"""The stages `visual` and `coherence`: what the primitives look like, and how alike those of a cluster are."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from backend.common.artefacts import store
from backend.projects.models import Project
from backend.runs import services, stages
from backend.runs.exceptions import CoherenceUnderWay, NotClustered
from backend.runs.graph import CHAIN, INGEST, ORDER
from backend.runs.models import Run, RunStatus, StageExecution, Status
from backend.vocabulary import selectors
from backend.vocabulary.models import EMBEDDING_DIM, Coherence, VisualEmbedding
from ml import coherence
from ml import store as files
from ml.artefacts import Segment
from ml.config import PipelineConfig
from ml.encoders import BUILT_IN, CLIP, EncoderUnavailable
from ml.encoders import frame_encoder as real_frame_encoder
from tests.factories.runs import a_project, a_run, a_user, a_video, some_segments
from tests.ml.media import write_video

pytestmark = pytest.mark.django_db(transaction=True)

DIGEST = "c1" * 32


class Bright:
    """In place of CLIP, whose weights no test has: brightness in quarters of the picture."""

    name, dimension, licence, weights = CLIP, 512, "made up", DIGEST

    def encode(self, frames: np.ndarray) -> np.ndarray:
        features = np.zeros((len(frames), 512), dtype=np.float32)
        for i, quarter in enumerate(np.array_split(frames.mean(axis=3), 4, axis=2)):
            features[:, i] = quarter.mean(axis=(1, 2))
        return features


@pytest.fixture(autouse=True)
def no_weights(settings, tmp_path: Path) -> Iterator[Path]:
    """An empty place for weights, whatever this machine has."""
    settings.CLIP_WEIGHTS = tmp_path / "weights"
    stages._loaded.cache_clear()
    yield settings.CLIP_WEIGHTS
    stages._loaded.cache_clear()


@pytest.fixture
def weights_arrive(no_weights: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    def arrive() -> None:
        no_weights.mkdir()
        (no_weights / "open_clip_model.safetensors").write_bytes(b"weights")
        monkeypatch.setattr(
            stages, "frame_encoder", lambda name, where: Bright() if name == CLIP else real_frame_encoder(name, where)
        )

    return arrive


LABELS = [0, 0, 1, 0, 1, 0, 0, 2]


@pytest.fixture
def run(media: Path, work: Callable[[], None]) -> Run:
    """A finished run over one video with eight primitives in three clusters, its coherence measured.

    The artefacts of the stages before are made by hand (tests/backend/runs/test_chain.py has the real ones).
    """
    project = a_project(a_user())
    video = a_video(project)
    config = PipelineConfig.preset("tiny", n_clusters=3).to_dict()
    run = a_run(project, [video], config=config)
    noise = np.random.default_rng(0).normal(size=(len(LABELS), EMBEDDING_DIM))
    vectors = (np.repeat(np.eye(3), 64, axis=1)[LABELS] @ np.eye(192, EMBEDDING_DIM) * 5 + noise).astype(np.float32)
    found = [Segment(2.0 * i, 2.0 * i + 2, np.array([1], dtype=np.int16), 1.0, 2.0) for i in range(len(LABELS))]
    some_segments(run, video, vectors)
    outputs = {
        "segment": lambda folder: files.save_segments(folder / "segments.json", "", 16.0, found),
        "clips": lambda folder: [clip(folder / f"{i:05d}.mp4", i) for i in range(len(LABELS))],
        "embed": lambda folder: np.save(folder / "vectors.npy", vectors),
    }
    for stage in CHAIN[: ORDER["visual"] - len(INGEST)]:
        key = hashlib.sha256(f"{run.pk} {stage.name}".encode()).hexdigest()
        if stage.name in outputs:
            with store().writing(key) as folder:
                outputs[stage.name](folder)
        StageExecution.objects.create(
            project=project,
            run=run,
            video=video if stage.scope == "video" else None,
            stage=stage.name,
            status=Status.DONE,
            output_key=key if stage.name in outputs else "",
        )
    clustered = stages._cluster(run.stages.get(stage="cluster"), lambda *_: None)
    clustered.write()
    run.stages.filter(stage="cluster").update(output_key=clustered.key)
    services.measure_coherence(run)
    work()
    run.refresh_from_db()
    return run


def clip(path: Path, number: int) -> None:
    """Nine pictures of noise around a colour that goes with the number."""
    colour = np.array([40 + 25 * number, 120, 220 - 20 * number])
    noise = np.random.default_rng(number).integers(-15, 15, (9, 48, 64, 3))
    write_video(path, list(np.clip(colour + noise, 0, 255).astype(np.uint8)), fps=10)


def by_encoder(run: Run) -> dict[str, Coherence]:
    return {one.encoder: one for one in selectors.coherence_of(run)}


def test_without_weights_only_what_was_measured_has_figures(run: Run, no_weights: Path) -> None:
    found = by_encoder(run)
    assert list(found) == [CLIP, BUILT_IN], "the preferred one first"
    assert found[CLIP].why_not == f"the weights of CLIP ViT-B/32 are not in {no_weights}"
    assert found[CLIP].command.endswith(f"--local-dir {no_weights}")
    assert (found[CLIP].icss, found[CLIP].weights, list(found[CLIP].clusters.all())) == (None, "", [])
    assert (found[BUILT_IN].why_not, found[BUILT_IN].command) == ("", "")
    assert found[BUILT_IN].icss is not None
    assert set(VisualEmbedding.objects.values_list("encoder", flat=True)) == {BUILT_IN}


def test_the_figures_are_those_of_the_library_on_the_vectors_stored(run: Run) -> None:
    rows = list(run.segments.order_by("index"))
    looks = [row.visual_embeddings.get(encoder=BUILT_IN) for row in rows]
    assert len(looks) == len(rows) > 3
    vectors = np.array([look.vector for look in looks], dtype=np.float32)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=2e-3)  # halfvec rounds
    labels = np.array([row.cluster.index for row in rows])
    expected = coherence.coherence(vectors, labels, run.pipeline_config().coherence, encoder=BUILT_IN, weights=None)
    stored = by_encoder(run)[BUILT_IN]
    assert stored.n_segments == len(rows)
    assert [cluster.n_segments for cluster in stored.clusters.all()] == [5, 2, 1]
    assert stored.n_pairs == expected.n_pairs
    assert stored.icss == pytest.approx(expected.icss, abs=2e-3)
    assert stored.random_icss == pytest.approx(expected.random_pairs.icss, abs=2e-3)
    assert stored.random_repeats == 5
    for row, cluster in zip(stored.clusters.all(), expected.clusters, strict=True):
        assert (row.cluster.index, row.n_segments, row.n_pairs) == (cluster.index, cluster.size, cluster.n_pairs)
        assert row.icss == (None if cluster.icss is None else pytest.approx(cluster.icss, abs=2e-3))


def test_with_weights_both_stand_under_their_own_names(
    run: Run, weights_arrive: Callable[[], None], work: Callable[[], None]
) -> None:
    before = by_encoder(run)[BUILT_IN].icss
    weights_arrive()
    services.measure_coherence(run)
    work()
    found = by_encoder(run)
    assert (found[CLIP].weights, found[CLIP].why_not) == (DIGEST, "")
    assert found[CLIP].icss is not None
    assert found[BUILT_IN].icss == before
    assert found[CLIP].icss != before
    assert set(run.segments.values_list("visual_embeddings__encoder", flat=True)) == {CLIP, BUILT_IN}
    card = selectors.cluster_cards(run)[0]
    assert [(score.coherence.encoder, score.coherence.weights) for score in card.coherence] == [
        (CLIP, DIGEST),
        (BUILT_IN, ""),
    ]


def test_measuring_again_replaces_and_leaves_the_run_done(run: Run, work: Callable[[], None]) -> None:
    before = [(one.encoder, one.icss) for one in selectors.coherence_of(run)]
    services.measure_coherence(run)
    run.refresh_from_db()
    assert run.status == RunStatus.DONE
    with pytest.raises(CoherenceUnderWay):
        services.measure_coherence(run)
    work()
    assert [(one.encoder, one.icss) for one in selectors.coherence_of(run)] == before
    assert VisualEmbedding.objects.count() == run.segments.count()
    assert run.stages.get(stage="coherence").reused


def test_a_run_of_an_earlier_version_can_be_measured(run: Run, work: Callable[[], None]) -> None:
    run.stages.filter(stage__in=("visual", "coherence")).delete()
    run.coherence.all().delete()
    services.measure_coherence(run)
    work()
    assert by_encoder(run)[BUILT_IN].icss is not None


def test_measuring_can_be_stopped(run: Run, work: Callable[[], None]) -> None:
    services.measure_coherence(run)
    services.cancel_run(run)
    work()
    states = dict(run.stages.filter(stage__in=("visual", "coherence")).values_list("stage", "status"))
    assert set(states.values()) <= {Status.CANCELLED, Status.SKIPPED}
    run.refresh_from_db()
    assert run.status == RunStatus.DONE
    services.measure_coherence(run)
    work()
    assert by_encoder(run)[BUILT_IN].icss is not None


def test_a_run_without_clusters_cannot_be_measured() -> None:
    with pytest.raises(NotClustered):
        services.measure_coherence(a_run(a_project(a_user())))


def test_damaged_weights_are_said_and_the_others_measured(run: Run, no_weights: Path, work: Callable[[], None]) -> None:
    no_weights.mkdir()
    (no_weights / "open_clip_model.safetensors").write_bytes(b"cut off")
    services.measure_coherence(run)
    work()
    found = by_encoder(run)
    assert "open_clip_model.safetensors is damaged" in found[CLIP].why_not
    assert found[BUILT_IN].icss is not None


def test_where_no_encoder_can_be_used_the_stage_says_so_and_the_run_stays_done(
    run: Run, work: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unavailable(*_: object) -> None:
        raise EncoderUnavailable("not here")

    monkeypatch.setattr(stages, "frame_encoder", unavailable)
    stages._loaded.cache_clear()
    services.measure_coherence(run)
    work()
    row = run.stages.get(stage="visual")
    assert row.status == Status.FAILED
    assert "can be used here" in row.reason
    assert run.stages.get(stage="coherence").status == Status.SKIPPED
    run.refresh_from_db()
    assert run.status == RunStatus.DONE


def test_new_clusters_drop_the_figures_of_the_old_ones(run: Run, work: Callable[[], None]) -> None:
    execution = run.stages.get(stage="cluster")
    outcome = stages._cluster(execution, lambda *_: None)
    outcome.write()
    assert not run.coherence.exists()


def test_nothing_is_left_behind_by_the_stages(run: Run) -> None:
    kept = {path.name for path in store().root.glob("??/*")}
    assert kept == set(StageExecution.objects.exclude(output_key="").values_list("output_key", flat=True))


def test_a_project_that_goes_takes_its_figures_along(run: Run) -> None:
    Project.objects.get(pk=run.project_id).delete()
    assert not Coherence.objects.exists()
    assert not VisualEmbedding.objects.exists()
