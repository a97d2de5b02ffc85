"""Figures of the chapters as drawings inside the page.

One SVG serves light and dark: its literal colours are those of the light look, and each is
replaced by the CSS variable of the same name, with the literal as the value to fall back on.
"""

import re
from collections.abc import Collection, Mapping
from html import escape, unescape

_PROLOGUE = re.compile(r"<\?xml.*?\?>|<!DOCTYPE[^>]*>|<!--.*?-->|<metadata>.*?</metadata>", re.S)
_HEX = re.compile(r"(?<![\w(&])#[0-9a-fA-F]{6}\b(?![-\w])")
_ID = re.compile(r'(?<![\w-])id="([^"]+)"')
_ROOT = re.compile(r"<svg\b[^>]*>")
_LABELS = re.compile(r'\s(?:role|aria-label|aria-labelledby|aria-describedby)="[^"]*"')


def description(svg: str) -> str:
    """Return the text of the first ``<desc>``: what the figure shows, in words."""
    return _text(svg, "desc")


def _text(svg: str, tag: str) -> str:
    found = re.search(rf"<{tag}\b[^>]*>(.*?)</{tag}>", svg, re.S)
    return " ".join(unescape(re.sub(r"<[^>]+>", "", found[1])).split()) if found else ""


def identifiers(svg: str) -> set[str]:
    """Return every id in a drawing."""
    return set(_ID.findall(svg))


def themed(svg: str, tokens: Mapping[str, tuple[str, str]]) -> str:
    """Replace the colours of the light look by CSS variables.

    Parameters
    ----------
    svg : str
        The drawing.
    tokens : mapping
        Name -> (light, dark), as in `alliance_review.figures.style.TOKENS`. A colour that is no
        token stays as it is.
    """
    names = {light.lower(): name for name, (light, _) in reversed(tokens.items())}

    def variable(match: re.Match[str]) -> str:
        name = names.get(match[0].lower())
        return f"var(--ar-{name}, {match[0].lower()})" if name else match[0]

    # Only inside tags: a title may speak of a colour.
    return re.sub(r"<[^>]*>", lambda tag: _HEX.sub(variable, tag[0]), svg)


def inline(
    svg: str,
    name: str,
    tokens: Mapping[str, tuple[str, str]],
    taken: Collection[str] = (),
) -> str:
    """Prepare a drawing for a place inside a page.

    Parameters
    ----------
    svg : str
        The drawing as a file would hold it.
    name : str
        A name unique in the page; put before ids where they are not unique by themselves.
    tokens : mapping
        See `themed`.
    taken : collection of str
        Ids already used in the page.

    Returns
    -------
    str
        One ``<svg role="img">`` named by its own title and description.

    Raises
    ------
    ValueError
        If it is no drawing or has no description.
    """
    svg = _PROLOGUE.sub("", svg).strip()
    root = _ROOT.match(svg)
    if not root:
        raise ValueError("the output is not an SVG drawing")
    words = description(svg)
    if not words:
        raise ValueError("the figure has no <desc> that says what it shows")
    ours = 'class="ar-figure"' in root[0]
    if not ours or identifiers(svg).intersection(taken):
        svg = _prefixed(svg, name)
    svg = themed(svg, tokens)
    return svg if ours and "aria-labelledby" in root[0] else _named(svg, words)


def _prefixed(svg: str, name: str) -> str:
    """Put `name` before every id and every reference to one."""
    known = identifiers(svg)
    svg = _ID.sub(lambda m: f'id="{name}-{m[1]}"', svg)
    svg = re.sub(
        r"(url\(#|href=\"#)([^)\"]+)",
        lambda m: f"{m[1]}{name}-{m[2]}" if m[2] in known else m[0],
        svg,
    )

    def words(match: re.Match[str]) -> str:
        names = " ".join(f"{name}-{part}" if part in known else part for part in match[2].split())
        return f'{match[1]}="{names}"'

    return re.sub(r'(aria-labelledby|aria-describedby)="([^"]*)"', words, svg)


def _named(svg: str, words: str) -> str:
    """Give the root its role and its name."""

    def root(match: re.Match[str]) -> str:
        bare = _LABELS.sub("", match[0])
        return f'{bare[:-1]} role="img" aria-label="{escape(words, quote=True)}">'

    return _ROOT.sub(root, svg, count=1)
