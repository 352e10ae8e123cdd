"""One calm line a step: what is done, and how long it took. Standard library only."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path


class StepFailed(Exception):
    """A step of the preparation failed. `str(error)` is for whoever typed the command."""


class Steps:
    """Runs programs, their output in a log; a failing one shows the log's end."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self._fresh = True

    def run(self, title: str, command: list[str], advice: str, **options: object) -> None:
        """Run one program under a line of its own. Raises StepFailed."""
        print(f"{title} …", end="", flush=True)
        began = time.monotonic()
        status = self.quietly(command, **options)
        print(f" {time.monotonic() - began:.1f} s" if status == 0 else " failed", flush=True)
        if status != 0:
            raise StepFailed(f"\n{self.tail()}\n\n{title} failed. {advice}\nThe whole log: {self.log}")

    def quietly(self, command: list[str], **options: object) -> int:
        """Run one program into the log; its exit status, 127 when it cannot be run."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("w" if self._fresh else "a", encoding="utf-8") as log:
            self._fresh = False
            log.write("$ " + " ".join(command) + "\n")
            log.flush()
            try:
                return subprocess.call(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    **options,  # type: ignore[call-overload]
                )
            except OSError as error:
                log.write(f"{error}\n")
                return 127

    def tail(self, lines: int = 20) -> str:
        text = self.log.read_text(encoding="utf-8", errors="replace").replace("\r", "\n")
        return "\n".join("  | " + line for line in text.splitlines()[-lines:])


def replace_text(path: Path, text: str) -> None:
    """Write a small file whole or not at all."""
    unfinished = path.with_name(path.name + ".new")
    unfinished.write_text(text, encoding="utf-8")
    os.replace(unfinished, path)
