"""What the broker delivers: ids. The rows decide whether anything is to be done."""

from celery import shared_task

from backend.runs import stages
from backend.runs.scheduling import RUN_STAGE


@shared_task(name=RUN_STAGE, acks_late=True, reject_on_worker_lost=True, ignore_result=True)
def run_stage(execution_id: int) -> None:
    stages.run(execution_id)
