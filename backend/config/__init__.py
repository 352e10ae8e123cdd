"""How the backend is put together: environment, settings, addresses, queue."""

from backend.config.celery import app as celery_app

__all__ = ["celery_app"]
