"""Invitations, members, tokens, and what becomes of a project."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import login
from django.shortcuts import get_object_or_404
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backend.accounts import deletion, selectors, services
from backend.accounts.api import serializers as shapes
from backend.accounts.api.sign_in import guarded, session_of
from backend.accounts.authentication import ScopeSuffices
from backend.accounts.exceptions import SignedInAlready
from backend.accounts.models import ApiToken, Invitation
from backend.common import throttles
from backend.projects.api.serializers import SessionSerializer
from backend.projects.models import Role
from backend.projects.selectors import project_for

PASSWORD_BACKEND = "django.contrib.auth.backends.ModelBackend"


def asked_of(form: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    asked = form(data=request.data)
    asked.is_valid(raise_exception=True)
    return dict(asked.validated_data)


class InvitationsView(APIView):
    session_only = ("POST",)

    def get_throttles(self) -> list[Any]:
        return [throttles.Inviting()] if self.request.method == "POST" else super().get_throttles()

    @extend_schema(operation_id="invitations_list", responses=shapes.InvitationSerializer(many=True))
    def get(self, request: Request, id: int) -> Response:
        """The open ones, newest first."""
        project = project_for(request.user, id, Role.OWNER)
        return Response(shapes.InvitationSerializer(selectors.open_invitations(project), many=True).data)

    @extend_schema(
        operation_id="invitations_create",
        request=shapes.InviteSerializer,
        responses={201: shapes.MadeInvitationSerializer},
    )
    def post(self, request: Request, id: int) -> Response:
        """A link that makes whoever opens it a member, once."""
        project = project_for(request.user, id, Role.OWNER)
        asked = asked_of(shapes.InviteSerializer, request)
        made, token = services.invite(
            project=project, role=Role(asked["role"]), note=asked["note"], days=asked["days"], by=request.user
        )
        made.path = f"/invite/{token}"  # type: ignore[attr-defined]
        return Response(shapes.MadeInvitationSerializer(made).data, status=status.HTTP_201_CREATED)


class OneInvitationView(APIView):
    session_only = True

    @extend_schema(operation_id="invitations_revoke", responses={204: None})
    def delete(self, request: Request, id: int, invitation: int) -> Response:
        project = project_for(request.user, id, Role.OWNER)
        found = get_object_or_404(Invitation.objects.visible_to(request.user), pk=invitation, project=project)
        services.revoke_invitation(invitation=found, by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)


@method_decorator(never_cache, name="dispatch")
class InvitationView(APIView):
    permission_classes = [AllowAny]
    throttle_classes = [throttles.InvitationGuessing]

    @extend_schema(operation_id="invitation_get", responses=shapes.OpenInvitationSerializer)
    def get(self, request: Request, token: str) -> Response:
        """What a link invites to. Whoever has it may see this much."""
        invitation = selectors.invitation_of(token)
        project = invitation.project
        mine = None
        if request.user.is_authenticated:
            mine = project.memberships.filter(user=request.user).values_list("role", flat=True).first()
        about = {
            "project": project.name,
            "project_id": project.pk if mine else None,
            "role": invitation.role,
            "invited_by": invitation.invited_by.shown_name,
            "expires_at": invitation.expires_at,
            "my_role": mine,
        }
        return Response(shapes.OpenInvitationSerializer(about).data)


@guarded
class AcceptInvitationView(APIView):
    session_only = True
    throttle_classes = [throttles.InvitationGuessing]

    @extend_schema(operation_id="invitation_accept", request=None, responses=shapes.JoinedSerializer)
    def post(self, request: Request, token: str) -> Response:
        """Become a member. Who is more already stays so, and the link stays open."""
        membership = services.accept_invitation(invitation=selectors.invitation_of(token), by=request.user)
        return Response({"project": membership.project_id, "role": membership.role})


@guarded
class JoinView(APIView):
    permission_classes = [AllowAny, ScopeSuffices]
    session_only = True
    throttle_classes = [throttles.InvitationGuessing]

    @extend_schema(
        operation_id="invitation_join", request=shapes.NewAccountSerializer, responses={201: SessionSerializer}
    )
    def post(self, request: Request, token: str) -> Response:
        """Make an account by an invitation; it is signed in."""
        if request.user.is_authenticated:
            raise SignedInAlready("You are signed in already. Accept the invitation with the account you have.")
        invitation = selectors.invitation_of(token)
        user = services.join_with_new_account(invitation=invitation, **asked_of(shapes.NewAccountSerializer, request))
        login(request._request, user, backend=PASSWORD_BACKEND)
        answer = session_of(request)
        answer.status_code = status.HTTP_201_CREATED
        return answer


class MembersView(APIView):
    @extend_schema(operation_id="members_list", responses=shapes.MemberSerializer(many=True))
    def get(self, request: Request, id: int) -> Response:
        project = project_for(request.user, id)
        return Response(shapes.MemberSerializer(selectors.members_of(project), many=True).data)


class MemberView(APIView):
    session_only = True

    @extend_schema(operation_id="members_change", request=shapes.RoleSerializer, responses=shapes.MemberSerializer)
    def patch(self, request: Request, id: int, user: int) -> Response:
        project = project_for(request.user, id, Role.OWNER)
        role = Role(asked_of(shapes.RoleSerializer, request)["role"])
        changed = services.change_role(project=project, member=user, role=role, by=request.user)
        return Response(shapes.MemberSerializer(changed).data)

    @extend_schema(operation_id="members_remove", responses={204: None})
    def delete(self, request: Request, id: int, user: int) -> Response:
        """Remove somebody, or leave: everybody may take themselves off a project."""
        project = project_for(request.user, id, Role.VIEWER if user == request.user.pk else Role.OWNER)
        services.remove_member(project=project, member=user, by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)


class DeleteProjectView(APIView):
    session_only = True

    @extend_schema(operation_id="projects_delete", request=shapes.DeleteProjectSerializer, responses={204: None})
    def post(self, request: Request, id: int) -> Response:
        """Delete a project with everything in it. There is no way back."""
        project = project_for(request.user, id, Role.OWNER)
        deletion.delete_project(
            project=project, typed=asked_of(shapes.DeleteProjectSerializer, request)["name"], by=request.user
        )
        return Response(status=status.HTTP_204_NO_CONTENT)


class TokensView(APIView):
    session_only = True

    def get_throttles(self) -> list[Any]:
        return [throttles.TokenMaking()] if self.request.method == "POST" else super().get_throttles()

    @extend_schema(operation_id="tokens_list", responses=shapes.TokenSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Those of the person that can still be used."""
        return Response(shapes.TokenSerializer(selectors.tokens_of(request.user), many=True).data)

    @extend_schema(
        operation_id="tokens_create", request=shapes.MakeTokenSerializer, responses={201: shapes.MadeTokenSerializer}
    )
    def post(self, request: Request) -> Response:
        """A token for programs, to be sent as `Authorization: Bearer …`."""
        made, secret = services.make_token(user=request.user, **asked_of(shapes.MakeTokenSerializer, request))
        made.token = secret  # type: ignore[attr-defined]
        return Response(shapes.MadeTokenSerializer(made).data, status=status.HTTP_201_CREATED)


class TokenView(APIView):
    session_only = True

    @extend_schema(operation_id="tokens_revoke", responses={204: None})
    def delete(self, request: Request, id: int) -> Response:
        found = get_object_or_404(ApiToken.objects.of(request.user), pk=id)
        services.revoke_token(token=found)
        return Response(status=status.HTTP_204_NO_CONTENT)
