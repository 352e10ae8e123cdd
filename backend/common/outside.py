"""The one way out: a POST to an address somebody typed in, that cannot be turned against our own network.

The rule (docs/decisions/0018): https on port 443 or 8443; the name is resolved once, every address it has must be
public, and the connection goes to one of those very addresses, so a name that changes its answer gains nothing; no
redirect is followed; nothing of the answer but its status is kept. An administrator may name hosts that are let through
(`OUTSIDE_HOSTS`), with plain http too: a build server in the same room.
"""

from __future__ import annotations

import http.client
import ipaddress
import re
import socket
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

from backend.common.errors import ApplicationError

PORTS = (443, 8443)
STEP_S = 5.0  # to connect, and between two packets
ALL_S = 15.0  # of one attempt, however slowly it drips
READ_AT_MOST = 4096
LONGEST_URL = 2000
TRIES = 3  # addresses of one name
# Public to Python, and yet inside: the host's own services at two clouds, and IPv6 that wraps an IPv4 address.
INSIDE = [
    ipaddress.ip_network(one)
    for one in ("168.63.129.16/32", "192.0.0.0/24", "192.88.99.0/24", "2002::/16", "2001::/23", "2001:db8::/32")
]
GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*\.?")


class AddressRefused(ApplicationError):
    """Nothing is ever sent there."""

    code = "address_refused"
    status = 400


class NotReached(Exception):
    """The other side could not be reached, or did not answer in time. `str(error)` is a sentence without its words."""


@dataclass(frozen=True)
class Target:
    """An address that was taken apart once; nothing reads the text again, so no two readers can differ."""

    secure: bool
    host: str  # a name in ASCII, or an address without brackets
    port: int
    path: str  # with the query
    trusted: bool  # named by an administrator

    @property
    def host_header(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.secure else 80) else f"{host}:{self.port}"


def parsed(url: str) -> Target:
    """Take an address apart. Raises AddressRefused with what is wrong with it."""
    if len(url) > LONGEST_URL or not url.isascii() or re.search(r"[\x00-\x20\x7f\\]", url):
        raise AddressRefused("The address must be plain characters without spaces, 2,000 of them at most.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise AddressRefused("This is not an address: https://host/path is one.") from error
    host = (parts.hostname or "").lower()
    if parts.scheme not in ("https", "http") or not host:
        raise AddressRefused("The address must begin with https:// and name a host.")
    if parts.username is not None or parts.password is not None:
        raise AddressRefused("The address must not hold a user name or password.")
    secure = parts.scheme == "https"
    port = port if port is not None else 443 if secure else 80
    trusted = host in settings.OUTSIDE_HOSTS or f"{host}:{port}" in settings.OUTSIDE_HOSTS
    if not _is_address(host) and (not NAME.fullmatch(host) or _looks_like_a_number(host)):
        raise AddressRefused("The host must be a name, or an address in its usual form.")
    if not trusted and not secure:
        raise AddressRefused("The address must begin with https://.")
    if not trusted and port not in PORTS:
        raise AddressRefused("The port must be 443 or 8443.")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(secure, host, port, path, trusted)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return "%" not in host


def _looks_like_a_number(host: str) -> bool:
    """2130706433, 0x7f.1 and 0177.0.0.1 are 127.0.0.1 to a resolver. No real name ends in a number."""
    return bool(re.fullmatch(r"(0x[0-9a-f]*|[0-9]+)", host.rstrip(".").rpartition(".")[2]))


def is_public(address: str) -> bool:
    """True for an address of the open internet."""
    ip = ipaddress.ip_address(address)
    if any(ip in network for network in INSIDE if network.version == ip.version):
        return False
    if ip.version == 6 and ip not in GLOBAL_UNICAST:  # among them IPv4 in IPv6, ::ffff:127.0.0.1 and 64:ff9b::
        return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


def resolved(target: Target) -> list[str]:
    """Where the host is now, each a public address unless an administrator named it.

    Raises:
        AddressRefused: one of them is not public.
        NotReached: the name has no address.
    """
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NotReached("The name of the host could not be resolved.") from error
    addresses = list(dict.fromkeys(str(row[4][0]).partition("%")[0] for row in found))
    if not addresses:
        raise NotReached("The name of the host could not be resolved.")
    if not target.trusted and not all(is_public(one) for one in addresses):
        raise AddressRefused("This host is not on the open internet. Ask an administrator to allow it.")
    return addresses


def check(url: str) -> None:
    """Say now what sending would say later. Raises AddressRefused, also for a host that cannot be found."""
    try:
        resolved(parsed(url))
    except NotReached as error:
        raise AddressRefused(str(error)) from error


def post(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    """POST `body`, and return the status of the answer, a redirect's too: it is not followed.

    Raises:
        AddressRefused: the address, or where its name leads to now, is not allowed.
        NotReached: no answer.
    """
    target = parsed(url)
    why: Exception | None = None
    for address in resolved(target)[:TRIES]:
        try:
            with socket.create_connection((address, target.port), timeout=STEP_S) as plain:
                return _sent(plain, target, body, headers)
        except ssl.SSLCertVerificationError as error:
            raise NotReached("Its certificate could not be verified.") from error
        except TimeoutError as error:
            why = error
        except (OSError, http.client.HTTPException) as error:
            why = error
    if isinstance(why, TimeoutError):
        raise NotReached("It did not answer in time.") from why
    raise NotReached("The connection failed.") from why


def _sent(plain: socket.socket, target: Target, body: bytes, headers: Mapping[str, str]) -> int:
    # The name goes into the certificate's check and the Host header; the socket is already where it leads.
    sock = ssl.create_default_context().wrap_socket(plain, server_hostname=target.host) if target.secure else plain
    late = threading.Event()

    def cut() -> None:
        late.set()
        try:
            sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # closed already

    clock = threading.Timer(ALL_S, cut)
    clock.daemon = True
    clock.start()
    connection = http.client.HTTPConnection(target.host, target.port, timeout=STEP_S)
    connection.sock = sock
    try:
        connection.putrequest("POST", target.path, skip_host=True, skip_accept_encoding=True)
        for name, value in {"Host": target.host_header, "Content-Length": str(len(body)), **headers}.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        answer.read(READ_AT_MOST)
        return answer.status
    except (OSError, http.client.HTTPException) as error:
        if late.is_set():
            raise TimeoutError from error
        raise
    finally:
        clock.cancel()
        connection.close()
        sock.close()
