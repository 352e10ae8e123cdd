"""A queue that a test works off itself, in place of broker and workers (checked against the real ones in test_kill)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from backend.runs import scheduling, stages
from backend.runs.models import StageExecution, Status
from ml import clustering


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch, media: Path) -> Callable[[], None]:
    """Does what is queued, and what that queues, until nothing is left.

    UMAP takes half a minute to import: here the map is laid out by PCA again (tests/ml has the real one).
    """
    monkeypatch.setattr(scheduling, "wake", lambda *_: None)
    monkeypatch.setattr(clustering, "project_umap", lambda vectors, seed: clustering.pca(vectors))

    def until_idle() -> None:
        while due := list(StageExecution.objects.filter(status=Status.QUEUED).order_by("pk")):
            for row in due:
                stages.run(row.pk)

    return until_idle
