"""The made-up reviews are what a team could have given, and every request the bench times is answered."""

from __future__ import annotations

import pytest
from django.db.models import Count

from backend.reviews.models import Adjudication, Assignment, Review
from benchmarks import review_rows


@pytest.mark.django_db(transaction=True)
def test_generated_reviews_hold_what_was_asked_for_and_every_kind_of_request_is_answered():
    world = review_rows.fill(n_segments=2_000, n_reviews=1_200, n_reviewers=6)
    reviews = Review.objects.filter(run=world.run)
    assert reviews.count() == 1_200
    assert Assignment.objects.filter(run=world.run).count() == 1_500
    assert reviews.values("reviewer").distinct().count() == 6
    twice = Assignment.objects.filter(run=world.run).values("segment").annotate(n=Count("pk")).filter(n=2).count()
    assert twice == 250  # a fifth of 1,250 primitives
    assert Adjudication.objects.exists()
    assert not Assignment.objects.filter(run=world.run, reviewer__reviews__isnull=True).exists()
    found = review_rows.measure(world, times=2)
    assert all(one.queries > 0 for one in found)
    assert len({one.name for one in found}) == len(found) > 15
