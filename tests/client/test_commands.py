"""`kineme login`, `projects`, `runs`, `search` against a real server in this process."""

from __future__ import annotations

import io
import json
import stat
from collections.abc import Callable

import numpy as np
import pytest

from backend.projects.models import Project, User
from backend.runs.models import Run, RunStatus
from backend.videos.models import Video
from backend.vocabulary.models import EMBEDDING_DIM
from kineme_client import Client, cli, stored
from tests.factories.runs import a_project, a_run, a_user, a_video, some_segments

pytestmark = pytest.mark.django_db(transaction=True)
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def signed_in(server: str, owner: User, token_of: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> str:
    token = token_of(owner)
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{token}\n"))
    assert cli.run("login", [server]) == 0
    return token


def test_a_token_from_standard_input_is_checked_and_kept_for_its_owner_only(
    server: str, owner: User, token_of: Callable[..., str], monkeypatch: pytest.MonkeyPatch, capsys: Capture
):
    token = token_of(owner)
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{token}\n"))
    assert cli.run("login", [server]) == 0
    path = stored.logins_file()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert stored.login().token == token
    said = capsys.readouterr()
    assert owner.username in said.err
    assert token not in said.err + said.out


def test_a_wrong_token_is_refused_and_nothing_is_kept(server: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture):
    monkeypatch.setattr("sys.stdin", io.StringIO("kin_" + "x" * 43))
    assert cli.run("login", [server]) == 1
    assert not stored.logins_file().exists()
    assert capsys.readouterr().err.strip()


def test_no_token_is_said(server: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture):
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert cli.run("login", [server]) == 1
    assert "No token was given" in capsys.readouterr().err


def test_a_token_is_no_argument():
    with pytest.raises(SystemExit):
        cli.run("login", ["https://a.org", "kin_x"])


def test_before_signing_in_every_command_says_how(capsys: Capture):
    assert cli.run("projects", []) == 1
    assert "kineme login" in capsys.readouterr().err


def test_signing_out_forgets_the_token(signed_in: str, capsys: Capture):
    assert cli.run("logout", []) == 0
    assert signed_in not in stored.logins_file().read_text()
    assert cli.run("projects", []) == 1
    assert cli.run("logout", []) == 1


def test_a_token_taken_back_says_to_sign_in_again(signed_in: str, owner: User, capsys: Capture):
    owner.api_tokens.all().delete()
    assert cli.run("projects", []) == 1
    assert "kineme login" in capsys.readouterr().err


def test_only_ones_own_projects_are_listed(signed_in: str, project: Project, capsys: Capture):
    theirs = a_project(a_user())
    assert cli.run("projects", []) == 0
    said = capsys.readouterr().out
    assert project.name in said
    assert theirs.name not in said
    assert cli.run("projects", ["--json"]) == 0
    assert [json.loads(line)["id"] for line in capsys.readouterr().out.splitlines()] == [project.pk]


def test_a_project_is_named_by_id_or_name_and_one_that_is_not_there_is_said(
    signed_in: str, project: Project, capsys: Capture
):
    for name in (str(project.pk), project.name):
        assert cli.run("videos", ["list", "--project", name]) == 0
    capsys.readouterr()
    assert cli.run("videos", ["list", "--project", "No such line"]) == 1
    assert "no project called 'No such line'" in capsys.readouterr().err
    assert cli.run("runs", ["list", "--project", str(a_project(a_user()).pk)]) == 1
    assert "nothing here, or it is not yours" in capsys.readouterr().err


def test_a_name_cannot_steer_the_terminal(signed_in: str, project: Project, capsys: Capture):
    video = a_video(project)
    Video.objects.filter(pk=video.pk).update(title="\x1b[2Jshift\x07.mp4")
    assert cli.run("videos", ["list", "--project", project.name]) == 0
    assert "\x1b" not in capsys.readouterr().out


def settles(monkeypatch: pytest.MonkeyPatch, status: RunStatus, reason: str = "") -> None:
    """While the client pauses between two looks, the run ends."""

    def pause(_: float) -> None:
        Run.objects.update(status=status, reason=reason)

    monkeypatch.setitem(Client.__init__.__kwdefaults__, "sleep", pause)


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (RunStatus.DONE, 0, "primitives in"),
        (RunStatus.FAILED, 1, "nothing moved"),
        (RunStatus.CANCELLED, 3, "cancelled"),
    ],
)
def test_waiting_for_a_run_ends_with_its_outcome(
    signed_in: str,
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
    status: RunStatus,
    code: int,
    said: str,
):
    a_video(project)
    settles(monkeypatch, status, "nothing moved" if status == RunStatus.FAILED else "")
    assert cli.run("runs", ["start", "--project", project.name, "--preset", "tiny", "--wait"]) == code
    out, err = capsys.readouterr()
    assert out.strip() == str(Run.objects.get().pk)
    assert said in err


def test_ctrl_c_leaves_the_run_going_and_says_so(
    signed_in: str, project: Project, monkeypatch: pytest.MonkeyPatch, capsys: Capture
):
    a_video(project)

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Client, "wait_for_run", interrupted)
    assert cli.run("runs", ["start", "--project", project.name, "--preset", "tiny", "--wait"]) == 130
    run = Run.objects.get()
    assert run.is_active
    assert not run.cancel_requested
    assert f"kineme runs wait {run.pk}" in capsys.readouterr().err


def test_a_run_that_cannot_start_says_why(signed_in: str, project: Project, capsys: Capture):
    assert cli.run("runs", ["start", "--project", project.name]) == 1
    assert "video" in capsys.readouterr().err
    assert not Run.objects.exists()


def test_the_primitives_most_like_one_come_first(signed_in: str, project: Project, capsys: Capture):
    video = a_video(project)
    run = a_run(project, [video])
    angles = np.linspace(0, 1, 30)
    vectors = np.zeros((30, EMBEDDING_DIM))
    vectors[:, 0], vectors[:, 1] = np.cos(angles), np.sin(angles)
    segments = some_segments(run, video, vectors)
    assert cli.run("search", [str(segments[0].pk), "-n", "3", "--json"]) == 0
    found = [json.loads(line)["segment"]["id"] for line in capsys.readouterr().out.splitlines()]
    assert found == [one.pk for one in segments[1:4]]


def test_a_search_needs_a_primitive_or_a_range(signed_in: str, capsys: Capture):
    for arguments in ([], ["1", "--video", "1", "--from", "0", "--to", "1"], ["--video", "1", "--from", "0"]):
        assert cli.run("search", arguments) == 2
    assert "--from S --to S" in capsys.readouterr().err


def test_searching_a_primitive_of_another_project_finds_nothing(signed_in: str, capsys: Capture):
    theirs = a_project(a_user())
    video = a_video(theirs)
    one = some_segments(a_run(theirs, [video]), video, np.ones((1, EMBEDDING_DIM)))[0]
    assert cli.run("search", [str(one.pk)]) == 1


def test_a_token_that_may_only_read_cannot_start_a_run(
    server: str, owner: User, project: Project, token_of: Callable[..., str], monkeypatch: pytest.MonkeyPatch
):
    a_video(project)
    monkeypatch.setenv("KINEME_URL", server)
    monkeypatch.setenv("KINEME_TOKEN", token_of(owner, "read"))
    assert cli.run("videos", ["list", "--project", project.name]) == 0
    assert cli.run("runs", ["start", "--project", project.name]) == 1
    assert not Run.objects.exists()


@pytest.mark.parametrize(
    "command",
    [
        ["login"], ["logout"], ["projects"], ["videos"], ["videos", "upload"], ["videos", "list"], ["runs"],
        ["runs", "start"], ["runs", "wait"], ["runs", "list"], ["search"], ["export"],
    ],
)  # fmt: skip
def test_every_command_explains_itself(command: list[str], capsys: Capture):
    with pytest.raises(SystemExit) as ended:
        cli.run(command[0], [*command[1:], "--help"])
    assert ended.value.code == 0
    assert "usage: kineme " + " ".join(command) in capsys.readouterr().out
