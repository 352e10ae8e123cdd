"""What the broker delivers: the id of an export. The row decides whether anything is to be done."""

from celery import shared_task

from backend.exports import stages
from backend.exports.scheduling import MAKE_EXPORT


@shared_task(name=MAKE_EXPORT, acks_late=True, reject_on_worker_lost=True, ignore_result=True)
def make_export(export_id: str) -> None:
    stages.run(export_id)
