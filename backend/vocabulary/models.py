"""What a run discovered: segments (primitives on screen) and the clusters they fall into."""

from __future__ import annotations

from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from pgvector.django import HalfVectorField, HnswIndex

from backend.projects.models import Project, User
from backend.runs.models import Run
from backend.videos.models import Video

EMBEDDING_DIM = 256


class ClusterQuerySet(models.QuerySet["Cluster"]):
    def visible_to(self, user: User) -> Self:
        return self.filter(run__project__in=Project.objects.visible_to(user))


class Cluster(models.Model):
    """One cluster C_k of a run (§3.2.2). `medoids` are the ids of its most central segments, nearest first."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="clusters")
    index = models.PositiveIntegerField(help_text="By size, the largest first.")
    size = models.PositiveIntegerField()
    silhouette = models.FloatField(null=True, blank=True)
    medoids = ArrayField(models.BigIntegerField(), default=list)

    objects = ClusterQuerySet.as_manager()

    class Meta:
        ordering = ("run", "index")
        constraints = [models.UniqueConstraint(fields=("run", "index"), name="cluster_index_unique_in_run")]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return f"Cluster {self.index + 1}"


class SegmentQuerySet(models.QuerySet["Segment"]):
    def visible_to(self, user: User) -> Self:
        return self.filter(project__in=Project.objects.visible_to(user))

    def with_names(self) -> Self:
        """With video and cluster for showing, without what is heavy: vectors, and the JSON of a video for each row."""
        heavy = (f"video__{name}" for name in Video.JSON_FIELDS)
        return self.select_related("video", "cluster").defer("embedding", *heavy)


class Segment(models.Model):
    """One primitive: [start_s, end_s) of a video's presentation time, its codes and its embedding."""

    # The project stands here too, although the run has it: the search filters on it before it scans vectors.
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="segments")
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="segments")
    video = models.ForeignKey(Video, on_delete=models.CASCADE, related_name="segments")
    index = models.PositiveIntegerField(help_text="Counts within run and video, in time order.")
    start_s = models.FloatField()
    end_s = models.FloatField()
    codes = ArrayField(models.SmallIntegerField())
    energy_mean = models.FloatField()
    energy_peak = models.FloatField()
    cluster = models.ForeignKey(Cluster, null=True, blank=True, on_delete=models.SET_NULL, related_name="segments")
    x = models.FloatField(null=True, blank=True)
    y = models.FloatField(null=True, blank=True)
    embedding = HalfVectorField(dimensions=EMBEDDING_DIM, null=True, blank=True)
    space = models.CharField(max_length=64, blank=True, help_text="Names tokenizer and encoder of the embedding.")

    objects = SegmentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("run", "video", "index"), name="segment_index_unique_in_run_video"),
            models.CheckConstraint(condition=Q(end_s__gt=F("start_s")), name="segment_has_a_length"),
        ]
        indexes = [
            models.Index(fields=("project", "space"), name="segment_project_space"),
            models.Index(fields=("run", "id"), name="segment_run_page"),
            HnswIndex(
                name="segment_embedding_hnsw",
                fields=["embedding"],
                m=16,
                ef_construction=64,
                opclasses=["halfvec_cosine_ops"],
            ),
        ]

    def __str__(self) -> str:
        return f"primitive {self.index} of {self.video}"

    @property
    def duration_s(self) -> float:
        return self.end_s - self.start_s
