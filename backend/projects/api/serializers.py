from __future__ import annotations

from typing import Any

from rest_framework import serializers

from backend.projects.models import Project, Role, User
from backend.videos.api.links import poster_url


class UserSerializer(serializers.ModelSerializer[User]):
    display_name = serializers.CharField(source="shown_name", read_only=True)

    class Meta:
        model = User
        fields = ("id", "username", "display_name")
        read_only_fields = fields


class ProviderSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    name = serializers.CharField()


class SessionSerializer(serializers.Serializer[Any]):
    user = UserSerializer(allow_null=True)
    version = serializers.CharField()
    oidc = ProviderSerializer(many=True, help_text="Providers one may sign in by.")
    email = serializers.BooleanField(help_text="Whether a forgotten password can be reset by mail.")


class ProjectSerializer(serializers.ModelSerializer[Project]):
    role = serializers.ChoiceField(choices=Role.choices)
    n_videos = serializers.IntegerField()
    duration_s = serializers.FloatField()
    n_segments = serializers.IntegerField(help_text="Of the newest finished run.")
    n_active_runs = serializers.IntegerField()
    poster_url = serializers.SerializerMethodField()

    class Meta:
        model = Project
        fields = (
            "id",
            "name",
            "description",
            "synthetic",
            "role",
            "n_videos",
            "duration_s",
            "n_segments",
            "n_active_runs",
            "created_at",
            "poster_url",
        )
        read_only_fields = fields

    def get_poster_url(self, project: Any) -> str | None:
        return poster_url(project.poster_video, project.poster_key) if project.poster_video else None


class ProjectCreateSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=120)
    description = serializers.CharField(max_length=5000, allow_blank=True, required=False)


class ProjectChangeSerializer(ProjectCreateSerializer):
    """The same; what is absent stays as it is."""
