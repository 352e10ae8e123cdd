from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from backend.projects.models import Membership, Role
from backend.runs.models import RunStatus, StageExecution, Status
from backend.videos import services
from backend.videos.models import Video, VideoStatus
from tests.factories.runs import a_project, a_run, a_user, a_video, some_segments
from tests.factories.videos import PREVIEW_KEY, SPRITE, give_files

pytestmark = pytest.mark.django_db


def test_a_prepared_video_shows_what_was_found(client_of, media: Path):
    user = a_user()
    project = a_project(user)
    truth = {"segments": [{"start": 0.0, "end": 1.5, "label": "grasp"}]}
    video = a_video(project, view="top", recording="take 1", width_px=1280, height_px=720, fps=29.97, codec="h264")
    video.variable_frame_rate, video.warnings, video.truth = False, ["No sound."], truth
    video.info = {"proxy": {"fps": 30000 / 1001, "copied": False}}
    video.save()
    give_files(video)
    old, new = a_run(project, [video]), a_run(project, [video])
    some_segments(old, video, np.ones((5, 256)))
    some_segments(new, video, np.ones((2, 256)))
    some_segments(a_run(project, [video], status=RunStatus.RUNNING), video, np.ones((9, 256)))

    client = client_of(user)
    (row,) = client.get(f"/api/projects/{project.pk}/videos/").json()
    files = f"/api/videos/{video.pk}/files"
    assert row == {
        "id": video.pk,
        "project": project.pk,
        "title": video.title,
        "view": "top",
        "recording": "take 1",
        "offset_s": 0.0,
        "licence": "",
        "synthetic": False,
        "size_bytes": 1000,
        "status": "ready",
        "reason": None,
        "warnings": ["No sound."],
        "duration_s": 60.0,
        "width_px": 1280,
        "height_px": 720,
        "fps": 29.97,
        "codec": "h264",
        "variable_frame_rate": False,
        "uploaded_by": user.username,
        "created_at": row["created_at"],
        "poster_url": f"{files}/poster.webp?v={PREVIEW_KEY[:12]}",
        "sprite": {"url": f"{files}/sprite.webp?v={PREVIEW_KEY[:12]}", **SPRITE},
        "browser_url": f"{files}/browser.mp4?v={PREVIEW_KEY[:12]}",
        "original_url": f"{files}/original",
        "progress": None,
        "n_segments": 2,
        "latest_run": new.pk,
        "run_reason": None,
    }
    assert client.get(f"/api/videos/{video.pk}/").json() == {**row, "truth": truth, "proxy_fps": 30000 / 1001}


def test_a_video_the_newest_run_left_out_says_why(client_of):
    user = a_user()
    project = a_project(user)
    video = a_video(project)
    sentence = "Nothing moves in this video, so there is no primitive to find."
    for status, reason in ((Status.FAILED, sentence), (Status.DONE, "")):
        run = a_run(project, [video])
        StageExecution.objects.create(
            project=project, run=run, video=video, stage="energy", status=status, reason=reason
        )
        assert client_of(user).get(f"/api/videos/{video.pk}/").json()["run_reason"] == (reason or None)


def test_a_video_on_its_way_has_progress_and_nothing_else_yet(client_of):
    user = a_user()
    project = a_project(user)
    video = a_video(project, status=VideoStatus.PREPARING, duration_s=None)
    StageExecution.objects.create(project=project, video=video, stage="probe", status=Status.DONE, progress=1.0)
    StageExecution.objects.create(project=project, video=video, stage="preview", status=Status.RUNNING, progress=0.5)
    row = client_of(user).get(f"/api/videos/{video.pk}/").json()
    assert row["progress"] == 0.75
    for name in ("poster_url", "sprite", "browser_url", "n_segments", "latest_run", "duration_s", "codec", "truth"):
        assert row[name] is None, name


def test_a_manager_says_where_a_video_stands_among_its_views(client_of):
    user = a_user()
    video = a_video(a_project(user), view="front", recording="take 1")
    client = client_of(user)
    answer = client.patch(f"/api/videos/{video.pk}/", {"offset_s": -1.25}, content_type="application/json")
    assert answer.status_code == 200
    assert (answer.json()["offset_s"], answer.json()["view"], answer.json()["recording"]) == (-1.25, "front", "take 1")
    client.patch(f"/api/videos/{video.pk}/", {"recording": "take\n2", "view": ""}, content_type="application/json")
    video.refresh_from_db()
    assert (video.offset_s, video.view, video.recording) == (-1.25, "", "take 2")


def test_a_video_says_under_which_terms_it_may_be_used(client_of):
    user = a_user()
    video = a_video(a_project(user))
    client = client_of(user)
    answer = client.patch(f"/api/videos/{video.pk}/", {"licence": "CC BY 4.0\u202e\n"}, content_type="application/json")
    assert answer.json()["licence"] == "CC BY 4.0"
    client.patch(f"/api/videos/{video.pk}/", {"view": "top"}, content_type="application/json")
    video.refresh_from_db()
    assert (video.licence, video.view) == ("CC BY 4.0", "top")
    too_long = client.patch(f"/api/videos/{video.pk}/", {"licence": "x" * 201}, content_type="application/json")
    assert too_long.status_code == 400


@pytest.mark.parametrize("offset", ["NaN", "inf", 1e9, "soon", None])
def test_an_offset_is_a_number_of_seconds(client_of, offset: object):
    user = a_user()
    video = a_video(a_project(user))
    answer = client_of(user).patch(f"/api/videos/{video.pk}/", {"offset_s": offset}, content_type="application/json")
    assert answer.status_code == 400
    video.refresh_from_db()
    assert video.offset_s == 0.0


@pytest.mark.parametrize(("role", "status"), [(Role.VIEWER, 403), (Role.REVIEWER, 403), (None, 404)])
def test_only_managers_change_a_video(client_of, role: Role | None, status: int):
    user, project = a_user(), a_project(a_user())
    video = a_video(project)
    if role is not None:
        Membership.objects.create(project=project, user=user, role=role)
    answer = client_of(user).patch(f"/api/videos/{video.pk}/", {"offset_s": 1}, content_type="application/json")
    assert answer.status_code == status
    video.refresh_from_db()
    assert video.offset_s == 0.0


def test_a_failed_video_says_why(client_of):
    user = a_user()
    video = a_video(a_project(user), status=VideoStatus.FAILED, reason="There is no video stream in this file.")
    row = client_of(user).get(f"/api/videos/{video.pk}/").json()
    assert (row["status"], row["reason"], row["progress"]) == ("failed", "There is no video stream in this file.", None)


def test_the_list_costs_as_much_for_many_videos_as_for_one(client_of):
    user = a_user()
    project = a_project(user)
    client = client_of(user)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get(f"/api/projects/{project.pk}/videos/")
        return len(captured)

    a_run(project, [a_video(project)])
    one = queries()
    a_run(project, [a_video(project) for _ in range(10)])
    assert queries() == one


def test_other_projects_videos_stay_out(client_of):
    mine = a_user()
    hidden = a_video(a_project(a_user()))
    shown = a_video(a_project(mine))
    client = client_of(mine)
    assert [row["id"] for row in client.get(f"/api/projects/{shown.project_id}/videos/").json()] == [shown.pk]
    assert client.get(f"/api/projects/{hidden.project_id}/videos/").status_code == 404
    assert client.get(f"/api/videos/{hidden.pk}/").status_code == 404
    assert client.delete(f"/api/videos/{hidden.pk}/").status_code == 404
    assert Video.objects.filter(pk=hidden.pk).exists()
    nobody = Client()
    for address in (f"/api/projects/{shown.project_id}/videos/", f"/api/videos/{shown.pk}/"):
        assert nobody.get(address).status_code == 401


def test_deleting_a_video_takes_its_original_and_its_segments_along(
    client_of, media: Path, django_capture_on_commit_callbacks
):
    user = a_user()
    project = a_project(user, Role.MANAGER)
    video = give_files(a_video(project))
    run = a_run(project, [video])
    some_segments(run, video, np.ones((2, 256)))
    with django_capture_on_commit_callbacks(execute=True):
        assert client_of(user).delete(f"/api/videos/{video.pk}/").status_code == 204
    assert not video.path.exists()
    assert not run.segments.exists()


def test_deleting_takes_a_manager_and_a_video_no_run_is_working_on(client_of):
    user, viewer = a_user(), a_user()
    project = a_project(user)
    Membership.objects.create(user=viewer, project=project, role=Role.REVIEWER)
    video = a_video(project)
    assert client_of(viewer).delete(f"/api/videos/{video.pk}/").json()["code"] == "forbidden"
    a_run(project, [video], status=RunStatus.QUEUED)
    refused = client_of(user).delete(f"/api/videos/{video.pk}/")
    assert (refused.status_code, refused.json()["code"]) == (409, "video_in_use")
    assert Video.objects.filter(pk=video.pk).exists()


def test_the_same_file_is_in_a_project_once_and_may_be_in_another():
    user = a_user()
    project, other = a_project(user), a_project(user)
    a_video(project, sha256="a" * 64)
    a_video(other, sha256="a" * 64)
    a_video(project, sha256=None)
    a_video(project, sha256=None)
    with pytest.raises(IntegrityError), transaction.atomic():
        a_video(project, sha256="a" * 64)


@pytest.mark.parametrize("move", [False, True])
def test_a_file_of_the_servers_disk_is_taken_in(media: Path, tmp_path: Path, move: bool):
    user = a_user()
    project = a_project(user)
    source = tmp_path / "shift.mp4"
    source.write_bytes(b"film")
    truth = {"segments": []}
    video = services.register_file(
        project=project, path=source, title="Shift\n1", by=user, view="top", synthetic=True, truth=truth, move=move
    )
    assert (video.title, video.view, video.synthetic, video.truth) == ("Shift 1", "top", True, truth)
    assert (video.path.read_bytes(), video.size_bytes, video.status) == (b"film", 4, "uploaded")
    assert source.exists() is not move
    if not move:
        source.write_bytes(b"edited in place")
        assert video.path.read_bytes() == b"film"


def test_a_file_that_cannot_be_taken_in_leaves_nothing(media: Path, tmp_path: Path):
    user = a_user()
    with pytest.raises(FileNotFoundError):
        services.register_file(project=a_project(user), path=tmp_path / "gone.mp4", title="gone", by=user)
    assert not Video.objects.exists()
    assert [path for path in media.rglob("*") if path.is_file()] == []
