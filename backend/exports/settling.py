"""What an export takes on the disk, and noting that its file is there: for who asks and who makes it."""

from __future__ import annotations

import json
from collections.abc import Sequence

from django.utils import timezone

from backend.common.artefacts import store
from backend.common.happenings import export_ready
from backend.exports import scheduling
from backend.exports.kinds import ARCHIVE, CARD, WITH_PICTURES
from backend.exports.models import Export, ExportStatus
from backend.videos.models import Video

SMALL_BYTES = 20_000_000


def room_needed(kind: str, videos: Sequence[Video]) -> int:
    """What an export may take on the disk while it is packed: what is written, and the archive of it."""
    pictures = sum(video.size_bytes for video in videos) if kind in WITH_PICTURES else 0
    return SMALL_BYTES + 2 * pictures


def done(export: Export) -> None:
    """Note that the file is there, and tell whoever waits for it. Call it in a transaction."""
    manifest = store().manifest(export.key)
    folder = store().path(export.key)
    export.status, export.progress, export.message, export.lease_until = ExportStatus.DONE, 1.0, "", None
    export.size_bytes, export.sha256 = manifest[ARCHIVE]["size_bytes"], manifest[ARCHIVE]["sha256"]
    export.card = json.loads((folder / CARD).read_text())
    export.finished_at = timezone.now()
    export.save()
    scheduling.announce(export)
    export_ready.send(
        sender=Export,
        project_id=export.project_id,
        facts={
            "export": str(export.pk),
            "kind": export.kind,
            "version": export.version.number,
            "filename": export.filename,
            "size_bytes": export.size_bytes,
            "sha256": export.sha256,
        },
    )
