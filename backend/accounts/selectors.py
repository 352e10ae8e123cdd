"""What people see of members, invitations and tokens, and whom a token speaks for."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256

from django.db.models import Q, QuerySet
from django.utils import timezone

from backend.accounts.exceptions import InvitationOver, NoSuchInvitation, TokenRefused
from backend.accounts.models import ApiToken, ApiTokenQuerySet, Invitation, InvitationQuerySet
from backend.projects.models import Membership, Project, User

TOKEN_MARK = "kin_"
TOKEN_LENGTH = len(TOKEN_MARK) + 43
USED_NOTED_EVERY = timedelta(minutes=1)


def digest_of(secret: str) -> str:
    """What is kept of a secret. It is long and random, so a slow hash would protect nothing."""
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def members_of(project: Project) -> QuerySet[Membership]:
    return project.memberships.select_related("user").order_by("user__username")


def open_invitations(project: Project) -> InvitationQuerySet:
    found: InvitationQuerySet = Invitation.objects.filter(project=project).select_related("invited_by")
    return found.open()


def invitation_of(token: str) -> Invitation:
    """The open invitation behind a link.

    Raises:
        NoSuchInvitation: there never was one of that token.
        InvitationOver: used, taken back or too old.
    """
    return invitation_by_digest(digest_of(token))


def invitation_by_digest(digest: str) -> Invitation:
    """As `invitation_of`, for where the token itself must not be kept."""
    found = Invitation.objects.select_related("project", "invited_by").filter(digest=digest).first()
    if found is None:
        raise NoSuchInvitation("There is no such invitation. Look whether the whole link was copied.")
    refuse_if_over(found)
    return found


def refuse_if_over(invitation: Invitation) -> None:
    again = "Ask whoever invited you for a new one."
    if invitation.revoked_at is not None:
        raise InvitationOver(f"This invitation was taken back. {again}")
    if invitation.accepted_at is not None:
        raise InvitationOver(f"This invitation was used already. {again}")
    if invitation.expires_at <= timezone.now():
        raise InvitationOver(f"This invitation has expired. {again}")
    if not invitation.invited_by.is_active:
        raise InvitationOver(f"This invitation does not hold any more. {again}")


def tokens_of(user: User) -> ApiTokenQuerySet:
    """The person's tokens that can still be used."""
    found: ApiTokenQuerySet = ApiToken.objects.of(user)
    return found.usable()


def usable_token(secret: str) -> ApiToken:
    """The token a program came with, its person with it. Notes once a minute that it was used.

    Raises:
        TokenRefused: it is none, was taken back, has expired, or its person may not sign in any more.
    """
    found = None
    if secret.startswith(TOKEN_MARK) and len(secret) == TOKEN_LENGTH:
        found = ApiToken.objects.usable().select_related("user").filter(digest=digest_of(secret)).first()
    if found is None:
        raise TokenRefused("This token is not valid: it was taken back, has expired, or never was one.")
    now = timezone.now()
    unnoted = Q(last_used_at=None) | Q(last_used_at__lt=now - USED_NOTED_EVERY)
    if found.last_used_at is None or found.last_used_at < now - USED_NOTED_EVERY:
        ApiToken.objects.filter(unnoted, pk=found.pk).update(last_used_at=now)
    return found
