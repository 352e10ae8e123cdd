"""Writes of versions: freezing."""

from __future__ import annotations

from django.db import IntegrityError, connection, transaction
from django.db.models import Max

from backend.common import events
from backend.common.names import shown_name
from backend.projects import audit
from backend.projects.models import Project, User
from backend.runs.models import Run, RunStatus
from backend.versions import frozen
from backend.versions.exceptions import AlreadyFrozen, NothingToFreeze, NoVersionName, VersionNameTaken
from backend.versions.models import VocabularyVersion

LONGEST_NAME = 120


def freeze(*, run: Run, name: str, note: str, by: User) -> VocabularyVersion:
    """Keep the vocabulary over a run as it is at one moment.

    The moment is that of the first look: a change or a review that comes in while it is read is not in it.

    Raises:
        NoVersionName: there is nothing to see in the name.
        NothingToFreeze: the run is not finished, or has no primitives.
        VersionNameTaken: the project has a version of that name.
        AlreadyFrozen: the project has a version of the same content; `details.version` is its number.
    """
    name = shown_name(name, LONGEST_NAME)
    if not name:
        raise NoVersionName("A version needs a name that can be seen.")
    if run.status != RunStatus.DONE or not run.segments.exists():
        raise NothingToFreeze(f"{run} has no primitives to freeze yet.".capitalize())
    _refuse_taken(run.project_id, name)  # before reading 300,000 rows; the constraint decides below
    content = _at_one_moment(run)
    digest = frozen.save(content)
    with transaction.atomic():
        project = Project.objects.select_for_update(no_key=True).get(pk=run.project_id)  # numbers are given one by one
        _refuse_taken(project.pk, name)
        same = project.versions.filter(digest=digest).first()
        if same is not None:
            raise AlreadyFrozen(
                f"Nothing has changed since version {same.number} (“{same.name}”): it is frozen already.",
                version=same.number,
                id=same.pk,
            )
        here = set(run.videos.values_list("pk", flat=True))
        if here != {video["id"] for video in content.vocabulary["videos"]}:
            raise NothingToFreeze(f"A video of {run} was deleted meanwhile. Try again.")
        number = (project.versions.aggregate(last=Max("number"))["last"] or 0) + 1
        try:
            with transaction.atomic():
                version = project.versions.create(
                    run=run,
                    number=number,
                    name=name,
                    note=note,
                    digest=digest,
                    n_actions=content.n_actions,
                    n_segments=len(content.columns["id"]),
                    n_named=content.n_named,
                    n_rated=content.n_rated,
                    n_kept=content.n_kept,
                    alpha=content.alpha,
                    frozen_by=by,
                )
        except IntegrityError as error:
            raise _name_taken(name) from error
        summary = f"Froze version {number} “{name}” of {run}"
        audit.record(project, by=by, kind="version.frozen", summary=summary, version=version.pk, digest=digest)
        events.publish(project.pk, kind="versions", id=version.pk, run=run.pk, message=summary)
    return version


def _at_one_moment(run: Run) -> frozen.Frozen:
    """Everything from one snapshot of the database. Inside somebody's transaction its isolation is theirs."""
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        return frozen.taken_from(Run.objects.select_related("project").get(pk=run.pk))


def _refuse_taken(project: int, name: str) -> None:
    if VocabularyVersion.objects.filter(project=project, name=name).exists():
        raise _name_taken(name)


def _name_taken(name: str) -> VersionNameTaken:
    return VersionNameTaken(f"There is a version “{name}” already. Choose another name.")
