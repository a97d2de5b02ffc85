"""Every subset of the samples: how far can the answer be moved by leaving samples out?"""

from __future__ import annotations

import math
from collections import Counter

from matplotlib.figure import Figure

from .style import WIDTH, Sheet, linear, text_width, ticks
from .wording import alt_text, count_text, r_text, range_text


def subset_plot(
    points: list[dict], whole: dict | None = None, named: str = ""
) -> tuple[Figure, str]:
    """Draw the pooled correlation of every subset as one histogram per subset size.

    Parameters
    ----------
    points : list of dict
        One per subset: ``k`` (samples in it), ``r``, and optionally ``with_named`` (bool).
    whole : dict, optional
        The estimate of all samples.
    named : str
        The sample whose presence is highlighted; used when ``with_named`` is given.

    Returns
    -------
    (Figure, str)
        Bars count subsets in steps of .02; each size is scaled to its own fullest bar.
    """
    if not points:
        raise ValueError("a subset plot needs at least one subset")
    step = 0.02
    cut = sorted(point["r"] for point in points)
    low = min(0.0, cut[int(0.005 * (len(cut) - 1))])
    high = max(0.3, cut[math.ceil(0.995 * (len(cut) - 1))])
    low, high = max(math.floor(low * 10) / 10, -0.6), min(math.ceil(high * 10) / 10, 1.0)
    split = bool(named) and all("with_named" in point for point in points)
    sheet, lane = Sheet(), 25.0
    x = linear(low, high, 86, WIDTH - 8)
    sizes = sorted({point["k"] for point in points})
    y = 18.0 if split else 4.0
    if split:
        sheet.square(90, 5.5, 6, fill="accent2")
        sheet.text(97, 8, f"with {named}", size=7, color="soft")
        at = 97 + text_width(f"with {named}", 7) + 14
        sheet.square(at + 3, 5.5, 6, fill="accent")
        sheet.text(at + 10, 8, f"without {named}", size=7, color="soft")
    top = y
    for size in sizes:
        here = [point for point in points if point["k"] == size]
        bins: dict[bool, Counter] = {True: Counter(), False: Counter()}
        for point in here:
            place = math.floor(min(max(point["r"], low), high - 1e-9) / step + 1e-9)
            bins[bool(point.get("with_named", True)) if split else True][place] += 1
        fullest = max((bins[True] + bins[False]).values())
        base = y + lane - 3
        sheet.text(0, base - 3, count_text(size, "sample"), size=7.6)
        sheet.text(80, base - 3, f"{len(here):,}", size=7, color="soft", align="right")
        for place in sorted(bins[True] + bins[False]):
            foot = base
            for part, color in ((True, "accent2"), (False, "accent")):
                if bins[part][place]:
                    head = foot - (lane - 6) * bins[part][place] / fullest
                    sheet.box(x(place * step) + 0.3, head, x((place + 1) * step) - 0.3, foot,
                              fill=color)  # fmt: skip
                    foot = head
        sheet.line((86, base), (WIDTH - 8, base), color="rule", width=0.6)
        y += lane
    sheet.line((x(0), top), (x(0), y - 3), color="soft", width=0.6)
    if whole:
        sheet.line((x(whole["r"]), top), (x(whole["r"]), y - 3), color="ink", width=0.8,
                   dash=(1.5, 2))  # fmt: skip
    note = "Pooled r (linear scale" + ("; dotted: all samples)" if whole else ")")
    sheet.axis(x, y + 1, ticks(low, high, 0.1 if high - low < 0.9 else 0.2), note)
    values = [point["r"] for point in points]
    positive = sum(value > 0 for value in values)
    contrast = None
    if split:
        middle = [sorted(p["r"] for p in points if bool(p["with_named"]) == flag)
                  for flag in (True, False)]  # fmt: skip
        if all(middle):
            half = [r_text(part[len(part) // 2]) for part in middle]
            contrast = f"The middle subset has r = {half[0]} with {named} and {half[1]} without."
    return sheet.finish(y + 27), alt_text(
        f"Histograms of the pooled correlation in {count_text(len(points), 'subset')} of "
        f"{min(sizes)} to {max(sizes)} samples.",
        f"All subsets run from {range_text(min(values), max(values))}; "
        f"{100 * positive / len(values):.0f} % are above zero.",
        f"All samples together give {r_text(whole['r'])}." if whole else None,
        contrast,
    )
