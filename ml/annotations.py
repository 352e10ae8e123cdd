"""What is said of a video, by people or by a method, read from the file formats of the field.

| format | file | told by |
|---|---|---|
| ActivityNet | `{"database": {id: {"duration", "annotations": [{"segment": [s, e], "label"}]}}}` | `database` |
| ActivityNet predictions | `{"results": {id: [{"segment", "label", "score"}]}}` | `results` |
| `kineme discover` | `<video>/segments.json`, see `ml.store` | `start_s` |
| official LAPS | `<stem>_segments.json`, else `<stem>_segments_noisy.json`; energies beside it | `start_sec` |
| hand annotations, `ml.synthetic` | `{"duration_s", "boundaries", "segments": [{"start", "end", "label"}]}` | `start` |
| frame labels (GTEA, 50 Salads) | text, one label a line, and the frames per second | `.txt` |

Background is no action. Every reader leaves out the parts whose label is in `BACKGROUND`, so that nobody after it
has to know those words: what no interval covers is background.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from ml.errors import UnusableAnnotation

BACKGROUND = frozenset({"background", "bg", "sil", "na", "n/a", "none", "null", "action_start", "action_end"})
"""Labels, in any case, that say no action: GTEA, Breakfast (SIL), IKEA ASM (NA), 50 Salads (action_start, _end)."""

KINEME_FILE = "segments.json"
LAPS_ENDINGS = ("_segments.json", "_segments_noisy.json")  # the first is preferred where both exist
LAPS_FOLDER = "segmented_videos"


@dataclass(frozen=True)
class Interval:
    """A named part of a video, half-open. score: how sure a method is of it; higher is surer.

    Raises ValueError where a time is negative or not finite, or the interval has no length.
    """

    start_s: float
    end_s: float
    label: str | None = None
    score: float | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.start_s < self.end_s < math.inf:
            raise ValueError(f"an interval needs 0 <= start < end, got {self.start_s}..{self.end_s}")

    @property
    def duration_s(self) -> float:
        return self.end_s - self.start_s


@dataclass(frozen=True)
class Annotation:
    """What is said of one video. Intervals are in order of start, and none of them is background.

    boundaries_s: the ends of actions where they are given as such; None where they follow from the intervals.
    """

    video: str  # file stem; pairs prediction and truth
    duration_s: float | None
    intervals: tuple[Interval, ...]
    boundaries_s: tuple[float, ...] | None = None


def read_annotation(path: Path, fps: float | None = None) -> Annotation:
    """The annotation in a file that is about one video; `fps` is that of frame labels.

    Raises UnusableAnnotation, in one sentence that names the file, also where it is about several videos.
    """
    found = list(_read(path, fps))
    if len(found) != 1:
        raise UnusableAnnotation(f"{_shown(path)} is about {len(found)} videos, where one is expected.")
    return found[0]


def read_annotations(path: Path, fps: float | None = None) -> dict[str, Annotation]:
    """Every video of a file, or of a folder read whole, by the stem that pairs prediction and truth.

    A folder that `kineme discover` left has `<video>/segments.json`, and its other files are not looked at. In any
    other folder every .json and .txt is read, and what the official LAPS code leaves in `<video>/segmented_videos`.

    Raises UnusableAnnotation for a file that cannot be used, for two that are about one video, and where there is none.
    """
    if not path.is_dir():
        return _unique((path, annotation) for annotation in _read(path, fps))
    files = _files(path)
    if not files:
        raise UnusableAnnotation(f"{path} holds no annotations: no .json and no .txt file.")
    return _unique((file, annotation) for file in files for annotation in _read(file, fps))


def from_frame_labels(video: str, labels: Sequence[str], fps: float) -> Annotation:
    """One label a frame: each run of one label is an interval, background is left out."""
    intervals, first = [], 0
    for label, run in groupby(labels):
        stop = first + sum(1 for _ in run)
        if not is_background(label):
            intervals.append(Interval(first / fps, stop / fps, label))
        first = stop
    return Annotation(video, len(labels) / fps, tuple(intervals))


def is_background(label: str | None) -> bool:
    """Whether a label says that nothing is done. None is an action without a name."""
    return label is not None and label.strip().casefold() in BACKGROUND


def _files(folder: Path) -> list[Path]:
    ours = sorted(folder.glob(f"*/{KINEME_FILE}"))
    if ours:
        return ours
    flat = [p for p in folder.iterdir() if p.suffix.lower() in (".json", ".txt") and not p.name.startswith(".")]
    nested = [
        p for depth in ("*", "*/*") for ending in LAPS_ENDINGS for p in folder.glob(f"{depth}/{LAPS_FOLDER}/*{ending}")
    ]
    files = {p for p in [*flat, *nested] if p.is_file()}
    clean, noisy = LAPS_ENDINGS
    return sorted(p for p in files if p.with_name(p.name.removesuffix(noisy) + clean) not in files - {p})


def _unique(found: Iterable[tuple[Path, Annotation]]) -> dict[str, Annotation]:
    annotations: dict[str, Annotation] = {}
    source: dict[str, Path] = {}
    for path, annotation in found:
        before = source.setdefault(annotation.video, path)
        if annotation.video in annotations:
            raise UnusableAnnotation(f"{_shown(before)} and {_shown(path)} are both about {annotation.video}.")
        annotations[annotation.video] = annotation
    return annotations


def _read(path: Path, fps: float | None) -> Iterable[Annotation]:
    """Every annotation of one file. What is wrong with it is said with its name."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
        return _read_text(path, text, fps)
    except OSError as error:
        raise UnusableAnnotation(f"{_shown(path)} cannot be read: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise UnusableAnnotation(f"{_shown(path)} is not a text file.") from error
    except _Malformed as error:
        raise UnusableAnnotation(f"{_shown(path)}: {error}.") from error


def _read_text(path: Path, text: str, fps: float | None) -> Iterable[Annotation]:
    if path.suffix.lower() == ".txt":
        return [_frame_labels(path.stem, text, fps)]
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _Malformed("it is not JSON") from error
    if isinstance(data, dict):
        if "database" in data:
            return _activitynet(_object(data["database"], "database"))
        if "results" in data:
            return _activitynet_results(_object(data["results"], "results"))
        if isinstance(data.get("segments"), list):
            return [_segments(path, data)]
    raise _Malformed("it has the shape of no annotation we know")


class _Malformed(Exception):
    """What is wrong with a file, without its name."""


def _frame_labels(video: str, text: str, fps: float | None) -> Annotation:
    if fps is None:
        raise _Malformed("labels of frames need their frames per second (--fps)")
    labels = [line.strip() for line in text.rstrip().splitlines()]
    if not labels:
        raise _Malformed("it is empty")
    for number, label in enumerate(labels, 1):
        if len(label.split()) != 1:
            raise _Malformed(f"line {number} is not one label")
    return from_frame_labels(video, labels, fps)


def _activitynet(database: Mapping[str, Any]) -> list[Annotation]:
    """Entries without annotations of the subset "testing" are left out: their truth is not published."""
    found = []
    for video, value in database.items():
        entry = _object(value, video)
        rows = entry.get("annotations")
        if rows is None or (not rows and entry.get("subset") == "testing"):
            continue
        found.append(_annotation(video, entry.get("duration"), rows, _activitynet_interval))
    return found


def _activitynet_results(results: Mapping[str, Any]) -> list[Annotation]:
    return [_annotation(video, None, rows, _activitynet_interval) for video, rows in results.items()]


def _activitynet_interval(row: Mapping[str, Any]) -> Interval:
    segment = row.get("segment")
    if not isinstance(segment, list) or len(segment) != 2:
        raise _Malformed("no [start, end] is given")
    return _interval(segment[0], segment[1], row.get("label"), row.get("score"))


def _segments(path: Path, data: Mapping[str, Any]) -> Annotation:
    """A file with a list `segments`: ours, the official code's, or an annotation by hand, told by their fields."""
    rows = data["segments"]
    fields: set[str] = set(_object(rows[0], "segment 1")) if rows else set()
    if "start_sec" in fields or "video_duration_sec" in data:
        return _laps(path, data)
    video = path.parent.name if path.name == KINEME_FILE else path.stem
    if "start_s" in fields:
        return _annotation(video, data.get("duration_s"), rows, _kineme_interval)
    if "start" in fields or not rows:
        return _by_hand(video, data)
    raise _Malformed("its segments have no start")


def _kineme_interval(row: Mapping[str, Any]) -> Interval:
    cluster = row.get("cluster")
    label = None if cluster is None else f"cluster {cluster}"
    return _interval(row.get("start_s"), row.get("end_s"), label, row.get("energy_mean"))


def _by_hand(video: str, data: Mapping[str, Any]) -> Annotation:
    annotation = _annotation(video, data.get("duration_s"), data["segments"], _hand_interval)
    given = data.get("boundaries")
    if given is None:
        return annotation
    if not isinstance(given, list):
        raise _Malformed("its boundaries are no list")
    boundaries_s = sorted(_seconds(value, "a boundary") for value in given)
    # Where only background ends, an action starts: that is no end of an action.
    starts = {interval.start_s for interval in annotation.intervals}
    ends = {interval.end_s for interval in annotation.intervals}
    background_ends = {float(row["end"]) for row in data["segments"] if is_background(_label(row.get("label")))}
    not_an_end = (starts | background_ends) - ends
    return replace(annotation, boundaries_s=tuple(time_s for time_s in boundaries_s if time_s not in not_an_end))


def _hand_interval(row: Mapping[str, Any]) -> Interval:
    return _interval(row.get("start"), row.get("end"), row.get("label"))


def _laps(path: Path, data: Mapping[str, Any]) -> Annotation:
    """Its labels "segment_k" are numbers and not names, so they are left out.

    The score of a segment is what the official evaluation takes: the mean energy of the windows that lie in it, of all
    `stream_energy_*.jsonl` beside the folder `segmented_videos`; None where there is none.
    """
    ending = next((e for e in LAPS_ENDINGS if path.name.endswith(e)), path.suffix)
    annotation = _annotation(
        path.name.removesuffix(ending), data.get("video_duration_sec"), data["segments"], _laps_row
    )
    if path.parent.name != LAPS_FOLDER:
        return annotation
    given = data.get("segmentation_params")
    params: Mapping[str, Any] = given if isinstance(given, dict) else {}
    stride = _number(params.get("stride", 4), "the stride")
    energies = _laps_energies(path.parent.parent, stride, _number(params.get("target_fps", 10), "target_fps") or 10)
    return replace(annotation, intervals=tuple(_scored(interval, energies) for interval in annotation.intervals))


def _laps_row(row: Mapping[str, Any]) -> Interval:
    label = row.get("label")
    unnamed = isinstance(label, str) and label.removeprefix("segment_").isdigit()
    return _interval(row.get("start_sec"), row.get("end_sec"), None if unnamed else label)


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


def _annotation(video: str, duration_s: Any, rows: Any, read: Callable[[Mapping[str, Any]], Interval]) -> Annotation:
    if not isinstance(rows, list):
        raise _Malformed(f"the segments of {video} are no list")
    intervals = []
    for number, row in enumerate(rows, 1):
        try:
            intervals.append(read(_object(row, "it")))
        except _Malformed as error:
            raise _Malformed(f"segment {number} of {video} is malformed: {error}") from error
    length_s = None if duration_s is None else _seconds(duration_s, "the duration")
    actions = (interval for interval in intervals if not is_background(interval.label))
    return Annotation(video, length_s, tuple(sorted(actions, key=lambda i: (i.start_s, i.end_s))))


def _interval(start: Any, end: Any, label: Any, score: Any = None) -> Interval:
    start_s, end_s = _seconds(start, "its start"), _seconds(end, "its end")
    if end_s <= start_s:
        raise _Malformed(f"it ends at {end_s:g} s and starts at {start_s:g} s")
    return Interval(start_s, end_s, _label(label), None if score is None else _number(score, "its score"))


def _label(value: Any) -> str | None:
    return None if value is None or value == "" else str(value)


def _seconds(value: Any, what: str) -> float:
    seconds = _number(value, what)
    if seconds < 0:
        raise _Malformed(f"{what} is negative")
    return seconds


def _number(value: Any, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _Malformed(f"{what} is no number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise _Malformed(f"{what} is no finite number")
    return number


def _object(value: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise _Malformed(f"{what} is no object")
    return value


def _shown(path: Path) -> str:
    """The name a person knows the file by: every video of ours has a file of the same name."""
    name = f"{path.parent.name}/{path.name}" if path.name == KINEME_FILE else path.name
    return name.encode("utf-8", "replace").decode()
