"""The sample project: render its two views if they are not there, prepare them, and discover their primitives.

Safe to call at every start: it goes on where it was stopped, and leaves alone what a person changed or deleted.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from backend.common import events
from backend.projects.models import Project
from backend.projects.services import create_project, ensure_first_account
from backend.runs.management.commands.ingest import wait_until_prepared
from backend.runs.services import start_ingest, start_run
from backend.videos.models import Video
from backend.videos.services import register_file
from ml.config import digest_of
from ml.synthetic import SceneConfig, render_sample

NAME = "Sample workstation (synthetic)"
DESCRIPTION = "Two views of one rendered take, to try Kineme on. Nothing in it was filmed; its ground truth is exact."
RECORDING = "take 1"


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        folder = settings.DATA_FOLDER / "sample"
        made = folder / "project.json"  # which project it became: one that was deleted does not come back
        owner, _ = ensure_first_account()
        if not made.exists():
            folder.mkdir(parents=True, exist_ok=True)
            fresh = Project.objects.filter(synthetic=True, created_by=owner, name=NAME).first()
            fresh = fresh or create_project(name=NAME, by=owner, description=DESCRIPTION, synthetic=True)
            made.write_text(json.dumps({"project": fresh.pk}))
        project = Project.objects.filter(pk=json.loads(made.read_text())["project"]).first()
        if project is None or project.runs.exists():
            return
        config = SceneConfig()
        videos = []
        for path, view in zip(self._rendered(folder, config, project), config.views, strict=True):
            video = Video.objects.filter(project=project, title=path.name).first()
            videos.append(video or self._registered(project, path, view))
            if not videos[-1].stages.exists():
                start_ingest(videos[-1])
        if ready := wait_until_prepared(videos):
            run = start_run(project=project, by=owner, preset="small", videos=ready)
            self.stdout.write(f"{run} of the sample project started")

    def _rendered(self, folder: Path, config: SceneConfig, project: Project) -> list[Path]:
        """The sample's videos, rendered now or at an earlier start."""
        final = folder / digest_of(config)[:16]
        if not final.exists():
            aside = folder / "rendering"
            shutil.rmtree(aside, ignore_errors=True)

            def tell(fraction: float, message: str) -> None:
                project.description = f"{message}: {fraction:.0%}"
                project.save(update_fields=["description"])
                events.publish(project.pk, kind="project", id=project.pk, progress=fraction, message=message)

            render_sample(aside, config, _each_percent(tell))
            aside.rename(final)
        project.description = DESCRIPTION
        project.save(update_fields=["description"])
        return [final / f"synthetic-{view}.mp4" for view in config.views]

    def _registered(self, project: Project, path: Path, view: str) -> Video:
        truth = json.loads(path.with_suffix(".json").read_text())
        return register_file(
            project=project,
            path=path,
            title=path.name,
            by=project.created_by,
            view=view,
            recording=RECORDING,
            synthetic=True,
            truth=truth,
        )


def _each_percent(tell: Any) -> Any:
    """Pass on a progress only when its percentage changed."""
    last = [-1]

    def report(fraction: float, message: str) -> None:
        if int(fraction * 100) != last[0]:
            last[0] = int(fraction * 100)
            tell(fraction, message)

    return report
