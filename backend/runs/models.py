"""Runs and the state of every stage of them. The rows here are the truth; the broker only wakes workers."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from backend.projects.models import Project, User
from backend.runs.graph import STAGES
from backend.videos.models import Video
from ml.config import PipelineConfig


class RunStatus(models.TextChoices):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


ACTIVE_RUN = (RunStatus.QUEUED, RunStatus.RUNNING)


class RunQuerySet(models.QuerySet["Run"]):
    def visible_to(self, user: User) -> Self:
        return self.filter(project__in=Project.objects.visible_to(user))

    def active(self) -> Self:
        return self.filter(status__in=ACTIVE_RUN)


class Run(models.Model):
    """One pass of the chain over some videos of a project with one frozen, hashed configuration."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="runs")
    number = models.PositiveIntegerField(help_text="Counts within the project: what people call the run.")
    videos = models.ManyToManyField(Video, related_name="runs")
    preset = models.CharField(max_length=20)
    tracker = models.CharField(max_length=20, default="flow", help_text="As in the configuration; decides the queue.")
    config = models.JSONField()
    config_hash = models.CharField(max_length=64)
    # Kept while others use it: without it a retry of theirs would train another tokenizer, and mean other codes.
    tokenizer_run = models.ForeignKey("self", null=True, blank=True, on_delete=models.RESTRICT, related_name="+")
    derived_from = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="The run it was kept from.",
    )
    cuts = models.JSONField(
        default=dict, blank=True, help_text="By video id: the [start_s, end_s) a person set, instead of the detector's."
    )
    status = models.CharField(max_length=10, choices=RunStatus, default=RunStatus.QUEUED)
    reason = models.TextField(blank=True)
    cancel_requested = models.BooleanField(default=False)
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    calibrations = models.JSONField(
        default=list, blank=True, help_text="For each view: its name, n_videos, and its ml.artefacts.Calibration."
    )
    metrics = models.JSONField(default=dict, blank=True)
    suggested_k = models.JSONField(default=list, blank=True)
    projection = models.CharField(max_length=4, default="pca", choices=[("pca", "PCA"), ("umap", "UMAP")])

    objects = RunQuerySet.as_manager()

    class Meta:
        ordering = ("-number",)
        constraints = [
            models.UniqueConstraint(fields=("project", "number"), name="run_number_unique_in_project"),
            models.UniqueConstraint(
                fields=("project", "config_hash"), condition=Q(status__in=ACTIVE_RUN), name="run_active_config_unique"
            ),
        ]

    def __str__(self) -> str:
        return f"run {self.number}"

    @property
    def is_active(self) -> bool:
        return self.status in ACTIVE_RUN

    def pipeline_config(self) -> PipelineConfig:
        return PipelineConfig.from_dict(self.config)


class Status(models.TextChoices):
    WAITING = "waiting"  # for the stages before it
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"  # a stage it needs did not work out


UNFINISHED = (Status.WAITING, Status.QUEUED, Status.RUNNING)


class StageQuerySet(models.QuerySet["StageExecution"]):
    def visible_to(self, user: User) -> Self:
        return self.filter(project__in=Project.objects.visible_to(user))

    def unfinished(self) -> Self:
        return self.filter(status__in=UNFINISHED)

    def claimable(self) -> Self:
        """Waiting for a worker, or held by one whose lease ran out: that worker is dead."""
        expired = Q(status=Status.RUNNING, lease_until__lt=timezone.now())
        return self.filter(Q(status=Status.QUEUED) | expired)


class StageExecution(models.Model):
    """One stage over one video, over one run, or over one video within a run."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="stages")
    run = models.ForeignKey(Run, null=True, blank=True, on_delete=models.CASCADE, related_name="stages")
    video = models.ForeignKey(Video, null=True, blank=True, on_delete=models.CASCADE, related_name="stages")
    stage = models.CharField(max_length=12, choices=[(name, name) for name in STAGES])
    status = models.CharField(max_length=10, choices=Status, default=Status.WAITING)
    progress = models.FloatField(default=0.0)
    message = models.CharField(max_length=200, blank=True)
    reason = models.TextField(blank=True, help_text="Why it failed, in a sentence for the person who uploaded.")
    log = models.TextField(blank=True, help_text="What a developer needs to know of a failure.")
    attempt = models.PositiveIntegerField(default=0, help_text="Counts claims; a worker writes only under its own.")
    lease_until = models.DateTimeField(null=True, blank=True)
    worker = models.CharField(max_length=120, blank=True)
    queued_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    output_key = models.CharField(max_length=64, blank=True, help_text="Names the artefact this stage made.")
    reused = models.BooleanField(default=False, help_text="The artefact was there already.")

    objects = StageQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("run", "video", "stage"), name="stage_once", nulls_distinct=False),
            models.CheckConstraint(
                condition=Q(run__isnull=False) | Q(video__isnull=False), name="stage_of_a_run_or_a_video"
            ),
        ]
        indexes = [
            models.Index(fields=("project", "status")),
            models.Index(fields=("lease_until",), condition=Q(status="running"), name="stage_running_lease"),
        ]

    def __str__(self) -> str:
        return f"{self.stage} of " + " ".join(str(part) for part in (self.run, self.video) if part is not None)

    @property
    def queue(self) -> str:
        if self.stage == "track" and self.run is not None and self.run.tracker == "cotracker3":
            return "gpu"  # on a CPU a frame takes seconds
        return STAGES[self.stage].queue

    @property
    def optional(self) -> bool:
        return STAGES[self.stage].optional
