from backend.common.errors import ApplicationError


class NotSearchable(ApplicationError):
    code = "not_searchable"
    status = 409


class RangeOutside(ApplicationError):
    code = "range_outside"
    status = 400


class ClipTooLarge(ApplicationError):
    code = "clip_too_large"
    status = 413


class TooManyExamples(ApplicationError):
    code = "too_many_examples"
    status = 429
