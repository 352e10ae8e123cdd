"""What is tried again, what is not, and how a refusal arrives."""

from __future__ import annotations

import httpx
import pytest

from kineme_client import Client, KinemeError, NotReached, Refused
from kineme_client.stored import Login
from kineme_client.transport import TRIES, Transport, checked_address


class Server:
    """Answers in order; the last answer stays."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []
        self.pauses: list[float] = []

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def transport(self) -> Transport:
        return Transport("http://localhost", "kin_x", http=httpx.MockTransport(self.handle), sleep=self.pauses.append)


OK = httpx.Response(200, json={"fine": True})
BUSY = httpx.Response(503, json={"code": "busy", "message": "Busy."})


def test_the_token_goes_in_the_header():
    server = Server(OK)
    server.transport().request("GET", "/api/projects/")
    assert server.requests[0].headers["Authorization"] == "Bearer kin_x"


@pytest.mark.parametrize("trouble", [BUSY, httpx.ConnectError("refused"), httpx.ReadTimeout("slow")])
def test_a_question_is_asked_again(trouble: httpx.Response | Exception):
    server = Server(trouble, trouble, OK)
    assert server.transport().request("GET", "/").json() == {"fine": True}
    assert len(server.requests) == 3
    assert 0 < server.pauses[0] < server.pauses[1]


def test_a_server_that_says_how_long_to_wait_is_heeded():
    server = Server(httpx.Response(429, headers={"Retry-After": "7"}), OK)
    server.transport().request("GET", "/")
    assert server.pauses == [7.0]


@pytest.mark.parametrize("trouble", [BUSY, httpx.ReadTimeout("slow")])
def test_what_could_happen_twice_is_sent_once(trouble: httpx.Response | Exception):
    server = Server(trouble, OK)
    with pytest.raises((Refused, NotReached)):
        server.transport().request("POST", "/", json={})
    assert len(server.requests) == 1


def test_it_gives_up_in_the_end():
    server = Server(httpx.ConnectError("refused"))
    with pytest.raises(NotReached, match="does not answer: refused"):
        server.transport().request("GET", "/")
    assert len(server.requests) == TRIES


def test_a_refusal_keeps_status_code_sentence_and_details():
    body = {"code": "not_found", "message": "There is nothing here.", "details": {"a": 1}}
    with pytest.raises(Refused) as refused:
        Server(httpx.Response(404, json=body)).transport().request("GET", "/")
    error = refused.value
    assert (error.status, error.code, error.sentence, error.details) == (
        404,
        "not_found",
        "There is nothing here.",
        {"a": 1},
    )


@pytest.mark.parametrize("answer", [httpx.Response(404, text="<html>"), httpx.Response(500, json=["no"])])
def test_an_answer_that_is_not_kinemes_is_said_to_be(answer: httpx.Response):
    with pytest.raises(Refused, match="Is this the address of a Kineme"):
        Server(answer).transport().request("DELETE", "/", repeat=False)


def test_the_token_does_not_follow_a_redirect():
    server = Server(httpx.Response(302, headers={"Location": "https://elsewhere.example.org/"}), OK)
    with pytest.raises(Refused, match="elsewhere"):
        server.transport().request("GET", "/")
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("https://kineme.example.org/", "https://kineme.example.org"),
        ("kineme.example.org", "https://kineme.example.org"),
        ("https://kineme.example.org:8443/projects/1", "https://kineme.example.org:8443"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_an_address_is_what_comes_before_the_path(given: str, address: str):
    assert checked_address(given) == address


@pytest.mark.parametrize(
    "given", ["http://kineme.example.org", "ftp://a", "https://", "https://u:p@a.org", "https://a:b", "https://[::1"]
)
def test_an_address_that_would_show_the_token_or_is_none_is_refused(given: str):
    with pytest.raises(KinemeError):
        checked_address(given)


def test_pages_follow_the_cursor_only_as_far_as_they_are_read():
    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.query.decode())
        last = "cursor=b" in asked[-1]
        return httpx.Response(200, json={"results": [len(asked)], "next": None if last else "b"})

    asked: list[str] = []
    client = Client("http://localhost", "kin_x", http=httpx.MockTransport(handle))
    rows = client.pages("things/", limit=1)
    assert next(rows) == 1  # type: ignore[comparison-overlap]
    assert len(asked) == 1
    assert list(rows) == [2]
    assert asked == ["limit=1", "limit=1&cursor=b"]


def test_a_token_does_not_show_in_a_traceback():
    assert "kin_x" not in repr(Login("https://a.org", "kin_x"))
