"""What every kind says of a primitive, and where it comes from."""

from __future__ import annotations

from typing import Any

from ml.exports.dataset import Dataset, Primitive, Source
from ml.exports.text import plain


def facts_of_primitive(dataset: Dataset, source: Source, primitive: Primitive) -> dict[str, Any]:
    """JSON types. Times in seconds of the source's presentation time."""
    entry = dataset.action_of(primitive)
    return {
        "id": primitive.id,
        "start_s": primitive.start_s,
        "end_s": primitive.end_s,
        "label": plain(dataset.label_of(primitive)),
        "action": None
        if entry is None
        else {
            "id": entry.key,
            "name": plain(entry.name),
            "description": plain(entry.description),
            "subject": plain(entry.subject),
            "verb": plain(entry.verb),
            "object": plain(entry.object),
            "primitive": entry.primitive,
        },
        "cluster": primitive.cluster,
        "quality": primitive.quality,
        "n_reviews": primitive.n_reviews,
        "source": {
            "key": source.key,
            "title": plain(source.title),
            "sha256": source.sha256,
            "view": plain(source.view),
            "recording": plain(source.recording),
            "licence": plain(source.licence),
            "split": source.split,
        },
        "run": dataset.run,
        "version": plain(dataset.version),
        "version_digest": dataset.digest,
    }
