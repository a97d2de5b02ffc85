"""One built page as plain HTML: what a printed page shows, and nothing else.

The rules are the page's own. Text, numbers, citations and cross-references are read from the
built site, so the PDF cannot disagree with it. Code appears only where the page shows it without
a click.
"""

import re
from dataclasses import dataclass, field

from bs4 import BeautifulSoup, Tag

from .errors import PdfError
from .svg import Drawing, lift

_ARTICLE = re.compile(r"<article\b[^>]*\bbd-article\b[^>]*>(.*?)</article>", re.S)
_MAIN = re.compile(r"<(main|body)\b[^>]*>(.*)</\1>", re.S)
_META = re.compile(r"<meta\b[^>]*\bname=[\"'](ar-[\w-]+)[\"'][^>]*>")
_CONTENT = re.compile(r"\bcontent=(\"([^\"]*)\"|'([^']*)')")
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")

_DROP_NAMES = {
    "script",
    "style",
    "button",
    "form",
    "nav",
    "template",
    "noscript",
    "iframe",
    "audio",
    "video",
    "canvas",
    "object",
    "link",
    "meta",
    "wbr",
}
_DROP_CLASSES = {
    "headerlink",
    "only-html",
    "toctree-wrapper",
    "backrefs",
    "fn-bracket",
    "sd-summary-state-marker",
    "visually-hidden",
    "collapsed",
    "tableofcontents",
    "fn-backref",
    "prev-next-area",
    "footnote-list-title",
    "kicker",
}
_KINDS = ("warning", "important", "tip", "caution", "danger", "seealso")
_LANGUAGES = {"ipython3": "python", "ipython": "python", "default": "", "none": "", "R": "r"}


@dataclass
class Page:
    """A page on its way into the PDF: its tree, its targets and its links."""

    doc: str
    body: Tag
    soup: BeautifulSoup
    drawings: list[Drawing]
    meta: dict[str, str]
    alias: dict[str, str] = field(default_factory=dict)


def read_page(doc: str, text: str) -> Page:
    """Parse one built page and reduce it to plain HTML.

    Parameters
    ----------
    doc : str
        Name of the page without ``.html``; used in messages.
    text : str
        The built page.

    Raises
    ------
    PdfError
        If the page holds no article or no title.
    """
    meta = {}
    for match in _META.finditer(text):
        content = _CONTENT.search(match[0])
        if content:
            meta[match[1]] = content[2] or content[3] or ""
    found = _ARTICLE.search(text)
    inner = found[1] if found else (_MAIN.search(text) or ["", "", text])[2]
    inner, drawings = lift(inner)
    soup = BeautifulSoup(f"<article>{inner}</article>", "html.parser")
    page = Page(doc, soup.article, soup, drawings, meta)
    _footnotes(page)
    for tag in page.body.find_all(True):
        if not tag.decomposed:
            _simplify(page, tag)
    _headings(page)
    return page


def _simplify(page: Page, tag: Tag) -> None:
    """Turn one element into its printed form, or drop it."""
    classes = set(tag.get("class") or ())
    name = tag.name
    unseen = tag.has_attr("hidden") and "only-pdf" not in classes
    if name in _DROP_NAMES or classes & _DROP_CLASSES or unseen:
        tag.decompose()
    elif name == "math":
        _math(page, tag, tag.get("alttext"), tag.get("display") == "block")
    elif name == "span" and "math" in classes:
        inner = tag.find("math")
        tex = inner.get("alttext") if inner else _strip(tag.get_text(), r"\(", r"\)")
        _math(page, tag, tex, False)
    elif name == "div" and "math" in classes:
        _equation(page, tag)
    elif name == "pre":
        _code(page, tag)
    elif name == "details":
        _details(page, tag)
    elif name == "input":
        _checkbox(page, tag)
    elif name == "section":
        _section(tag)
    elif name == "div" and "admonition" in classes:
        kind = next((k for k in _KINDS if k in classes), "note")
        tag["class"] = ["ar-admonition", f"ar-{kind}"]
    elif name == "aside":
        tag.name, tag["class"] = "div", ["ar-aside"]
    elif name == "p" and "caption" in classes or name == "div" and "code-block-caption" in classes:
        tag.name, tag["class"] = "div", ["ar-caption"]
    elif name == "p" and "admonition-title" in classes:
        tag.name, tag["class"] = "div", ["ar-title"]
    elif name == "div" and "citation" in classes:
        for mark in tag.find_all(class_="label"):
            mark["class"] = ["ar-citation-label"]
    elif name == "label":
        tag.name = "p" if "sd-tab-label" in classes else "span"
    elif name == "a" and not tag.get("href"):
        tag.name = "span"


def _strip(text: str, left: str, right: str) -> str:
    return text.strip().removeprefix(left).removesuffix(right).strip()


def _math(page: Page, tag: Tag, tex: str | None, display: bool) -> None:
    """Maths as a marked code element: literal ``\\(`` in the text can then never become maths."""
    if not tex or not tex.strip():
        raise PdfError(f"{page.doc}: a formula without its TeX source (alttext): {tag!s:.80}")
    tag.replace_with(_formula(page, tex, display))
    _retire(tag)


def _formula(page: Page, tex: str, display: bool) -> Tag:
    code = page.soup.new_tag("code", attrs={"class": "ar-display" if display else "ar-math"})
    code.string = " ".join(tex.split())
    return code


def _retire(tag: Tag) -> None:
    """Mark an element and all in it as done with: the walk over the page then passes it by."""
    for child in tag.find_all(True):
        child.decompose()
    tag.decompose()


def _equation(page: Page, tag: Tag) -> None:
    number = tag.find(class_="eqno")
    label = ""
    if number:
        for link in number.find_all("a"):
            link.decompose()
        label = number.get_text(strip=True)
        number.decompose()
    inner = tag.find("math")
    tex = inner.get("alttext") if inner else _strip(tag.get_text(), r"\[", r"\]")
    if not tex:
        raise PdfError(f"{page.doc}: equation {label or '(unnumbered)'} has no TeX source")
    for child in tag.find_all(True):
        child.decompose()
    tag.clear()
    tag["class"], tag["data-number"] = ["ar-equation"], label
    tag.append(_formula(page, tex, True))


def _code(page: Page, tag: Tag) -> None:
    """A listing: the language is known from the wrapper Sphinx puts around it."""
    language, output = "", False
    for parent in tag.parents:
        names = parent.get("class") or ()
        output = output or any(n in ("cell_output", "output") for n in names)
        found = next((n[10:] for n in names if n.startswith("highlight-")), "")
        language = language or found
        if parent is page.body or output:
            break
    text = tag.get_text().strip("\n")
    if not text:
        tag.decompose()
        return
    tag.clear()
    tag.string = text
    tag["class"] = ["ar-output"] if output else [_LANGUAGES.get(language, language)]


def _details(page: Page, tag: Tag) -> None:
    """A fold-out: its prose is printed, its code is not (a reader would have to click for it)."""
    hidden_cell = "hide" in (tag.get("class") or ())
    summary = tag.find("summary")
    title = summary.get_text(" ", strip=True) if summary else ""
    if summary:
        summary.decompose()
    for block in tag.find_all(["pre", "div"]):
        if not block.decomposed and (
            block.name == "pre" or "cell_input" in (block.get("class") or ())
        ):
            block.decompose()
    empty = not tag.get_text(strip=True) and not tag.find(["img", "table"])
    if empty:
        tag.decompose()
    elif hidden_cell:
        tag.unwrap()
    else:
        tag.name, tag["class"] = "div", ["ar-admonition", "ar-fold"]
        head = page.soup.new_tag("div", attrs={"class": "ar-title"})
        head.string = title
        tag.insert(0, head)


def _checkbox(page: Page, tag: Tag) -> None:
    if tag.get("type") == "checkbox" and tag.find_parent("li"):
        box = page.soup.new_tag("span", attrs={"class": "ar-box"})
        box.string = "yes" if tag.has_attr("checked") else "no"
        tag.replace_with(box)
    else:
        tag.decompose()


def _section(tag: Tag) -> None:
    """The heading carries the ids of its section and of the empty spans before it."""
    heading = tag.find(HEADINGS, recursive=False)
    if heading is not None:
        ids = [tag["id"]] if tag.get("id") else []
        for span in heading.find_previous_siblings("span", id=True):
            ids.append(span["id"])
            span.decompose()
        heading["data-ids"] = " ".join(ids + ([heading["id"]] if heading.get("id") else []))
    tag.unwrap()


def _headings(page: Page) -> None:
    """Plain headings, no level skipped; the first id is the one all others stand for."""
    last = 0
    for heading in page.body.find_all(HEADINGS):
        level = min(int(heading.name[1]), last + 1)
        heading.name, last = f"h{level}", level
        for inner in heading.find_all(["a", "span"]):
            if "section-number" in (inner.get("class") or ()):
                inner["class"] = ["ar-number"]
                inner.string = inner.get_text().strip().rstrip(".")
                continue
            if inner.get("id") and not inner.find_parent(id=inner["id"]):
                heading["data-ids"] = f"{heading.get('data-ids', '')} {inner['id']}"
            inner.unwrap()
        ids = str(heading.attrs.pop("data-ids", heading.get("id", ""))).split()
        heading.attrs.clear()
        heading["id"] = ids[0] if ids else f"ar-heading-{len(page.alias)}"
        page.alias.update({i: heading["id"] for i in ids})
    first = page.body.find("h1")
    if first is None:
        raise PdfError(f"{page.doc}: the page has no title")
    page.alias[""] = first["id"]


def _footnotes(page: Page) -> None:
    """Footnotes go back to the place that refers to them: the page sets them at its foot."""
    notes: dict[str, Tag] = {}
    for note in page.body.find_all(["aside", "dl"], class_="footnote"):
        if note.get("id"):
            for label in note.find_all(class_=["label", "fn-backref"]):
                label.decompose()
            notes[note["id"]] = note.extract()
    for rest in page.body.find_all(class_=["footnote-list", "footnotes"]):
        rest.decompose()
    for link in page.body.find_all("a", class_="footnote-reference"):
        note = notes.get(str(link.get("href", "")).removeprefix("#"))
        if note is None:
            raise PdfError(f"{page.doc}: footnote {link.get('href')} does not exist")
        if link.find_parent(HEADINGS):
            link.decompose()
            continue
        paragraphs = note.find_all("p") or [note]
        inner = "<br>".join(p.decode_contents() for p in paragraphs)
        span = BeautifulSoup(f'<span class="ar-footnote">{inner}</span>', "html.parser").span
        link.replace_with(span)
