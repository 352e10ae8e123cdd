"""Nothing inside is ever reached by an address somebody typed in."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from backend.common import outside
from backend.common.outside import AddressRefused, NotReached

PUBLIC = "93.184.215.14"


class Canary:
    """A listener on loopback that counts who comes."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.socket.getsockname()[1]
        self.visits = 0
        threading.Thread(target=self._count, daemon=True).start()

    def _count(self) -> None:
        while True:
            try:
                self.socket.accept()[0].close()
            except OSError:
                return
            self.visits += 1


@pytest.fixture
def canary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Canary]:
    """With its port among those allowed, so that only the address can be what is refused."""
    made = Canary()
    monkeypatch.setattr(outside, "PORTS", (443, 8443, made.port))
    yield made
    made.socket.close()


def resolver(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """A name server that gives the next of `answers` each time. Returns the names it was asked for."""
    asked: list[str] = []
    left = list(answers)

    def getaddrinfo(host: str, port: int, *_: object, **__: object) -> list[tuple[object, ...]]:
        asked.append(host)
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in (left.pop(0) if left else answers[-1])
        ]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


INSIDE = [
    "127.0.0.1",
    "127.8.8.8",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "0.0.0.0",
    "224.0.0.1",
    "255.255.255.255",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:a9fe:a9fe]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "[2001:0:0:1::1]",
    "[fe80::1]",
    "[fc00::1]",
    "[fd00:ec2::254]",
    "[fec0::1]",
    "[ff02::1]",
]


@pytest.mark.parametrize("host", INSIDE)
def test_an_address_inside_is_refused_when_it_is_typed_and_when_it_is_sent_to(canary: Canary, host: str):
    url = f"https://{host}:{canary.port}/hook"
    with pytest.raises(AddressRefused):
        outside.check(url)
    with pytest.raises(AddressRefused):
        outside.post(url, b"{}", {})
    assert canary.visits == 0


@pytest.mark.parametrize(
    "host",
    ["2130706433", "0177.0.0.1", "0x7f.0.0.1", "0x7f000001", "127.1", "0", "127.0.0.1.", "[::1%25lo]", "localhost"],
)
def test_other_spellings_of_loopback_are_refused(canary: Canary, host: str):
    with pytest.raises(AddressRefused):
        outside.post(f"https://{host}:{canary.port}/", b"{}", {})
    assert canary.visits == 0


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/",
        "file:///etc/passwd",
        "ftp://example.org/",
        "gopher://example.org/",
        "https://",
        "https:///path",
        "https://example.org:22/",
        "https://example.org:99999/",
        "https://user:word@example.org/",
        "https://127.0.0.1@example.org/",
        "https://example.org\\@127.0.0.1/",
        "https://example.org/a b",
        "https://example.org/\r\nHost: inside",
        "https://exämple.org/",
        "https://[::1/",
        "https://-x.org/",
        "example.org",
        "https://example.org/" + "a" * 2000,
    ],
)
def test_what_is_not_a_plain_https_address_is_refused_before_any_name_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, url: str
):
    asked = resolver(monkeypatch, [PUBLIC])
    with pytest.raises(AddressRefused):
        outside.check(url)
    assert asked == []


def test_a_name_with_one_public_and_one_private_address_is_refused(monkeypatch: pytest.MonkeyPatch):
    resolver(monkeypatch, [PUBLIC, "10.0.0.1"])
    with pytest.raises(AddressRefused):
        outside.check("https://both.example.org/")


def test_a_name_that_turns_private_after_it_was_saved_is_refused_when_sent_to(
    monkeypatch: pytest.MonkeyPatch, canary: Canary
):
    resolver(monkeypatch, [PUBLIC], ["127.0.0.1"])
    url = f"https://turns.example.org:{canary.port}/"
    outside.check(url)
    with pytest.raises(AddressRefused):
        outside.post(url, b"{}", {})
    assert canary.visits == 0


def test_a_name_is_asked_for_once_and_the_connection_goes_to_the_address_that_was_checked(
    monkeypatch: pytest.MonkeyPatch, canary: Canary
):
    asked = resolver(monkeypatch, [PUBLIC], ["127.0.0.1"])  # a second look-up would lead inside
    reached: list[tuple[str, int]] = []

    def connect(address: tuple[str, int], **_: object) -> socket.socket:
        reached.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(NotReached):
        outside.post(f"https://turns.example.org:{canary.port}/", b"{}", {})
    assert asked == ["turns.example.org"]
    assert reached == [(PUBLIC, canary.port)]
    assert canary.visits == 0


class Receiver(BaseHTTPRequestHandler):
    answer, location, dripping = 200, "", 0

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append((self.path, dict(self.headers), body))
        self.send_response(self.answer)
        if self.location:
            self.send_header("Location", self.location)
        self.end_headers()
        self.wfile.write(b"secret of the inside" * 10_000)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def receiver(settings) -> Iterator[HTTPServer]:
    """A receiver on loopback that an administrator allowed."""
    server = HTTPServer(("127.0.0.1", 0), type("Handler", (Receiver,), {}))
    server.received = []
    settings.OUTSIDE_HOSTS = frozenset({f"127.0.0.1:{server.server_port}"})
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_a_host_an_administrator_named_may_be_inside_and_without_tls(receiver: HTTPServer):
    url = f"http://127.0.0.1:{receiver.server_port}/hook?a=1"
    outside.check(url)
    assert outside.post(url, b"{}", {"X-Of-Ours": "1"}) == 200
    path, headers, body = receiver.received[0]
    assert (path, body, headers["X-Of-Ours"]) == ("/hook?a=1", b"{}", "1")
    assert headers["Host"] == f"127.0.0.1:{receiver.server_port}"


def test_naming_one_port_of_a_host_does_not_open_another(receiver: HTTPServer, canary: Canary):
    with pytest.raises(AddressRefused):
        outside.post(f"http://127.0.0.1:{canary.port}/", b"{}", {})
    assert canary.visits == 0


def test_a_redirect_is_an_answer_and_is_not_followed(receiver: HTTPServer, canary: Canary):
    receiver.RequestHandlerClass.answer = 302
    receiver.RequestHandlerClass.location = f"http://127.0.0.1:{canary.port}/"
    assert outside.post(f"http://127.0.0.1:{receiver.server_port}/", b"{}", {}) == 302
    assert canary.visits == 0
    assert len(receiver.received) == 1


def test_one_that_accepts_and_says_nothing_is_given_up(settings, monkeypatch: pytest.MonkeyPatch):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        settings.OUTSIDE_HOSTS = frozenset({"127.0.0.1"})
        monkeypatch.setattr(outside, "STEP_S", 0.2)
        with pytest.raises(NotReached, match="in time"):
            outside.post(f"http://127.0.0.1:{port}/", b"{}", {})


def test_one_that_drips_is_cut_off(settings, monkeypatch: pytest.MonkeyPatch):
    with socket.create_server(("127.0.0.1", 0)) as server:
        settings.OUTSIDE_HOSTS = frozenset({"127.0.0.1"})
        monkeypatch.setattr(outside, "ALL_S", 0.5)
        stop = threading.Event()

        def drip() -> None:
            there, _ = server.accept()
            with there:
                while not stop.wait(0.05):
                    try:
                        there.sendall(b"H")
                    except OSError:
                        return

        threading.Thread(target=drip, daemon=True).start()
        with pytest.raises(NotReached, match="in time"):
            outside.post(f"http://127.0.0.1:{server.getsockname()[1]}/", b"{}", {})
        stop.set()


def test_a_certificate_that_nobody_vouches_for_is_refused(settings, monkeypatch: pytest.MonkeyPatch):
    with socket.create_server(("127.0.0.1", 0)) as server:
        settings.OUTSIDE_HOSTS = frozenset({"127.0.0.1"})
        threading.Thread(target=lambda: server.accept()[0].close(), daemon=True).start()
        with pytest.raises(NotReached, match="connection failed"):  # it speaks no TLS at all
            outside.post(f"https://127.0.0.1:{server.getsockname()[1]}/", b"{}", {})
