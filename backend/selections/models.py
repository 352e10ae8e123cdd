"""Named sets of primitives: what somebody lassoed and wants to keep, export or have reviewed."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from backend.projects.models import Project, User
from backend.runs.models import Run


class PrimitiveSetQuerySet(models.QuerySet["PrimitiveSet"]):
    def visible_to(self, user: User) -> Self:
        return self.filter(project__in=Project.objects.visible_to(user))


class PrimitiveSet(models.Model):
    """Some primitives of one run, by id, under a name. Ids of primitives that are gone are passed over."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="sets")
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="sets")
    name = models.CharField(max_length=120)
    segments = ArrayField(models.BigIntegerField())
    for_review = models.BooleanField(default=False, help_text="Waits for reviewers.")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = PrimitiveSetQuerySet.as_manager()

    class Meta:
        ordering = ("project", "-created_at")
        constraints = [models.UniqueConstraint(fields=("project", "name"), name="set_name_unique_in_project")]

    def __str__(self) -> str:
        return self.name
