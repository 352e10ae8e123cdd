"""ActivityNet JSON, and the same as a table: what `ml.annotations` reads back."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ml.artefacts import Progress
from ml.exports.card import write_card
from ml.exports.dataset import Dataset, Primitive, Source
from ml.exports.options import ActivitynetOptions
from ml.exports.text import cell, plain, to_json

SUBSETS = {"train": "training", "val": "validation", "test": "testing"}
COLUMNS = ("video", "start_s", "end_s", "label", "subset", "title", "quality", "n_reviews", "cluster", "id")


def write(dataset: Dataset, folder: Path, options: ActivitynetOptions, progress: Progress) -> None:
    """annotations.json: {"version", "taxonomy", "database": {Source.key: {"duration", "subset", "annotations"}}}, times
    in seconds to the digit; every video of the dataset, also where nothing of it was kept. segments.csv: a row a
    primitive, whose texts a spreadsheet does not compute. Errors: see `Writer.write`.

    The fields are those of ActivityNet 1.3 (activity-net.org); "title", "sha256", "view", "recording", "licence" of a
    video and "id", "quality", "n_reviews", "cluster" of an annotation are ours.
    """
    _write_json(dataset, folder / "annotations.json", options, progress)
    with (folder / "segments.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(COLUMNS)
        sources = {source.key: source for source in dataset.sources}
        for one in dataset.primitives:
            table.writerow(_row(dataset, sources[one.source], one, options))
    write_card(dataset, folder, "activitynet", options, {"annotations": len(dataset.primitives)}, _NOTES)


_NOTES = (
    "A video is called by its key here; its title and the SHA-256 of its file stand beside it.",
    "In segments.csv a text that begins like a formula has an apostrophe before it; annotations.json has it as it is.",
)


def _write_json(dataset: Dataset, path: Path, options: ActivitynetOptions, progress: Progress) -> None:
    primitives = {source.key: found for source, found in dataset.by_source}
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(f'{{\n"version": {to_json(f"{dataset.name}, version {dataset.version}")},\n')
        file.write(f'"taxonomy": {to_json(list(_taxonomy(dataset, options)), indent=None)},\n"database": {{')
        for place, source in enumerate(dataset.sources):  # one at a time: a project may have a million primitives
            entry = _entry(dataset, source, primitives.get(source.key, []), options)
            file.write(f"{',' if place else ''}\n{to_json(source.key)}: {to_json(entry, indent=None)}")
            progress(place / len(dataset.sources), f"{place + 1} of {len(dataset.sources)} videos")
        file.write("\n}\n}\n")


def _entry(
    dataset: Dataset, source: Source, primitives: list[Primitive], options: ActivitynetOptions
) -> dict[str, Any]:
    return {
        "duration": source.duration_s,
        "subset": SUBSETS[source.split],
        "title": plain(source.title),
        "sha256": source.sha256,
        "view": plain(source.view),
        "recording": plain(source.recording),
        "licence": plain(source.licence),
        "annotations": [
            {
                "segment": [one.start_s, one.end_s],
                "label": _label(dataset, one, options),
                "id": one.id,
                "quality": one.quality,
                "n_reviews": one.n_reviews,
                "cluster": one.cluster,
            }
            for one in primitives
        ],
    }


def _label(dataset: Dataset, primitive: Primitive, options: ActivitynetOptions) -> str:
    entry = dataset.action_of(primitive)
    if options.label == "primitive" and entry is not None:
        return entry.primitive or "other"
    return plain(dataset.label_of(primitive))


def _taxonomy(dataset: Dataset, options: ActivitynetOptions) -> Iterator[dict[str, Any]]:
    """Root, the primitives of the taxonomy (LA4VLA §4.2), and the actions below them."""
    yield {"nodeId": 0, "nodeName": "Root", "parentId": None, "parentName": None}
    kinds = sorted({entry.primitive or "other" for entry in dataset.vocabulary})
    for number, kind in enumerate(kinds, 1):
        yield {"nodeId": number, "nodeName": kind, "parentId": 0, "parentName": "Root"}
    if options.label == "primitive":
        return
    for number, entry in enumerate(dataset.vocabulary, len(kinds) + 1):
        kind = entry.primitive or "other"
        yield {
            "nodeId": number,
            "nodeName": plain(entry.name),
            "parentId": kinds.index(kind) + 1,
            "parentName": kind,
        }


def _row(dataset: Dataset, source: Source, one: Primitive, options: ActivitynetOptions) -> list[Any]:
    return [
        source.key,
        one.start_s,
        one.end_s,
        cell(_label(dataset, one, options)),
        SUBSETS[source.split],
        cell(source.title),
        "" if one.quality is None else one.quality,
        one.n_reviews,
        "" if one.cluster is None else one.cluster,
        one.id,
    ]
