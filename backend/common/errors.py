"""Product rules that say no, and the one shape every refusal has: {"code", "message", "details"?}."""

from __future__ import annotations

import math
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, JsonResponse
from rest_framework import exceptions, status
from rest_framework.response import Response

from backend.common.names import shown_text

NOT_FOUND = "There is nothing here, or it is not yours to see."

# What the page says for errors that are not a product rule: status → code, sentence.
COMMON = {
    400: ("bad_request", "The request could not be read."),
    401: ("not_authenticated", "Sign in first."),
    403: ("forbidden", "Your role in this project does not allow that."),
    404: ("not_found", NOT_FOUND),
    405: ("method_not_allowed", "This address does not take that method."),
    406: ("not_acceptable", "Only JSON is served here."),
    415: ("unsupported_media_type", "The request has a content type that is not accepted here."),
    429: ("too_many_requests", "Too many requests. Wait a little and try again."),
}


class ApplicationError(Exception):
    """A product rule said no: a code for programs, a sentence for people, an HTTP status."""

    code = "refused"
    status = status.HTTP_409_CONFLICT
    retry_after_s: int | None = None

    def __init__(self, sentence: str, *, code: str | None = None, status: int | None = None, **details: Any) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.code = code or self.code
        self.status = status or self.status
        self.details = details


class Forbidden(ApplicationError):
    code = "forbidden"
    status = status.HTTP_403_FORBIDDEN


def error_body(code: str, message: str, details: Any = None) -> dict[str, Any]:
    return {"code": code, "message": shown_text(message)} | ({"details": _shown(details)} if details else {})


def _shown(details: Any) -> Any:
    """What is wrong is told in the words that were sent, which may hold what no answer can: half a pair of UTF-16."""
    match details:
        case str():
            return shown_text(details)
        case dict():
            return {_shown(key): _shown(value) for key, value in details.items()}
        case list() | tuple():
            return [_shown(value) for value in details]
    return details


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Turn what a view raised into the error body. None leaves it to Django: a bug, answered 500."""
    match error:
        case ApplicationError():
            headers = _headers_of(error)
            response = Response(error_body(error.code, error.sentence, error.details), error.status, headers=headers)
        case exceptions.ValidationError():
            body = error_body("invalid", first_sentence(error.detail), error.detail)
            response = Response(body, status=error.status_code)
        case exceptions.PermissionDenied() if str(error.detail).startswith("CSRF"):
            response = Response(error_body("csrf_failed", CSRF_SENTENCE), status=403)
        case exceptions.APIException() if error.status_code in COMMON:
            response = Response(error_body(*COMMON[error.status_code]), status=error.status_code)
        case Http404():
            response = Response(error_body(*COMMON[404]), status=404)
        case PermissionDenied():
            response = Response(error_body(*COMMON[403]), status=403)
        case _:
            return None
    if isinstance(error, exceptions.APIException):
        if header := getattr(error, "auth_header", None):
            response["WWW-Authenticate"] = header
        if wait := getattr(error, "wait", None):
            response["Retry-After"] = str(math.ceil(wait))
    return response


def first_sentence(detail: Any) -> str:
    """The first complaint in DRF's nested detail, with the field it is about."""
    if isinstance(detail, dict):
        name, inner = next(iter(detail.items()))
        sentence = first_sentence(inner)
        return sentence if name in ("non_field_errors", "detail") else f"{name}: {sentence}"
    if isinstance(detail, list):
        return first_sentence(next((item for item in detail if item), "invalid"))
    return str(detail)


CSRF_SENTENCE = "This page is out of date. Reload it and try again."


def refuse(error: ApplicationError) -> JsonResponse:
    """The same body for views outside DRF."""
    body = error_body(error.code, error.sentence, error.details)
    return JsonResponse(body, status=error.status, headers=_headers_of(error))


def _headers_of(error: ApplicationError) -> dict[str, str]:
    if error.status == status.HTTP_401_UNAUTHORIZED:
        return {"WWW-Authenticate": "Bearer"}
    return {} if error.retry_after_s is None else {"Retry-After": str(error.retry_after_s)}


def common_error(status_code: int) -> JsonResponse:
    return JsonResponse(error_body(*COMMON[status_code]), status=status_code)


def csrf_failure(request: HttpRequest, reason: str = "") -> JsonResponse:
    return JsonResponse(error_body("csrf_failed", CSRF_SENTENCE), status=403)


def bad_request(request: HttpRequest, exception: Exception) -> JsonResponse:
    return common_error(400)


def not_found(request: HttpRequest, exception: Exception) -> JsonResponse:
    return common_error(404)


def server_error(request: HttpRequest) -> JsonResponse:
    return JsonResponse(error_body("server_error", "Something broke on our side. It has been logged."), status=500)


def forbidden(request: HttpRequest, exception: Exception) -> JsonResponse:
    return common_error(403)
