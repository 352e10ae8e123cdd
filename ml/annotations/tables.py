"""Annotations as tables: CSV with start, end and label, and what BORIS exports."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Mapping, Sequence

from ml.annotations.fields import Malformed, annotation_of
from ml.annotations.model import Annotation

STARTS = ("start", "start_s", "start (s)", "start_sec", "start time", "begin", "from")
ENDS = ("end", "end_s", "end (s)", "end_sec", "stop", "stop_s", "stop (s)", "end time", "to")
LABELS = ("label", "action", "behavior", "behaviour", "name", "class", "cluster")
VIDEOS = ("video", "file", "media file", "media file name", "media file path", "observation id")
TIMES = ("time", "time (s)")
STATES = ("status", "behavior type", "behavioral type")
DELIMITERS = ",;\t"


def read_table(video: str, text: str) -> list[Annotation]:
    """The annotations of a table, one a video; all of `video` where no column names one.

    Two shapes: a row an interval (start, end, and a label if there is one), as in our own exports and BORIS's
    aggregated events; or a row an event with time, behaviour and START or STOP, as in BORIS's tabular events, whose
    POINT events have no length and are left out. The header may follow lines about the observation. Raises Malformed.
    """
    header, rows = _table(text)
    if _column(header, STARTS) is not None and _column(header, ENDS) is not None:
        found = list(_intervals(header, rows))
    else:
        found = list(_events(header, rows))
    by_video: dict[str, list[dict[str, object]]] = {}
    for name, row in found:
        by_video.setdefault(name or video, []).append(row)
    return [annotation_of(name, None, part) for name, part in by_video.items()] or [annotation_of(video, None, [])]


def _table(text: str) -> tuple[list[str], list[list[str]]]:
    """The header's names in lower case and the rows below it. The header is the first line that looks like one."""
    for delimiter in sorted(DELIMITERS, key=text[:10_000].count, reverse=True):
        try:
            lines = [line for line in csv.reader(io.StringIO(text), delimiter=delimiter, strict=True) if any(line)]
        except csv.Error as error:
            raise Malformed(f"it is no table: {error}") from error
        for index, line in enumerate(lines):
            header = [cell.strip().casefold() for cell in line]
            is_intervals = _column(header, STARTS) is not None and _column(header, ENDS) is not None
            if is_intervals or (_column(header, TIMES) is not None and _column(header, STATES) is not None):
                return header, lines[index + 1 :]
    raise Malformed("no line names the columns start and end, or time and status")


def _intervals(header: list[str], rows: list[list[str]]) -> Iterator[tuple[str, dict[str, object]]]:
    for row in rows:
        cells = _cells(header, row)
        start, end = _first(cells, STARTS), _first(cells, ENDS)
        if start.casefold() in ("", "na", "nan") and end.casefold() in ("", "na", "nan"):
            continue  # BORIS writes a row without times for a behaviour that was not seen
        yield _video(cells), {"start": _number(start), "end": _number(end), "label": _first(cells, LABELS)}


def _events(header: list[str], rows: list[list[str]]) -> Iterator[tuple[str, dict[str, object]]]:
    begun: dict[tuple[str, str], float | str] = {}
    for row in rows:
        cells = _cells(header, row)
        key, time_s = (_video(cells), _first(cells, LABELS)), _number(_first(cells, TIMES))
        match _first(cells, STATES).casefold():
            case "start":
                if key in begun:
                    raise Malformed(f"{key[1]!r} starts at {time_s} s, but it had not stopped")
                begun[key] = time_s
            case "stop":
                if key not in begun:
                    raise Malformed(f"{key[1]!r} stops at {time_s} s, but it had not started")
                yield key[0], {"start": begun.pop(key), "end": time_s, "label": key[1]}
            case "point":
                continue
            case other:
                raise Malformed(f"{other!r} is not START, STOP or POINT")
    if begun:
        (_, label), time_s = next(iter(begun.items()))
        raise Malformed(f"{label!r} starts at {time_s} s and never stops")


def _cells(header: list[str], row: Sequence[str]) -> Mapping[str, str]:
    return dict(zip(header, (cell.strip() for cell in row), strict=False))


def _column(header: Sequence[str], names: Sequence[str]) -> str | None:
    return next((name for name in names if name in header), None)


def _first(cells: Mapping[str, str], names: Sequence[str]) -> str:
    return next((cells[name] for name in names if name in cells), "")


def _video(cells: Mapping[str, str]) -> str:
    """The stem of the file the row is about."""
    name = _first(cells, VIDEOS).replace("\\", "/").rsplit("/", 1)[-1]
    stem, dot, ending = name.rpartition(".")
    return stem if dot and stem and len(ending) <= 5 and not ending.isdigit() else name


def _number(text: str) -> float | str:
    """Seconds, also as 1:02:03.5; what is none is left for who checks the field."""
    try:
        seconds = math.fsum(float(part) * 60.0**place for place, part in enumerate(reversed(text.split(":"))))
    except ValueError:
        return text
    return seconds
