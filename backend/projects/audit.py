"""The append-only record of who did what in a project."""

from __future__ import annotations

from backend.projects.models import AuditEntry, Project, User

LONGEST_SUMMARY = 300


def record(project: Project | int, *, by: User | None, kind: str, summary: str, **facts: object) -> None:
    """Keep that somebody did something; call it inside the transaction that does it, so that both hold or neither.

    kind: noun.verb (`member.invited`). facts: ids and values that JSON can hold, never a password, token or key.
    """
    project_id = project if isinstance(project, int) else project.pk
    AuditEntry.objects.create(project_id=project_id, by=by, kind=kind, summary=summary[:LONGEST_SUMMARY], facts=facts)
