"""Does the answer survive? Leave-one-out, and one other choice at a time."""

from __future__ import annotations

import math

from matplotlib.figure import Figure

from .style import WIDTH, Sheet, linear, text_width, ticks, wrap
from .wording import alt_text, count_text, interval_text, r_text, range_text

_LEFT, _RIGHT = 204.0, 400.0


def leave_one_out(rows: list[dict], whole: dict | None = None) -> tuple[Figure, str]:
    """Draw the pooled correlation without each sample in turn.

    Parameters
    ----------
    rows : list of dict
        ``label`` (the sample left out), ``r``, ``r_low``, ``r_high`` (None: no estimate exists).
    whole : dict, optional
        Estimate with every sample (``r``, ``r_low``, ``r_high``), drawn as the reference.
    """
    shown = [row | {"group": None} for row in rows]
    figure = _list(shown, whole, "Left out", "Pooled r without it")
    return figure, _describe(rows, whole, "Leave-one-out plot", "omission", "Without")


def specification_curve(rows: list[dict], whole: dict | None = None) -> tuple[Figure, str]:
    """Draw the pooled correlation with one other defensible choice at a time, by group.

    Parameters
    ----------
    rows : list of dict
        ``label``, ``group``, ``r``, ``r_low``, ``r_high`` (None: no estimate exists).
    whole : dict, optional
        The primary estimate, drawn as the reference and in the place of a group ``primary``.
    """
    if whole:
        rows = [row for row in rows if row["group"] != "primary"]
    figure = _list(rows, whole, "Specification", "Pooled r")
    return figure, _describe(rows, whole, "Specification plot", "specification", "With")


def _limits(rows: list[dict], whole: dict | None) -> tuple[float, float]:
    values = [row[k] for row in [*rows, *([whole] if whole else [])]
              for k in ("r", "r_low", "r_high") if row[k] is not None]  # fmt: skip
    if not values:
        raise ValueError("none of the rows has an estimate")
    low, high = max(min(0, *values), -0.6), min(max(0.3, *values), 0.8)
    estimates = [row["r"] for row in rows if row["r"] is not None]
    low, high = min(low, *estimates), max(high, *estimates)
    return math.floor(low * 10 + 1e-9) / 10, math.ceil(high * 10 - 1e-9) / 10


def _list(rows: list[dict], whole: dict | None, head: str, title: str) -> Figure:
    low, high = _limits(rows, whole)
    sheet, x = Sheet(), linear(low, high, _LEFT, _RIGHT)
    style = {"size": 7.2, "color": "soft", "face": "bold"}
    sheet.text(0, 11, head, **style)
    sheet.text(_LEFT, 11, title, **style)
    sheet.text(WIDTH, 11, "r [95 %]", align="right", **style)
    sheet.line((0, 17), (WIDTH, 17), width=0.8)
    y, index = 17.0, 0
    groups: dict[str | None, list[dict]] = {}
    for row in rows:
        groups.setdefault(row["group"], []).append(row)
    for group, members in groups.items():
        if group:
            name = group.replace("_", " ")
            sheet.text(0, y + 14, name[:1].upper() + name[1:], size=7.2, face="bold",
                       color="accent")  # fmt: skip
            y += 19
        for row in members:
            names = wrap(row["label"], _LEFT - 14, 7.8)
            height = 9.6 * len(names) + 6.5
            middle = y + height / 2
            sheet.lines(0, middle - 4.8 * len(names) + 7.2, names, 9.6, size=7.8)
            _references(sheet, x, whole, y, y + height)
            _whisker(sheet, x, row, middle, low, high, f"row-{index}")
            index += 1
            y += height
            sheet.line((0, y), (WIDTH, y), color="rule", width=0.5)
    sheet.line((0, y), (WIDTH, y), width=0.8)
    if whole:
        sheet.text(0, y + 15, "All samples, primary rules", size=8, face="bold")
        _references(sheet, x, whole, y, y + 23)
        ends = [x(whole[k]) for k in ("r_low", "r", "r_high")]
        sheet.diamond(*ends, y + 12, 5, (x(low), x(high)), fill="accent2", gid="pooled")
        _number(sheet, whole, y + 15, "bold")
        y += 23
        sheet.line((0, y), (WIDTH, y), color="rule", width=0.5)
    note = "r (linear scale" + ("; dotted: primary estimate)" if whole else ")")
    sheet.axis(x, y + 6, ticks(low, high, 0.1 if high - low < 0.75 else 0.2), note)
    return sheet.finish(y + 32)


def _references(sheet, x, whole, top, bottom) -> None:
    sheet.line((x(0), top + 1), (x(0), bottom - 1), color="soft", width=0.6)
    if whole:
        sheet.line((x(whole["r"]), top + 1), (x(whole["r"]), bottom - 1), color="accent2",
                   width=0.7, dash=(1.5, 2))  # fmt: skip


def _whisker(sheet, x, row, y, low, high, gid) -> None:
    if row["r"] is None:
        sheet.text(WIDTH, y + 2.7, "no estimate", size=7.2, color="soft", align="right")
        return
    if row["r_low"] is not None and row["r_high"] is not None:
        start, stop = max(row["r_low"], low), min(row["r_high"], high)
        sheet.line((x(start), y), (x(stop), y), width=1.1)
        for cut, end, direction in ((row["r_low"] < low, low, -1), (row["r_high"] > high, high, 1)):
            if cut:
                sheet.arrow(x(end), y, direction, "ink")
    sheet.ring(x(row["r"]), y, 2.9, fill="accent2", edge="paper", width=0.7, gid=gid)
    _number(sheet, row, y + 2.7)


def _number(sheet, row, y, face="regular") -> None:
    has = row["r_low"] is not None and row["r_high"] is not None
    shown = interval_text(row["r_low"], row["r_high"]) if has else "no interval"
    sheet.text(WIDTH, y, shown, size=7.2, color="soft", align="right")
    sheet.text(WIDTH - text_width(shown, 7.2) - 3, y, r_text(row["r"]), size=8, face=face,
               align="right")  # fmt: skip


def _describe(rows, whole, kind, one, word) -> str:
    fitted = [row for row in rows if row["r"] is not None]
    least, most = (f(fitted, key=lambda row: row["r"]) for f in (min, max))
    above = sum(row["r_low"] is not None and row["r_low"] > 0 for row in fitted)
    return alt_text(
        f"{kind} of {count_text(len(rows), one)}.",
        f"The pooled correlation runs from {range_text(least['r'], most['r'])}.",
        f"The lowest value is {word.lower()} “{least['label']}” "
        f"({r_text(least['r'])}), the highest {word.lower()} “{most['label']}” "
        f"({r_text(most['r'])}).",
        f"{above} of {len(fitted)} 95 % intervals lie above zero.",
        f"The primary estimate is {r_text(whole['r'])} "
        f"({range_text(whole['r_low'], whole['r_high'])})."
        if whole
        else None,
        f"{len(rows) - len(fitted)} had no estimate." if len(fitted) < len(rows) else None,
    )
