"""What a run discovered: segments (primitives on screen) and the clusters they fall into."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Lower
from pgvector.django import HalfVectorField

from backend.projects.models import Project, User
from backend.runs.models import Run
from backend.videos.models import Video

EMBEDDING_DIM = 256


TAXONOMY = (
    "grasp", "place", "lift", "lower", "transport", "wrist_rotate", "reorient", "push", "pull", "press", "move",
    "rotate_free", "reorient_free", "wait",
)  # fmt: skip


class ActionQuerySet(models.QuerySet["Action"]):
    def visible_to(self, user: User) -> Self:
        return self.filter(project__in=Project.objects.visible_to(user))

    def current(self) -> Self:
        return self.filter(deprecated=False)


class Action(models.Model):
    """An entry of a project's vocabulary. Clusters map onto it, and single segments, which then leave their cluster's.

    Changed only through `backend.vocabulary.surgery`, which keeps the history.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="actions")
    name = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    subject = models.CharField(max_length=120, blank=True)
    verb = models.CharField(max_length=120, blank=True)
    object = models.CharField(max_length=120, blank=True)
    primitive = models.CharField(max_length=20, blank=True, choices=[(word, word) for word in TAXONOMY])
    colour = models.PositiveSmallIntegerField(help_text="Position in the palette, which repeats hatched.")
    digit = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="The key that labels with it in review: 1..9, or 0."
    )
    examples = ArrayField(models.BigIntegerField(), default=list, blank=True, help_text="Primitives that show it well.")
    deprecated = models.BooleanField(default=False, help_text="Kept for what refers to it, not offered any more.")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ActionQuerySet.as_manager()

    class Meta:
        ordering = ("project", "name")
        constraints = [
            models.UniqueConstraint(
                "project", Lower("name"), condition=Q(deprecated=False), name="action_name_unique_in_project"
            ),
            models.UniqueConstraint(
                fields=("project", "digit"), condition=Q(deprecated=False), name="action_digit_unique_in_project"
            ),
            models.CheckConstraint(condition=Q(digit=None) | Q(digit__lte=9), name="action_digit_is_a_digit"),
        ]

    def __str__(self) -> str:
        return self.name


class VocabularyChangeQuerySet(models.QuerySet["VocabularyChange"]):
    def visible_to(self, user: User) -> Self:
        return self.filter(project__in=Project.objects.visible_to(user))


class VocabularyChange(models.Model):
    """One step of a vocabulary's history: what was done, and the rows as they were before and after.

    `before` and `after` hold, for each row touched, its fields; undoing writes `before` back, redoing `after`. Rows of
    this table are never deleted.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="vocabulary_changes")
    run = models.ForeignKey("runs.Run", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    kind = models.CharField(max_length=20)
    summary = models.CharField(max_length=300, help_text="What was done, in a sentence.")
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = VocabularyChangeQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        indexes = [models.Index(fields=("project", "-id"), name="vocabulary_history")]

    def __str__(self) -> str:
        return self.summary


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
    action = models.ForeignKey(Action, null=True, blank=True, on_delete=models.SET_NULL, related_name="clusters")

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
        """With video, cluster and action for showing, without what is heavy: vectors, and the JSON of each video."""
        heavy = (f"video__{name}" for name in Video.JSON_FIELDS)
        return self.select_related("video", "cluster__action", "action").defer("embedding", *heavy)

    def of_action(self, action: int) -> Self:
        """Those whose effective action it is: put there one by one, or with their cluster and not taken elsewhere."""
        return self.filter(Q(action=action) | Q(action=None, cluster__action=action))


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
    action = models.ForeignKey(
        Action,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="segments",
        help_text="Where a person put this one segment; null: its cluster's.",
    )
    quality = models.FloatField(null=True, blank=True, help_text="Mean of the reviews' quality, 0..3; null: none yet.")
    edge_margin = models.FloatField(
        null=True, blank=True, help_text="Cosine to the own centre less that to the next one: 0 on a cluster's edge."
    )
    cut_margin = models.FloatField(
        null=True, blank=True, help_text="Least distance of its cuts from not being made, in units of θ_on."
    )
    apart = models.PositiveSmallIntegerField(
        default=0,
        db_default=0,
        help_text="How far apart its reviewers are: 0 not, or it was settled; 1 a grade of quality; 2 in conflict.",
    )
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
            # Without nulls: what was not measured is not on the way to what was.
            models.Index(
                fields=("run", "edge_margin", "id"), condition=Q(edge_margin__isnull=False), name="segment_run_edge"
            ),
            models.Index(
                fields=("run", "cut_margin", "id"), condition=Q(cut_margin__isnull=False), name="segment_run_cut"
            ),
            # As the queue of disagreement is read (backend/reviews/queues.py): its order must not be that of ratings.
            models.Index(
                "run",
                F("apart").desc(),
                Func("id", function="hashint8"),
                "id",
                condition=Q(apart__gt=0),
                name="segment_run_apart",
            ),
            # What people said of a run, without its wide rows (backend/vocabulary/finished.py).
            models.Index(
                fields=("run", "id"),
                include=("action", "quality"),
                condition=Q(action__isnull=False) | Q(quality__isnull=False),
                name="segment_run_said",
            ),
            models.Index(fields=("project", "quality"), condition=Q(quality__isnull=False), name="segment_quality"),
            models.Index("project", F("end_s") - F("start_s"), name="segment_duration"),
            # Vectors are indexed space by space, once there are many: backend/vocabulary/indexes.py.
        ]

    def __str__(self) -> str:
        return f"primitive {self.index} of {self.video}"

    @property
    def duration_s(self) -> float:
        return self.end_s - self.start_s

    @property
    def effective_action(self) -> Action | None:
        """Where a person put it, else its cluster's. None: its cluster has no name yet."""
        if self.action_id is not None:
            return self.action
        return self.cluster.action if self.cluster is not None else None


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
