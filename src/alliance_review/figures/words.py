"""The line of the observed correlation, its critical values, and what sentences rule out."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.figure import Figure

from alliance_review.effect_sizes import critical_r

from .strokes import hatch
from .style import WIDTH, Sheet, wrap
from .wording import alt_text, r_text, range_text, tick_text

_LEFT, _RIGHT = 142.0, 392.0
_LINE = 44.0  # height at which the line of the observed correlation stands
_ROW = 30.0
_DEEP = 104.0  # height of the lower part
_MARKS = (10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000)


def reading_words(
    sizes: Sequence[int], alpha: float = 0.05, example: float = 0.3
) -> tuple[Figure, str]:
    """Draw what each kind of sentence in an abstract rules out for the observed correlation.

    Above, the line of the observed correlation for one sample size, the middle one of ``sizes``,
    with its two critical values and one row per kind of sentence: the bar is what remains
    possible, the hatching what is ruled out. Below, on the same line, how the critical values
    close in on zero as the sample grows.

    Parameters
    ----------
    sizes : sequence of int
        Sample sizes, at least 4 each; all are marked in the lower part.
    alpha : float
        Two-sided level at which the abstract calls a result significant.
    example : float
        The correlation that stands for a printed number, between -1 and 1.

    Returns
    -------
    (Figure, str)
        Positions are linear in Fisher z, labels are r. Significance is that of the t test with
        n - 2 degrees of freedom.
    """
    if not sizes or min(sizes) < 4:
        raise ValueError("sample sizes must be given and be at least 4")
    if not -1 < example < 1:
        raise ValueError(f"the example must be a correlation between -1 and 1, not {example}")
    sizes = sorted(sizes)
    critical = [float(critical_r(n, alpha)) for n in sizes]
    middle = len(sizes) // 2
    line = _Line(max(abs(example), critical[middle]))
    sheet = Sheet()
    y = _sentences(sheet, line, sizes[middle], critical[middle], alpha, example)
    y = _closing_in(sheet, line, y, sizes, critical, alpha)
    return sheet.finish(y), _describe(sizes, alpha, critical, example)


class _Line:
    """Positions of correlations, linear in Fisher z and cut off at both ends."""

    def __init__(self, furthest: float) -> None:
        self.end = min(max(0.6, math.ceil(furthest * 5 + 0.5) / 5), 0.95)
        self.slope = (_RIGHT - _LEFT) / 2 / math.atanh(self.end)

    def __call__(self, r: float) -> float:
        cut = min(max(r, -self.end), self.end)
        return (_LEFT + _RIGHT) / 2 + self.slope * math.atanh(cut)

    @property
    def ticks(self) -> list[float]:
        return [step / 5 for step in range(-4, 5) if abs(step / 5) <= self.end]


def _sentences(sheet, x, n, critical, alpha, example) -> float:
    level = f"p < {r_text(alpha)}"
    rows = [
        ("A number", f"“r = {r_text(example)}”", example, example, f"{r_text(example)} itself"),
        ("Significant", f"“predicted improvement, {level}”", critical, 1.0,
         f"{r_text(critical)} or more"),
        ("Not significant", "“was not related to outcome”", -critical, critical,
         range_text(-critical, critical)),
        ("Direction only", "“in the expected direction”", 0.0, 1.0, "above 0"),
        ("Nothing", "“was also measured”", -1.0, 1.0, "anything"),
    ]  # fmt: skip
    style = {"size": 7.2, "color": "soft", "face": "bold"}
    sheet.text(0, 11, "What an abstract says", **style)
    sheet.text(0, 20.5, f"about a sample of {n:,} people", size=7, color="soft")
    sheet.text(WIDTH, 11, "Observed r", align="right", **style)
    sheet.text(WIDTH, 20.5, "that remains", align="right", size=7, color="soft")
    sheet.box(0, _LINE - 10, 15, _LINE - 3, fill="word")
    sheet.text(20, _LINE - 3.5, "possible", size=7, color="soft")
    hatch(sheet, 66, _LINE - 10, 81, _LINE - 3, color="soft", width=0.45)
    sheet.text(86, _LINE - 3.5, "ruled out", size=7, color="soft")
    _zones(sheet, x, critical)
    foot = _LINE + 8 + _ROW * len(rows)
    for index, (kind, quote, low, high, left_over) in enumerate(rows):
        top = _LINE + 8 + _ROW * index
        sheet.line((0, top), (WIDTH, top), color="rule", width=0.5)
        sheet.text(0, top + 12.5, kind, size=8)
        sheet.lines(0, top + 22.5, wrap(quote, _LEFT - 10, 7), 9, size=7, color="soft")
        _row(sheet, x, top + _ROW / 2, low, high, f"row-{index}")
        sheet.text(WIDTH, top + _ROW / 2 + 2.7, left_over, size=7.6, align="right")
    sheet.line((0, foot), (WIDTH, foot), color="rule", width=0.5)
    return foot


def _zones(sheet, x, critical) -> None:
    """The line itself with its critical values, and the name of each of its three parts."""
    sheet.line((_LEFT, _LINE), (_RIGHT, _LINE), width=1.2)
    for end, way in ((_LEFT, -1), (_RIGHT, 1)):
        sheet.arrow(end, _LINE, way, "ink")
    for value in (-critical, 0.0, critical):
        strong = value != 0
        sheet.line((x(value), _LINE - 4), (x(value), _LINE + 4),
                   color="accent" if strong else "soft", width=1.4 if strong else 0.8)  # fmt: skip
        sheet.text(x(value), _LINE - 7, tick_text(round(value, 2)), size=7.6 if strong else 7,
                   face="bold" if strong else "regular", color="accent" if strong else "soft",
                   align="center")  # fmt: skip
    sides = ((_LEFT + x(-critical)) / 2, (_RIGHT + x(critical)) / 2)
    for middle, words in ((sides[0], ("significant,", "negative")),
                          ((_LEFT + _RIGHT) / 2, ("not", "significant")),
                          (sides[1], ("significant,", "positive"))):  # fmt: skip
        for place, word in enumerate(words):
            sheet.text(middle, 11 + 9.5 * place, word, size=7, align="center")


def _row(sheet, x, y, low, high, gid) -> None:
    top, foot = y - 5.5, y + 5.5
    a, b = x(low), x(high)
    for start, stop in ((_LEFT, a), (b, _RIGHT)):
        if stop - start > 0.5:
            hatch(sheet, start, top, stop, foot, color="soft", width=0.45)
    if low == high:
        sheet.line((a, top - 2), (a, foot + 2), color="accent", width=1.1)
        sheet.square(a, y, 6.4, fill="accent", edge="paper", width=0.8, gid=gid)
        return
    sheet.box(a, top, b, foot, fill="word", gid=gid)
    for value, at, way in ((low, a, -1), (high, b, 1)):
        if abs(value) >= 1:
            sheet.arrow(at, y, way)
        else:
            sheet.line((at, top - 2), (at, foot + 2), color="accent", width=1.3)


def _closing_in(sheet, x, y, sizes, critical, alpha) -> float:
    """The critical values against the sample size, which grows downwards on a log scale."""
    room = _LEFT - 42
    sheet.text(0, y + 17, "Larger samples", size=7.2, color="soft", face="bold")
    told = ("bring the critical values closer to zero: “not significant” then says more, and "
            "“significant” less")  # fmt: skip
    sheet.lines(0, y + 27, wrap(told, room, 7), 9.5, size=7, color="soft")
    top, foot = y + 12, y + 12 + _DEEP
    least, most = max(4.0, 0.65 * sizes[0]), 1.25 * sizes[-1]
    slope = _DEEP / math.log(most / least)

    def down(n: float) -> float:
        return top + slope * math.log(n / least)

    steps = [least * (most / least) ** (i / 60) for i in range(61)]
    edge = [(x(float(critical_r(n, alpha))), down(n)) for n in steps]
    mirrored = [(_LEFT + _RIGHT - at, height) for at, height in edge]
    sheet.shape([*edge, *reversed(mirrored)], fill="word")
    centre = (_LEFT + _RIGHT) / 2
    sheet.text(centre, top + 9, "not significant", size=7, align="center")
    sheet.line((centre, top + 13), (centre, foot), color="soft", width=0.6)
    for value in _MARKS:
        if least <= value <= most:
            sheet.line((_LEFT - 3, down(value)), (_LEFT, down(value)), color="soft", width=0.6)
            sheet.text(_LEFT - 6, down(value) + 2.5, f"{value:,}", size=7, color="soft",
                       align="right")  # fmt: skip
    for n, value in zip(sizes, critical, strict=True):
        sheet.line((x(value), down(n)), (_RIGHT, down(n)), color="rule", width=0.6)
        sheet.text(WIDTH, down(n) + 2.6, f"n = {n:,}: ±{r_text(value)}", size=7.6, align="right")
    middle = len(sizes) // 2
    for side in (-1, 1):
        at = x(side * critical[middle])
        sheet.line((at, _LINE), (at, down(sizes[middle])), color="accent", width=0.7,
                   dash=(1.5, 2))  # fmt: skip
        sheet.line(*(edge if side > 0 else mirrored), color="accent", width=1.3)
        for n, value in zip(sizes, critical, strict=True):
            sheet.ring(x(side * value), down(n), 2.3, fill="accent", edge="paper", width=0.6)
        words = "significant, " + ("positive" if side > 0 else "negative")
        sheet.text(_RIGHT if side > 0 else _LEFT + 6, foot - 28, words, size=7,
                   align="right" if side > 0 else "left")  # fmt: skip
    sheet.line((_LEFT, top), (_LEFT, foot), color="soft", width=0.6)
    sheet.line((_LEFT, foot + 5), (_RIGHT, foot + 5), color="soft", width=0.6)
    for value in x.ticks:
        sheet.line((x(value), foot + 5), (x(value), foot + 7.5), color="soft", width=0.6)
        sheet.text(x(value), foot + 15.5, tick_text(value), size=7, color="soft", align="center")
    sheet.text(centre, foot + 26, "Observed r (Fisher z scale)", size=7, color="soft",
               align="center")  # fmt: skip
    sheet.text(_LEFT - 6, top - 3, "n", size=7, color="soft", align="right")
    return foot + 31


def _describe(sizes, alpha, critical, example) -> str:
    n, value = sizes[len(sizes) // 2], r_text(critical[len(sizes) // 2])
    limits = ", ".join(f"{r_text(c)} at n = {m:,}" for m, c in zip(sizes, critical, strict=True))
    return alt_text(
        "A line of the observed correlation with its two critical values, and what each of five "
        "kinds of sentence in an abstract rules out on it.",
        f"In {n:,} people a correlation is significant at {r_text(alpha)} from {value} on.",
        f"A printed number, here {r_text(example)}, rules out every other value. “Significant” "
        f"rules out everything below {value}, “not significant” everything beyond minus and plus "
        f"{value}, a direction alone everything below zero; where no result is given nothing is "
        "ruled out.",
        f"The critical values close in on zero as the sample grows: {limits}. So the larger the "
        "sample, the more “not significant” says, and the less “significant”.",
    )
