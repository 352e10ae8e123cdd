"""What open pages are told the moment it is true: Postgres NOTIFY in, server-sent events out."""

from __future__ import annotations

import json

from django.db import connection

CHANNEL = "kineme_events"
LONGEST_MESSAGE = 500
JSONScalar = str | int | float | bool | None


def publish(project_id: int, **fields: JSONScalar) -> None:
    """Tell the open pages of a project, if and when the surrounding transaction commits.

    NOTIFY is transactional itself: Postgres delivers it at commit and drops it on rollback.
    """
    if isinstance(message := fields.get("message"), str):
        fields["message"] = message[:LONGEST_MESSAGE]  # a payload has to stay under 8000 bytes
    payload = json.dumps({**fields, "project": project_id})
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, payload])
