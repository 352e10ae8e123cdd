"""Plots are well-formed, say what they show, and put values where they belong."""

import math
import xml.etree.ElementTree as ElementTree

import pytest

from ml.plots import Bar, Field, Key, Lane, Link, Mark, Series, colours, field_plot, line_plot, ticks, timeline

SVG = "{http://www.w3.org/2000/svg}"


def plot(*series: Series, **more: object) -> ElementTree.Element:
    return ElementTree.fromstring(line_plot(series, title="T", x_label="x", y_label="y", **more))  # type: ignore[arg-type]


def texts(root: ElementTree.Element) -> list[str]:
    return [element.text or "" for element in root.iter(f"{SVG}text")]


@pytest.mark.parametrize(
    ("low", "high", "at_most", "expected"),
    [
        (0, 5, 5, [0, 1, 2, 3, 4, 5]),
        (0, 1, 5, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (0, 128.8, 13, [0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120]),
        (-3, 3, 4, [-2, 0, 2]),
        (0.13, 0.17, 4, [0.13, 0.14, 0.15, 0.16, 0.17]),
        (2, 2, 4, [2]),
    ],
)
def test_ticks_are_round(low: float, high: float, at_most: int, expected: list[float]):
    assert ticks(low, high, at_most) == pytest.approx(expected)


def test_a_line_plot_has_its_curves_axes_and_legend():
    root = plot(Series("one", [0, 1, 2], [0.0, 0.5, 1.0]), Series("two", [0, 2], [1, 0], dash="4 4"))
    assert len(root.findall(f"{SVG}path")) == 2
    assert {"T", "x", "y", "one", "two", "0.5"} <= set(texts(root))


def test_a_curve_runs_from_corner_to_corner_of_its_range():
    root = plot(Series("one", [0, 2], [0, 1]), x_range=(0, 2), y_range=(0, 1), width_px=760, height_px=460)
    path = root.find(f"{SVG}path")
    assert path is not None
    # 64 px left, 20 right, 48 above, 56 + 22 below
    assert path.get("d") == "M64 382 L740 48"


def test_a_value_that_is_none_leaves_a_gap():
    path = plot(Series("one", [0, 1, 2, 3], [0, math.nan, 1, 2])).find(f"{SVG}path")
    assert path is not None
    assert (path.get("d") or "").count("M") == 2


def test_nothing_to_draw_is_drawn():
    assert plot().tag == plot(Series("none", [], [])).tag == plot(Series("flat", [1], [3])).tag == f"{SVG}svg"
    assert ElementTree.fromstring(timeline([Lane("empty")], title="T", duration_s=0.0)).tag == f"{SVG}svg"


def test_a_timeline_puts_times_where_they_belong():
    lane = Lane("row", [Bar(5, 10, "take")], [Mark(5, "#000000"), Mark(2, "#111111", "ring")], [Link(1, 2, "#000000")])
    root = ElementTree.fromstring(
        timeline([lane], title="T", duration_s=10.0, legend=[Key("missed", "#111111", "ring")], width_px=1156)
    )
    bar = next(rect for rect in root.findall(f"{SVG}rect") if rect.get("rx"))
    # 1,000 px from 132 on: 5 s is at 632
    assert (bar.get("x"), bar.get("width")) == ("632", "499")
    assert [line.get("x1") for line in root.findall(f"{SVG}line") if line.get("stroke") == "#000000"] == ["232", "632"]
    assert {"row", "take", "seconds", "missed"} <= set(texts(root))
    assert len(root.findall(f"{SVG}circle")) == 2


def test_a_name_too_long_for_its_bar_is_cut_and_whole_on_hovering():
    root = ElementTree.fromstring(timeline([Lane("row", [Bar(0, 1, "put the bottle")])], title="T", duration_s=20))
    assert "put the bottle" not in texts(root)
    assert any(text.endswith("…") for text in texts(root))
    assert any((title.text or "").startswith("put the bottle 0.00") for title in root.iter(f"{SVG}title"))


def test_names_are_data():
    evil = "</text><script>alert(1)</script>&\x00\x1b\ud800"
    lane = Lane(evil, [Bar(0, 9, evil)])
    root = ElementTree.fromstring(timeline([lane], title=evil, duration_s=10, legend=[Key(evil, "#000000", "bar")]))
    assert not list(root.iter(f"{SVG}script"))
    assert "</text><script>alert(1)</script>&" in texts(root)


def test_equal_data_gives_equal_bytes():
    one, two = (line_plot([Series("a", [0, 1], [0.1, 0.7])], title="T", x_label="x", y_label="y") for _ in range(2))
    assert one == two


def test_colours_follow_the_order_of_names_and_repeat():
    given = colours(["b", "a", "b", *map(str, range(10))])
    assert list(given)[:3] == ["b", "a", "0"]
    assert given["b"] != given["a"]
    assert len(given) == 12


def test_a_field_has_a_line_for_a_point_that_moves_and_a_dot_for_one_that_rests():
    field = Field("true", [(0, 0), (0.5, 0.5)], [(0.2, -0.1), (0, 0)], aspect=2.0, colour="#0072b2")
    root = ElementTree.fromstring(field_plot([[field, field], [field]], title="T", note="10 times as long"))
    assert {"T", "10 times as long", "true"} <= set(texts(root))
    assert len(root.findall(f"{SVG}circle")) == 3
    lines = root.findall(f"{SVG}line")
    assert len(lines) == 3
    # A picture of 360 by 180: the move is 0.2 · 180 to the right and 0.1 · 90 up.
    moved = [
        float(lines[0].get(end, "")) - float(lines[0].get(start, "")) for start, end in (("x1", "x2"), ("y1", "y2"))
    ]
    assert moved == pytest.approx([36, -9])
