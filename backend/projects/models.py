"""Users, projects, memberships and roles: who may see and do what."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.contrib.auth.models import AbstractUser, AnonymousUser
from django.db import models
from django.db.models.functions import Lower


class Role(models.TextChoices):
    """What a member may do, each including what comes before it."""

    VIEWER = "viewer"
    REVIEWER = "reviewer"
    MANAGER = "manager"
    OWNER = "owner"

    @property
    def rank(self) -> int:
        return list(Role).index(self)

    def includes(self, minimum: Role) -> bool:
        return self.rank >= minimum.rank

    @classmethod
    def at_least(cls, minimum: Role) -> list[Role]:
        return [role for role in cls if role.includes(minimum)]


class User(AbstractUser):
    display_name = models.CharField(max_length=150, blank=True)

    class Meta(AbstractUser.Meta):
        constraints = [models.UniqueConstraint(Lower("username"), name="user_name_unique_in_any_case")]

    @property
    def shown_name(self) -> str:
        return self.display_name or self.username


class ProjectQuerySet(models.QuerySet["Project"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        return self.with_role(user, Role.VIEWER)

    def with_role(self, user: User | AnonymousUser, minimum: Role) -> Self:
        """Projects where the user is a member with at least that role. No account sees a project it is not in."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        mine = Membership.objects.filter(user=user, role__in=Role.at_least(minimum))
        return self.filter(pk__in=mine.values("project"))


class Project(models.Model):
    """One workstation's (or task's) videos, members and vocabulary."""

    name = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    synthetic = models.BooleanField(default=False, help_text="Its videos are rendered, not recorded.")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ProjectQuerySet.as_manager()

    class Meta:
        ordering = ("name", "id")
        constraints = [models.CheckConstraint(condition=~models.Q(name=""), name="project_has_a_name")]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=8, choices=Role)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("user", "project"), name="membership_once"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="membership_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user} as {self.role} of {self.project}"


class FailedSignIn(models.Model):
    """One wrong password. Kept for as long as it counts against the next attempt."""

    username = models.CharField(max_length=150)
    address = models.CharField(max_length=45)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [
            models.Index(fields=("address", "at"), name="failed_sign_in_address"),
            models.Index(fields=("at",), name="failed_sign_in_at"),
        ]

    def __str__(self) -> str:
        return f"{self.username} from {self.address}"


class AuditEntryQuerySet(models.QuerySet["AuditEntry"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Managers and owners see what was done in their projects."""
        return self.filter(project__in=Project.objects.with_role(user, Role.MANAGER))


class AuditEntry(models.Model):
    """Something somebody did in a project. Written through `backend.projects.audit.record`; a trigger refuses to change
    or delete an entry for as long as its project lives.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="audit")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=40, help_text="noun.verb: member.invited, export.asked, review.settled …")
    summary = models.CharField(max_length=300, help_text="What was done, in a sentence.")
    facts = models.JSONField(default=dict, help_text="Ids and values, never a secret.")
    at = models.DateTimeField(auto_now_add=True)

    objects = AuditEntryQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        indexes = [models.Index(fields=("project", "-id"), name="audit_of_project")]

    def __str__(self) -> str:
        return self.summary
