"""Server-sent events of a project: the page hears what changed and asks for it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase

from backend.accounts.authentication import tokens_may_read
from backend.accounts.models import ApiToken
from backend.common.database import ask
from backend.common.errors import common_error
from backend.common.events import listener
from backend.projects.models import Project, User

PING_EVERY_S = 15.0
CHECK_EVERY_S = 60.0
RETRY_AFTER_MS = 2000


@tokens_may_read
async def project_events(request: HttpRequest, id: int) -> HttpResponseBase:
    if request.method != "GET":
        return common_error(405)
    if refused := await ask(_refusal, request.user, id):
        return common_error(refused)
    return StreamingHttpResponse(
        _stream(request, id),
        content_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


def _refusal(user: User | AnonymousUser, project_id: int) -> int | None:
    """The status to refuse with; None if the user may listen."""
    if not user.is_authenticated:
        return 401
    return None if Project.objects.visible_to(user).filter(pk=project_id).exists() else 404


def _still_welcome(request: HttpRequest, project_id: int) -> bool:
    """Neither signed out, nor switched off, nor taken off the project meanwhile; no token taken back."""
    if token := getattr(request, "api_token", None):
        return ApiToken.objects.usable().filter(pk=token.pk).exists() and _refusal(token.user, project_id) is None
    key = request.session.session_key
    if not key or not request.session.exists(key):
        return False
    user = User.objects.filter(pk=request.user.pk).first()  # afresh: `request.user` is as old as the stream
    if user is None or request.session.get(HASH_SESSION_KEY) != user.get_session_auth_hash():
        return False  # the password was changed elsewhere, which ends every other session
    return _refusal(user, project_id) is None


async def _stream(request: HttpRequest, project_id: int) -> AsyncIterator[bytes]:
    checked_at = time.monotonic()
    async with listener().subscribe(project_id) as subscription:
        yield f"retry: {RETRY_AFTER_MS}\n\n".encode()
        while True:
            event = await subscription.next(PING_EVERY_S)
            if time.monotonic() - checked_at > CHECK_EVERY_S:
                if not await ask(_still_welcome, request, project_id):
                    return
                checked_at = time.monotonic()
            yield event.encode() if event else b": ping\n\n"
