"""The look of every figure: colour tokens, type, and a sheet of points to draw on.

Figures are drawn with matplotlib's object interface (no ``pyplot``: faster to import, no global
state) on one axes that covers the whole figure and is measured in points, y downwards. Text is
measured before it is placed, so nothing has to be nudged by hand and nothing overlaps.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path as FilePath

import matplotlib
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.textpath import text_to_path

from .wording import clean, tick_text

#: name -> (light, dark). Figures use the light values only and literally, so that the website can
#: put a CSS variable in the place of each; ``_static/review.css`` holds the same pairs.
TOKENS: dict[str, tuple[str, str]] = {
    "paper": ("#fbfaf7", "#14181b"),
    "ink": ("#1d2125", "#e8e6e1"),
    "soft": ("#5b6470", "#a3adb8"),
    "rule": ("#d9d5cc", "#333b42"),
    "mid": ("#868d94", "#6b757f"),  # marks of an interval that holds zero
    "accent": ("#0b5a6e", "#6cc3d8"),  # what was printed
    "accent2": ("#9a4d12", "#f0a467"),  # what was pooled
    "word": ("#c9dde2", "#25454e"),  # reported in words
    "band": ("#eef2f1", "#1b2226"),
}

#: Width of the text block of an A4 page with the margins of the PDF (about 172 mm), in points.
WIDTH = 490.0
NARROW = 330.0

# The files that ship with matplotlib, by path: a system copy of the same face may differ.
_FONTS = FilePath(matplotlib.get_data_path()) / "fonts" / "ttf"
_FACES = {
    "regular": "DejaVuSans.ttf",
    "bold": "DejaVuSans-Bold.ttf",
    "italic": "DejaVuSans-Oblique.ttf",
}
# What a line break must not part: "p = .014", "n 31", "95 %", "95 % CI".
_TOGETHER = re.compile(r"\b\w{1,2} [=<>≤≥] \S+|\bn \d\S*|\d %(?: CI)?")

Point = tuple[float, float]


def linear(v0: float, v1: float, x0: float, x1: float) -> Callable[[float], float]:
    """Map values ``v0..v1`` linearly on positions ``x0..x1``; values outside are not clipped."""
    slope = (x1 - x0) / (v1 - v0)
    return lambda value: x0 + (float(value) - v0) * slope


def ticks(low: float, high: float, step: float) -> list[float]:
    """Multiples of ``step`` within ``low..high``, free of binary dust."""
    first, last = round(low / step + 0.499999), int((high / step + 1e-9) // 1)
    return [round(index * step, 10) for index in range(first, last + 1)]


def nice_step(span: float, most: int = 6) -> float:
    """Return the smallest of 1, 2, 5 x 10^m that cuts ``span`` into at most ``most`` parts."""
    step = 1e-6
    while True:
        for factor in (1, 2, 5):
            if span / (step * factor) <= most:
                return step * factor
        step *= 10


def text_width(text: str, size: float, face: str = "regular") -> float:
    """Width of one line in points."""
    return text_to_path.get_text_width_height_descent(text, _font(size, face), ismath=False)[0]


def wrap(text: object, width: float, size: float, face: str = "regular") -> list[str]:
    """Break text into lines of at most ``width`` points; a word that is too long is cut."""
    lines: list[str] = []
    for word in _TOGETHER.sub(lambda m: m[0].replace(" ", "\xa0"), clean(text)).split(" "):
        joined = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(joined, size, face) <= width:
            lines[-1] = joined
            continue
        lines.append(word)
        while len(lines[-1]) > 1 and text_width(lines[-1], size, face) > width:
            whole, cut = lines[-1], len(lines[-1]) - 1
            while cut > 1 and text_width(whole[:cut], size, face) > width:
                cut -= 1
            lines[-1:] = [whole[:cut], whole[cut:]]
    return lines


def _font(size: float, face: str) -> FontProperties:
    return FontProperties(fname=str(_FONTS / _FACES[face]), size=size)


class Sheet:
    """A figure measured in points with the origin at the top left.

    Parameters
    ----------
    width : float
        Width in points; the height is given to `finish` once everything is placed.
    """

    def __init__(self, width: float = WIDTH) -> None:
        self.width = width
        self.figure = Figure(figsize=(width / 72, 1), dpi=72)
        self.figure.patch.set_visible(False)
        self.axes = self.figure.add_axes((0, 0, 1, 1))
        self.axes.axis("off")
        self.axes.set_autoscale_on(False)
        self._order = 0

    def text(
        self,
        x: float,
        y: float,
        text: object,
        *,
        size: float = 8,
        color: str = "ink",
        face: str = "regular",
        align: str = "left",
    ) -> None:
        """Write one line with its baseline at ``y``; markup characters are plain characters."""
        artist = self.axes.text(
            x, y, clean(text), color=TOKENS[color][0], ha=align, va="baseline",
            fontproperties=_font(size, face), zorder=self._next(), parse_math=False,
        )  # fmt: skip
        artist.set_clip_on(False)

    def lines(self, x: float, y: float, lines: Iterable[str], leading: float, **style) -> float:
        """Write lines below each other; return the baseline after the last."""
        for line in lines:
            self.text(x, y, line, **style)
            y += leading
        return y

    def shape(
        self,
        points: Sequence[Point],
        *,
        fill: str | None = None,
        edge: str | None = None,
        width: float = 0.9,
        dash: tuple[float, float] | None = None,
        alpha: float | None = None,
        closed: bool = True,
        gid: str | None = None,
    ) -> None:
        """Draw a polygon, or a line when ``closed`` is false. Colours are token names."""
        path = Path(
            [*points, points[0]] if closed else list(points),
            [Path.MOVETO, *[Path.LINETO] * (len(points) - 1), *([Path.CLOSEPOLY] * closed)],
        )
        self._add(path, fill, edge, width, dash, alpha, gid)

    def line(self, *points: Point, color: str = "ink", width: float = 0.9, **style) -> None:
        """Draw an open line through the points."""
        self.shape(points, edge=color, width=width, closed=False, **style)

    def box(self, x0: float, y0: float, x1: float, y1: float, **style) -> None:
        """Draw a rectangle between two corners."""
        self.shape([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], **style)

    def square(self, x: float, y: float, side: float, **style) -> None:
        """Draw a square around its centre."""
        half = side / 2
        self.box(x - half, y - half, x + half, y + half, **style)

    def ring(self, x: float, y: float, radius: float, **style) -> None:
        """Draw a circle around its centre."""
        circle = Path.circle((x, y), radius)
        style = {"fill": None, "edge": "soft", "width": 0.9, "dash": None, "alpha": None,
                 "gid": None} | style  # fmt: skip
        self._add(circle, *(style[k] for k in ("fill", "edge", "width", "dash", "alpha", "gid")))

    def arrow(self, x: float, y: float, direction: int, color: str = "accent") -> None:
        """Draw an open arrow head whose tip is at ``x``; 1 points right, -1 left."""
        back = x - 3.4 * direction
        self.line((back, y - 2.9), (x, y), (back, y + 2.9), color=color, width=1.1, gid="clip")

    def diamond(
        self,
        left: float,
        middle: float,
        right: float,
        y: float,
        half: float,
        within: tuple[float, float],
        **style,
    ) -> None:
        """Draw an interval as a diamond, widest at the estimate, cut off outside ``within``."""
        upper: list[Point] = [(left, 0.0), (middle, half), (right, 0.0)]
        for index, limit, outside in ((0, within[0], left < within[0]),
                                      (-1, within[1], right > within[1])):  # fmt: skip
            if outside:
                end = upper[index][0]
                upper[index] = (limit, half * (limit - end) / (middle - end))
        above = [(x, y - up) for x, up in upper]
        below = [(x, y + up) for x, up in upper]
        edge, width = style.pop("edge", None), style.pop("width", 0.9)
        self.shape([*above, *reversed(below)], **style)
        for side in (above, below) if edge else ():
            self.line(*side, color=edge, width=width)  # no edge where the diamond is cut off

    def axis(
        self,
        scale: Callable[[float], float],
        at: float,
        values: Iterable[float],
        title: str = "",
        *,
        write: Callable[[float], str] = tick_text,
        size: float = 7,
    ) -> None:
        """Draw a horizontal axis: rule, ticks, labels, and the title centred below."""
        places = list(values)
        left, right = scale(places[0]), scale(places[-1])
        self.line((left, at), (right, at), color="soft", width=0.6)
        for value in places:
            self.line((scale(value), at), (scale(value), at + 2.5), color="soft", width=0.6)
            self.text(scale(value), at + 10.5, write(value), size=size, color="soft",
                      align="center")  # fmt: skip
        if title:
            self.text((left + right) / 2, at + 21, title, size=size, color="soft", align="center")

    def finish(self, height: float) -> Figure:
        """Set the height in points and return the figure."""
        self.figure.set_size_inches(self.width / 72, height / 72)
        self.axes.set_xlim(0, self.width)
        self.axes.set_ylim(height, 0)
        return self.figure

    def _add(self, path, fill, edge, width, dash, alpha, gid) -> None:
        patch = PathPatch(
            path,
            facecolor=TOKENS[fill][0] if fill else "none",
            edgecolor=TOKENS[edge][0] if edge else "none",
            linewidth=width if edge else 0,
            linestyle=(0, dash) if dash else "solid",
            alpha=alpha,
            joinstyle="miter",
            capstyle="butt",
            zorder=self._next(),
            clip_on=False,
        )
        if gid:
            patch.set_gid(gid)
        self.axes.add_artist(patch)
        patch.set_clip_on(False)

    def _next(self) -> float:
        # Drawn in the order of the calls: reading order of the code is the stacking order.
        self._order += 1
        return self._order
