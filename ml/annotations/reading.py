"""Files and folders of annotations."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from ml.annotations import elan, json_formats, tables
from ml.annotations.fields import Malformed, object_of
from ml.annotations.json_formats import KINEME_FILE, LAPS_ENDINGS, LAPS_FOLDER
from ml.annotations.model import Annotation, from_frame_labels
from ml.errors import UnusableAnnotation

ENDINGS = (".json", ".txt", ".csv", ".tsv", ".eaf")


def read_annotation(path: Path, fps: float | None = None, tier: str | None = None) -> Annotation:
    """The annotation in a file that is about one video; `fps` is that of frame labels, `tier` the one of ELAN to read.

    Raises UnusableAnnotation, in one sentence that names the file, also where it is about several videos.
    """
    found = list(_read(path, fps, tier))
    if len(found) != 1:
        raise UnusableAnnotation(f"{_shown(path)} is about {len(found)} videos, where one is expected.")
    return found[0]


def read_annotation_of(video: str, path: Path, fps: float | None = None, tier: str | None = None) -> Annotation:
    """What a file says of `video`, a file's stem. A file about one video may call it otherwise.

    Raises UnusableAnnotation, in one sentence that names the file.
    """
    found = list(_read(path, fps, tier))
    named = [annotation for annotation in found if annotation.video.casefold() == video.casefold()]
    if len(found) != 1 and len(named) != 1:
        raise UnusableAnnotation(f"{_shown(path)} is about {len(found)} videos, and not one of them is {video}.")
    return found[0] if len(found) == 1 else named[0]


def format_of(path: Path) -> str:
    """What the format of a file that can be read is called."""
    by_ending = {".eaf": "ELAN", ".csv": "table", ".tsv": "table", ".txt": "frame labels"}
    if (known := by_ending.get(path.suffix.lower())) is not None:
        return known
    data = json.loads(path.read_bytes().decode("utf-8-sig"))
    by_key = {"database": "ActivityNet", "results": "ActivityNet predictions", "metadata": "VIA"}
    if (key := next((key for key in by_key if key in data), None)) is not None:
        return by_key[key]
    fields = set(data["segments"][0]) if data["segments"] else set()
    return "LAPS" if "start_sec" in fields else "Kineme" if "start_s" in fields else "segments"


def read_annotations(path: Path, fps: float | None = None) -> dict[str, Annotation]:
    """Every video of a file, or of a folder read whole, by the stem that pairs prediction and truth.

    A folder that `kineme discover` left has `<video>/segments.json`, and its other files are not looked at. In any
    other folder every file of a format we know is read, and what the official LAPS code leaves in
    `<video>/segmented_videos`.

    Raises UnusableAnnotation for a file that cannot be used, for two that are about one video, and where there is none.
    """
    if not path.is_dir():
        return _unique((path, annotation) for annotation in _read(path, fps))
    files = _files(path)
    if not files:
        raise UnusableAnnotation(f"{path} holds no annotations: no file that ends in {', '.join(ENDINGS)}.")
    return _unique((file, annotation) for file in files for annotation in _read(file, fps))


def _files(folder: Path) -> list[Path]:
    ours = sorted(folder.glob(f"*/{KINEME_FILE}"))
    if ours:
        return ours
    flat = [p for p in folder.iterdir() if p.suffix.lower() in ENDINGS and not p.name.startswith(".")]
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


def _read(path: Path, fps: float | None, tier: str | None = None) -> Iterable[Annotation]:
    """Every annotation of one file. What is wrong with it is said with its name."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
        return _read_text(path, text, fps, tier)
    except OSError as error:
        raise UnusableAnnotation(f"{_shown(path)} cannot be read: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise UnusableAnnotation(f"{_shown(path)} is not a text file.") from error
    except Malformed as error:
        raise UnusableAnnotation(f"{_shown(path)}: {error}.") from error


def _read_text(path: Path, text: str, fps: float | None, tier: str | None) -> Iterable[Annotation]:
    match path.suffix.lower():
        case ".eaf":
            return [elan.read_elan(path.stem, text, tier)]
        case ".csv" | ".tsv":
            return tables.read_table(path.stem, text)
        case ".txt":
            return [_frame_labels(path.stem, text, fps)]
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Malformed("it is not JSON") from error
    if isinstance(data, dict):
        if "database" in data:
            return json_formats.activitynet(object_of(data["database"], "database"))
        if "results" in data:
            return json_formats.activitynet_results(object_of(data["results"], "results"))
        if isinstance(data.get("segments"), list):
            return [json_formats.segments(path, data)]
        if "metadata" in data and "attribute" in data:
            return json_formats.via(data)
    raise Malformed("it has the shape of no annotation we know")


def _frame_labels(video: str, text: str, fps: float | None) -> Annotation:
    if fps is None:
        raise Malformed("labels of frames need their frames per second (--fps)")
    labels = [line.strip() for line in text.rstrip().splitlines()]
    if not labels:
        raise Malformed("it is empty")
    for number, label in enumerate(labels, 1):
        if len(label.split()) != 1:
            raise Malformed(f"line {number} is not one label")
    return from_frame_labels(video, labels, fps)


def _shown(path: Path) -> str:
    """The name a person knows the file by: every video of ours has a file of the same name."""
    name = f"{path.parent.name}/{path.name}" if path.name == KINEME_FILE else path.name
    return name.encode("utf-8", "replace").decode()
