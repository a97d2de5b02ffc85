"""How well the reports together fix the mean: the profile likelihood."""

from __future__ import annotations

from matplotlib.figure import Figure

from .style import WIDTH, Sheet, linear, ticks
from .wording import alt_text, r_text, range_text


def profile_likelihood(curve: dict, estimate: dict | None = None) -> tuple[Figure, str]:
    """Draw the profile deviance of the pooled correlation and where the interval is read off.

    Parameters
    ----------
    curve : dict
        ``r`` and ``deviance`` (twice the drop of the log-likelihood from its maximum, >= 0), of
        equal length; optional ``printed``: the same two lists from the printed numbers alone.
    estimate : dict, optional
        ``r``, ``r_low``, ``r_high`` of the pool.

    Returns
    -------
    (Figure, str)
        The horizontal line at 3.84 cuts off the 95 % interval.
    """
    if len(curve["r"]) != len(curve["deviance"]) or len(curve["r"]) < 2:
        raise ValueError("the curve needs two lists of the same length, at least two points")
    low, high, cap, cutoff = min(curve["r"]), max(curve["r"]), 8.0, 3.841
    sheet, left, right, top, bottom = Sheet(), 40.0, WIDTH - 8, 20.0, 200.0
    x, y = linear(low, high, left, right), linear(0, cap, bottom, top)
    sheet.text(0, 8, "Deviance", size=7.2, color="soft")
    for value in (0, 2, 4, 6, 8):
        sheet.line((left, y(value)), (right, y(value)), color="rule", width=0.4)
        sheet.text(left - 6, y(value) + 2.5, str(value), size=7, color="soft", align="right")
    if estimate:
        span = [x(min(max(estimate[k], low), high)) for k in ("r_low", "r_high")]
        sheet.box(span[0], y(cutoff), span[1], bottom, fill="band")
    if low < 0 < high:
        sheet.line((x(0), top), (x(0), bottom), color="soft", width=0.6)
    sheet.line((left, y(cutoff)), (right, y(cutoff)), color="soft", width=0.8, dash=(3, 2))
    sheet.text(right, y(cutoff) - 3.5, "3.84: ends of the 95 % interval", size=7, color="soft",
               align="right")  # fmt: skip
    if "printed" in curve:
        printed = curve["printed"]
        _trace(sheet, x, y, printed["r"], printed["deviance"], cap, "accent", 1.2, (4, 2))
    _trace(sheet, x, y, curve["r"], curve["deviance"], cap, "accent2", 1.8, None)
    if estimate:
        for key in ("r_low", "r_high"):
            if low <= estimate[key] <= high:
                sheet.line((x(estimate[key]), y(cutoff)), (x(estimate[key]), bottom),
                           color="accent2", width=0.7)  # fmt: skip
        sheet.ring(x(estimate["r"]), bottom, 3.2, fill="accent2", edge="paper", gid="pooled")
        sheet.text(x(estimate["r"]), y(cutoff) - 4, r_text(estimate["r"]), size=8, face="bold",
                   color="accent2", align="center")  # fmt: skip
    sheet.axis(x, bottom + 5, ticks(low, high, 0.1), "Pooled r (linear scale)")
    height = bottom + 31
    if "printed" in curve:
        height += 12
        sheet.line((left, height - 6), (left + 16, height - 6), color="accent2", width=1.8)
        sheet.text(left + 21, height - 3.5, "every report", size=7, color="soft")
        sheet.line((left + 86, height - 6), (left + 102, height - 6), color="accent", width=1.2,
                   dash=(4, 2))  # fmt: skip
        sheet.text(left + 107, height - 3.5, "printed numbers only", size=7, color="soft")
    zero = min(zip(curve["r"], curve["deviance"], strict=True), key=lambda pair: abs(pair[0]))
    said = None
    if abs(zero[0]) < 0.02:
        verdict = "outside" if zero[1] > cutoff else "inside"
        said = f"At zero the deviance is {zero[1]:.1f}, so zero lies {verdict} the 95 % interval."
    return sheet.finish(height), alt_text(
        f"Profile deviance of the pooled correlation for values from {range_text(low, high)}.",
        f"It is lowest at r = {r_text(estimate['r'])} and crosses 3.84 at "
        f"{range_text(estimate['r_low'], estimate['r_high']).replace(' to ', ' and ')}."
        if estimate
        else None,
        said,
        "A second curve shows the printed numbers alone." if "printed" in curve else None,
    )


def _trace(sheet, x, y, values, deviances, cap, color, width, dash) -> None:
    """One curve, interrupted where it leaves the frame; the crossing is interpolated."""
    runs: list[list[tuple[float, float]]] = [[]]
    pairs = list(zip(values, deviances, strict=True))
    for (a, da), (b, db) in zip(pairs, pairs[1:], strict=False):
        if da <= cap:
            runs[-1].append((x(a), y(da)))
        if (da <= cap) != (db <= cap):
            runs[-1].append((x(a + (b - a) * (cap - da) / (db - da)), y(cap)))
            if db > cap:
                runs.append([])
    if pairs[-1][1] <= cap:
        runs[-1].append((x(pairs[-1][0]), y(pairs[-1][1])))
    for run in runs:
        if len(run) > 1:
            sheet.line(*run, color=color, width=width, dash=dash)
