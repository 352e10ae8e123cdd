"""`kineme login`, `videos`, `runs`, `search`, `export`: a server from the command line."""

from __future__ import annotations

import argparse
import getpass
import itertools
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from kineme_client import stored, uploads
from kineme_client.client import Client
from kineme_client.errors import KinemeError, Refused
from kineme_client.models import Neighbour, Run
from kineme_client.stored import Login
from kineme_client.transport import checked_address

EXIT_DONE, EXIT_FAILED, EXIT_USAGE, EXIT_CANCELLED, EXIT_STOPPED = 0, 1, 2, 3, 130
PRESETS = ("tiny", "small", "paper")
KINDS = ("lerobot", "language_action", "webdataset", "activitynet", "laps")
Command = Callable[[argparse.Namespace], int]


def run(name: str, arguments: Sequence[str]) -> int:
    """Run command `name`; its exit status."""
    asked = parser().parse_args([name, *arguments])
    try:
        return int(asked.command(asked))
    except KinemeError as error:
        hint = " Sign in again: kineme login URL" if isinstance(error, Refused) and error.status == 401 else ""
        say(f"{error}{hint}")
        return EXIT_FAILED
    except OSError as error:
        say(f"{error.filename}: {error.strerror}." if error.filename else str(error))
        return EXIT_FAILED


def main() -> int:
    """`python -m kineme_client COMMAND …`."""
    given = sys.argv[1:] or ["--help"]
    try:
        return run(given[0], given[1:])
    except KeyboardInterrupt:
        say("Stopped.")
        return EXIT_STOPPED


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="kineme", description=__doc__)
    names = top.add_subparsers(required=True, metavar="COMMAND")

    login = _command(names, "login", log_in, "keep a token for a server: it is asked for, or read from standard input")
    login.add_argument("url", help="https://kineme.example.org")
    login.add_argument("--insecure", action="store_true", help="allow http to another host: others can read the token")

    logout = _command(names, "logout", log_out, "forget the token of a server")
    logout.add_argument("url", nargs="?", help="the one signed in to last, if not given")

    projects = _command(names, "projects", list_projects, "list your projects")
    _as_json(projects)

    videos = names.add_parser("videos", help="send and list videos").add_subparsers(required=True, metavar="COMMAND")
    upload = _command(videos, "upload", upload_videos, "send videos; what was cut off goes on where it was")
    upload.add_argument("files", nargs="+", type=Path, metavar="FILE")
    _project(upload)
    upload.add_argument("--view", default="", help="where the camera stands: front, left, …")
    upload.add_argument("--recording", default="", help="videos of one recording show the same from several views")
    listed = _command(videos, "list", list_videos, "list the videos of a project")
    _project(listed)
    _as_json(listed)

    runs = names.add_parser("runs", help="start, watch and list runs").add_subparsers(required=True, metavar="COMMAND")
    start = _command(runs, "start", start_run, "discover primitives in the project's videos")
    _project(start)
    start.add_argument("--preset", default="small", choices=PRESETS, help="how large a tokenizer (default: small)")
    start.add_argument("--k", type=int, metavar="N", help="how many clusters (default: by silhouette)")
    start.add_argument("--video", type=int, action="append", metavar="ID", help="only these (default: every ready one)")
    start.add_argument(
        "--wait", action="store_true", help="until it is over; exit status 0 done, 1 failed, 3 cancelled"
    )
    wait = _command(runs, "wait", wait_for_run, "wait for a run; exit status 0 done, 1 failed, 3 cancelled")
    wait.add_argument("run", type=int, metavar="RUN", help="its id")
    listed = _command(runs, "list", list_runs, "list the runs of a project")
    _project(listed)
    _as_json(listed)

    search = _command(names, "search", search_similar, "find primitives like one, or like a range of a video")
    search.add_argument("segment", nargs="?", type=int, metavar="PRIMITIVE", help="the id of a primitive")
    search.add_argument("--video", type=int, metavar="V", help="search by a range of this video")
    search.add_argument("--from", dest="start_s", type=float, metavar="S", help="where it starts, in seconds")
    search.add_argument("--to", dest="end_s", type=float, metavar="S", help="where it ends")
    search.add_argument("--run", type=int, metavar="RUN", help="as this run sees it (default: the video's newest)")
    search.add_argument("-n", type=_at_least_one, default=20, metavar="N", help="how many (default: 20)")
    search.add_argument("--scope", choices=("run", "project"), default="run", help="where to look (default: run)")
    _as_json(search)

    export = _command(names, "export", export_version, "make a data set of a frozen version and fetch it")
    _project(export)
    export.add_argument("--version", required=True, metavar="V", help="of the vocabulary: its name or id")
    export.add_argument("--kind", required=True, choices=KINDS, help="what a trainer is to load it with")
    export.add_argument("-o", "--output", required=True, type=Path, metavar="FILE", help="where to, or a folder")
    export.add_argument(
        "--options", type=_json_object, default={}, metavar="JSON", help="""filters: '{"min_quality": 2.5}'"""
    )
    return top


def _command(names: Any, name: str, command: Command, what: str) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = names.add_parser(name, help=what, description=what[0].upper() + what[1:] + ".")
    made.set_defaults(command=command)
    return made


def _project(one: argparse.ArgumentParser) -> None:
    one.add_argument("--project", required=True, metavar="P", help="its id or name")


def _as_json(one: argparse.ArgumentParser) -> None:
    one.add_argument("--json", action="store_true", help="one JSON object a line")


def _at_least_one(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return value


def _json_object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"not JSON: {error}") from error
    if not isinstance(found, dict):
        raise argparse.ArgumentTypeError("must be a JSON object")
    return found


def say(line: str) -> None:
    sys.stderr.write(" ".join(line.split()) + "\n")


def show(rows: Iterable[Any], columns: Sequence[tuple[str, Callable[[Any], object]]], *, as_json: bool) -> None:
    """A table, or one JSON object a line as rows arrive."""
    if as_json:
        for row in rows:
            sys.stdout.write(json.dumps(asdict(row) if is_dataclass(row) else row) + "\n")  # type: ignore[arg-type]
        return
    cells = [[name for name, _ in columns]] + [[_shown(value(row)) for _, value in columns] for row in rows]
    widths = [max(len(line[i]) for line in cells) for i in range(len(columns))]
    for line in cells:
        padded = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        sys.stdout.write("  ".join(padded).rstrip() + "\n")


def _shown(value: object) -> str:
    """For a terminal: names come from others, and must not steer it."""
    text = "–" if value is None else f"{value:.3f}" if isinstance(value, float) else str(value)
    return "".join(c if c.isprintable() else "�" for c in text)


@contextmanager
def signed_in() -> Iterator[Client]:
    login = stored.login()
    with Client(login.url, login.token, insecure=login.insecure) as client:
        yield client


@contextmanager
def bytes_bar(what: str) -> Iterator[uploads.Progress]:
    """A bar on standard error; none where that is no terminal."""
    with tqdm(desc=what, unit="B", unit_scale=True, unit_divisor=1024, file=sys.stderr, disable=None) as bar:
        begun = False

        def progress(done: int, of: int) -> None:
            nonlocal begun
            if not begun:
                begun, bar.total, bar.initial, bar.n = True, of, done, done
                bar.refresh()
            bar.update(done - bar.n)

        yield progress


@contextmanager
def fraction_bar(what: str) -> Iterator[Callable[[float, str], None]]:
    with tqdm(
        desc=what, total=100, file=sys.stderr, disable=None, bar_format="{l_bar}{bar}| {elapsed} {postfix}"
    ) as bar:

        def progress(fraction: float, message: str) -> None:
            bar.n = round(100 * fraction, 1)
            bar.set_postfix_str(_shown(message), refresh=False)
            bar.refresh()

        yield progress


# Signing in


def log_in(asked: argparse.Namespace) -> int:
    url = checked_address(asked.url, insecure=asked.insecure)
    token = _token()
    with Client(url, token, insecure=asked.insecure) as client:
        name = client.whoami()
    stored.keep_login(Login(url, token, asked.insecure))
    say(f"Signed in to {url} as {name}. The token is kept in {stored.logins_file()}.")
    return EXIT_DONE


def _token() -> str:
    """Never an argument: the list of processes shows those to everybody."""
    token = os.environ.get("KINEME_TOKEN") or ""
    if not token:
        token = getpass.getpass("Token: ") if sys.stdin.isatty() else sys.stdin.readline()
    if not (token := token.strip()):
        raise KinemeError("No token was given. Make one on your account's page.")
    if not token.isascii() or not token.isprintable() or " " in token:
        raise KinemeError("This is not a token.")
    return token


def log_out(asked: argparse.Namespace) -> int:
    url = None if asked.url is None else checked_address(asked.url, insecure=True)
    forgotten = stored.forget_login(url)
    if forgotten is None:
        raise KinemeError("There is no token to forget.")
    say(f"Forgot the token of {forgotten}. It is still valid: revoke it on your account's page.")
    return EXIT_DONE


def list_projects(asked: argparse.Namespace) -> int:
    columns = [
        ("ID", lambda one: one.id),
        ("NAME", lambda one: one.name),
        ("ROLE", lambda one: one.role),
        ("VIDEOS", lambda one: one.n_videos),
        ("PRIMITIVES", lambda one: one.n_segments),
    ]
    with signed_in() as kineme:
        show(kineme.projects(), columns, as_json=asked.json)
    return EXIT_DONE


# Videos


def upload_videos(asked: argparse.Namespace) -> int:
    """One after the other; one that cannot be sent does not keep the others from being sent."""
    failed = 0
    with signed_in() as kineme:
        project = kineme.project(asked.project).id
        for path in asked.files:
            try:
                video = _upload(kineme, project, path, asked)
                sys.stdout.write(f"{video}\t{_shown(str(path))}\n")
                sys.stdout.flush()
            except Refused as error:
                if error.status in (401, 403):
                    raise
                say(f"{path}: {error}")
                failed += 1
            except OSError as error:
                say(f"{path}: {error.strerror}.")
                failed += 1
    return EXIT_FAILED if failed else EXIT_DONE


def _upload(kineme: Client, project: int, path: Path, asked: argparse.Namespace) -> int:
    """The id of the video. Where it is sent is written down first, so that a killed client goes on there."""
    key = stored.upload_key(kineme.address, project, path)
    with bytes_bar(path.name) as progress:
        for url in (stored.upload_under_way(key), None):
            if url is None:
                url = uploads.begin(kineme.transport, project, path, view=asked.view, recording=asked.recording)
                stored.keep_upload(key, url)
            try:
                video = uploads.go_on(kineme.transport, url, path, progress)
                break
            except Refused as error:
                if not uploads.is_forgotten(error):
                    raise
                stored.keep_upload(key, None)
        else:
            raise KinemeError("The server forgot the upload while it was sent.")
    stored.keep_upload(key, None)
    return video


def list_videos(asked: argparse.Namespace) -> int:
    columns = [
        ("ID", lambda one: one.id),
        ("TITLE", lambda one: one.title),
        ("SECONDS", lambda one: one.duration_s),
        ("STATUS", lambda one: one.status),
        ("PRIMITIVES", lambda one: one.n_segments),
        ("WHY", lambda one: one.reason or ""),
    ]
    with signed_in() as kineme:
        show(kineme.videos(kineme.project(asked.project).id), columns, as_json=asked.json)
    return EXIT_DONE


# Runs


def start_run(asked: argparse.Namespace) -> int:
    with signed_in() as kineme:
        project = kineme.project(asked.project).id
        begun = kineme.start_run(project, preset=asked.preset, n_clusters=asked.k, videos=asked.video)
        sys.stdout.write(f"{begun.id}\n")
        sys.stdout.flush()
        if not asked.wait:
            say(f"Run {begun.number} is queued. Follow it: kineme runs wait {begun.id}")
            return EXIT_DONE
        return _wait(kineme, begun.id)


def wait_for_run(asked: argparse.Namespace) -> int:
    with signed_in() as kineme:
        return _wait(kineme, asked.run)


def _wait(kineme: Client, id: int) -> int:
    told: set[tuple[str, str]] = set()

    def follow(run: Run) -> None:
        progress(run.progress, run.message)
        for stage in kineme.stages(id):
            step = (stage.stage, stage.video_title or "")
            if stage.status in ("done", "failed") and step not in told:
                told.add(step)
                of = f" of {_shown(stage.video_title)}" if stage.video_title else ""
                why = f": {_shown(stage.reason)}" if stage.reason else ""
                tqdm.write(f"{stage.stage}{of} {stage.status}{why}", file=sys.stderr)

    try:
        with fraction_bar(f"run {id}") as progress:
            run = kineme.wait_for_run(id, follow)
    except KeyboardInterrupt:
        say(f"The run goes on without you. Wait for it again: kineme runs wait {id}")
        return EXIT_STOPPED
    if run.status == "done":
        say(f"Run {run.number}: {run.n_segments} primitives in {run.n_clusters_found} clusters.")
        return EXIT_DONE
    say(f"Run {run.number} was cancelled." if run.status == "cancelled" else f"Run {run.number} failed: {run.reason}")
    return EXIT_CANCELLED if run.status == "cancelled" else EXIT_FAILED


def list_runs(asked: argparse.Namespace) -> int:
    columns = [
        ("ID", lambda one: one.id),
        ("RUN", lambda one: one.number),
        ("STATUS", lambda one: one.status),
        ("PRESET", lambda one: one.preset),
        ("VIDEOS", lambda one: one.n_videos),
        ("PRIMITIVES", lambda one: one.n_segments),
        ("CLUSTERS", lambda one: one.n_clusters_found),
        ("WHY", lambda one: one.reason),
    ]
    with signed_in() as kineme:
        show(kineme.runs(kineme.project(asked.project).id), columns, as_json=asked.json)
    return EXIT_DONE


# Search


def search_similar(asked: argparse.Namespace) -> int:
    by_range = asked.video is not None and asked.start_s is not None and asked.end_s is not None
    if by_range == (asked.segment is not None):
        say("Give the id of a primitive, or --video V --from S --to S.")
        return EXIT_USAGE
    columns: list[tuple[str, Callable[[Neighbour], object]]] = [
        ("ID", lambda one: one.segment.id),
        ("DISTANCE", lambda one: one.distance),
        ("FROM", lambda one: one.segment.start_s),
        ("TO", lambda one: one.segment.end_s),
        ("CLUSTER", lambda one: one.segment.cluster),
        ("ACTION", lambda one: one.segment.action_name),
        ("VIDEO", lambda one: one.segment.video_title),
    ]
    page = min(asked.n, 100)
    with signed_in() as kineme:
        if asked.segment is not None:
            found = kineme.similar(asked.segment, k=page, scope=asked.scope)
        else:
            video = kineme.video(asked.video)
            seen_by = asked.run if asked.run is not None else video.latest_run
            if seen_by is None:
                raise KinemeError("No finished run has this video yet, so there is nothing to compare it with.")
            found = kineme.similar_to_range(
                project=video.project, run=seen_by, video=video.id, start_s=asked.start_s, end_s=asked.end_s,
                k=page, scope=asked.scope,
            )  # fmt: skip
        show(itertools.islice(found, asked.n), columns, as_json=asked.json)
    return EXIT_DONE


# Exports


def export_version(asked: argparse.Namespace) -> int:
    if not asked.output.is_dir() and not asked.output.absolute().parent.is_dir():
        raise KinemeError(f"There is no folder {asked.output.absolute().parent}.")
    with signed_in() as kineme:
        project = kineme.project(asked.project).id
        version = kineme.version(project, asked.version)
        export = kineme.start_export(project, version=version.id, kind=asked.kind, options=asked.options)
        try:
            with fraction_bar(asked.kind) as progress:
                export = kineme.wait_for_export(export.id, lambda one: progress(one.progress, one.message))
        except KeyboardInterrupt:
            say("The export goes on without you. The same command fetches it once it is ready.")
            return EXIT_STOPPED
        if export.status != "done":
            say("The export was cancelled." if export.status == "cancelled" else f"The export failed: {export.reason}")
            return EXIT_CANCELLED if export.status == "cancelled" else EXIT_FAILED
        with bytes_bar(export.filename) as moved:
            path = kineme.download(export, asked.output, moved)
    sys.stdout.write(f"{path}\n")
    say(f"{export.size_bytes} bytes, sha256 {export.sha256}, verified.")
    return EXIT_DONE
