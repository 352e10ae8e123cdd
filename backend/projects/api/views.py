from __future__ import annotations

from typing import Any

from django.contrib.auth import login, logout
from django.middleware.csrf import get_token
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backend import VERSION
from backend.projects import selectors, services
from backend.projects.api.serializers import (
    ProjectCreateSerializer,
    ProjectSerializer,
    SessionSerializer,
    SignInSerializer,
)


@method_decorator([never_cache, csrf_protect], name="dispatch")  # CSRF before sign-in too: nobody is signed in unasked
class SessionView(APIView):
    permission_classes = [AllowAny]

    @extend_schema(operation_id="session_get", responses=SessionSerializer)
    def get(self, request: Request) -> Response:
        """Who is signed in. Also sets the CSRF cookie."""
        get_token(request)
        return self._session(request)

    @extend_schema(operation_id="session_sign_in", request=SignInSerializer, responses=SessionSerializer)
    def post(self, request: Request) -> Response:
        credentials = SignInSerializer(data=request.data)
        credentials.is_valid(raise_exception=True)
        user = services.check_password(**credentials.validated_data, address=request.META.get("REMOTE_ADDR", ""))
        login(request, user)  # a new session key: whatever cookie was planted before is worth nothing
        request.user = user
        return self._session(request)

    @extend_schema(operation_id="session_sign_out", request=None, responses={204: None})
    def delete(self, request: Request) -> Response:
        logout(request)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _session(self, request: Request) -> Response:
        user: Any = request.user if request.user.is_authenticated else None
        return Response(SessionSerializer({"user": user, "version": VERSION}).data)


class ProjectsView(APIView):
    @extend_schema(operation_id="projects_list", responses=ProjectSerializer(many=True))
    def get(self, request: Request) -> Response:
        return Response(ProjectSerializer(selectors.project_rows(request.user), many=True).data)

    @extend_schema(operation_id="projects_create", request=ProjectCreateSerializer, responses={201: ProjectSerializer})
    def post(self, request: Request) -> Response:
        wanted = ProjectCreateSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        project = services.create_project(**wanted.validated_data, by=request.user)
        row = selectors.project_row(request.user, project.pk)
        return Response(ProjectSerializer(row).data, status=status.HTTP_201_CREATED)


class ProjectView(APIView):
    @extend_schema(operation_id="projects_get", responses=ProjectSerializer)
    def get(self, request: Request, id: int) -> Response:
        return Response(ProjectSerializer(selectors.project_row(request.user, id)).data)
