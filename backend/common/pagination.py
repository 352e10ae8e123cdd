"""Pages of long lists, by key: the cost of a page does not grow with its number, and no row comes twice."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from rest_framework.exceptions import NotFound
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView


class CursorPage(CursorPagination):
    """{"results": […], "next": cursor or null}. Give the cursor back as `?cursor=`."""

    page_size = 100
    max_page_size = 500
    page_size_query_param = "limit"
    ordering: str | tuple[str, ...] = "id"

    def paginate_queryset(self, queryset: QuerySet[Any], request: Request, view: APIView | None = None) -> list[Any]:
        try:
            return super().paginate_queryset(queryset, request, view)
        except ValueError as error:  # a cursor that was made up: it holds what the column cannot
            raise NotFound(self.invalid_cursor_message) from error

    def encode_cursor(self, cursor: Cursor) -> str:
        tokens = {"o": str(cursor.offset or ""), "r": "1" if cursor.reverse else "", "p": cursor.position or ""}
        query = urlencode({name: value for name, value in tokens.items() if value})
        return base64.b64encode(query.encode()).decode()

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"results": data, "next": self.get_next_link()})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "object",
            "required": ["results", "next"],
            "properties": {"results": schema, "next": {"type": "string", "nullable": True}},
        }
