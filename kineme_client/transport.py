"""Requests to one server, with a token: tried again where that can do no harm, refusals as exceptions."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx

from kineme_client.errors import KinemeError, NotReached, Refused

TIMEOUT = httpx.Timeout(60.0, connect=10.0)
TRIES = 6
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0
SAFE_TO_REPEAT = ("GET", "HEAD", "PUT", "DELETE")
BUSY = (429, 502, 503, 504)
LOOPBACK = ("localhost", "127.0.0.1", "::1")


def checked_address(url: str, *, insecure: bool = False) -> str:
    """The address of a server without a path. Raises KinemeError where a token would travel in the clear."""
    try:
        parts = urlsplit(url if "://" in url else f"https://{url}")
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise KinemeError(f"{url!r} is not an address.") from error
    if parts.scheme not in ("http", "https") or not host or parts.username is not None:
        raise KinemeError(f"{url!r} is not the address of a server: https://kineme.example.org is one.")
    if parts.scheme == "http" and host not in LOOPBACK and not insecure:
        raise KinemeError("Over http anybody on the way can read the token. Use https, or allow it with --insecure.")
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + (f":{port}" if port is not None else "")


class Transport:
    """One server. `sleep` is the pause between attempts."""

    def __init__(
        self,
        address: str,
        token: str,
        *,
        http: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.address = address
        self.sleep = sleep
        headers = {"Authorization": f"Bearer {token}", "User-Agent": "kineme-client"}
        # No redirects: the token is for this server.
        self._http = httpx.Client(
            base_url=address, headers=headers, timeout=TIMEOUT, follow_redirects=False, transport=http
        )

    def close(self) -> None:
        self._http.close()

    def request(self, method: str, path: str, *, repeat: bool | None = None, **options: Any) -> httpx.Response:
        """The answer, read to the end. repeat: whether it may be sent twice; if not given, as its method says.

        Raises:
            Refused: the server said no.
            NotReached: it did not answer.
        """
        request = self._http.build_request(method, path, **options)
        tries = TRIES if (method in SAFE_TO_REPEAT if repeat is None else repeat) else 1
        for attempt in range(1, tries + 1):
            last = attempt == tries
            try:
                answer = self._http.send(request)
            except httpx.TransportError as error:
                if last:
                    raise self.not_reached(error) from error
                self.sleep(pause_s(attempt))
                continue
            if answer.status_code in BUSY and not last:
                self.sleep(pause_s(attempt, answer.headers))
                continue
            raise_for(answer)
            return answer
        raise AssertionError("unreachable")

    def stream(self, method: str, path: str, **options: Any) -> httpx.Response:
        """One attempt, its body still to be read; close it. Raises httpx.TransportError as it is."""
        return self._http.send(self._http.build_request(method, path, **options), stream=True)

    def not_reached(self, error: Exception) -> NotReached:
        why = str(error) or type(error).__name__
        return NotReached(f"{self.address} does not answer: {why}.".replace("..", "."))


def pause_s(attempt: int, headers: Mapping[str, str] | None = None) -> float:
    """Before the next attempt: what the server asks for, else longer each time, and not all clients at once."""
    asked = (headers or {}).get("Retry-After", "")
    if asked.isdecimal():
        return min(float(asked), 2 * LONGEST_PAUSE_S)
    return min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** (attempt - 1)) * random.uniform(0.75, 1.25)


def raise_for(answer: httpx.Response) -> None:
    """Raises Refused unless the answer is a success."""
    if answer.status_code < 300:
        return
    if answer.status_code < 400:
        raise Refused(answer.status_code, "redirect", "The server sent us elsewhere. Give the address it sends to.")
    try:
        body = answer.json()
        raise Refused(answer.status_code, str(body["code"]), str(body["message"]), body.get("details"))
    except (ValueError, KeyError, TypeError, AttributeError):
        sentence = f"The server answered {answer.status_code}. Is this the address of a Kineme?"
        raise Refused(answer.status_code, "unknown", sentence) from None
