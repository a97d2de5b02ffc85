"""Panels of pooled values under assumptions: one per pool, marks with intervals side by side."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

from matplotlib.figure import Figure

from .style import WIDTH, Sheet, linear, text_width, ticks, wrap
from .wording import r_text, tick_text

_COLUMNS, _GAP, _TALL = 3, 13.0, 140.0
_AXIS, _MARGIN, _INSET = 22.0, 19.0, 9.0
_LINE = 8.4  # between numbers in the margin


class Series(NamedTuple):
    """One assumption with the pool at each of its strengths: (value, row), in drawing order."""

    name: str
    cells: list[tuple[float, Mapping]]
    label: str = ""
    shift: float = 0.0
    filled: bool = True


class Panel(NamedTuple):
    """One pool; ``start`` is the row of the pool as it is, which all series share (or None)."""

    title: str
    start: Mapping | None
    reference: float | None
    series: list[Series]

    def rows(self) -> list[Mapping]:
        """Every row once."""
        shared = [] if self.start is None else [self.start]
        return [*shared, *(row for series in self.series for _, row in series.cells)]


class Axis(NamedTuple):
    """The horizontal axis: every value of it, where the pool as reported stands, its words."""

    values: list[float]
    neutral: float
    place: Callable[[float], float]
    write: Callable[[float], str]
    title: str


class _Frame(NamedTuple):
    """Where a panel has its values."""

    x: Callable[[float], float]
    y: Callable[[float], float]
    low: float
    high: float
    right: float
    lane: float  # height of the marks of what has no estimate


def _limits(panels: list[Panel]) -> tuple[float, float]:
    rows = [row for panel in panels for row in panel.rows()]
    estimates = [row["r"] for row in rows if row["r"] is not None]
    if not estimates:
        raise ValueError("none of the pools has an estimate")
    values = [row[k] for row in rows for k in ("r_low", "r_high") if row[k] is not None]
    estimates += [panel.reference for panel in panels if panel.reference is not None]
    low, high = max(min([0, *values]), -0.6), min(max([0.3, *values]), 0.8)
    low, high = min(low, *estimates), max(high, *estimates)
    return math.floor(low * 10 + 1e-9) / 10, math.ceil(high * 10 - 1e-9) / 10


def draw_panels(panels: list[Panel], axis: Axis, heading: str, notes: list[str]) -> Figure:
    """Draw one panel per pool, all on one scale of r.

    Parameters
    ----------
    panels : list of Panel
        At least one, and at least one estimate among them. The first names the series.
    axis : Axis
    heading : str
        What the figure shows, above it.
    notes : list of str
        What the marks and scales mean, below it.

    Raises
    ------
    ValueError
        No estimate at all.
    """
    sheet, limits = Sheet(), _limits(panels)
    missing = any(row["r"] is None for panel in panels for row in panel.rows())
    y = sheet.lines(0, 9, wrap(heading, WIDTH, 7.2, "bold"), 10, size=7.2, face="bold",
                    color="soft")  # fmt: skip
    y += _key(sheet, panels[0], y + 3)
    columns = min(_COLUMNS, len(panels))
    wide = (WIDTH - _GAP * (columns - 1)) / columns
    for index, panel in enumerate(panels):
        left = index % columns * (wide + _GAP)
        sheet.text(left, y + 9, panel.title, size=8, face="bold")
        top = y + 19
        frame = _frame(sheet, axis, limits, left, top, wide, 8 * missing)
        _fill(sheet, panel, axis, frame)
        if index % columns == columns - 1 or index == len(panels) - 1:
            y = top + _TALL + 8 * missing + 34
    words = "; ".join([*(["×: no estimate"] if missing else []), *notes])
    y = sheet.lines(0, y + 7, wrap(words, WIDTH - 8, 7), 10, size=7, color="soft")
    return sheet.finish(y - 6)


def _frame(sheet, axis, limits, left, top, wide, lane) -> _Frame:
    """Draw the grid and the horizontal axis of a panel."""
    low, high = limits
    start, right = left + _AXIS, left + wide - _MARGIN
    first, last = (axis.place(axis.values[i]) for i in (0, -1))
    scale = linear(first, last, start + _INSET, right - _INSET)
    y = linear(low, high, top + _TALL, top)
    for value in ticks(low, high, 0.1 if high - low < 0.75 else 0.2):
        sheet.line((start, y(value)), (right, y(value)), color="rule" if value else "ink",
                   width=0.4 if value else 0.7)  # fmt: skip
        sheet.text(start - 4, y(value) + 2.5, tick_text(value), size=7, color="soft",
                   align="right")  # fmt: skip

    def x(value: float) -> float:
        return scale(axis.place(value))

    named = _uncrowded(axis, x)
    sheet.axis(x, top + _TALL + 5 + lane, axis.values, axis.title,
               write=lambda value: axis.write(value) if value in named else "")  # fmt: skip
    return _Frame(x, y, low, high, right, top + _TALL + lane)


def _uncrowded(axis: Axis, x: Callable[[float], float]) -> list[float]:
    """The values with room for their words: the ends and the neutral one, then the others."""
    kept: list[float] = []
    for value in dict.fromkeys([axis.values[0], axis.neutral, axis.values[-1], *axis.values]):
        half = text_width(axis.write(value), 7) / 2
        if all(abs(x(value) - x(other)) > half + text_width(axis.write(other), 7) / 2 + 3.5
               for other in kept):  # fmt: skip
            kept.append(value)
    return kept


def _fill(sheet, panel: Panel, axis: Axis, frame: _Frame) -> None:
    """Draw the values of a panel, and what they end at in its margin."""
    x, y, ends = frame.x, frame.y, []
    if panel.reference is not None:
        at = y(panel.reference)
        sheet.line((x(axis.values[0]) - _INSET, at), (frame.right, at), color="accent2", width=0.8,
                   dash=(1.5, 2))  # fmt: skip
        ends.append((at, r_text(panel.reference), "bold"))
    for part in panel.series:
        for value, row in part.cells:
            _mark(sheet, frame, x(value) + part.shift, row, part.filled, "mark")
        if part.cells and part.cells[-1][1]["r"] is not None:
            end = part.cells[-1][1]["r"]
            ends.append((y(end), r_text(end), "regular"))
    if panel.start is not None:
        _mark(sheet, frame, x(axis.neutral), panel.start, True, "pooled")
    _margin(sheet, frame, ends)


def _key(sheet, panel: Panel, y: float) -> float:
    """Write what each series is beside its mark; return the height that takes."""
    named, x = [part for part in panel.series if part.label and part.cells], 0.0
    for part in named:
        _symbol(sheet, x + 4, y - 2.5, part.filled)
        sheet.text(x + 12, y, part.label, size=7)
        x += 12 + text_width(part.label, 7) + 14
    return 13.0 if named else 0.0


def _mark(sheet, frame: _Frame, x: float, row: Mapping, filled: bool, gid: str) -> None:
    """Draw an estimate with its interval, cut with an arrow where it leaves the frame."""
    if row["r"] is None:
        sheet.text(x, frame.lane + 1, "×", size=8, color="soft", align="center")
        return
    if row["r_low"] is not None and row["r_high"] is not None:
        low, high = max(row["r_low"], frame.low), min(row["r_high"], frame.high)
        sheet.line((x, frame.y(low)), (x, frame.y(high)), width=1.1)
        for cut, end, way in ((row["r_low"] < low, low, -1), (row["r_high"] > high, high, 1)):
            if cut:
                tip, back = frame.y(end), frame.y(end) + 3.2 * way
                sheet.line((x - 2.4, back), (x, tip), (x + 2.4, back), width=1.1, gid="clip")
    at = frame.y(row["r"])
    if gid == "pooled":
        sheet.shape([(x - 4.2, at), (x, at - 4.6), (x + 4.2, at), (x, at + 4.6)], fill="accent2",
                    edge="paper", width=0.7, gid=gid)  # fmt: skip
    else:
        _symbol(sheet, x, at, filled, gid)


def _symbol(sheet, x: float, y: float, filled: bool, gid: str | None = None) -> None:
    if filled:
        sheet.ring(x, y, 2.9, fill="accent2", edge="paper", width=0.7, gid=gid)
    else:
        sheet.square(x, y, 4.6, fill="paper", edge="accent2", width=1.2, gid=gid)


def _margin(sheet, frame: _Frame, ends: list[tuple[float, str, str]]) -> None:
    """Write the numbers beside the panel, those that would overlap below each other."""
    ends = sorted({(text, face): (at, text, face) for at, text, face in ends}.values())
    below = -math.inf
    for at, text, face in ends:
        below = max(at, below + _LINE)
        sheet.text(frame.right + 3, below + 2.6, text, size=7.2, face=face, color="accent2")
