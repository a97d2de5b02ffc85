"""How methods do in simulated reviews: one small panel per way of telling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from .style import WIDTH, Sheet, linear, text_width, ticks, wrap
from .wording import alt_text, count_text, r_text, range_text, tick_text

_COLUMNS, _GAP, _HEIGHT = 3, 14.0, 74.0
#: Method -> colour, whether the mark is filled, its form.
_MARKS = {
    "every_report": ("accent2", True, "ring"),
    "every_report_wide": ("accent2", False, "ring"),
    "printed_reml": ("accent", True, "square"),
    "nulls_as_zero": ("soft", False, "square"),
}
_QUOTED_TAU = 0.1
#: Share of reviews with an answer below which a combination is not drawn.
_FEW = 0.1


def simulated_coverage(
    rows: Sequence[Mapping], regimes: Mapping[str, str], methods: Mapping[str, str]
) -> tuple[Figure, str]:
    """Draw how often the 95 % interval holds the true mean.

    Parameters
    ----------
    rows : sequence of mapping
        ``regime``, ``r``, ``tau``, ``method``, ``reviews``, ``answers``, ``coverage`` (None: not
        defined). Rows in which fewer than a tenth of the reviews have an answer are left out.
    regimes, methods : mapping
        Name -> title, in the order of the panels and of the marks; methods with a mark of their
        own are drawn, the others passed over.

    Returns
    -------
    (Figure, str)
        Shares below one half are drawn at the lower edge, as arrows.
    """
    drawn = _Panels(rows, regimes, methods, "coverage", 0.5, 1.0, 0.1, 0.95)
    figure = drawn.draw("Share of intervals that hold the true mean, by true r")
    return figure, drawn.describe(
        f"Coverage of 95 % intervals in {count_text(len(regimes), 'way', 'ways')} of telling, one "
        "panel each, against the true correlation."
    )


def simulated_bias(
    rows: Sequence[Mapping], regimes: Mapping[str, str], methods: Mapping[str, str]
) -> tuple[Figure, str]:
    """Draw how far estimates lie from the true mean on average, on Fisher z.

    Parameters and result as for ``simulated_coverage``, with ``bias`` in the rows. Other limits
    around the same estimate are not drawn.
    """
    methods = {name: title for name, title in methods.items() if name != "every_report_wide"}
    drawn = _Panels(rows, regimes, methods, "bias", -0.2, 0.2, 0.1, 0.0)
    figure = drawn.draw("Mean error of the estimate (Fisher z), by true r")
    return figure, drawn.describe(
        f"Bias on Fisher z in {count_text(len(regimes), 'way', 'ways')} of telling, one panel "
        "each, against the true correlation."
    )


class _Panels:
    """The grid of panels of one measure."""

    def __init__(self, rows, regimes, methods, measure, low, high, step, aim):
        self.rows = [row for row in rows if row[measure] is not None and row["method"] in _MARKS
                     and row["answers"] >= _FEW * row["reviews"]]  # fmt: skip
        self.regimes, self.measure = regimes, measure
        self.methods = {name: title for name, title in methods.items() if name in _MARKS}
        self.low, self.high, self.step, self.aim = low, high, step, aim
        missing = [name for name in regimes if not self.of(name)]
        if missing:
            raise ValueError(f"no rows of {missing[0]!r}")

    def of(self, regime: str, **wanted) -> list[Mapping]:
        wanted["regime"] = regime
        return [row for row in self.rows if all(row[k] == v for k, v in wanted.items())]

    def draw(self, title: str) -> Figure:
        sheet = Sheet()
        sheet.text(0, 9, title, size=7.2, face="bold", color="soft")
        y = self._legend(sheet, 22)
        width = (WIDTH - _GAP * (_COLUMNS - 1)) / _COLUMNS
        names = list(self.regimes)
        for start in range(0, len(names), _COLUMNS):
            for place, name in enumerate(names[start : start + _COLUMNS]):
                self._panel(sheet, place * (width + _GAP), y, width, name, start + place)
            y += _HEIGHT + 38
        return sheet.finish(y - 6)

    def _legend(self, sheet, y) -> float:
        x = 0.0
        for name, title in self.methods.items():
            wide = 12 + text_width(title, 7) + 14
            if x + wide > WIDTH:
                x, y = 0.0, y + 11
            _mark(sheet, x + 4, y - 2.5, name)
            sheet.text(x + 12, y, title, size=7)
            x += wide
        spreads = [tick_text(tau) for tau in sorted({row["tau"] for row in self.rows})]
        over = " and ".join(filter(None, (", ".join(spreads[:-1]), spreads[-1])))
        lines = wrap(f"Mark: true effects with a standard deviation of {tick_text(_QUOTED_TAU)}; "
                     f"line: range over {over}; dashed: what it should be", WIDTH, 7)  # fmt: skip
        return sheet.lines(0, y + 11, lines, 10, size=7, color="soft") + 2

    def _panel(self, sheet, left, top, width, regime, index) -> None:
        sheet.text(left, top + 8, self.regimes[regime], size=7.6, face="bold", color="accent")
        top += 14
        bottom, inner = top + _HEIGHT, left + 20
        y = linear(self.low, self.high, bottom - 4, top + 4)
        truths = sorted({row["r"] for row in self.of(regime)})
        x = linear(truths[0], truths[-1] + 1e-9, inner + 17, left + width - 15)
        for value in ticks(self.low, self.high, self.step):
            sheet.line((inner, y(value)), (left + width, y(value)), color="rule", width=0.4)
            sheet.text(inner - 3, y(value) + 2.4, tick_text(value), size=6.4, color="soft",
                       align="right")  # fmt: skip
        sheet.line((inner, y(self.aim)), (left + width, y(self.aim)), color="soft", width=0.8,
                   dash=(2, 2))  # fmt: skip
        for r in truths:
            sheet.text(x(r), bottom + 8, tick_text(r), size=6.4, color="soft", align="center")
        apart = 6.0
        for place, method in enumerate(self.methods):
            for r in truths:
                cells = self.of(regime, method=method, r=r)
                if cells:
                    at = x(r) + apart * (place - (len(self.methods) - 1) / 2)
                    self._point(sheet, at, y, cells, method, f"panel-{index}")

    def _point(self, sheet, at, y, cells, method, gid) -> None:
        color = _MARKS[method][0]
        values = [row[self.measure] for row in cells]
        low, high = (min(max(f(values), self.low), self.high) for f in (min, max))
        sheet.line((at, y(low)), (at, y(high)), color=color, width=0.9)
        for cut, end, way in ((min(values) < self.low, self.low, 1),
                              (max(values) > self.high, self.high, -1)):  # fmt: skip
            if cut:
                tip = y(end) + 3 * way
                sheet.line((at - 2, tip - 3 * way), (at, tip), (at + 2, tip - 3 * way), color=color)
        middle = [row[self.measure] for row in cells if row["tau"] == _QUOTED_TAU]
        if middle and self.low <= middle[0] <= self.high:
            _mark(sheet, at, y(middle[0]), method, gid)

    def describe(self, first: str) -> str:
        method = next(iter(self.methods))
        title = self.methods[method]
        spans = {name: [row[self.measure] for row in self.of(name, method=method)]
                 for name in self.regimes}  # fmt: skip
        worst = max(spans, key=lambda n: max(abs(v - self.aim) for v in spans[n]))
        parts = [f"{self.regimes[name]}, {_span(values)}" for name, values in spans.items()]
        others = []
        for name, words in list(self.methods.items())[1:]:
            values = [row[self.measure] for row in self.rows if row["method"] == name]
            others.append(f"{words}, {_span(values)}")
        return alt_text(
            first,
            f"{title}: farthest from {r_text(self.aim)} with “{self.regimes[worst]}” "
            f"({_span(spans[worst])}).",
            f"By panel: {'; '.join(parts)}.",
            f"Over all panels, {'; '.join(others)}." if others else None,
        )


def _span(values) -> str:
    low, high = min(values), max(values)
    return r_text(low) if low == high else range_text(low, high)


def _mark(sheet, x, y, method, gid=None) -> None:
    color, filled, form = _MARKS[method]
    style = {"fill": color if filled else "paper", "edge": "paper" if filled else color,
             "width": 0.6 if filled else 1.0, "gid": gid}  # fmt: skip
    if form == "ring":
        sheet.ring(x, y, 2.6, **style)
    else:
        sheet.square(x, y, 4.4, **style)
