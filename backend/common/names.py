"""Names people give to things: data to show, never part of a path."""

from __future__ import annotations

import unicodedata

# Marks that turn the direction of what follows: "fdp.‮4pm" can pretend to be another kind of file.
TURNING_MARKS = dict.fromkeys(map(ord, "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"))

# A table program runs what begins like a formula: a title may say "=…".
STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def shown_name(text: str, longest: int, otherwise: str = "") -> str:
    """One line, no control characters, no marks that turn the writing direction, at most `longest` characters."""
    kept = "".join(" " if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") else c for c in text)
    return " ".join(kept.translate(TURNING_MARKS).split())[:longest].strip() or otherwise


def shown_text(text: str) -> str:
    """Lines of text without control characters and marks that turn the direction of what follows."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = "".join(c for c in lines if c == "\n" or unicodedata.category(c) not in ("Cc", "Cs"))
    return kept.translate(TURNING_MARKS).strip()


def safe_cell(value: object) -> object:
    """The value as a cell of a table somebody may open in a table program."""
    return f"'{value}" if isinstance(value, str) and value.startswith(STARTS_A_FORMULA) else value
