"""Annotations as JSON: ActivityNet, ours, the official LAPS code's, by hand, and VIA's."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ml.annotations.fields import Malformed, annotation_of, interval_of, label_of, number_of, object_of, seconds
from ml.annotations.model import Annotation, Interval, is_background

KINEME_FILE = "segments.json"
LAPS_ENDINGS = ("_segments.json", "_segments_noisy.json")  # the first is preferred where both exist
LAPS_FOLDER = "segmented_videos"


def activitynet(database: Mapping[str, Any]) -> list[Annotation]:
    """Entries without annotations of the subset "testing" are left out: their truth is not published."""
    found = []
    for video, value in database.items():
        entry = object_of(value, video)
        rows = entry.get("annotations")
        if rows is None or (not rows and entry.get("subset") == "testing"):
            continue
        found.append(annotation_of(video, entry.get("duration"), rows, _activitynet_interval))
    return found


def activitynet_results(results: Mapping[str, Any]) -> list[Annotation]:
    """ActivityNet's results: video → rows of a segment in seconds, a label, a score. Raises Malformed."""
    return [annotation_of(video, None, rows, _activitynet_interval) for video, rows in results.items()]


def _activitynet_interval(row: Mapping[str, Any]) -> Interval:
    segment = row.get("segment")
    if not isinstance(segment, list) or len(segment) != 2:
        raise Malformed("no [start, end] is given")
    return interval_of(segment[0], segment[1], row.get("label"), row.get("score"))


def segments(path: Path, data: Mapping[str, Any]) -> Annotation:
    """A file with a list `segments`: ours, the official code's, or an annotation by hand, told by their fields."""
    rows = data["segments"]
    fields: set[str] = set(object_of(rows[0], "segment 1")) if rows else set()
    if "start_sec" in fields or "video_duration_sec" in data:
        return _laps(path, data)
    video = path.parent.name if path.name == KINEME_FILE else path.stem
    if "start_s" in fields:
        return annotation_of(video, data.get("duration_s"), rows, _kineme_interval)
    if "start" in fields or not rows:
        return _by_hand(video, data)
    raise Malformed("its segments have no start")


def _kineme_interval(row: Mapping[str, Any]) -> Interval:
    cluster = row.get("cluster")
    label = None if cluster is None else f"cluster {cluster}"
    return interval_of(row.get("start_s"), row.get("end_s"), label, row.get("energy_mean"))


def _by_hand(video: str, data: Mapping[str, Any]) -> Annotation:
    annotation = annotation_of(video, data.get("duration_s"), data["segments"])
    given = data.get("boundaries")
    if given is None:
        return annotation
    if not isinstance(given, list):
        raise Malformed("its boundaries are no list")
    boundaries_s = sorted(seconds(value, "a boundary") for value in given)
    # Where only background ends, an action starts: that is no end of an action.
    starts = {interval.start_s for interval in annotation.intervals}
    ends = {interval.end_s for interval in annotation.intervals}
    background_ends = {float(row["end"]) for row in data["segments"] if is_background(label_of(row.get("label")))}
    not_an_end = (starts | background_ends) - ends
    return replace(annotation, boundaries_s=tuple(time_s for time_s in boundaries_s if time_s not in not_an_end))


def _laps(path: Path, data: Mapping[str, Any]) -> Annotation:
    """Its labels "segment_k" are numbers and not names, so they are left out.

    The score of a segment is what the official evaluation takes: the mean energy of the windows that lie in it, of all
    `stream_energy_*.jsonl` beside the folder `segmented_videos`; None where there is none.
    """
    ending = next((e for e in LAPS_ENDINGS if path.name.endswith(e)), path.suffix)
    annotation = annotation_of(
        path.name.removesuffix(ending), data.get("video_duration_sec"), data["segments"], _laps_row
    )
    if path.parent.name != LAPS_FOLDER:
        return annotation
    given = data.get("segmentation_params")
    params: Mapping[str, Any] = given if isinstance(given, dict) else {}
    stride = number_of(params.get("stride", 4), "the stride")
    energies = _laps_energies(path.parent.parent, stride, number_of(params.get("target_fps", 10), "target_fps") or 10)
    return replace(annotation, intervals=tuple(_scored(interval, energies) for interval in annotation.intervals))


def _laps_row(row: Mapping[str, Any]) -> Interval:
    label = row.get("label")
    unnamed = isinstance(label, str) and label.removeprefix("segment_").isdigit()
    return interval_of(row.get("start_sec"), row.get("end_sec"), None if unnamed else label)


def _laps_energies(folder: Path, stride: float, fps: float) -> list[tuple[float, float]]:
    """(time, energy) of every window of every file. A line that is none is passed over, as in the official code."""
    energies = []
    for path in sorted(folder.glob("stream_energy_*.jsonl")):
        windows: dict[int, float] = {}
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                row = json.loads(line)
                windows[int(row["window"])] = float(row["energy"])
            except (ValueError, TypeError, KeyError):
                continue
        energies += [(window * stride / fps, energy) for window, energy in windows.items()]
    return energies


def _scored(interval: Interval, energies: Sequence[tuple[float, float]]) -> Interval:
    inside = [energy for time_s, energy in energies if interval.start_s <= time_s <= interval.end_s]
    return replace(interval, score=float(np.mean(inside))) if inside else interval


def via(data: Mapping[str, Any]) -> list[Annotation]:
    """A project of VIA 3: temporal segments, labelled by the first attribute that has a value; options by name."""
    names = {str(fid): str(object_of(one, "a file").get("fname", fid)) for fid, one in _entries(data, "file")}
    views = {
        str(vid): [str(fid) for fid in object_of(one, "a view").get("fid_list", [])]
        for vid, one in _entries(data, "view")
    }
    options = {
        str(aid): {str(k): str(v) for k, v in (object_of(one, "an attribute").get("options") or {}).items()}
        for aid, one in _entries(data, "attribute")
    }
    rows: dict[str, list[dict[str, Any]]] = {}
    for key, value in _entries(data, "metadata"):
        one = object_of(value, f"metadata {key}")
        times = one.get("z")
        if not isinstance(times, list) or len(times) != 2:
            continue  # a region of one frame
        given = {str(aid): str(said) for aid, said in object_of(one.get("av") or {}, "av").items()}
        label = next((options.get(aid, {}).get(said, said) for aid, said in given.items() if said), "")
        files = views.get(str(one.get("vid")), [str(one.get("vid"))])
        name = Path(names.get(files[0], files[0])).stem if files else ""
        rows.setdefault(name, []).append({"start": times[0], "end": times[1], "label": label})
    return [annotation_of(video, None, part) for video, part in rows.items()]


def _entries(data: Mapping[str, Any], name: str) -> Iterable[tuple[str, Any]]:
    return object_of(data.get(name) or {}, name).items()
