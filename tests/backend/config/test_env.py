from __future__ import annotations

import re
from pathlib import Path

import pytest

from backend.config.env import REPOSITORY, BadEnvironment, parse_database_url, read_env


def test_a_database_behind_a_unix_socket_is_reached_through_its_folder():
    found = parse_database_url("postgresql://kineme:p%40ss@/main?host=%2Frun%2Fkineme&port=5433&connect_timeout=3")
    assert (found.name, found.user, found.password) == ("main", "kineme", "p@ss")
    assert (found.host, found.port, dict(found.options)) == ("/run/kineme", "5433", {"connect_timeout": "3"})


def test_a_database_behind_an_address_keeps_its_port():
    found = parse_database_url("postgres://u:p@db.example:6543/kineme")
    assert (found.host, found.port, found.name) == ("db.example", "6543", "kineme")


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("mysql://h/d", "must start with postgresql://"),
        ("postgresql://h/", "names no database"),
        ("postgresql://h:port/d", "port"),
    ],
)
def test_an_address_that_cannot_work_is_refused_in_words(url: str, why: str):
    with pytest.raises(BadEnvironment, match=why):
        parse_database_url(url)


def test_nothing_set_gives_the_defaults():
    env = read_env({})
    assert env.data == REPOSITORY / ".kineme"
    assert env.clip_weights == env.data / "weights" / "clip"
    assert (env.lease_s, env.heartbeat_s, env.debug, env.secret_key) == (30.0, 5.0, False, None)


def test_weights_lie_in_the_data_folder_unless_said_otherwise():
    assert read_env({"KINEME_DATA": "/data"}).clip_weights == Path("/data/weights/clip")
    assert read_env({"KINEME_DATA": "/data", "KINEME_CLIP_WEIGHTS": "/models/clip"}).clip_weights == Path(
        "/models/clip"
    )


def test_a_licence_is_never_accepted_by_default():
    assert not read_env({}).accept_cc_by_nc
    assert read_env({"KINEME_ACCEPT_CC_BY_NC": "1"}).accept_cc_by_nc
    assert read_env({"KINEME_DATA": "/data"}).cotracker == Path("/data/weights/cotracker")


def test_zero_is_a_value():
    assert read_env({"KINEME_MIN_FREE_BYTES": "0"}).min_free_bytes == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("KINEME_MAX_UPLOAD_BYTES", "much"),
        ("KINEME_LEASE_S", "-1"),
        ("KINEME_HEARTBEAT_S", "60"),
        ("KINEME_DEBUG", "maybe"),
    ],
)
def test_a_value_that_cannot_be_read_is_named(name: str, value: str):
    with pytest.raises(BadEnvironment, match=name):
        read_env({name: value})


@pytest.mark.parametrize("key", ["", "short", "django-insecure-0123456789012345678901234567890123456789"])
def test_a_missing_or_guessable_secret_key_stops_the_start(key: str):
    with pytest.raises(BadEnvironment, match="KINEME_SECRET_KEY"):
        read_env({"KINEME_SECRET_KEY": key}).required_secret_key()


def test_secrets_do_not_show_when_the_environment_is_printed():
    env = read_env({"KINEME_SECRET_KEY": "s" * 40, "DATABASE_URL": "postgresql://u:hidden@h/d"})
    assert "hidden" not in repr(env)
    assert "ssss" not in repr(env)


def test_only_env_py_reads_the_environment():
    reads = re.compile(r"os\.environ\b(?!\.setdefault)|os\.getenv")
    sources = [path for path in (REPOSITORY / "backend").rglob("*.py") if reads.search(path.read_text())]
    assert sources == [Path(REPOSITORY / "backend/config/env.py")]
