"""Links between pages become links inside one document; one that leads nowhere is an error."""

import posixpath
import re
from pathlib import Path
from urllib.parse import unquote

from bs4 import Tag

from .clean import HEADINGS, Page
from .errors import PdfError

_OUTSIDE = re.compile(r"^[a-zA-Z][a-zA-Z0-9+.-]*:|^//")
_INLINE_HOST = {
    "p",
    "dt",
    "span",
    "li",
    "td",
    "th",
    "caption",
    "figcaption",
    "em",
    "strong",
    "code",
}


def label(doc: str, fragment: str) -> str:
    """The Typst label of a place: any other character than a plain one is written as its code."""

    def plain(text: str) -> str:
        return re.sub(r"[^A-Za-z0-9_-]", lambda m: f".{ord(m[0]):x}.", text)

    return f"{plain(doc)}:{plain(fragment)}"


def resolve(
    pages: list[Page], site: Path, base: str = "", own: tuple[str, ...] = ()
) -> dict[str, str]:
    """Rewrite every link and mark every place a link leads to.

    Parameters
    ----------
    pages : list of Page
        All pages of the book, in order. Changed in place.
    site : Path
        Folder of the built site: a link to a file in it that is no page of the book stays as
        text, or leads to the published site when `base` is given.
    base : str
        Address of the published site, or empty.
    own : tuple of str
        File names of the document itself: the site links to it before it is made.

    Returns
    -------
    dict
        Label of the title of each page, by page name.

    Raises
    ------
    PdfError
        If links lead to pages or places that do not exist; the message lists all of them.
    """
    by_doc = {page.doc: page for page in pages}
    places = {page.doc: _places(page) for page in pages}
    wanted: set[tuple[str, str]] = set()
    dead: list[str] = []
    for page in pages:
        for link in page.body.find_all("a"):
            href = str(link.get("href", ""))
            if _OUTSIDE.match(href):
                link.attrs = {"href": href}
                continue
            path, _, fragment = href.partition("#")
            path, fragment = unquote(path.partition("?")[0]), unquote(fragment)
            here = posixpath.dirname(page.doc)
            target = posixpath.normpath(posixpath.join(here, path)) if path else page.doc
            doc = target.removesuffix(".html")
            if doc in by_doc:
                place = by_doc[doc].alias.get(fragment, fragment)
                if place not in places[doc]:
                    dead.append(f"{page.doc}: {href} ({link.get_text(' ', strip=True)!r})")
                wanted.add((doc, place))
                link.attrs = {"href": "#" + label(doc, place)}
            elif (site / target).exists() or posixpath.basename(target) in own:
                if base:
                    link.attrs = {"href": posixpath.join(base, target)}
                else:
                    link.unwrap()
            else:
                dead.append(f"{page.doc}: {href} ({link.get_text(' ', strip=True)!r})")
    if dead:
        raise PdfError("links that lead nowhere:\n  " + "\n  ".join(dead))
    for page in pages:
        _mark(page, wanted)
    return {page.doc: label(page.doc, page.alias[""]) for page in pages}


def _places(page: Page) -> set[str]:
    return {str(tag["id"]) for tag in page.body.find_all(id=True)}


def _mark(page: Page, wanted: set[tuple[str, str]]) -> None:
    """Keep the ids that a link needs, as labels; take every other id away."""
    for tag in page.body.find_all(id=True):
        place = str(tag["id"])
        name = label(page.doc, place)
        classes = tag.get("class") or ()
        if tag.name in HEADINGS:
            tag["id"] = name
            continue
        del tag["id"]
        if (page.doc, place) not in wanted:
            continue
        wanted.discard((page.doc, place))  # a second element with the same id gets no label
        if tag.name in ("figure", "table") or {"ar-equation", "table-block"} & set(classes):
            tag["data-place"] = name
        else:
            _anchor(page, tag, name)


def _anchor(page: Page, tag: Tag, name: str) -> None:
    anchor = page.soup.new_tag("span", attrs={"class": "ar-anchor", "data-place": name})
    if tag.name in _INLINE_HOST:
        tag.insert(0, anchor)
        return
    host = tag.find(["p", "dt", "th", "td", "figcaption"])
    if host is not None:
        host.insert(0, anchor)
    else:
        block = page.soup.new_tag("p")
        block.append(anchor)
        tag.insert_before(block)
