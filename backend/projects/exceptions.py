from rest_framework import status

from backend.common.errors import ApplicationError


class InvalidCredentials(ApplicationError):
    code = "invalid_credentials"
    status = status.HTTP_400_BAD_REQUEST


class TooManySignIns(ApplicationError):
    code = "too_many_sign_ins"
    status = status.HTTP_429_TOO_MANY_REQUESTS
    retry_after_s = 15 * 60


class LinkUsedUp(ApplicationError):
    """A sign-in link that is too old, was used, or never was one."""

    code = "link_used_up"
    status = status.HTTP_403_FORBIDDEN
