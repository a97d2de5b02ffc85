"""Drawings inside a page: lifted out as files before the page is parsed.

A drawing is most of a page's bytes and none of its text. Taking it out first keeps the parser
fast, and keeps the letter case (``viewBox``) that an HTML parser would lose.
"""

import html
import re
from dataclasses import dataclass

from .errors import PdfError

_TAG = re.compile(r"<svg\b|</svg\s*>", re.I)
_VARIABLE = re.compile(r"var\(\s*--[\w-]+\s*,\s*([^()]+?)\s*\)")
_BARE_VARIABLE = re.compile(r"var\(\s*--([\w-]+)\s*\)")
_ENTITY = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d+|#x[0-9a-f]+);)(\w+);", re.I)
_FONT = re.compile(r"(font-family\s*[:=]\s*)(\"[^\"]*\"|'[^']*'|[^;\"'>]+(?:'[^']*'[^;\"'>]*)*)")
INK = "#1d2125"
SANS = "DejaVu Sans"


@dataclass(frozen=True)
class Drawing:
    """One drawing: its stand-alone source and the words that stand for it."""

    source: str
    alt: str
    decorative: bool


def lift(page: str) -> tuple[str, list[Drawing]]:
    """Replace every ``<svg>`` by ``<img class="ar-svg" data-drawing="i">``.

    Parameters
    ----------
    page : str
        HTML text.

    Returns
    -------
    tuple of (str, list of Drawing)
        The page without drawings, and the drawings in the order of their numbers.
    """
    parts: list[str] = []
    drawings: list[Drawing] = []
    depth = start = end = 0
    for match in _TAG.finditer(page):
        if match[0][1] != "/":
            if depth == 0:
                start = match.start()
            depth += 1
        elif depth:
            depth -= 1
            if depth == 0:
                parts.append(page[end:start])
                parts.append(f'<img class="ar-svg" data-drawing="{len(drawings)}">')
                end = match.end()
                drawings.append(_drawing(page[start:end]))
    parts.append(page[end:])
    return "".join(parts), drawings


def stand_alone(source: str) -> str:
    """An inline drawing as a file: light colours, declared name spaces, a font that is there."""
    source = _VARIABLE.sub(r"\1", source)
    bare = _BARE_VARIABLE.search(source)
    if bare:
        raise PdfError(
            f"a drawing names the colour --{bare[1]} without the colour for paper; "
            f"write var(--{bare[1]}, #rrggbb)"
        )
    source = source.replace("currentColor", INK)
    source = _ENTITY.sub(
        lambda m: f"&#{ord(c)};" if len(c := html.unescape(m[0])) == 1 else c, source
    )
    source = _FONT.sub(_with_font, source)
    head, close, rest = source.partition(">")
    if "xmlns=" not in head:
        head += ' xmlns="http://www.w3.org/2000/svg"'
    if "xmlns:xlink" not in head and "xlink:" in rest:
        head += ' xmlns:xlink="http://www.w3.org/1999/xlink"'
    if not head.rstrip().endswith("/") and "font-family" not in head:
        head += f' font-family="{SANS}"'
    return head + close + rest


def _with_font(match: re.Match[str]) -> str:
    """Name the one sans serif the book carries; the site's families are not on every machine."""
    if match[1].rstrip().endswith("="):
        return f'{match[1]}"{SANS}"'
    return f"{match[1]}{SANS}"


def _drawing(source: str) -> Drawing:
    head = source[: source.index(">") + 1]
    label = re.search(r"aria-label=(\"([^\"]*)\"|'([^']*)')", head)
    hidden = re.search(r"aria-hidden=[\"']?true", head) is not None
    alt = (
        _text(source, "desc")
        or (html.unescape(label[2] or label[3] or "") if label else "")
        or _text(source, "title")
    )
    return Drawing(stand_alone(source), " ".join(alt.split()), hidden)


def _text(source: str, name: str) -> str:
    found = re.search(rf"<{name}\b[^>]*>(.*?)</{name}\s*>", source, re.S | re.I)
    return html.unescape(re.sub(r"<[^>]+>", "", found[1])).strip() if found else ""
