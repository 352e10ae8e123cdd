"""`uvicorn backend.config.asgi:application`."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.config.settings.base")

django_application = get_asgi_application()

from django.conf import settings  # noqa: E402

from backend.common.asgi import limit_body  # noqa: E402  only once Django is set up

MULTIPART_BYTES = 64 * 1024  # what a form adds to its file
application = limit_body(
    django_application, settings.MAX_CHUNK_BYTES, {"/examples/": settings.MAX_CLIP_BYTES + MULTIPART_BYTES}
)
