"""The real worker, except that it stops once at one point of every stage and waits there to be killed.

`celery --app tests.backend.runs.held_worker worker`. In $HELD_FOLDER the file `<stage>` says that a worker was held
there; the next worker passes. Every other stage is held before its work, the rest between work and rows.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import django

from backend.config.celery import app

django.setup()

from backend.runs import stages  # noqa: E402
from backend.runs.graph import ORDER  # noqa: E402
from backend.runs.models import StageExecution  # noqa: E402
from ml.artefacts import Progress  # noqa: E402

__all__ = ["app"]

FOLDER = Path(os.environ["HELD_FOLDER"])
Work = Callable[[StageExecution, Progress], stages.Outcome]


def hold(stage: str) -> None:
    try:
        (FOLDER / stage).touch(exist_ok=False)
    except FileExistsError:
        return
    while True:
        time.sleep(1)


def held(stage: str, work: Work) -> Work:
    def before(execution: StageExecution, progress: Progress) -> stages.Outcome:
        hold(stage)
        return work(execution, progress)

    def after(execution: StageExecution, progress: Progress) -> stages.Outcome:
        outcome = work(execution, progress)
        hold(stage)
        return outcome

    return after if ORDER[stage] % 2 else before


for name, work in list(stages.WORK.items()):
    stages.WORK[name] = held(name, work)
