"""Exports: asked for, made by a worker, fetched. The writers themselves have tests of their own (tests/ml)."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.exceptions import ValidationError

from backend.common.artefacts import sha256_of, store
from backend.common.happenings import export_ready
from backend.common.lease import LeaseLost
from backend.exports import lease, scheduling, services, stages
from backend.exports.exceptions import NothingToExport, TooManyExports
from backend.exports.kinds import ARCHIVE
from backend.exports.models import Export, ExportStatus
from backend.projects.models import AuditEntry, Membership, Project, Role, User
from backend.versions.services import freeze
from tests.factories.exports import Exportable, exportable
from tests.factories.runs import a_project, a_user

pytestmark = [
    pytest.mark.django_db,
    # Served asynchronously; the test's client reads it all the same.
    pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume asynchronous iterators"),
]


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch, media: Path) -> list[UUID]:
    """Ids that workers were woken for, in place of a broker."""
    ids: list[UUID] = []
    monkeypatch.setattr(scheduling, "wake", ids.append)
    return ids


@pytest.fixture
def world(woken: list[UUID], settings: Any) -> Exportable:
    settings.MIN_FREE_BYTES = 0
    settings.HEARTBEAT_S = 3600.0  # another connection, which does not see what the test's transaction wrote
    return exportable()


@pytest.fixture
def told() -> Any:
    """What listeners heard of exports that are ready."""
    heard: list[dict[str, Any]] = []

    def listen(sender: Any, project_id: int, facts: dict[str, Any], **_: Any) -> None:
        heard.append(facts)

    export_ready.connect(listen)
    yield heard
    export_ready.disconnect(listen)


def asked(world: Exportable, kind: str = "activitynet", **options: Any) -> Export:
    made, _ = services.ask(project=world.project, version=world.version, kind=kind, given=options, by=world.user)
    return made


def made(world: Exportable, kind: str = "activitynet", **options: Any) -> Export:
    export = asked(world, kind, **options)
    stages.run(str(export.pk))
    export.refresh_from_db()
    assert export.status == ExportStatus.DONE, export.reason
    return export


def post(client: Client, world: Exportable, **body: Any) -> Any:
    said = {"version": world.version.pk, "kind": "activitynet", **body}
    return client.post(f"/api/projects/{world.project.pk}/exports/", said, content_type="application/json")


def fetched(client: Client, export: Export | str, **headers: str) -> tuple[Any, bytes]:
    answer = client.get(f"/api/exports/{getattr(export, 'pk', export)}/file/", headers=headers)
    if not getattr(answer, "streaming", False):
        return answer, answer.content
    return answer, b"".join(answer)


def members(content: bytes) -> list[tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        return archive.getmembers()


# ---- asking


def test_from_the_click_to_the_file(
    world: Exportable, client_of: Callable[[User], Client], woken: list[UUID], told: list[dict[str, Any]],
    django_capture_on_commit_callbacks: Any,
) -> None:  # fmt: skip
    client = client_of(world.user)
    with django_capture_on_commit_callbacks(execute=True):
        answer = post(client, world)
    assert answer.status_code == 201, answer.content
    shown = answer.json()
    assert (shown["status"], shown["n_segments"], shown["version_name"]) == ("queued", 3, "June")
    assert [str(one) for one in woken] == [shown["id"]]
    assert fetched(client, shown["id"])[0].json()["code"] == "not_ready"

    stages.run(shown["id"])
    shown = client.get(f"/api/exports/{shown['id']}/").json()
    assert (shown["status"], shown["progress"], shown["reason"]) == ("done", 1.0, "")
    assert "press" in shown["readme"]
    answer, content = fetched(client, shown["id"])
    assert answer.status_code == 200
    assert len(content) == shown["size_bytes"] == int(answer["Content-Length"])
    assert answer["X-Content-SHA256"] == shown["sha256"] == told[0]["sha256"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Disposition"].startswith("attachment; filename=")
    assert sha256_of(store().path(Export.objects.get().key) / ARCHIVE) == shown["sha256"]
    assert [entry.kind for entry in AuditEntry.objects.filter(kind__startswith="export")] == ["export.asked"]
    listed = client.get(f"/api/projects/{world.project.pk}/exports/").json()
    assert [row["id"] for row in listed] == [shown["id"]]


def test_the_preview_tells_what_it_would_hold_and_what_stays_out(
    world: Exportable, client_of: Callable[[User], Client]
) -> None:
    body = {"version": world.version.pk, "kind": "webdataset", "options": {"min_quality": 2.5}}
    address = f"/api/projects/{world.project.pk}/exports/preview/"
    found = client_of(world.user).post(address, body, content_type="application/json").json()
    assert (found["n_segments"], found["n_actions"], found["n_videos"], found["seconds"]) == (2, 1, 1, 4.0)
    assert (found["total"], found["unrated"], found["below_quality"], found["unnamed"]) == (6, 2, 2, 0)
    assert found["splits"]["train"] == {"segments": 2, "videos": 1}
    assert [(one["name"], one["n_segments"]) for one in found["actions"]] == [("press", 2)]
    assert not Export.objects.exists()
    body["options"] = {"include_unrated": True, "unnamed": True, "min_quality": 0}
    found = client_of(world.user).post(address, body, content_type="application/json").json()
    assert (found["n_segments"], found["seconds"]) == (6, 12.0)


@pytest.mark.parametrize(
    "options",
    [
        {"owner__password__startswith": "a"},
        {"min_quality": "nan"},
        {"min_quality": 4},
        {"min_quality": True},
        {"max_spread": -1},
        {"actions": []},
        {"actions": ["press"]},
        {"actions": [10**30]},
        {"split": {"train": 0.9, "val": 0.9, "test": 0.1}},
        {"split": {"train": 1, "val": 0, "test": 0, "by": "owner"}},
        {"split": {"train": "inf", "val": 0, "test": 0}},
        {"settings": {"label": "name", "path": "/etc/passwd"}},
        {"settings": {"label": "password"}},
        {"settings": "all"},
        "everything",
        [1, 2],
    ],
)
def test_an_option_nobody_knows_is_refused(
    options: Any, world: Exportable, client_of: Callable[[User], Client]
) -> None:
    for address in ("exports/", "exports/preview/"):
        body = {"version": world.version.pk, "kind": "activitynet", "options": options}
        answer = client_of(world.user).post(
            f"/api/projects/{world.project.pk}/{address}", body, content_type="application/json"
        )
        assert answer.status_code == 400, answer.content
        assert answer.json()["message"]
    assert not Export.objects.exists()


@pytest.mark.parametrize(
    "body", [{"kind": "pickle"}, {"version": "1; drop"}, {"version": 0}, {"filter": {}}, {"version": None}]
)
def test_a_request_that_makes_no_sense_is_refused(
    body: dict[str, Any], world: Exportable, client_of: Callable[[User], Client]
) -> None:
    assert post(client_of(world.user), world, **body).status_code == 400


def test_an_action_the_version_does_not_have_is_refused(world: Exportable, client_of: Callable[[User], Client]) -> None:
    answer = post(client_of(world.user), world, options={"actions": [world.action, 999_999]})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_options")
    assert answer.json()["details"]["actions"] == [999_999]


def test_an_export_of_nothing_says_the_numbers(world: Exportable, client_of: Callable[[User], Client]) -> None:
    other = exportable(qualities=(None, 1.0, None, None, None), user=world.user)
    answer = post(client_of(world.user), other)
    assert (answer.status_code, answer.json()["code"]) == (409, "nothing_to_export")
    assert answer.json()["message"] == "0 of 5 primitives have quality 2 or more; 4 are not rated yet."
    assert not Export.objects.exists()


def test_a_video_that_was_deleted_is_told_before_anything_begins(world: Exportable) -> None:
    client = Client()
    client.force_login(world.user)
    world.video.delete()
    answer = post(client, world)
    assert (answer.status_code, answer.json()["code"]) == (409, "source_gone")


def test_asking_again_while_it_is_made_gives_the_same_one(
    world: Exportable, client_of: Callable[[User], Client]
) -> None:
    client = client_of(world.user)
    first = post(client, world)
    again = post(client, world, options={"min_quality": 2.0, "actions": None})  # the same, said in full
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    assert post(client, world, options={"min_quality": 2.5}).json()["id"] != first.json()["id"]
    assert AuditEntry.objects.filter(kind="export.asked").count() == 2


def test_a_project_has_a_few_unfinished_exports_at_most(world: Exportable) -> None:
    for grade in range(services.UNFINISHED_AT_MOST):
        asked(world, min_quality=1 + grade / 10)
    with pytest.raises(TooManyExports):
        asked(world, min_quality=2.9)
    asked(exportable(user=world.user))  # another project's own


def test_a_full_disk_is_told_before_anything_begins(world: Exportable, settings: Any) -> None:
    settings.MIN_FREE_BYTES = 10**18
    client = Client()
    client.force_login(world.user)
    answer = post(client, world)
    assert (answer.status_code, answer.json()["code"]) == (507, "disk_full")
    assert not Export.objects.exists()


# ---- the same bytes


def test_the_same_again_is_done_at_once_and_has_the_same_bytes(
    world: Exportable, woken: list[UUID], told: list[dict[str, Any]]
) -> None:
    first, again = made(world), asked(world)
    assert again.pk != first.pk
    assert (again.status, again.sha256, again.size_bytes) == (ExportStatus.DONE, first.sha256, first.size_bytes)
    assert again.card == first.card
    assert len(told) == 2


def test_made_anew_after_the_file_is_gone_it_has_the_same_bytes(world: Exportable) -> None:
    first = made(world)
    store().remove(first.key)
    assert not store().exists(first.key)
    again = made(world)
    assert (again.key, again.sha256) == (first.key, first.sha256)


def test_renaming_the_project_changes_the_name_of_the_file_and_nothing_in_it(world: Exportable) -> None:
    first = made(world)
    Project.objects.filter(pk=world.project.pk).update(name="Another ../ line <b>")
    world.project.refresh_from_db()
    store().remove(first.key)
    again = made(world)
    assert again.filename == "another-line-b-v1-activitynet.tar" != first.filename
    assert again.sha256 == first.sha256


def test_another_version_or_filter_is_another_file(world: Exportable) -> None:
    world.run.segments.update(quality=3.0)
    later = freeze(run=world.run, name="July", note="", by=world.user)
    keys = {made(world).key, made(world, min_quality=2.5).key, asked(world, "webdataset").key}
    second, _ = services.ask(project=world.project, version=later, kind="activitynet", given=None, by=world.user)
    assert len({*keys, second.key}) == 4
    assert second.n_segments == 4


# ---- workers


def test_a_worker_whose_export_was_taken_over_writes_nothing(
    world: Exportable, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = asked(world)

    def overtaken(mine: Export, progress: Any) -> None:
        Export.objects.filter(pk=mine.pk).update(attempt=mine.attempt + 1)
        raise stages.PipelineError("too late")

    monkeypatch.setattr(stages, "_make", overtaken)
    stages.run(str(export.pk))
    export.refresh_from_db()
    assert (export.status, export.reason) == (ExportStatus.RUNNING, "")


def test_an_export_is_claimed_once(world: Exportable) -> None:
    export = asked(world)
    assert lease.claim(str(export.pk)) is not None
    assert lease.claim(str(export.pk)) is None


def test_killed_in_the_middle_it_is_made_by_the_next_worker(
    world: Exportable, woken: list[UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    export = asked(world)
    clean = made(exportable(user=world.user))
    assert clean.status == ExportStatus.DONE

    class Killed(BaseException):
        pass

    def killed(*_: Any, **__: Any) -> str:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(stages, "pack", killed)
        with pytest.raises(Killed):
            stages.run(str(export.pk))
    export.refresh_from_db()
    assert export.status == ExportStatus.RUNNING  # nobody was left to say otherwise
    assert not store().exists(export.key)
    Export.objects.filter(pk=export.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    woken.clear()
    assert services.reap() == 1
    export.refresh_from_db()
    assert (export.status, woken) == (ExportStatus.QUEUED, [export.pk])
    stages.run(str(export.pk))
    export.refresh_from_db()
    assert (export.status, export.attempt) == (ExportStatus.DONE, 2)


def test_an_export_that_kills_every_worker_is_given_up(world: Exportable, woken: list[UUID]) -> None:
    export = asked(world)
    Export.objects.update(status=ExportStatus.RUNNING, attempt=3, lease_until=timezone.now() - timedelta(seconds=1))
    services.reap()
    export.refresh_from_db()
    assert export.status == ExportStatus.FAILED
    assert "stopped several times" in export.reason
    again = asked(world)
    assert list(Export.objects.values_list("pk", "status")) == [(again.pk, "queued")]  # its next try replaces it


def test_a_fault_of_ours_is_told_plainly_and_raised(world: Exportable, monkeypatch: pytest.MonkeyPatch) -> None:
    export = asked(world)

    def broken(*_: Any) -> None:
        raise RuntimeError("/secret/path")

    monkeypatch.setattr(stages, "check", broken)
    with pytest.raises(RuntimeError):
        stages.run(str(export.pk))
    export.refresh_from_db()
    assert (export.status, export.reason) == (ExportStatus.FAILED, stages.OUR_FAULT)
    assert not store().exists(export.key)


def test_an_original_that_is_gone_is_told_plainly(world: Exportable) -> None:
    export = asked(world)
    world.video.path.unlink()
    stages.run(str(export.pk))
    export.refresh_from_db()
    assert (export.status, export.reason) == (ExportStatus.FAILED, stages.GONE)


def test_a_lost_message_is_sent_again(world: Exportable, woken: list[UUID], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "is_empty", lambda _: True)
    export = asked(world)
    woken.clear()
    assert services.reap() == 0  # it was just asked for
    Export.objects.update(queued_at=timezone.now() - timedelta(minutes=1))
    assert services.reap() == 1
    assert woken == [export.pk]


# ---- cancelling, deleting, growing old


def test_a_cancelled_export_stops_and_leaves_nothing(
    world: Exportable, client_of: Callable[[User], Client], monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    client = client_of(world.user)
    export = asked(world)

    def cancelled_meanwhile(dataset: Any, folder: Path, options: Any, progress: Any) -> None:
        folder.mkdir()
        (folder / "half.json").write_text("{")
        assert client.post(f"/api/exports/{export.pk}/cancel/").json()["status"] == "cancelled"
        raise LeaseLost  # as `progress` does after the next beat

    writer = stages.WRITERS["activitynet"]
    monkeypatch.setitem(stages.WRITERS, "activitynet", _Replaced(writer.options, cancelled_meanwhile))
    stages.run(str(export.pk))
    export.refresh_from_db()
    assert (export.status, export.reason) == (ExportStatus.CANCELLED, "")
    assert not store().exists(export.key)
    assert list(store().incoming.iterdir()) == []
    again = client.post(f"/api/exports/{export.pk}/cancel/")
    assert (again.status_code, again.json()["code"]) == (409, "not_active")
    assert fetched(client, export)[0].status_code == 409


class _Replaced:
    def __init__(self, options: Any, write: Any) -> None:
        self.options, self.write = options, write


def test_the_heartbeat_tells_a_worker_that_nobody_wants_it_any_more(world: Exportable) -> None:
    export = asked(world)
    held = lease.claim(str(export.pk))
    assert held is not None
    heartbeat = lease.Heartbeat(held)
    heartbeat.progress(0.5, "half")
    heartbeat._beat()
    export.refresh_from_db()
    assert (export.progress, export.message) == (0.5, "half")
    services.cancel(export=export, by=world.user)
    heartbeat._beat()
    with pytest.raises(LeaseLost):
        heartbeat.progress(0.6, "")


def test_a_deleted_export_takes_its_file_along_unless_another_has_it(
    world: Exportable, client_of: Callable[[User], Client], django_capture_on_commit_callbacks: Any
) -> None:
    client = client_of(world.user)
    first = made(world)
    again = asked(world)
    with django_capture_on_commit_callbacks(execute=True):
        assert client.delete(f"/api/exports/{first.pk}/").status_code == 204
    assert store().exists(first.key)
    with django_capture_on_commit_callbacks(execute=True):
        assert client.delete(f"/api/exports/{again.pk}/").status_code == 204
    assert not store().exists(first.key)
    assert list(store().incoming.iterdir()) == []
    assert client.get(f"/api/exports/{first.pk}/").status_code == 404
    assert AuditEntry.objects.filter(kind="export.deleted").count() == 2


def test_an_export_deleted_while_it_is_made_comes_to_nothing(world: Exportable) -> None:
    export = asked(world)
    assert lease.claim(str(export.pk)) is not None
    services.delete(export=export, by=world.user)
    stages.run(str(export.pk))
    assert not Export.objects.exists()
    assert not store().exists(export.key)


def test_old_files_go_and_the_row_says_how_to_have_them_again(
    world: Exportable, client_of: Callable[[User], Client], django_capture_on_commit_callbacks: Any
) -> None:
    client = client_of(world.user)
    old, young = made(world), asked(world)
    late = timezone.now() - timedelta(days=31)
    Export.objects.filter(pk=old.pk).update(finished_at=late)
    with django_capture_on_commit_callbacks(execute=True):
        services.reap()
    assert store().exists(old.key)  # the young one has the same file
    answer = fetched(client, old)[0]
    assert (answer.status_code, answer.json()["code"]) == (410, "file_gone")
    Export.objects.filter(pk=young.pk).update(finished_at=late)
    with django_capture_on_commit_callbacks(execute=True):
        services.reap()
    assert not store().exists(old.key)
    shown = client.get(f"/api/exports/{old.pk}/").json()
    assert (shown["status"], shown["file_url"], shown["readme"]) == ("done", None, "")
    assert shown["gone_at"]
    assert made(world).sha256 == old.sha256


# ---- the file


def test_a_part_of_the_file_can_be_fetched(world: Exportable, client_of: Callable[[User], Client]) -> None:
    client = client_of(world.user)
    export = made(world)
    answer, whole = fetched(client, export)
    part, content = fetched(client, export, Range="bytes=100-299")
    assert (part.status_code, content) == (206, whole[100:300])
    assert part["Content-Range"] == f"bytes 100-299/{len(whole)}"
    resumed, rest = fetched(client, export, Range="bytes=300-", **{"If-Range": answer["ETag"]})
    assert (resumed.status_code, rest) == (206, whole[300:])
    beyond, _ = fetched(client, export, Range=f"bytes={len(whole)}-")
    assert (beyond.status_code, beyond.json()["code"]) == (416, "bad_range")
    unchanged, _ = fetched(client, export, **{"If-None-Match": answer["ETag"]})
    assert unchanged.status_code == 304
    assert client.head(f"/api/exports/{export.pk}/file/")["Content-Length"] == str(len(whole))


HOSTILE = [
    "<script>alert(1)</script>.mp4", "../../../etc/passwd", "C:\\con", "con.mp4", "a\x00b.mp4", "x" * 255,
    "fdp.\u202e4pm", "名前.mp4", ".", "..", "'; DROP TABLE--", "=cmd|' /C calc'!A0", "a\nb: c",
]  # fmt: skip


@pytest.mark.parametrize("title", HOSTILE)
def test_a_hostile_title_stays_inside_the_archive_and_out_of_its_names(
    title: str, woken: list[UUID], settings: Any, client_of: Callable[[User], Client]
) -> None:
    settings.MIN_FREE_BYTES = 0
    stored = title.replace("\x00", "")  # the database takes none
    world = exportable(title=stored, action=stored[:100])
    world.project.name = stored[:100]
    world.project.save()
    export = made(world)
    answer, content = fetched(client_of(world.user), export)
    assert "\n" not in answer["Content-Disposition"]
    assert answer["Content-Disposition"].isascii()
    for member in members(content):
        assert member.isfile()
        parts = member.name.split("/")
        assert parts[0] == "activitynet-v1"
        assert not any(part in ("", ".", "..") for part in parts)
        assert member.name.isascii()
        assert (member.mtime, member.uid, member.gid, member.mode) == (0, 0, 0, 0o644)


def test_the_name_of_the_file_is_plain_for_old_clients_and_right_for_the_others(
    woken: list[UUID], settings: Any, client_of: Callable[[User], Client]
) -> None:
    settings.MIN_FREE_BYTES = 0
    world = exportable()
    world.project.name = "Líne 名前"
    world.project.save()
    export = made(world)
    header = fetched(client_of(world.user), export)[0]["Content-Disposition"]
    assert header == (
        'attachment; filename="line-v1-activitynet.tar"; '
        "filename*=UTF-8''l%C3%ADne-%E5%90%8D%E5%89%8D-v1-activitynet.tar"
    )


# ---- who may


def test_other_projects_stay_out(world: Exportable, client_of: Callable[[User], Client]) -> None:
    export = made(world)
    stranger = a_user()
    own = a_project(stranger)
    theirs = client_of(stranger)
    for address in ("", "file/"):
        assert theirs.get(f"/api/exports/{export.pk}/{address}").status_code == 404
    assert theirs.delete(f"/api/exports/{export.pk}/").status_code == 404
    assert theirs.post(f"/api/exports/{export.pk}/cancel/").status_code == 404
    assert theirs.get(f"/api/projects/{world.project.pk}/exports/").status_code == 404
    assert theirs.get(f"/api/projects/{own.pk}/exports/").json() == []
    for project in (world.project.pk, own.pk):  # in their project, or in mine by their version
        for address in ("exports/", "exports/preview/"):
            body = {"version": world.version.pk, "kind": "activitynet"}
            answer = theirs.post(f"/api/projects/{project}/{address}", body, content_type="application/json")
            assert answer.status_code == 404
    assert Export.objects.count() == 1


def test_a_reviewer_sees_the_list_and_not_the_file(world: Exportable, client_of: Callable[[User], Client]) -> None:
    """A file tells of every primitive what others thought, which a reviewer may not know before judging it."""
    export = made(world)
    reviewer = a_user()
    Membership.objects.create(project=world.project, user=reviewer, role=Role.REVIEWER)
    client = client_of(reviewer)
    assert client.get(f"/api/projects/{world.project.pk}/exports/").json()[0]["id"] == str(export.pk)
    assert client.get(f"/api/exports/{export.pk}/").status_code == 200
    assert fetched(client, export)[0].status_code == 403
    assert post(client, world).status_code == 403
    assert client.delete(f"/api/exports/{export.pk}/").status_code == 403


def test_the_service_itself_checks_what_it_is_given(world: Exportable) -> None:
    with pytest.raises(ValidationError):
        asked(world, owner__password__startswith="a")
    with pytest.raises(NothingToExport):
        asked(world, actions=[world.action], min_quality=3, max_spread=0, include_unrated=False) and asked(
            exportable(qualities=(1.0,) * 5, user=world.user)
        )


def test_the_card_tells_the_licence_noted_on_the_video(world: Exportable, client_of: Callable[[User], Client]) -> None:
    client = client_of(world.user)
    before = made(world)
    assert "none noted" in client.get(f"/api/exports/{before.pk}/").json()["readme"]
    client.patch(f"/api/videos/{world.video.pk}/", {"licence": "CC BY 4.0"}, content_type="application/json")
    later = freeze(run=world.run, name="July", note="", by=world.user)
    export, _ = services.ask(project=world.project, version=later, kind="activitynet", given=None, by=world.user)
    stages.run(str(export.pk))
    assert "CC BY 4" in client.get(f"/api/exports/{export.pk}/").json()["readme"]
    assert Export.objects.get(pk=export.pk).card["counts"]["sources"][0]["licence"] == "CC BY 4.0"


def test_the_card_is_json_a_program_can_read(world: Exportable, client_of: Callable[[User], Client]) -> None:
    export = made(world)
    _, content = fetched(client_of(world.user), export)
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        card = json.load(archive.extractfile("activitynet-v1/card.json"))  # type: ignore[arg-type]
    assert card == export.card
