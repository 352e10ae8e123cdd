"""Who works on an export (`backend.common.lease`)."""

from __future__ import annotations

from django.db.models import Q
from django.utils import timezone

from backend.common import lease
from backend.exports.models import Export, ExportQuerySet, ExportStatus
from backend.exports.scheduling import announce


def claim(export_id: str) -> Export | None:
    """Take an export that waits, or whose holder is dead. None if it is not to be had."""
    free = Q(status=ExportStatus.QUEUED) | Q(status=ExportStatus.RUNNING, lease_until__lt=timezone.now())
    waiting = Export.objects.filter(free, pk=export_id)
    if not lease.take(waiting, status=ExportStatus.RUNNING, progress=0.0, message="", reason=""):
        return None
    export = Export.objects.select_related("project", "version__run").get(pk=export_id)
    announce(export)
    return export


def mine(export: Export) -> ExportQuerySet:
    """The row, for as long as this worker holds it."""
    return Export.objects.filter(pk=export.pk, attempt=export.attempt, status=ExportStatus.RUNNING)


class Heartbeat(lease.Heartbeat[Export]):
    longest_message = 300

    def mine(self) -> ExportQuerySet:
        return mine(self.row)

    def announce(self) -> None:
        announce(self.row)
