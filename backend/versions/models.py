"""Frozen versions of a vocabulary: what exports name, and what two of them differ in."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models

from backend.projects.models import Project, User
from backend.runs.models import Run


class VocabularyVersionQuerySet(models.QuerySet["VocabularyVersion"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        return self.filter(project__in=Project.objects.visible_to(user))


class VocabularyVersion(models.Model):
    """A project's vocabulary over one run as it was at one moment: its actions, which primitive belongs to which, and
    what people thought of each. The content lies in the artefact store under `digest` (see `backend.versions.frozen`);
    the row never changes, and the same content has the same digest.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="versions")
    run = models.ForeignKey(
        # Not PROTECT: that would keep a whole project from being deleted.
        Run,
        on_delete=models.RESTRICT,
        related_name="versions",
    )
    number = models.PositiveIntegerField(help_text="Counts within the project.")
    name = models.CharField(max_length=120)
    note = models.TextField(blank=True)
    digest = models.CharField(max_length=64, help_text="SHA-256 of the content: the artefact's key.")
    n_actions = models.PositiveIntegerField()
    n_segments = models.PositiveIntegerField()
    n_named = models.PositiveIntegerField(help_text="Primitives that belong to an action.")
    n_rated = models.PositiveIntegerField()
    n_kept = models.PositiveIntegerField(help_text="Of mean quality 2 or more.")
    alpha = models.FloatField(null=True, blank=True, help_text="Krippendorff's, of quality, at that moment.")
    frozen_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    frozen_at = models.DateTimeField(auto_now_add=True)

    objects = VocabularyVersionQuerySet.as_manager()

    class Meta:
        ordering = ("-number",)
        constraints = [
            models.UniqueConstraint(fields=("project", "number"), name="version_number_unique_in_project"),
            models.UniqueConstraint(fields=("project", "name"), name="version_name_unique_in_project"),
            models.UniqueConstraint(fields=("project", "digest"), name="version_content_once_in_project"),
        ]

    def __str__(self) -> str:
        return f"version {self.number} of {self.project}"
