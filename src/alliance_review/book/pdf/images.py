"""Images of the pages as files beside the Typst source, each with the words that stand for it."""

import base64
import hashlib
import posixpath
from pathlib import Path
from urllib.parse import unquote

from bs4 import Tag

from .clean import Page
from .errors import PdfError


def place(page: Page, site: Path, work: Path) -> None:
    """Write every image of a page to `work` and point the page at it.

    Raises
    ------
    PdfError
        If an image has no alternative text, or its file is not there.
    """
    for img in page.body.find_all("img"):
        if img.parent.name == "a":
            img.parent.unwrap()
        alt, data, suffix = _content(page, img, site)
        if data is None:
            img.decompose()
            continue
        if not alt:
            raise PdfError(
                f"{page.doc}: {_name(img)} has no alternative text; give it an alt "
                "text (a drawing: a <desc> that says what it shows)"
            )
        file = work / f"{hashlib.sha256(data).hexdigest()[:20]}{suffix}"
        file.write_bytes(data)
        img.attrs = {"src": file.name, "alt": alt}


def _content(page: Page, img: Tag, site: Path) -> tuple[str, bytes | None, str]:
    """Alternative text, bytes (None: a decoration, to be left out) and suffix of one image."""
    if img.has_attr("data-drawing"):
        drawing = page.drawings[int(str(img["data-drawing"]))]
        if drawing.decorative:
            return "", None, ""
        return drawing.alt, drawing.source.encode(), ".svg"
    alt, source = " ".join(str(img.get("alt", "")).split()), str(img.get("src", ""))
    if source.startswith("data:image/"):
        kind, _, payload = source[len("data:image/") :].partition(",")
        suffix = "." + kind.partition(";")[0].partition("+")[0].replace("jpeg", "jpg")
        data = base64.b64decode(payload) if "base64" in kind else unquote(payload).encode()
        return alt, data, suffix
    file = site / posixpath.join(posixpath.dirname(page.doc), unquote(source.partition("?")[0]))
    if not file.is_file():
        raise PdfError(f"{page.doc}: image {source!r} is not in the built site")
    return alt, file.read_bytes(), file.suffix.lower()


def _name(img: Tag) -> str:
    figure = img.find_parent("figure")
    number = figure.find(class_="caption-number") if figure else None
    if number:
        return number.get_text(strip=True)
    return f"the image {str(img.get('src') or 'drawn in the page')[:60]!r}"
