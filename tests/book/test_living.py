"""The review lives: the same sources give the same bytes, a changed row changes the book."""

import csv
import hashlib
import json
import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from pypdf import PdfReader

from alliance_review import paths
from alliance_review.reporting import numbers
from conftest import copy_review, run_review

pytestmark = pytest.mark.book

R = "pools.core.all_reports.r"


def digests(root: Path) -> dict[str, str]:
    """Digest of every file a reader or reviewer receives."""
    chapters = sorted((root / "chapters").glob("*.ipynb"))
    site = sorted(p for p in (root / "_build" / "html").rglob("*") if p.is_file())
    files = [*chapters, *site, root / "_build" / "results.json", root / "_build" / "review.pdf"]
    return {
        p.relative_to(root).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in files
    }


def change(root: Path, effect_id: str, **cells: str) -> None:
    """Change cells of one effect, as an author would in an editor."""
    file = root / "data" / "effects.csv"
    with file.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        rows = list(reader)
    for row in rows:
        if row["effect_id"] == effect_id:
            row.update(cells)
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, reader.fieldnames, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


MARKUP = "64 % <b>of</b> <script>alert(1)</script> #strong[variance] *explained*"


def drawing(root: Path) -> list[str]:
    """The outlines of the forest plot on its page."""
    page = (root / "_build/html/chapters/04_pooled.html").read_text(encoding="utf-8")
    figure = BeautifulSoup(page, "html.parser").find(id="fig-forest-core")
    return [path["d"] for path in figure.select("svg path[d]")]


def pdf_text(root: Path) -> str:
    """All text of the PDF without white space and without hyphens at the ends of lines."""
    pages = PdfReader(root / "_build/review.pdf").pages
    return re.sub(r"-?\s+", "", "\n".join(page.extract_text() for page in pages))


def shown(root: Path) -> tuple[str, str, str]:
    """The pooled r on the front page, the forest plot's description, and the PDF's text."""
    html = root / "_build" / "html"
    front = BeautifulSoup((html / "index.html").read_text(encoding="utf-8"), "html.parser")
    pooled = BeautifulSoup((html / "chapters/04_pooled.html").read_text("utf-8"), "html.parser")
    pages = PdfReader(root / "_build" / "review.pdf").pages
    return (
        front.select_one(f'[data-n="{R}"]').get_text(),
        pooled.find(id="fig-forest-core").find("desc").get_text(),
        " ".join(page.extract_text() for page in pages[:6]),
    )


def test_two_builds_are_the_same_bytes_and_a_changed_row_changes_the_book(built, tmp_path):
    root = copy_review(tmp_path / "another place" / "review")
    first = run_review(root, "build")
    assert first.returncode == 0, first.stderr
    assert digests(root) == digests(paths.ROOT)
    before, drawn = json.loads((root / "_build/results.json").read_text()), drawing(root)

    change(root, "E002", value="0.36", r_coded="0.600", reported_as=MARKUP)
    glossary = root / "chapters/a9_glossary.ipynb"
    saved = glossary.read_bytes()
    glossary.write_text(json.dumps(json.loads(saved), indent=4))  # as an editor may save it
    second = run_review(root, "build")
    assert second.returncode == 0, second.stdout + second.stderr
    assert glossary.read_bytes() == saved
    after = json.loads((root / "_build/results.json").read_text())
    old, new = numbers.render(before, R), numbers.render(after, R)
    assert new != old
    front, description, pdf = shown(root)
    assert front == new
    assert f"r = {new}" in description and f"r = {old}" not in description
    assert f"r = {new}" in pdf
    assert drawing(root) != drawn

    # What a study says is data: it is shown to the letter and never obeyed.
    studies = (root / "_build/html/chapters/03_evidence.html").read_text(encoding="utf-8")
    article = BeautifulSoup(studies, "html.parser").select_one("article")
    assert MARKUP in article.get_text()
    assert not article.find("script", string="alert(1)") and not article.find("b", string="of")
    assert "".join(MARKUP.split()) in pdf_text(root)

    last_good = digests(root)
    change(root, "E002", r_coded="1.7")
    third = run_review(root, "build")
    assert third.returncode == 1
    assert "effects.csv" in third.stderr and "E002" in third.stderr and "1.7" in third.stderr
    assert "Traceback" not in third.stderr
    assert digests(root) == last_good
