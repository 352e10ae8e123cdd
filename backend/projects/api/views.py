from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backend.projects import selectors, services
from backend.projects.api.serializers import (
    ProjectChangeSerializer,
    ProjectCreateSerializer,
    ProjectSerializer,
)
from backend.projects.models import Role


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
    session_only = ("PATCH",)

    @extend_schema(operation_id="projects_get", responses=ProjectSerializer)
    def get(self, request: Request, id: int) -> Response:
        return Response(ProjectSerializer(selectors.project_row(request.user, id)).data)

    @extend_schema(operation_id="projects_change", request=ProjectChangeSerializer, responses=ProjectSerializer)
    def patch(self, request: Request, id: int) -> Response:
        """Rename it, or describe it anew."""
        project = selectors.project_for(request.user, id, Role.OWNER)
        wanted = ProjectChangeSerializer(data=request.data, partial=True)
        wanted.is_valid(raise_exception=True)
        services.change_project(project=project, by=request.user, **wanted.validated_data)
        return Response(ProjectSerializer(selectors.project_row(request.user, id)).data)
