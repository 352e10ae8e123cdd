"""Uploads on their way in, and the videos they become."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Self

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import F, Q

from backend.projects.models import Project, Role, User


def new_storage_name() -> str:
    """The name of a file of ours. What people call their file is data and never part of a path."""
    return uuid.uuid4().hex


class VideoStatus(models.TextChoices):
    UPLOADED = "uploaded"
    CHECKING = "checking"
    PREPARING = "preparing"
    READY = "ready"
    FAILED = "failed"


class VideoQuerySet(models.QuerySet["Video"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        return self.with_role(user, Role.VIEWER)

    def with_role(self, user: User | AnonymousUser, minimum: Role) -> Self:
        return self.filter(project__in=Project.objects.with_role(user, minimum))

    def ready(self) -> Self:
        return self.filter(status=VideoStatus.READY)


class Video(models.Model):
    """An uploaded file, what `ml.video.probe` found in it, and how far it is prepared."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="videos")
    title = models.CharField(max_length=255)
    view = models.CharField(max_length=60, blank=True, help_text="Which camera: top, front, left wrist.")
    recording = models.CharField(max_length=120, blank=True, help_text="Views of one take share it.")
    offset_s = models.FloatField(
        default=0.0, help_text="Second t of this file is second t + offset_s of its recording."
    )
    synthetic = models.BooleanField(default=False)
    storage_name = models.CharField(max_length=32, unique=True, default=new_storage_name, editable=False)
    size_bytes = models.BigIntegerField()
    sha256 = models.CharField(max_length=64, null=True, blank=True)  # noqa: DJ001  NULL is "not known yet", and unique
    status = models.CharField(max_length=9, choices=VideoStatus, default=VideoStatus.UPLOADED)
    reason = models.TextField(blank=True, help_text="Why it failed, in a sentence for the person who uploaded.")
    warnings = models.JSONField(default=list, blank=True)
    duration_s = models.FloatField(null=True, blank=True)
    width_px = models.PositiveIntegerField(null=True, blank=True)
    height_px = models.PositiveIntegerField(null=True, blank=True)
    fps = models.FloatField(null=True, blank=True)
    codec = models.CharField(max_length=40, blank=True)
    container = models.CharField(max_length=80, blank=True)
    variable_frame_rate = models.BooleanField(null=True, blank=True)
    info = models.JSONField(null=True, blank=True, help_text="All of ml.artefacts.VideoInfo.")
    preview_key = models.CharField(max_length=64, blank=True, help_text="Names the artefact `preview` made.")
    sprite = models.JSONField(null=True, blank=True, help_text="How the hover sprite is cut into tiles.")
    truth = models.JSONField(null=True, blank=True, help_text="Ground-truth boundaries and labels, where known.")
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    licence = models.CharField(max_length=200, blank=True, help_text="Terms it may be used under; exports carry it.")

    objects = VideoQuerySet.as_manager()

    JSON_FIELDS = ("warnings", "info", "sprite", "truth")  # what a query that only names a video leaves out

    class Meta:
        ordering = ("project", "-created_at", "-id")
        constraints = [
            models.UniqueConstraint(fields=("project", "sha256"), name="video_file_once_in_project"),
            models.CheckConstraint(condition=Q(status__in=VideoStatus.values), name="video_status_known"),
            models.CheckConstraint(condition=Q(size_bytes__gte=0), name="video_size_not_negative"),
        ]
        indexes = [models.Index(fields=("project", "status"), name="video_project_status")]

    def __str__(self) -> str:
        return self.title

    @property
    def path(self) -> Path:
        """Where the original lies."""
        return original_path(self.storage_name)


class AnnotationQuerySet(models.QuerySet["Annotation"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        return self.filter(video__project__in=Project.objects.visible_to(user))


class Annotation(models.Model):
    """What people marked elsewhere in a video, to be seen beside what a run found and to be measured against."""

    video = models.ForeignKey(Video, on_delete=models.CASCADE, related_name="annotations")
    name = models.CharField(max_length=120)
    source = models.CharField(max_length=40, help_text="The format it came in.")
    segments = models.JSONField(help_text="[{start, end, label}], in order of time.")
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = AnnotationQuerySet.as_manager()

    class Meta:
        ordering = ("video", "name")
        constraints = [models.UniqueConstraint(fields=("video", "name"), name="annotation_name_unique_in_video")]

    def __str__(self) -> str:
        return f"{self.name} of {self.video}"


class UploadQuerySet(models.QuerySet["Upload"]):
    def of(self, user: User | AnonymousUser) -> Self:
        """What the user is uploading, in projects where that is still allowed. Nobody touches another's upload."""
        return self.filter(by=user.pk, project__in=Project.objects.with_role(user, Role.MANAGER))

    def unfinished(self) -> Self:
        return self.filter(video__isnull=True)


class Upload(models.Model):
    """A resumable upload (tus 1.0). `offset_bytes` is the truth; bytes of the file beyond it do not count."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="uploads")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    filename = models.CharField(max_length=255)
    view = models.CharField(max_length=60, blank=True)
    recording = models.CharField(max_length=120, blank=True)
    size_bytes = models.BigIntegerField()
    offset_bytes = models.BigIntegerField(default=0)
    storage_name = models.CharField(max_length=32, unique=True, default=new_storage_name, editable=False)
    video = models.OneToOneField(Video, null=True, blank=True, on_delete=models.CASCADE, related_name="upload")
    created_at = models.DateTimeField(auto_now_add=True)
    touched_at = models.DateTimeField(auto_now_add=True)

    objects = UploadQuerySet.as_manager()

    class Meta:
        ordering = ("created_at",)
        constraints = [
            models.CheckConstraint(
                condition=Q(offset_bytes__gte=0, offset_bytes__lte=F("size_bytes")), name="upload_offset_within_size"
            ),
        ]

    def __str__(self) -> str:
        return self.filename

    @property
    def path(self) -> Path:
        """Already where the video's original will lie, so finishing an upload moves nothing."""
        return original_path(self.storage_name)


def original_path(storage_name: str) -> Path:
    return settings.MEDIA_FOLDER / "originals" / storage_name[:2] / storage_name
