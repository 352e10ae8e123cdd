"""Adding addresses, telling them what happened, trying again, giving up."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from backend.common import happenings, outside
from backend.projects.models import AuditEntry, Membership, Project, Role, User
from backend.runs.services import cancel_run, start_run
from backend.webhooks import scheduling, services, stages
from backend.webhooks.models import Delivery, DeliveryStatus, Webhook
from tests.factories.runs import a_project, a_user, a_video

pytestmark = pytest.mark.django_db
Clients = Callable[[User], Client]
FACTS = {"run": 1, "number": 1, "status": "done", "reason": ""}
URL = "https://8.8.8.8/hook"


@pytest.fixture
def owner() -> User:
    return a_user()


@pytest.fixture
def project(owner: User) -> Project:
    return a_project(owner)


@pytest.fixture(autouse=True)
def woken(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The deliveries workers were woken for."""
    ids: list[object] = []
    monkeypatch.setattr(scheduling, "wake", ids.append)
    return ids


class Outside:
    """Stands for the receivers: gives the answers set, and keeps what was sent."""

    def __init__(self) -> None:
        self.answers: list[int | Exception] = []
        self.sent: list[tuple[str, bytes, dict[str, str]]] = []

    def post(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        self.sent.append((url, body, headers))
        answer = self.answers.pop(0) if self.answers else 200
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def receivers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Outside]:
    made = Outside()
    monkeypatch.setattr(outside, "post", made.post)
    return made


def post(client: Client, path: str, data: dict[str, object] | None = None):
    return client.post(path, data or {}, content_type="application/json")


def a_webhook(project: Project, events: tuple[str, ...] = ("run.finished",), **fields: object) -> Webhook:
    return services.add_webhook(project=project, url=URL, events=events, by=project.created_by, **fields)


def a_delivery(webhook: Webhook) -> Delivery:
    return scheduling.tell(webhook.project_id, "run.finished", FACTS)[0]


def due_now(delivery: Delivery) -> None:
    Delivery.objects.filter(pk=delivery.pk).update(next_at=timezone.now())


def test_the_secret_is_shown_once(client_of: Clients, owner: User, project: Project):
    client = client_of(owner)
    made = post(client, f"/api/projects/{project.pk}/webhooks/", {"url": URL, "events": ["run.finished"]})
    assert made.status_code == 201
    secret = made.json()["secret"]
    assert secret.startswith("whsec_")
    assert len(secret) > 40
    listed = client.get(f"/api/projects/{project.pk}/webhooks/")
    assert [row["url"] for row in listed.json()] == [URL]
    assert secret not in listed.content.decode()
    changed = client.patch(f"/api/webhooks/{made.json()['id']}/", {"active": False}, content_type="application/json")
    assert "secret" not in changed.json()
    assert secret not in json.dumps(list(AuditEntry.objects.values("summary", "facts")))


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"url": "http://169.254.169.254/latest/meta-data/", "events": ["run.finished"]}, "address_refused"),
        ({"url": "https://2130706433/", "events": ["run.finished"]}, "address_refused"),
        ({"url": "https://[::1]/", "events": ["run.finished"]}, "address_refused"),
        ({"url": "file:///etc/passwd", "events": ["run.finished"]}, "address_refused"),
        ({"url": URL, "events": []}, "invalid"),
        ({"url": URL, "events": ["webhook.test"]}, "invalid"),
        ({"url": URL, "events": ["owner__password__startswith"]}, "invalid"),
        ({"url": "x\u0000", "events": ["run.finished"]}, "invalid"),
        ({"events": ["run.finished"]}, "invalid"),
    ],
)
def test_bad_addresses_and_events_are_refused_and_nothing_is_kept(
    client_of: Clients, owner: User, project: Project, body: dict[str, object], code: str
):
    answer = post(client_of(owner), f"/api/projects/{project.pk}/webhooks/", body)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert not Webhook.objects.exists()


def test_a_replaced_secret_is_shown_once_and_signs_what_waits(
    client_of: Clients, owner: User, project: Project, receivers: Outside
):
    webhook = a_webhook(project)
    delivery = a_delivery(webhook)
    made = post(client_of(owner), f"/api/webhooks/{webhook.pk}/secret/")
    assert made.status_code == 201
    secret = made.json()["secret"]
    assert secret.startswith("whsec_")
    assert secret != webhook.secret
    assert secret not in json.dumps(list(AuditEntry.objects.values("summary", "facts")))
    assert AuditEntry.objects.filter(kind="webhook.secret", by=owner).count() == 1
    stages.run(str(delivery.pk))
    ((_, body, headers),) = receivers.sent
    at, _, mac = headers["Kineme-Signature"].removeprefix("t=").partition(",v1=")
    assert mac == hmac.new(secret.encode(), at.encode() + b"." + body, hashlib.sha256).hexdigest()


def test_an_address_cannot_be_changed_to_one_that_is_refused(client_of: Clients, owner: User, project: Project):
    webhook = a_webhook(project)
    answer = client_of(owner).patch(
        f"/api/webhooks/{webhook.pk}/", {"url": "https://10.0.0.1/"}, content_type="application/json"
    )
    assert answer.status_code == 400
    webhook.refresh_from_db()
    assert webhook.url == URL


def test_a_project_has_so_many_webhooks_at_most(
    client_of: Clients, owner: User, project: Project, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(services, "AT_MOST", 1)
    a_webhook(project)
    answer = post(client_of(owner), f"/api/projects/{project.pk}/webhooks/", {"url": URL, "events": ["run.finished"]})
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_webhooks")


def test_the_webhooks_of_another_project_stay_out(client_of: Clients, owner: User, project: Project):
    stranger = a_user()
    theirs = a_project(stranger)
    webhook = a_webhook(theirs)
    delivery = a_delivery(webhook)
    client = client_of(owner)
    assert client.get(f"/api/projects/{project.pk}/webhooks/").json() == []
    assert client.get(f"/api/projects/{theirs.pk}/webhooks/").status_code == 404
    assert client.get(f"/api/webhooks/{webhook.pk}/deliveries/").status_code == 404
    assert post(client, f"/api/webhooks/{webhook.pk}/test/").status_code == 404
    assert post(client, f"/api/deliveries/{delivery.pk}/redeliver/").status_code == 404
    assert client.delete(f"/api/webhooks/{webhook.pk}/").status_code == 404


def test_a_manager_sees_no_webhooks(client_of: Clients, project: Project):
    manager = a_user()
    Membership.objects.create(project=project, user=manager, role=Role.MANAGER)
    assert client_of(manager).get(f"/api/projects/{project.pk}/webhooks/").status_code == 403


def test_a_happening_is_written_for_those_who_asked_for_it(owner: User, project: Project):
    wanted = a_webhook(project)
    a_webhook(project, ("export.ready",))
    services.change_webhook(a_webhook(project), by=owner, active=False)
    a_webhook(a_project(owner))  # of another project
    happenings.run_finished.send(None, project_id=project.pk, facts=FACTS)
    delivery = Delivery.objects.get()
    assert delivery.webhook == wanted
    assert delivery.body["event"] == "run.finished"
    assert delivery.body["facts"] == FACTS
    assert delivery.body["id"] == str(delivery.pk)


@pytest.mark.django_db(transaction=True)
def test_what_did_not_happen_is_not_told(project: Project, woken: list[object]):
    a_webhook(project)

    class Undone(Exception):
        pass

    with contextlib.suppress(Undone), transaction.atomic():
        happenings.run_finished.send(None, project_id=project.pk, facts=FACTS)
        raise Undone
    assert not Delivery.objects.exists()
    assert woken == []
    with transaction.atomic():
        happenings.run_finished.send(None, project_id=project.pk, facts=FACTS)
        assert woken == []
    assert woken == [Delivery.objects.get().pk]


def test_what_is_sent_is_signed(project: Project, receivers: Outside):
    webhook = a_webhook(project)
    delivery = a_delivery(webhook)
    stages.run(str(delivery.pk))
    url, body, headers = receivers.sent[0]
    assert url == URL
    assert json.loads(body) == delivery.body
    assert headers["Kineme-Event"] == "run.finished"
    assert headers["Kineme-Delivery"] == str(delivery.pk)
    at, _, mac = headers["Kineme-Signature"].removeprefix("t=").partition(",v1=")
    assert mac == hmac.new(webhook.secret.encode(), at.encode() + b"." + body, hashlib.sha256).hexdigest()
    delivery.refresh_from_db()
    assert (delivery.status, delivery.answer, delivery.attempt) == (DeliveryStatus.SENT, 200, 1)


def test_a_delivery_is_sent_once_however_often_a_worker_is_woken(project: Project, receivers: Outside):
    delivery = a_delivery(a_webhook(project))
    receivers.answers = [503]
    for _ in range(3):
        stages.run(str(delivery.pk))
    assert len(receivers.sent) == 1


def test_attempts_grow_apart_and_after_the_eighth_the_address_is_switched_off(project: Project, receivers: Outside):
    webhook = a_webhook(project)
    delivery = a_delivery(webhook)
    receivers.answers = [500, outside.NotReached("It did not answer in time.")] + [500] * 6
    gaps: list[timedelta] = []
    for _ in range(7):
        due_now(delivery)
        before = timezone.now()
        stages.run(str(delivery.pk))
        delivery.refresh_from_db()
        assert delivery.status == DeliveryStatus.WAITING
        gaps.append(delivery.next_at - before)
    assert gaps == sorted(gaps)
    assert timedelta(minutes=1) <= gaps[0] < timedelta(minutes=2)
    assert gaps[-1] >= timedelta(days=1)
    due_now(delivery)
    stages.run(str(delivery.pk))
    delivery.refresh_from_db()
    webhook.refresh_from_db()
    assert (delivery.status, delivery.attempt) == (DeliveryStatus.FAILED, 8)
    assert not webhook.active
    assert webhook.stopped == "Switched off after 8 attempts without success. It answered 500."


def test_an_address_that_took_something_else_meanwhile_stays_on(project: Project, receivers: Outside):
    webhook = a_webhook(project)
    delivery = a_delivery(webhook)
    stages.run(str(a_delivery(webhook).pk))
    Delivery.objects.filter(pk=delivery.pk).update(attempt=7)
    receivers.answers = [500]
    stages.run(str(delivery.pk))
    webhook.refresh_from_db()
    delivery.refresh_from_db()
    assert delivery.status == DeliveryStatus.FAILED
    assert webhook.active


def test_an_address_that_leads_inside_when_it_is_sent_to_is_not_reached(project: Project, receivers: Outside):
    delivery = a_delivery(a_webhook(project))
    receivers.answers = [outside.AddressRefused("This host is not on the open internet.")]
    stages.run(str(delivery.pk))
    delivery.refresh_from_db()
    assert (delivery.answer, delivery.reason) == (None, "This host is not on the open internet.")


def test_a_redirect_counts_as_not_taken(project: Project, receivers: Outside):
    delivery = a_delivery(a_webhook(project))
    receivers.answers = [302]
    stages.run(str(delivery.pk))
    delivery.refresh_from_db()
    assert delivery.status == DeliveryStatus.WAITING
    assert "redirect" in delivery.reason


def test_one_switched_off_is_sent_nothing_until_it_is_on_again(owner: User, project: Project, receivers: Outside):
    webhook = a_webhook(project)
    delivery = a_delivery(webhook)
    services.change_webhook(webhook, by=owner, active=False)
    stages.run(str(delivery.pk))
    assert receivers.sent == []
    services.change_webhook(webhook, by=owner, active=True)
    stages.run(str(delivery.pk))
    assert len(receivers.sent) == 1


def test_a_test_is_sent_and_a_second_waits_for_it(
    client_of: Clients, owner: User, project: Project, receivers: Outside
):
    webhook = a_webhook(project)
    client = client_of(owner)
    first = post(client, f"/api/webhooks/{webhook.pk}/test/")
    assert first.status_code == 201
    assert post(client, f"/api/webhooks/{webhook.pk}/test/").json()["code"] == "delivery_waiting"
    stages.run(first.json()["id"])
    assert receivers.sent[0][2]["Kineme-Event"] == "webhook.test"
    page = client.get(f"/api/webhooks/{webhook.pk}/deliveries/").json()
    assert [(row["event"], row["status"], row["next_at"]) for row in page["results"]] == [
        ("webhook.test", "sent", None)
    ]


def test_redelivering_keeps_the_id(client_of: Clients, owner: User, project: Project, receivers: Outside):
    delivery = a_delivery(a_webhook(project))
    client = client_of(owner)
    again = f"/api/deliveries/{delivery.pk}/redeliver/"
    assert post(client, again).json()["code"] == "delivery_waiting"
    stages.run(str(delivery.pk))
    assert post(client, again).status_code == 200
    stages.run(str(delivery.pk))
    assert [headers["Kineme-Delivery"] for _, _, headers in receivers.sent] == [str(delivery.pk)] * 2


def test_the_reaper_wakes_for_what_is_due_and_drops_what_is_old(
    project: Project, woken: list[object], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(services, "is_empty", lambda _: True)
    webhook = a_webhook(project)
    due, later, old = (a_delivery(webhook) for _ in range(3))
    now = timezone.now()
    Delivery.objects.filter(pk=due.pk).update(next_at=now - timedelta(minutes=1))
    Delivery.objects.filter(pk=later.pk).update(next_at=now + timedelta(minutes=1))
    Delivery.objects.filter(pk=old.pk).update(status=DeliveryStatus.SENT, next_at=now - timedelta(days=31))
    assert services.reap() == 1
    assert woken == [due.pk]
    assert not Delivery.objects.filter(pk=old.pk).exists()


def test_the_end_of_a_run_reaches_its_webhook(owner: User, project: Project):
    webhook = a_webhook(project)
    a_video(project)
    run = start_run(project=project, by=owner, preset="tiny")
    assert not webhook.deliveries.exists()
    cancel_run(run)
    assert [one.body["facts"]["status"] for one in webhook.deliveries.all()] == ["cancelled"]
