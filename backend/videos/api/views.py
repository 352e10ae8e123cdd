from __future__ import annotations

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backend.accounts.authentication import tokens_may_read
from backend.common.byte_range import ASK_EACH_TIME, FOR_A_YEAR, StoredFile, send_file
from backend.common.database import ask
from backend.common.errors import common_error
from backend.projects.models import Role
from backend.projects.selectors import project_for
from backend.runs.services import refuse_if_in_use
from backend.videos import selectors, services
from backend.videos.api.links import VERSION_DIGITS
from backend.videos.api.serializers import ChangeVideoSerializer, VideoDetailSerializer, VideoSerializer


class ProjectVideosView(APIView):
    @extend_schema(operation_id="videos_list", responses=VideoSerializer(many=True))
    def get(self, request: Request, id: int) -> Response:
        project = project_for(request.user, id)
        return Response(VideoSerializer(selectors.video_rows(request.user, project), many=True).data)


class VideoView(APIView):
    @extend_schema(operation_id="videos_get", responses=VideoDetailSerializer)
    def get(self, request: Request, id: int) -> Response:
        return Response(VideoDetailSerializer(selectors.video_row(request.user, id)).data)

    @extend_schema(operation_id="videos_change", request=ChangeVideoSerializer, responses=VideoDetailSerializer)
    def patch(self, request: Request, id: int) -> Response:
        video = selectors.video_row(request.user, id)
        project_for(request.user, video.project_id, Role.MANAGER)
        asked = ChangeVideoSerializer(data=request.data, partial=True)
        asked.is_valid(raise_exception=True)
        services.change_video(video=video, **asked.validated_data)
        return Response(VideoDetailSerializer(selectors.video_row(request.user, id)).data)

    @extend_schema(operation_id="videos_delete", responses={204: None})
    def delete(self, request: Request, id: int) -> Response:
        video = selectors.video_row(request.user, id)
        project_for(request.user, video.project_id, Role.MANAGER)
        refuse_if_in_use(video)
        services.delete_video(video=video, by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)


@tokens_may_read
async def video_file(request: HttpRequest, id: int, name: str) -> HttpResponseBase:
    """browser.mp4, poster.webp, sprite.webp or original. Plain Django: DRF has no async views."""

    def find() -> StoredFile | int:
        if not request.user.is_authenticated:
            return 401
        try:
            return selectors.stored_file(request.user, id, name)
        except Http404:
            return 404

    found = await ask(find)
    if isinstance(found, int):
        return common_error(found)
    named = found.version[:VERSION_DIGITS] == request.GET.get("v")
    return await send_file(request, found, cache=FOR_A_YEAR if named else ASK_EACH_TIME)
