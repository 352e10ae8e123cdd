"""Every kind of export, made by the worker from a real run over two rendered views of one take."""

from __future__ import annotations

import csv
import io
import json
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backend.common.artefacts import sha256_of, store
from backend.exports import scheduling, services, stages
from backend.exports.kinds import ARCHIVE
from backend.exports.models import Export, ExportKind, ExportStatus
from backend.exports.options import checked
from backend.reviews.models import Review
from backend.reviews.services import give_review
from backend.runs.services import start_ingest, start_run
from backend.versions.services import freeze
from backend.videos.services import register_file
from backend.vocabulary import surgery
from backend.vocabulary.models import Segment
from ml.exports import Dataset
from ml.synthetic import SceneConfig, render
from tests.backend.runs.conftest import work as work
from tests.factories.exports import Exportable
from tests.factories.runs import a_project, a_user

pytestmark = pytest.mark.django_db

SCENE = SceneConfig.difficulty("easy", cycles=1, width_px=160, height_px=90, fps=15)


@pytest.fixture(scope="module")
def takes(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("takes")
    for view in SCENE.views:
        render(SCENE, view, folder / f"{view}.mp4", lambda *_: None)
    return sorted(folder.iterdir())


@pytest.fixture
def world(work: Callable[[], None], takes: list[Path], settings: Any, monkeypatch: pytest.MonkeyPatch) -> Exportable:
    """Everything named; all rated but the last primitive, the second one as unusable, the first one's end moved."""
    settings.MIN_FREE_BYTES = 0
    settings.HEARTBEAT_S = 3600.0  # another connection, which does not see what the test's transaction wrote
    monkeypatch.setattr(scheduling, "wake", lambda _: None)
    user = a_user()
    project = a_project(user)
    for path in takes:
        start_ingest(register_file(project=project, path=path, title=path.name, by=user, view=path.stem))
    work()
    run = start_run(project=project, by=user, preset="tiny", n_clusters=2)
    work()
    run.refresh_from_db()
    assert (run.status, run.reason) == ("done", "")
    actions = [
        surgery.name_cluster(run=run, cluster=index, name=name, by=user).action
        for index, name in enumerate(("reach for <it>", "press"))
    ]
    segments = list(run.segments.order_by("video", "index"))
    for place, segment in enumerate(segments[:-1]):
        end_s = segment.end_s - 0.1 if place == 0 else None
        give_review(segment=segment, by=user, quality=0 if place == 1 else 3, confidence=2, end_s=end_s)
    version = freeze(run=run, name="June", note="", by=user)
    return Exportable(user, project, run, run.videos.first(), version, actions[0].pk)


def made(world: Exportable, kind: str, **options: Any) -> tuple[Export, dict[str, bytes]]:
    """The export and what is in its archive, by name."""
    export, _ = services.ask(project=world.project, version=world.version, kind=kind, given=options, by=world.user)
    stages.run(str(export.pk))
    export.refresh_from_db()
    assert export.status == ExportStatus.DONE, export.reason
    path = store().path(export.key) / ARCHIVE
    assert sha256_of(path) == export.sha256
    with tarfile.open(path) as archive:
        found = {member.name.partition("/")[2]: archive.extractfile(member) for member in archive.getmembers()}
        return export, {name: file.read() for name, file in found.items() if file is not None}


def dataset(world: Exportable, **options: Any) -> Dataset:
    found, _ = stages.dataset_of(world.version, checked("laps", options))
    return found


def test_the_dataset_is_what_the_database_says_and_people_agreed_on(world: Exportable) -> None:
    """One test, as the run behind it takes a while."""
    found = dataset(world, include_unrated=True, min_quality=0, unnamed=True)
    rows = Segment.objects.in_bulk([one.id for one in found.primitives])
    moved = Review.objects.get(end_s__isnull=False).segment_id
    everything = world.run.segments.count()
    assert len(rows) == everything == len(found.primitives)
    for one in found.primitives:
        row = rows[one.id]
        if one.id == moved:
            assert one.end_s == pytest.approx(row.end_s - 0.1)
            assert one.codes.tolist() == row.codes[: len(one.codes)]
            assert len(one.codes) < len(row.codes)
        else:
            assert (one.start_s, one.end_s) == (row.start_s, row.end_s)
            assert one.codes.tolist() == row.codes
        assert np.all(np.diff(one.times_s) > 0)
        assert one.start_s < one.times_s[0] <= one.times_s[-1] <= one.end_s + 0.1
    assert found.n_codes > max(max(row.codes) for row in rows.values())

    assert len(dataset(world).primitives) == everything - 2  # one rated badly, one by nobody
    assert len(dataset(world, include_unrated=True).primitives) == everything - 1
    some = dataset(world, actions=[world.action])
    assert {one.action for one in some.primitives} == {world.action}
    assert [entry.name for entry in some.vocabulary] == ["reach for <it>"]

    world.run.videos.update(recording="take 1")
    july = replace(world, version=freeze(run=world.run, name="July", note="", by=world.user))
    for seed in range(5):
        one = dataset(july, split={"train": 0.5, "val": 0.5, "test": 0, "seed": seed})
        assert len({source.split for source in one.sources}) == 1


def test_every_kind_end_to_end(world: Exportable) -> None:
    """Made twice from nothing: the same bytes. What is inside is what the database says."""
    expected = dataset(world)
    for kind in ExportKind.values:
        export, files = made(world, kind)
        assert export.n_segments == len(expected.primitives)
        assert export.card["counts"]["primitives"] == export.n_segments
        assert json.loads(files["card.json"]) == export.card
        assert b"reach for" in files["README.md"]
        CHECKS[kind](files, expected)

        store().remove(export.key)
        services.delete(export=export, by=world.user)
        again, _ = made(world, kind)
        assert (again.key, again.sha256) == (export.key, export.sha256), kind


def _activitynet(files: dict[str, bytes], expected: Dataset) -> None:
    database = json.loads(files["annotations.json"])["database"]
    told = [one for video in database.values() for one in video["annotations"]]
    assert {one["id"]: one["segment"] for one in told} == {
        one.id: [one.start_s, one.end_s] for one in expected.primitives
    }
    assert len(list(csv.DictReader(io.StringIO(files["segments.csv"].decode())))) == len(expected.primitives)


def _laps(files: dict[str, bytes], expected: Dataset) -> None:
    clips = [name for name in files if name.endswith(".mp4")]
    assert len(clips) == len(expected.primitives)
    codes = {one.id: one.codes.tolist() for one in expected.primitives}
    told = [json.loads(content) for name, content in files.items() if name.endswith(".codes.json")]
    assert {one["kineme"]["id"]: [code for row in one["codes_windows"] for code in row] for one in told} == codes


def _webdataset(files: dict[str, bytes], expected: Dataset) -> None:
    told = {}
    for name, content in files.items():
        if name.endswith(".tar"):
            with tarfile.open(fileobj=io.BytesIO(content)) as shard:
                for member in shard.getmembers():
                    if member.name.endswith(".codes.npy"):
                        codes = np.load(io.BytesIO(shard.extractfile(member).read()), allow_pickle=False)  # type: ignore[union-attr]
                        told[int(member.name.split(".")[0].rpartition("-")[2])] = codes.tolist()
    assert told == {one.id: one.codes.tolist() for one in expected.primitives}


def _lerobot(files: dict[str, bytes], expected: Dataset) -> None:
    """One data set, or one a view."""
    infos = [json.loads(content) for name, content in files.items() if name.endswith("meta/info.json")]
    assert sum(info["total_episodes"] for info in infos) == len(expected.primitives)


CHECKS: dict[str, Callable[[dict[str, bytes], Dataset], None]] = {
    "activitynet": _activitynet,
    "laps": _laps,
    "webdataset": _webdataset,
    "lerobot": _lerobot,
    "language_action": _lerobot,
}
