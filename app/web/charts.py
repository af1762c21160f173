"""Charts as SVG made on the server: every one has a title, a description and its numbers in a table beside it.

`shared/chart.html` writes them. A drawing is `WIDTH` units wide and grows at most to half as much again, so that its
letters stay readable on a telephone. Colours are the classes `series-1` … of `static/style.css`; no two series differ by colour
alone, because the table says the same in words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

WIDTH = 360
MOST_SERIES = 4
_ROW = 44
_BAR = 18
_PLOT_TOP = 12
_PLOT_HEIGHT = 160
_LEFT = 44
_RIGHT = 348
_CHARACTERS = 44
"""Letters of a label that fit above its bar."""


@dataclass(frozen=True)
class Bar:
    """A rectangle; `series` counts from 1."""

    x: float
    y: float
    width: float
    height: float
    series: int


@dataclass(frozen=True)
class Label:
    """Words in the drawing; `anchor` as in SVG."""

    x: float
    y: float
    text: str | float
    anchor: str = "start"
    is_quiet: bool = False


@dataclass(frozen=True)
class Line:
    """The points of a line as SVG writes them, and each of them."""

    points: str
    dots: tuple[tuple[float, float], ...]
    series: int


@dataclass(frozen=True)
class Chart:
    """A drawing ready to be written, and the table that says the same."""

    title: str
    description: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, tuple[float | None, ...]], ...]
    height: float
    bars: tuple[Bar, ...] = ()
    lines: tuple[Line, ...] = ()
    labels: tuple[Label, ...] = ()
    grid: tuple[float, ...] = ()
    """Heights of horizontal lines."""

    @property
    def series(self) -> tuple[str, ...]:
        """Names of the series, for the legend; a single one needs none."""
        return self.head[1:]


Rows = Sequence[tuple[str, Sequence[float | None]]]


def bars(title: str, description: str, head: Sequence[str], rows: Rows) -> Chart:
    """One horizontal bar a row, longest = full width. `head`: what the rows are, what the numbers are.

    >>> chart = bars("Posti", "Posti per mese", ["Mese", "Posti"], [("marzo", [4]), ("aprile", [8])])
    >>> [bar.width for bar in chart.bars]
    [148.0, 296.0]
    """
    _check(head, rows, series=1)
    return _horizontal(title, description, head, rows)


def stacked(title: str, description: str, head: Sequence[str], rows: Rows) -> Chart:
    """One horizontal bar a row, its numbers one after the other. `head`: what the rows are, then the series."""
    _check(head, rows)
    return _horizontal(title, description, head, rows)


def _horizontal(title: str, description: str, head: Sequence[str], rows: Rows) -> Chart:
    totals = [sum(value or 0 for value in values) for _, values in rows]
    top = max(totals, default=0) or 1
    most = WIDTH - 64
    drawn, labels = [], []
    for number, (name, values) in enumerate(rows):
        y, x = number * _ROW, 0.0
        labels.append(Label(0, y + 14, _short(name)))
        for series, value in enumerate(values, start=1):
            width = round(most * (value or 0) / top, 1)
            if width:
                drawn.append(Bar(round(x, 1), y + 20, width, _BAR, series))
            x += width
        labels.append(Label(round(x, 1) + 6, y + 34, totals[number]))
    return Chart(title, description, tuple(head), _kept(rows), max(_ROW * len(rows), _ROW),
                 bars=tuple(drawn), labels=tuple(labels))  # fmt: skip


def line(title: str, description: str, head: Sequence[str], rows: Rows) -> Chart:
    """One line a series over the rows in their order, from zero up; where a number is missing the line is interrupted."""
    _check(head, rows)
    numbers = [value for _, values in rows for value in values if value is not None]
    marks = _round_marks(max(numbers, default=0))
    top = marks[-1]

    def height(value: float) -> float:
        return round(_PLOT_TOP + _PLOT_HEIGHT * (1 - value / top), 1)

    step = (_RIGHT - _LEFT) / max(len(rows) - 1, 1)
    lines = []
    for index in range(len(head) - 1):
        run: list[tuple[float, float]] = []
        for number, (_, values) in enumerate([*rows, ("", [None] * len(head))]):
            value = values[index]
            if value is not None:
                run.append((round(_LEFT + step * number, 1), height(value)))
            elif run:
                lines.append(Line(" ".join(f"{x},{y}" for x, y in run), tuple(run), index + 1))
                run = []
    labels = [Label(_LEFT - 6, height(mark) + 4, mark, "end", is_quiet=True) for mark in marks]
    bottom = _PLOT_TOP + _PLOT_HEIGHT + 18
    for number in _told(len(rows)):
        x = round(_LEFT + step * number, 1)
        anchor = "start" if number == 0 else "end" if number == len(rows) - 1 else "middle"
        labels.append(Label(x, bottom, rows[number][0], anchor, is_quiet=True))
    return Chart(title, description, tuple(head), _kept(rows), bottom + 6,
                 lines=tuple(lines), labels=tuple(labels), grid=tuple(height(mark) for mark in marks))  # fmt: skip


def _told(count: int) -> list[int]:
    """Which of the rows are named below a line: first, middle and last, as many as there is room for."""
    return sorted({0, (count - 1) // 2, count - 1}) if count else []


def _round_marks(most: float) -> list[float]:
    """Four steps or fewer from zero to at least `most`, at 1, 2 or 5 times a power of ten; whole numbers."""
    raw = max(most, 1) / 4
    power = 10 ** floor(log10(raw))
    step = max(1, next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw))
    return [step * number for number in range(ceil(max(most, 1) / step) + 1)]


def _short(name: str) -> str:
    return name if len(name) <= _CHARACTERS else name[: _CHARACTERS - 1].rstrip() + "…"


def _kept(rows: Rows) -> tuple[tuple[str, tuple[float | None, ...]], ...]:
    return tuple((name, tuple(values)) for name, values in rows)


def _check(head: Sequence[str], rows: Rows, *, series: int | None = None) -> None:
    wanted = len(head) - 1
    if not 1 <= wanted <= MOST_SERIES or (series is not None and wanted != series):
        raise ValueError(f"{wanted} series do not fit this chart")
    for name, values in rows:
        if len(values) != wanted:
            raise ValueError(f"the row {name!r} has {len(values)} numbers instead of {wanted}")
        if any(value is not None and value < 0 for value in values):
            raise ValueError(f"the row {name!r} has a negative number")
