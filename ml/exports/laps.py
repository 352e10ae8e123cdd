"""Clips and codes in the layout of the official LAPS code (jiajiezhang7/LAPS, as it writes them), for who has tools for
that.

Where ours differs from what that code writes: paths are relative, nothing tells when it was made, and what it never
knew of stands under "kineme".
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ml.artefacts import Progress
from ml.exports.card import write_card
from ml.exports.clips import Clip, cut_clips
from ml.exports.dataset import Dataset, Primitive, Source
from ml.exports.facts import facts_of_primitive
from ml.exports.options import LapsOptions
from ml.exports.text import plain, to_json, write_json
from ml.tokenizer.checkpoint import load_tokenizer
from ml.tokenizer.encode import z_q_of
from ml.tokenizer.model import MotionTokenizer

STRIDE = 4  # frames between the starts of the official code's windows
CODES_A_WINDOW = 14


def write(dataset: Dataset, folder: Path, options: LapsOptions, progress: Progress) -> None:
    """For every source that has primitives, under its key:

    segmented_videos/segment_0000_startwin_000012.mp4, …: the clips, at the source's own rate
    segmented_videos/<key>_segments.json: {"video", "segments": [{"start_sec", "end_sec", "label"}], …}
    code_indices/segment_0000_startwin_000012.codes.json, …: {"codes_windows": [[14 codes], …], …}

    Errors: see `Writer.write`.
    """
    tokenizer = load_tokenizer(dataset.tokenizer) if options.quantized else None
    used = dataset.by_source
    done = 0
    for place, (source, primitives) in enumerate(used):

        def tell(fraction: float, place: int = place) -> None:
            progress((place + fraction) / len(used), f"video {place + 1} of {len(used)}")

        videos, codes = folder / source.key / "segmented_videos", folder / source.key / "code_indices"
        videos.mkdir(parents=True)
        codes.mkdir()
        clips = cut_clips(source, primitives, videos, tell, long_side_px=options.long_side_px, quality=options.quality)
        for number, clip in enumerate(clips):
            stem = f"segment_{number:04d}_startwin_{_window(dataset, clip.primitive):06d}"
            clip.path.rename(videos / f"{stem}.mp4")
            facts = _codes(dataset, source, clip, f"segmented_videos/{stem}.mp4", tokenizer)
            (codes / f"{stem}.codes.json").write_text(to_json(facts, indent=None) + "\n", encoding="utf-8")
            done += 1
        write_json(_segments(dataset, source, primitives), videos / f"{source.key}_segments.json")
    write_card(dataset, folder, "laps", options, {"clips": done}, _NOTES)


_NOTES = (
    "A row of `codes_windows` is the next 14 codes of the primitive, the last row what is left: the codes are one "
    "stream, without the gaps and repeats of the official code's windows.",
    "`quantized_windows` is empty unless it was asked for: codes and tokenizer give the same numbers.",
    "Clips are H.264 at the source's own rate; the official code writes MPEG-4 at 10 frames a second.",
)


def _segments(dataset: Dataset, source: Source, primitives: list[Primitive]) -> dict[str, Any]:
    return {
        "video": source.key,
        "segments": [
            {"start_sec": one.start_s, "end_sec": one.end_s, "label": _label(dataset, one, number)}
            for number, one in enumerate(primitives)
        ],
        "video_duration_sec": source.duration_s,
        "fps": dataset.fps,
        "segmentation_params": {"mode": "kineme", "stride": STRIDE, "target_fps": dataset.fps},
        "kineme": {
            "title": plain(source.title),
            "sha256": source.sha256,
            "split": source.split,
            "run": dataset.run,
            "version_digest": dataset.digest,
        },
    }


def _label(dataset: Dataset, primitive: Primitive, number: int) -> str:
    """The action's name; a number, as the official code calls all of them, where it has none."""
    entry = dataset.action_of(primitive)
    return f"segment_{number}" if entry is None else plain(entry.name)


def _codes(
    dataset: Dataset, source: Source, clip: Clip, path: str, tokenizer: MotionTokenizer | None
) -> dict[str, Any]:
    one = clip.primitive
    rows = [one.codes[i : i + CODES_A_WINDOW] for i in range(0, len(one.codes), CODES_A_WINDOW)]
    start_frame = round(one.start_s * dataset.fps)
    return {
        "codes_windows": [row.tolist() for row in rows],
        "quantized_windows": [] if tokenizer is None else [z_q_of(row, tokenizer).tolist() for row in rows],
        "selected_win_idxs": [(start_frame + i * CODES_A_WINDOW) // STRIDE for i in range(len(rows))],
        "overlap_ratio_threshold": 0.0,
        "segment": {
            "start_frame": start_frame,
            "end_frame": round(one.end_s * dataset.fps),
            "start_win": _window(dataset, one),
        },
        "window": {"T": CODES_A_WINDOW, "stride": STRIDE, "target_fps": dataset.fps},
        "align": "start",
        "video_segment_path": path,
        "source": source.key,
        "allow_overlap": False,
        "kineme": facts_of_primitive(dataset, source, one) | {"times_s": one.times_s.tolist()},
    }


def _window(dataset: Dataset, primitive: Primitive) -> int:
    return round(primitive.start_s * dataset.fps) // STRIDE
