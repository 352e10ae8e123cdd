"""What the broker delivers: the id of an example. The row decides whether anything is to be done."""

from celery import shared_task

from backend.search import stages
from backend.search.scheduling import EMBED_EXAMPLE


@shared_task(name=EMBED_EXAMPLE, acks_late=True, reject_on_worker_lost=True, ignore_result=True)
def embed_example(example_id: str) -> None:
    stages.run(example_id)
