"""Who may do what: every address of the API and every method, asked by everybody there is.

A row says what role an address needs. An address without a row fails the test, and so does a row without an address.
Each cell is answered in a transaction that is rolled back, so all of them start from the same project.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from backend.accounts.services import invite, make_token
from backend.common.artefacts import store
from backend.exports.kinds import ARCHIVE
from backend.exports.models import Export, ExportKind, ExportStatus
from backend.exports.options import checked
from backend.projects.models import Membership, Project, Role, User
from backend.reviews.models import Adjudication, Assignment, Comment
from backend.runs.models import StageExecution, Status
from backend.search.models import Example, ExampleStatus
from backend.selections.models import PrimitiveSet
from backend.versions.services import freeze
from backend.videos.models import Annotation, Upload, VideoStatus
from backend.vocabulary.models import EMBEDDING_DIM, Cluster
from backend.webhooks.models import Delivery, Webhook
from ml.artefacts import Calibration, EnergyTrace, TokenStream
from ml.store import save_energy, save_json, save_stream
from tests.factories.runs import a_project, a_run, a_user, a_video, an_action, some_segments
from tests.factories.videos import give_files

pytestmark = pytest.mark.django_db

VIEWER, REVIEWER, MANAGER, OWNER = Role.VIEWER, Role.REVIEWER, Role.MANAGER, Role.OWNER
PUBLIC, SIGNED_IN = "public", "signed in"
PEOPLE = ("anonymous", "other project", *Role.values)
ARTEFACT = "cd" * 32


@dataclass(frozen=True)
class Row:
    """`needs`: the least role, or PUBLIC, or SIGNED_IN for what belongs to no project. `uploader`: only the manager
    who began it; to the owner it is not there. `own`: only the viewer's, whatever the role of others. `body` may name
    things of the world by `{name}`."""

    needs: Role | str
    body: dict[str, Any] = field(default_factory=dict)
    query: str = ""
    uploader: bool = False
    own: bool = False
    headers: dict[str, str] = field(default_factory=dict)


TUS = {"Tus-Resumable": "1.0.0"}
ROWS: dict[str, Row] = {
    "GET /api/health/": Row(PUBLIC),
    "GET /api/schema/": Row(SIGNED_IN),
    "GET /api/session/": Row(PUBLIC),
    "DELETE /api/session/": Row(PUBLIC),
    # accounts
    "POST /api/auth/login/": Row(PUBLIC, {"username": "nobody", "password": "wrong"}),
    "POST /api/auth/password/request/": Row(PUBLIC, {"email": "nobody@example.org"}),
    "GET /api/auth/password/reset/": Row(PUBLIC),
    "POST /api/auth/password/reset/": Row(PUBLIC, {"key": "1-nothing", "password": "correct horse battery"}),
    "POST /api/auth/password/change/": Row(
        SIGNED_IN, {"current_password": "correct horse battery staple", "new_password": "staple battery horse"}
    ),
    "POST /api/auth/provider/": Row(PUBLIC, {"provider": ""}),
    "GET /api/auth/{provider}/callback/": Row(PUBLIC),
    "GET /api/account/": Row(SIGNED_IN),
    "PATCH /api/account/": Row(SIGNED_IN, {"display_name": "Ada"}),
    "GET /api/tokens/": Row(SIGNED_IN),
    "POST /api/tokens/": Row(SIGNED_IN, {"name": "a script", "scopes": ["read"]}),
    "DELETE /api/tokens/{token}/": Row(VIEWER, own=True),
    "GET /api/invitations/{link}/": Row(PUBLIC),
    "POST /api/invitations/{link}/accept/": Row(SIGNED_IN),
    "POST /api/invitations/{link}/join/": Row(
        PUBLIC, {"username": "newcomer", "password": "correct horse battery staple"}
    ),
    "GET /api/projects/{project}/invitations/": Row(OWNER),
    "POST /api/projects/{project}/invitations/": Row(OWNER, {"role": "viewer"}),
    "DELETE /api/projects/{project}/invitations/{invitation}/": Row(OWNER),
    "GET /api/projects/{project}/members/": Row(VIEWER),
    "PATCH /api/projects/{project}/members/{member}/": Row(OWNER, {"role": "reviewer"}),
    "DELETE /api/projects/{project}/members/{member}/": Row(OWNER),
    "PATCH /api/projects/{project}/": Row(OWNER, {"description": "the second"}),
    "POST /api/projects/{project}/delete/": Row(OWNER, {"name": "{name}"}),
    "GET /api/projects/": Row(SIGNED_IN),
    "POST /api/projects/": Row(SIGNED_IN, {"name": "Line 99"}),
    "GET /api/projects/{project}/": Row(VIEWER),
    "GET /api/projects/{project}/events/": Row(VIEWER),
    # videos
    "GET /api/projects/{project}/videos/": Row(VIEWER),
    "GET /api/projects/{project}/uploads/": Row(VIEWER),  # only what they send themselves
    "POST /api/projects/{project}/uploads/": Row(
        MANAGER, headers={**TUS, "Upload-Length": "1000", "Upload-Metadata": "filename YS5tcDQ="}
    ),
    "HEAD /api/uploads/{upload}/": Row(MANAGER, uploader=True, headers=TUS),
    "PATCH /api/uploads/{upload}/": Row(
        MANAGER,
        uploader=True,
        headers={**TUS, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"},
    ),
    "DELETE /api/uploads/{upload}/": Row(MANAGER, uploader=True, headers=TUS),
    "GET /api/videos/{video}/": Row(VIEWER),
    "PATCH /api/videos/{video}/": Row(MANAGER, {"offset_s": 1.0}),
    "DELETE /api/videos/{video}/": Row(MANAGER),
    "POST /api/videos/{failed}/retry/": Row(MANAGER),
    "GET /api/videos/{video}/files/{file}": Row(VIEWER),
    "GET /api/videos/{video}/annotations/": Row(VIEWER),
    "POST /api/videos/{video}/annotations/": Row(MANAGER),
    "DELETE /api/annotations/{annotation}/": Row(MANAGER),
    # runs
    "GET /api/presets/": Row(SIGNED_IN),
    "GET /api/projects/{project}/runs/": Row(VIEWER),
    "POST /api/projects/{project}/runs/": Row(MANAGER, {"preset": "tiny"}),
    "GET /api/projects/{project}/stages/": Row(VIEWER, query="active=1"),
    "GET /api/runs/{run}/": Row(VIEWER),
    "POST /api/runs/{run}/cancel/": Row(MANAGER),
    "POST /api/runs/{run}/retry/": Row(MANAGER),
    "POST /api/runs/{run}/keep/": Row(MANAGER, {"theta_scale": 1.1}),
    "POST /api/runs/{run}/recluster/": Row(MANAGER, {"n_clusters": 3}),
    "POST /api/runs/{run}/coherence/measure/": Row(MANAGER),
    "GET /api/runs/{run}/suggest-offset/": Row(VIEWER, query="a={video}&b={video}"),
    "GET /api/runs/{run}/stages/": Row(VIEWER),
    "GET /api/runs/{run}/videos/{video}/signals/": Row(VIEWER),
    "GET /api/runs/{run}/videos/{video}/signals.bin": Row(VIEWER),
    "GET /api/runs/{run}/compare/{run}/": Row(VIEWER),
    # vocabulary
    "GET /api/projects/{project}/actions/": Row(VIEWER),
    "PATCH /api/actions/{action}/": Row(MANAGER, {"description": "with the right hand"}),
    "GET /api/projects/{project}/vocabulary/history/": Row(VIEWER),
    "POST /api/projects/{project}/vocabulary/undo/": Row(MANAGER),
    "POST /api/projects/{project}/vocabulary/redo/": Row(MANAGER),
    "GET /api/runs/{run}/groups/": Row(VIEWER),
    "POST /api/runs/{run}/groups/name/": Row(MANAGER, {"cluster": 0, "name": "press"}),
    "POST /api/runs/{run}/groups/merge/": Row(MANAGER, {"groups": ["cluster:0"], "into": "action:{action}"}),
    "POST /api/runs/{run}/groups/split/": Row(MANAGER, {"group": "cluster:0"}),
    "POST /api/runs/{run}/groups/move/": Row(MANAGER, {"segments": ["{segment}"], "to": "action:{action}"}),
    "GET /api/runs/{run}/carry-over/": Row(VIEWER, query="from={run}"),
    "POST /api/runs/{run}/carry-over/": Row(
        MANAGER, {"source": "{run}", "clusters": [{"cluster": 0, "action": "{action}"}]}
    ),
    "GET /api/runs/{run}/transitions/": Row(VIEWER),
    "GET /api/runs/{run}/cycles/": Row(VIEWER),
    "GET /api/runs/{run}/segments/": Row(VIEWER),
    "GET /api/runs/{run}/clusters/": Row(VIEWER),
    "GET /api/runs/{run}/coherence/": Row(VIEWER),
    "GET /api/runs/{run}/map/": Row(VIEWER),
    "GET /api/segments/{segment}/": Row(VIEWER),
    "GET /api/segments/{segment}/similar/": Row(VIEWER),
    "GET /api/segments/{segment}/clip/": Row(VIEWER),
    "GET /api/segments/{segment}/poster/": Row(VIEWER),
    "GET /api/projects/{project}/versions/": Row(VIEWER),
    "POST /api/projects/{project}/versions/": Row(MANAGER, {"run": "{run}", "name": "July"}),
    "GET /api/projects/{project}/versions/preview/": Row(VIEWER, query="run={run}"),
    "GET /api/versions/{version}/": Row(VIEWER),
    "GET /api/versions/{version}/diff/{version}/": Row(VIEWER),
    # search and sets
    "POST /api/projects/{project}/examples/": Row(
        VIEWER, {"run": "{run}", "video": "{video}", "start_s": 0.0, "end_s": 2.0}
    ),
    "GET /api/examples/{example}/": Row(VIEWER),
    "GET /api/examples/{example}/similar/": Row(VIEWER),
    "GET /api/projects/{project}/sets/": Row(VIEWER),
    "POST /api/projects/{project}/sets/": Row(MANAGER, {"run": "{run}", "name": "odd ones", "ids": ["{segment}"]}),
    "GET /api/sets/{set}/": Row(VIEWER),
    "PATCH /api/sets/{set}/": Row(MANAGER, {"name": "even ones"}),
    "DELETE /api/sets/{set}/": Row(MANAGER),
    "GET /api/sets/{set}/segments/": Row(VIEWER),
    "POST /api/runs/{run}/export/": Row(VIEWER, {"ids": ["{segment}"], "format": "csv"}),
    # reviews
    "GET /api/projects/{project}/review-plan/": Row(VIEWER),
    "PUT /api/projects/{project}/review-plan/": Row(MANAGER, {"double_share": 0.3}),
    "POST /api/runs/{run}/assignments/": Row(MANAGER, {"reviewers": ["{reviewer}"]}),
    "GET /api/runs/{run}/review-queue/": Row(REVIEWER),
    "GET /api/runs/{run}/review-queues/": Row(REVIEWER),
    "GET /api/runs/{run}/review-progress/": Row(VIEWER),
    "GET /api/runs/{run}/agreement/": Row(VIEWER),
    "GET /api/runs/{run}/conflicts/": Row(MANAGER),
    "PUT /api/segments/{segment}/review/": Row(REVIEWER, {"quality": 3, "confidence": 2}),
    "GET /api/segments/{segment}/reviews/": Row(VIEWER),
    "POST /api/segments/{segment}/adjudications/": Row(MANAGER, {"quality": 2}),
    "POST /api/adjudications/{adjudication}/undo/": Row(MANAGER),
    # webhooks
    "GET /api/projects/{project}/webhooks/": Row(OWNER),
    "POST /api/projects/{project}/webhooks/": Row(OWNER, {"url": "https://8.8.8.8/hook", "events": ["run.finished"]}),
    "PATCH /api/webhooks/{webhook}/": Row(OWNER, {"active": False}),
    "DELETE /api/webhooks/{webhook}/": Row(OWNER),
    "POST /api/webhooks/{webhook}/test/": Row(OWNER),
    "POST /api/webhooks/{webhook}/secret/": Row(OWNER),
    "GET /api/webhooks/{webhook}/deliveries/": Row(OWNER),
    "POST /api/deliveries/{delivery}/redeliver/": Row(OWNER),
    "GET /api/runs/{run}/settled/": Row(MANAGER),
    "GET /api/videos/{video}/comments/": Row(VIEWER),
    "POST /api/videos/{video}/comments/": Row(REVIEWER, {"time_s": 1.0, "text": "Too late."}),
    "GET /api/segments/{segment}/comments/": Row(VIEWER),
    "POST /api/segments/{segment}/comments/": Row(REVIEWER, {"text": "Too late."}),
    "PATCH /api/comments/{comment}/": Row(REVIEWER, {"resolved": True}),
    "DELETE /api/comments/{comment}/": Row(REVIEWER),  # the reviewer's own; managers delete any
    "GET /api/projects/{project}/people/": Row(VIEWER),
    "GET /api/mentions/": Row(SIGNED_IN),  # only their own
    "POST /api/mentions/seen/": Row(SIGNED_IN, {}),
    # audit
    "GET /api/projects/{project}/audit/": Row(MANAGER),
    "GET /api/projects/{project}/audit/choices/": Row(MANAGER),
    "GET /api/projects/{project}/audit/table/": Row(MANAGER),
    # exports
    "GET /api/projects/{project}/exports/": Row(VIEWER),
    "POST /api/projects/{project}/exports/": Row(MANAGER, {"version": "{version}", "kind": "activitynet"}),
    "POST /api/projects/{project}/exports/preview/": Row(VIEWER, {"version": "{version}", "kind": "laps"}),
    "GET /api/exports/{export}/": Row(VIEWER),
    "DELETE /api/exports/{export}/": Row(MANAGER),
    "POST /api/exports/{export}/cancel/": Row(MANAGER),
    "GET /api/exports/{export}/file/": Row(MANAGER),
}
METHODS = ("get", "head", "post", "put", "patch", "delete")


def addresses(patterns: Iterable[URLPattern | URLResolver], so_far: str = "/") -> Iterator[str]:
    """`METHOD /api/…/{}/` of every view under /api/. A plain function is taken to serve GET only."""
    for pattern in patterns:
        here = so_far + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns, here)
            continue
        view = getattr(pattern.callback, "cls", None)
        methods = ["get"] if view is None else [name for name in METHODS if hasattr(view, name)]
        if here.startswith("/api/") and here != "/api/":
            yield from (f"{name.upper()} {re.sub('<[^>]*>', '{}', here)}" for name in methods)


def test_every_address_has_a_row_and_every_row_an_address():
    served = set(addresses(get_resolver().url_patterns))
    rows = {re.sub(r"\{\w+\}", "{}", row) for row in ROWS}
    assert served - rows == set(), "say in ROWS who may"
    assert rows - served == set(), "nothing is served there any more"


@dataclass(frozen=True)
class World:
    clients: dict[str, Client]
    names: SimpleNamespace


@pytest.fixture
def world(media: Path) -> World:
    people = {name: a_user() for name in PEOPLE if name != "anonymous"}
    a_project(people["other project"])
    project = a_project(people["owner"])
    for role in Role.values:
        if role != "owner":
            Membership.objects.create(project=project, user=people[role], role=role)
    manager = people["manager"]
    video = give_files(a_video(project, duration_s=60.0))
    failed = a_video(project, status=VideoStatus.FAILED, reason="It is not a video.")
    run = a_run(project, [video])
    segments = some_segments(run, video, np.random.default_rng(0).normal(size=(6, EMBEDDING_DIM)))
    cluster = Cluster.objects.create(run=run, index=0, size=len(segments), medoids=[segments[0].pk])
    run.segments.update(cluster=cluster, x=0.0, y=0.0)
    for stage in ("clips", "segment", "cluster", "calibrate", "energy", "tokenize", "track", "train"):
        StageExecution.objects.create(
            project=project,
            run=run,
            video=video if stage in ("clips", "segment", "energy", "tokenize", "track") else None,
            stage=stage,
            status=Status.DONE,
            output_key=ARTEFACT,
        )
    _artefact()
    invitation, link = invite(project=project, role=Role.VIEWER, note="", days=1, by=people["owner"])
    for stage in ("probe", "preview"):
        StageExecution.objects.create(project=project, video=failed, stage=stage, status=Status.FAILED)
    webhook = Webhook.objects.create(
        project=project, url="https://8.8.8.8/", secret="s", events=["run.finished"], created_by=people["owner"]
    )
    version = freeze(run=run, name="June", note="", by=manager)
    export = Export.objects.create(
        project=project,
        version=version,
        kind=ExportKind.ACTIVITYNET,
        options=checked(ExportKind.ACTIVITYNET, {}).as_stored(),
        status=ExportStatus.DONE,
        key=ARTEFACT,
        sha256=ARTEFACT,
        size_bytes=7,
        filename="a.tar",
        asked_by=manager,
        finished_at=timezone.now(),
    )
    names = SimpleNamespace(
        version=version.pk,
        export=export.pk,
        webhook=webhook.pk,
        delivery=Delivery.objects.create(webhook=webhook, event="run.finished", body={}, status="sent").pk,
        project=project.pk,
        video=video.pk,
        failed=failed.pk,
        file="poster.webp",
        run=run.pk,
        segment=segments[0].pk,
        action=an_action(project, "grasp").pk,
        reviewer=people["reviewer"].pk,
        name=project.name,
        member=a_member(project).pk,
        provider="unknown",
        token=make_token(user=people["viewer"], name="a script", scopes=["read"], days=1)[0].pk,
        invitation=invitation.pk,
        link=link,
        upload=Upload.objects.create(project=project, by=manager, filename="a.mp4", size_bytes=10).pk,
        annotation=Annotation.objects.create(
            video=video, name="by hand", source="CSV", segments=[], added_by=manager
        ).pk,
        set=PrimitiveSet.objects.create(
            project=project, run=run, name="some", segments=[segments[0].pk], created_by=manager
        ).pk,
        example=Example.objects.create(
            project=project,
            run=run,
            video=video,
            start_s=0,
            end_s=1,
            status=ExampleStatus.DONE,
            embedding=[1.0] * EMBEDDING_DIM,
            space="space-a",
            asked_by=people["viewer"],
        ).pk,
        comment=Comment.objects.create(
            project=project, video=video, time_s=1.0, text="Too late.", by=people["reviewer"]
        ).pk,
        adjudication=Adjudication.objects.create(project=project, segment=segments[1], quality=2, by=manager).pk,
    )
    Assignment.objects.create(
        project=project, run=run, segment=segments[0], reviewer=people["reviewer"], assigned_by=manager
    )
    names.version = freeze(run=run, name="July", note="", by=manager).pk
    return World({"anonymous": Client(), **{name: _signed_in(one) for name, one in people.items()}}, names)


def a_member(project: Project) -> User:
    user = a_user()
    Membership.objects.create(project=project, user=user, role=Role.VIEWER)
    return user


def _signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def _artefact() -> None:
    """One folder that holds what the stages of the run would have made, as far as an address reads it."""
    times_s = np.arange(1, 16) / 10
    trace = EnergyTrace(np.sin(times_s).astype(np.float32) ** 2, times_s, "velocity")
    calibration = Calibration(0.5, 0.8)
    with store().writing(ARTEFACT) as folder:
        save_energy(folder / "energy.npz", trace, trace, smoothed=trace.energy, calibration=calibration)
        save_stream(TokenStream(np.zeros((1, 15), np.int16), np.arange(16)[None] / 10, 4), folder / "codes.npz")
        save_json(folder / "calibrations.json", {ARTEFACT: asdict(calibration)})
        (folder / "00000.mp4").write_bytes(b"clip")
        (folder / "00000.webp").write_bytes(b"poster")
        (folder / ARCHIVE).write_bytes(b"archive")


def filled(body: Any, names: SimpleNamespace) -> Any:
    """The body with `{name}` replaced; alone it becomes the id itself."""
    match body:
        case dict():
            return {key: filled(value, names) for key, value in body.items()}
        case list():
            return [filled(value, names) for value in body]
        case str() if re.fullmatch(r"\{\w+\}", body):
            return getattr(names, body[1:-1])
        case str():
            return body.format(**vars(names))
    return body


def ask(client: Client, method: str, path: str, row: Row, names: SimpleNamespace) -> int:
    headers = {"Content-Type": "application/json", **row.headers}
    content_type = headers.pop("Content-Type")
    query = f"?{row.query.format(**vars(names))}" if row.query else ""
    with transaction.atomic():
        answer = client.generic(
            method,
            path.format(**vars(names)) + query,
            "some bytes" if row.headers else "" if method in ("GET", "HEAD") else json.dumps(filled(row.body, names)),
            content_type,
            headers=headers,
        )
        transaction.set_rollback(True)
    return answer.status_code


@pytest.mark.parametrize("address", ROWS)
def test_everybody_gets_what_their_role_allows(world: World, address: str):
    method, path = address.split(" ")
    row = ROWS[address]
    found = {name: ask(client, method, path, row, world.names) for name, client in world.clients.items()}
    for name, status in found.items():
        what = f"{name}: {method} {path} answered {status}"
        assert status < 500, what
        if row.needs == PUBLIC:
            assert status not in (403, 404), what
        elif name == "anonymous":
            assert status == 401, what
        elif row.needs == SIGNED_IN:
            assert status < 300, what
        elif name == "other project" or (row.uploader and name != "manager") or (row.own and name != "viewer"):
            assert status == 404, what
        elif Role(name).includes(Role(row.needs)):
            assert status not in (401, 403, 404), what
        else:
            assert status == 403, what
