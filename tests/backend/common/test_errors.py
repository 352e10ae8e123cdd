from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions

from backend.common.errors import ApplicationError, error_body, exception_handler


class Refused(ApplicationError):
    code = "refused_here"
    status = 409


@pytest.mark.parametrize(
    ("error", "status", "code", "message"),
    [
        (Refused("Not now.", run=3), 409, "refused_here", "Not now."),
        (ApplicationError("No.", code="other", status=418), 418, "other", "No."),
        (exceptions.ValidationError({"name": ["Too long."]}), 400, "invalid", "name: Too long."),
        (exceptions.ValidationError({"videos": {1: ["No."]}}), 400, "invalid", "videos: 1: No."),
        (exceptions.ValidationError(["Bad."]), 400, "invalid", "Bad."),
        (Http404("secret model name"), 404, "not_found", "There is nothing here, or it is not yours to see."),
        (PermissionDenied("x"), 403, "forbidden", "Your role in this project does not allow that."),
        (exceptions.NotAuthenticated(), 401, "not_authenticated", "Sign in first."),
        (exceptions.ParseError("JSON parse error"), 400, "bad_request", "The request could not be read."),
        (
            exceptions.PermissionDenied("CSRF Failed: CSRF token missing."),
            403,
            "csrf_failed",
            "This page is out of date. Reload it and try again.",
        ),
    ],
)
def test_every_refusal_has_a_code_and_a_sentence(error: Exception, status: int, code: str, message: str):
    response = exception_handler(error, {})
    assert response is not None
    assert (response.status_code, response.data["code"], response.data["message"]) == (status, code, message)
    assert set(response.data) <= {"code", "message", "details"}


def test_words_that_were_sent_come_back_without_what_no_answer_can_hold():
    odd = {"a\ud800b": ["“\u202efdp.4\0pm” is no choice.", 4, None]}
    assert error_body("invalid", "a\ud800\u202eb", odd) == {
        "code": "invalid",
        "message": "ab",
        "details": {"ab": ["“fdp.4pm” is no choice.", 4, None]},
    }


def test_details_come_along_only_where_there_are_some():
    assert exception_handler(Refused("No.", run=3), {}).data["details"] == {"run": 3}
    assert "details" not in exception_handler(Refused("No."), {}).data


def test_a_bug_is_not_dressed_up_as_a_refusal():
    assert exception_handler(KeyError("x"), {}) is None


def test_a_throttled_client_hears_when_to_come_back():
    response = exception_handler(exceptions.Throttled(wait=3.2), {})
    assert (response.status_code, response["Retry-After"]) == (429, "4")
