from __future__ import annotations

import pytest

from backend.common.names import shown_name


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("shift 1.mp4", "shift 1.mp4"),
        ("<script>alert(1)</script>.mp4", "<script>alert(1)</script>.mp4"),  # data: whoever shows it escapes it
        ("../../etc/passwd", "../../etc/passwd"),  # data too: it is never a path
        ("a\0b\r\nc\x1b[31m", "a b c [31m"),
        ("clip.\u202e4pm.exe", "clip.4pm.exe"),
        ("\u200f\u2066x\u2069", "x"),
        ("Werkstück ③ 装配 👩\u200d🏭.mp4", "Werkstück ③ 装配 👩\u200d🏭.mp4"),
        ("\ud800x", "x"),
        ("x" * 10_000, "x" * 255),
        (" \t\n", "unnamed"),
        ("", "unnamed"),
    ],
)
def test_a_name_is_one_line_of_what_was_meant(given: str, shown: str):
    assert shown_name(given, 255, otherwise="unnamed") == shown
