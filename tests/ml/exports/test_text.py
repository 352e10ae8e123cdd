from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.exports.text import cell, markdown, one_line, safe_name, to_json


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        ("  two\n lines\t", "two lines"),
        ("nul\x00byte", "nul byte"),
        ("\u202eevil\u2066", "evil"),
        ("half \ud800 pair", "half ? pair"),
        ("می\u200cروم", "می\u200cروم"),  # the joiner is part of the word
        ("x" * 10_000, "x" * 499 + "…"),
        ("cafe\u0301", "café"),
    ],
)
def test_one_line_keeps_words_and_drops_what_moves_the_cursor(typed: str, line: str) -> None:
    assert one_line(typed) == line


@pytest.mark.parametrize(
    ("typed", "name"),
    [("../../etc/passwd", "etc-passwd"), ("CON", "con_"), ("Über Kopf!", "uber-kopf"), ("俯视", "main"), ("", "main")],
)
def test_a_safe_name_is_no_path_and_no_device(typed: str, name: str) -> None:
    assert safe_name(typed, "main") == name


@pytest.mark.parametrize("typed", ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "\t=1", "＝1"])
def test_a_cell_is_not_computed(typed: str) -> None:
    assert cell(typed).startswith("'")


@given(st.text())
def test_any_text_can_be_written(typed: str) -> None:
    assert "\n" not in markdown(typed)
    assert "<" not in markdown(typed).replace("\\<", "")
    to_json({"text": typed}).encode()
    safe_name(typed, "x").encode("ascii")


def test_json_holds_no_number_that_is_none() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        to_json([float("nan")])
    assert json.loads(to_json({"a": "\ud800"})) == {"a": "?"}
