"""What people cause: inviting, joining, changing roles, leaving, and making tokens for programs."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from backend.accounts import selectors
from backend.accounts.exceptions import LastOwner, NameTaken, NotMember, TooManyTokens
from backend.accounts.models import ApiToken, Invitation
from backend.common import events
from backend.common.names import shown_name
from backend.projects.audit import record
from backend.projects.models import Membership, Project, Role, User

TOKEN_BYTES = 32
PREFIX_LENGTH = len(selectors.TOKEN_MARK) + 6
MOST_TOKENS = 50  # that a person may have at one time


@transaction.atomic
def invite(*, project: Project, role: Role, note: str, days: int, by: User) -> tuple[Invitation, str]:
    """An open invitation and the token for its link, which nobody can show a second time."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    invitation = Invitation.objects.create(
        project=project,
        role=role,
        note=shown_name(note, 200),
        digest=selectors.digest_of(token),
        invited_by=by,
        expires_at=timezone.now() + timedelta(days=days),
    )
    record(
        project,
        by=by,
        kind="member.invited",
        summary=f"{by.shown_name} made an invitation as {role}.",
        invitation=invitation.pk,
        role=role,
    )
    _tell(project.pk)
    return invitation, token


@transaction.atomic
def revoke_invitation(*, invitation: Invitation, by: User) -> None:
    """Take a link back. One that was used or taken back already stays as it is."""
    if Invitation.objects.open().filter(pk=invitation.pk).update(revoked_at=timezone.now()):
        record(
            invitation.project_id,
            by=by,
            kind="member.uninvited",
            summary=f"{by.shown_name} took an invitation as {invitation.role} back.",
            invitation=invitation.pk,
        )
        _tell(invitation.project_id)


@transaction.atomic
def accept_invitation(*, invitation: Invitation, by: User) -> Membership:
    """Make somebody a member by a link. Who is more already stays what they are, and leaves the link to others.

    Raises InvitationOver when another request used the link, or it was taken back, in the meantime.
    """
    project = Project.objects.select_for_update().get(pk=invitation.project_id)
    role = Role(invitation.role)
    membership = project.memberships.filter(user=by).first()
    if membership is not None and Role(membership.role).includes(role):
        return membership
    # The conditional update decides: of two requests with the same link one finds it open.
    now = timezone.now()
    if not Invitation.objects.open().filter(pk=invitation.pk).update(accepted_at=now, accepted_by=by):
        invitation.refresh_from_db()
        selectors.refuse_if_over(invitation)
    membership, _ = Membership.objects.update_or_create(user=by, project=project, defaults={"role": role})
    record(
        project,
        by=by,
        kind="member.joined",
        summary=f"{by.shown_name} joined as {role}, invited by {invitation.invited_by.shown_name}.",
        user=by.pk,
        role=role,
        invitation=invitation.pk,
    )
    _tell(project.pk)
    return membership


@transaction.atomic
def join_with_new_account(
    *, invitation: Invitation, username: str, display_name: str, password: str, email: str = ""
) -> User:
    """An account for whoever came by a link, and their membership; both or neither.

    Raises:
        NameTaken: somebody has that user name, in whatever case.
        InvitationOver: the link was used in the meantime.
    """
    try:
        with transaction.atomic():  # the unique constraint decides, so two people cannot race for a name
            user = User.objects.create_user(username, email=email, password=password, display_name=display_name)
    except IntegrityError as error:
        raise NameTaken("Somebody has this user name already. Choose another.") from error
    accept_invitation(invitation=invitation, by=user)
    return user


@transaction.atomic
def change_role(*, project: Project, member: int, role: Role, by: User) -> Membership:
    """Give a member another role.

    Raises:
        NotMember: there is no such member.
        LastOwner: nobody would own the project any more.
    """
    membership = _locked(project, member)
    before = Role(membership.role)
    if before == role:
        return membership
    if before == Role.OWNER:
        _refuse_without(project, membership)
        _withdraw_invitations(project, membership.user)
    membership.role = role
    membership.save(update_fields=["role"])
    record(
        project,
        by=by,
        kind="member.role_changed",
        summary=f"{by.shown_name} made {membership.user.shown_name} {role}, who was {before}.",
        user=member,
        role=role,
        before=before,
    )
    _tell(project.pk)
    return membership


@transaction.atomic
def remove_member(*, project: Project, member: int, by: User) -> None:
    """Take somebody off the project, or leave it. What they did there stays.

    Raises NotMember and LastOwner as `change_role` does.
    """
    membership = _locked(project, member)
    if membership.role == Role.OWNER:
        _refuse_without(project, membership)
        _withdraw_invitations(project, membership.user)
    name = membership.user.shown_name
    membership.delete()
    record(
        project,
        by=by,
        kind="member.removed",
        summary=f"{name} left." if member == by.pk else f"{by.shown_name} removed {name}.",
        user=member,
    )
    _tell(project.pk)


def _locked(project: Project, member: int) -> Membership:
    """The membership, with the project's row locked: who looks for the last owner does so one after another."""
    Project.objects.select_for_update().get(pk=project.pk)
    membership = project.memberships.select_related("user").filter(user=member).first()
    if membership is None:
        raise NotMember("There is no such member here.")
    return membership


def _refuse_without(project: Project, owner: Membership) -> None:
    """Owners who may not sign in do not count: the project would be nobody's."""
    others = project.memberships.filter(role=Role.OWNER, user__is_active=True).exclude(pk=owner.pk)
    if not others.exists():
        raise LastOwner("A project needs an owner. Make somebody else an owner first.", project=project.pk)


def _withdraw_invitations(project: Project, owner: User) -> None:
    """Links of somebody who owns the project no longer would go on letting people in."""
    mine = Invitation.objects.open().filter(project=project, invited_by=owner)
    mine.update(revoked_at=timezone.now())


@transaction.atomic
def make_token(*, user: User, name: str, scopes: Iterable[str], days: int) -> tuple[ApiToken, str]:
    """A token and its secret, which is shown this once. Raises TooManyTokens."""
    User.objects.select_for_update().get(pk=user.pk)
    if selectors.tokens_of(user).count() >= MOST_TOKENS:
        raise TooManyTokens(f"You have {MOST_TOKENS} tokens. Revoke one that you no longer use first.")
    secret = selectors.TOKEN_MARK + secrets.token_urlsafe(TOKEN_BYTES)
    token = ApiToken.objects.create(
        user=user,
        name=name,
        prefix=secret[:PREFIX_LENGTH],
        digest=selectors.digest_of(secret),
        scopes=sorted(set(scopes)),
        expires_at=timezone.now() + timedelta(days=days),
    )
    return token, secret


def revoke_token(*, token: ApiToken) -> None:
    """From now on it is refused."""
    ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now())


def rename_person(*, user: User, display_name: str) -> None:
    """Change how a person is shown to the others."""
    User.objects.filter(pk=user.pk).update(display_name=display_name)


def _tell(project_id: int) -> None:
    events.publish(project_id, kind="member", id=project_id, status="changed")
