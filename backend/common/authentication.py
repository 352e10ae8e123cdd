"""Who is asking. Sessions only: nothing an other site's page can send carries a name."""

from rest_framework import authentication
from rest_framework.request import Request


class SessionAuthentication(authentication.SessionAuthentication):
    """Django's session with CSRF. A request without one gets 401, not 403, so the page knows to ask for a sign-in."""

    def authenticate_header(self, request: Request) -> str:
        return "Session"
