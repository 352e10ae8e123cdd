"""A project whose vocabulary can be frozen and exported, without running the chain."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backend.common.artefacts import store
from backend.projects.models import Project, User
from backend.runs.models import Run, StageExecution, Status
from backend.versions.models import VocabularyVersion
from backend.versions.services import freeze
from backend.videos.models import Video
from ml.artefacts import TokenStream
from ml.store import save_stream
from tests.factories.runs import a_project, a_user, an_action, clustered
from tests.factories.videos import give_files

CODES, TOKENIZER = "c0de" * 16, "70ce" * 16
STEPS = 600  # of 0.1 s


@dataclass(frozen=True)
class Exportable:
    """Primitives of 2 s in two clusters, end to end in one video of a minute; the first cluster is called "press"."""

    user: User
    project: Project
    run: Run
    video: Video
    version: VocabularyVersion
    action: int


def exportable(
    qualities: tuple[float | None, ...] = (3.0, 2.5, 2.0, 1.0, None, None), user: User | None = None, **names: str
) -> Exportable:
    """`qualities` of the primitives in the order of time: the first four are in the cluster that has a name."""
    user = user or a_user()
    project = a_project(user)
    run = clustered(project, [4, max(1, len(qualities) - 4)])
    action = an_action(project, names.get("action", "press"))
    run.clusters.filter(index=0).update(action=action)
    video = run.videos.get()
    if "title" in names:
        Video.objects.filter(pk=video.pk).update(title=names["title"])
        video.refresh_from_db()
    give_files(video)
    for segment, quality in zip(run.segments.order_by("index"), qualities, strict=True):
        run.segments.filter(pk=segment.pk).update(quality=quality)
    _analysed(run, video)
    version = freeze(run=run, name="June", note="", by=user)
    return Exportable(user, project, run, video, version, action.pk)


def _analysed(run: Run, video: Video) -> None:
    """The stages an export reads, as done: codes 0, 1, 2 … of a stream of a minute."""
    windows = 1 + (STEPS - 15) // 4
    starts = np.arange(windows)[:, None] * 4
    codes = ((starts + np.arange(15)) % 1920).astype(np.int16)
    times_s = (starts + np.arange(16)) / 10
    if not store().exists(CODES):
        with store().writing(CODES) as folder:
            save_stream(TokenStream(codes, times_s, 4), folder / "codes.npz")
        with store().writing(TOKENIZER) as folder:
            (folder / "config.json").write_text("{}")
    for stage, key, of in (("tokenize", CODES, video), ("train", TOKENIZER, None)):
        StageExecution.objects.create(
            project=run.project, run=run, video=of, stage=stage, status=Status.DONE, output_key=key
        )
