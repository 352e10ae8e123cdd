"""Rows of runs, stages and segments for tests."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

import numpy as np

from backend.projects.models import Membership, Project, Role, User
from backend.runs.models import Run, RunStatus
from backend.videos.models import Video, VideoStatus
from backend.vocabulary.models import EMBEDDING_DIM, Action, Cluster, Segment
from ml.config import PipelineConfig

_numbers = count(1)
SPACE = "5bace" * 8


def a_user(name: str | None = None) -> User:
    return User.objects.create_user(name or f"user{next(_numbers)}", password="correct horse battery staple")


def a_project(owner: User, role: Role = Role.OWNER, **fields: object) -> Project:
    project = Project.objects.create(name=f"Line {next(_numbers)}", created_by=owner, **fields)
    Membership.objects.create(project=project, user=owner, role=role)
    return project


def a_video(project: Project, **fields: object) -> Video:
    number = next(_numbers)
    values = {"status": VideoStatus.READY, "size_bytes": 1000, "duration_s": 60.0, "sha256": f"{number:064x}"}
    return Video.objects.create(
        project=project, title=f"shift-{number}.mp4", uploaded_by=project.created_by, **{**values, **fields}
    )


def a_run(project: Project, videos: Sequence[Video] = (), **fields: object) -> Run:
    config = PipelineConfig.preset("tiny")
    number = next(_numbers)
    values = {"status": RunStatus.DONE, "preset": "tiny", "config": config.to_dict(), "config_hash": f"{number:064x}"}
    run = Run.objects.create(project=project, number=number, started_by=project.created_by, **{**values, **fields})
    run.videos.set(videos)
    return run


def some_segments(
    run: Run, video: Video, vectors: np.ndarray, *, space: str = SPACE, seconds: float = 2.0
) -> list[Segment]:
    """One segment for each row of `vectors` [M, 256], end to end."""
    assert vectors.shape[1] == EMBEDDING_DIM
    first = run.segments.filter(video=video).count()
    return Segment.objects.bulk_create(
        Segment(
            project_id=run.project_id,
            run=run,
            video=video,
            index=first + i,
            start_s=(first + i) * seconds,
            end_s=(first + i + 1) * seconds,
            codes=[1, 2, 3],
            energy_mean=1.0,
            energy_peak=2.0,
            embedding=vector.tolist(),
            space=space,
        )
        for i, vector in enumerate(vectors)
    )


def an_action(project: Project, name: str, **fields: object) -> Action:
    return Action.objects.create(
        project=project, name=name, **{"colour": 0, "created_by": project.created_by, **fields}
    )


def clustered(project: Project, sizes: Sequence[int], **fields: object) -> Run:
    """A finished run over one video: `sizes[i]` segments of 2 s in cluster i, end to end, near e_i on the sphere."""
    video = a_video(project)
    run = a_run(project, [video], **fields)
    labels = np.repeat(np.arange(len(sizes)), sizes)
    vectors = np.eye(EMBEDDING_DIM, dtype=np.float32)[labels] + 0.01
    rows = some_segments(run, video, vectors)
    for index, size in enumerate(sizes):
        own = [row.pk for row, label in zip(rows, labels, strict=True) if label == index]
        cluster = Cluster.objects.create(run=run, index=index, size=size, silhouette=0.5, medoids=own[:6])
        Segment.objects.filter(pk__in=own).update(cluster=cluster)
    return run
