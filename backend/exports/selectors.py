"""Reads of exports: the rows, and what one would hold before anybody asks for it."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from backend.common.artefacts import store
from backend.exports.choosing import Choice, choose, splits_of
from backend.exports.exceptions import BadOptions
from backend.exports.kinds import README
from backend.exports.models import Export, ExportStatus
from backend.exports.options import Asked
from backend.projects.models import User
from backend.versions import frozen
from backend.versions.frozen import Frozen
from backend.versions.models import VocabularyVersion
from ml.exports.dataset import SPLITS


def exports_visible_to(user: User | AnonymousUser) -> QuerySet[Export]:
    return Export.objects.visible_to(user).select_related("version__run", "asked_by").defer("version__run__cuts")


@functools.lru_cache(maxsize=2)
def content_of(digest: str) -> Frozen:
    """What a version holds. Kept: a dialog asks again with every change of its filter, and a version never changes."""
    return frozen.load(digest)


def label_of(version: VocabularyVersion) -> str:
    """What a version is called in what is written from it."""
    return f"{version.number} ({version.name})"


def readme_of(export: Export) -> str:
    """The dataset card as it lies in the file; empty where there is no file."""
    if export.status != ExportStatus.DONE or export.gone_at is not None:
        return ""
    try:
        return (store().path(export.key) / README).read_text()
    except FileNotFoundError:
        return ""


@dataclass(frozen=True)
class Preview:
    """What an export would hold, and why the rest of the version would stay out."""

    choice: Choice
    n_segments: int
    n_actions: int
    n_videos: int
    seconds: float
    splits: dict[str, dict[str, int]]  # by name: segments and videos
    actions: list[dict[str, Any]]  # of the version, each with how many the rest of the filter leaves of it


def preview(version: VocabularyVersion, asked: Asked) -> Preview:
    """Raises BadOptions where the filter names an action the version does not have."""
    content = content_of(version.digest)
    check_actions(content.vocabulary, asked)
    choice = choose(content.columns, asked.filter)
    rows = choice.rows
    videos, action = content.columns["video"][rows], content.columns["action"][rows]
    split = np.array(splits_of(content.vocabulary["videos"], asked.shares), dtype=object)
    in_use = np.unique(videos)
    of_any = choose(content.columns, replace(asked.filter, actions=None)).rows
    ids, counts = np.unique(content.columns["action"][of_any], return_counts=True)
    n_of = dict(zip(ids.tolist(), counts.tolist(), strict=True))
    return Preview(
        choice=choice,
        n_segments=len(rows),
        n_actions=len(np.unique(action[action >= 0])),
        n_videos=len(in_use),
        seconds=float((content.columns["end_s"][rows] - content.columns["start_s"][rows]).sum()),
        splits={
            name: {
                "segments": int((split[videos] == name).sum()) if len(rows) else 0,
                "videos": int((split[in_use] == name).sum()) if len(rows) else 0,
            }
            for name in SPLITS
        },
        actions=[
            {"id": one["id"], "name": one["name"], "colour": one["colour"], "n_segments": n_of.get(one["id"], 0)}
            for one in content.vocabulary["actions"]
        ],
    )


def check_actions(vocabulary: Mapping[str, Any], asked: Asked) -> None:
    """Raises BadOptions where the filter names an action the version does not have."""
    if asked.filter.actions is None:
        return
    if missing := sorted(set(asked.filter.actions) - {one["id"] for one in vocabulary["actions"]}):
        raise BadOptions("This version has no such action.", actions=missing[:20])
