"""What a single further study would do to the pool, by what it reports and how large it is."""

from __future__ import annotations

import math

from matplotlib.figure import Figure

from .style import WIDTH, Sheet, linear, ticks
from .wording import alt_text, count_text, r_text, range_text, tick_text

_GUTTER, _LEFT, _TALL = 24.0, 30.0, 108.0


def tipping_study(single: dict, whole: dict | None = None) -> tuple[Figure, str]:
    """Draw the pooled correlation and its interval against the size of one further study.

    Parameters
    ----------
    single : dict
        ``kinds`` (each with ``label``, ``curve`` of columns ``n``, ``r``, ``r_low``, ``r_high``,
        and ``holds_zero`` and ``below_small`` with the smallest ``n``, None where there is none),
        ``small``, ``largest``. Optional in each kind, and then in all: the column ``t_low``, the
        lower limit of t, with ``holds_zero_t``.
    whole : dict, optional
        The pool without a further study, drawn as the reference.

    Returns
    -------
    (Figure, str)
        One panel per kind of report; the horizontal axis is logarithmic in n, the vertical one
        linear in r.
    """
    kinds = list(single["kinds"].values())
    if not kinds:
        raise ValueError("there is no kind of further study to draw")
    with_t = all("t_low" in kind["curve"] for kind in kinds)
    ends = ("r_low", "r_high", "t_low") if with_t else ("r_low", "r_high")
    values = [v for kind in kinds for name in ends for v in kind["curve"][name]]
    low = max(math.floor(min(0.0, *values) * 10) / 10, -0.6)
    high = min(math.ceil(max(0.3, *values) * 10 - 1e-9) / 10, 0.9)
    wide = (WIDTH - _GUTTER) / 2
    sheet, y, sides = Sheet(), 0.0, (0.0, wide + _GUTTER)
    for place, kind in enumerate(kinds):
        last = place >= len(kinds) - 2
        _panel(sheet, kind, sides[place % 2], y, wide, (low, high), single["small"], whole, last)
        if place % 2 or place == len(kinds) - 1:
            y += _TALL + 42
    note = f"dashed: r = {r_text(single['small'])}"
    if whole:
        note = f"dotted: the pool without a further study; {note}"
    if with_t:
        note += "; thin line: lower limit of t"
    sheet.text(WIDTH / 2, y + 13, note, size=7, color="soft", align="center")
    return sheet.finish(y + 18), _describe(single, kinds, whole)


def _panel(sheet, kind, left, top, wide, limits, small, whole, last) -> None:
    low, high = limits
    curve = kind["curve"]
    x0, x1, upper, foot = left + _LEFT, left + wide - 16, top + 18, top + 18 + _TALL
    scale = linear(math.log10(curve["n"][0]), math.log10(curve["n"][-1]), x0, x1)
    y = linear(low, high, foot, upper)

    def x(n: float) -> float:
        return scale(math.log10(n))

    def cut(value: float) -> float:
        return y(min(max(value, low), high))

    head = kind["label"]
    sheet.text(left, top + 9, head[:1].upper() + head[1:], size=8, face="bold")
    for value in ticks(low, high, 0.1):
        sheet.line((x0, y(value)), (x1, y(value)), color="rule" if value else "ink",
                   width=0.4 if value else 0.7)  # fmt: skip
        sheet.text(x0 - 5, y(value) + 2.5, tick_text(value), size=7, color="soft", align="right")
    band = [(x(n), cut(v)) for n, v in zip(curve["n"], curve["r_high"], strict=True)]
    band += [(x(n), cut(v)) for n, v in reversed(list(zip(curve["n"], curve["r_low"],
                                                          strict=True)))]  # fmt: skip
    sheet.shape(band, fill="accent2", alpha=0.22)
    sheet.line((x0, y(small)), (x1, y(small)), color="soft", width=0.7, dash=(3, 2))
    if whole:
        sheet.line((x0, y(whole["r"])), (x1, y(whole["r"])), color="ink", width=0.8,
                   dash=(1.5, 2))  # fmt: skip
    if "t_low" in curve:
        sheet.line(*((x(n), cut(v)) for n, v in zip(curve["n"], curve["t_low"], strict=True)),
                   color="accent2", width=0.7)  # fmt: skip
    sheet.line(*((x(n), cut(v)) for n, v in zip(curve["n"], curve["r"], strict=True)),
               color="accent2", width=1.7)  # fmt: skip
    for name in ("holds_zero", "below_small"):
        if kind[name]["n"] is not None:
            value = 0.0 if name == "holds_zero" else small
            sheet.ring(x(kind[name]["n"]), y(value), 3.2, fill="paper", edge="ink", width=1.2,
                       gid="mark")  # fmt: skip
    first = math.ceil(math.log10(curve["n"][0]) - 1e-9)
    powers = [10**p for p in range(first, int(math.log10(curve["n"][-1]) + 1e-9) + 1)]
    sheet.axis(x, foot + 4, powers, "People in the further study (log scale)" if last else "",
               write=lambda n: f"{n:,.0f}")  # fmt: skip


def _holds(found: dict) -> str:
    if found["n"] is None:
        return "above zero throughout"
    stop = f" to {found['until']:,}" if found["until"] else " on"
    return f"and the interval of t holds zero from n = {found['n']:,}{stop}"


def _describe(single: dict, kinds: list[dict], whole: dict | None) -> str:
    told = []
    for kind in kinds:
        marks = [
            f"{words} from n = {kind[name]['n']:,}"
            for name, words in (("holds_zero", "the interval holds zero"),
                                ("below_small", f"r is below {r_text(single['small'])}"))
            if kind[name]["n"] is not None
        ]  # fmt: skip
        curve = kind["curve"]
        told.append(
            f"{kind['label'][:1].upper()}{kind['label'][1:]}: the pooled r runs from "
            f"{range_text(min(curve['r']), max(curve['r']))}, the lowest limit is "
            f"{r_text(min(curve['r_low']))}; {' and '.join(marks) or 'neither is reached'}."
            + (f" The lowest limit of t is {r_text(min(curve['t_low']))}, "
               f"{_holds(kind['holds_zero_t'])}." if "t_low" in curve else "")
        )  # fmt: skip
    return alt_text(
        f"Pooled correlation and 95 % interval with one further study of 10 to "
        f"{single['largest']:,} people, for {count_text(len(kinds), 'kind')} of report.",
        f"Marks show where the interval comes down to zero or r below {r_text(single['small'])}.",
        f"Without it r is {r_text(whole['r'])} ({range_text(whole['r_low'], whole['r_high'])})."
        if whole
        else None,
        *told,
    )
