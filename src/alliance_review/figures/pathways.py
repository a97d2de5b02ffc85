"""From association to consequence: the adherence path and the policy scenario."""

from __future__ import annotations

from matplotlib.figure import Figure

from .style import WIDTH, Sheet, linear, nice_step, ticks, wrap
from .wording import alt_text, count_text, r_text, range_text

_LINKS = ("relationship_adherence", "adherence_outcome", "relationship_outcome", "indirect",
          "direct")  # fmt: skip


def path_diagram(values: dict) -> tuple[Figure, str]:
    """Draw relationship, adherence and outcome with the correlation on each arrow.

    Parameters
    ----------
    values : dict
        ``relationship_adherence``, ``adherence_outcome``, ``relationship_outcome``: a correlation,
        a dict with ``r`` and optionally ``r_low``, ``r_high``, ``k``, or None (not recorded).
        Optional: ``label`` (source of the link from adherence to outcome); ``indirect``,
        ``direct`` (standardised effects) and ``share`` (indirect over total), each with an
        ``..._interval`` of ``low`` and ``high``.
    """
    values = {**values, **{name: _as_dict(values, name) for name in _LINKS}}
    sheet = Sheet()
    boxes = {
        "relationship": (0.5, 104.0, "Therapeutic relationship"),
        "adherence": (182.0, 8.0, "Taking the medicine"),
        "outcome": (WIDTH - 126.5, 104.0, "Outcome of treatment"),
    }
    wide, tall = 126.0, 34.0
    for left, top, label in boxes.values():
        sheet.box(left, top, left + wide, top + tall, fill="band", edge="rule", width=0.8,
                  gid="stage")  # fmt: skip
        lines = wrap(label, wide - 12, 8, "bold")
        sheet.lines(left + wide / 2, top + tall / 2 + 3 - 4.8 * (len(lines) - 1), lines, 9.6,
                    size=8, face="bold", align="center")  # fmt: skip
    _arrow(sheet, (64, 104), (182, 25))
    _arrow(sheet, (308, 25), (WIDTH - 64, 104))
    _arrow(sheet, (126.5, 121), (WIDTH - 126.5, 121))
    _say(sheet, 104, 55, values.get("relationship_adherence"), "right")
    _say(sheet, WIDTH - 104, 55, values.get("adherence_outcome"), "left")
    _say(sheet, WIDTH / 2, 108, values.get("relationship_outcome"), "center")
    y = 138.0
    lines = [
        f"{name}: {_number(values[key])}"
        for key, name in (("indirect", "Through adherence"), ("direct", "Not through adherence"))
        if values.get(key)
    ]
    if values.get("share") is not None:
        lines.append(f"Share through adherence: {_share(values)}")
    if lines:
        sheet.line((0, y + 14), (WIDTH, y + 14), color="rule", width=0.6)
        sheet.text(0, y + 28, "If the arrows were causes:", size=7.6, color="soft")
        y = sheet.lines(126, y + 28, lines, 11.5, size=7.8) - 7
    parts = [
        f"from {a} to {b} r = {_number(values.get(key))}" if values.get(key)
        else f"from {a} to {b} not recorded"
        for key, a, b in (
            ("relationship_adherence", "relationship", "taking the medicine"),
            ("adherence_outcome", "taking the medicine", "outcome"),
            ("relationship_outcome", "relationship", "outcome"),
        )
    ]  # fmt: skip
    return sheet.finish(y + 4), alt_text(
        "Path diagram with three correlations: " + "; ".join(parts) + ".",
        "If the arrows were causes: " + "; ".join(text[0].lower() + text[1:] for text in lines)
        + "." if lines else None,
    )  # fmt: skip


def _as_dict(values: dict, name: str) -> dict | None:
    value, span = values.get(name), values.get(f"{name}_interval") or {}
    if value is None or isinstance(value, dict):
        return value
    label = values.get("label") if name == "adherence_outcome" else None
    return {"r": value, "r_low": span.get("low"), "r_high": span.get("high"), "source": label}


def _share(values: dict) -> str:
    text, span = f"{100 * values['share']:.0f} %", values.get("share_interval")
    if span:
        text += f" ({100 * span['low']:.0f} % to {100 * span['high']:.0f} %)"
    return text


def _number(value: dict | None) -> str:
    if not value or value.get("r") is None:
        return "not recorded"
    text = r_text(value["r"])
    if value.get("r_low") is not None and value.get("r_high") is not None:
        text += f" ({range_text(value['r_low'], value['r_high'])})"
    return text


def _say(sheet, x, y, value, align) -> None:
    known = bool(value) and value.get("r") is not None
    style = {"face": "bold", "color": "accent2"} if known else {"face": "italic", "color": "soft"}
    shown = f"r = {r_text(value['r'])}" if known else "not recorded"
    sheet.text(x, y, shown, size=9, align=align, **style)
    if not known:
        return
    notes = []
    if value.get("r_low") is not None and value.get("r_high") is not None:
        notes.append(range_text(value["r_low"], value["r_high"]))
    if value.get("k") is not None:
        notes.append(f"k = {value['k']}")
    if value.get("source"):
        notes.append(value["source"])
    below = y + (24 if align == "center" else 10)
    room = 108.0 if align != "center" else 200.0
    lines = wrap(" · ".join(notes), room, 7) if notes else []
    sheet.lines(x, below, lines, 8.8, size=7, color="soft", align=align)


def _arrow(sheet, start, end) -> None:
    (x0, y0), (x1, y1) = start, end
    length = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5
    ux, uy = (x1 - x0) / length, (y1 - y0) / length
    sheet.line(start, (x1 - 5 * ux, y1 - 5 * uy), color="ink", width=1)
    base = (x1 - 7 * ux, y1 - 7 * uy)
    sheet.shape([end, (base[0] - 3 * uy, base[1] + 3 * ux), (base[0] + 3 * uy, base[1] - 3 * ux)],
                fill="ink")  # fmt: skip


def scenario(curve: dict | list[dict]) -> tuple[Figure, str]:
    """Draw extra people improved per 1,000 against the part of the association that is causal.

    Parameters
    ----------
    curve : dict of lists, or list of dict
        ``share``: causal shares from 0 (no effect) upwards; ``extra``: extra improved per 1,000;
        optional ``low`` and ``high``: the same for the ends of the 95 % interval of r.

    Returns
    -------
    (Figure, str)
    """
    if isinstance(curve, list):
        curve = {name: [point[name] for point in curve] for name in curve[0]}
    share, extra = curve["share"], curve["extra"]
    if len(share) != len(extra) or len(share) < 2:
        raise ValueError("the scenario needs two lists of the same length, at least two points")
    lows, highs = curve.get("low"), curve.get("high")
    every = [0.0, *extra, *(lows or []), *(highs or [])]
    step = nice_step(max(every) - min(every) or 1)
    low = step * (min(every) // step)
    high = -step * (-max(every) // step)
    sheet, left, right, top, bottom = Sheet(), 44.0, WIDTH - 40, 16.0, 190.0
    x = linear(min(share), max(share), left, right)
    y = linear(low, high or step, bottom, top)
    sheet.text(0, 8, "Extra people improved per 1,000", size=7.2, color="soft")
    for value in ticks(low, high or step, step):
        sheet.line((left, y(value)), (right, y(value)), color="rule" if value else "soft",
                   width=0.5)  # fmt: skip
        sheet.text(left - 6, y(value) + 2.5, f"{value:,.0f}" if step >= 1 else f"{value:,.1f}",
                   size=7, color="soft", align="right")  # fmt: skip
    if lows and highs:
        band = [(x(s), y(v)) for s, v in zip(share, highs, strict=True)]
        band += [(x(s), y(v)) for s, v in reversed(list(zip(share, lows, strict=True)))]
        sheet.shape(band, fill="accent2", alpha=0.16)
    sheet.line(*[(x(s), y(v)) for s, v in zip(share, extra, strict=True)], color="accent2",
               width=1.8)  # fmt: skip
    sheet.ring(x(share[0]), y(extra[0]), 3.2, fill="paper", edge="accent2", width=1.2)
    sheet.text(x(share[-1]) + 6, y(extra[-1]) + 2.8, f"{extra[-1]:,.0f}", size=8, face="bold",
               color="accent2")  # fmt: skip
    if share[0] == 0:
        sheet.line((x(0), y(extra[0]) - 4), (x(0), y(extra[0]) - 42), color="soft", width=0.6)
        sheet.text(x(0) + 4, y(extra[0]) - 37, "no effect at all", size=7, color="soft")
    grid = ticks(min(share), max(share), 0.25)
    sheet.axis(x, bottom + 5, grid, "Part of the association that is an effect",
               write=lambda value: f"{100 * value:.0f} %")  # fmt: skip
    middle = len(share) // 2
    limits = f" ({lows[-1]:,.0f} to {highs[-1]:,.0f})" if lows and highs else ""
    return sheet.finish(bottom + 31), alt_text(
        "Line chart of extra people improved per 1,000 treated against the part of the "
        "association that is an effect.",
        f"With {100 * share[0]:.0f} % it is {_people(extra[0])}, with {100 * share[middle]:.0f} % "
        f"{_people(extra[middle])}, with {100 * share[-1]:.0f} % {_people(extra[-1])}{limits}.",
        "A band shows the 95 % interval of the association." if limits else None,
    )


def _people(value: float) -> str:
    return count_text(round(value), "person", "people")
