"""What the words of an abstract rule out."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.figure import Figure

from alliance_review.effect_sizes import critical_r

from .style import WIDTH, Sheet, linear, ticks, wrap
from .wording import alt_text, r_text, range_text

_LEFT, _RIGHT = 200.0, 396.0
_Z95 = 1.959963984540054


def reading_words(
    sizes: Sequence[int], alpha: float = 0.05, example: float = 0.3
) -> tuple[Figure, str]:
    """Draw which observed correlations each kind of sentence leaves possible, by sample size.

    Parameters
    ----------
    sizes : sequence of int
        Sample sizes (at least 4 each), drawn as one bar each where the size matters.
    alpha : float
        Two-sided level at which the abstract calls a result significant.
    example : float
        The correlation that stands for a printed number.

    Returns
    -------
    (Figure, str)
        Axis linear in r. Significance is that of the t test with n - 2 degrees of freedom.
    """
    if not sizes or min(sizes) < 4:
        raise ValueError("sample sizes must be given and be at least 4")
    critical = [float(critical_r(n, alpha)) for n in sizes]
    spread = [_interval(example, n) for n in sizes]
    rows = [
        ("A number", f"“r = {r_text(example)}”", "exact", spread),
        ("Significant", f"“associated with better outcome (p < {r_text(alpha)})”", "bar",
         [(c, 1.0) for c in critical]),
        ("Not significant", "“did not predict outcome”", "bar", [(-c, c) for c in critical]),
        ("Direction only", "“tended to go with better outcome”", "bar", [(0.0, 1.0)]),
        ("Nothing", "measured, but no result given", "open", [(-1.0, 1.0)]),
    ]  # fmt: skip
    end = min(max(0.6, math.ceil(max(critical) * 5 + 0.5) / 5), 1.0)
    sheet, x = Sheet(), linear(-end, end, _LEFT, _RIGHT)
    style = {"size": 7.2, "color": "soft", "face": "bold"}
    sheet.text(0, 11, "What an abstract says", **style)
    sheet.text(_LEFT, 11, "Observed r that remains possible", **style)
    sheet.line((0, 17), (WIDTH, 17), width=0.8)
    y, index = 17.0, 0
    for kind, quote, form, spans in rows:
        told = wrap(quote, _LEFT - 16, 7)
        height = max(18 + 9 * len(told), 13 * len(spans) + 8)
        middle = y + height / 2
        top = middle - (10 + 9 * len(told)) / 2 + 8
        sheet.text(0, top, kind, size=8)
        sheet.lines(0, top + 9.5, told, 9, size=7, color="soft")
        sheet.line((x(0), y + 2), (x(0), y + height - 2), color="soft", width=0.6)
        for place, (low, high) in enumerate(spans):
            at = middle + 13 * (place - (len(spans) - 1) / 2)
            _glyph(sheet, x, form, at, low, high, end, example, f"row-{index}")
            sized = f"n = {sizes[place]:,}: " if form == "exact" or len(spans) > 1 else ""
            sheet.text(_RIGHT + 12, at + 2.6, sized + _left_over(form, low, high), size=7,
                       color="ink" if form != "open" else "soft")  # fmt: skip
            index += 1
        y += height
        sheet.line((0, y), (WIDTH, y), color="rule", width=0.5)
    sheet.axis(x, y + 6, ticks(-end, end, 0.2), "Observed r (linear scale)")
    return sheet.finish(y + 32), _describe(sizes, alpha, critical, example, spread)


def _interval(r: float, n: int) -> tuple[float, float]:
    z, half = math.atanh(r), _Z95 / math.sqrt(n - 3)
    return math.tanh(z - half), math.tanh(z + half)


def _left_over(form: str, low: float, high: float) -> str:
    if form == "exact":
        return range_text(low, high)
    if form == "open":
        return "anything"
    if high >= 1:
        return f"at least {r_text(low)}" if low > 0 else "above 0"
    return range_text(low, high)


def _glyph(sheet, x, form, y, low, high, end, example, gid) -> None:
    a, b = x(max(low, -end)), x(min(high, end))
    if form == "exact":
        sheet.line((a, y), (b, y), width=1.1)
        sheet.square(x(example), y, 5.4, fill="accent", gid=gid)
    elif form == "bar":
        sheet.box(a, y - 3.6, b, y + 3.6, fill="word", gid=gid)
        if low < 0 < high:
            sheet.line((x(0), y - 3.6), (x(0), y + 3.6), color="soft", width=0.6)
    else:
        sheet.line((a, y), (b, y), color="soft", width=1, dash=(1.5, 2.5), gid=gid)
    for value, place, way in ((low, a, -1), (high, b, 1)):
        if abs(value) > end:
            sheet.arrow(place, y, way, {"exact": "ink", "open": "soft"}.get(form, "accent"))
        elif form == "bar":
            sheet.line((place, y - 5), (place, y + 5), color="accent", width=1.1)


def _describe(sizes, alpha, critical, example, spread) -> str:
    limits = ", ".join(f"{r_text(c)} at n = {n:,}" for n, c in zip(sizes, critical, strict=True))
    known = ", ".join(
        f"{range_text(*ends)} at n = {n:,}" for n, ends in zip(sizes, spread, strict=True)
    )
    return alt_text(
        "What five kinds of sentence in an abstract leave possible for the observed correlation.",
        f"“Significant” at {r_text(alpha)} means at least the critical value: {limits}.",
        "“Not significant” means between minus and plus the same value, so the larger the sample, "
        "the more these words say.",
        f"A printed number, here {r_text(example)}, is known up to its sampling error: {known}.",
        "A direction alone means above zero, and when nothing is reported nothing is ruled out.",
    )
