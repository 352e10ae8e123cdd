"""What people typed, made fit for one line, one cell, one folder. Names and titles may hold anything; they never choose
where a file lies."""

from __future__ import annotations

import json
import re
import unicodedata
from pathlib import Path
from typing import Any

from ml.exports.options import MAX_TEXT

_JOINERS = "\u200c\u200d"  # of Persian, of Indic scripts and of emoji: without them a word is another one
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
# What Windows takes for a device, with any ending.
_DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{i}" for port in ("com", "lpt") for i in range(10))}


def plain(text: str) -> str:
    """The text as it is, but for halves of surrogate pairs, which no file can hold."""
    return text.encode("utf-8", "replace").decode()


def one_line(text: str, limit: int = MAX_TEXT) -> str:
    """One line of at most `limit` characters: without control characters, marks that turn the direction of what
    follows, or runs of spaces."""
    composed = unicodedata.normalize("NFC", plain(text))
    kept = (
        " " if character.isspace() or unicodedata.category(character) == "Cc" else character
        for character in composed
        if unicodedata.category(character) != "Cf" or character in _JOINERS
    )
    line = " ".join("".join(kept).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def safe_name(text: str, otherwise: str) -> str:
    """A name for a folder or a column: a-z, 0-9, `-` and `_`, at most 40; `otherwise` where nothing is left."""
    folded = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9_]+", "-", folded).strip("-_")[:40].strip("-_")
    return f"{name}_" if name in _DEVICES else name or otherwise


def cell(text: str) -> str:
    """A cell of a table that a spreadsheet shows and does not compute."""
    line = one_line(text)
    return f"'{line}" if line.startswith(_FORMULA) else line


def markdown(text: str) -> str:
    """One line of text inside Markdown, none of which is taken for markup."""
    return re.sub(r"([\\`*_\[\]#|<>~&$])", r"\\\1", one_line(text, 200))


def to_json(data: Any, indent: int | None = 2) -> str:
    """JSON of numbers that are numbers: a NaN raises ValueError."""
    return plain(json.dumps(data, ensure_ascii=False, allow_nan=False, indent=indent))


def write_json(data: Any, path: Path) -> None:
    """Write `data` as `to_json` does, with a line feed at its end on every system; folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(to_json(data) + "\n", encoding="utf-8", newline="\n")
