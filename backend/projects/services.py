"""What people cause: signing in, founding a project."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth import authenticate
from django.core import signing
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from backend.common import events
from backend.projects.audit import record
from backend.projects.exceptions import InvalidCredentials, LinkUsedUp, TooManySignIns
from backend.projects.models import FailedSignIn, Membership, Project, Role, User

FAILURES_COUNT_FOR = timedelta(minutes=15)
MOST_FAILURES = 10  # of one name from one address
MOST_FAILURES_OF_NAME = 100  # from anywhere: whoever owns the name is not locked out by a single neighbour
MOST_FAILURES_OF_ADDRESS = 200
LINK_SALT = "kineme.sign-in-link"
FIRST_ACCOUNT = "owner"


@transaction.atomic
def create_project(*, name: str, by: User, description: str = "", synthetic: bool = False) -> Project:
    """A new project, owned by whoever founded it."""
    project = Project.objects.create(name=name, description=description, synthetic=synthetic, created_by=by)
    Membership.objects.create(user=by, project=project, role=Role.OWNER)
    return project


@transaction.atomic
def change_project(*, project: Project, by: User, name: str | None = None, description: str | None = None) -> None:
    """Rename a project or describe it anew; None: as it is."""
    locked = Project.objects.select_for_update().get(pk=project.pk)
    wanted = {"name": name, "description": description}
    changed = {key: value for key, value in wanted.items() if value is not None and value != getattr(locked, key)}
    if not changed:
        return
    Project.objects.filter(pk=project.pk).update(**changed)
    if "name" in changed:
        summary = f"{by.shown_name} renamed the project from “{locked.name}” to “{name}”."
        record(project, by=by, kind="project.renamed", summary=summary, before=locked.name, name=name)
    else:
        record(project, by=by, kind="project.described", summary=f"{by.shown_name} described the project anew.")
    events.publish(project.pk, kind="project", id=project.pk, status="changed")


def check_password(*, username: str, password: str, address: str) -> User:
    """The account behind a name and password.

    Raises:
        TooManySignIns: too many wrong ones lately; this one was not even looked at.
        InvalidCredentials: the name or the password is wrong, and we do not say which.
    """
    name = username[:150].lower()
    since = timezone.now() - FAILURES_COUNT_FOR
    FailedSignIn.objects.filter(at__lt=since).delete()
    # Counted as failed until it proves right, so a burst of parallel guesses cannot slip through before it counts.
    attempt = FailedSignIn.objects.create(username=name, address=address)
    of_address = FailedSignIn.objects.filter(address=address, at__gte=since)
    of_name = FailedSignIn.objects.filter(username=name, at__gte=since)
    if (
        of_address.filter(username=name).count() > MOST_FAILURES
        or of_name.count() > MOST_FAILURES_OF_NAME
        or of_address.count() > MOST_FAILURES_OF_ADDRESS
    ):
        attempt.delete()  # or waiting would never help someone who keeps trying
        raise TooManySignIns("Too many wrong passwords. Wait a quarter of an hour and try again.")
    # Names are one whatever their case; one that nobody has is tried as well, so that it takes as long.
    known = User.objects.filter(username__iexact=username).values_list("username", flat=True).first()
    user = authenticate(username=known or username, password=password)
    if not isinstance(user, User):
        raise InvalidCredentials("The name or the password is wrong.")
    FailedSignIn.objects.filter(username=name, address=address).delete()
    return user


def ensure_first_account() -> tuple[User, str | None]:
    """The account of whoever installed Kineme, and its password if it was made just now."""
    with transaction.atomic():
        user = User.objects.filter(is_superuser=True, is_active=True).order_by("pk").first()
        if user is not None:
            return user, None
        password = secrets.token_urlsafe(12)
        user = User.objects.create_superuser(FIRST_ACCOUNT, password=password, display_name="Owner")
        return user, password


def sign_in_token(user: User) -> str:
    """Good for one sign-in within the hour: using it changes `last_login`, and with that its own meaning."""
    return signing.dumps({"user": user.pk, "state": _state_of(user)}, salt=LINK_SALT)


@transaction.atomic
def redeem_sign_in_token(token: str) -> User:
    """The account a token was made for. Raises LinkUsedUp; the caller signs in before the transaction ends."""
    try:
        claim = signing.loads(token, salt=LINK_SALT, max_age=settings.SIGN_IN_LINK_EXPIRES_AFTER)
    except signing.BadSignature as error:
        raise LinkUsedUp(USED_UP) from error
    user = User.objects.select_for_update().filter(pk=claim["user"], is_active=True).first()
    if user is None or not constant_time_compare(claim["state"], _state_of(user)):
        raise LinkUsedUp(USED_UP)
    user.last_login = timezone.now()
    user.save(update_fields=["last_login"])
    return user


USED_UP = "This sign-in link was used already or is older than an hour. Sign in with your password."


def _state_of(user: User) -> str:
    last: datetime | None = user.last_login
    return salted_hmac(LINK_SALT, f"{user.pk}|{user.password}|{last and last.isoformat()}").hexdigest()
