"""Product rules of reviewing that say no."""

from rest_framework import status

from backend.common.errors import ApplicationError


class NothingToReview(ApplicationError):
    code = "nothing_to_review"
    status = status.HTTP_400_BAD_REQUEST


class NotAReviewer(ApplicationError):
    code = "not_a_reviewer"
    status = status.HTTP_400_BAD_REQUEST


class NotOfThisProject(ApplicationError):
    code = "not_of_this_project"
    status = status.HTTP_400_BAD_REQUEST


class BadEdges(ApplicationError):
    code = "bad_edges"
    status = status.HTTP_400_BAD_REQUEST


class AlreadyUndone(ApplicationError):
    code = "already_undone"


class NothingSaid(ApplicationError):
    code = "nothing_said"
    status = status.HTTP_400_BAD_REQUEST


class BadTime(ApplicationError):
    code = "bad_time"
    status = status.HTTP_400_BAD_REQUEST


class CommentDeleted(ApplicationError):
    code = "comment_deleted"
