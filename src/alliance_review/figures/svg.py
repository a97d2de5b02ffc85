"""A figure as one self-contained SVG: the same bytes on every machine, every time.

Matplotlib's own output carries a style sheet that would reach the whole page it is put into, ids
that repeat from figure to figure, metadata and six decimals. All of that is taken out here.
"""

from __future__ import annotations

import hashlib
import io
import re
import xml.etree.ElementTree as ET

import matplotlib
from matplotlib.figure import Figure

from .wording import clean

_SVG = "http://www.w3.org/2000/svg"
_HREF = "{http://www.w3.org/1999/xlink}href"
_NUMBER = re.compile(r"-?\d+\.\d+")
_MOVE = re.compile(r"translate\((\S+)(?: (\S+))?\)")
_OWN = re.compile(r"(row|clip|pooled|contrast|cell|stage|mark)(-\d+)?$")
_DEFAULTS = {"stroke-linejoin: miter", "stroke-linecap: butt", "stroke-width: 0", ""}

ET.register_namespace("", _SVG)
ET.register_namespace("xlink", "http://www.w3.org/1999/xlink")


def to_svg(figure: Figure, alt: str, title: str = "") -> str:
    """Write a figure as SVG with a title and a description.

    Parameters
    ----------
    figure : Figure
        Drawn with `alliance_review.figures.style.Sheet`.
    alt : str
        Description in full sentences; becomes ``<desc>``.
    title : str
        Short name of the figure; becomes ``<title>``. Empty: the first sentence of ``alt``.

    Returns
    -------
    str
        One ``<svg>`` element: no XML declaration, no width or height (the view box gives the
        proportions), text as outlines, ids unique to this figure.
    """
    if not alt.strip():
        raise ValueError("a figure needs a text that says what it shows (alt is empty)")
    raw = io.StringIO()
    settings = {"svg.fonttype": "path", "svg.hashsalt": "alliance-review", "path.simplify": False}
    with matplotlib.rc_context(settings):
        empty = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(raw, format="svg", transparent=True, metadata=empty, dpi=72)
    root = ET.fromstring(raw.getvalue())
    prefix = "f" + hashlib.sha256((raw.getvalue() + alt).encode()).hexdigest()[:8]

    blanks: set[str] = set()  # the space has a glyph without an outline
    for parent in list(root.iter()):
        for child in list(parent):
            blank = child.tag == f"{{{_SVG}}}path" and "d" not in child.attrib
            if blank or child.tag in (f"{{{_SVG}}}metadata", f"{{{_SVG}}}style"):
                parent.remove(child)
                blanks.add(f"#{child.get('id')}")
    for parent in list(root.iter()):
        for child in list(parent):
            if child.get(_HREF) in blanks:
                parent.remove(child)
    _tidy(root, prefix)
    _drop_empty(root)
    for name in ("width", "height", "version"):
        root.attrib.pop(name, None)
    root.attrib |= {
        "class": "ar-figure",
        "role": "img",
        "aria-labelledby": f"{prefix}-title",
        "aria-describedby": f"{prefix}-desc",
    }
    for position, (tag, text) in enumerate(
        (("title", title or alt.split(". ")[0]), ("desc", alt))
    ):
        node = ET.Element(f"{{{_SVG}}}{tag}", {"id": f"{prefix}-{tag}"})
        node.text = clean(text)
        root.insert(position, node)
    return ET.tostring(root, encoding="unicode", short_empty_elements=True)


def _tidy(root: ET.Element, prefix: str) -> None:
    """Shorten numbers, styles and ids in place; keep only ids that are used or ours."""
    used = {node.get(_HREF, "")[1:] for node in root.iter()} - {""}
    names = {name: f"{prefix}-g{index}" for index, name in enumerate(sorted(used))}
    seen: dict[str, int] = {}
    for node in root.iter():
        node.text = node.text if node.text and node.text.strip() else None
        node.tail = None
        name = node.attrib.pop("id", None)
        if name in names:
            node.set("id", names[name])
        elif name and _OWN.match(name):
            seen[name] = seen.get(name, 0) + 1
            kind = name if name[-1].isdigit() else f"{name}-{seen[name]}"
            node.set("id", f"{prefix}-{kind}")
        if _HREF in node.attrib:
            node.set(_HREF, "#" + names[node.get(_HREF)[1:]])
            move = _MOVE.fullmatch(node.get("transform", ""))
            if move:
                del node.attrib["transform"]
                node.set("x", _round(move[1]))
                if float(move[2] or 0):
                    node.set("y", _round(move[2]))
        elif "transform" in node.attrib:
            moved = _MOVE.sub(lambda m: _NUMBER.sub(_two, m[0]), node.get("transform"))
            node.set("transform", moved)
        if "d" in node.attrib:
            node.set("d", " ".join(_NUMBER.sub(_two, node.get("d")).split()))
        if "style" in node.attrib:
            parts = [part.strip() for part in node.get("style").split(";")]
            parts = [_NUMBER.sub(_two, part) for part in parts if part not in _DEFAULTS]
            if parts:
                node.set("style", "; ".join(parts))
            else:
                del node.attrib["style"]


def _drop_empty(root: ET.Element) -> None:
    """Remove groups and definitions that hold nothing."""
    for node in list(root):
        _drop_empty(node)
        if not len(node) and node.tag in (f"{{{_SVG}}}g", f"{{{_SVG}}}defs"):
            root.remove(node)


def _round(text: str) -> str:
    return _NUMBER.sub(_two, text)


def _two(match: re.Match[str]) -> str:
    short = f"{float(match[0]):.2f}".rstrip("0").rstrip(".")
    return "0" if short in ("-0", "") else short
