"""The only reader of the environment, parsed once into `ENV`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

REPOSITORY = Path(__file__).resolve().parents[2]
GiB = 1024**3
SHORTEST_SECRET_KEY = 32

Number = TypeVar("Number", int, float)


class BadEnvironment(ImproperlyConfigured):
    """The server cannot start like this. `str(error)` is a sentence for whoever starts it."""


@dataclass(frozen=True)
class Database:
    name: str
    user: str = ""
    password: str = field(default="", repr=False)
    host: str = ""  # a name, an address, or the folder of a unix socket
    port: str = ""
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Mail:
    """Where mail is handed in, and who it is from."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    tls: bool  # from the first byte (smtps://)
    starttls: bool
    sender: str


@dataclass(frozen=True)
class Oidc:
    """A provider of sign-ins. `id` is part of its callback address, and of how its accounts are known here."""

    id: str
    name: str
    issuer: str
    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True)
class Env:
    database: Database
    redis_url: str | None
    data: Path
    clip_weights: Path
    cotracker: Path
    accept_cc_by_nc: bool
    secret_key: str | None = field(repr=False)
    allowed_hosts: tuple[str, ...]
    trusted_origins: tuple[str, ...]
    outside_hosts: tuple[str, ...]
    https: bool
    max_upload_bytes: int
    min_free_bytes: int
    lease_s: float
    heartbeat_s: float
    debug: bool
    mail: Mail | None = None
    oidc: Oidc | None = None

    def required_secret_key(self) -> str:
        """The key that signs sessions. Raises BadEnvironment when there is none or it can be guessed."""
        if not self.secret_key:
            raise BadEnvironment("Set KINEME_SECRET_KEY: without a secret key nobody can sign in safely.")
        if len(self.secret_key) < SHORTEST_SECRET_KEY or self.secret_key.startswith("django-insecure"):
            raise BadEnvironment(f"KINEME_SECRET_KEY needs at least {SHORTEST_SECRET_KEY} random characters.")
        return self.secret_key


def parse_database_url(url: str) -> Database:
    """`postgresql://user:password@host:port/name?host=/socket/folder&port=5432&sslmode=require`."""
    parts = urlsplit(url)
    if parts.scheme not in ("postgresql", "postgres"):
        raise BadEnvironment(f"DATABASE_URL must start with postgresql://, not {parts.scheme or 'nothing'}://.")
    options = dict(parse_qsl(parts.query))
    name = unquote(parts.path.lstrip("/")) or options.pop("dbname", "")
    if not name:
        raise BadEnvironment("DATABASE_URL names no database: postgresql://user:password@host:5432/NAME.")
    try:
        port = parts.port
    except ValueError as exc:
        raise BadEnvironment("The port in DATABASE_URL is not a number.") from exc
    return Database(
        name=name,
        user=unquote(parts.username or "") or options.pop("user", ""),
        password=unquote(parts.password or "") or options.pop("password", ""),
        host=options.pop("host", "") or unquote(parts.hostname or ""),
        port=options.pop("port", "") or str(port or ""),
        options=options,
    )


def parse_email_url(url: str) -> Mail:
    """`smtp://user:password@host:587?from=kineme@example.org`; smtps:// for TLS from the start; starttls=0 for none."""
    parts = urlsplit(url)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise BadEnvironment("KINEME_EMAIL_URL must be smtp://host or smtps://host.")
    try:
        port = parts.port
    except ValueError as exc:
        raise BadEnvironment("The port in KINEME_EMAIL_URL is not a number.") from exc
    options = dict(parse_qsl(parts.query))
    sender = options.pop("from", "")
    if "@" not in sender or any(c in sender for c in "\r\n"):
        raise BadEnvironment("KINEME_EMAIL_URL must say who mail is from: ?from=kineme@example.org.")
    tls = parts.scheme == "smtps"
    starttls = not tls and options.pop("starttls", "1") != "0"
    if options:
        raise BadEnvironment(f"KINEME_EMAIL_URL has an option nobody knows: {min(options)}.")
    return Mail(
        host=parts.hostname,
        port=port or (465 if tls else 587 if starttls else 25),
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        tls=tls,
        starttls=starttls,
        sender=sender,
    )


def parse_oidc(environ: Mapping[str, str]) -> Oidc | None:
    """KINEME_OIDC_ISSUER, _CLIENT_ID and _CLIENT_SECRET, all or none; _NAME is what the button says."""
    given = {name: environ.get(f"KINEME_OIDC_{name}") or "" for name in ("ISSUER", "CLIENT_ID", "CLIENT_SECRET")}
    if not any(given.values()):
        return None
    if missing := [name for name, value in given.items() if not value]:
        raise BadEnvironment(f"To sign in by OpenID Connect, set KINEME_OIDC_{missing[0]} too.")
    if urlsplit(given["ISSUER"]).scheme not in ("https", "http"):
        raise BadEnvironment("KINEME_OIDC_ISSUER must be an address: https://sign-in.example.org.")
    id = environ.get("KINEME_OIDC_ID") or "oidc"
    if not id.replace("-", "").isalnum() or not id.isascii():
        raise BadEnvironment("KINEME_OIDC_ID may have letters, digits and hyphens.")
    name = environ.get("KINEME_OIDC_NAME") or urlsplit(given["ISSUER"]).hostname or id
    return Oidc(id, name, given["ISSUER"].rstrip("/"), given["CLIENT_ID"], given["CLIENT_SECRET"])


def read_env(environ: Mapping[str, str]) -> Env:
    """Parse the environment. Raises BadEnvironment naming the variable that cannot be read."""

    def number(name: str, default: Number) -> Number:
        text = environ.get(name)
        if text is None or text == "":
            return default
        try:
            value = type(default)(text)
        except ValueError as exc:
            raise BadEnvironment(f"{name} must be a number, not {text!r}.") from exc
        if value < 0:
            raise BadEnvironment(f"{name} must not be negative.")
        return value

    def flag(name: str) -> bool:
        text = environ.get(name, "").lower()
        if text not in ("", "0", "1", "true", "false", "yes", "no"):
            raise BadEnvironment(f"{name} must be 1 or 0, not {text!r}.")
        return text in ("1", "true", "yes")

    def words(name: str, default: str) -> tuple[str, ...]:
        return tuple(word.strip() for word in environ.get(name, default).split(",") if word.strip())

    data = Path(environ.get("KINEME_DATA") or REPOSITORY / ".kineme").absolute()
    env = Env(
        database=parse_database_url(environ.get("DATABASE_URL") or "postgresql:///kineme"),
        redis_url=environ.get("REDIS_URL") or None,
        data=data,
        clip_weights=Path(environ.get("KINEME_CLIP_WEIGHTS") or data / "weights" / "clip").absolute(),
        cotracker=Path(environ.get("KINEME_COTRACKER") or data / "weights" / "cotracker").absolute(),
        accept_cc_by_nc=flag("KINEME_ACCEPT_CC_BY_NC"),
        secret_key=environ.get("KINEME_SECRET_KEY") or None,
        allowed_hosts=words("KINEME_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]"),
        trusted_origins=words("KINEME_TRUSTED_ORIGINS", ""),
        outside_hosts=words("KINEME_OUTSIDE_HOSTS", ""),
        https=flag("KINEME_HTTPS"),
        max_upload_bytes=number("KINEME_MAX_UPLOAD_BYTES", 64 * GiB),
        min_free_bytes=number("KINEME_MIN_FREE_BYTES", 2 * GiB),
        lease_s=number("KINEME_LEASE_S", 30.0),
        heartbeat_s=number("KINEME_HEARTBEAT_S", 5.0),
        debug=flag("KINEME_DEBUG"),
        mail=parse_email_url(environ["KINEME_EMAIL_URL"]) if environ.get("KINEME_EMAIL_URL") else None,
        oidc=parse_oidc(environ),
    )
    if not 0 < env.heartbeat_s < env.lease_s:
        raise BadEnvironment("KINEME_HEARTBEAT_S must be above 0 and below KINEME_LEASE_S.")
    return env


ENV = read_env(os.environ)
