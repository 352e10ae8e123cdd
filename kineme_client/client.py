"""A server's projects, videos, runs, search and exports as Python."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from kineme_client import downloads, uploads
from kineme_client.errors import Interrupted, Refused
from kineme_client.models import Export, Neighbour, Project, Run, Segment, Stage, Version, Video
from kineme_client.transport import Transport, checked_address

POLL_S = 1.0
PAGE = 100


class Client:
    """One server, as the owner of a token. Every method raises Refused or NotReached."""

    def __init__(
        self,
        url: str,
        token: str,
        *,
        insecure: bool = False,
        http: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.address = checked_address(url, insecure=insecure)
        self.transport = Transport(self.address, token, http=http, sleep=sleep)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self.transport.close()

    # Any address of the API, as its schema describes it (GET /api/schema/).

    def get(self, path: str, **query: Any) -> Any:
        """The JSON of `/api/{path}`."""
        return self.transport.request("GET", f"/api/{path}", params=_given(query)).json()

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Sent once, whatever happens: twice could do it twice."""
        answer = self.transport.request("POST", f"/api/{path}", json=dict(body or {}))
        return answer.json() if answer.content else None

    def pages(self, path: str, **query: Any) -> Iterator[dict[str, Any]]:
        """The rows of a list, page after page as they are asked for."""
        cursor: str | None = None
        while True:
            answer = self.get(path, **query, cursor=cursor)
            if isinstance(answer, list):  # a short list comes whole
                yield from answer
                return
            yield from answer["results"]
            cursor = answer["next"]
            if cursor is None:
                return

    # Who and what

    def whoami(self) -> str:
        """The user the token belongs to. Raises Refused for a token that is not valid."""
        user = self.get("session/")["user"]
        if user is None:
            raise Refused(401, "not_authenticated", "The server does not know this token.")
        return str(user["username"])

    def projects(self) -> Iterator[Project]:
        return (Project.of(row) for row in self.pages("projects/"))

    def project(self, id_or_name: int | str) -> Project:
        """By id, or by its whole name. Raises Refused (404) where there is none, or several of that name."""
        if isinstance(id_or_name, int) or id_or_name.isdecimal():
            return Project.of(self.get(f"projects/{id_or_name}/"))
        found = [one for one in self.projects() if one.name == id_or_name]
        if len(found) != 1:
            what = "no project" if not found else "more than one project"
            raise Refused(404, "not_found", f"You see {what} called {id_or_name!r}. `kineme projects` lists yours.")
        return found[0]

    # Videos

    def videos(self, project: int) -> Iterator[Video]:
        return (Video.of(row) for row in self.pages(f"projects/{project}/videos/"))

    def video(self, id: int) -> Video:
        return Video.of(self.get(f"videos/{id}/"))

    def upload(
        self,
        project: int,
        path: str | Path,
        *,
        view: str = "",
        recording: str = "",
        progress: uploads.Progress | None = None,
    ) -> Video:
        """Send a file; interruptions of the line are waited for. `uploads` has the halves, to resume another day."""
        path = Path(path)
        url = uploads.begin(self.transport, project, path, view=view, recording=recording)
        return self.video(uploads.go_on(self.transport, url, path, progress))

    # Runs

    def runs(self, project: int) -> Iterator[Run]:
        return (Run.of(row) for row in self.pages(f"projects/{project}/runs/"))

    def run(self, id: int) -> Run:
        return Run.of(self.get(f"runs/{id}/"))

    def stages(self, run: int) -> list[Stage]:
        return [Stage.of(row) for row in self.get(f"runs/{run}/stages/")]

    def start_run(
        self,
        project: int,
        *,
        preset: str = "small",
        n_clusters: int | None = None,
        theta_on: float | None = None,
        videos: Sequence[int] | None = None,
        tokenizer_run: int | None = None,
    ) -> Run:
        """None lets the run decide: k by silhouette, the threshold by calibration, every ready video."""
        asked = {
            "preset": preset,
            "n_clusters": n_clusters,
            "theta_on": theta_on,
            "videos": None if videos is None else list(videos),
            "tokenizer_run": tokenizer_run,
        }
        return Run.of(self.post(f"projects/{project}/runs/", asked))

    def cancel_run(self, id: int) -> Run:
        return Run.of(self.post(f"runs/{id}/cancel/"))

    def wait_for_run(self, id: int, progress: Callable[[Run], None] | None = None) -> Run:
        """The run once it is over, however it ended. Stopping to wait does not stop it."""
        while True:
            run = self.run(id)
            if progress is not None:
                progress(run)
            if run.is_over:
                return run
            self.transport.sleep(POLL_S)

    def segments(self, run: int, **filters: Any) -> Iterator[Segment]:
        return (Segment.of(row) for row in self.pages(f"runs/{run}/segments/", **filters, limit=PAGE))

    # Search

    def similar(self, segment: int, **filters: Any) -> Iterator[Neighbour]:
        """The nearest first, without end: stop when you have enough. `filters` as the API has them: scope, action, …"""
        return self._neighbours(f"segments/{segment}/similar/", filters)

    def similar_to_range(
        self, *, project: int, run: int, video: int, start_s: float, end_s: float, **filters: Any
    ) -> Iterator[Neighbour]:
        """The nearest to [start_s, end_s) of a video, as the run sees it. Waits for a worker to embed the range."""
        asked = {"run": run, "video": video, "start_s": start_s, "end_s": end_s}
        example = self.post(f"projects/{project}/examples/", asked)
        while example["status"] in ("queued", "running"):
            self.transport.sleep(POLL_S / 4)
            example = self.get(f"examples/{example['id']}/")
        if example["status"] == "failed":
            raise Interrupted(example["reason"] or "This range could not be searched by.")
        return self._neighbours(f"examples/{example['id']}/similar/", filters)

    def _neighbours(self, path: str, filters: Mapping[str, Any]) -> Iterator[Neighbour]:
        return (Neighbour.of(row) for row in self.pages(path, **filters))

    # Versions and exports

    def versions(self, project: int) -> Iterator[Version]:
        return (Version.of(row) for row in self.pages(f"projects/{project}/versions/"))

    def version(self, project: int, id_or_name: int | str) -> Version:
        """By id, or by name."""
        rows = list(self.versions(project))
        found = [one for one in rows if one.name == str(id_or_name)]
        found = found or [one for one in rows if str(one.id) == str(id_or_name)]
        if not found:
            names = ", ".join(one.name for one in rows) or "none yet"
            raise Refused(404, "not_found", f"There is no version {id_or_name!r}. There are: {names}.")
        return found[0]

    def exports(self, project: int) -> Iterator[Export]:
        return (Export.of(row) for row in self.pages(f"projects/{project}/exports/"))

    def start_export(
        self, project: int, *, version: int, kind: str, options: Mapping[str, Any] | None = None
    ) -> Export:
        """Ask for a file made from a frozen version. `options` as the API has them, filters among them."""
        asked = {"version": version, "kind": kind, "options": dict(options or {})}
        return Export.of(self.post(f"projects/{project}/exports/", asked))

    def wait_for_export(self, id: str, progress: Callable[[Export], None] | None = None) -> Export:
        while True:
            export = Export.of(self.get(f"exports/{id}/"))
            if progress is not None:
                progress(export)
            if export.is_over:
                return export
            self.transport.sleep(POLL_S)

    def download(self, export: Export, to: str | Path, progress: uploads.Progress | None = None) -> Path:
        """The file of a finished export, its checksum verified. A download that was cut goes on."""
        if export.status != "done" or export.size_bytes is None:
            raise Interrupted(export.reason or f"The export is {export.status}: there is no file.")
        path = Path(to)
        if path.is_dir():
            path = path / Path(export.filename).name
        downloads.fetch(
            self.transport,
            f"/api/exports/{export.id}/file/",
            path,
            size_bytes=export.size_bytes,
            sha256=export.sha256,
            progress=progress,
        )
        return path


def _given(query: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: str(value).lower() if isinstance(value, bool) else value
        for name, value in query.items()
        if value is not None
    }
