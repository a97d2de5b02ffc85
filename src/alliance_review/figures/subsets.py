"""Every subset of the samples: how far can the answer be moved by leaving samples out?"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from matplotlib.figure import Figure

from .style import WIDTH, Sheet, linear, text_width, ticks, wrap
from .wording import alt_text, count_text, r_text, range_text

_LEFT, _RIGHT = 104.0, WIDTH - 62
_STEP, _LANE = 0.02, 25.0
# Apart in lightness as well as in colour, for print in grey.
_ABOVE, _HOLDS = {"fill": "accent2"}, {"fill": "mid"}


def subset_plot(subsets: dict, whole: dict | None = None) -> tuple[Figure, str]:
    """Draw the pooled correlation of every subset as one histogram per subset size.

    Parameters
    ----------
    subsets : dict
        ``points``, one per subset: ``k`` (samples in it) and ``r``. Optional ``above``: one digit
        per point, 1 where its interval lies above zero. Optional ``named``: the sample whose
        presence matters most, with its ``label`` and ``members``, one digit per point.
    whole : dict, optional
        The estimate of all samples.

    Returns
    -------
    (Figure, str)
        Bars count subsets in steps of .02; each row is scaled to its own fullest bar.
    """
    points = subsets["points"]
    if not points:
        raise ValueError("a subset plot needs at least one subset")
    r = [point["r"] for point in points]
    above = _flags(subsets.get("above"), len(points))
    low, high = _limits(r)
    sheet, x = Sheet(), linear(low, high, _LEFT, _RIGHT)
    y = top = _heading(sheet, above) if above else 4.0
    sizes = sorted({point["k"] for point in points})
    for size in sizes:
        here = [i for i, point in enumerate(points) if point["k"] == size]
        y = _lane(sheet, x, y, [count_text(size, "sample")], here, r, above, (low, high))
    named = subsets.get("named")
    if named:
        y += 8
        member = _flags(named["members"], len(points))
        for word, wanted in (("with", True), ("without", False)):
            here = [i for i, inside in enumerate(member) if inside == wanted]
            words = wrap(f"{word} {named['label']}", 72, 7)
            y = _lane(sheet, x, y, words, here, r, above, (low, high))
    sheet.line((x(0), top), (x(0), y - 3), color="soft", width=0.6)
    if whole:
        sheet.line((x(whole["r"]), top), (x(whole["r"]), y - 3), color="ink", width=0.8,
                   dash=(1.5, 2))  # fmt: skip
    note = "Pooled r (linear scale" + ("; dotted: all samples)" if whole else ")")
    sheet.axis(x, y + 1, ticks(low, high, 0.1 if high - low < 0.9 else 0.2), note)
    return sheet.finish(y + 27), _describe(subsets, sizes, above, whole)


def _flags(digits: str | None, count: int) -> list[bool]:
    """One truth per point from its digits; none at all where there are none."""
    if digits is None:
        return []
    if len(digits) != count or set(digits) - {"0", "1"}:
        raise ValueError(f"one digit, 0 or 1, is needed for each of {count} subsets")
    return [digit == "1" for digit in digits]


def _limits(r: Sequence[float]) -> tuple[float, float]:
    cut = sorted(r)
    low = min(0.0, cut[int(0.005 * (len(cut) - 1))])
    high = max(0.3, cut[math.ceil(0.995 * (len(cut) - 1))])
    return max(math.floor(low * 10) / 10, -0.6), min(math.ceil(high * 10) / 10, 1.0)


def _heading(sheet: Sheet, above: list[bool]) -> float:
    at = _LEFT
    for words, style in (("interval above zero", _ABOVE), ("interval holds zero", _HOLDS)):
        sheet.square(at + 3, 13.5, 6, **style)
        sheet.text(at + 10, 16, words, size=7, color="soft")
        at += 10 + text_width(words, 7) + 14
    sheet.lines(WIDTH, 7, ["intervals", "above zero"], 9, size=7, color="soft", face="bold",
                align="right")  # fmt: skip
    sheet.text(_LEFT - 6, 16, "subsets", size=7, color="soft", face="bold", align="right")
    return 22.0


def _lane(sheet, x, y, words, here, r, above, limits) -> float:
    """One histogram with its name, its count and the share of intervals above zero."""
    low, high = limits
    bins: dict[bool, Counter] = {True: Counter(), False: Counter()}
    for i in here:
        place = math.floor(min(max(r[i], low), high - 1e-9) / _STEP + 1e-9)
        bins[above[i] if above else True][place] += 1
    base = y + _LANE - 3
    size = 7.6 if len(words) == 1 else 7
    sheet.lines(0, base - 3 - 8.6 * (len(words) - 1), words, 8.6, size=size)
    sheet.text(_LEFT - 6, base - 3, f"{len(here):,}", size=7, color="soft", align="right")
    fullest = max((bins[True] + bins[False]).values(), default=1)
    for place in sorted(bins[True] + bins[False]):
        foot = base
        for part, style in ((True, _ABOVE), (False, _HOLDS)):
            if bins[part][place]:
                head = foot - (_LANE - 6) * bins[part][place] / fullest
                sheet.box(x(place * _STEP) + 0.3, head, x((place + 1) * _STEP) - 0.3, foot, **style)
                foot = head
    sheet.line((_LEFT, base), (_RIGHT, base), color="rule", width=0.6)
    if above and here:
        share = sum(above[i] for i in here) / len(here)
        sheet.text(WIDTH, base - 3, _percent(share), size=7.6, align="right")
    return y + _LANE


def _percent(share: float) -> str:
    """A share in per cent; what is not all, or not none, is never written as all or none."""
    whole = math.floor(100 * share + 0.5)
    if 0 < share < 1:
        whole = min(max(whole, 1), 99)
    return f"{whole} %"


def _describe(subsets, sizes, above, whole) -> str:
    r = [point["r"] for point in subsets["points"]]
    intervals = contrast = None
    if above:
        by_size = [
            (size, [above[i] for i, p in enumerate(subsets["points"]) if p["k"] == size])
            for size in sizes
        ]
        told = ", ".join(f"{_percent(sum(flags) / len(flags))} with {count_text(size, 'sample')}"
                         for size, flags in by_size if size in sizes[:: max(1, len(sizes) // 5)]
                         or size == sizes[-1])  # fmt: skip
        intervals = (f"The 95 % interval lies above zero in {_percent(sum(above) / len(above))} of "
                     f"all subsets: {told}.")  # fmt: skip
    if subsets.get("named"):
        named = subsets["named"]
        inside = _flags(named["members"], len(r))
        sides = [sorted(v for v, m in zip(r, inside, strict=True) if m == flag)
                 for flag in (True, False)]  # fmt: skip
        if all(sides):
            middle = [r_text(side[len(side) // 2]) for side in sides]
            contrast = (f"The middle subset has r = {middle[0]} with {named['label']} and "
                        f"{middle[1]} without, the largest such difference.")  # fmt: skip
    return alt_text(
        f"Histograms of the pooled correlation in {count_text(len(r), 'subset')} of "
        f"{min(sizes)} to {max(sizes)} samples.",
        f"All subsets run from {range_text(min(r), max(r))}; "
        f"{_percent(sum(value > 0 for value in r) / len(r))} are above zero.",
        f"All samples together give {r_text(whole['r'])}." if whole else None,
        intervals,
        contrast,
    )
