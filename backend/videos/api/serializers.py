from __future__ import annotations

from math import isfinite
from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from backend.videos.api.links import file_url, poster_url
from backend.videos.models import Upload, Video, VideoStatus


class SpriteSerializer(serializers.Serializer[Any]):
    """Hover pictures: tile i, in reading order, shows the video at i * interval_s."""

    url = serializers.CharField()
    columns = serializers.IntegerField()
    rows = serializers.IntegerField()
    tile_width = serializers.IntegerField()
    tile_height = serializers.IntegerField()
    interval_s = serializers.FloatField()


class TruthSegmentSerializer(serializers.Serializer[Any]):
    start = serializers.FloatField()
    end = serializers.FloatField()
    label = serializers.CharField()


class TruthSerializer(serializers.Serializer[Any]):
    """What a rendered video is known to show."""

    segments = TruthSegmentSerializer(many=True)


class AnnotationSerializer(serializers.Serializer[Any]):
    """What people marked in a video. id: null for the video's own truth."""

    id = serializers.IntegerField(allow_null=True)
    name = serializers.CharField()
    source = serializers.CharField(help_text="The format it came in.")
    segments = TruthSegmentSerializer(many=True)


class AddedAnnotationSerializer(AnnotationSerializer):
    """What was taken in."""

    notice = serializers.CharField(help_text="What was done to the file's segments that it did not ask for; or empty.")


class AnnotationUploadSerializer(serializers.Serializer[Any]):
    """A file of any format `ml.annotations` reads: ActivityNet, ELAN, BORIS, VIA, tables, frame labels, our own."""

    file = serializers.FileField()
    name = serializers.CharField(required=False, allow_blank=True, default="", max_length=120)
    tier = serializers.CharField(required=False, allow_blank=True, default="", help_text="Of an ELAN file.")
    overlapping = serializers.BooleanField(
        required=False, default=False, help_text="Segments may share time; else two that do are refused."
    )


class VideoSerializer(serializers.ModelSerializer[Video]):
    """A row of `selectors.video_rows`."""

    status = serializers.ChoiceField(choices=VideoStatus.choices)
    reason = serializers.SerializerMethodField()
    warnings = serializers.ListField(child=serializers.CharField())
    codec = serializers.SerializerMethodField()
    uploaded_by = serializers.CharField(source="uploaded_by.shown_name")
    poster_url = serializers.SerializerMethodField()
    sprite = serializers.SerializerMethodField()
    browser_url = serializers.SerializerMethodField()
    original_url = serializers.SerializerMethodField()
    progress = serializers.SerializerMethodField(help_text="Of checking and preparing, 0 to 1.")
    n_segments = serializers.SerializerMethodField(help_text="Found by the newest finished run.")
    latest_run = serializers.IntegerField(allow_null=True, help_text="The newest finished run with this video.")
    run_reason = serializers.CharField(
        allow_null=True, help_text="Why the newest run left this video out, if it did, in a sentence."
    )

    class Meta:
        model = Video
        fields = (
            "id",
            "project",
            "title",
            "view",
            "recording",
            "offset_s",
            "licence",
            "synthetic",
            "size_bytes",
            "status",
            "reason",
            "warnings",
            "duration_s",
            "width_px",
            "height_px",
            "fps",
            "codec",
            "variable_frame_rate",
            "uploaded_by",
            "created_at",
            "poster_url",
            "sprite",
            "browser_url",
            "original_url",
            "progress",
            "n_segments",
            "latest_run",
            "run_reason",
        )
        read_only_fields = fields

    def get_reason(self, video: Video) -> str | None:
        return video.reason or None

    def get_codec(self, video: Video) -> str | None:
        return video.codec or None

    def get_poster_url(self, video: Video) -> str | None:
        return poster_url(video.pk, video.preview_key) if video.preview_key else None

    def get_browser_url(self, video: Video) -> str | None:
        return file_url(video.pk, "browser.mp4", video.preview_key) if video.preview_key else None

    def get_original_url(self, video: Video) -> str:
        return reverse("video-file", args=[video.pk, "original"])

    @extend_schema_field(SpriteSerializer(allow_null=True))
    def get_sprite(self, video: Video) -> dict[str, Any] | None:
        if video.sprite is None:
            return None
        return {"url": file_url(video.pk, "sprite.webp", video.preview_key), **video.sprite}

    def get_progress(self, video: Any) -> float | None:
        preparing = video.status in (VideoStatus.UPLOADED, VideoStatus.CHECKING, VideoStatus.PREPARING)
        return round(video.ingest_progress or 0.0, 3) if preparing else None

    def get_n_segments(self, video: Any) -> int | None:
        return video.n_segments if video.latest_run is not None else None


class VideoDetailSerializer(VideoSerializer):
    """The same with what only the video's own page needs."""

    truth = TruthSerializer(allow_null=True)
    proxy_fps = serializers.SerializerMethodField(
        help_text="Frame n of `browser_url` is shown from n / proxy_fps to (n + 1) / proxy_fps, in seconds."
    )

    class Meta(VideoSerializer.Meta):
        fields = (*VideoSerializer.Meta.fields, "truth", "proxy_fps")
        read_only_fields = fields

    def get_proxy_fps(self, video: Video) -> float | None:
        return ((video.info or {}).get("proxy") or {}).get("fps")


class ChangeVideoSerializer(serializers.Serializer[Any]):
    """Where a video stands among the views of its recording, and the terms it may be used under."""

    view = serializers.CharField(max_length=60, allow_blank=True, required=False)
    recording = serializers.CharField(max_length=120, allow_blank=True, required=False)
    licence = serializers.CharField(
        max_length=200,
        allow_blank=True,
        required=False,
        help_text="Versions frozen from now on, and exports, carry it.",
    )
    offset_s = serializers.FloatField(
        min_value=-86_400,
        max_value=86_400,
        required=False,
        help_text="Second t of this video is second t + offset_s of its recording.",
    )

    def validate_offset_s(self, value: float) -> float:
        if not isfinite(value):  # "NaN" passes both limits
            raise serializers.ValidationError("Not a number.")
        return value


class UploadSerializer(serializers.ModelSerializer[Upload]):
    """An unfinished upload: what is left to send starts at `offset_bytes`."""

    url = serializers.SerializerMethodField()

    class Meta:
        model = Upload
        fields = ("id", "filename", "size_bytes", "offset_bytes", "created_at", "url")
        read_only_fields = fields

    def get_url(self, upload: Upload) -> str:
        return reverse("upload", args=[upload.pk])
