"""Addresses of a video's files."""

from __future__ import annotations

from django.urls import reverse

VERSION_DIGITS = 12


def file_url(video_id: int, name: str, preview_key: str) -> str:
    """The artefact's key in the address lets a browser keep the file for good."""
    return f"{reverse('video-file', args=[video_id, name])}?v={preview_key[:VERSION_DIGITS]}"


def poster_url(video_id: int, preview_key: str) -> str:
    return file_url(video_id, "poster.webp", preview_key)
