"""The sample: every view of one take as a video, each with its annotation beside it."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, ProcessPoolExecutor, wait
from multiprocessing.sharedctypes import Synchronized
from multiprocessing.synchronize import Event
from pathlib import Path

import cv2

from ml.artefacts import Progress, no_progress
from ml.errors import Cancelled
from ml.synthetic.motion import Take, plan
from ml.synthetic.render import render
from ml.synthetic.scene import SceneConfig

RULE = (
    "A boundary is the end of a planned primitive, a moment at which nothing the operator moves has any velocity. "
    "Standing still for 0.5 s or longer is the segment `wait`, whose end is no boundary; shorter pauses are gaps."
)
POLL_S = 0.2


def write_truth(take: Take, path: Path, video: str | None = None) -> None:
    """The exact annotation of a take, in the shape of the recorded clips' annotations; `video` names its file."""
    annotation = {
        "video": video,
        "source": "synthetic",
        "duration_s": round(take.n_frames / take.config.fps, 6),
        "fps": float(take.config.fps),
        "annotator": "exact: the plan the picture was rendered from",
        "rule": RULE,
        "confidence": "exact",
        "timing_error_s": round(0.5 / take.config.fps, 6),  # times fall between frames
        "boundaries": [round(end_s, 6) for end_s in take.boundaries_s],
        "segments": [
            {
                "start": round(p.start_s, 6),
                "end": round(p.end_s, 6),
                "label": p.label,
                "subject": p.subject,
                "action": p.action,
                "object": p.object,
            }
            for p in take.primitives
        ],
    }
    path.write_text(json.dumps(annotation, indent=1) + "\n", encoding="utf-8")


def render_sample(out: Path, config: SceneConfig | None = None, progress: Progress = no_progress) -> list[Path]:
    """Render every view of a take into folder `out`, one process a view, and write the truth beside each.

    Returns the videos, in the order of `config.views`, then their annotations: `synthetic-<view>.mp4` and `.json`.
    Starts processes, so it is for a main program that guards its entry; `progress` is called in this process.
    """
    config = config if config is not None else SceneConfig()
    out.mkdir(parents=True, exist_ok=True)
    videos = [out / f"synthetic-{view}.mp4" for view in config.views]
    take = plan(config)
    spawn = multiprocessing.get_context("spawn")
    shares = [spawn.Value("d", 0.0) for _ in videos]
    stop = spawn.Event()
    with ProcessPoolExecutor(len(videos), spawn, _watched, (shares, stop)) as pool:
        jobs = [pool.submit(_render_watched, config, i, str(path)) for i, path in enumerate(videos)]
        try:
            running = set(jobs)
            while running:
                running = wait(running, POLL_S, FIRST_EXCEPTION).not_done
                share = sum(s.value for s in shares) / len(shares)
                progress(0.99 * share, f"Rendering {len(videos)} views of {take.duration_s:.0f} s")
                for job in jobs:
                    if job.done():
                        job.result()
        finally:
            stop.set()  # a view that failed, or a caller who gave up, ends the others too
    truths = [path.with_suffix(".json") for path in videos]
    for video, truth in zip(videos, truths, strict=True):
        write_truth(take, truth, video.name)
    progress(1.0, "Rendered")
    return videos + truths


_shares: list[Synchronized[float]] = []
_stop: list[Event] = []


def _watched(shares: list[Synchronized[float]], stop: Event) -> None:
    """Set up a rendering process: what it reports to, and one core."""
    _shares[:], _stop[:] = shares, [stop]
    cv2.setNumThreads(1)


def _render_watched(config: SceneConfig, index: int, path: str) -> None:
    render(config, config.views[index], Path(path), _report_to(_shares[index], _stop[0]))


def _report_to(share: Synchronized[float], stop: Event) -> Callable[[float, str], None]:
    def report(fraction: float, message: str) -> None:
        share.value = fraction
        if stop.is_set():
            raise Cancelled("Rendering was stopped.")

    return report
