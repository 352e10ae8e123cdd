from __future__ import annotations

from typing import Any

from rest_framework import serializers

from backend.common.names import shown_name, shown_text
from backend.projects.models import Project, Role, User
from backend.videos.api.links import poster_url

LONGEST_NAME = 120


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
    name = serializers.CharField(max_length=LONGEST_NAME)
    description = serializers.CharField(max_length=5000, allow_blank=True, required=False)

    def validate_name(self, name: str) -> str:
        shown = shown_name(name, LONGEST_NAME)
        if not shown:
            raise serializers.ValidationError("A project needs a name that can be seen.")
        return shown

    def validate_description(self, description: str) -> str:
        return shown_text(description)


class ProjectChangeSerializer(ProjectCreateSerializer):
    """The same; what is absent stays as it is."""
