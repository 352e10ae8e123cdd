"""Plots as SVG text, written here: a browser shows them, no plotting library is needed, equal data gives equal bytes.

`line_plot`: curves over a common axis with a legend; `timeline`: lanes of bars and marks over the time of a clip;
`field_plot`: where the points of a picture go, pictures side by side. No colour is the only sign of anything: curves
are also dashed, marks also shaped.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal
from xml.sax.saxutils import escape

# Okabe and Ito's colours, told apart by people who are colour-blind; without their yellow, too pale for a line.
BLUE, ORANGE, GREEN, VERMILION, PURPLE, SKY, GREY = (
    "#0072b2", "#e69f00", "#009e73", "#d55e00", "#aa4499", "#56b4e9", "#767676",
)  # fmt: skip
PALETTE = (BLUE, ORANGE, GREEN, PURPLE, SKY, VERMILION)
INK, PALE, PAPER = "#1f2328", "#e3e6ea", "#ffffff"

Shape = Literal["tick", "ring", "cross"]


@dataclass(frozen=True)
class Series:
    """One curve. x, y: [n]; a y that is NaN leaves a gap. points: a dot at every value."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    colour: str = BLUE
    dash: str | None = None  # as in SVG: "6 4"
    points: bool = False


@dataclass(frozen=True)
class Bar:
    """A part of the clip, with what it is called."""

    start_s: float
    end_s: float
    label: str = ""
    colour: str = GREY


@dataclass(frozen=True)
class Mark:
    """A moment: a vertical line over a part of the lane (0 its top, 1 its bottom), with a sign at its outer end."""

    time_s: float
    colour: str
    shape: Shape = "tick"
    top: float = 0.0
    bottom: float = 1.0


@dataclass(frozen=True)
class Link:
    """A line from one moment at half height to another: they belong together."""

    from_s: float
    to_s: float
    colour: str


@dataclass(frozen=True)
class Lane:
    """One row of a timeline."""

    name: str
    bars: Sequence[Bar] = ()
    marks: Sequence[Mark] = ()
    links: Sequence[Link] = ()
    height_px: int = 34


@dataclass(frozen=True)
class Key:
    """An entry of a legend: a sign and what it means."""

    name: str
    colour: str
    shape: Shape | Literal["bar"] = "tick"


@dataclass(frozen=True)
class Field:
    """Where points of a picture go. points, moves: [N] of (x, y) in -1..1 of the picture."""

    name: str
    points: Sequence[Sequence[float]]
    moves: Sequence[Sequence[float]]
    aspect: float
    colour: str = BLUE


def line_plot(
    series: Sequence[Series],
    *,
    title: str,
    x_label: str,
    y_label: str,
    x_range: tuple[float, float] | None = None,
    y_range: tuple[float, float] | None = None,
    width_px: int = 760,
    height_px: int = 460,
) -> str:
    """Curves with axes and a legend. Ranges default to those of the values, rounded outwards to ticks."""
    left, top, right, bottom = 64, 48, width_px - 20, height_px - 56 - 22 * math.ceil(len(series) / 3)
    x_low, x_high = x_range or _range(value for s in series for value in s.x)
    y_low, y_high = y_range or _range(value for s in series for value in s.y)

    def x_px(value: float) -> float:
        return left + (value - x_low) / (x_high - x_low) * (right - left)

    def y_px(value: float) -> float:
        return bottom - (value - y_low) / (y_high - y_low) * (bottom - top)

    drawing = _Drawing(width_px, height_px, title)
    drawing.text(left, 28, title, size=16, weight="600")
    for value in ticks(x_low, x_high, (right - left) // 80):
        drawing.line(x_px(value), top, x_px(value), bottom, PALE)
        drawing.text(x_px(value), bottom + 18, f"{value:g}", anchor="middle")
    for value in ticks(y_low, y_high, max(2, (bottom - top) // 50)):
        drawing.line(left, y_px(value), right, y_px(value), PALE)
        drawing.text(left - 8, y_px(value) + 4, f"{value:g}", anchor="end")
    drawing.line(left, bottom, right, bottom, INK)
    drawing.line(left, top, left, bottom, INK)
    drawing.text((left + right) / 2, bottom + 38, x_label, anchor="middle")
    drawing.text(16, (top + bottom) / 2, y_label, anchor="middle", turned=True)
    for s in series:
        drawing.curve([(x_px(x), y_px(y)) for x, y in zip(s.x, s.y, strict=True)], s)
    for index, s in enumerate(series):
        x, y = left + (index % 3) * (right - left) / 3, bottom + 62 + 22 * (index // 3)
        drawing.line(x, y - 4, x + 28, y - 4, s.colour, width=2.5, dash=s.dash)
        drawing.text(x + 36, y, s.name)
    return drawing.svg()


def timeline(
    lanes: Sequence[Lane], *, title: str, duration_s: float, legend: Sequence[Key] = (), width_px: int = 1200
) -> str:
    """Lanes over 0..duration_s, under each other on one axis of seconds. Long names of bars show on hovering."""
    left, right, top, gap = 132, width_px - 24, 52, 12
    bottom = top + sum(lane.height_px + gap for lane in lanes)
    drawing = _Drawing(width_px, bottom + (84 if legend else 50), title)
    drawing.text(20, 28, title, size=16, weight="600")

    def x_px(time_s: float) -> float:
        return left + min(max(time_s / duration_s, 0.0), 1.0) * (right - left) if duration_s > 0 else left

    for value in ticks(0.0, duration_s, (right - left) // 70):
        drawing.line(x_px(value), top - 6, x_px(value), bottom, PALE)
        drawing.text(x_px(value), bottom + 16, f"{value:g}", anchor="middle")
    drawing.line(left, bottom, right, bottom, INK)
    drawing.text((left + right) / 2, bottom + 36, "seconds", anchor="middle")
    y = float(top)
    for lane in lanes:
        drawing.text(left - 10, y + lane.height_px / 2 + 4, lane.name, anchor="end")
        for bar in lane.bars:
            drawing.bar(x_px(bar.start_s), x_px(bar.end_s), y, lane.height_px, bar)
        for link in lane.links:
            middle = y + lane.height_px / 2
            drawing.line(x_px(link.from_s), middle - 4, x_px(link.to_s), middle + 4, link.colour, width=1.5)
        for mark in lane.marks:
            drawing.mark(x_px(mark.time_s), y + mark.top * lane.height_px, y + mark.bottom * lane.height_px, mark)
        y += lane.height_px + gap
    x = float(left)
    for key in legend:
        drawing.key(x, bottom + 64, key)
        x += 44 + 6.4 * len(key.name)
    return drawing.svg()


def field_plot(rows: Sequence[Sequence[Field]], *, title: str, note: str = "", panel_px: int = 360) -> str:
    """Rows of pictures side by side: a line from each point to where it goes, a dot for one that stays."""
    gap, head = 24, 58
    heights = [max(panel_px / field.aspect for field in row) for row in rows]
    columns = max(len(row) for row in rows)
    drawing = _Drawing(gap + columns * (panel_px + gap), head + sum(heights) + 40 * len(rows) + 10, title)
    drawing.text(gap, 28, title, size=16, weight="600")
    drawing.text(gap, 46, note)
    y = float(head)
    for row, height in zip(rows, heights, strict=True):
        for column, field in enumerate(row):
            drawing.field(gap + column * (panel_px + gap), y + 22, panel_px, field)
        y += height + 40
    return drawing.svg()


def ticks(low: float, high: float, at_most: int) -> list[float]:
    """Round values in low..high, 1, 2 or 5 times a power of ten apart, about as many as asked for or fewer."""
    if not high > low:
        return [low]
    raw = (high - low) / max(1, at_most)
    power: float = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(k * step, 12) for k in range(first, last + 1)]


def colours(names: Iterable[str]) -> dict[str, str]:
    """A colour for each name, by the order in which they first come; they repeat after `PALETTE`."""
    return {name: PALETTE[index % len(PALETTE)] for index, name in enumerate(dict.fromkeys(names))}


def _range(values: Iterable[float]) -> tuple[float, float]:
    finite = [value for value in values if math.isfinite(value)]
    low, high = min(finite, default=0.0), max(finite, default=1.0)
    if low == high:
        low, high = low - 0.5, high + 0.5
    marks = ticks(low, high, 6)
    step = marks[1] - marks[0] if len(marks) > 1 else high - low
    return math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step


class _Drawing:
    """SVG elements, one a line, numbers to a tenth of a pixel."""

    def __init__(self, width_px: float, height_px: float, title: str) -> None:
        self.parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{_n(width_px)}" height="{_n(height_px)}" '
            f'viewBox="0 0 {_n(width_px)} {_n(height_px)}" role="img" '
            f'font-family="system-ui, -apple-system, Segoe UI, sans-serif" font-size="12">',
            f"<title>{_plain(title)}</title>",
            f'<rect width="100%" height="100%" fill="{PAPER}"/>',
        ]

    def svg(self) -> str:
        return "\n".join([*self.parts, "</svg>", ""])

    def line(
        self, x1: float, y1: float, x2: float, y2: float, colour: str, width: float = 1, dash: str | None = None
    ) -> None:
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        self.parts.append(
            f'<line x1="{_n(x1)}" y1="{_n(y1)}" x2="{_n(x2)}" y2="{_n(y2)}" stroke="{colour}" '
            f'stroke-width="{_n(width)}"{dashes}/>'
        )

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        anchor: str = "start",
        size: int = 12,
        weight: str = "400",
        turned: bool = False,
    ) -> None:
        turn = f' transform="rotate(-90 {_n(x)} {_n(y)})"' if turned else ""
        self.parts.append(
            f'<text x="{_n(x)}" y="{_n(y)}" text-anchor="{anchor}" font-size="{size}" font-weight="{weight}" '
            f'fill="{INK}"{turn}>{_plain(text)}</text>'
        )

    def curve(self, points: Sequence[tuple[float, float]], series: Series) -> None:
        steps, pen = [], "M"
        for x, y in points:
            if not (math.isfinite(x) and math.isfinite(y)):
                pen = "M"
                continue
            steps.append(f"{pen}{_n(x)} {_n(y)}")
            pen = "L"
            if series.points:
                self.parts.append(f'<circle cx="{_n(x)}" cy="{_n(y)}" r="3" fill="{series.colour}"/>')
        dashes = f' stroke-dasharray="{series.dash}"' if series.dash else ""
        self.parts.append(
            f'<path d="{" ".join(steps)}" fill="none" stroke="{series.colour}" stroke-width="2.2" '
            f'stroke-linejoin="round"{dashes}/>'
        )

    def field(self, left: float, top: float, width: float, field: Field) -> None:
        half_width, half_height = width / 2, width / field.aspect / 2
        self.text(left, top - 6, field.name)
        self.parts.append(
            f'<rect x="{_n(left)}" y="{_n(top)}" width="{_n(width)}" height="{_n(2 * half_height)}" '
            f'fill="none" stroke="{PALE}"/>'
        )
        for (x, y), (dx, dy) in zip(field.points, field.moves, strict=True):
            at, to = ((left + half_width * (1 + a), top + half_height * (1 + b)) for a, b in ((x, y), (x + dx, y + dy)))
            if math.hypot(to[0] - at[0], to[1] - at[1]) < 1:
                self.parts.append(f'<circle cx="{_n(at[0])}" cy="{_n(at[1])}" r="0.8" fill="{GREY}"/>')
            else:
                self.line(*at, *to, field.colour, width=1.4)

    def bar(self, x1: float, x2: float, y: float, height: float, bar: Bar) -> None:
        said = f"{bar.label} {bar.start_s:.2f}–{bar.end_s:.2f} s".strip()
        width = max(x2 - x1 - 1, 0.8)  # a sliver of paper between bars that touch
        self.parts.append(
            f'<rect x="{_n(x1)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}" rx="2" '
            f'fill="{_tint(bar.colour)}" stroke="{bar.colour}" stroke-width="0.8">'
            f"<title>{_plain(said)}</title></rect>"
        )
        fits = int((width - 8) / 6.4)
        if bar.label and fits >= min(3, len(bar.label)):
            short = bar.label if len(bar.label) <= fits else bar.label[: fits - 1] + "…"
            self.text(x1 + 4, y + height / 2 + 4, short, size=11)

    def mark(self, x: float, y1: float, y2: float, mark: Mark) -> None:
        self.line(x, y1, x, y2, mark.colour, width=1.8)
        self.sign(x, y1 if mark.top < 1 - mark.bottom else y2, mark.colour, mark.shape)

    def sign(self, x: float, y: float, colour: str, shape: str) -> None:
        if shape == "ring":
            self.parts.append(
                f'<circle cx="{_n(x)}" cy="{_n(y)}" r="3.5" fill="{PAPER}" stroke="{colour}" stroke-width="1.8"/>'
            )
        if shape == "cross":
            self.line(x - 3.5, y - 3.5, x + 3.5, y + 3.5, colour, width=1.8)
            self.line(x - 3.5, y + 3.5, x + 3.5, y - 3.5, colour, width=1.8)

    def key(self, x: float, y: float, key: Key) -> None:
        if key.shape == "bar":
            self.parts.append(
                f'<rect x="{_n(x)}" y="{_n(y - 10)}" width="14" height="12" rx="2" fill="{_tint(key.colour)}" '
                f'stroke="{key.colour}" stroke-width="0.8"/>'
            )
        else:
            self.line(x + 7, y - 11, x + 7, y + 3, key.colour, width=1.8)
            self.sign(x + 7, y - 4, key.colour, key.shape)
        self.text(x + 22, y, key.name)


def _n(value: float) -> str:
    return f"{round(value, 1):g}" if abs(value) < 1e5 else f"{value:.1f}"


def _tint(colour: str) -> str:
    """A pale form of a colour "#rrggbb", opaque so that no line shows through."""
    return "#" + "".join(f"{round(0.32 * int(colour[k : k + 2], 16) + 0.68 * 255):02x}" for k in (1, 3, 5))


def _plain(text: str) -> str:
    """Escaped, and without the characters XML has no place for."""
    return escape("".join(c for c in text if c.isprintable() and not 0xD800 <= ord(c) <= 0xDFFF))
