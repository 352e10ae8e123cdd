"""How django-allauth behaves here: who may come in, by which counted attempts, and what mails say."""

from __future__ import annotations

from typing import Any, NoReturn

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.base.constants import AuthError, AuthProcess
from django.core.mail import send_mail
from django.db import transaction
from django.http import HttpRequest, HttpResponseRedirect

from backend.accounts import selectors, services
from backend.accounts.models import Invitation
from backend.common.errors import ApplicationError
from backend.common.names import shown_name
from backend.projects.models import User
from backend.projects.services import check_password

RESET_MAIL = """Hello {name},

somebody, probably you, asked for a new password for your Kineme account “{username}”. Choose it here, within a day:

{url}

If it was not you, leave this mail be: your password stays as it is.
"""


class AccountAdapter(DefaultAccountAdapter):
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "invalid_password_reset": "This link was used already or is too old. Ask for a new one.",
        "enter_current_password": "This is not your current password.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Accounts come from invitations only: by `services.join_with_new_account`, or a provider's sign-in below."""
        return False

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User:
        """By our own count of failures: allauth's lies in the cache, and is forgotten with it."""
        return check_password(
            username=credentials["username"],
            password=credentials["password"],
            address=request.META.get("REMOTE_ADDR", ""),
        )

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Plain text without templates. The one mail sent is that of the reset."""
        if template_prefix != "account/email/password_reset_key":
            return
        user: User = context["user"]
        text = RESET_MAIL.format(name=user.shown_name, username=user.username, url=context["password_reset_url"])
        send_mail("A new password for Kineme", text, None, [email])


class SocialAdapter(DefaultSocialAccountAdapter):
    """Sign-in by a provider. Nobody gets an account by it without an invitation, nor somebody else's account ever."""

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        if sociallogin.state.get("process") == AuthProcess.CONNECT:
            return
        # Only what the provider itself vouches for; True, not "true" nor 1.
        verified = [address for address in sociallogin.email_addresses if address.verified is True]
        if not sociallogin.is_existing and (known := _who_has(verified)):
            sociallogin.connect(request, known)
        if not sociallogin.is_existing:
            if _invitation_in(sociallogin) is None:
                _lead_back("uninvited")
            # An address that an account here has unproven is neither taken over nor given twice.
            sociallogin.email_addresses = [a for a in verified if not _is_somebodys(a.email)]
            if sociallogin.user is not None and not sociallogin.email_addresses:
                sociallogin.user.email = ""
            return
        if sociallogin.user is None or not sociallogin.user.is_active:
            _lead_back("inactive")
        if invitation := _invitation_in(sociallogin):
            self._accept(invitation, sociallogin.user)

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return _invitation_in(sociallogin) is not None

    @transaction.atomic
    def save_user(self, request: HttpRequest, sociallogin: SocialLogin, form: Any = None) -> User:
        """The account and the membership it was made for; both or neither."""
        user: User = super().save_user(request, sociallogin, form)
        user.display_name = shown_name(f"{user.first_name} {user.last_name}", 150)
        user.save(update_fields=["display_name"])
        self._accept(_invitation_in(sociallogin), user)
        return user

    def on_authentication_error(self, request: HttpRequest, provider: Any, error: Any = None, **about: Any) -> NoReturn:
        _lead_back("cancelled" if error == AuthError.CANCELLED else "failed")

    @staticmethod
    def _accept(invitation: Invitation | None, user: User) -> None:
        try:
            if invitation is not None:
                services.accept_invitation(invitation=invitation, by=user)
                return
        except ApplicationError:
            pass
        _lead_back("uninvited")


def _who_has(addresses: list[EmailAddress]) -> User | None:
    """The account that has proven one of these addresses to be its own."""
    for address in addresses:
        proven = EmailAddress.objects.filter(email__iexact=address.email, verified=True).select_related("user").first()
        if proven is not None:
            return proven.user  # type: ignore[no-any-return]
    return None


def _is_somebodys(email: str) -> bool:
    return (
        EmailAddress.objects.filter(email__iexact=email).exists() or User.objects.filter(email__iexact=email).exists()
    )


def _invitation_in(sociallogin: SocialLogin) -> Invitation | None:
    """The open invitation that the sign-in was begun with. It lies in the session, beside the flow's own state."""
    digest = (sociallogin.state.get("data") or {}).get("invitation")
    if not digest:
        return None
    try:
        return selectors.invitation_by_digest(digest)
    except ApplicationError:
        return None


def _lead_back(why: str) -> NoReturn:
    raise ImmediateHttpResponse(HttpResponseRedirect(f"/signin?provider={why}"))
