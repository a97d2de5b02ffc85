"""Our pooled association beside published ones."""

from __future__ import annotations

import math

from matplotlib.figure import Figure

from .style import WIDTH, Sheet, linear, text_width, ticks, wrap
from .wording import alt_text, count_text, interval_text, r_text, range_text

_LEFT, _RIGHT = 236.0, 408.0
_FIELDS = {
    "youth_psychotherapy": "psychotherapy with young people",
    "adherence_outcome": "adherence with outcome",
}


def benchmark_forest(benchmarks: list[dict], ours: dict) -> tuple[Figure, str]:
    """Draw published pooled correlations by field below ours.

    Parameters
    ----------
    benchmarks : list of dict
        ``label``, ``r``, ``r_low``, ``r_high`` (None: no interval published), ``k``, ``n``
        (None: not recorded) and ``field``. Fields keep the order in which they first appear;
            within a field the larger correlation stands first. Optional: ``association`` (what with
        what, written below the label) and ``headline`` (rows where it is false are left out).
    ours : dict
        A pool of the results (``all_reports``, ``printed_only``).

    Returns
    -------
    (Figure, str)
        Axis linear in r.
    """
    benchmarks = [row for row in benchmarks if row.get("headline", True)]
    groups: dict[str, list[dict]] = {}
    for row in benchmarks:
        groups.setdefault(row["field"], []).append(row)
    own = _ours(ours)
    # The interval of the contrast may be very long: it is cut rather than left to set the axis.
    values = [row[key] for row in [own[0], *benchmarks] for key in ("r", "r_low", "r_high")]
    values = [v for v in [*values, *(row["r"] for row in own)] if v is not None]
    low, high = min(0.0, *values), max(0.4, *values)
    step = 0.1 if high - low <= 0.8 else 0.2
    low, high = (round(f(v / step) * step, 1) for f, v in ((math.floor, low + 1e-9),
                                                           (math.ceil, high - 1e-9)))  # fmt: skip
    sheet, x = Sheet(), linear(low, high, _LEFT, _RIGHT)
    style = {"size": 7.2, "color": "soft", "face": "bold"}
    sheet.text(0, 11, "Synthesis", **style)
    sheet.text(190, 11, "k", align="right", **style)
    sheet.text(226, 11, "n", align="right", **style)
    sheet.text(_LEFT, 11, "Pooled correlation", **style)
    sheet.text(WIDTH, 11, "r [95 %]", align="right", **style)
    sheet.line((0, 17), (WIDTH, 17), width=0.8)
    y, mark, reference = 17.0, 0, own[0]
    for title, rows in (("This review", own), *groups.items()):
        sheet.text(0, y + 14, _heading(title), size=7.2, face="bold",
                   color="accent2" if rows is own else "accent")  # fmt: skip
        y += 19
        ranked = rows if rows is own else sorted(rows, key=lambda r: (-r["r"], r["label"]))
        for row in ranked:
            names = wrap(row["label"], 162, 7.8)
            notes = wrap(row["association"], 162, 6.6) if row.get("association") else []
            text = 9.4 * len(names) + 8 * len(notes)
            height = text + 7
            middle = y + height / 2
            after = sheet.lines(0, middle - text / 2 + 7, names, 9.4, size=7.8)
            sheet.lines(0, after - 1, notes, 8, size=6.6, color="soft")
            for value, at in ((row.get("k"), 190), (row.get("n"), 226)):
                sheet.text(at, middle + 2.7, "–" if value is None else f"{value:,}", size=7.2,
                           color="soft", align="right")  # fmt: skip
            _references(sheet, x, reference["r"], y + 1, y + height - 1)
            kind = rows is own, row is not reference
            _glyph(sheet, x, (low, high), row, middle, *kind, f"row-{mark}")
            _number(sheet, row, middle + 2.7, bold=row is reference)
            mark += 1
            y += height
            sheet.line((0, y), (WIDTH, y), color="rule", width=0.5)
    sheet.line((0, y), (WIDTH, y), width=0.8)
    sheet.axis(x, y + 6, ticks(low, high, step), "r (linear scale; dotted: this review)")
    return sheet.finish(y + 32), _describe(benchmarks, groups, own)


def _ours(pool: dict) -> list[dict]:
    whole, printed = pool["all_reports"], pool.get("printed_only") or {}
    rows = [{"label": "All reports", **_of(whole), "k": whole.get("k"), "n": whole.get("n_total")}]
    reml = printed.get("REML")
    if reml and reml.get("r") is not None:
        rows.append({"label": "Printed numbers only", **_of(reml), "k": printed.get("k"),
                     "n": None})  # fmt: skip
    return rows


def _of(estimate: dict) -> dict:
    return {name: estimate.get(name) for name in ("r", "r_low", "r_high")}


def _heading(field: str) -> str:
    text = _FIELDS.get(field, field.replace("_", " "))
    return text[:1].upper() + text[1:]


def _references(sheet, x, pooled, top, bottom) -> None:
    sheet.line((x(0), top), (x(0), bottom), color="soft", width=0.6)
    sheet.line((x(pooled), top), (x(pooled), bottom), color="accent2", width=0.7, dash=(1.5, 2))


def _glyph(sheet, x, ends, row, y, own, lighter, gid) -> None:
    low, high = row["r_low"], row["r_high"]
    if own and low is not None:
        fill = {"fill": "paper", "edge": "accent2", "width": 1} if lighter else {"fill": "accent2"}
        within = x(ends[0]), x(ends[1])
        sheet.diamond(x(low), x(row["r"]), x(high), y, 5, within, gid=gid, **fill)
        for cut, end, direction in ((low < ends[0], ends[0], -1), (high > ends[1], ends[1], 1)):
            if cut:
                sheet.arrow(x(end), y, direction, "accent2")
        return
    if low is not None and high is not None:
        sheet.line((x(low), y), (x(high), y), width=1.1)
    sheet.square(x(row["r"]), y, 5.4, fill="accent2" if own else "accent", gid=gid)


def _number(sheet: Sheet, row: dict, y: float, *, bold: bool) -> None:
    if row["r_low"] is None or row["r_high"] is None:
        shown = "no interval"
    else:
        shown = interval_text(row["r_low"], row["r_high"])
    sheet.text(WIDTH, y, shown, size=7.2, color="soft", align="right")
    sheet.text(WIDTH - text_width(shown, 7.2) - 3, y, r_text(row["r"]), size=8, align="right",
               face="bold" if bold else "regular")  # fmt: skip


def _describe(benchmarks: list[dict], groups: dict, own: list[dict]) -> str:
    main = own[0]
    spans = []
    for field, rows in groups.items():
        values = [row["r"] for row in rows]
        name = _FIELDS.get(field, field.replace("_", " "))
        spans.append(
            f"In the field {name} the {len(rows)} published estimates run from "
            f"{range_text(min(values), max(values))}."
            if len(rows) > 1
            else f"In the field {name} the one published estimate is {r_text(values[0])}."
        )
    above = sum(row["r"] > main["r"] for row in benchmarks)
    return alt_text(
        f"Forest plot of {count_text(len(benchmarks), 'published pooled correlation')} "
        "beside ours.",
        f"Ours is r = {r_text(main['r'])}, 95 % interval "
        f"{range_text(main['r_low'], main['r_high'])} (all reports)"
        + (f", and r = {r_text(own[1]['r'])} from the printed numbers only." if own[1:] else "."),
        *spans,
        f"{above} of {len(benchmarks)} published estimates "
        f"{'is' if above == 1 else 'are'} larger than ours.",
    )
