"""Put video files of this machine into a project and discover their primitives."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from backend.common.errors import ApplicationError
from backend.projects.models import Membership, Project, Role, User
from backend.projects.services import create_project
from backend.runs.services import start_ingest, start_run
from backend.videos.models import Video, VideoStatus
from backend.videos.services import register_file

DEFAULT_PROJECT = "My videos"
POLL_S = 0.5


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path)
        parser.add_argument("--project", default=DEFAULT_PROJECT, help=f"its name (default: {DEFAULT_PROJECT})")
        parser.add_argument("--preset", default="small")
        parser.add_argument("--no-run", action="store_true", help="only prepare the videos")

    def handle(self, *args: Any, **options: Any) -> None:
        project, owner = _project(options["project"])
        taken = []
        for path in options["files"]:
            try:
                video = register_file(project=project, path=path, title=path.name, by=owner)
            except (OSError, ApplicationError) as error:
                self.stderr.write(f"{path}: {getattr(error, 'strerror', None) or error}")
                continue
            start_ingest(video)
            taken.append(video)
        ready = wait_until_prepared(taken)
        for video in taken:
            video.refresh_from_db()
            if video.status == VideoStatus.FAILED:
                self.stderr.write(f"{video.title}: {video.reason}")
        if ready and not options["no_run"]:
            run = start_run(project=project, by=owner, preset=options["preset"], videos=ready)
            self.stdout.write(f"{run} started over {len(ready)} of {len(taken)} videos in “{project}”")


def _project(name: str) -> tuple[Project, User]:
    """The project of that name that the first account owns, made if there is none."""
    owner = User.objects.filter(is_active=True).order_by("pk").first()
    if owner is None:
        raise CommandError("There is no account yet: run `manage.py bootstrap_account` first.")
    mine = Membership.objects.filter(user=owner, role=Role.OWNER, project__name=name).select_related("project").first()
    return (mine.project if mine else create_project(name=name, by=owner)), owner


def wait_until_prepared(videos: list[Video]) -> list[Video]:
    """Wait for the workers to check and prepare the videos; those that are ready."""
    ids = [video.pk for video in videos]
    settled = (VideoStatus.READY, VideoStatus.FAILED)
    while Video.objects.filter(pk__in=ids).exclude(status__in=settled).exists():
        time.sleep(POLL_S)
    return list(Video.objects.filter(pk__in=ids, status=VideoStatus.READY))
