"""`kineme bench api`: response times of what the pages ask for, on the sample project."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.machine import describe, table
from benchmarks.server import Client, running
from launcher.host import LauncherError

SAMPLE_WITHIN_S = 3600.0


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="kineme bench api", description=__doc__)
    parser.add_argument(
        "--data", type=Path, help="a stopped Kineme's data folder (default: a new one, which takes minutes)"
    )
    parser.add_argument("--times", type=int, default=200, help="requests of each kind (200)")
    asked = parser.parse_args(arguments)
    print(describe(), flush=True)
    with running(asked.data, sample=True) as server:
        client = server.client()
        project, run = finished_sample(client)
        paths = what_pages_ask_for(client, project, run)
        rows = [measure(client, title, path, asked.times) for title, path in paths.items()]
    print(
        f"\n{run['n_segments']} segments in {run['n_videos']} videos, {asked.times} requests of each, one at a time\n"
    )
    print(table(["", "p50 ms", "p95 ms", "most ms", "kB"], rows))
    return 0


def finished_sample(client: Client) -> tuple[dict[str, Any], dict[str, Any]]:
    """The sample project and its first finished run; waits for it."""
    deadline = time.monotonic() + SAMPLE_WITHIN_S
    while time.monotonic() < deadline:
        for project in client.json("/api/projects/"):
            if project["synthetic"]:
                for run in client.json(f"/api/projects/{project['id']}/runs/"):
                    if run["status"] == "done":
                        return project, run
                    if run["status"] == "failed":
                        raise LauncherError(f"The sample's run failed: {run['reason']}")
        time.sleep(2)
    raise LauncherError("The sample's run did not finish in an hour.")


def what_pages_ask_for(client: Client, project: dict[str, Any], run: dict[str, Any]) -> dict[str, str]:
    """Title → path of every request a person's way through the pages makes."""
    at, of = f"/api/projects/{project['id']}", f"/api/runs/{run['id']}"
    video = client.json(f"{at}/videos/")[0]["id"]
    segment = client.json(f"{of}/segments/")["results"][0]["id"]
    return {
        "session": "/api/session/",
        "projects": "/api/projects/",
        "project": f"{at}/",
        "videos": f"{at}/videos/",
        "runs": f"{at}/runs/",
        "stages at work": f"{at}/stages/?active=1",
        "run": f"{of}/",
        "its stages": f"{of}/stages/",
        "energy of a video": f"{of}/videos/{video}/energy/",
        "segments of a video": f"{of}/segments/?video={video}",
        "segment": f"/api/segments/{segment}/",
        "similar, in the run": f"/api/segments/{segment}/similar/?k=20",
        "similar, in the project": f"/api/segments/{segment}/similar/?k=20&scope=project",
        "clusters": f"{of}/clusters/",
        "map": f"{of}/map/",
        "poster of a segment": f"/api/segments/{segment}/poster/",
        "clip of a segment": f"/api/segments/{segment}/clip/",
    }


def measure(client: Client, title: str, path: str, times: int) -> list[str]:
    client.get(path)  # warm
    taken = []
    size = 0
    for _ in range(times):
        began = time.perf_counter()
        size = len(client.get(path))
        taken.append(1000 * (time.perf_counter() - began))
    p50, p95 = np.percentile(taken, [50, 95])
    return [title, f"{p50:.1f}", f"{p95:.1f}", f"{max(taken):.1f}", f"{size / 1000:.1f}"]
