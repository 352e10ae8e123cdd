"""Addresses: the API, the sign-in link, static files; everything else is the page."""

from django.urls import include, path, re_path
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView

from backend.common import pages
from backend.common.health import HealthView
from backend.projects.api.welcome import welcome

api = [
    path("health/", HealthView.as_view()),
    path("schema/", extend_schema(exclude=True)(SpectacularAPIView).as_view()),
    path("", include("backend.projects.api.urls")),
    path("", include("backend.videos.api.urls")),
    path("", include("backend.runs.api.urls")),
    path("", include("backend.vocabulary.api.urls")),
    path("", include("backend.search.api.urls")),
    path("", include("backend.reviews.api.urls")),
    path("", include("backend.selections.api.urls")),
    path("", include("backend.accounts.api.urls")),
    path("", include("backend.versions.api.urls")),
    path("", include("backend.exports.api.urls")),
    path("", include("backend.webhooks.api.urls")),
    re_path("", pages.no_such_api),
]

urlpatterns = [
    path("api/", include(api)),
    path("welcome", welcome),
    path("static/<path:name>", pages.static_file),
    re_path(r"^(?!api$)", pages.index),
]

handler400 = "backend.common.errors.bad_request"
handler403 = "backend.common.errors.forbidden"
handler404 = "backend.common.errors.not_found"
handler500 = "backend.common.errors.server_error"
