"""What was asked to be handed on, how far it is, and the file."""

from __future__ import annotations

import uuid
from typing import Self

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q
from django.utils import timezone

from backend.projects.models import Project, User
from backend.versions.models import VocabularyVersion


class ExportKind(models.TextChoices):
    LEROBOT = "lerobot", "LeRobot v3 dataset"
    LANGUAGE_ACTION = "language_action", "Language-action episodes (LA4VLA)"
    WEBDATASET = "webdataset", "WebDataset shards"
    ACTIVITYNET = "activitynet", "ActivityNet JSON and CSV"
    LAPS = "laps", "Clips and codes in the layout of LAPS"


class ExportStatus(models.TextChoices):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


UNFINISHED = (ExportStatus.QUEUED, ExportStatus.RUNNING)


class ExportQuerySet(models.QuerySet["Export"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        return self.filter(project__in=Project.objects.visible_to(user))

    def unfinished(self) -> Self:
        return self.filter(status__in=UNFINISHED)

    def needing(self, key: str) -> Self:
        """Those that have the artefact `key`, or are about to make it."""
        has_file = Q(status=ExportStatus.DONE, gone_at=None)
        return self.filter(has_file | Q(status__in=UNFINISHED), key=key)


class Export(models.Model):
    """One file made from a frozen version. `options` is the validated filter and layout; `key` names the artefact,
    made from version, kind, options and code version, so that asking again for the same gives the same bytes.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="exports")
    version = models.ForeignKey(VocabularyVersion, on_delete=models.RESTRICT, related_name="exports")
    kind = models.CharField(max_length=16, choices=ExportKind)
    options = models.JSONField(default=dict)
    status = models.CharField(max_length=10, choices=ExportStatus, default=ExportStatus.QUEUED)
    progress = models.FloatField(default=0.0)
    message = models.CharField(max_length=300, blank=True)
    reason = models.TextField(blank=True, help_text="Why it failed, in a sentence.")
    attempt = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    key = models.CharField(max_length=64, blank=True)
    filename = models.CharField(max_length=255, blank=True)
    size_bytes = models.BigIntegerField(null=True, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    n_segments = models.PositiveIntegerField(null=True, blank=True)
    card = models.JSONField(default=dict, help_text="The dataset card's figures.")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    queued_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)
    gone_at = models.DateTimeField(null=True, blank=True, help_text="When the file was removed, being old.")

    objects = ExportQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)
        constraints = [
            models.CheckConstraint(
                condition=~Q(status=ExportStatus.DONE) | (~Q(key="") & ~Q(sha256="") & Q(size_bytes__isnull=False)),
                name="export_done_has_a_file",
            )
        ]
        indexes = [models.Index(fields=("key",), name="export_key")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.version}"
