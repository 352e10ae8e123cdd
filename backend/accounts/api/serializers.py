from __future__ import annotations

from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from rest_framework import serializers

from backend.accounts.models import ApiToken, Invitation, Scope
from backend.common.fields import PlainName
from backend.projects.api.serializers import UserSerializer
from backend.projects.models import Membership, Role, User

LONGEST_TOKEN_DAYS = 365
LONGEST_INVITATION_DAYS = 60
LONGEST_PASSWORD = 1000


class PasswordField(serializers.CharField):
    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=LONGEST_PASSWORD, trim_whitespace=False, **options)


# signing in


class SignInSerializer(serializers.Serializer[Any]):
    username = serializers.CharField(max_length=150)
    password = PasswordField()


class ResetRequestSerializer(serializers.Serializer[Any]):
    email = serializers.EmailField(max_length=254)


class ResetKeySerializer(serializers.Serializer[Any]):
    key = serializers.CharField(max_length=200)


class ResetSerializer(ResetKeySerializer):
    password = PasswordField()


class WhoseResetSerializer(serializers.Serializer[Any]):
    username = serializers.CharField()


class PasswordChangeSerializer(serializers.Serializer[Any]):
    current_password = PasswordField(required=False, allow_blank=True, help_text="Not asked of who has none yet.")
    new_password = PasswordField()


class ProviderSignInSerializer(serializers.Serializer[Any]):
    provider = serializers.CharField(max_length=50)
    next = serializers.CharField(max_length=2000, required=False, default="/", help_text="A path here to return to.")
    invitation = serializers.CharField(max_length=200, required=False, default="")
    connect = serializers.BooleanField(
        required=False, default=False, help_text="Connect it to the account that is signed in."
    )


class AddressSerializer(serializers.Serializer[Any]):
    url = serializers.CharField(help_text="Where the browser goes to sign in.")


class AccountSerializer(serializers.ModelSerializer[User]):
    display_name = PlainName(max_length=150, allow_blank=True, help_text="Empty: the user name is shown.")
    has_password = serializers.SerializerMethodField()
    connected = serializers.SerializerMethodField(help_text="Providers one can sign in by.")

    class Meta:
        model = User
        fields = ("id", "username", "display_name", "email", "has_password", "connected")
        read_only_fields = ("id", "username", "email")

    def get_has_password(self, user: User) -> bool:
        return user.has_usable_password()

    def get_connected(self, user: User) -> list[str]:
        return list(user.socialaccount_set.values_list("provider", flat=True))  # type: ignore[attr-defined]


# invitations and members


class InvitationSerializer(serializers.ModelSerializer[Invitation]):
    invited_by = serializers.CharField(source="invited_by.shown_name")

    class Meta:
        model = Invitation
        fields = ("id", "role", "note", "invited_by", "created_at", "expires_at")
        read_only_fields = fields


class MadeInvitationSerializer(InvitationSerializer):
    path = serializers.CharField(help_text="The link's path. It is shown this once.")

    class Meta(InvitationSerializer.Meta):
        fields = (*InvitationSerializer.Meta.fields, "path")  # type: ignore[assignment]
        read_only_fields = fields


class InviteSerializer(serializers.Serializer[Any]):
    role = serializers.ChoiceField(choices=Role.choices)
    note = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    days = serializers.IntegerField(min_value=1, max_value=LONGEST_INVITATION_DAYS, required=False, default=7)


class OpenInvitationSerializer(serializers.Serializer[Any]):
    project = serializers.CharField()
    project_id = serializers.IntegerField(allow_null=True, help_text="Null to whoever is no member yet.")
    role = serializers.ChoiceField(choices=Role.choices)
    invited_by = serializers.CharField()
    expires_at = serializers.DateTimeField()
    my_role = serializers.ChoiceField(choices=Role.choices, allow_null=True)


class JoinedSerializer(serializers.Serializer[Any]):
    project = serializers.IntegerField()
    role = serializers.ChoiceField(choices=Role.choices)


class NewAccountSerializer(serializers.Serializer[Any]):
    username = PlainName(max_length=150, validators=[UnicodeUsernameValidator()])
    display_name = PlainName(max_length=150, required=False, allow_blank=True, default="")
    email = serializers.EmailField(max_length=254, required=False, allow_blank=True, default="")
    password = PasswordField()

    def validate_username(self, name: str) -> str:
        return User.normalize_username(name)

    def validate(self, values: dict[str, Any]) -> dict[str, Any]:
        about = {key: values[key] for key in ("username", "display_name", "email")}
        try:
            validate_password(values["password"], User(**about))
        except ValidationError as error:
            raise serializers.ValidationError({"password": error.messages}) from error
        return values


class MemberSerializer(serializers.ModelSerializer[Membership]):
    user = UserSerializer()
    since = serializers.DateTimeField(source="created_at")

    class Meta:
        model = Membership
        fields = ("user", "role", "since")
        read_only_fields = fields


class RoleSerializer(serializers.Serializer[Any]):
    role = serializers.ChoiceField(choices=Role.choices)


class DeleteProjectSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=200, trim_whitespace=False, help_text="The project's name, typed.")


# tokens


class TokenSerializer(serializers.ModelSerializer[ApiToken]):
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=Scope.choices))

    class Meta:
        model = ApiToken
        fields = ("id", "name", "prefix", "scopes", "created_at", "expires_at", "last_used_at")
        read_only_fields = fields


class MadeTokenSerializer(TokenSerializer):
    token = serializers.CharField(help_text="The token itself. It is shown this once.")

    class Meta(TokenSerializer.Meta):
        fields = (*TokenSerializer.Meta.fields, "token")  # type: ignore[assignment]
        read_only_fields = fields


class MakeTokenSerializer(serializers.Serializer[Any]):
    name = PlainName(max_length=80)
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=Scope.choices), min_length=1, max_length=3)
    days = serializers.IntegerField(min_value=1, max_value=LONGEST_TOKEN_DAYS, required=False, default=90)
