"""Addresses: the API, the sign-in link, static files; everything else is the page."""

from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = []
