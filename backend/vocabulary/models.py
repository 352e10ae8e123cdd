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


class CoherenceQuerySet(models.QuerySet["Coherence"]):
    def visible_to(self, user: User) -> Self:
        return self.filter(run__project__in=Project.objects.visible_to(user))


class Coherence(models.Model):
    """ICSS of a run as one encoder sees it, and of random pairs (§3.2.3), or why that encoder could not be used.

    Figures are those of `ml.coherence.Coherence`; None where no cluster has two primitives, or `why_not` is given.
    """

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="coherence")
    encoder = models.CharField(max_length=60)
    position = models.PositiveSmallIntegerField(help_text="In the run's list of encoders, the one it prefers first.")
    why_not = models.TextField(blank=True, help_text="A sentence; there is no figure then.")
    command = models.TextField(blank=True, help_text="What to run on the workers' machine, where that helps.")
    weights = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the encoder's weights, if it has any.")
    seed = models.BigIntegerField()
    n_segments = models.PositiveIntegerField(default=0)
    n_pairs = models.PositiveBigIntegerField(default=0)
    icss = models.FloatField(null=True, blank=True)
    std = models.FloatField(null=True, blank=True)
    exact = models.FloatField(null=True, blank=True)
    low = models.FloatField(null=True, blank=True, help_text="Of the 95 % interval of the mean.")
    high = models.FloatField(null=True, blank=True)
    of_clusters = models.FloatField(null=True, blank=True)
    random_repeats = models.PositiveIntegerField(default=0)
    random_icss = models.FloatField(null=True, blank=True)
    random_std = models.FloatField(null=True, blank=True)
    random_spread = models.FloatField(null=True, blank=True)
    random_exact = models.FloatField(null=True, blank=True)

    objects = CoherenceQuerySet.as_manager()

    class Meta:
        ordering = ("run", "position")
        constraints = [
            models.UniqueConstraint(fields=("run", "encoder"), name="coherence_once_an_encoder"),
            models.CheckConstraint(condition=Q(why_not="") | Q(icss=None), name="coherence_figure_or_reason"),
        ]

    def __str__(self) -> str:
        return f"coherence of {self.run} by {self.encoder}"


class ClusterCoherence(models.Model):
    """ICSS of one cluster as one encoder sees it. None where it has a single primitive, and so no pair."""

    coherence = models.ForeignKey(Coherence, on_delete=models.CASCADE, related_name="clusters")
    cluster = models.ForeignKey(Cluster, on_delete=models.CASCADE, related_name="coherence")
    n_segments = models.PositiveIntegerField(help_text="Those whose pictures were looked at.")
    n_pairs = models.PositiveBigIntegerField()
    icss = models.FloatField(null=True, blank=True)
    std = models.FloatField(null=True, blank=True)
    exact = models.FloatField(null=True, blank=True)
    low = models.FloatField(null=True, blank=True)
    high = models.FloatField(null=True, blank=True)

    class Meta:
        ordering = ("coherence", "cluster__index")
        constraints = [
            models.UniqueConstraint(fields=("coherence", "cluster"), name="cluster_coherence_once_an_encoder")
        ]

    def __str__(self) -> str:
        return f"{self.cluster} by {self.coherence.encoder}"


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


class VisualEmbedding(models.Model):
    """v_i of a primitive (§3.2.3), of length 1: how it looks to one encoder. Compare within one encoder only."""

    segment = models.ForeignKey(Segment, on_delete=models.CASCADE, related_name="visual_embeddings")
    encoder = models.CharField(max_length=60)
    weights = models.CharField(max_length=64, blank=True)
    vector = HalfVectorField(help_text="As long as the encoder's features: 512 of CLIP ViT-B/32.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=("segment", "encoder"), name="visual_embedding_once_an_encoder")]

    def __str__(self) -> str:
        return f"{self.segment} by {self.encoder}"
