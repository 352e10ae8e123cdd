from rest_framework import status

from backend.common.errors import ApplicationError


class SetNameTaken(ApplicationError):
    code = "set_name_taken"


class NothingSelected(ApplicationError):
    code = "nothing_selected"
    status = status.HTTP_400_BAD_REQUEST


class NotOfThisRun(ApplicationError):
    """Some of the primitives that were named are not the run's."""

    code = "not_of_this_run"
    status = status.HTTP_400_BAD_REQUEST
