"""Comments and mentions as the API shows and takes them."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backend.common.parameters import MAX_ID, Parameters
from backend.projects.models import Project, Role, User
from backend.projects.selectors import project_for
from backend.reviews import comments
from backend.reviews.models import Comment
from backend.videos.models import Video
from backend.vocabulary.models import Segment

LONGEST_COMMENT = 4_000
TOO_LONG = f"A comment may have {LONGEST_COMMENT:,} characters."


class PersonSerializer(serializers.ModelSerializer[User]):
    name = serializers.CharField(source="shown_name")

    class Meta:
        model = User
        fields = ("id", "username", "name")


class CommentSerializer(serializers.ModelSerializer[Comment]):
    by = PersonSerializer()
    resolved_by = serializers.CharField(source="resolved_by.shown_name", allow_null=True, default=None)
    mentions = serializers.SerializerMethodField()
    mine = serializers.SerializerMethodField()

    class Meta:
        model = Comment
        fields = (
            "id",
            "video",
            "segment",
            "time_s",
            "text",
            "by",
            "at",
            "edited_at",
            "deleted_at",
            "resolved_at",
            "resolved_by",
            "mentions",
            "mine",
        )

    def get_mentions(self, comment: Comment) -> list[str]:
        """User names in the text that are members'."""
        return [mention.user.username for mention in comment.mentions.all()]

    def get_mine(self, comment: Comment) -> bool:
        return bool(comment.by_id == self.context["user"].pk)


class CommentPageSerializer(serializers.Serializer[Any]):
    results = CommentSerializer(many=True)
    total = serializers.IntegerField()


class _Text(serializers.CharField):
    def __init__(self, **more: Any) -> None:
        super().__init__(max_length=LONGEST_COMMENT, error_messages={"max_length": TOO_LONG}, **more)


class WriteCommentSerializer(serializers.Serializer[Any]):
    text = _Text(help_text="Text, shown as text. @name tells a member of the project.")
    time_s = serializers.FloatField(help_text="Presentation time of the video.")
    segment = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=MAX_ID)


class WriteAboutSegmentSerializer(serializers.Serializer[Any]):
    text = _Text(help_text="Text, shown as text. @name tells a member of the project.")
    time_s = serializers.FloatField(required=False, help_text="Where the primitive begins, if not given.")


class ChangeCommentSerializer(serializers.Serializer[Any]):
    text = _Text(required=False)
    resolved = serializers.BooleanField(required=False)


class MentionSerializer(serializers.Serializer[Any]):
    """A `comments.Told`."""

    id = serializers.IntegerField(source="mention.pk")
    seen_at = serializers.DateTimeField(source="mention.seen_at", allow_null=True)
    project = serializers.IntegerField(source="mention.comment.project_id")
    project_name = serializers.CharField(source="mention.comment.project.name")
    video = serializers.IntegerField(source="mention.comment.video_id")
    video_title = serializers.CharField(source="mention.comment.video.title")
    segment = serializers.IntegerField(source="mention.comment.segment_id", allow_null=True)
    run = serializers.SerializerMethodField()
    time_s = serializers.FloatField(source="mention.comment.time_s")
    comment = serializers.IntegerField(source="mention.comment_id")
    by = serializers.CharField(source="mention.comment.by.shown_name")
    at = serializers.DateTimeField(source="mention.comment.at")
    text = serializers.SerializerMethodField()

    def get_run(self, told: comments.Told) -> int | None:
        segment = told.mention.comment.segment
        return None if segment is None else segment.run_id

    def get_text(self, told: comments.Told) -> str | None:
        """Null until you have judged the primitive it is about."""
        return told.mention.comment.text if told.readable else None


class MentionsSerializer(serializers.Serializer[Any]):
    unseen = serializers.IntegerField()
    results = MentionSerializer(many=True, help_text="Those not seen first, then the newest.")


class SeenSerializer(serializers.Serializer[Any]):
    """Which mentions were seen; all, if none is named."""

    ids = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=MAX_ID), required=False, max_length=1000
    )


def _page(request: Request, rows: Any) -> Response:
    shown = list(rows[: comments.MOST_SHOWN])
    total = len(shown) if len(shown) < comments.MOST_SHOWN else rows.count()
    many = CommentSerializer(shown, many=True, context={"user": request.user}).data
    return Response({"results": many, "total": total})


def _one(request: Request, comment: Comment, code: int = status.HTTP_200_OK) -> Response:
    found = Comment.objects.select_related("by", "resolved_by").get(pk=comment.pk)
    return Response(CommentSerializer(found, context={"user": request.user}).data, status=code)


class VideoComments(APIView):
    def _video(self, request: Request, id: int, minimum: Role) -> Video:
        found = get_object_or_404(Video.objects.visible_to(request.user), pk=id)
        project_for(request.user, found.project_id, minimum)
        return found

    @extend_schema(
        operation_id="comments_of_video",
        description="In order of time. What others wrote about a primitive is there once you have judged it.",
        responses=CommentPageSerializer,
    )
    def get(self, request: Request, id: int) -> Response:
        return _page(request, comments.of_video(request.user, self._video(request, id, Role.VIEWER)))

    @extend_schema(operation_id="comments_write", request=WriteCommentSerializer, responses={201: CommentSerializer})
    def post(self, request: Request, id: int) -> Response:
        video = self._video(request, id, Role.REVIEWER)
        form = WriteCommentSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        said = form.validated_data
        segment = None
        if said.get("segment") is not None:
            segment = get_object_or_404(Segment.objects.visible_to(request.user), pk=said["segment"])
        made = comments.write(video=video, time_s=said["time_s"], text=said["text"], segment=segment, by=request.user)
        return _one(request, made, status.HTTP_201_CREATED)


class SegmentCommentsFilterSerializer(Parameters):
    blind = serializers.BooleanField(default=False, help_text="Others' only once you have judged, also for managers.")


class SegmentComments(APIView):
    def _segment(self, request: Request, id: int, minimum: Role) -> Segment:
        found = get_object_or_404(Segment.objects.visible_to(request.user).select_related("video"), pk=id)
        project_for(request.user, found.project_id, minimum)
        return found

    @extend_schema(
        operation_id="comments_of_segment",
        description="Your own, and others' once you have judged the primitive. Managers see all, unless `blind`.",
        parameters=[SegmentCommentsFilterSerializer],
        responses=CommentPageSerializer,
    )
    def get(self, request: Request, id: int) -> Response:
        segment = self._segment(request, id, Role.VIEWER)
        asked = SegmentCommentsFilterSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        return _page(request, comments.of_segment(request.user, segment, blind=asked.validated_data["blind"]))

    @extend_schema(
        operation_id="comments_write_about_segment",
        request=WriteAboutSegmentSerializer,
        responses={201: CommentSerializer},
    )
    def post(self, request: Request, id: int) -> Response:
        segment = self._segment(request, id, Role.REVIEWER)
        form = WriteAboutSegmentSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        said = form.validated_data
        made = comments.write(
            video=segment.video,
            time_s=said.get("time_s", segment.start_s),
            text=said["text"],
            segment=segment,
            by=request.user,
        )
        return _one(request, made, status.HTTP_201_CREATED)


class CommentDetail(APIView):
    def _comment(self, request: Request, id: int) -> Comment:
        found = get_object_or_404(comments.visible_to(request.user), pk=id)
        project_for(request.user, found.project_id, Role.REVIEWER)
        return found

    @extend_schema(operation_id="comments_change", request=ChangeCommentSerializer, responses=CommentSerializer)
    def patch(self, request: Request, id: int) -> Response:
        """Change your words, or mark a comment as dealt with (`resolved`)."""
        found = self._comment(request, id)
        form = ChangeCommentSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        said = form.validated_data
        if "text" in said:
            comments.rewrite(found, text=said["text"], by=request.user)
        if "resolved" in said:
            comments.resolve(found, resolved=said["resolved"], by=request.user)
        return _one(request, found)

    @extend_schema(operation_id="comments_delete", responses={204: None})
    def delete(self, request: Request, id: int) -> Response:
        found = self._comment(request, id)
        is_manager = Project.objects.with_role(request.user, Role.MANAGER).filter(pk=found.project_id).exists()
        comments.delete(found, by=request.user, is_manager=is_manager)
        return Response(status=status.HTTP_204_NO_CONTENT)


class People(APIView):
    @extend_schema(
        operation_id="projects_people",
        description="Who can be named in a comment: the members of the project.",
        responses=PersonSerializer(many=True),
    )
    def get(self, request: Request, id: int) -> Response:
        project = project_for(request.user, id)
        members = User.objects.filter(memberships__project=project, is_active=True).order_by("username")
        return Response(PersonSerializer(members, many=True).data)


class Mentions(APIView):
    @extend_schema(operation_id="mentions_list", responses=MentionsSerializer)
    def get(self, request: Request) -> Response:
        unseen, told = comments.mentions_of(request.user)
        return Response(MentionsSerializer({"unseen": unseen, "results": told}).data)


class SeenMentions(APIView):
    @extend_schema(operation_id="mentions_seen", request=SeenSerializer, responses={204: None})
    def post(self, request: Request) -> Response:
        form = SeenSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        comments.mark_seen(request.user, form.validated_data.get("ids"))
        return Response(status=status.HTTP_204_NO_CONTENT)
