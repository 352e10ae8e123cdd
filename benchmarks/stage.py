"""One stage of the chain in a process of its own: `python -m benchmarks.stage STAGE VIDEO FOLDER PRESET BACKEND`.

Prints what it took as JSON. A process for each, because the most memory a process ever held never goes down again.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import av
import numpy as np

from ml import calibration, clustering, embedding, energy, pipeline, preview, refinement, store, tracking, video
from ml.config import PipelineConfig, TrackingConfig, build
from ml.tokenizer import encode, train
from ml.tokenizer.checkpoint import load_tokenizer

Stage = Callable[[Path, Path, PipelineConfig], str]


def decode(path: Path, folder: Path, config: PipelineConfig) -> str:
    """The floor: every frame of the file decoded, and nothing done with it."""
    with av.open(str(path)) as container:
        container.streams.video[0].thread_type = "AUTO"
        n_frames = sum(1 for _ in container.decode(video=0))
    return f"{n_frames} frames"


def make_preview(path: Path, folder: Path, config: PipelineConfig) -> str:
    preview.make_preview(path, video.probe(path), folder / "preview")
    return ""


def track(path: Path, folder: Path, config: PipelineConfig) -> str:
    tracking.track_video(path, config.tracking, folder / "tracks")
    return f"{tracking.TracksFile.open(folder / 'tracks').n_windows} windows"


def train_tokenizer(path: Path, folder: Path, config: PipelineConfig) -> str:
    tracks = tracking.TracksFile.open(folder / "tracks")
    train.train_tokenizer([tracks], config.tokenizer, config.training, folder.parent / "tokenizer")
    return f"{config.training.steps} steps"


def tokenize(path: Path, folder: Path, config: PipelineConfig) -> str:
    tracks = tracking.TracksFile.open(folder / "tracks")
    tokenizer = load_tokenizer(folder.parent / "tokenizer")
    stream = encode.tokenize(tracks, tokenizer, stride=config.tracking.stride_frames)
    store.save_stream(stream, folder / "codes.npz")
    return f"{len(stream.stream_codes)} codes"


def cut(path: Path, folder: Path, config: PipelineConfig) -> str:
    """Energy, calibration and segmentation."""
    tracks = tracking.TracksFile.open(folder / "tracks")
    stream, tokenizer = store.load_stream(folder / "codes.npz"), load_tokenizer(folder.parent / "tokenizer")
    trace = energy.energy(stream, tracks, tokenizer, config.energy)
    velocity = energy.velocity_energy(tracks, stream)
    calibrated = calibration.calibrate([trace], [velocity], config.calibration, config.detection)
    segments = refinement.segment(trace, stream, calibrated, config.detection, config.refinement)
    store.save_energy(folder / "energy.npz", trace, velocity, calibration=calibrated)
    store.save_segments(folder / "segments.json", path.name, float(stream.stream_times_s[-1]), segments)
    return f"{len(segments)} segments"


def make_clips(path: Path, folder: Path, config: PipelineConfig) -> str:
    intervals = [(found.start_s, found.end_s) for found in store.load_segments(folder / "segments.json")]
    preview.make_clips(folder / "preview" / "loops.mp4", intervals, folder / "clips")
    return f"{len(intervals)} clips"


def embed(path: Path, folder: Path, config: PipelineConfig) -> str:
    segments = store.load_segments(folder / "segments.json")
    embeddings = embedding.embed(segments, load_tokenizer(folder.parent / "tokenizer"), config.embedding)
    np.save(folder / "embeddings.npy", embeddings.vectors)
    return f"{len(embeddings.vectors)} vectors"


def discover(path: Path, folder: Path, config: PipelineConfig) -> str:
    """`kineme discover`, start to end, with the tokenizer that is there already."""
    report = pipeline.discover([path], folder / "discovered", config, folder.parent / "tokenizer")
    return f"{report.n_segments} segments"


def cluster(path: Path, folder: Path, config: PipelineConfig) -> str:
    found = clustering.cluster(np.load(folder / "embeddings.npy", allow_pickle=False), config.clustering)
    return f"{found.n_clusters} clusters"


STAGES: dict[str, Stage] = {
    "decode": decode,
    "preview": make_preview,
    "track": track,
    "train": train_tokenizer,
    "tokenize": tokenize,
    "cut": cut,
    "clips": make_clips,
    "embed": embed,
    "cluster": cluster,
    "discover": discover,
}


def main(arguments: list[str]) -> None:
    name, path, folder, preset, backend = arguments
    config = PipelineConfig.preset(preset)
    config = replace(config, tracking=build(TrackingConfig, {**asdict(config.tracking), "backend": backend}))
    before, began = _cpu_s(), time.perf_counter()
    made = STAGES[name](Path(path), Path(folder), config)
    wall_s, cpu_s = time.perf_counter() - began, _cpu_s() - before
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    print(json.dumps({"wall_s": wall_s, "cpu_s": cpu_s, "peak_bytes": peak, "made": made}))


def _cpu_s() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


if __name__ == "__main__":
    main(sys.argv[1:])
