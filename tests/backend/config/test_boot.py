"""The server as a process: what it says when it cannot start."""

from __future__ import annotations

import os
import subprocess
import sys

from backend.config.env import REPOSITORY


def _manage(*args: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("KINEME_", "DJANGO_"))}
    command = [sys.executable, "manage.py", *args]
    return subprocess.run(
        command, cwd=REPOSITORY, env=kept | environment, capture_output=True, text=True, timeout=120, check=False
    )


def test_without_a_secret_key_the_server_says_so_in_one_sentence():
    done = _manage("check")
    assert done.returncode != 0
    assert done.stderr.strip() == "Set KINEME_SECRET_KEY: without a secret key nobody can sign in safely."


def test_with_a_secret_key_the_deployment_settings_hold():
    done = _manage("check", "--deploy", KINEME_SECRET_KEY="x7" * 20, KINEME_HTTPS="1")
    assert done.returncode == 0, done.stderr
    assert "DEBUG" not in done.stderr
