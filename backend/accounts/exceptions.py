from rest_framework import status

from backend.common.errors import ApplicationError


class NoSuchInvitation(ApplicationError):
    code = "no_such_invitation"
    status = status.HTTP_404_NOT_FOUND


class InvitationOver(ApplicationError):
    """Used, taken back or too old."""

    code = "invitation_over"
    status = status.HTTP_410_GONE


class SignedInAlready(ApplicationError):
    code = "signed_in_already"


class NameTaken(ApplicationError):
    code = "name_taken"


class LastOwner(ApplicationError):
    code = "last_owner"


class NotMember(ApplicationError):
    code = "not_found"
    status = status.HTTP_404_NOT_FOUND


class WrongName(ApplicationError):
    """Whoever deletes a project has to type its name."""

    code = "wrong_name"
    status = status.HTTP_400_BAD_REQUEST


class ProjectInUse(ApplicationError):
    code = "project_in_use"


class TokenRefused(ApplicationError):
    code = "token_refused"
    status = status.HTTP_401_UNAUTHORIZED


class TooManyTokens(ApplicationError):
    code = "too_many_tokens"


class NotForTokens(ApplicationError):
    code = "not_for_tokens"
    status = status.HTTP_403_FORBIDDEN


class ScopeMissing(ApplicationError):
    code = "scope_missing"
    status = status.HTTP_403_FORBIDDEN


class MailIsOff(ApplicationError):
    code = "mail_is_off"


class BadLink(ApplicationError):
    code = "bad_link"
    status = status.HTTP_400_BAD_REQUEST


class NoSuchProvider(ApplicationError):
    code = "no_such_provider"
    status = status.HTTP_404_NOT_FOUND


class ProviderAway(ApplicationError):
    code = "provider_away"
    status = status.HTTP_502_BAD_GATEWAY
