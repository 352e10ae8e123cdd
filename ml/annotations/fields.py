"""The fields of an annotation, checked one by one: what is wrong is said in words, without the file's name."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from ml.annotations.model import Annotation, Interval, is_background


class Malformed(Exception):
    """What is wrong with a file, without its name."""


def row_of(row: Mapping[str, Any]) -> Interval:
    """The interval of a row with start, end and label."""
    return interval_of(row.get("start"), row.get("end"), row.get("label"))


def annotation_of(
    video: str, duration_s: Any, rows: Any, read: Callable[[Mapping[str, Any]], Interval] = row_of
) -> Annotation:
    """What rows say of a video, in order of start, without background. Raises Malformed naming the row."""
    if not isinstance(rows, list):
        raise Malformed(f"the segments of {video} are no list")
    intervals = []
    for number, row in enumerate(rows, 1):
        try:
            intervals.append(read(object_of(row, "it")))
        except Malformed as error:
            raise Malformed(f"segment {number} of {video} is malformed: {error}") from error
    length_s = None if duration_s is None else seconds(duration_s, "the duration")
    actions = [interval for interval in intervals if not is_background(interval.label)]
    ordered = sorted(actions, key=lambda i: (i.start_s, i.end_s))
    return Annotation(video, length_s, tuple(ordered), reordered=ordered != actions)


def interval_of(start: Any, end: Any, label: Any, score: Any = None) -> Interval:
    """An interval of seconds from values as a file holds them. Raises Malformed where it is none."""
    start_s, end_s = seconds(start, "its start"), seconds(end, "its end")
    if end_s <= start_s:
        raise Malformed(f"it ends at {end_s:g} s and starts at {start_s:g} s")
    return Interval(start_s, end_s, label_of(label), None if score is None else number_of(score, "its score"))


def label_of(value: Any) -> str | None:
    """A label as text; None where there is none."""
    return None if value is None or value == "" else str(value)


def seconds(value: Any, what: str) -> float:
    """A time of 0 or more in seconds. Raises Malformed, naming it by `what`."""
    found = number_of(value, what)
    if found < 0:
        raise Malformed(f"{what} is negative")
    return found


def number_of(value: Any, what: str) -> float:
    """A finite number. Raises Malformed, naming it by `what`."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Malformed(f"{what} is no number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise Malformed(f"{what} is no finite number")
    return number


def object_of(value: Any, what: str) -> Mapping[str, Any]:
    """A JSON object. Raises Malformed, naming it by `what`."""
    if not isinstance(value, dict):
        raise Malformed(f"{what} is no object")
    return value
