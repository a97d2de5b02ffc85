"""The specification curve: every combination of choices, and which choices each point has."""

from __future__ import annotations

import math

from matplotlib.figure import Figure

from .strokes import segments
from .style import WIDTH, Sheet, linear, text_width, ticks
from .wording import alt_text, count_text, r_text, range_text, tick_text

_LEFT, _RIGHT = 122.0, WIDTH - 4
_TOP, _BOTTOM = 36.0, 206.0
_LANE, _GAP = 9.6, 5.0
_TALL, _SHORT = 6.6, 2.6  # ticks
_CUT = (-0.4, 0.8)


def multiverse_curve(tree: dict, whole: dict | None = None) -> tuple[Figure, str]:
    """Draw the pooled correlation of every distinct specification, ranked, above its choices.

    Parameters
    ----------
    tree : dict
        ``points`` (columns ``r``, ``r_low``, ``r_high``, ``reached``, ``code``, ranked by r),
        ``choices`` (questions with their ``levels``) and ``summary`` (counts, and
        ``primary_place``).
    whole : dict, optional
        The primary estimate (``r``, ``r_low``, ``r_high``), drawn as the reference.

    Returns
    -------
    (Figure, str)
        A tick in a lane stands where at least one recipe with that answer leads to the point.
        Intervals are cut off at -.4 and .8.
    """
    points = _rows(tree["points"])
    if len(points) < 2:
        raise ValueError("a specification curve needs at least two points")
    sheet = Sheet()
    x = linear(-0.5, len(points) - 0.5, _LEFT, _RIGHT)
    low, high = _limits(points)
    y = linear(low, high, _BOTTOM, _TOP)
    _legend(sheet)
    for value in ticks(low, high, 0.2):
        sheet.line((_LEFT, y(value)), (_RIGHT, y(value)), color="rule" if value else "soft",
                   width=0.5 if value else 0.7)  # fmt: skip
        sheet.text(_LEFT - 5, y(value) + 2.5, tick_text(value), size=7, color="soft",
                   align="right")  # fmt: skip
    sheet.text(0, y((low + high) / 2), "Pooled r", size=7.6, face="bold")
    sheet.text(0, y((low + high) / 2) + 9.5, "95 % interval", size=7, color="soft")
    _intervals(sheet, points, x, y, low, high)
    bottom = _lanes(sheet, points, tree["choices"], x)
    _primary(sheet, tree["summary"]["primary_place"], whole, x, y, bottom)
    note = f"{count_text(len(points), 'distinct specification')}, ranked by pooled r"
    if low == _CUT[0] or high == _CUT[1]:
        note += "; long intervals end at the frame"
    sheet.text((_LEFT + _RIGHT) / 2, bottom + 12, note, size=7, color="soft", align="center")
    return sheet.finish(bottom + 18), _describe(tree, points, whole)


def _rows(columns: dict) -> list[dict]:
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return [
        row | {"above": row["r_low"] > 0, "bits": [int(b, 16) for b in row["reached"].split(".")]}
        for row in rows
    ]


def _limits(points: list[dict]) -> tuple[float, float]:
    low = min(0.0, *(p["r_low"] for p in points))
    high = max(0.4, *(p["r_high"] for p in points))
    low, high = max(low, _CUT[0]), min(high, _CUT[1])
    return math.floor(low * 5 + 1e-9) / 5, math.ceil(high * 5 - 1e-9) / 5


def _legend(sheet: Sheet) -> None:
    at = _LEFT
    for color, words in (("accent2", "interval above zero"), ("mid", "interval holds zero"),
                         ("accent", "printed numbers only")):  # fmt: skip
        if color == "accent":
            sheet.square(at + 4, 6.5, 4.6, fill="accent")
        else:
            tall = _TALL if color == "accent2" else _SHORT
            sheet.line((at, 6.5), (at + 8, 6.5), color=color, width=tall)
        sheet.text(at + 12, 9, words, size=7, color="soft")
        at += 12 + text_width(words, 7) + 14


def _intervals(sheet, points, x, y, low, high) -> None:
    pitch = (_RIGHT - _LEFT) / len(points)
    width = min(1.4, 0.72 * pitch)

    def ends(i, point):
        cut = [min(max(point[key], low), high) for key in ("r_low", "r_high")]
        return (x(i), y(cut[0])), (x(i), y(cut[1]))

    ranked = list(enumerate(points))
    numbers = [(i, p) for i, p in ranked if p.get("k") == p.get("k_exact", -1)]
    for color, above in (("mid", False), ("accent2", True)):
        chosen = [ends(i, p) for i, p in ranked if p["above"] == above]
        segments(sheet, chosen, color=color, width=width, alpha=0.45 if above else None)
    segments(sheet, [ends(i, p) for i, p in numbers], color="accent", width=0.9)
    sheet.line(*((x(i), y(p["r"])) for i, p in ranked), color="ink", width=1.5)
    for i, point in numbers:
        sheet.square(x(i), y(point["r"]), 4.6, fill="accent", edge="paper", width=0.5,
                     gid=f"mark-{i}")  # fmt: skip


def _lanes(sheet, points, choices, x) -> float:
    at = _BOTTOM + 14
    for place, question in enumerate(choices):
        sheet.line((0, at - 2.4), (_RIGHT, at - 2.4), color="rule", width=0.5)
        for level, answer in enumerate(question["levels"]):
            sheet.text(0, at + _LANE - 2.2, answer["label"], size=7,
                       face="bold" if answer["primary"] else "regular")  # fmt: skip
            # shorter where the interval holds zero: the two must differ without colour, too
            for color, above, tall in (("mid", False, _SHORT), ("accent2", True, _TALL)):
                here = [i for i, p in enumerate(points)
                        if p["above"] == above and p["bits"][place] >> level & 1]  # fmt: skip
                runs = [((x(a - 0.5), at + _LANE / 2), (x(b + 0.5), at + _LANE / 2))
                        for a, b in _runs(here)]  # fmt: skip
                segments(sheet, runs, color=color, width=tall)
            at += _LANE
        at += _GAP
    return at - _GAP


def _runs(places: list[int]) -> list[tuple[int, int]]:
    """First and last of every run of neighbours in an ascending list."""
    runs: list[list[int]] = []
    for place in places:
        if runs and place == runs[-1][1] + 1:
            runs[-1][1] = place
        else:
            runs.append([place, place])
    return [(first, last) for first, last in runs]


def _primary(sheet, place, whole, x, y, bottom) -> None:
    sheet.line((x(place), _TOP - 3), (x(place), bottom), color="ink", width=0.7, dash=(1.5, 2))
    if whole is None:
        return
    sheet.ring(x(place), y(whole["r"]), 3.4, fill="paper", edge="ink", width=1.3, gid="pooled")
    words = f"primary: {r_text(whole['r'])}"
    half = text_width(words, 7.6, "bold") / 2
    middle = min(max(x(place), _LEFT + half), _RIGHT - half)
    sheet.text(middle, _TOP - 6, words, size=7.6, face="bold", align="center")


def _describe(tree: dict, points: list[dict], whole: dict | None) -> str:
    above = sum(p["above"] for p in points)
    summary = tree["summary"]
    middle = sorted(p["r"] for p in points)[len(points) // 2]
    parts = []
    for question in tree["choices"]:
        moved = [a for a in question["levels"] if abs(a.get("change") or 0) >= 0.03]
        parts += [f"{a['label']} ({'+' if a['change'] > 0 else ''}{r_text(a['change'])})"
                  for a in moved]  # fmt: skip
    return alt_text(
        f"Specification curve of {count_text(len(points), 'distinct specification')}, which "
        f"{summary['specifications']:,} combinations of choices lead to.",
        f"The pooled correlation runs from {range_text(points[0]['r'], points[-1]['r'])}; the "
        f"middle one is {r_text(middle)}.",
        f"{above:,} of {len(points):,} 95 % intervals lie above zero.",
        f"The primary estimate is {r_text(whole['r'])} "
        f"({range_text(whole['r_low'], whole['r_high'])})."
        if whole
        else None,
        f"Answers whose median change of r is .03 or more: {', '.join(parts)}." if parts else None,
        "Lanes below the curve show which answers lead to each point.",
    )
