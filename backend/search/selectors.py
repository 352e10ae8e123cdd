"""Reads of examples."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.db.models import QuerySet

from backend.projects.models import User
from backend.search.models import Example


def examples_visible_to(user: User) -> QuerySet[Example]:
    return Example.objects.visible_to(user).select_related("video", "run").defer("run__config", "video__truth")


def clip_path(example: Example) -> Path:
    """Where an uploaded clip lies until it is embedded."""
    return settings.MEDIA_FOLDER / "examples" / example.storage_name
