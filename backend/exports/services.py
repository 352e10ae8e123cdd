"""What people cause: asking for exports, cancelling and deleting them; and the reaper's round."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from backend.common import disk
from backend.common.artefacts import store
from backend.exports import options, scheduling, selectors, settling
from backend.exports.choosing import choose, why_nothing
from backend.exports.exceptions import FileGone, NotActive, NothingToExport, NotReady, SourceGone, TooManyExports
from backend.exports.kinds import VERSIONS
from backend.exports.models import UNFINISHED, Export, ExportKind, ExportStatus
from backend.projects import audit
from backend.projects.models import Project, User
from backend.runs.models import Status
from backend.runs.reaper import is_empty
from backend.versions.models import VocabularyVersion
from backend.videos.models import Video
from ml.config import digest_of

UNFINISHED_AT_MOST = 5  # of one project
UNDELIVERED_AFTER = timedelta(seconds=10)


@transaction.atomic
def ask(
    *, project: Project, version: VocabularyVersion, kind: str, given: dict[str, Any] | None, by: User
) -> tuple[Export, bool]:
    """An export of a version, and whether it was asked for just now: one that is still being made, and would be the
    same, is given back. Where the file is there already, it is done at once.

    Raises:
        ValidationError: an option nobody knows, or a value it cannot have.
        BadOptions: an action the version does not have.
        NothingToExport: the filter lets nothing through.
        SourceGone: a video the version was made from has been deleted.
        TooManyExports: of this project too many are unfinished.
        DiskFull: there is no room for it.
    """
    asked = options.checked(kind, given)
    # One at a time in a project, so that two clicks cannot race.
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    key = key_of(version, kind, asked)
    same = Export.objects.filter(project=project, key=key)
    if unfinished := same.unfinished().first():
        return unfinished, False
    n_segments = _check(version, asked, kind)
    same.filter(status__in=(ExportStatus.FAILED, ExportStatus.CANCELLED)).delete()  # this is its next try
    made = Export(
        project=project,
        version=version,
        kind=kind,
        options=asked.as_stored(),
        key=key,
        filename=_filename(project, version, kind),
        n_segments=n_segments,
        asked_by=by,
    )
    there = store().exists(key)
    if not there and project.exports.unfinished().count() >= UNFINISHED_AT_MOST:
        raise TooManyExports(
            f"{UNFINISHED_AT_MOST} exports of this project are still being made. Wait for one, or cancel one."
        )
    made.save()
    audit.record(
        project,
        by=by,
        kind="export.asked",
        summary=f"Asked for version {version.number} as {ExportKind(kind).label}",
        export=str(made.pk),
        version=version.pk,
        options=made.options,
    )
    if there:
        settling.done(made)
    else:
        scheduling.announce(made)
        transaction.on_commit(partial(scheduling.wake, made.pk))
    return made, True


def key_of(version: VocabularyVersion, kind: str, asked: options.Asked) -> str:
    """Names what an export makes: everything its bytes depend on."""
    vocabulary = selectors.content_of(version.digest).vocabulary
    return digest_of(
        {
            "export": kind,
            "code": VERSIONS[kind],
            "digest": version.digest,
            "version": selectors.label_of(version),
            "config": vocabulary["config_hash"],
            "videos": [one["sha256"] for one in vocabulary["videos"]],
            "options": asked.as_stored(),
        }
    )


def _check(version: VocabularyVersion, asked: options.Asked, kind: str) -> int:
    content = selectors.content_of(version.digest)
    selectors.check_actions(content.vocabulary, asked)
    choice = choose(content.columns, asked.filter)
    if len(choice.rows) == 0:
        raise NothingToExport(
            why_nothing(choice, asked.filter), total=choice.total, unrated=choice.unrated, unnamed=choice.unnamed
        )
    places = sorted({int(place) for place in content.columns["video"][choice.rows]})
    wanted = [content.vocabulary["videos"][place] for place in places]
    there = Video.objects.in_bulk([one["id"] for one in wanted])
    gone = [one["title"] for one in wanted if one["id"] not in there]
    if gone:
        raise SourceGone(
            f"“{gone[0]}” is in this version but has been deleted since, so it cannot be written any more."
        )
    coded = version.run.stages.filter(stage="tokenize", status=Status.DONE, video__in=there)
    if coded.count() < len(there) or not version.run.stages.filter(stage="train", status=Status.DONE).exists():
        raise SourceGone("What the run made of these videos is not there any more.", run=version.run_id)
    if not store().exists(key_of(version, kind, asked)):
        disk.ensure_space(store().root, settling.room_needed(kind, list(there.values())))
    return len(choice.rows)


def _filename(project: Project, version: VocabularyVersion, kind: str) -> str:
    name = slugify(project.name, allow_unicode=True)[:80].strip("-_") or "kineme"
    return f"{name}-v{version.number}-{kind.replace('_', '-')}.tar"


@transaction.atomic
def cancel(*, export: Export, by: User) -> Export:
    """Stop an export that is not done. Its worker notices at its next beat. Raises NotActive where it has ended."""
    stopped = Export.objects.filter(pk=export.pk, status__in=UNFINISHED).update(
        status=ExportStatus.CANCELLED, lease_until=None, message="", finished_at=timezone.now()
    )
    export.refresh_from_db()
    if not stopped:
        raise NotActive("This export has ended already.", state=export.status)
    audit.record(
        export.project_id,
        by=by,
        kind="export.cancelled",
        summary=f"Cancelled version {export.version.number} as {export.get_kind_display()}",
        export=str(export.pk),
    )
    scheduling.announce(export)
    return export


@transaction.atomic
def delete(*, export: Export, by: User) -> None:
    """Forget an export, and its file unless another export has the same one. One that is being made stops."""
    Project.objects.select_for_update(no_key=True).get(pk=export.project_id)
    pk, key = export.pk, export.key
    audit.record(
        export.project_id,
        by=by,
        kind="export.deleted",
        summary=f"Deleted version {export.version.number} as {export.get_kind_display()}",
        export=str(pk),
        sha256=export.sha256,
    )
    scheduling.announce(export, status="deleted")
    Export.objects.filter(pk=pk).delete()
    _remove_file_unless_needed(key)


def _remove_file_unless_needed(key: str) -> None:
    if key and not Export.objects.needing(key).exists():
        transaction.on_commit(partial(store().remove, key))


def check_has_file(export: Export) -> None:
    """Raises NotReady before there is a file, and FileGone when there is none any more."""
    if export.status != ExportStatus.DONE:
        raise NotReady("There is no file yet." if export.status in UNFINISHED else "This export came to no file.")
    if export.gone_at is not None:
        raise FileGone(
            f"The file was removed after {settings.EXPORTS_KEPT_FOR.days} days. "
            "Ask for the export again: it will have the same bytes."
        )


# ---- the reaper


def reap() -> int:
    """One round of the reaper: exports of dead workers go back to the queue or are given up, lost messages are sent
    again, old files go. Returns how many exports that concerned."""
    return _expired() + _undelivered() + _outdated()


def _expired() -> int:
    dead = Export.objects.filter(status=ExportStatus.RUNNING, lease_until__lt=timezone.now())
    touched = 0
    for pk in list(dead.values_list("pk", flat=True)):
        given_up = dead.filter(pk=pk, attempt__gte=settings.MAX_ATTEMPTS).update(
            status=ExportStatus.FAILED,
            lease_until=None,
            finished_at=timezone.now(),
            reason="The worker stopped several times while it wrote this: it was killed, or ran out of memory.",
        )
        if given_up:
            scheduling.announce(Export.objects.get(pk=pk))
        elif dead.filter(pk=pk).update(status=ExportStatus.QUEUED, lease_until=None, queued_at=timezone.now()):
            scheduling.announce(Export.objects.get(pk=pk))
            scheduling.wake(pk)
        touched += 1
    return touched


def _undelivered() -> int:
    """Wake for exports that have waited for long. A message too many does no harm: the row is claimed once."""
    lost = Export.objects.filter(status=ExportStatus.QUEUED, queued_at__lt=timezone.now() - UNDELIVERED_AFTER)
    waiting = list(lost.order_by("queued_at").values_list("pk", flat=True))
    if not waiting or not is_empty(scheduling.QUEUE):
        return 0
    for pk in waiting:
        scheduling.wake(pk)
    return len(waiting)


def _outdated() -> int:
    """Remove files nobody has asked for in a while. The rows stay: they say what it was, and how to have it again."""
    before = timezone.now() - settings.EXPORTS_KEPT_FOR
    old = Export.objects.filter(status=ExportStatus.DONE, gone_at=None, finished_at__lt=before)
    for pk in list(old.values_list("pk", flat=True)):
        with transaction.atomic():
            export = Export.objects.get(pk=pk)
            Project.objects.select_for_update(no_key=True).get(pk=export.project_id)
            if not old.filter(pk=pk).update(gone_at=timezone.now()):
                continue
            _remove_file_unless_needed(export.key)
            export.refresh_from_db()
            scheduling.announce(export)
    return 0
