"""The stream of a project's events, over the view."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.test import AsyncClient

from backend.accounts.services import make_token, revoke_token
from backend.common.events import publish
from backend.projects.api import events
from backend.projects.models import Membership
from tests.factories.runs import a_project, a_user

pytestmark = pytest.mark.django_db(transaction=True)


async def lines(stream: AsyncIterator[bytes], n: int) -> list[str]:
    return [(await asyncio.wait_for(anext(stream), 10)).decode() for _ in range(n)]


def test_a_member_hears_what_changes(async_client_of):
    user = a_user()
    project = a_project(user)
    client = async_client_of(user)

    async def scenario() -> list[str]:
        response = await client.get(f"/api/projects/{project.pk}/events/")
        assert response.status_code == 200
        assert response["Content-Type"] == "text/event-stream"
        assert (response["X-Accel-Buffering"], response["Cache-Control"]) == ("no", "no-store")
        stream = aiter(response.streaming_content)
        heard = await lines(stream, 2)
        await sync_to_async(publish)(project.pk, kind="video", id=4, status="ready")
        heard += await lines(stream, 1)
        await stream.aclose()
        return heard

    retry, resync, change = async_to_sync(scenario)()
    assert retry == "retry: 2000\n\n"
    assert resync == "event: resync\ndata: {}\n\n"
    name, data, end = change.split("\n", 2)
    assert (name, end) == ("event: change", "\n")
    told = {"kind": "video", "id": 4, "status": "ready", "project": project.pk}
    assert json.loads(data.removeprefix("data: ")) == told


def test_strangers_hear_nothing(async_client_of):
    project = a_project(a_user())
    client, nobody = async_client_of(a_user()), AsyncClient()

    async def statuses() -> list[int]:
        address = f"/api/projects/{project.pk}/events/"
        answers = [await c.get(address) for c in (client, nobody)] + [await client.post(address)]
        return [answer.status_code for answer in answers]

    assert async_to_sync(statuses)() == [404, 401, 405]


@pytest.mark.parametrize("end", ["taken off the project", "signed out", "switched off", "a new password"])
def test_a_member_who_leaves_stops_hearing(async_client_of, monkeypatch: pytest.MonkeyPatch, end: str):
    monkeypatch.setattr(events, "PING_EVERY_S", 0.05)
    monkeypatch.setattr(events, "CHECK_EVERY_S", 0.0)
    user = a_user()
    project = a_project(user)
    client = async_client_of(user)

    def leave() -> None:
        match end:
            case "taken off the project":
                Membership.objects.filter(user=user).delete()
            case "signed out":
                client.logout()
            case "a new password":
                user.set_password("staple battery horse correct")
                user.save()
            case _:
                user.is_active = False
                user.save()

    async def scenario() -> list[str]:
        response = await client.get(f"/api/projects/{project.pk}/events/")
        stream = aiter(response.streaming_content)
        heard = await lines(stream, 3)
        await sync_to_async(leave)()
        async with asyncio.timeout(10):
            async for _ in stream:
                pass
        return heard

    assert async_to_sync(scenario)()[-1] == ": ping\n\n"


def test_a_program_hears_until_its_token_is_taken_back(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(events, "PING_EVERY_S", 0.05)
    monkeypatch.setattr(events, "CHECK_EVERY_S", 0.0)
    user = a_user()
    project = a_project(user)
    token, secret = make_token(user=user, name="a script", scopes=["read"], days=1)

    async def listen() -> int:
        headers = {"Authorization": f"Bearer {secret}"}
        answer = await AsyncClient().get(f"/api/projects/{project.pk}/events/", headers=headers)
        assert answer.status_code == 200
        heard = 0
        async with asyncio.timeout(20):
            async for _ in answer.streaming_content:
                heard += 1
                if heard == 3:
                    await sync_to_async(revoke_token)(token=token)
        return heard

    assert async_to_sync(listen)() >= 3
