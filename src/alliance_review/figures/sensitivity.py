"""What the pools would be if results were missing, or if printing depended on size."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from .sensitivity_panels import Axis, Panel, Series, draw_panels
from .wording import alt_text, count_text, r_text, tick_text

#: Kind of selection -> what the drawing calls it, shift of its marks in points, filled or not.
_KINDS = {
    "two-sided": ("not significant rarer", -3.6, True),
    "positive": ("significant negative rarer too", 3.6, False),
}


def selection_sensitivity(
    pools: Mapping[str, Mapping], whole: Mapping[str, Mapping] | None = None
) -> tuple[Figure, str]:
    """Draw each pool if disfavoured results entered the record less often than others.

    Parameters
    ----------
    pools : mapping
        Name -> mapping whose ``selected`` holds rows for ``two-sided`` (results that are not
        significant are rarer) and ``positive`` (so are significant negative ones). A row has
        ``weight`` (above 0, at most 1; 1 is a complete record) and ``r``, ``r_low``, ``r_high``
        (None: no estimate exists).
    whole : mapping, optional
        Name -> estimate with ``r``, the dotted line; by default that of weight 1.

    Returns
    -------
    (Figure, str)
        One panel per pool; the horizontal axis is logarithmic in the weight, the vertical one
        linear in r.

    Raises
    ------
    ValueError
        Nothing to draw, a weight out of range, or kinds that differ about the complete record.
    """
    panels = []
    for name, pool in pools.items():
        series = []
        for kind, (label, shift, filled) in _KINDS.items():
            cells = _cells(name, pool["selected"].get(kind), "weight")[::-1]
            if not all(0 < weight <= 1 for weight, _ in cells):
                raise ValueError(f"a weight of pool {name!r} is not above 0 and at most 1")
            series.append(Series(kind, cells, label, shift, filled))
        panels.append(_panel(name, series, 1.0, whole))
    weights = sorted(_values(panels, 1.0), reverse=True)
    axis = Axis(weights, 1.0, math.log, _one_in, "of them enter the record")
    figure = draw_panels(
        panels, axis, "Pooled r with its 95 % interval if results that are not significant enter "
        "the record less often",
        ["diamond, dotted: complete record", "horizontal scale: logarithmic"],
    )  # fmt: skip
    last = _one_in(weights[-1])
    return figure, _describe(
        panels,
        "if some results enter the record less often",
        axis, "complete record", f"at {last}",
    )  # fmt: skip


def tilt_sensitivity(pools: Mapping[str, Mapping]) -> tuple[Figure, str]:
    """Draw each pool if larger significant results were printed as numbers more readily.

    Parameters
    ----------
    pools : mapping
        Name -> mapping whose ``tilted`` holds rows with ``tilt`` (rise of the log odds of printing
        per standard error beyond the critical value; 0: regardless of size) and ``r``, ``r_low``,
        ``r_high`` (None: no estimate exists).

    Returns
    -------
    (Figure, str)
        One panel per pool; both axes are linear.

    Raises
    ------
    ValueError
        Nothing to draw.
    """
    panels = [
        _panel(name, [Series("tilt", _cells(name, pool["tilted"], "tilt"))], 0.0, None)
        for name, pool in pools.items()
    ]
    tilts = _values(panels, 0.0)
    axis = Axis(tilts, 0.0, float, _tilt_text, "tilt towards large results")
    figure = draw_panels(
        panels, axis, "Pooled r with its 95 % interval if the size of a significant result decides "
        "whether it is printed",
        ["diamond, dotted: tilt 0, printed regardless of size", "tilt: rise of the log odds of a "
         "printed number per standard error beyond the critical value"],
    )  # fmt: skip
    first, last = _tilt_text(tilts[0]), _tilt_text(tilts[-1])
    return figure, _describe(
        panels,
        "if the size of a significant result decides whether it is printed, for tilts from "
        f"{first} to {last}",
        axis, "tilt 0", f"at tilt {last}",
    )  # fmt: skip


def _cells(name: str, rows: Sequence[Mapping] | None, key: str) -> list[tuple[float, Mapping]]:
    if not rows:
        raise ValueError(f"pool {name!r} has no rows to draw")
    return sorted(((float(row[key]), row) for row in rows), key=lambda cell: cell[0])


def _panel(name, series, neutral, whole) -> Panel:
    """Take the shared start out of the series, so that it is drawn once."""
    starts = [row for part in series for value, row in part.cells if value == neutral]
    for row in starts[1:]:
        if any(not _same(row[k], starts[0][k]) for k in ("r", "r_low", "r_high")):
            raise ValueError(f"the kinds of pool {name!r} differ about the complete record")
    start = starts[0] if starts else None
    reference = whole[name]["r"] if whole and name in whole else start and start["r"]
    rest = [part._replace(cells=[c for c in part.cells if c[0] != neutral]) for part in series]
    return Panel(name[:1].upper() + name[1:].replace("_", " "), start, reference, rest)


def _same(one: float | None, two: float | None) -> bool:
    return one is two or (None not in (one, two) and math.isclose(one, two, abs_tol=1e-6))


def _values(panels: list[Panel], neutral: float) -> list[float]:
    if not panels:
        raise ValueError("there is no pool to draw")
    found = {value for panel in panels for part in panel.series for value, _ in part.cells}
    if not found:
        raise ValueError("there is nothing to draw beside the pools as they are")
    return sorted(found | {neutral})


def _tilt_text(tilt: float) -> str:
    return tick_text(tilt) if abs(tilt) < 1 else f"{tilt:g}".replace("-", "\N{MINUS SIGN}")


def _one_in(weight: float) -> str:
    many = 1 / weight
    whole = abs(many - round(many)) < 1e-9
    return "all" if weight == 1 else f"1 in {round(many)}" if whole else r_text(weight)


def _describe(panels: list[Panel], condition: str, axis: Axis, begin: str, end: str) -> str:
    rows = [row for panel in panels for row in panel.rows()]
    missing = sum(row["r"] is None for row in rows)
    return alt_text(
        f"Pooled r of {count_text(len(panels), 'pool')} with 95 % intervals, {condition}.",
        *(
            _told(panel, axis, begin, end, brief=index > 0 and _ends(panel) == _ends(panels[0]))
            for index, panel in enumerate(panels)
        ),
        _zero(panels, axis, begin),
        f"{count_text(missing, 'value')} {'has' if missing == 1 else 'have'} no estimate."
        if missing
        else None,
    )


def _ends(panel: Panel) -> tuple[bool, list[float]]:
    """What the sentence of a panel is made of: where this is equal, one order tells both."""
    return panel.start is None, [part.cells[-1][0] for part in panel.series if part.cells]


def _told(panel: Panel, axis: Axis, begin: str, end: str, brief: bool) -> str:
    """One pool: its value at the start and at the end of the axis, by series."""
    told = []
    if panel.start is not None:
        told.append(_value(panel.start) if brief else f"{begin} {_value(panel.start)}")
    at = "" if brief else f"{end} "
    for part in panel.series:
        for value, row in part.cells:
            if value == axis.values[-1]:
                words = "" if brief or not part.label else f" ({part.label})"
                told.append(f"{at}{_value(row)}{words}")
                at = ""
    line = panel.reference
    if line is not None and (panel.start is None or not _same(line, panel.start["r"])):
        told.append(f"dotted line at {r_text(line)}")
    return f"{panel.title}: {', '.join(told)}."


def _value(row: Mapping) -> str:
    if row["r"] is None:
        return "no estimate"
    bare = row["r_low"] is None or row["r_high"] is None
    return f"{r_text(row['r'])} (no interval)" if bare else r_text(row["r"])


def _zero(panels: list[Panel], axis: Axis, begin: str) -> str:
    """How many intervals hold zero, and which, by series."""
    held: dict[str, list[str]] = {}
    known = zero = 0
    for panel in panels:
        start = [] if panel.start is None else [(axis.neutral, panel.start)]
        for label, cells in ((begin, start), *((part.label, part.cells) for part in panel.series)):
            limits = [(v, row["r_low"], row["r_high"]) for v, row in cells]
            limits = [cell for cell in limits if None not in cell]
            places = [axis.write(v) for v, low, high in limits if low <= 0 <= high]
            known, zero = known + len(limits), zero + len(places)
            if places:
                at = "" if label == begin else f" at {' and '.join(places)}"
                held.setdefault(label, []).append(f"{panel.title}{at}")
    if not known:
        return "None has an interval."
    which = [", ".join(found) + (f" ({label})" if label else "") for label, found in held.items()]
    return (
        f"{zero} of {count_text(known, 'interval')} {'holds' if zero == 1 else 'hold'} zero"
        f"{': ' if which else ''}{'; '.join(which)}."
    )
