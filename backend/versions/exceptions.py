from rest_framework import status

from backend.common.errors import ApplicationError


class VersionNameTaken(ApplicationError):
    code = "version_name_taken"


class AlreadyFrozen(ApplicationError):
    """The same content has a version."""

    code = "already_frozen"


class NothingToFreeze(ApplicationError):
    """The run has no primitives, or is not finished."""

    code = "nothing_to_freeze"


class NoVersionName(ApplicationError):
    code = "no_name"
    status = status.HTTP_400_BAD_REQUEST
