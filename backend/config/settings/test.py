"""Settings of the test run: the same, with a key of its own, quick password hashes and a broker in memory."""

import os
import secrets

os.environ.setdefault("KINEME_SECRET_KEY", secrets.token_urlsafe(50))  # worker processes of a test inherit it

from backend.config.env import ENV
from backend.config.settings.base import *  # noqa: F403
from backend.config.settings.base import DATABASES

DATABASES["default"]["OPTIONS"].pop("pool")  # the test runner drops databases: no idle connection may hold them
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
CELERY_BROKER_URL = ENV.redis_url or "memory://"
MIN_FREE_BYTES = 0
CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}  # tests of limits bring their own
