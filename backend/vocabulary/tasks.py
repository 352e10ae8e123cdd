"""What the broker delivers to the vocabulary: a reminder to see to its indexes."""

from celery import shared_task

from backend.vocabulary.indexes import index_large_spaces


@shared_task(name="vocabulary.index_spaces", ignore_result=True)
def index_spaces() -> None:
    index_large_spaces()
