"""The queue. Postgres rows are the truth; a message only wakes a worker, so none needs to carry a result."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.config.settings.base")

app = Celery("kineme")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
