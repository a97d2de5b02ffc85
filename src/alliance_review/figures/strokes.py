"""Many lines as one path, and hatching made of them."""

from __future__ import annotations

import math
from collections.abc import Iterable

from .style import Point, Sheet

_LIFT = (math.nan, math.nan)


def segments(sheet: Sheet, pairs: Iterable[tuple[Point, Point]], **style) -> None:
    """Draw separate lines as one path: a corner that is not a number lifts the pen."""
    corners = [corner for pair in pairs for corner in (*pair, _LIFT)]
    if corners:
        sheet.line(*corners[:-1], **style)


def hatch(
    sheet: Sheet, x0: float, y0: float, x1: float, y1: float, step: float = 4.5, **style
) -> None:
    """Fill a rectangle with rising diagonal lines, ``step`` apart along its lower edge.

    The lines start from multiples of ``step``, so that neighbouring rectangles match.
    """
    height, lines = y1 - y0, []
    first = math.floor((x0 - height) / step) + 1
    for place in range(first, math.ceil(x1 / step)):
        foot = place * step
        left, right = max(foot, x0), min(foot + height, x1)
        if right > left:
            lines.append(((left, y1 - (left - foot)), (right, y1 - (right - foot))))
    segments(sheet, lines, **({"color": "rule", "width": 0.7} | style))
