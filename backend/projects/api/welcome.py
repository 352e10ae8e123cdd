from __future__ import annotations

from django.contrib.auth import login
from django.http import HttpRequest, HttpResponseRedirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from backend.projects import services
from backend.projects.exceptions import LinkUsedUp


@never_cache
@require_GET
def welcome(request: HttpRequest) -> HttpResponseRedirect:
    """Sign in with a one-time link; a link that is used up leads to the ordinary sign-in."""
    try:
        user = services.redeem_sign_in_token(request.GET.get("token", ""))
    except LinkUsedUp:
        # Somebody who is signed in already and reloads the address is simply let in.
        return HttpResponseRedirect("/" if request.user.is_authenticated else "/signin?link=used")
    login(request, user)
    return HttpResponseRedirect("/")
