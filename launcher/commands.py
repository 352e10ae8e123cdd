"""The commands of `kineme`, and what each needs. Standard library only: read before anything is installed."""

from __future__ import annotations

import typing


class Command(typing.NamedTuple):
    help: str
    extras: tuple[str, ...] = ("embedded", "viz")
    frontend: bool = False


COMMANDS = {
    "up": Command("start Kineme and print its address: up [VIDEO…]", frontend=True),
    "discover": Command("find the primitives of videos without a server: discover VIDEO… --out DIR"),
    "train": Command("train a motion tokenizer on tracks or videos: train TRACKS_OR_VIDEO… --out DIR"),
    "coherence": Command("how alike the primitives of each cluster look: coherence DIR"),
    "evaluate": Command("score what was found against annotations, beside chance: evaluate --pred DIR --gt DIR"),
    "compare": Command("Kineme beside LAPS, flow, ABD, OTAS and chance: compare [--videos DIR --gt DIR]"),
    "ablate": Command("what each part of the chain is worth: ablate [--videos DIR --gt DIR]"),
    "test": Command("run every test: test [PYTEST ARGUMENT…]", extras=("embedded", "viz", "test")),
    "bench": Command("measure: bench chain | tokenizer | upload | api | pages | search"),
    "lock": Command("write requirements.lock anew from pyproject.toml"),
}


def usage() -> str:
    lines = ["usage: ./kineme COMMAND …", ""]
    lines += [f"  {name:10}{command.help}" for name, command in COMMANDS.items()]
    return "\n".join([*lines, "", "./kineme COMMAND --help says more about one."])
