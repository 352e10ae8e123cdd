"""`kineme bench pages`: how soon each page of the sample project is usable in a browser that has never seen it."""

from __future__ import annotations

import argparse
import re
import shutil
import statistics
import time
from pathlib import Path
from typing import Any

from benchmarks.api import finished_sample
from benchmarks.machine import describe, table
from benchmarks.server import Server, running
from launcher.host import LauncherError

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="kineme bench pages", description=__doc__)
    parser.add_argument("--data", type=Path, help="a stopped Kineme's data folder (default: a new one)")
    parser.add_argument("--times", type=int, default=5, help="visits of each page (5)")
    asked = parser.parse_args(arguments)
    chromium = shutil.which("chromium")
    if chromium is None:
        raise LauncherError("There is no `chromium` on the PATH.")
    print(describe(), flush=True)
    with running(asked.data, sample=True) as server:
        client = server.client()
        project, run = finished_sample(client)
        video = client.json(f"/api/projects/{project['id']}/videos/")[0]["id"]
        at = f"/projects/{project['id']}"
        # What stands there when a person can go on: path, role and name.
        pages = {
            "projects": ("/projects", "link", re.compile("Sample workstation")),
            "videos": (at, "link", re.compile("synthetic-front")),
            "workbench": (f"{at}/videos/{video}", "img", re.compile("Energy over time")),
            "clusters": (f"{at}/runs/{run['id']}/clusters", "link", re.compile("^Cluster 1$")),
        }
        rows = visit(server, chromium, client.cookies, pages, asked.times)
    print(f"\n{asked.times} visits of each page, each with an empty cache; from the address to what is asked for\n")
    print(table(["", "median ms", "most ms", "kB of JavaScript"], rows))
    return 0


def visit(
    server: Server, chromium: str, cookies: dict[str, str], pages: dict[str, tuple[str, Any, Any]], times: int
) -> list[list[str]]:
    """Title, median and slowest milliseconds, and transferred JavaScript of each page."""
    from playwright.sync_api import sync_playwright  # of the test extra: only this command needs it

    rows = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        for title, (path, role, name) in pages.items():
            taken, script = [], 0.0
            for _ in range(times):
                context = browser.new_context()
                context.add_cookies([{"name": n, "value": v, "url": server.address} for n, v in cookies.items()])
                page = context.new_page()
                began = time.perf_counter()
                page.goto(server.address + path, wait_until="commit")
                page.get_by_role(role, name=name).first.wait_for()
                taken.append(1000 * (time.perf_counter() - began))
                script = page.evaluate(
                    "() => performance.getEntriesByType('resource').filter(e => e.name.endsWith('.js'))"
                    ".reduce((sum, e) => sum + e.transferSize, 0) / 1000"
                )
                context.close()
            rows.append([title, f"{statistics.median(taken):.0f}", f"{max(taken):.0f}", f"{script:.0f}"])
        browser.close()
    return rows
