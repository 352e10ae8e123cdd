"""tus 1.0: core, creation, termination and expiration (https://tus.io/protocols/resumable-upload)."""

from __future__ import annotations

import base64
import binascii
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.http import http_date
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backend.projects.models import Role
from backend.projects.selectors import project_for
from backend.runs.services import start_ingest
from backend.videos import selectors, services
from backend.videos.api.serializers import UploadSerializer
from backend.videos.exceptions import BadUpload
from backend.videos.models import Upload

VERSION = "1.0.0"
EXTENSIONS = "creation,termination,expiration"
PIECE = "application/offset+octet-stream"
LARGEST_NUMBER = 2**63 - 1


class TusView(APIView):
    """What every tus answer carries, and the version check every tus request needs."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.method in ("POST", "HEAD", "PATCH", "DELETE") and request.headers.get("Tus-Resumable") != VERSION:
            raise BadUpload(f"Only tus {VERSION} is spoken here.", code="tus_version", status=412)

    def finalize_response(
        self, request: Request, response: HttpResponseBase, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        response["Tus-Resumable"] = VERSION
        response["Tus-Version"] = VERSION
        response["Cache-Control"] = "no-store"
        return super().finalize_response(request, response, *args, **kwargs)

    @extend_schema(exclude=True)
    def options(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        headers = {"Tus-Extension": EXTENSIONS, "Tus-Max-Size": str(settings.MAX_UPLOAD_BYTES)}
        return Response(status=status.HTTP_204_NO_CONTENT, headers=headers)


class ProjectUploadsView(TusView):
    @extend_schema(operation_id="uploads_list", responses=UploadSerializer(many=True))
    def get(self, request: Request, id: int) -> Response:
        """The files this user has not finished sending."""
        project = project_for(request.user, id)
        return Response(UploadSerializer(selectors.unfinished_uploads(request.user, project), many=True).data)

    @extend_schema(exclude=True)
    def post(self, request: Request, id: int) -> Response:
        project = project_for(request.user, id, Role.MANAGER)
        facts = _metadata(request.headers.get("Upload-Metadata", ""))
        upload = services.create_upload(
            project=project,
            by=request.user,
            filename=facts.get("filename", ""),
            view=facts.get("view", ""),
            recording=facts.get("recording", ""),
            size_bytes=_number(request, "Upload-Length"),
            ingest=start_ingest,
        )
        location = {"Location": reverse("upload", args=[upload.pk])}
        return Response(status=status.HTTP_201_CREATED, headers=location | _state(upload))


class UploadView(TusView):
    schema = None

    def head(self, request: Request, upload_id: UUID) -> Response:
        return Response(status=status.HTTP_200_OK, headers=_state(selectors.upload_of(request.user, upload_id)))

    def patch(self, request: Request, upload_id: UUID) -> Response:
        if request.content_type != PIECE:
            raise BadUpload(f"A piece of a file has the content type {PIECE}.", code="content_type", status=415)
        upload = services.append(
            upload_id=upload_id,
            by=request.user,
            offset=_number(request, "Upload-Offset"),
            length=_number(request, "Content-Length", absent="0"),
            stream=request._request,
            ingest=start_ingest,
        )
        return Response(status=status.HTTP_204_NO_CONTENT, headers=_state(upload))

    def delete(self, request: Request, upload_id: UUID) -> Response:
        services.terminate_upload(upload_id=upload_id, by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _state(upload: Upload) -> dict[str, str]:
    headers = {"Upload-Offset": str(upload.offset_bytes), "Upload-Length": str(upload.size_bytes)}
    if upload.video is not None:
        return headers | {"Kineme-Video": str(upload.video.pk)}
    expires_at = upload.touched_at + settings.UPLOAD_EXPIRES_AFTER
    return headers | {"Upload-Expires": http_date(expires_at.timestamp())}


def _number(request: Request, name: str, absent: str = "") -> int:
    text = request.headers.get(name) or absent
    if not (text.isascii() and text.isdigit()) or int(text[:20]) > LARGEST_NUMBER or len(text) > 19:
        raise BadUpload(f"The header {name} has to be a number of bytes.")
    return int(text)


def _metadata(header: str) -> dict[str, str]:
    """`key base64,key base64`, as tus has it. Text that is not UTF-8 is kept as far as it can be read."""
    facts = {}
    for pair in filter(None, (part.strip() for part in header.split(","))):
        name, _, encoded = pair.partition(" ")
        try:
            facts[name] = base64.b64decode(encoded, validate=True).decode(errors="replace")
        except binascii.Error as error:
            raise BadUpload(f"The upload's {name!r} is not base64.") from error
    return facts
