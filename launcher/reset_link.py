"""`kineme reset-link NAME`: a link by which somebody chooses a new password, for a Kineme that sends no mail."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

from launcher.host import LauncherError
from launcher.up import REPOSITORY, Installation, child_environment


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="kineme reset-link", description=__doc__)
    parser.add_argument("name", help="the user name of who forgot the password")
    parser.add_argument(
        "--data", type=Path, help="folder Kineme keeps everything in (default: KINEME_DATA, or .kineme)"
    )
    asked = parser.parse_args(arguments)
    data = asked.data or Path(os.environ.get("KINEME_DATA") or REPOSITORY / ".kineme")
    installation = Installation(data.absolute())
    try:
        address = json.loads(installation.address_file.read_text())["address"]
    except (OSError, ValueError, KeyError) as error:
        raise LauncherError(f"No Kineme runs on {installation.data}. Start it first: ./kineme up") from error
    environment = child_environment(installation)
    environment["DATABASE_URL"] = os.environ.get("DATABASE_URL") or installation.postgres().url
    command = [sys.executable, "-P", "-m", "django", "reset_link", asked.name]
    done = subprocess.run(command, env=environment, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise LauncherError(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "That did not work.")
    print(f"{address}{done.stdout.strip()}\nIt works once, within a day.")
    return 0
