"""What people marked in a video elsewhere: listed, taken in as a file, deleted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.parsers import BaseParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backend.projects.models import Role
from backend.projects.selectors import project_for
from backend.videos import selectors, services
from backend.videos.api.serializers import AddedAnnotationSerializer, AnnotationSerializer, AnnotationUploadSerializer
from backend.videos.exceptions import UploadTooLarge
from backend.videos.models import Annotation, Video

FORM_BYTES = 100_000  # what a form adds to its file


class RawParser(BaseParser):
    """The file itself as the body, as `curl --data-binary` sends it; its name and tier in the address."""

    media_type = "*/*"

    def parse(self, stream: IO[bytes], media_type: str | None = None, parser_context: Any = None) -> bytes:
        return stream.read(services.MAX_ANNOTATION_BYTES + 1)


class VideoAnnotationsView(APIView):
    parser_classes = (MultiPartParser, RawParser)

    @extend_schema(operation_id="annotations_list", responses=AnnotationSerializer(many=True))
    def get(self, request: Request, id: int) -> Response:
        video = get_object_or_404(Video.objects.visible_to(request.user), pk=id)
        return Response(AnnotationSerializer(selectors.annotations_of(video), many=True).data)

    @extend_schema(
        operation_id="annotations_add",
        request={"multipart/form-data": AnnotationUploadSerializer},
        responses={201: AddedAnnotationSerializer},
    )
    def post(self, request: Request, id: int) -> Response:
        video = get_object_or_404(Video.objects.visible_to(request.user), pk=id)
        project_for(request.user, video.project_id, Role.MANAGER)
        if int(request.headers.get("Content-Length") or 0) > services.MAX_ANNOTATION_BYTES + FORM_BYTES:
            raise UploadTooLarge("A file of annotations may not be larger than 5 MB.")
        made = services.add_annotation(video=video, by=request.user, **_file_of(request))
        told = {**AnnotationSerializer(made.annotation).data, "notice": made.notice}
        return Response(told, status=status.HTTP_201_CREATED)


def _file_of(request: Request) -> dict[str, Any]:
    data = request.data
    if isinstance(data, Mapping):
        form = AnnotationUploadSerializer(data=data)
        form.is_valid(raise_exception=True)
        asked = form.validated_data
        file = asked["file"]
        content, filename = file.read(services.MAX_ANNOTATION_BYTES + 1), file.name
        said = {"tier": asked["tier"] or None, "overlapping": asked["overlapping"]}
        return {"data": content, "filename": filename, "name": asked["name"], **said}
    asked = request.query_params
    filename, tier = asked.get("filename", ""), asked.get("tier") or None
    said = {"tier": tier, "overlapping": asked.get("overlapping") == "true"}
    return {"data": data, "filename": filename, "name": asked.get("name", "")[:120], **said}


class AnnotationView(APIView):
    @extend_schema(operation_id="annotations_delete", responses={204: None})
    def delete(self, request: Request, id: int) -> Response:
        found = get_object_or_404(Annotation.objects.visible_to(request.user).select_related("video"), pk=id)
        project_for(request.user, found.video.project_id, Role.MANAGER)
        found.delete()
        return Response(status=status.HTTP_204_NO_CONTENT)
