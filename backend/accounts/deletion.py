"""Taking a whole project away."""

from __future__ import annotations

import logging
from pathlib import Path

from django.db import connection, transaction

from backend.accounts.exceptions import ProjectInUse, WrongName
from backend.common import events
from backend.exports.models import Export
from backend.projects.models import Project, User
from backend.runs.models import RunStatus
from backend.versions.models import VocabularyVersion

logger = logging.getLogger(__name__)
AT_WORK = (RunStatus.QUEUED, RunStatus.RUNNING)


@transaction.atomic
def delete_project(*, project: Project, typed: str, by: User) -> None:
    """Delete a project with all that is in it, its audit log too. Originals of its videos go; artefacts stay, as rows
    of other projects may share them. What remains of it is a line in the server's log.

    Raises:
        WrongName: what was typed is not its name.
        ProjectInUse: a run or an export is at work in it.
    """
    locked = Project.objects.select_for_update().get(pk=project.pk)
    if typed != locked.name:
        raise WrongName("That is not the name of this project. Type it as it is written above.")
    if locked.runs.filter(status__in=AT_WORK).exists():
        raise ProjectInUse("A run is at work in this project. Cancel it first.", project=locked.pk)
    if Export.objects.filter(project=locked).unfinished().exists():
        raise ProjectInUse("An export of this project is being made. Cancel it first.", project=locked.pk)
    paths = [video.path for video in locked.videos.all()] + [upload.path for upload in locked.uploads.all()]
    project_id, name = locked.pk, locked.name
    with connection.cursor() as cursor:
        # The trigger that keeps the audit log append-only lets the entries of this one project go.
        cursor.execute("SELECT set_config('kineme.deleting_project', %s, true)", [str(project_id)])
    # An export protects its version and a version its run, so they go in this order.
    Export.objects.filter(project=locked).delete()
    VocabularyVersion.objects.filter(project=locked).delete()
    locked.delete()
    events.publish(project_id, kind="project", id=project_id, status="deleted")
    logger.warning("project %d (%r) was deleted by %s", project_id, name, by.username)
    transaction.on_commit(lambda: _remove(paths))


def _remove(paths: list[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
