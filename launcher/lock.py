"""`kineme lock`: write requirements.lock, the versions every installation is held to, from pyproject.toml.

A file of constraints, valid for every system and Python we support. Torch and the CUDA packages it brings are left out:
which build of it fits differs from machine to machine, and pyproject.toml bounds it.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from pathlib import Path

from launcher.host import LauncherError

REPOSITORY = Path(__file__).resolve().parent.parent
LEFT_OUT = re.compile(r"(torch|triton)[=\s]|nvidia-|cuda-")


def constraints(resolved: str) -> str:
    """The lines of uv's answer that belong into the file."""
    kept = [line for line in resolved.splitlines() if line and not line.startswith("#") and not LEFT_OUT.match(line)]
    return "\n".join(kept) + "\n"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="kineme lock", description=__doc__.splitlines()[0])
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions, not the locked ones")
    asked = parser.parse_args(arguments)
    lock = REPOSITORY / "requirements.lock"
    command = [
        sys.executable, "-m", "uv", "pip", "compile", "pyproject.toml", "--universal", "--python-version", "3.11",
        "--all-extras", "--no-annotate", "--no-header", "--quiet",
    ]  # fmt: skip
    if not asked.upgrade:
        command += ["--constraint", str(lock)]
    resolved = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if resolved.returncode != 0:
        raise LauncherError(f"The versions could not be resolved:\n{resolved.stderr}")
    lock.write_text(constraints(resolved.stdout))
    print(f"Wrote {lock}: {len(lock.read_text().splitlines())} packages.")
    return 0
