from __future__ import annotations

from base64 import b64encode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from backend.common.pagination import CursorPage
from backend.videos.models import Video
from tests.factories.runs import a_project, a_user, a_video

pytestmark = pytest.mark.django_db


def encoded(text: str) -> str:
    return b64encode(text.encode()).decode()


def page(**parameters: object) -> dict[str, object]:
    pages = CursorPage()
    request = Request(APIRequestFactory().get("/", parameters))
    rows = pages.paginate_queryset(Video.objects.all(), request)
    return pages.get_paginated_response([row.pk for row in rows]).data


def test_the_pages_together_are_the_list_even_while_it_changes():
    project = a_project(a_user())
    videos = [a_video(project).pk for _ in range(7)]
    first = page(limit=3)
    assert first["results"] == videos[:3]
    Video.objects.filter(pk=videos[1]).delete()  # with numbered pages, this would make the next one skip a row
    added = a_video(project).pk
    second = page(limit=3, cursor=first["next"])
    third = page(limit=3, cursor=second["next"])
    assert second["results"] + third["results"] == [*videos[3:], added]
    assert third["next"] is None


def test_the_cursor_is_a_word_and_not_an_address():
    project = a_project(a_user())
    for _ in range(3):
        a_video(project)
    cursor = page(limit=2)["next"]
    assert isinstance(cursor, str)
    assert "/" not in cursor
    assert "?" not in cursor


def test_a_later_page_seeks_instead_of_counting():
    project = a_project(a_user())
    for _ in range(3):
        a_video(project)
    cursor = page(limit=2)["next"]
    with CaptureQueriesContext(connection) as captured:
        page(limit=2, cursor=cursor)
    (query,) = [q["sql"] for q in captured]
    assert '"id" > ' in query
    assert "OFFSET" not in query


def test_nobody_asks_for_everything_at_once():
    assert CursorPage().get_page_size(Request(APIRequestFactory().get("/", {"limit": 10**9}))) == 500


@pytest.mark.parametrize("cursor", ["x", "bz0tMQ==", encoded("p=abc"), encoded("p=\0"), encoded("o=many"), "é"])
def test_a_forged_cursor_is_refused(cursor: str):
    with pytest.raises(NotFound):
        page(cursor=cursor)
