"""How people come in: invitations to a project, and personal tokens for programs."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from backend.projects.models import Project, Role, User


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Those of projects the user owns."""
        return self.filter(project__in=Project.objects.with_role(user, Role.OWNER))

    def open(self) -> Self:
        """Neither used, taken back nor expired."""
        return self.filter(accepted_at=None, revoked_at=None, expires_at__gt=timezone.now())


class Invitation(models.Model):
    """A link that makes whoever opens it, once, a member of a project. Only its token's digest is kept."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="invitations")
    role = models.CharField(max_length=8, choices=Role)
    note = models.CharField(max_length=200, blank=True, help_text="For whom it is; only owners see this.")
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the token in the link.")
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = [models.CheckConstraint(condition=Q(role__in=Role.values), name="invitation_role_known")]

    def __str__(self) -> str:
        return f"invitation to {self.project} as {self.role}"


class Scope(models.TextChoices):
    """What a token may do, within what its person may do."""

    READ = "read"
    WRITE = "write"
    EXPORT = "export"


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def of(self, user: User | AnonymousUser) -> Self:
        return self.filter(user=user.pk)

    def usable(self) -> Self:
        """Neither taken back nor expired, of people who may still sign in."""
        return self.filter(revoked_at=None, expires_at__gt=timezone.now(), user__is_active=True)


class ApiToken(models.Model):
    """A personal token for programs. It is shown once; only its digest is kept."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=80, help_text="What it is for.")
    prefix = models.CharField(max_length=16, help_text="Its first letters, to recognise it by.")
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the whole token.")
    scopes = ArrayField(models.CharField(max_length=6, choices=Scope))
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = [
            models.CheckConstraint(
                condition=Q(scopes__contained_by=Scope.values) & Q(scopes__len__gt=0), name="api_token_scopes_known"
            )
        ]

    def __str__(self) -> str:
        return f"{self.prefix}… of {self.user}"
