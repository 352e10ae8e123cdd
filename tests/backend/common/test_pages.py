from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client

from backend.common import pages

PAGE = '<!doctype html><div id="root"></div>'


@pytest.fixture
def built(tmp_path: Path, settings) -> Path:
    """A front end as Vite leaves it."""
    settings.FRONTEND_FOLDER = tmp_path / "dist"
    (tmp_path / "dist" / "assets").mkdir(parents=True)
    (tmp_path / "dist" / "index.html").write_text(PAGE)
    (tmp_path / "dist" / "icon.svg").write_text("<svg/>")
    (tmp_path / "dist" / "assets" / "index-B1gXq9aZ.js").write_text("start()")
    (tmp_path / "secret.txt").write_text("outside")
    pages._files.cache_clear()
    yield tmp_path / "dist"
    pages._files.cache_clear()


@pytest.mark.parametrize("address", ["/", "/signin", "/projects/1/runs/2/clusters", "/apiary", "/nothing.php"])
def test_every_other_address_is_the_page(client: Client, built: Path, address: str):
    response = client.get(address)
    assert (response.status_code, response.content.decode()) == (200, PAGE)
    assert response["Cache-Control"] == "no-store"
    assert "csrftoken" in response.cookies


def test_the_page_may_run_its_own_scripts_and_nothing_else(client: Client, built: Path):
    response = client.get("/")
    policy = response["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert response["X-Content-Type-Options"] == "nosniff"


def test_without_a_build_the_page_says_what_to_do(client: Client, tmp_path: Path, settings):
    settings.FRONTEND_FOLDER = tmp_path / "frontend" / "dist"
    response = client.get("/")
    assert response.status_code == 200
    assert "./kineme up" in response.content.decode()


def test_a_hashed_file_is_kept_for_good_and_others_are_asked_for_again(client: Client, built: Path):
    script, icon = client.get("/static/assets/index-B1gXq9aZ.js"), client.get("/static/icon.svg")
    assert (script.status_code, script.content) == (200, b"start()")
    assert script["Content-Type"].startswith("text/javascript")
    assert "immutable" in script["Cache-Control"]
    assert "immutable" not in icon["Cache-Control"]
    assert client.get("/static/icon.svg", headers={"If-Modified-Since": icon["Last-Modified"]}).status_code == 304


@pytest.mark.parametrize(
    "name", ["../secret.txt", "..%2fsecret.txt", "%2e%2e/secret.txt", "assets/", "gone.js", "a%00b", "x" * 5000]
)
def test_nothing_outside_the_build_is_served(client: Client, built: Path, name: str):
    response = client.get(f"/static/{name}")
    assert (response.status_code, response["Content-Type"]) == (404, "application/json")


def test_an_api_address_that_does_not_exist_is_an_error_and_not_the_page(client: Client, built: Path):
    for address in ("/api/nothing/", "/api/", "/api", "/api/projects"):
        response = client.get(address)
        assert (response.status_code, response.json()["code"]) == (404, "not_found"), address
        assert response["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
