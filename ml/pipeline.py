"""The whole chain over some videos, without server or database: every stage composed in `discover`."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from ml.artefacts import Calibration, Clustering, EnergyTrace, Progress, Segment, TokenStream, VideoInfo, no_progress
from ml.calibration import calibrate_views, moved
from ml.clustering import cluster
from ml.config import PipelineConfig
from ml.embedding import embed
from ml.energy import energy, velocity_energy
from ml.errors import PipelineError, TooFewSegments
from ml.preview import make_clips
from ml.refinement import segment
from ml.segmentation import smooth
from ml.store import clustering_facts, save_energy, save_json, save_segments, save_stream
from ml.tokenizer.checkpoint import FACTS, WEIGHTS, load_tokenizer
from ml.tokenizer.encode import tokenize
from ml.tokenizer.model import MotionTokenizer
from ml.tokenizer.train import train_tokenizer
from ml.tracking import NO_COTRACKER, CoTracker, TracksFile, facts, is_tracks, track_video
from ml.views import Camera, seen_by_all

Made = TypeVar("Made")
TOKENIZER_FOLDER = "tokenizer"
RUN_FILES = ("embeddings.npy", "latents.npy", "clusters.json", "config.json", "report.json")


@dataclass
class Take:
    """One video on its way through the chain; a stage fills in what it makes, or gives the reason why not."""

    video: Path
    folder: str  # its own name inside the output folder
    reason: str | None = None
    warnings: list[str] = field(default_factory=list)
    info: VideoInfo | None = None
    tracks: TracksFile | None = None
    stream: TokenStream | None = None
    trace: EnergyTrace | None = None
    velocity: EnergyTrace | None = None
    calibration: Calibration | None = None
    segments: list[Segment] = field(default_factory=list)

    @property
    def works(self) -> bool:
        """Whether nothing has stopped it so far."""
        return self.reason is None


@dataclass(frozen=True)
class Report:
    """What came of each video, in the order given, and of the run. Also written as report.json."""

    takes: tuple[Take, ...]
    clustering: Clustering | None

    @property
    def n_working(self) -> int:
        """How many videos could be used."""
        return sum(take.works for take in self.takes)

    @property
    def n_segments(self) -> int:
        """How many primitives were found in all of them."""
        return sum(len(take.segments) for take in self.takes)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {
            "videos": [_facts(take) for take in self.takes],
            "n_working": self.n_working,
            "n_segments": self.n_segments,
            "n_clusters": None if self.clustering is None else self.clustering.n_clusters,
        }


def discover(
    videos: Sequence[Path],
    out: Path,
    config: PipelineConfig,
    tokenizer: Path | None = None,
    progress: Progress = no_progress,
    cotracker: CoTracker = NO_COTRACKER,
    one_take: bool = False,
) -> Report:
    """Find the primitives of all `videos` together, with one tokenizer, one threshold and one clustering.

    Writes into folder `out`, per video (<name>/segments.json, energy.npz, codes.npz, clips/) and for the run
    (embeddings.npy, clusters.json, tokenizer/, config.json, report.json; latents.npy where they are clustered).
    tokenizer: folder of a checkpoint to use instead of training one. one_take: the videos are cameras of one take that
    were started together. A video that cannot be used has its reason in the report and stops no other.

    Raises UnusableCheckpoint for a bad `tokenizer`, OSError where `out` cannot be written.
    """
    given = None if tokenizer is None else load_tokenizer(tokenizer)
    if given is not None:
        config = config.with_tokenizer(given.config)
    takes = [Take(video, folder) for video, folder in zip(videos, folder_names(videos), strict=True)]
    clustering: Clustering | None = None
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".working-", dir=out) as working:
        _track(takes, config, Path(working), _part(progress, 0.0, 0.45), cotracker)
        if _working(takes):
            checkpoint = _checkpoint(takes, config, tokenizer, out, _part(progress, 0.45, 0.8))
            find_segments(takes, config, checkpoint, _part(progress, 0.8, 0.88))
        if _working(takes):
            clustering = _cluster(takes, checkpoint, config, out, one_take, _part(progress, 0.88, 0.92))
            _write(takes, config, clustering, out, _part(progress, 0.92, 1.0))
    report = Report(tuple(takes), clustering)
    save_json(out / "config.json", config.to_dict())
    save_json(out / "report.json", report.to_dict())
    progress(1.0, f"{report.n_segments} segments")
    return report


def find_segments(
    takes: Sequence[Take], config: PipelineConfig, tokenizer: MotionTokenizer, progress: Progress = no_progress
) -> None:
    """From tracks to segments: codes and energies of each take that works, the thresholds, and the cut.

    Fills in the takes, with a reason where a video does not move. Each is a view of its own unless the configuration
    asks for one threshold for all (`CalibrationConfig.scope`).
    """
    _measure(takes, config, tokenizer, progress)
    working = _working(takes)
    traces, velocities = [_made(take.trace) for take in working], [_made(take.velocity) for take in working]
    views = [take.folder for take in working]
    calibrations = calibrate_views(traces, velocities, views, config.calibration, config.detection)
    for take, calibration in zip(working, calibrations, strict=True):
        if calibration is None:
            take.reason = "nothing moved: the code stream never changes"
            continue
        take.calibration = calibration
        take.segments = segment(_made(take.trace), _made(take.stream), calibration, config.detection, config.refinement)


def folder_names(videos: Sequence[Path]) -> list[str]:
    """A folder name for each video: its stem, with -2, -3 … where that is taken, by another video or by ourselves.

    Compared without case, since not every file system tells `A` from `a`.
    """
    taken = {TOKENIZER_FOLDER, *RUN_FILES}
    names = []
    for video in videos:
        stem = video.stem.strip(". ") or "video"
        name, number = stem, 2
        while name.casefold() in taken:
            name, number = f"{stem}-{number}", number + 1
        taken.add(name.casefold())
        names.append(name)
    return names


def _track(
    takes: Sequence[Take], config: PipelineConfig, working: Path, progress: Progress, cotracker: CoTracker
) -> None:
    for index, take in enumerate(takes):
        step = _part(progress, index / len(takes), (index + 1) / len(takes), take.video.name)
        take.reason = why_unreadable(take.video)
        if take.reason is not None:
            continue
        try:
            take.info = facts(take.video, config.tracking)
            take.warnings += take.info.warnings
            take.warnings += track_video(take.video, config.tracking, working / take.folder, step, cotracker)
            take.tracks = TracksFile.open(working / take.folder)
        except PipelineError as error:
            take.reason = str(error)


def why_unreadable(video: Path) -> str | None:
    """A sentence where `video` is no file that can be opened, else None."""
    if video.is_dir():
        return "a folder, not a video"
    try:
        video.open("rb").close()
    except FileNotFoundError:
        return "no such file"
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    return None


def _checkpoint(
    takes: Sequence[Take], config: PipelineConfig, given: Path | None, out: Path, progress: Progress
) -> MotionTokenizer:
    """The run's tokenizer, in `out`: a copy of the given one, or one trained on all videos."""
    folder = out / TOKENIZER_FOLDER
    if given is None:
        tracks = [_made(take.tracks) for take in _working(takes)]
        train_tokenizer(tracks, config.tokenizer, config.training, folder, _part(progress, 0, 1, "training"))
    elif folder.resolve() != given.resolve():
        folder.mkdir(exist_ok=True)
        for name in (FACTS, WEIGHTS):
            shutil.copyfile(given / name, folder / name)
    return load_tokenizer(folder)


def _measure(takes: Sequence[Take], config: PipelineConfig, tokenizer: MotionTokenizer, progress: Progress) -> None:
    """Codes and energies of each video."""
    working = _working(takes)
    for index, take in enumerate(working):
        step = _part(progress, index / len(working), (index + 1) / len(working), f"{take.video.name}: encoding")
        tracks = _made(take.tracks)
        take.stream = tokenize(tracks, tokenizer, _part(step, 0, 0.6), stride=config.tracking.stride_frames)
        take.trace = energy(take.stream, tracks, tokenizer, config.energy, _part(step, 0.6, 0.8))
        take.velocity = velocity_energy(tracks, take.stream, _part(step, 0.8, 1.0))
        if not moved(take.velocity, config.calibration):
            take.reason = "nothing moved: the points of the picture stay where they are"


def _cluster(
    takes: Sequence[Take],
    tokenizer: MotionTokenizer,
    config: PipelineConfig,
    out: Path,
    one_take: bool,
    progress: Progress,
) -> Clustering | None:
    """Embed and cluster the segments of all videos, in order. None where there are none."""
    segments = [found for take in _working(takes) for found in take.segments]
    embeddings = embed(segments, tokenizer, config.embedding, _part(progress, 0, 0.4, "embedding"))
    np.save(out / "embeddings.npy", embeddings.vectors)
    vectors = embeddings.vectors
    if config.clustering.by == "latents" and segments:
        step = _part(progress, 0.4, 0.5, "looking through every camera")
        vectors = seen_by_all(cameras(_working(takes), one_take=one_take), tokenizer, step)
        np.save(out / "latents.npy", vectors)
    try:
        clustering = cluster(vectors, config.clustering, _part(progress, 0.5, 1))
    except TooFewSegments:
        return None
    rows = ({"video": take.folder, "segment": i} for take in _working(takes) for i in range(len(take.segments)))
    save_json(out / "clusters.json", {**clustering_facts(clustering), "space": embeddings.space, "segments": rows})
    return clustering


def cameras(takes: Sequence[Take], *, one_take: bool) -> list[Camera]:
    """Takes that work as `ml.views` needs them: cameras of one take started together, or each a take by itself."""
    return [
        Camera(
            tracks=_made(take.tracks),
            stream=_made(take.stream),
            spans_s=np.array([(one.start_s, one.end_s) for one in take.segments], dtype=np.float64).reshape(-1, 2),
            view=take.folder if one_take else "",
            recording="take" if one_take else "",
        )
        for take in takes
    ]


def _write(
    takes: Sequence[Take],
    config: PipelineConfig,
    clustering: Clustering | None,
    out: Path,
    progress: Progress,
) -> None:
    """Each video's folder: segments.json, energy.npz, codes.npz, clips/ with a frame-exact clip and a poster each."""
    labels = iter([] if clustering is None else clustering.labels.tolist())
    working = _working(takes)
    for index, take in enumerate(working):
        step = _part(progress, index / len(working), (index + 1) / len(working), f"{take.video.name}: cutting")
        folder, trace, segments = out / take.folder, _made(take.trace), take.segments
        clips = folder / "clips"
        clips.mkdir(parents=True, exist_ok=True)
        for old in clips.glob("[0-9]" * 5 + ".*"):  # of an earlier run into the same folder
            old.unlink()
        pictures = not is_tracks(take.video)
        if segments and pictures:
            make_clips(take.video, [(found.start_s, found.end_s) for found in segments], clips, step)
        smoothed = smooth(trace.energy, config.detection.alpha)
        save_stream(_made(take.stream), folder / "codes.npz")
        save_energy(folder / "energy.npz", trace, _made(take.velocity), smoothed=smoothed, calibration=take.calibration)
        save_segments(
            folder / "segments.json",
            shown(take.video),
            _made(take.info).duration_s,
            segments,
            clusters=[next(labels) for _ in segments],
            clips=[f"clips/{i:05}.mp4" if pictures else None for i in range(len(segments))],
        )


def shown(video: Path) -> str:
    """The file's name as text, also where its bytes are none."""
    return video.name.encode("utf-8", "replace").decode()


def _facts(take: Take) -> dict[str, Any]:
    return {
        "video": shown(take.video),
        "folder": take.folder if take.works else None,
        "status": "done" if take.works else "failed",
        "reason": take.reason,
        "duration_s": None if take.info is None else take.info.duration_s,
        "n_segments": len(take.segments),
        "calibration": None
        if take.calibration is None
        else {**asdict(take.calibration), "theta_off": take.calibration.theta_off},
        "warnings": take.warnings,
    }


def _working(takes: Iterable[Take]) -> list[Take]:
    return [take for take in takes if take.works]


def _made(artefact: Made | None) -> Made:
    """What an earlier stage of a working take has filled in."""
    assert artefact is not None
    return artefact


def _part(progress: Progress, start: float, stop: float, name: str | None = None) -> Progress:
    """A callback for one part of a longer way, its messages headed by `name`."""

    def part(fraction: float, message: str) -> None:
        progress(start + (stop - start) * fraction, message if name is None else f"{name}: {message}")

    return part
