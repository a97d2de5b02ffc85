"""The forest plot: a table, a plot and a judgement in one row.

A printed number is a square with its interval. A result given in words is the bar in which the
observed correlation must lie. The pooled estimate is a diamond on its prediction interval.
"""

from __future__ import annotations

import math

from matplotlib.figure import Figure

from .style import NARROW, WIDTH, Sheet, linear, text_width, ticks, wrap
from .wording import alt_text, count_text, interval_text, r_text, range_text

_ORDER = {"exact": 0, "significant": 1, "null": 2, "sign": 3}
_WORDS = {"significant": "significant", "null": "not significant", "sign": "direction only"}
_TOLD = 124.0  # where the column "As reported" starts
_LIMIT = 0.8  # intervals of very small samples are cut here, with an arrow


def forest(pool: dict, narrow: bool = False) -> tuple[Figure, str]:
    """Draw every report of a pool with the pooled estimates below.

    Rows stand in two groups, printed numbers first, because the two kinds are read differently;
    within a group the form comes first, then the larger sample, so that weight falls downwards
    and the order does not follow the size of the result.

    Parameters
    ----------
    pool : dict
        One pool of the results (``rows``, ``all_reports``, ``printed_only``). Values are
        correlations r; the axis is linear in r.
    narrow : bool
        Stack each row for a width of 330 points (phones) instead of 490.

    Returns
    -------
    (Figure, str)
        The figure and its description. Row ``i`` of ``pool["rows"]`` carries the id ``row-i``.
    """
    rows = pool["rows"]
    if not rows:
        raise ValueError("a forest plot needs at least one row")
    order = sorted(range(len(rows)), key=lambda i: _sort_key(rows[i], i))
    low, high = _limits(pool)
    plot = _Forest(pool, narrow, low, high)
    plot.header()
    for title, wanted in (("Printed as a number", True), ("Reported in words", False)):
        members = [i for i in order if (rows[i]["form"] == "exact") == wanted]
        if members:
            plot.group(f"{title} ({len(members)})")
        for index in members:
            plot.row(index)
    return plot.close(), _describe(pool)


def _sort_key(row: dict, index: int) -> tuple:
    size = row.get("n") or row.get("n_high") or row.get("n_low") or 0
    return _ORDER.get(row["form"], 9), -size, index


def _limits(pool: dict) -> tuple[float, float]:
    """Axis limits on a grid of .2 that show all estimates; long intervals are cut."""
    ends = [0.0]
    for row in pool["rows"]:
        exact = row["form"] == "exact"
        ends += [v for v in (row["r_low"], row["r_high"]) if exact or abs(v) < 1]
    must = [row["r"] for row in pool["rows"] if row.get("r") is not None]
    low = max(min(ends), -0.6)
    high = max(min(max(ends), _LIMIT), 0.6)
    low, high = min([low, -0.2, *must]), max([high, *must])
    return math.floor(low * 5 + 1e-9) / 5, math.ceil(high * 5 - 1e-9) / 5


class _Forest:
    """The state of one drawing: where the columns are and how far down we are."""

    def __init__(self, pool: dict, narrow: bool, low: float, high: float) -> None:
        self.pool, self.narrow, self.low, self.high = pool, narrow, low, high
        self.sheet = Sheet(NARROW if narrow else WIDTH)
        left, right = (10, NARROW - 10) if narrow else (242, 380)
        self.x = linear(low, high, left, right)
        self.left, self.right = left, right
        self.end = self.sheet.width
        self.y = 0.0

    def header(self) -> None:
        sheet, style = self.sheet, {"size": 7.2, "color": "soft", "face": "bold"}
        self.y = 17
        if self.narrow:
            sheet.text(0, 11, "Sample", **style)
            sheet.text(self.end - 38, 11, "r [95 %]", align="right", **style)
        else:
            sheet.text(0, 11, "Sample", **style)
            sheet.text(_TOLD, 11, "As reported", **style)
            sheet.text(self.left, 11, "Observed correlation", **style)
            sheet.text(self.end - 38, 11, "r [95 %]", align="right", **style)
        sheet.text(self.end, 11, "Weight", align="right", **style)
        sheet.line((0, self.y), (self.end, self.y), color="ink", width=0.8)

    def group(self, title: str) -> None:
        self.sheet.text(0, self.y + 14, title, size=7.2, face="bold", color="accent")
        self.y += 19

    def row(self, index: int) -> None:
        row, sheet = self.pool["rows"][index], self.sheet
        meta = " · ".join((_size(row), *_who_and_when(row)))
        reported = row.get("reported_as") or f"in words: {_WORDS.get(row['form'], row['form'])}"
        if self.narrow:
            names = wrap(row["label"], self.end - 120, 8.4)
            notes = wrap(f"{meta} · {reported}", self.end, 7)
            height = 10 * len(names) + 9 * len(notes) + 25
            sheet.lines(0, self.y + 11, names, 10, size=8.4)
            below = self.y + 11 + 10 * len(names)
            sheet.lines(0, below, notes, 9, size=7, color="soft")
            middle, number_y = self.y + height - 10, self.y + 11
        else:
            names = wrap(row["label"], 118, 8)
            notes = wrap(meta, 118, 6.6)
            told = wrap(reported, 108, 6.8)
            left, right = 9.6 * len(names) + 8.2 * len(notes), 8.4 * len(told)
            height = max(left, right) + (9 if len(self.pool["rows"]) < 15 else 6)
            start = self.y + (height - left) / 2 + 7.4
            after = sheet.lines(0, start, names, 9.6, size=8)
            sheet.lines(0, after - 0.6, notes, 8.2, size=6.6, color="soft")
            middle = self.y + height / 2
            sheet.lines(_TOLD, middle - right / 2 + 6.4, told, 8.4, size=6.8, color="soft")
            number_y = middle + 2.8
        reach = 8 if self.narrow else height / 2 - 1.5
        self._glyph(row, middle, index, reach)
        self._numbers(row, number_y)
        self.y += height
        sheet.line((0, self.y), (self.end, self.y), color="rule", width=0.5)

    def _references(self, top: float, bottom: float) -> None:
        pooled = self.pool["all_reports"]["r"]
        self.sheet.line((self.x(0), top), (self.x(0), bottom), color="soft", width=0.6)
        self.sheet.line((self.x(pooled), top), (self.x(pooled), bottom),
                        color="accent2", width=0.7, dash=(1.5, 2))  # fmt: skip

    def _numbers(self, row: dict, y: float) -> None:
        if row["form"] == "exact":
            shown = interval_text(row["r_low"], row["r_high"])
            self.sheet.text(self.end - 38, y, shown, size=7.2, color="soft", align="right")
            at = self.end - 38 - text_width(shown, 7.2) - 3
            self.sheet.text(at, y, r_text(row["r"]), size=8, align="right")
        else:
            self.sheet.text(self.end - 38, y, "in words", size=7.2, color="soft", align="right")
        weight = row.get("weight")
        share = "–" if weight is None else f"{100 * weight:.0f} %"
        self.sheet.text(self.end, y, share, size=7.6, align="right")

    def _glyph(self, row: dict, y: float, index: int, reach: float) -> None:
        sheet, x = self.sheet, self.x
        start, stop = max(row["r_low"], self.low), min(row["r_high"], self.high)
        left, right = row["r_low"] < self.low - 1e-9, row["r_high"] > self.high + 1e-9
        if row["form"] == "exact":
            self._references(y - reach, y + reach)
            sheet.line((x(start), y), (x(stop), y), color="ink", width=1.1)
            side = 3 + 11 * math.sqrt(max(row.get("weight") or 0, 0))
            sheet.square(x(row["r"]), y, side, fill="accent", gid=f"row-{index}")
        else:
            faint = row.get("n") is None
            sheet.box(x(start), y - 3.6, x(stop), y + 3.6, fill="word",
                      alpha=0.55 if faint else None, gid=f"row-{index}")  # fmt: skip
            self._references(y - reach, y + reach)
            style = {"color": "accent", "width": 0.8 if faint else 1.2}
            style |= {"dash": (1.2, 1.2)} if faint else {}
            for end, cut in ((start, left), (stop, right)):
                if not cut:
                    sheet.line((x(end), y - 5), (x(end), y + 5), **style)
        for cut, end, direction in ((left, self.left, -1), (right, self.right, 1)):
            if cut:
                sheet.arrow(end, y, direction, "ink" if row["form"] == "exact" else "accent")

    def close(self) -> Figure:
        sheet, style = self.sheet, {"size": 7, "color": "soft"}
        sheet.line((0, self.y), (self.end, self.y), color="ink", width=0.8)
        for title, est, lighter in _estimates(self.pool):
            narrow = self.narrow
            sheet.text(0, self.y + 14, title, size=8, face="regular" if lighter else "bold")
            note = _prediction_note(est)
            if note:
                sheet.text(0, self.y + 23.5, note, **(style | {"size": 6.6}))
            middle = self.y + (38 if narrow else 16)
            self._references(middle - (9 if narrow else 14), middle + (9 if narrow else 12))
            self._diamond(est, middle, lighter)
            shown = interval_text(est["r_low"], est["r_high"])
            base = self.y + (14 if narrow else 19)
            sheet.text(self.end - 38, base, shown, size=7.2, color="soft", align="right")
            at = self.end - 38 - text_width(shown, 7.2) - 3
            face = "regular" if lighter else "bold"
            sheet.text(at, base, r_text(est["r"]), size=8, face=face, align="right")
            self.y += 50 if narrow else 31
            sheet.line((0, self.y), (self.end, self.y), color="rule", width=0.5)
        grid = ticks(self.low, self.high, 0.2)
        sheet.axis(self.x, self.y + 6, grid, "r (linear scale; solid line: no association)")
        return sheet.finish(self.y + 32)

    def _diamond(self, est: dict, y: float, lighter: bool) -> None:
        sheet = self.sheet
        clip = lambda v: self.x(min(max(v, self.low), self.high))  # noqa: E731
        low, high = est.get("prediction_r_low"), est.get("prediction_r_high")
        if low is not None and high is not None and not lighter:
            sheet.box(clip(low), y - 2.6, clip(high), y + 2.6, fill="accent2", alpha=0.3)
        elif low is not None and high is not None:
            sheet.line((clip(low), y), (clip(high), y), color="accent2", width=0.8, alpha=0.6)
        shape = {"fill": "paper", "edge": "accent2", "width": 1} if lighter else {"fill": "accent2"}
        sheet.diamond(*(self.x(est[k]) for k in ("r_low", "r", "r_high")), y, 5.5,
                      (self.left, self.right), gid="contrast" if lighter else "pooled",
                      **shape)  # fmt: skip
        ends = [v for v in (est["r_low"], est["r_high"], low, high) if v is not None]
        if min(ends) < self.low - 1e-9:
            sheet.arrow(self.left, y, -1, "accent2")
        if max(ends) > self.high + 1e-9:
            sheet.arrow(self.right, y, 1, "accent2")


def _estimates(pool: dict) -> list[tuple[str, dict, bool]]:
    whole, printed = pool["all_reports"], pool.get("printed_only") or {}
    found = [(f"All reports pooled (k = {whole.get('k', len(pool['rows']))})", whole, False)]
    reml = printed.get("REML")
    if reml and reml.get("r") is not None and reml.get("r_low") is not None:
        found.append((f"Printed numbers only (k = {printed['k']})", reml, True))
    return found


def _prediction_note(est: dict) -> str:
    low, high = est.get("prediction_r_low"), est.get("prediction_r_high")
    return "" if low is None or high is None else f"prediction interval {range_text(low, high)}"


def _size(row: dict) -> str:
    if row.get("n") is None:
        spread = (row.get("n_low"), row.get("n_high"))
        return "n not printed" + (f" ({spread[0]} to {spread[1]})" if None not in spread else "")
    return f"n {row['n']:,}" + (" (assumed)" if row.get("n_basis") == "assumed" else "")


def _who_and_when(row: dict) -> list[str]:
    rater, timing = row.get("rater") or "unclear", row.get("timing") or "unclear"
    unstated = [name for name, value in (("rater", rater), ("timing", timing))
                if value == "unclear"]  # fmt: skip
    stated = [{"other": "another rater"}.get(v, v) for v in (rater, timing) if v != "unclear"]
    return [*stated, *([f"{' and '.join(unstated)} not stated"] if unstated else [])]


def _describe(pool: dict) -> str:
    rows, whole = pool["rows"], pool["all_reports"]
    exact = [row for row in rows if row["form"] == "exact"]
    forms = [row["form"] for row in rows]
    worded = ", ".join(
        f"{forms.count(form)} {word}" for form, word in _WORDS.items() if form in forms
    )
    spread = ""
    if exact:
        values = [row["r"] for row in exact]
        spread = f"The printed correlations run from {range_text(min(values), max(values))}."
    if len(exact) == 1:
        spread = f"The printed correlation is {r_text(exact[0]['r'])}."
    note = _prediction_note(whole)
    contrast = [est for _, est, lighter in _estimates(pool) if lighter]
    missing = sum(row.get("n") is None for row in rows)
    heavy = max(rows, key=lambda row: row.get("weight") or 0)
    return alt_text(
        f"Forest plot of {count_text(len(rows), 'report')}: {len(exact)} with a printed number"
        + (f" and {len(rows) - len(exact)} in words ({worded})." if worded else "."),
        f"All reports pooled give r = {r_text(whole['r'])}, 95 % interval "
        f"{range_text(whole['r_low'], whole['r_high'])}" + (f", {note}." if note else "."),
        *(
            f"The printed numbers alone give r = {r_text(est['r'])}, 95 % interval "
            f"{range_text(est['r_low'], est['r_high'])}."
            for est in contrast
        ),
        spread,
        f"The largest weight is {100 * heavy['weight']:.0f} % ({heavy['label']})."
        if heavy.get("weight") is not None
        else None,
        "A result in words is drawn as the bar in which the observed correlation must lie."
        if worded
        else None,
        f"For {count_text(missing, 'report')} the sample size was not printed."
        if missing
        else None,
    )
