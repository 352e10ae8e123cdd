"""Searches by example: a range of a video, or a clip somebody brings, and the vector a worker makes of it."""

from __future__ import annotations

import uuid
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from pgvector.django import HalfVectorField

from backend.projects.models import Project, User
from backend.runs.models import Run
from backend.videos.models import Video, new_storage_name
from backend.vocabulary.models import EMBEDDING_DIM


class ExampleStatus(models.TextChoices):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class ExampleQuerySet(models.QuerySet["Example"]):
    def visible_to(self, user: User) -> Self:
        return self.filter(project__in=Project.objects.visible_to(user))


class Example(models.Model):
    """What to search by: [start_s, end_s) of a video of the run, or an uploaded clip (`filename` is given then).

    `run` says by which tokenizer and encoder it is embedded, and so in which space it is compared.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="examples")
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="examples")
    video = models.ForeignKey(Video, null=True, blank=True, on_delete=models.CASCADE, related_name="examples")
    start_s = models.FloatField(null=True, blank=True)
    end_s = models.FloatField(null=True, blank=True)
    filename = models.CharField(max_length=255, blank=True)
    storage_name = models.CharField(max_length=32, default=new_storage_name, editable=False)
    status = models.CharField(max_length=10, choices=ExampleStatus, default=ExampleStatus.QUEUED)
    reason = models.TextField(blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    attempt = models.PositiveIntegerField(default=0)
    embedding = HalfVectorField(dimensions=EMBEDDING_DIM, null=True, blank=True)
    space = models.CharField(max_length=64, blank=True)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ExampleQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)
        constraints = [
            models.CheckConstraint(
                condition=Q(video__isnull=False, start_s__isnull=False, end_s__gt=F("start_s"), filename="")
                | (Q(video__isnull=True) & ~Q(filename="")),
                name="example_is_a_range_or_a_clip",
            ),
        ]

    def __str__(self) -> str:
        return self.filename or f"{self.start_s:.3f}–{self.end_s:.3f} s of {self.video}"
