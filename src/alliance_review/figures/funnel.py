"""The funnel: size of the sample against what it showed, worded results included."""

from __future__ import annotations

import math

from matplotlib.figure import Figure

from .style import WIDTH, Sheet, linear, text_width, ticks
from .wording import alt_text, count_text, r_text

_TOP, _BOTTOM, _LEFT, _RIGHT = 14.0, 234.0, 44.0, 478.0
_Z95 = 1.959963984540054


def funnel(pool: dict) -> tuple[Figure, str]:
    """Draw Fisher z (labelled in r) against its standard error, large samples at the top.

    Printed numbers are points. A worded result is the bar of values that its words allow; bars of
    nearly equal samples are set apart by a few points so that each is seen. The triangle holds
    95 % of observed values if all samples shared the pooled correlation.

    Parameters
    ----------
    pool : dict
        One pool of the results. A row without n is drawn at the middle of ``n_low..n_high`` and
        left out (and counted in the description) when no range is known.

    Returns
    -------
    (Figure, str)
        Axis spaced in Fisher z, standard error ``1 / sqrt(n - 3)``.
    """
    sized = [(row, _size(row), index) for index, row in enumerate(pool["rows"])]
    drawn = [(row, 1 / math.sqrt(n - 3), index) for row, n, index in sized if n]
    if not drawn:
        raise ValueError("a funnel needs at least one row with a sample size")
    pooled = pool["all_reports"]["r"]
    deepest = math.ceil(max(se for _, se, _ in drawn) * 20 + 0.2) / 20
    seen = [row["r"] for row, _, _ in drawn if row["r"] is not None]
    low, high = min(-0.6, *seen, pooled), min(max(0.8, *seen, pooled), 0.95)
    x = linear(math.atanh(max(low, -0.95)), math.atanh(high), _LEFT, _RIGHT)
    y = linear(0, deepest, _TOP, _BOTTOM)
    sheet = Sheet(WIDTH)
    _frame(sheet, x, y, pooled, deepest)
    worded = sorted((item for item in drawn if item[0]["form"] != "exact"), key=lambda i: i[1])
    for (row, _, index), at in zip(worded, _apart([y(se) for _, se, _ in worded]), strict=True):
        _report(sheet, x, at, row, f"row-{index}")
    for row, se, index in drawn:
        if row["form"] == "exact":
            _report(sheet, x, y(se), row, f"row-{index}")
    for value in ticks(0, deepest, 0.05):
        sheet.text(_LEFT - 8, y(value) + 2.5, f"{value:.2f}", size=7, color="soft", align="right")
    grid = [v for v in (-0.6, -0.4, -0.2, 0, 0.2, 0.4, 0.6, 0.8, 0.9)
            if low - 1e-9 <= v <= high + 1e-9]  # fmt: skip
    sheet.axis(lambda v: x(math.atanh(v)), _BOTTOM + 4, grid,
               "Observed correlation r (spaced in Fisher z)")  # fmt: skip
    sheet.text(0, 8, "Standard error of z", size=7, color="soft")
    _key(sheet, _BOTTOM + 40)
    return sheet.finish(_BOTTOM + 46), _describe(pool, drawn, len(sized) - len(drawn))


def _size(row: dict) -> float | None:
    if row.get("n") is not None:
        return row["n"]
    ends = [row.get("n_low"), row.get("n_high")]
    return None if None in ends else sum(ends) / 2


def _apart(places: list[float], gap: float = 6.0) -> list[float]:
    """Spread bars of nearly equal samples evenly around their middle, so that each is seen."""
    groups: list[list[float]] = []
    for place in places:
        groups.append([place])
        while len(groups) > 1 and _span(groups[-1], gap)[0] - _span(groups[-2], gap)[1] < gap:
            groups[-2:] = [groups[-2] + groups[-1]]
    return [_span(group, gap)[0] + gap * i for group in groups for i in range(len(group))]


def _span(group: list[float], gap: float) -> tuple[float, float]:
    middle, half = sum(group) / len(group), gap * (len(group) - 1) / 2
    return middle - half, middle + half


def _frame(sheet, x, y, pooled, deepest) -> None:
    centre = math.atanh(pooled)
    wide = _Z95 * deepest
    apex = (x(centre), y(0))
    # The triangle may reach beyond the axis: its sides are cut at the frame.
    corners = []
    for side in (-1, 1):
        end = x(centre + side * wide)
        if _LEFT <= end <= _RIGHT:
            corners.append([(end, y(deepest))])
        else:
            edge = _LEFT if side < 0 else _RIGHT
            at = apex[1] + (edge - apex[0]) / (end - apex[0]) * (y(deepest) - apex[1])
            corners.append([(edge, at), (edge, y(deepest))])
    sheet.shape([apex, *corners[1], *reversed(corners[0])], fill="band")
    for value in ticks(0, deepest, 0.05):
        sheet.line((_LEFT, y(value)), (_RIGHT, y(value)), color="rule", width=0.4)
    for corner in corners:
        sheet.line(apex, corner[0], color="soft", width=0.6, dash=(3, 2))
    sheet.line((x(0), y(0)), (x(0), y(deepest)), color="soft", width=0.6)
    sheet.line(apex, (apex[0], y(deepest)), color="accent2", width=1)
    sheet.text(apex[0], y(0) - 4, f"pooled {r_text(pooled)}", size=7, color="accent2",
               align="center")  # fmt: skip


def _report(sheet, x, at, row, gid) -> None:
    if row["form"] == "exact":
        value = min(max(row["r"], -0.95), 0.95)
        sheet.ring(x(math.atanh(value)), at, 3.3, fill="accent", edge="paper", width=0.7, gid=gid)
        return
    # Beyond |r| = .999 everything lies outside the frame, and atanh(1) does not exist.
    low, high = (x(math.atanh(min(max(row[k], -0.999), 0.999))) for k in ("r_low", "r_high"))
    ends = [max(low, _LEFT), min(high, _RIGHT)]
    sheet.box(ends[0], at - 2.1, ends[1], at + 2.1, fill="word", alpha=0.8, gid=gid)
    for end, edge, direction in ((ends[0], _LEFT, -1), (ends[1], _RIGHT, 1)):
        if end == edge:
            sheet.arrow(end, at, direction)
        else:
            sheet.line((end, at - 3), (end, at + 3), color="accent", width=1)


def _key(sheet, y) -> None:
    at = _LEFT
    sheet.ring(at + 3, y - 2.5, 3.3, fill="accent", edge="paper", width=0.7)
    at = _said(sheet, at + 10, y, "printed number")
    sheet.box(at, y - 5, at + 16, y, fill="word")
    sheet.line((at, y - 6), (at, y + 1), color="accent", width=1)
    sheet.line((at + 16, y - 6), (at + 16, y + 1), color="accent", width=1)
    at = _said(sheet, at + 21, y, "in words: the value lies in the bar")
    sheet.line((at, y - 2.5), (at + 14, y - 2.5), color="soft", width=0.7, dash=(3, 2))
    _said(sheet, at + 19, y, "95 % of values, were all alike")


def _said(sheet, x, y, text) -> float:
    sheet.text(x, y, text, size=7, color="soft")
    return x + text_width(text, 7) + 14


def _describe(pool: dict, drawn: list, left_out: int) -> str:
    exact = [(row, se) for row, se, _ in drawn if row["form"] == "exact"]
    pooled = math.atanh(pool["all_reports"]["r"])
    outside = sum(abs(math.atanh(row["r"]) - pooled) > _Z95 * se for row, se in exact)
    smallest = max(drawn, key=lambda item: item[1])[0]
    shown = f" (r = {r_text(smallest['r'])})" if smallest["form"] == "exact" else " (in words)"
    return alt_text(
        f"Funnel plot of {count_text(len(drawn), 'report')}: {len(exact)} printed as points, "
        f"{len(drawn) - len(exact)} in words as bars, by standard error.",
        f"The vertical line is the pooled r = {r_text(pool['all_reports']['r'])}.",
        f"{outside} of the {count_text(len(exact), 'printed number')} "
        f"{'lies' if outside == 1 else 'lie'} outside the region that would hold 95 % of values.",
        f"The smallest sample is {smallest['label']}{shown}.",
        f"{count_text(left_out, 'report')} without a sample size could not be drawn."
        if left_out
        else None,
    )
