"""How often one may ask. Counted in the cache that all processes share; see docs/decisions/0012-accounts.md."""

from __future__ import annotations

import logging
import math
import time
from typing import Any

from django.core.cache import cache
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from backend.common.errors import ApplicationError

logger = logging.getLogger(__name__)


class TooOften(ApplicationError):
    code = "too_many_requests"
    status = 429

    def __init__(self, wait_s: int) -> None:
        super().__init__("Too many requests. Wait a little and try again.")
        self.retry_after_s = wait_s


def seconds_to_wait(name: str, whose: str, most: int, window_s: int) -> int:
    """Count one request; 0, or for how long to wait when it was one too many.

    A fixed window needs one atomic step in the cache; a list of times, as DRF keeps, loses some of a burst.
    """
    window, spent_s = divmod(time.time(), window_s)
    key = f"limit:{name}:{whose}:{window:.0f}"
    try:
        cache.add(key, 0, timeout=window_s + 1)
        count = cache.incr(key)
    except ValueError:  # it expired between the two
        return 0
    except (RedisError, OSError):
        # The page must not go down with the counter. Wrong passwords are counted in the database.
        logger.warning("requests are not counted: the cache does not answer")
        return 0
    return 0 if count <= most else max(1, math.ceil(window_s - spent_s))


class Limit(BaseThrottle):
    """`most` requests in `window_s` seconds, counted for whoever `whose` names."""

    name = ""
    most = 0
    window_s = 60

    def allow_request(self, request: Request, view: Any) -> bool:
        self._wait_s = seconds_to_wait(self.name, self.whose(request), self.most, self.window_s)
        return self._wait_s == 0

    def wait(self) -> float:
        return self._wait_s

    def whose(self, request: Request) -> str:
        raise NotImplementedError


class OfPerson(Limit):
    def whose(self, request: Request) -> str:
        return f"user:{request.user.pk}" if request.user.is_authenticated else OfAddress.address(request)


class OfAddress(Limit):
    def whose(self, request: Request) -> str:
        return self.address(request)

    @staticmethod
    def address(request: Request) -> str:
        return f"address:{request.META.get('REMOTE_ADDR', '')}"


class Everyday(Limit):
    """Of every address: a token's requests by the token, a page's by the person. A page fires bursts, so a person's
    limit only ends what runs away."""

    PERSON_MOST = 12_000
    TOKEN_MOST = 1_200

    def allow_request(self, request: Request, view: Any) -> bool:
        if not request.user.is_authenticated:
            self._wait_s = 0  # is refused, or has a limit of its own
        elif request.auth is not None:
            self._wait_s = token_wait_s(request.auth)
        else:
            self._wait_s = seconds_to_wait("everyday", f"user:{request.user.pk}", self.PERSON_MOST, self.window_s)
        return self._wait_s == 0


def token_wait_s(token: Any) -> int:
    return seconds_to_wait("everyday", f"token:{token.pk}", Everyday.TOKEN_MOST, Everyday.window_s)


class TokenMaking(OfPerson):
    name, most, window_s = "make-token", 20, 3600


class PasswordChanging(OfPerson):
    name, most, window_s = "change-password", 10, 600


class Inviting(OfPerson):
    name, most, window_s = "invite", 100, 3600


class InvitationGuessing(OfAddress):
    name, most, window_s = "invitation", 60, 60


class ResetAsking(OfAddress):
    name, most, window_s = "reset", 20, 3600


class ResetGuessing(OfAddress):
    name, most, window_s = "reset-key", 30, 60


class ProviderAsking(OfAddress):
    name, most, window_s = "provider", 60, 60
