from rest_framework import status

from backend.common.errors import ApplicationError


class NothingToExport(ApplicationError):
    code = "nothing_to_export"
    status = status.HTTP_409_CONFLICT


class BadOptions(ApplicationError):
    code = "bad_options"
    status = status.HTTP_400_BAD_REQUEST


class SourceGone(ApplicationError):
    """What a version was made from is not there any more: a video, or what the run made of it."""

    code = "source_gone"
    status = status.HTTP_409_CONFLICT


class TooManyExports(ApplicationError):
    code = "too_many_exports"
    status = status.HTTP_429_TOO_MANY_REQUESTS


class NotReady(ApplicationError):
    code = "not_ready"
    status = status.HTTP_409_CONFLICT


class FileGone(ApplicationError):
    code = "file_gone"
    status = status.HTTP_410_GONE


class NotActive(ApplicationError):
    code = "not_active"
    status = status.HTTP_409_CONFLICT
