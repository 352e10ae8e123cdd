"""What is counted of a run's ratings stays what counting them anew gives, whatever happens to them."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pytest
from django.db import connections

from backend.projects.models import User
from backend.reviews import services, tally
from backend.reviews.figures import figures_from
from backend.reviews.models import Adjudication, RatingChange, Review, Tallied, Tally
from backend.reviews.ratings import Counts, count_all
from backend.runs.models import Run
from backend.vocabulary.models import EMBEDDING_DIM, Action, Segment
from tests.factories.runs import a_project, a_run, a_user, a_video, an_action, some_segments

pytestmark = pytest.mark.django_db
N_SEGMENTS = 8


@dataclass
class Team:
    manager: User
    reviewers: list[User]
    run: Run


@pytest.fixture
def team() -> Team:
    manager = a_user()
    project = a_project(manager)
    videos = [a_video(project), a_video(project)]
    run = a_run(project, videos)
    for number, video in enumerate(videos):
        some_segments(run, video, np.random.default_rng(number).normal(size=(N_SEGMENTS // 2, EMBEDDING_DIM)))
    for name in ("press", "lift", "turn"):
        an_action(project, name)
    return Team(manager, [a_user() for _ in range(4)], run)


def counts(run: Run) -> Counts:
    return tally.brought_up(run)[1]


def rate(segment: Segment, by: User, quality: int = 2, **more: object) -> Review:
    return services.give_review(segment=segment, by=by, quality=quality, confidence=1, **more)


class Doings:
    """What people do to the ratings of a run, drawn at random."""

    def __init__(self, team: Team, seed: int) -> None:
        self.team, self.run = team, team.run
        self.rng = np.random.default_rng(seed)

    def one_of(self, rows):
        found = list(rows)
        return found[self.rng.integers(len(found))] if found else None

    def do(self) -> None:
        often = [self.judge] * 10 + [self.settle] * 2 + [self.take_back] * 2 + [self.withdraw, self.skip]
        rarely = [self.lose_a_primitive, self.lose_a_label, self.write_in_bulk]
        (self.one_of(often) if self.rng.random() < 0.92 else self.one_of(rarely))()

    def segment(self) -> Segment:
        return self.one_of(self.run.segments.order_by("pk"))

    def judge(self) -> None:
        segment = self.segment()
        edges = {}
        if self.rng.random() < 0.5:
            edges["start_s"] = max(0.0, segment.start_s + float(self.rng.choice([-0.1, 0.0, 0.05])))
        if self.rng.random() < 0.3:
            edges["end_s"] = segment.end_s + float(self.rng.choice([0.1, 0.2]))
        services.give_review(
            segment=segment,
            by=self.one_of(self.team.reviewers),
            quality=int(self.rng.integers(4)),
            confidence=int(self.rng.integers(3)),
            action=self.one_of([None, *self.run.project.actions.order_by("pk")]),
            **edges,
        )

    def skip(self) -> None:
        services.give_review(segment=self.segment(), by=self.one_of(self.team.reviewers), skipped=True)

    def withdraw(self) -> None:
        if review := self.one_of(Review.objects.filter(run=self.run).order_by("pk")):
            review.delete()
            services.settle_run(self.run)

    def settle(self) -> None:
        action = self.one_of([None, *self.run.project.actions.order_by("pk")])
        quality = int(self.rng.integers(4))
        services.adjudicate(segment=self.segment(), quality=quality, action=action, note="", by=self.team.manager)

    def take_back(self) -> None:
        settled = self.one_of(Adjudication.objects.in_force().filter(segment__run=self.run).order_by("pk"))
        if settled:
            services.undo_adjudication(settled, by=self.team.manager)

    def lose_a_primitive(self) -> None:
        if self.run.segments.count() > 3:
            self.segment().delete()

    def lose_a_label(self) -> None:
        if action := self.one_of(self.run.project.actions.order_by("pk")):
            Action.objects.filter(pk=action.pk).delete()

    def write_in_bulk(self) -> None:
        free = [
            Review(
                project=self.run.project, run=self.run, segment=segment, reviewer=person, quality=quality, confidence=0
            )
            for segment in self.run.segments.order_by("pk")[:3]
            for quality, person in enumerate(self.team.reviewers)
        ]
        Review.objects.bulk_create(free, ignore_conflicts=True)
        services.settle_run(self.run)


@pytest.mark.parametrize("seed", range(6))
def test_counts_brought_up_are_those_counted_anew(team: Team, seed: int):
    doings = Doings(team, seed)
    assert counts(team.run) == Counter()
    for _ in range(25):
        for _ in range(doings.rng.integers(1, 5)):
            doings.do()
        assert counts(team.run) == count_all(team.run)
        assert tally.figures_of(team.run) == figures_from(count_all(team.run))
        assert not RatingChange.objects.exists()
    assert Review.objects.rated().filter(run=team.run).count() > 10, "enough was done"
    assert not Tally.objects.filter(n=0).exists()


def test_bringing_up_reads_only_what_changed(team: Team, monkeypatch):
    first, second, *_ = team.run.segments.order_by("pk")
    rate(first, team.reviewers[0])
    counts(team.run)
    monkeypatch.setattr(tally, "count_all", None)  # would be called in vain
    rate(second, team.reviewers[0], 3)
    rate(second, team.reviewers[1], 1)
    found = counts(team.run)
    assert found["quality", (0, 1, 0, 1)] == 1
    assert found["apart", (team.reviewers[0].pk, team.reviewers[1].pk, 2)] == 1
    assert found["confidence", (1,)] == 3
    assert found["kept", (1,)] == 2, "the mean of 3 and 1 is kept"


def test_nothing_new_names_the_same_counts(team: Team):
    segment = team.run.segments.first()
    rate(segment, team.reviewers[0])
    stamp, _ = tally.brought_up(team.run)
    assert tally.brought_up(team.run)[0] == stamp
    rate(segment, team.reviewers[0])  # the same once more
    assert not RatingChange.objects.exists()
    rate(segment, team.reviewers[0], 3)
    assert tally.brought_up(team.run)[0] != stamp


def test_counts_that_cannot_be_are_counted_anew(team: Team):
    segment = team.run.segments.first()
    rate(segment, team.reviewers[0], 3)
    counts(team.run)
    Tally.objects.filter(run=team.run).delete()  # as if somebody had written past the triggers
    rate(segment, team.reviewers[0], 0)
    assert counts(team.run) == count_all(team.run)
    assert Review.objects.count() == 1
    # Two said so, and the row knows of one: it would fall below none.
    for person in team.reviewers[1:3]:
        rate(segment, person, 0)
    counts(team.run)
    Tally.objects.filter(run=team.run, kind="confidence").update(n=1)
    for person in team.reviewers[1:3]:
        services.give_review(segment=segment, by=person, quality=0, confidence=2)
    assert counts(team.run) == count_all(team.run)


def test_many_changes_are_counted_anew(team: Team, monkeypatch):
    monkeypatch.setattr(tally, "MOST_CHANGES", 5)
    counts(team.run)
    for segment in team.run.segments.all():
        rate(segment, team.reviewers[0])
    monkeypatch.setattr(tally, "_difference", None)
    assert counts(team.run) == count_all(team.run)
    assert not RatingChange.objects.exists()


def test_runs_are_counted_for_themselves(team: Team):
    video = team.run.videos.first()
    other = a_run(team.run.project, [video])
    (segment,) = some_segments(other, video, np.ones((1, EMBEDDING_DIM)))
    rate(team.run.segments.first(), team.reviewers[0], 0)
    rate(segment, team.reviewers[0], 3)
    assert counts(team.run) == {("confidence", (1,)): 1, ("kept", (0,)): 1}
    assert counts(other) == {("confidence", (1,)): 1, ("kept", (1,)): 1}


@pytest.mark.django_db(transaction=True)
def test_what_is_noted_goes_with_its_run(team: Team):
    for segment in team.run.segments.all():
        rate(segment, team.reviewers[0])
    counts(team.run)
    rate(segment, team.reviewers[1])
    team.run.delete()
    assert not RatingChange.objects.exists()
    assert not Tallied.objects.exists()
    assert not Tally.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_people_who_rate_while_others_look(team: Team):
    """Four people write over and over each other's primitives, two look: nothing is counted twice or forgotten."""
    segments = list(team.run.segments.order_by("pk"))
    done = threading.Event()

    def write(person: User, seed: int) -> None:
        rng = np.random.default_rng(seed)
        try:
            for _ in range(25):
                rate(segments[rng.integers(len(segments))], person, int(rng.integers(4)))
        finally:
            connections.close_all()

    def look() -> None:
        try:
            while not done.is_set():
                tally.brought_up(team.run)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        looking = [pool.submit(look) for _ in range(2)]
        writing = [pool.submit(write, person, seed) for seed, person in enumerate(team.reviewers)]
        try:
            for one in writing:
                one.result()
        finally:
            done.set()
        for one in looking:
            one.result()
    assert counts(team.run) == count_all(team.run)
    assert counts(team.run)["confidence", (1,)] == Review.objects.count()
