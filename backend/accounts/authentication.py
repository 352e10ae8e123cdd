"""Who is asking: the page by its session, a program by its token. Deny by default: what neither names is nobody."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import authentication, permissions
from rest_framework.request import Request

from backend.accounts.exceptions import NotForTokens, ScopeMissing
from backend.accounts.models import ApiToken, Scope
from backend.accounts.selectors import usable_token
from backend.common.database import ask
from backend.common.errors import ApplicationError, refuse
from backend.common.throttles import TooOften, token_wait_s
from backend.projects.models import User

View = Callable[..., Awaitable[HttpResponseBase]]


class SessionAuthentication(authentication.SessionAuthentication):
    """Django's session with CSRF. A request without one gets 401, not 403, so the page knows to ask for a sign-in."""

    def authenticate_header(self, request: Request) -> str:
        return "Session"


class TokenAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer kin_…`, and nowhere else: no cookie, no query that ends up in a log. Who sends one means
    it: a token that does not hold is refused, whatever session came along."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        token = bearer_of(request)
        return None if token is None else (token.user, token)

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def bearer_of(request: Request | HttpRequest) -> ApiToken | None:
    """The token of a request, None without one. Raises TokenRefused."""
    kind, _, secret = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    if kind.lower() != "bearer":
        return None
    return usable_token(secret.strip())


class ScopeSuffices(permissions.BasePermission):
    """A token may read, write or export as its scopes say, and nothing that a view keeps for people.

    A view says otherwise by `required_scope`, and by `session_only`: True, or the methods that take no token.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        if not isinstance(request.auth, ApiToken):
            return True
        session_only = getattr(view, "session_only", False)
        if session_only is True or (session_only and request.method in session_only):
            raise NotForTokens("A token may not do that. Sign in on the page.")
        reading = request.method in permissions.SAFE_METHODS
        needed = getattr(view, "required_scope", None) or (Scope.READ if reading else Scope.WRITE)
        if needed not in request.auth.scopes:
            raise ScopeMissing(f"This token may not do that: it lacks the scope “{needed}”.", scope=str(needed))
        return True


def tokens_may_read(view: View) -> View:
    """Let tokens with the scope “read” into a view outside DRF, for GET and HEAD. The token is `request.api_token`."""
    assert iscoroutinefunction(view), "our views outside DRF are coroutines"

    @functools.wraps(view)
    async def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.META.get("HTTP_AUTHORIZATION"):
            try:
                token = await ask(_read_token, request)
            except ApplicationError as error:
                return refuse(error)
            if token is not None:
                request.user, request.api_token = token.user, token  # type: ignore[attr-defined]
        return await view(request, *args, **kwargs)

    return wrapped


def _read_token(request: HttpRequest) -> ApiToken | None:
    token = bearer_of(request)
    if token is None:
        return None
    if request.method not in permissions.SAFE_METHODS or Scope.READ not in token.scopes:
        raise ScopeMissing("This token may not do that: it lacks the scope “read”.", scope="read")
    if wait_s := token_wait_s(token):
        raise TooOften(wait_s)
    return token


class SessionScheme(OpenApiAuthenticationExtension):
    """How the schema describes it."""

    target_class = SessionAuthentication
    name = "session"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME}


class TokenScheme(OpenApiAuthenticationExtension):
    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "A personal token, made under “Account”."}
