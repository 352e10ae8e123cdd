"""Signing in, resetting and changing a password, providers: django-allauth's headless views in our words.

Only what is named here is served. allauth's own addresses and answers stay behind: these views check the CSRF token
also before sign-in, read what was sent as every other view does, and refuse with a code and a sentence.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import requests
from allauth.account.utils import url_str_to_user_pk
from allauth.headless.account import views as allauth_views
from allauth.headless.constants import Client
from allauth.socialaccount.adapter import get_adapter as get_social_adapter
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.base.constants import AuthProcess
from allauth.socialaccount.providers.openid_connect.views import callback
from django.conf import settings
from django.contrib.auth import logout
from django.db import transaction
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.middleware.csrf import get_token
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_GET
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backend import VERSION
from backend.accounts import selectors, services
from backend.accounts.api import serializers as shapes
from backend.accounts.authentication import ScopeSuffices
from backend.accounts.exceptions import BadLink, MailIsOff, NoSuchProvider, ProviderAway, SignedInAlready
from backend.common import throttles
from backend.common.errors import NOT_FOUND, ApplicationError
from backend.projects.api.serializers import SessionSerializer
from backend.projects.models import User

KEY_HEADER = "X-Password-Reset-Key"
BAD_LINK = "This link was used already or is too old. Ask for a new one."

# CSRF before sign-in too: nobody is signed in unasked. Nothing of it is kept by the browser.
guarded = method_decorator([never_cache, csrf_protect], name="dispatch")


class PassingView(APIView):
    """Reads the body before DRF does, so that allauth can read it again."""

    permission_classes = [AllowAny, ScopeSuffices]
    session_only = True

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        _ = request._request.body
        super().initial(request, *args, **kwargs)

    def checked(self, form: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
        asked = form(data=request.data)
        asked.is_valid(raise_exception=True)
        return dict(asked.validated_data)

    def passed_on(
        self, request: Request, view: type[Any], *, good: tuple[int, ...] = (status.HTTP_200_OK,)
    ) -> dict[str, Any]:
        """What allauth's view answers. Raises ApplicationError with its first complaint."""
        serve: Callable[[HttpRequest], Any] = view.as_api_view(client=Client.BROWSER)
        answer = serve(request._request)
        body: dict[str, Any] = json.loads(answer.content)
        if answer.status_code in good:
            return body
        if answer.status_code == status.HTTP_409_CONFLICT:
            raise SignedInAlready("You are signed in already. Sign out first.")
        complaint = next(iter(body.get("errors", [])), {"code": "refused", "message": "That was refused."})
        field = complaint.get("param")
        raise ApplicationError(
            complaint["message"],
            code=complaint["code"],
            status=status.HTTP_400_BAD_REQUEST,
            **({field: [complaint["message"]]} if field else {}),
        )


def session_of(request: Request) -> Response:
    """Who is signed in, and by what one may."""
    user = request._request.user
    providers = get_social_adapter().list_providers(request._request)
    return Response(
        SessionSerializer(
            {
                "user": user if user.is_authenticated else None,
                "version": VERSION,
                "oidc": [{"id": provider.app.provider_id, "name": provider.app.name} for provider in providers],
                "email": settings.MAIL_IS_ON,
            }
        ).data
    )


@guarded
class SessionView(APIView):
    permission_classes = [AllowAny]

    @extend_schema(operation_id="session_get", responses=SessionSerializer)
    def get(self, request: Request) -> Response:
        """Who is signed in, and what one may sign in by. Also sets the CSRF cookie."""
        get_token(request)
        if request.auth is not None:
            request._request.user = request.user  # a token's person
        return session_of(request)

    @extend_schema(operation_id="session_sign_out", request=None, responses={204: None})
    def delete(self, request: Request) -> Response:
        logout(request)
        return Response(status=status.HTTP_204_NO_CONTENT)


@guarded
class SignInView(PassingView):
    @extend_schema(operation_id="auth_sign_in", request=shapes.SignInSerializer, responses=SessionSerializer)
    def post(self, request: Request) -> Response:
        """By user name, in whatever case, and password. The session gets a new key: a planted one is worth nothing."""
        self.checked(shapes.SignInSerializer, request)
        self.passed_on(request, allauth_views.LoginView)
        return session_of(request)


@guarded
class ResetRequestView(PassingView):
    throttle_classes = [throttles.ResetAsking]

    @extend_schema(operation_id="auth_request_reset", request=shapes.ResetRequestSerializer, responses={204: None})
    def post(self, request: Request) -> Response:
        """Mail a link for a new password. The answer is the same whether or not an account has that address."""
        self.checked(shapes.ResetRequestSerializer, request)
        if not settings.MAIL_IS_ON:
            raise MailIsOff("This Kineme sends no mail. Ask whoever runs it for a link.")
        self.passed_on(request, allauth_views.RequestPasswordResetView)
        return Response(status=status.HTTP_204_NO_CONTENT)


@guarded
class ResetView(PassingView):
    throttle_classes = [throttles.ResetGuessing]

    @extend_schema(
        operation_id="auth_reset_whose",
        parameters=[OpenApiParameter(KEY_HEADER, str, OpenApiParameter.HEADER, required=True)],
        responses=shapes.WhoseResetSerializer,
    )
    def get(self, request: Request) -> Response:
        """Whose password a link resets."""
        key = shapes.ResetKeySerializer(data={"key": request.headers.get(KEY_HEADER, "")})
        key.is_valid(raise_exception=True)
        body = self.passed_on(request, allauth_views.ResetPasswordView)
        return Response({"username": body["data"]["user"]["username"]})

    @extend_schema(operation_id="auth_reset", request=shapes.ResetSerializer, responses={204: None})
    def post(self, request: Request) -> Response:
        """A new password by a link, which works once. All sessions of the person end."""
        asked = self.checked(shapes.ResetSerializer, request)
        with transaction.atomic():
            # Locked, so that of two requests with one link the second finds the password changed and the link void.
            if not User.objects.select_for_update().filter(pk=_person_in(asked["key"])).exists():
                raise BadLink(BAD_LINK)
            # allauth answers 401 to a good reset: the person is not signed in by it.
            self.passed_on(request, allauth_views.ResetPasswordView, good=(status.HTTP_401_UNAUTHORIZED, 200))
        return Response(status=status.HTTP_204_NO_CONTENT)


def _person_in(key: str) -> int | None:
    try:
        number = int(url_str_to_user_pk(key.partition("-")[0]))
    except (ValueError, TypeError):
        return None
    return number if 0 < number < 2**63 else None


@guarded
class PasswordChangeView(PassingView):
    permission_classes = APIView.permission_classes
    throttle_classes = [throttles.PasswordChanging]

    @extend_schema(operation_id="auth_change_password", request=shapes.PasswordChangeSerializer, responses={204: None})
    def post(self, request: Request) -> Response:
        """All other sessions of the person end; this one goes on."""
        self.checked(shapes.PasswordChangeSerializer, request)
        self.passed_on(request, allauth_views.ChangePasswordView)
        return Response(status=status.HTTP_204_NO_CONTENT)


@guarded
class ProviderSignInView(PassingView):
    throttle_classes = [throttles.ProviderAsking]

    @extend_schema(
        operation_id="auth_provider", request=shapes.ProviderSignInSerializer, responses=shapes.AddressSerializer
    )
    def post(self, request: Request) -> Response:
        """The address of a provider at which to sign in. With an invitation, the sign-in may make an account."""
        asked = self.checked(shapes.ProviderSignInSerializer, request)
        inner = request._request
        digest = ""
        if asked["invitation"]:
            digest = selectors.invitation_of(asked["invitation"]).digest
        process = AuthProcess.CONNECT if asked["connect"] and inner.user.is_authenticated else AuthProcess.LOGIN
        if process == AuthProcess.LOGIN and inner.user.is_authenticated:
            raise SignedInAlready("You are signed in already. Sign out first.")
        try:
            provider = get_social_adapter().get_provider(inner, provider=asked["provider"])
        except SocialApp.DoesNotExist as error:
            raise NoSuchProvider(NOT_FOUND) from error
        try:
            answer = provider.redirect(
                inner,
                process,
                next_url=local_path(asked["next"]),
                data={"invitation": digest},  # never the token: this lies in the session, in the database
                headless=True,
            )
        except (requests.RequestException, ValueError, KeyError) as error:
            raise ProviderAway(f"{provider.app.name} does not answer. Try again in a while.") from error
        return Response({"url": answer.url})


def local_path(wanted: str) -> str:
    """A path here, whatever was wanted: nobody is sent to another site from ours."""
    here = wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return wanted if here else "/"


@never_cache
@require_GET
def provider_callback(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """Where a provider sends the browser back to. Every end of it is a page of ours."""
    known = [provider.app.provider_id for provider in get_social_adapter().list_providers(request)]
    if provider_id not in known:
        return HttpResponseRedirect("/signin?provider=failed")
    try:
        answer: HttpResponseBase = callback(request, provider_id)
    except (requests.RequestException, ValueError, KeyError):
        return HttpResponseRedirect("/signin?provider=failed")
    return answer


@guarded
class AccountView(APIView):
    """The person who is signed in."""

    session_only = True

    @extend_schema(operation_id="account_get", responses=shapes.AccountSerializer)
    def get(self, request: Request) -> Response:
        return Response(shapes.AccountSerializer(request.user).data)

    @extend_schema(operation_id="account_change", request=shapes.AccountSerializer, responses=shapes.AccountSerializer)
    def patch(self, request: Request) -> Response:
        """How the person is shown to the others."""
        asked = shapes.AccountSerializer(request.user, data=request.data, partial=True)
        asked.is_valid(raise_exception=True)
        if "display_name" in asked.validated_data:
            services.rename_person(user=request.user, display_name=asked.validated_data["display_name"])
            request.user.refresh_from_db()
        return Response(shapes.AccountSerializer(request.user).data)
