"""What the broker delivers: the id of a delivery. The row decides whether anything is to be sent."""

from celery import shared_task

from backend.webhooks import stages
from backend.webhooks.scheduling import DELIVER


# Looking up a name has no time limit of its own. Both limits lie within the lease.
@shared_task(
    name=DELIVER, acks_late=True, reject_on_worker_lost=True, ignore_result=True, soft_time_limit=60, time_limit=70
)
def deliver(delivery_id: str) -> None:
    stages.run(delivery_id)
