"""The review on paper: the built site as one tagged, linked, reproducible PDF/UA document.

built HTML -> :mod:`.clean` -> pandoc with ``filter.lua`` -> Typst with ``template.typ`` -> PDF.
No LaTeX, no browser, no network: pandoc and Typst come as Python packages. Numbering, citations
and computed numbers are read from the site, so the two can never disagree.
"""

import datetime as dt
import importlib.util
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pypandoc
import typst
import yaml

from alliance_review.paths import PDF

from .clean import Page, read_page
from .errors import PdfError
from .images import place
from .links import resolve

__all__ = ["PdfError", "build_pdf"]

_HERE = Path(__file__).parent
_CONTENTS = {"en": "Contents", "de": "Inhalt", "fr": "Table des matières", "es": "Índice"}


def build_pdf(root: Path, html: Path, out: Path) -> list[str]:
    """Make the PDF of the book from its built site.

    Parameters
    ----------
    root : Path
        Folder with ``_toc.yml`` and ``_config.yml``.
    html : Path
        Folder of the built site.
    out : Path
        The PDF; replaced only when the new one is complete.

    Returns
    -------
    list of str
        Warnings of the typesetter, each once.

    Raises
    ------
    PdfError
        If a page or a title is missing, a link leads nowhere, an image has no alternative text,
        a formula cannot be set, or the document would not be accessible (PDF/UA-1).

    Notes
    -----
    The same input gives the same bytes: the date of the document is ``SOURCE_DATE_EPOCH``, or
    else the first day of the year of the version.
    """
    root, html, out = Path(root), Path(html), Path(out)
    config = yaml.safe_load((root / "_config.yml").read_text("utf-8")) or {}
    toc = yaml.safe_load((root / "_toc.yml").read_text("utf-8")) or {}
    entries = list(contents(toc))
    pages = [_page(html, doc) for _, doc in entries]
    settings = config.get("sphinx", {}).get("config", {}) or {}
    base = str(settings.get("html_baseurl") or config.get("html", {}).get("baseurl") or "")
    author_year = str(settings.get("bibtex_reference_style", "")).startswith("author_year")
    _name_front_page(pages[0], str(config.get("title", "")))
    facts = _facts(html, settings, pages[0].meta)
    titles = resolve(pages, html, base, (out.name, PDF.name))
    with tempfile.TemporaryDirectory(prefix="review-pdf-") as folder:
        work = Path(folder)
        for page in pages:
            if author_year:
                for mark in page.body.find_all(class_="ar-citation-label"):
                    mark.decompose()
            place(page, html, work)
        _fonts(work / "fonts")
        parts = {titles[doc]: part for part, doc in entries if part}
        head = _head(config, settings, facts, parts)
        body = _typst([page.body.decode_contents() for page in pages])
        crowded = re.findall(r"^//crowded: (.*)$", body, re.M)
        (work / "book.typ").write_text(head + "\n" + body, "utf-8")
        data, warnings = _compile(work, _timestamp(facts["version"]))
    out.parent.mkdir(parents=True, exist_ok=True)
    half = out.with_name(out.name + ".part")
    half.write_bytes(data)
    os.replace(half, out)
    return [f"table too wide for a turned page at 7 pt: {table}" for table in crowded] + warnings


def contents(toc: dict) -> Iterator[tuple[str | None, str]]:
    """Pages of the book in order, each with the caption of the part it opens (or None)."""

    def walk(entries: list[dict]) -> Iterator[str]:
        for entry in entries:
            if "file" in entry:
                yield (
                    str(Path(entry["file"]).with_suffix(""))
                    if entry["file"].endswith((".md", ".ipynb", ".rst"))
                    else entry["file"]
                )
            yield from walk(entry.get("sections", []))

    if "root" not in toc:
        raise PdfError("_toc.yml names no root page")
    yield None, toc["root"]
    yield from ((None, doc) for doc in walk(toc.get("sections", []) + toc.get("chapters", [])))
    for part in toc.get("parts", []):
        for i, doc in enumerate(walk(part.get("chapters", []))):
            yield (part.get("caption") if i == 0 else None), doc


def _page(html: Path, doc: str) -> Page:
    file = html / f"{doc}.html"
    if not file.is_file():
        raise PdfError(f"{doc}: the page is in _toc.yml but not in the built site ({file.name})")
    return read_page(doc, file.read_text("utf-8"))


def _name_front_page(page: Page, title: str) -> None:
    """The title page already bears the title; the front page under it is the summary."""
    heading = page.body.find("h1")
    if heading.get_text(strip=True).casefold() == title.strip().casefold():
        heading.string = "Summary"


def _facts(html: Path, settings: dict, meta: dict[str, str]) -> dict[str, str]:
    """Version and date of the search: from the page, the configuration, or the results."""
    results = html / "results.json"
    stored = json.loads(results.read_text("utf-8")) if results.is_file() else {}
    stored = stored.get("meta", {}) if isinstance(stored, dict) else {}
    context = settings.get("html_context") or {}
    version = meta.get("ar-version") or settings.get("release") or stored.get("version") or ""
    searched = (
        meta.get("ar-search-date") or context.get("search_date") or stored.get("search_date") or ""
    )
    return {"version": str(version), "searched": _date(str(searched))}


def _timestamp(version: str) -> int:
    """Seconds since 1970: SOURCE_DATE_EPOCH, or 1 January of the version's year (26.1.0: 2026)."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    if epoch:
        return int(epoch)
    found = re.match(r"(?:20)?(\d\d)\b", version)
    year = 2000 + int(found[1]) if found else 2000
    return int(dt.datetime(year, 1, 1, tzinfo=dt.UTC).timestamp())


def _head(config: dict, settings: dict, facts: dict[str, str], parts: dict[str, str]) -> str:
    """The template with the facts of this book in it, as Typst strings."""
    language, _, region = str(settings.get("language") or "en").replace("_", "-").partition("-")
    version, searched = facts["version"], facts["searched"]
    authors = config.get("author") or []
    authors = [authors] if isinstance(authors, str) else [str(a) for a in authors]
    values = {
        "TITLE": _string(str(config.get("title") or "")),
        "AUTHORS": "(" + "".join(_string(a) + ", " for a in authors) + ")",
        "STATUS": _string("Living review" + (f" · version {version}" if version else "")),
        "SEARCHED": _string(searched) if searched else "none",
        "PARTS": "(:)"
        if not parts
        else "(" + "".join(f"{_string(k)}: {_string(v)}, " for k, v in parts.items()) + ")",
        "LANG": _string(language),
        "REGION": _string(region) if region else "none",
        "CONTENTS": _string(_CONTENTS.get(language, "Contents")),
    }
    template = (_HERE / "template.typ").read_text("utf-8")
    return re.sub(r"@([A-Z]+)@", lambda m: values[m[1]], template)


def _date(text: str) -> str:
    """2026-11-22 as 22 November 2026; anything else as it stands."""
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        return text
    return f"{day.day} {day:%B} {day.year}"


def _string(text: str) -> str:
    """A Typst string literal (JSON escapes are Typst's, but for \\u)."""
    return json.dumps(text, ensure_ascii=False)


def _fonts(folder: Path) -> None:
    """The sans serif of the drawings: the one that matplotlib carries (found, not imported)."""
    folder.mkdir()
    spec = importlib.util.find_spec("matplotlib")
    if spec is None or not spec.submodule_search_locations:
        return
    source = Path(spec.submodule_search_locations[0]) / "mpl-data" / "fonts" / "ttf"
    for style in ("", "-Bold", "-Oblique", "-BoldOblique"):
        shutil.copy(source / f"DejaVuSans{style}.ttf", folder)


def _typst(bodies: list[str]) -> str:
    """Typst source of the pages. Pandoc reads two halves of the book at the same time."""
    half = len(bodies) // 2

    def convert(part: list[str]) -> str:
        return pypandoc.convert_text(
            "<html><body>" + "\n".join(part) + "</body></html>",
            "typst",
            format="html",
            extra_args=["--lua-filter", str(_HERE / "filter.lua"), "--wrap=none"],
        )

    try:
        with ThreadPoolExecutor(2) as pool:
            return "\n\n".join(pool.map(convert, (bodies[:half], bodies[half:])))
    except RuntimeError as error:
        raise PdfError(f"the pages cannot be converted: {error}") from error


def _compile(work: Path, timestamp: int) -> tuple[bytes, list[str]]:
    try:
        data, warnings = typst.compile_with_warnings(
            str(work / "book.typ"),
            root=str(work),
            font_paths=[str(work / "fonts")],
            ignore_system_fonts=True,
            pdf_standards=["ua-1"],
            timestamp=timestamp,
            format="pdf",
        )
    except typst.TypstError as error:
        detail = getattr(error, "diagnostic", "") or str(error)
        detail = re.sub(r"(\.\./)*\.*[\w./-]*book\.typ", "book.typ", detail)
        raise PdfError(f"the document cannot be set: {detail}") from error
    return data, sorted({str(getattr(w, "message", w)) for w in warnings})
