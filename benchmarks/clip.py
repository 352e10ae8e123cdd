"""The video that is measured: a rendered workstation take, repeated to any length."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import av

from ml.config import digest_of
from ml.synthetic import SceneConfig, render

SCENE = SceneConfig(cycles=1, width_px=1280, height_px=720, fps=30)  # 20 s


def scene(width_px: int, height_px: int, fps: int) -> SceneConfig:
    """The same take, filmed otherwise."""
    return replace(SCENE, width_px=width_px, height_px=height_px, fps=fps)


def clip(folder: Path, minutes: float, scene: SceneConfig | None = None) -> Path:
    """An H.264 file of this length in `folder`, made when absent; 720p at 30 frames a second unless `scene` says else.

    One take, its packets written again and again with later times: nothing is encoded twice, and every repetition
    costs the decoder and the tracker what the first did. There is a hard cut between two of them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    scene = scene or SCENE
    name = digest_of(scene)[:12]
    once, long = folder / f"{name}.mp4", folder / f"{name}-{minutes:g}-min.mp4"
    if not once.exists():
        render(scene, "front", once)
    if not long.exists():
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            unfinished = Path(scratch) / "clip.mp4"
            _repeat(once, unfinished, minutes * 60)
            shutil.move(unfinished, long)
    return long


def _repeat(once: Path, out: Path, seconds: float) -> None:
    with av.open(str(out), "w") as target:
        stream = None
        offset = 0
        while True:
            with av.open(str(once)) as source:
                video = source.streams.video[0]
                if stream is None:
                    stream = target.add_stream_from_template(video)
                for packet in source.demux(video):
                    if packet.pts is None or packet.time_base is None:  # the empty packet at the end
                        continue
                    if (offset + packet.pts) * packet.time_base >= seconds:
                        return
                    packet.pts = packet.dts = offset + packet.pts  # the renderer writes no B frames
                    packet.stream = stream
                    target.mux(packet)
                assert video.duration is not None
                offset += video.duration
