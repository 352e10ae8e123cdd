"""What workers do: the only file that runs `ml`. One function a stage, each from rows and artefacts to an Outcome.

An artefact is keyed by its inputs' keys, its branch of the configuration and the version of the code that makes it
(`VERSIONS`), so a rerun recomputes only what changed, and a stage that was killed can simply run again. Rows are
written in the transaction that marks the stage done, and only by the worker that still holds it.
"""

from __future__ import annotations

import errno
import functools
import hashlib
import json
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from backend.common.artefacts import store
from backend.common.lease import LeaseLost
from backend.runs import scheduling
from backend.runs.lease import Heartbeat, claim, mine
from backend.runs.models import Run, StageExecution, Status
from backend.runs.selectors import stage_output, stage_outputs
from backend.videos.models import Video, VideoStatus
from backend.vocabulary.models import Cluster, ClusterCoherence, Segment, VisualEmbedding
from backend.vocabulary.models import Coherence as CoherenceRow
from ml import (
    calibration,
    clustering,
    coherence,
    embedding,
    energy,
    margins,
    preview,
    refinement,
    segmentation,
    tracking,
    video,
    views,
)
from ml import store as files
from ml.artefacts import Calibration, EnergyTrace, Progress
from ml.config import CalibrationConfig, digest_of
from ml.encoders import EncoderUnavailable, FrameEncoder, availability, frame_encoder
from ml.errors import Cancelled, NothingMoved, PipelineError, TooFewSegments, TrackerUnavailable
from ml.tokenizer import encode, train
from ml.tokenizer.checkpoint import load_tokenizer

VERSIONS = {
    "preview": 2,
    "track": 4,
    "train": 2,
    "tokenize": 2,
    "energy": 3,
    "calibrate": 2,
    "segment": 4,
    "clips": 1,
    "embed": 1,
    "cluster": 5,
    "umap": 1,
    "visual": 1,
    "coherence": 1,
}
"""Raise a stage's number when a change of code changes what it makes."""

MIN_UMAP_SEGMENTS = 5
LATENTS = "latents.npy"  # what was clustered where that is not the embeddings, in the artefact of `cluster`


@dataclass(frozen=True)
class Outcome:
    """What a stage made: the artefact's key ("" if rows are all), and the rows to write once the stage is done."""

    key: str = ""
    reused: bool = False
    message: str = ""
    write: Callable[[], None] = lambda: None


def run(execution_id: int) -> None:
    """Claim a stage, do it, record what came of it and queue what follows. Safe to call twice."""
    execution = claim(execution_id)
    if execution is None:
        return
    with Heartbeat(execution) as heartbeat:
        try:
            outcome = WORK[execution.stage](execution, heartbeat.progress)
        except LeaseLost:
            return
        except Cancelled:
            _settle(execution, Status.CANCELLED)
            return
        except PipelineError as error:
            _settle(execution, Status.FAILED, reason=str(error))
            return
        except Exception as error:
            reason = "This step failed because of a fault in Kineme, not in the video. Its log is kept with the step."
            if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
                reason = "The disk is full. Free some space, then press Retry: nothing is lost."
            _settle(execution, Status.FAILED, reason=reason, log=traceback.format_exc())
            raise
    try:
        _finish(execution, outcome)
    except LeaseLost:
        return


@transaction.atomic
def _finish(execution: StageExecution, outcome: Outcome) -> None:
    _mine(execution)
    outcome.write()
    _record(
        execution,
        status=Status.DONE,
        output_key=outcome.key,
        reused=outcome.reused,
        progress=1.0,
        message=outcome.message,
    )


@transaction.atomic
def _settle(execution: StageExecution, status: Status, *, reason: str = "", log: str = "") -> None:
    try:
        _mine(execution)
    except LeaseLost:
        return
    _record(execution, status=status, reason=reason, log=log)
    if execution.run_id is None and execution.video is not None:
        scheduling.fail_video(execution.video, reason)


def _mine(execution: StageExecution) -> None:
    """Lock the owner, then the stage, in the order everybody locks them; raise LeaseLost if somebody else has it."""
    if execution.run_id is not None:
        Run.objects.select_for_update().get(pk=execution.run_id)
    if not mine(execution).select_for_update().exists():
        raise LeaseLost


def _record(execution: StageExecution, **values: Any) -> None:
    for name, value in {**values, "finished_at": timezone.now(), "lease_until": None}.items():
        setattr(execution, name, value)
    execution.save(update_fields=[*values, "finished_at", "lease_until"])
    scheduling.announce(execution)
    if execution.run_id is not None:
        scheduling.advance(execution.run_id)


def _artefact(stage: str, inputs: dict[str, Any], make: Callable[[Path], None]) -> tuple[str, bool]:
    """The key of the stage's artefact and whether it was there already; `make` fills the folder if it was not."""
    key = digest_of({"stage": stage, "version": VERSIONS[stage], **inputs})
    if store().exists(key):
        return key, True
    with store().writing(key) as folder:
        make(folder)
    return key, False


# ---- ingest


def _probe(execution: StageExecution, progress: Progress) -> Outcome:
    uploaded = _video_of(execution)
    path = uploaded.path
    sha256 = _sha256(path, progress)
    info = video.probe(path)

    def write() -> None:
        facts = asdict(info)
        for name in ("duration_s", "width_px", "height_px", "fps", "codec", "container", "variable_frame_rate"):
            setattr(uploaded, name, facts[name])
        uploaded.info, uploaded.warnings, uploaded.sha256 = facts, list(info.warnings), sha256
        uploaded.status, uploaded.reason = VideoStatus.PREPARING, ""
        uploaded.save()
        scheduling.announce_video(uploaded)
        scheduling.queue(uploaded.stages.get(run=None, stage="preview"))

    def write_unless_twin() -> None:
        try:
            with transaction.atomic():  # the unique constraint decides, so two uploads cannot race
                write()
        except IntegrityError:
            uploaded.refresh_from_db()
            twin = Video.objects.get(project=uploaded.project_id, sha256=sha256)
            reason = f"This is the same file as “{twin.title}”, which is in the project already."
            scheduling.fail_video(uploaded, reason)

    return Outcome(write=write_unless_twin)


def _sha256(path: Path, progress: Progress) -> str:
    digest, size, done = hashlib.sha256(), path.stat().st_size, 0
    with path.open("rb") as file:
        while block := file.read(8 << 20):
            digest.update(block)
            done += len(block)
            progress(0.9 * done / size, "reading the file")
    return digest.hexdigest()


def _preview(execution: StageExecution, progress: Progress) -> Outcome:
    checked = _video_of(execution)
    path = checked.path

    def make(folder: Path) -> None:
        damage = video.Damage()
        preview.make_preview(path, video.probe(path), folder, progress, damage)
        files.save_json(folder / "warnings.json", list(damage.warnings()))

    key, reused = _artefact("preview", {"video": checked.sha256}, make)

    def write() -> None:
        damage = json.loads((store().path(key) / "warnings.json").read_text())
        checked.warnings = list(dict.fromkeys([*checked.warnings, *damage]))
        checked.preview_key, checked.status = key, VideoStatus.READY
        checked.sprite = json.loads((store().path(key) / "sprite.json").read_text())
        checked.info = {**(checked.info or {}), "proxy": json.loads((store().path(key) / "proxy.json").read_text())}
        checked.save(update_fields=["preview_key", "status", "sprite", "warnings", "info"])
        scheduling.announce_video(checked)

    return Outcome(key, reused, write=write)


# ---- the chain


def _track(execution: StageExecution, progress: Progress) -> Outcome:
    source, config = _video_of(execution), _run_of(execution).pipeline_config().tracking
    inputs = {"video": source.sha256, "config": asdict(config)}
    cotracker = tracking.CoTracker(settings.COTRACKER, settings.ACCEPT_CC_BY_NC)
    if config.backend == "cotracker3":
        if (reason := cotracker.why_not()) is not None:
            raise TrackerUnavailable(f"This worker cannot use CoTracker3: {reason}")
        inputs["weights"] = cotracker.name()
    key, reused = _artefact(
        "track", inputs, lambda folder: tracking.track_video(source.path, config, folder, progress, cotracker)
    )
    return Outcome(key, reused)


def _train(execution: StageExecution, progress: Progress) -> Outcome:
    owner = _run_of(execution)
    if owner.tokenizer_run is not None:
        return Outcome(
            stage_output(owner.tokenizer_run, "train"), reused=True, message=f"reused from {owner.tokenizer_run}"
        )
    config = owner.pipeline_config()
    keys = sorted(stage_outputs(owner, "track").values())

    inputs = {"tracks": keys, "tokenizer": asdict(config.tokenizer), "training": asdict(config.training)}
    state = store().unfinished(digest_of({"version": VERSIONS["train"], **inputs}))

    def make(folder: Path) -> None:
        tracks = [tracking.TracksFile.open(store().path(key)) for key in keys]
        train.train_tokenizer(tracks, config.tokenizer, config.training, folder, progress, state=state)

    return Outcome(*_artefact("train", inputs, make))


def _tokenize(execution: StageExecution, progress: Progress) -> Outcome:
    owner = _run_of(execution)
    stride = owner.pipeline_config().tracking.stride_frames
    tracks, tokenizer = stage_output(owner, "track", _video_of(execution)), stage_output(owner, "train")

    def make(folder: Path) -> None:
        stream = encode.tokenize(
            tracking.TracksFile.open(store().path(tracks)),
            load_tokenizer(store().path(tokenizer)),
            progress,
            stride=stride,
        )
        files.save_stream(stream, folder / "codes.npz")

    return Outcome(*_artefact("tokenize", {"tracks": tracks, "tokenizer": tokenizer, "stride": stride}, make))


def _energy(execution: StageExecution, progress: Progress) -> Outcome:
    owner, source = _run_of(execution), _video_of(execution)
    config = owner.pipeline_config()
    tracks, tokenizer = stage_output(owner, "track", source), stage_output(owner, "train")
    codes = stage_output(owner, "tokenize", source)

    def make(folder: Path) -> None:
        points = tracking.TracksFile.open(store().path(tracks))
        stream = files.load_stream(store().path(codes) / "codes.npz")
        made = energy.signals(stream, points, load_tokenizer(store().path(tokenizer)), config.energy, progress)
        files.save_energy(
            folder / "energy.npz",
            made.chosen,
            made.velocity,
            latent=made.latent,
            flow=made.flow,
            start_s=float(stream.times_s[0, 0]),
        )

    key, reused = _artefact("energy", {"codes": codes, "tracks": tracks, "config": asdict(config.energy)}, make)
    _, velocity = _traces(key)
    if not calibration.moved(velocity, config.calibration):
        raise NothingMoved("Nothing moves in this video, so there is no primitive to find.")
    return Outcome(key, reused)


def _traces(key: str) -> tuple[EnergyTrace, EnergyTrace]:
    """The energy and the velocity energy an `energy` stage left."""
    return files.load_energy(store().path(key) / "energy.npz")


def _calibrate(execution: StageExecution, progress: Progress) -> Outcome:
    owner = _run_of(execution)
    config = owner.pipeline_config()
    energies = stage_outputs(owner, "energy")
    sources = sorted(Video.objects.filter(pk__in=energies), key=lambda source: str(source.sha256))
    keys = [energies[source.pk] for source in sources]
    given = dict(config.calibration.theta_by_view or ())
    views = [
        # No view: a camera of its own. A run that was kept names such videos by their file.
        str(source.sha256) if source.sha256 in given else source.view or key
        for source, key in zip(sources, keys, strict=True)
    ]

    def make(folder: Path) -> None:
        traces = [_traces(key) for key in keys]
        progress(0.2, "sweeping the threshold")
        found = calibration.calibrate_views(
            [trace for trace, _ in traces],
            [velocity for _, velocity in traces],
            views,
            config.calibration,
            config.detection,
        )
        by_energy = {key: None if one is None else asdict(one) for key, one in zip(keys, found, strict=True)}
        files.save_json(folder / "calibrations.json", by_energy)

    inputs = {
        "energies": [list(pair) for pair in zip(keys, views, strict=True)],
        "config": asdict(config.calibration),
        "detection": asdict(config.detection),
    }
    key, reused = _artefact("calibrate", inputs, make)
    found = [_calibration(key, energy) for energy in keys]
    if not any(found):
        raise NothingMoved("Nothing moves in these videos, so there is no primitive to find.")
    shown = _by_view(sources, found, config.calibration)

    def write() -> None:
        owner.calibrations = shown
        Run.objects.filter(pk=owner.pk).update(calibrations=shown)

    thresholds = ", ".join(f"{one['theta_on']:.3g}" for one in shown[:4])
    warning = next((one["warning"] for one in shown if one["warning"]), None)
    return Outcome(key, reused, message=warning or f"θ_on = {thresholds}", write=write)


def _by_view(
    sources: Sequence[Video], found: Sequence[Calibration | None], config: CalibrationConfig
) -> list[dict[str, Any]]:
    """What a run shows of its thresholds: one entry for each that some of its videos share."""
    shared = config.theta_on is not None or config.scope == "run"
    entries: dict[str, dict[str, Any]] = {}
    for source, one in zip(sources, found, strict=True):
        if one is not None:
            name = "" if shared else source.view or source.title
            entry = entries.setdefault(name, {"view": name, "n_videos": 0, **asdict(one), "theta_off": one.theta_off})
            entry["n_videos"] += 1
    return sorted(entries.values(), key=lambda entry: str(entry["view"]))


def _calibration(key: str, energy: str) -> Calibration | None:
    """The threshold of the video whose energy is artefact `energy`."""
    found = json.loads((store().path(key) / "calibrations.json").read_text())[energy]
    return None if found is None else Calibration(**found)


def _segment(execution: StageExecution, progress: Progress) -> Outcome:
    owner, source = _run_of(execution), _video_of(execution)
    config = owner.pipeline_config()
    energies, thresholds = stage_output(owner, "energy", source), stage_output(owner, "calibrate")
    codes = stage_output(owner, "tokenize", source)
    cuts = owner.cuts.get(str(source.pk))

    theta = _calibration(thresholds, energies)
    if theta is None:
        raise NothingMoved("Nothing moves in this video, so there is no primitive to find.")

    def make(folder: Path) -> None:
        trace, velocity = _traces(energies)
        stream = files.load_stream(store().path(codes) / "codes.npz")
        if cuts is None:
            found = refinement.segment(trace, stream, theta, config.detection, config.refinement)
            start_s = float(stream.times_s[0, 0])
            measured = margins.cut_margins(trace, theta, config.detection, config.refinement, start_s)
        else:
            found = refinement.by_hand(trace, stream, cuts)
            measured = [None] * len(found)
        files.save_json(folder / "margins.json", {"cut": measured})
        files.save_segments(folder / "segments.json", str(source.sha256), source.duration_s or 0.0, found)
        smoothed = segmentation.smooth(trace.energy, config.detection.alpha)
        files.save_energy(folder / "energy.npz", trace, velocity, smoothed=smoothed, calibration=theta)

    inputs = {"energy": energies, "codes": codes, "calibration": asdict(theta)}
    inputs |= {"config": asdict(config.detection), "refinement": asdict(config.refinement)}
    inputs |= {} if cuts is None else {"cuts": cuts}
    key, reused = _artefact("segment", inputs, make)
    found = files.load_segments(store().path(key) / "segments.json")
    cut_margins = json.loads((store().path(key) / "margins.json").read_text())["cut"]
    if not found:
        raise NothingMoved("No primitive was found: nothing in this video moves above the threshold.")

    def write() -> None:
        rows = [
            Segment(
                project_id=owner.project_id,
                run=owner,
                video=source,
                index=index,
                start_s=one.start_s,
                end_s=one.end_s,
                codes=one.codes.tolist(),
                energy_mean=one.energy_mean,
                energy_peak=one.energy_peak,
                cut_margin=margin,
            )
            for index, (one, margin) in enumerate(zip(found, cut_margins, strict=True))
        ]
        there = Segment.objects.filter(run=owner, video=source)
        made = ("index", "start_s", "end_s", "codes", "energy_mean", "energy_peak")
        # Cut the same again, they are the same rows: links, reviews and the action a person put one to stay true.
        if list(there.order_by("index").values_list(*made)) == [tuple(getattr(row, f) for f in made) for row in rows]:
            _write_cut_margins(owner, source, cut_margins)
            return
        there.delete()
        Segment.objects.bulk_create(rows, batch_size=2000)

    message = f"{len(found)} primitives" + ("" if cuts is None else ", set by hand")
    return Outcome(key, reused, message=message, write=write)


def _write_cut_margins(owner: Run, source: Video, measured: Sequence[float | None]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE vocabulary_segment AS s SET cut_margin = v.margin
            FROM unnest(%s::int[], %s::float8[]) AS v(index, margin)
            WHERE s.run_id = %s AND s.video_id = %s AND s.index = v.index
                AND s.cut_margin IS DISTINCT FROM v.margin
            """,
            [list(range(len(measured))), list(measured), owner.pk, source.pk],
        )


def _clips(execution: StageExecution, progress: Progress) -> Outcome:
    owner, source = _run_of(execution), _video_of(execution)
    segments = stage_output(owner, "segment", source)

    def make(folder: Path) -> None:
        found = files.load_segments(store().path(segments) / "segments.json")
        intervals = [(one.start_s, one.end_s) for one in found]
        preview.make_clips(store().path(source.preview_key) / "loops.mp4", intervals, folder, progress)

    return Outcome(*_artefact("clips", {"preview": source.preview_key, "segments": segments}, make))


def _embed(execution: StageExecution, progress: Progress) -> Outcome:
    owner, source = _run_of(execution), _video_of(execution)
    config = owner.pipeline_config().embedding
    segments, tokenizer = stage_output(owner, "segment", source), stage_output(owner, "train")

    def make(folder: Path) -> None:
        found = files.load_segments(store().path(segments) / "segments.json")
        made = embedding.embed(found, load_tokenizer(store().path(tokenizer)), config, progress)
        np.save(folder / "vectors.npy", made.vectors)
        (folder / "space.json").write_text(json.dumps({"space": made.space}))

    key, reused = _artefact("embed", {"segments": segments, "tokenizer": tokenizer, "config": asdict(config)}, make)

    def write() -> None:
        vectors = np.load(store().path(key) / "vectors.npy")
        space = json.loads((store().path(key) / "space.json").read_text())["space"]
        with connection.cursor() as cursor:
            cursor.execute(
                """
                UPDATE vocabulary_segment AS s SET embedding = v.vector::halfvec(256), space = %s
                FROM unnest(%s::int[], %s::text[]) AS v(index, vector)
                WHERE s.run_id = %s AND s.video_id = %s AND s.index = v.index
                """,
                [space, list(range(len(vectors))), [json.dumps(v.tolist()) for v in vectors], owner.pk, source.pk],
            )

    return Outcome(key, reused, write=write)


def _cluster(execution: StageExecution, progress: Progress) -> Outcome:
    owner = _run_of(execution)
    config = owner.pipeline_config().clustering
    videos, vectors = _embeddings(owner)
    inputs: dict[str, Any] = {"embeddings": [key for _, key in videos], "config": asdict(config)}
    by_latents = config.by == "latents"
    if by_latents:
        filmed = _filmed(owner, [pk for pk, _ in videos])
        tokenizer = stage_output(owner, "train")
        inputs |= {"filmed": [asdict(one) for one in filmed], "tokenizer": tokenizer}

    def make(folder: Path) -> None:
        if by_latents:
            cameras = [one.camera() for one in filmed]
            rows = views.seen_by_all(cameras, load_tokenizer(store().path(tokenizer)), _part(progress, 0.0, 0.5))
            np.save(folder / LATENTS, rows)
        else:
            rows = vectors()
        found = clustering.cluster(rows, config, progress)
        files.save_json(folder / "clusters.json", files.clustering_facts(found))
        np.save(folder / "edge_margins.npy", clustering.edge_margins(rows, found.labels))

    key, reused = _artefact("cluster", inputs, make)

    def write() -> None:
        found = json.loads((store().path(key) / "clusters.json").read_text())
        ids = _segment_ids(owner, [pk for pk, _ in videos])
        named = _same_clusters(owner, dict(zip(ids, found["labels"], strict=True)))
        owner.coherence.all().delete()  # of the clusters that go
        owner.clusters.exclude(index__in=named).delete()
        rows = Cluster.objects.bulk_create(
            [
                Cluster(
                    run=owner,
                    index=one["index"],
                    size=one["size"],
                    silhouette=one["silhouette"],
                    medoids=[ids[position] for position in one["medoids"]],
                )
                for one in found["clusters"]
            ],
            update_conflicts=True,
            unique_fields=["run", "index"],
            update_fields=["size", "silhouette", "medoids"],
        )
        pk_of = {row.index: row.pk for row in rows}
        _write_map(ids, np.array(found["xy"]), [pk_of[label] for label in found["labels"]])
        _write_edge_margins(ids, np.load(store().path(key) / "edge_margins.npy"))
        Run.objects.filter(pk=owner.pk).update(
            metrics={name: found[name] for name in ("silhouette", "calinski_harabasz", "stability")},
            suggested_k=found["suggested"],
            projection="pca",
        )

    return Outcome(key, reused, write=write)


def _same_clusters(owner: Run, labels: dict[int, int]) -> set[int]:
    """The indices under which the run has clusters already that are the ones to be written: more than half of either's
    primitives are the other's. Their rows stay, and with them the action a person gave them; written a second time,
    that is all of them.

    `labels` says of each segment, by id, the cluster it is to be in.
    """
    before = dict(owner.segments.filter(cluster__isnull=False).values_list("pk", "cluster__index"))
    was, now = Counter(before.values()), Counter(labels.values())
    both = Counter(index for pk, index in labels.items() if before.get(pk) == index)
    return {index for index, n in both.items() if 2 * n > was[index] and 2 * n > now[index]}


def _umap(execution: StageExecution, progress: Progress) -> Outcome:
    owner = _run_of(execution)
    config = owner.pipeline_config().clustering
    videos, vectors = _embeddings(owner)
    inputs: dict[str, Any] = {"embeddings": [key for _, key in videos], "seed": config.seed}
    if config.by == "latents":
        inputs["clusters"] = clusters = stage_output(owner, "cluster")

    def make(folder: Path) -> None:
        rows = np.load(store().path(clusters) / LATENTS) if config.by == "latents" else vectors()
        if len(rows) < MIN_UMAP_SEGMENTS:
            raise TooFewSegments(f"UMAP needs {MIN_UMAP_SEGMENTS} primitives, this run has {len(rows)}.")
        progress(0.1, "laying out the map")
        try:
            np.save(folder / "umap.npy", clustering.project_umap(rows, config.seed))
        except ModuleNotFoundError as missing:
            raise PipelineError("UMAP is not installed on this worker: install kineme[viz].") from missing

    key, reused = _artefact("umap", inputs, make)

    def write() -> None:
        _write_map(_segment_ids(owner, [pk for pk, _ in videos]), np.load(store().path(key) / "umap.npy"), None)
        Run.objects.filter(pk=owner.pk).update(projection="umap")

    return Outcome(key, reused, write=write)


def _visual(execution: StageExecution, progress: Progress) -> Outcome:
    owner, source = _run_of(execution), _video_of(execution)
    clips, segments = stage_output(owner, "clips", source), stage_output(owner, "segment", source)
    usable = _usable_encoders(owner.pipeline_config().coherence.encoders)
    if not usable:
        raise EncoderUnavailable("None of the encoders this run asks for can be used here.")
    named = [{"encoder": one.name, "weights": one.weights} for one in usable]

    def make(folder: Path) -> None:
        found = files.load_segments(store().path(segments) / "segments.json")
        paths = [store().path(clips) / f"{index:05d}.mp4" for index in range(len(found))]
        for position, one in enumerate(usable):
            step = _part(progress, position / len(usable), (position + 1) / len(usable))
            np.save(folder / f"{position}.npy", coherence.segment_vectors(paths, one, step))
        files.save_json(folder / "encoders.json", named)

    key, reused = _artefact("visual", {"clips": clips, "encoders": named}, make)

    def write() -> None:
        VisualEmbedding.objects.filter(segment__run=owner, segment__video=source).delete()
        with connection.cursor() as cursor:
            for (name, weights), path in _looks(key).items():
                vectors = np.load(path)
                cursor.execute(
                    """
                    INSERT INTO vocabulary_visualembedding (segment_id, encoder, weights, vector)
                    SELECT s.id, %s, %s, v.vector::halfvec
                    FROM unnest(%s::int[], %s::text[]) AS v(index, vector)
                    JOIN vocabulary_segment AS s ON s.run_id = %s AND s.video_id = %s AND s.index = v.index
                    """,
                    [
                        name,
                        weights or "",
                        list(range(len(vectors))),
                        [json.dumps(v.tolist()) for v in vectors],
                        owner.pk,
                        source.pk,
                    ],
                )

    return Outcome(key, reused, message=", ".join(one.name for one in usable), write=write)


Look = tuple[str, str | None]
"""An encoder's name and the digest of its weights."""


def _looks(key: str) -> dict[Look, Path]:
    """The files of vectors a `visual` stage left, by what made them."""
    folder = store().path(key)
    named = json.loads((folder / "encoders.json").read_text())
    return {(one["encoder"], one["weights"]): folder / f"{position}.npy" for position, one in enumerate(named)}


def _usable_encoders(names: Sequence[str]) -> list[FrameEncoder]:
    """The encoders that load here and now. Why one does not is said by `_why_not` once the run has its figures."""
    found = []
    for name in names:
        try:
            found.append(_loaded(name, _stamp(settings.CLIP_WEIGHTS)))
        except EncoderUnavailable:
            continue
    return found


@functools.lru_cache(maxsize=4)
def _loaded(name: str, stamp: tuple[object, ...]) -> FrameEncoder:
    """One for all videos a worker looks at; `stamp` changes when the weights do."""
    return frame_encoder(name, settings.CLIP_WEIGHTS)


def _stamp(weights: Path) -> tuple[object, ...]:
    files_there = sorted(weights.iterdir()) if weights.is_dir() else [weights] if weights.is_file() else []
    facts = [(file.name, file.stat()) for file in files_there]
    return (str(weights), *((name, fact.st_size, fact.st_mtime_ns) for name, fact in facts))


def _why_not(name: str) -> tuple[str, str]:
    """Why an encoder the run asks for has no figures, and the command that helps, if one does."""
    try:
        found = availability(name, settings.CLIP_WEIGHTS)
        if found.missing is not None:
            return found.missing, found.command or ""
        _loaded(name, _stamp(settings.CLIP_WEIGHTS))
    except EncoderUnavailable as error:
        return str(error), ""
    return "its weights were not there, or were others, when the videos were looked at; measure again", ""


def _coherence(execution: StageExecution, progress: Progress) -> Outcome:
    owner = _run_of(execution)
    config = owner.pipeline_config().coherence
    clusters = stage_output(owner, "cluster")
    looked_at = stage_outputs(owner, "visual")
    videos, _ = _embeddings(owner)
    visual = [looked_at.get(pk) for pk, _ in videos]  # None where a video's pictures could not be looked at

    def make(folder: Path) -> None:
        labels = _labels(clusters, [key for _, key in videos])
        scored = [(keyed, part) for keyed, part in zip(visual, labels, strict=True) if keyed is not None]
        in_all = [look for look in _looks(scored[0][0]) if all(look in _looks(keyed) for keyed, _ in scored)]
        found = []
        for position, (name, weights) in enumerate(in_all):
            progress(position / len(in_all), name)
            vectors = np.concatenate([np.load(_looks(keyed)[name, weights]) for keyed, _ in scored])
            joined = np.concatenate([part for _, part in scored])
            found.append(coherence.coherence(vectors, joined, config, encoder=name, weights=weights).to_dict())
        files.save_json(folder / "coherence.json", {"coherence": found})

    inputs = {"visual": visual, "clusters": clusters, "config": asdict(config)}
    key, reused = _artefact("coherence", inputs, make)
    found = {
        one["encoder"]: coherence.Coherence.from_dict(one)
        for one in json.loads((store().path(key) / "coherence.json").read_text())["coherence"]
    }
    missing = {name: _why_not(name) for name in config.encoders if name not in found}

    def write() -> None:
        owner.coherence.all().delete()
        pk_of = dict(owner.clusters.values_list("index", "pk"))
        for position, name in enumerate(config.encoders):
            _write_coherence(owner, position, name, found.get(name), missing.get(name, ("", "")), config.seed, pk_of)

    left_out = visual.count(None)
    message = f"without {left_out} of {len(visual)} videos" if left_out else ", ".join(found)
    return Outcome(key, reused, message=message, write=write)


def _labels(clusters: str, embeddings: Sequence[str]) -> list[np.ndarray]:
    """The cluster of each segment, video by video, in the order of `_embeddings`."""
    labels = np.array(json.loads((store().path(clusters) / "clusters.json").read_text())["labels"])
    sizes = [len(np.load(store().path(key) / "vectors.npy", mmap_mode="r")) for key in embeddings]
    return np.split(labels, np.cumsum(sizes)[:-1])


def _write_coherence(
    owner: Run,
    position: int,
    name: str,
    found: coherence.Coherence | None,
    missing: tuple[str, str],
    seed: int,
    pk_of: dict[int, int],
) -> None:
    row = CoherenceRow(run=owner, encoder=name, position=position, seed=seed)
    row.why_not, row.command = missing
    if found is None:
        row.save()
        return
    row.weights, row.n_pairs = found.weights or "", found.n_pairs
    row.n_segments = sum(one.size for one in found.clusters)
    row.icss, row.std, row.exact, row.of_clusters = found.icss, found.std, found.exact, found.of_clusters
    row.low, row.high = found.interval95 or (None, None)
    if (random := found.random_pairs) is not None:
        row.random_repeats, row.random_icss, row.random_std = random.repeats, random.icss, random.std
        row.random_spread, row.random_exact = random.spread, random.exact
    row.save()
    ClusterCoherence.objects.bulk_create(
        ClusterCoherence(
            coherence=row,
            cluster_id=pk_of[one.index],
            n_segments=one.size,
            n_pairs=one.n_pairs,
            icss=one.icss,
            std=one.std,
            exact=one.exact,
            low=one.interval95[0] if one.interval95 else None,
            high=one.interval95[1] if one.interval95 else None,
        )
        for one in found.clusters
    )


def _part(progress: Progress, start: float, stop: float) -> Progress:
    return lambda fraction, message: progress(start + (stop - start) * fraction, message)


def _embeddings(owner: Run) -> tuple[list[tuple[int, str]], Callable[[], np.ndarray]]:
    """(video, key) of every embedding of the run, in the order of the files' hashes so that the result does not
    depend on who uploaded first, and a function that reads them as [M, d]."""
    keys = stage_outputs(owner, "embed")
    hashes = dict(Video.objects.filter(pk__in=keys).values_list("pk", "sha256"))
    videos = sorted(keys.items(), key=lambda item: hashes[item[0]])
    return videos, lambda: np.concatenate([np.load(store().path(key) / "vectors.npy") for _, key in videos])


@dataclass(frozen=True)
class Filmed:
    """What `views.Camera` is made from: a video's artefacts, and where it belongs."""

    tracks: str
    codes: str
    segments: str
    view: str
    recording: str
    offset_s: float

    def camera(self) -> views.Camera:
        found = files.load_segments(store().path(self.segments) / "segments.json")
        return views.Camera(
            tracks=tracking.TracksFile.open(store().path(self.tracks)),
            stream=files.load_stream(store().path(self.codes) / "codes.npz"),
            spans_s=np.array([(one.start_s, one.end_s) for one in found], dtype=np.float64).reshape(-1, 2),
            view=self.view,
            recording=self.recording,
            offset_s=self.offset_s,
        )


def _filmed(owner: Run, videos: Sequence[int]) -> list[Filmed]:
    """The run's videos as cameras, in the order given."""
    tracks, codes = stage_outputs(owner, "track"), stage_outputs(owner, "tokenize")
    segments, rows = stage_outputs(owner, "segment"), Video.objects.in_bulk(videos)
    return [
        Filmed(tracks[pk], codes[pk], segments[pk], rows[pk].view, rows[pk].recording, rows[pk].offset_s)
        for pk in videos
    ]


def _segment_ids(owner: Run, videos: Sequence[int]) -> list[int]:
    """The run's segments in the order of `_embeddings`."""
    by_video: dict[int, list[int]] = {pk: [] for pk in videos}
    rows = Segment.objects.filter(run=owner, video__in=videos).order_by("video", "index")
    for video_id, pk in rows.values_list("video_id", "pk"):
        by_video[video_id].append(pk)
    return [pk for ids in by_video.values() for pk in ids]


def _write_map(ids: list[int], xy: np.ndarray, clusters: list[int] | None) -> None:
    if len(ids) != len(xy):
        raise ValueError(f"{len(xy)} places for {len(ids)} segments")
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE vocabulary_segment AS s
            SET x = v.x, y = v.y, cluster_id = COALESCE(v.cluster, s.cluster_id)
            FROM unnest(%s::bigint[], %s::float8[], %s::float8[], %s::bigint[]) AS v(id, x, y, cluster)
            WHERE s.id = v.id
            """,
            [ids, xy[:, 0].tolist(), xy[:, 1].tolist(), clusters or [None] * len(ids)],
        )


def _write_edge_margins(ids: list[int], measured: np.ndarray) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE vocabulary_segment AS s SET edge_margin = nullif(v.margin, 'NaN')
            FROM unnest(%s::bigint[], %s::float8[]) AS v(id, margin)
            WHERE s.id = v.id
            """,
            [ids, measured.tolist()],
        )


def _run_of(execution: StageExecution) -> Run:
    assert execution.run is not None
    return execution.run


def _video_of(execution: StageExecution) -> Video:
    assert execution.video is not None
    return execution.video


WORK: dict[str, Callable[[StageExecution, Progress], Outcome]] = {
    "probe": _probe,
    "preview": _preview,
    "track": _track,
    "train": _train,
    "tokenize": _tokenize,
    "energy": _energy,
    "calibrate": _calibrate,
    "segment": _segment,
    "clips": _clips,
    "embed": _embed,
    "cluster": _cluster,
    "umap": _umap,
    "visual": _visual,
    "coherence": _coherence,
}
