"""The commands of `kineme`, and what each needs. Standard library only: read before anything is installed."""

from __future__ import annotations

import typing


class Command(typing.NamedTuple):
    help: str
    extras: tuple[str, ...] = ("embedded", "viz")
    frontend: bool = False
    client: bool = False  # talks to a server: without the chain, and so without torch


COMMANDS = {
    "up": Command("start Kineme and print its address: up [VIDEO…]", frontend=True),
    "reset-link": Command("print a link for a forgotten password: reset-link NAME"),
    "discover": Command("find the primitives of videos without a server: discover VIDEO… --out DIR"),
    "train": Command("train a motion tokenizer on tracks or videos: train TRACKS_OR_VIDEO… --out DIR"),
    "coherence": Command("how alike the primitives of each cluster look: coherence DIR"),
    "evaluate": Command("score what was found against annotations, beside chance: evaluate --pred DIR --gt DIR"),
    "compare": Command("Kineme beside LAPS, flow, ABD, OTAS and chance: compare [--videos DIR --gt DIR]"),
    "ablate": Command("what each part of the chain is worth: ablate [--videos DIR --gt DIR]"),
    "login": Command("keep a token for a server: login URL", extras=(), client=True),
    "logout": Command("forget it again: logout [URL]", extras=(), client=True),
    "projects": Command("list your projects on the server", extras=(), client=True),
    "videos": Command(
        "send and list videos: videos upload FILE… --project P | list --project P", extras=(), client=True
    ),
    "runs": Command("start and watch runs: runs start --project P --wait | list | wait RUN", extras=(), client=True),
    "search": Command("find similar primitives: search PRIMITIVE | --video V --from S --to S", extras=(), client=True),
    "export": Command(
        "make and fetch a data set: export --project P --version V --kind K -o FILE", extras=(), client=True
    ),
    "test": Command("run every test: test [PYTEST ARGUMENT…]", extras=("embedded", "viz", "test")),
    "bench": Command("measure: bench chain | tokenizer | upload | api | ui | pages | search | review"),
    "lock": Command("write requirements.lock anew from pyproject.toml"),
}


def usage() -> str:
    lines = ["usage: ./kineme COMMAND …", ""]
    lines += [f"  {name:11}{command.help}" for name, command in COMMANDS.items()]
    return "\n".join([*lines, "", "./kineme COMMAND --help says more about one."])
