"""`kineme` over the library. Each command is a module of `ml.commands`, imported only when it is asked for."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence

COMMANDS = ("discover", "train", "coherence", "evaluate", "compare", "ablate")
"""The modules of `ml.commands` that a command line mounts as subcommands."""


def run(name: str, argv: Sequence[str]) -> int:
    """Run command `name` with its arguments; its exit status."""
    command = importlib.import_module(f"ml.commands.{name}")
    parser = argparse.ArgumentParser(prog=f"kineme {name}", description=command.HELP)
    command.add_arguments(parser)
    return int(command.run(parser.parse_args(argv)))


def main(argv: Sequence[str] | None = None) -> int:
    """`kineme` with the commands of this package only."""
    given = sys.argv[1:] if argv is None else list(argv)
    parser = argparse.ArgumentParser(prog="kineme")
    parser.add_argument("command", choices=COMMANDS)
    return run(parser.parse_args(given[:1]).command, given[1:])


if __name__ == "__main__":
    sys.exit(main())
