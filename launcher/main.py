"""`kineme COMMAND …`, in the environment that `./kineme` prepared, or wherever the package is installed."""

from __future__ import annotations

import importlib
import os
import sys

from launcher.commands import COMMANDS, usage
from launcher.host import LauncherError

# Imported only when asked for: `up` does not wait for torch, nor `discover` for a web server.
PROGRAMS = {
    "up": "launcher.up",
    "reset-link": "launcher.reset_link",
    "test": "launcher.testing",
    "bench": "benchmarks.main",
    "lock": "launcher.lock",
}


def main(arguments: list[str] | None = None) -> int:
    """Run one command; its exit status."""
    given = sys.argv[1:] if arguments is None else arguments
    if not given or given[0] in ("-h", "--help", "help"):
        print(usage())
        return 0 if given else 2
    name, rest = given[0], given[1:]
    if name not in COMMANDS:
        print(f"There is no command {name!r}.\n\n{usage()}", file=sys.stderr)
        return 2
    try:
        if name in PROGRAMS:
            return int(importlib.import_module(PROGRAMS[name]).main(rest))
        if COMMANDS[name].client:
            return int(importlib.import_module("kineme_client.cli").run(name, rest))
        return _run_on_files(name, rest)
    except LauncherError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130


def _run_on_files(name: str, arguments: list[str]) -> int:
    """A command of `ml.cli`."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # read once, when torch is imported; see launcher/up.py
    return int(importlib.import_module("ml.cli").run(name, arguments))
