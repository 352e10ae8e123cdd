"""Fill the database with made-up primitives, to measure searching and listing on: never into a project of people.

Every project it makes has a name of its own and is marked as synthetic. The same seed gives the same vectors.
"""

from __future__ import annotations

import time
from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction
from django.utils import timezone

from backend.projects.models import Project, User
from backend.projects.services import create_project, ensure_first_account
from backend.runs.models import Run, RunStatus
from backend.videos.models import Video, VideoStatus
from backend.vocabulary.indexes import index_large_spaces
from backend.vocabulary.models import EMBEDDING_DIM, Action, Cluster
from ml.config import PipelineConfig, digest_of

SIZES = (1_000, 10_000, 100_000, 300_000)
TOTAL = 1_000_000
NAME = "Generated: {:,} primitives"
MARK = "Made by generate_segments; nothing in it was filmed."
RUN_AT_MOST = 100_000
VIDEO_AT_MOST = 1_000
N_CLUSTERS = 24
N_ACTIONS = 8
NEIGHBOURHOODS = 40  # in each cluster: movements that were done again and again
INTRINSIC_DIM = 24  # directions in which movements differ; what is beside them is noise
HARD_SHARE = 0.04
"""Of the vectors lie anywhere: their nearest neighbours are hardly nearer than anybody else."""
CODES = 8
VIEWS = ("front", "side", "top", "left wrist")
BATCH = 20_000

Rows = npt.NDArray[np.void]


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--sizes", type=int, nargs="*", default=list(SIZES), help="a project of each size")
        parser.add_argument("--total", type=int, default=TOTAL, help="one more project makes it this many altogether")
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument("--memory", default="1GB", help="for making the indexes (maintenance_work_mem)")
        parser.add_argument("--run-at-most", type=int, default=RUN_AT_MOST, help="primitives of one run")
        parser.add_argument("--no-search", action="store_true", help="leave out the indexes of the search")

    def handle(self, *args: Any, **options: Any) -> None:
        sizes = [size for size in options["sizes"] if size > 0]
        if (rest := options["total"] - sum(sizes)) > 0:
            sizes.append(rest)
        names = [NAME.format(size) for size in sizes]
        if len(set(names)) < len(names):
            raise CommandError("Two projects would have one size, and so one name; choose other sizes.")
        taken = Project.objects.filter(name__in=names)
        if people := taken.exclude(synthetic=True, description=MARK).first():
            raise CommandError(f"There is a project “{people}” that this command did not make: it stays as it is.")
        if taken.exists():
            raise CommandError(f"“{taken.first()}” is there already. Delete it first to make it anew.")
        owner, _ = ensure_first_account()
        began = time.perf_counter()
        # One transaction: whoever ends it half way finds no half of it.
        with transaction.atomic():
            for position, size in enumerate(sizes):
                rng = np.random.default_rng([options["seed"], position])
                project = _fill(size, owner, rng, options["run_at_most"])
                self._tell(began, f"{size:,} primitives in project {project.pk}")
        self._tell(began, "every reference is checked")
        with connection.cursor() as cursor:
            # The map of pages that everybody may see lets an index answer alone; a plain load has none.
            cursor.execute("VACUUM (ANALYZE, PARALLEL 0) vocabulary_segment")
            for model in (Cluster, Video, Run, Action):
                cursor.execute(f"ANALYZE {model._meta.db_table}")
            self._tell(began, "tidied up")
            cursor.execute("SELECT set_config('maintenance_work_mem', %s, false)", [options["memory"]])
        if not options["no_search"]:
            made = index_large_spaces(concurrently=False)
            self._tell(began, f"{made} indexes are made")

    def _tell(self, began: float, words: str) -> None:
        self.stdout.write(f"{time.perf_counter() - began:7.1f} s  {words}")
        self.stdout.flush()


@dataclass(frozen=True)
class Geometry:
    """Where the vectors of a project lie: near a plane of few dimensions, in clusters, in neighbourhoods within."""

    plane: npt.NDArray[np.float32]  # [intrinsic, 256]
    neighbourhoods: npt.NDArray[np.float32]  # [clusters, neighbourhoods, intrinsic]

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> Geometry:
        plane = rng.normal(size=(INTRINSIC_DIM, EMBEDDING_DIM)) / np.sqrt(INTRINSIC_DIM)
        clusters = rng.normal(size=(N_CLUSTERS, 1, INTRINSIC_DIM))
        around = rng.normal(size=(N_CLUSTERS, NEIGHBOURHOODS, INTRINSIC_DIM))
        return cls(plane.astype(np.float32), (clusters + 0.6 * around).astype(np.float32))

    def vectors(self, clusters: npt.NDArray[np.intp], rng: np.random.Generator) -> npt.NDArray[np.float16]:
        """One for each entry of `clusters`, [M, 256]; `HARD_SHARE` of them from nowhere in particular."""
        n = len(clusters)
        place = self.neighbourhoods[clusters, rng.integers(NEIGHBOURHOODS, size=n)]  # [M, intrinsic]
        place = place + 0.3 * rng.standard_normal((n, INTRINSIC_DIM), dtype=np.float32)
        noise = rng.standard_normal((n, EMBEDDING_DIM), dtype=np.float32)
        found = place @ self.plane + 0.1 * noise
        hard = rng.random(n) < HARD_SHARE
        found[hard] = noise[hard]
        return found.astype(np.float16)


def _fill(size: int, owner: User, rng: np.random.Generator, run_at_most: int) -> Project:
    project = create_project(name=NAME.format(size), by=owner, description=MARK, synthetic=True)
    now = timezone.now()
    videos = [
        Video(
            project=project,
            title=f"generated-{number:04d}.mp4",
            view=VIEWS[number % len(VIEWS)],
            recording=f"take {number // len(VIEWS) + 1}",
            synthetic=True,
            size_bytes=0,
            status=VideoStatus.READY,
            duration_s=4.0 * VIDEO_AT_MOST,
            sha256=digest_of({"generated": [project.pk, number]}),
            uploaded_by=owner,
        )
        for number in range(max(2, -(-min(size, run_at_most) // VIDEO_AT_MOST)))
    ]
    Video.objects.bulk_create(videos)
    for number, video in enumerate(videos):
        video.created_at = now - timedelta(days=number % 60)
    Video.objects.bulk_update(videos, ["created_at"])
    actions = Action.objects.bulk_create(
        Action(project=project, name=f"action {number + 1}", colour=number, created_by=owner)
        for number in range(N_ACTIONS)
    )
    geometry, space = Geometry.drawn(rng), digest_of({"generated space of project": project.pk})
    config = PipelineConfig.preset("small", n_clusters=N_CLUSTERS)
    for number, start in enumerate(range(0, size, run_at_most), start=1):
        run = project.runs.create(
            number=number,
            preset="small",
            config=config.to_dict(),
            config_hash=config.digest(),
            status=RunStatus.DONE,
            started_by=owner,
            started_at=now,
            finished_at=now,
        )
        run.videos.set(videos)
        _fill_run(run, videos, actions, min(run_at_most, size - start), geometry, space, rng)
    return project


def _fill_run(
    run: Run,
    videos: list[Video],
    actions: list[Action],
    size: int,
    geometry: Geometry,
    space: str,
    rng: np.random.Generator,
) -> None:
    weights = 1 / np.arange(1, N_CLUSTERS + 1) ** 0.7  # a few common movements, many rare ones
    labels = np.sort(rng.choice(N_CLUSTERS, size=size, p=weights / weights.sum()))
    sizes = np.bincount(labels, minlength=N_CLUSTERS)
    rng.shuffle(labels)
    clusters = Cluster.objects.bulk_create(
        Cluster(
            run=run,
            index=index,
            size=int(sizes[index]),
            silhouette=0.2,
            action=actions[index // 2] if index // 2 < len(actions) - 1 else None,
        )
        for index in range(N_CLUSTERS)
    )
    cluster_ids = np.array([cluster.pk for cluster in clusters])
    action_ids = np.array([action.pk for action in actions])
    per_video = -(-size // len(videos))
    place = np.arange(size)
    durations = np.clip(rng.lognormal(0.6, 0.6, size), 0.2, 30.0)
    centres = rng.normal(scale=8.0, size=(N_CLUSTERS, 2))
    columns: dict[str, Any] = {
        "video": np.array([video.pk for video in videos])[place // per_video],
        "index": place % per_video,
        "start": 4.0 * (place % per_video),
        "end": 4.0 * (place % per_video) + np.minimum(durations, 4.0),
        "cluster": cluster_ids[labels],
        "action": np.where(rng.random(size) < 0.05, rng.choice(action_ids, size), 0),  # 0: its cluster's
        "quality": np.where(rng.random(size) < 0.3, np.round(rng.uniform(0, 3, size), 2), np.nan),
        "xy": centres[labels] + rng.normal(size=(size, 2)),
        "edge": rng.random(size),
        "cut": rng.random(size),
    }
    with connection.cursor() as cursor, cursor.copy(COPY) as copy:
        copy.write(HEADER)
        for start in range(0, size, BATCH):
            part = slice(start, start + BATCH)
            batch = {name: values[part] for name, values in columns.items()}
            vectors = geometry.vectors(labels[part], rng)
            for rows in _rows(run, space, batch, vectors, rng):
                copy.write(rows.tobytes())
        copy.write(TRAILER)
    for cluster in clusters:
        cluster.medoids = list(run.segments.filter(cluster=cluster).order_by("pk").values_list("pk", flat=True)[:6])
    Cluster.objects.bulk_update(clusters, ["medoids"])


# Text would spell out 256 million numbers. In the binary format of COPY a row is a count of fields, and each field its
# length in bytes (-1: null) and its bytes, big-endian: rows with the same nulls are one numpy record each.
# https://www.postgresql.org/docs/current/sql-copy.html
NAMES = (
    "project_id", "run_id", "video_id", "index", "start_s", "end_s", "codes", "energy_mean", "energy_peak",
    "cluster_id", "x", "y", "edge_margin", "cut_margin", "embedding", "space", "action_id", "quality",
)  # fmt: skip
COPY = f"COPY vocabulary_segment ({', '.join(NAMES)}) FROM STDIN (FORMAT BINARY)".replace(" index", ' "index"')
HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
TRAILER = b"\xff\xff"
CODE = np.dtype([("length", ">i4"), ("value", ">i2")])
CODES_OF = np.dtype(
    [("ndim", ">i4"), ("nulls", ">i4"), ("oid", ">i4"), ("n", ">i4"), ("lower", ">i4"), ("items", CODE, CODES)]
)
VECTOR = np.dtype([("dim", ">i2"), ("unused", ">i2"), ("values", ">f2", EMBEDDING_DIM)])
TYPES: dict[str, Any] = {
    **dict.fromkeys(("project_id", "run_id", "video_id", "cluster_id", "action_id"), ">i8"),
    **dict.fromkeys(
        ("start_s", "end_s", "energy_mean", "energy_peak", "x", "y", "edge_margin", "cut_margin", "quality"), ">f8"
    ),
    "index": ">i4",
    "codes": CODES_OF,
    "embedding": VECTOR,
    "space": "S64",
}
INT2_OID = 21


def _rows(
    run: Run, space: str, batch: dict[str, Any], vectors: npt.NDArray[np.float16], rng: np.random.Generator
) -> Iterator[Rows]:
    n = len(vectors)
    codes = rng.integers(0, 64, size=(n, CODES))
    energy = rng.uniform(0.5, 2.0, size=n)
    with_action, with_quality = batch["action"] > 0, ~np.isnan(batch["quality"])
    for has_action in (True, False):
        for has_quality in (True, False):
            chosen = np.flatnonzero((with_action == has_action) & (with_quality == has_quality))
            absent = {name for name, has in (("action_id", has_action), ("quality", has_quality)) if not has}
            rows = _blank(len(chosen), absent)
            values: dict[str, Any] = {
                "project_id": run.project_id,
                "run_id": run.pk,
                "video_id": batch["video"][chosen],
                "index": batch["index"][chosen],
                "start_s": batch["start"][chosen],
                "end_s": batch["end"][chosen],
                "energy_mean": energy[chosen],
                "energy_peak": 2 * energy[chosen],
                "cluster_id": batch["cluster"][chosen],
                "x": batch["xy"][chosen, 0],
                "y": batch["xy"][chosen, 1],
                "edge_margin": batch["edge"][chosen],
                "cut_margin": batch["cut"][chosen],
                "space": space.encode(),
                "action_id": batch["action"][chosen],
                "quality": batch["quality"][chosen],
            }
            for name, value in values.items():
                if name not in absent:
                    rows[name] = value
            rows["codes"]["items"]["value"] = codes[chosen]
            rows["embedding"]["values"] = vectors[chosen]
            yield rows


def _blank(n: int, absent: set[str]) -> Rows:
    """Rows with their lengths in place, and what is the same in all."""
    fields: list[tuple[str, Any]] = [("n_fields", ">i2")]
    for name in NAMES:
        fields.append((f"length of {name}", ">i4"))
        if name not in absent:
            fields.append((name, TYPES[name]))
    rows = np.zeros(n, dtype=np.dtype(fields))
    rows["n_fields"] = len(NAMES)
    for name in NAMES:
        rows[f"length of {name}"] = -1 if name in absent else np.dtype(TYPES[name]).itemsize
    codes = rows["codes"]
    codes["ndim"], codes["oid"], codes["n"], codes["lower"] = 1, INT2_OID, CODES, 1
    codes["items"]["length"] = 2
    rows["embedding"]["dim"] = EMBEDDING_DIM
    return rows
