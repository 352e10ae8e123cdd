from rest_framework import status

from backend.common.errors import ApplicationError


class UploadTooLarge(ApplicationError):
    code = "too_large"
    status = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE


class WrongOffset(ApplicationError):
    """The sender and the server disagree on how much has arrived. HEAD tells."""

    code = "wrong_offset"
    status = status.HTTP_409_CONFLICT


class UploadBusy(ApplicationError):
    """Another request is writing to this upload."""

    code = "upload_busy"
    status = status.HTTP_423_LOCKED


class UploadFinished(ApplicationError):
    code = "upload_finished"
    status = status.HTTP_409_CONFLICT


class BadUpload(ApplicationError):
    """The request does not keep to tus 1.0."""

    code = "bad_upload"
    status = status.HTTP_400_BAD_REQUEST


class BadAnnotation(ApplicationError):
    """A file of annotations that cannot be used, and why."""

    code = "bad_annotation"
    status = status.HTTP_400_BAD_REQUEST


class AnnotationNameTaken(ApplicationError):
    code = "annotation_name_taken"
    status = status.HTTP_409_CONFLICT


class VideoFrozen(ApplicationError):
    """A frozen version of the vocabulary was taken from what was found in it."""

    code = "video_frozen"


class OverlappingAnnotation(BadAnnotation):
    """Two of its segments share time, and nobody said that this is meant."""

    code = "overlapping"
