"""The pages: numbers, tables, drawings, formulas, strictness, and the same bytes twice."""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest
from bs4 import BeautifulSoup

from alliance_review.book import cache, drawings, html, sphinx_extension
from alliance_review.figures.style import TOKENS
from alliance_review.paths import CONFIG, SOURCE

EPOCH = 1767225600
RESULTS = {"core": {"r": 0.2043, "k": 11, "note": "a < b & c"}}
SVG = (
    '<?xml version="1.0"?><!-- made --><svg xmlns="http://www.w3.org/2000/svg" '
    'xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 9"><title>T</title>'
    "<desc>A square, #0b5a6e &amp; more.</desc><metadata>x</metadata>"
    '<defs><path id="p1" d="M0 0"/></defs><use xlink:href="#p1"/>'
    '<g id="g_1" style="fill: #0b5a6e; stroke: #ABCDEF" clip-path="url(#p1)"/></svg>'
)
TABLE = (
    '<div class="ar-scroll" tabindex="0" role="region" aria-label="Table">'
    '<table class="ar-table"><thead><tr><th>a</th></tr></thead></table></div>'
)
PAGE = """# The pool of {n}`core.k|word`

A number {n}`core.r|f3`, text {n}`core.note`, maths $r = \\tanh z$ and {numref}`tab-one`,
{numref}`fig-two`; the {site}`effects <data/effects.csv>` and {site}`results.json`.

| in a table |
|---|
| {n}`core.r\\|f1` |

```{math}
:label: eq-z
z = \\operatorname{artanh} r
```
"""


def output(mime, value, name, caption, tags=()):
    """A code cell that shows one thing as a figure with a caption."""
    return {
        "cell_type": "code", "id": name, "source": "show()", "execution_count": 1,
        "metadata": {"tags": ["remove-input", *tags],
                     "mystnb": {"figure": {"name": name, "caption": caption}}},
        "outputs": [{"output_type": "execute_result", "execution_count": 1, "metadata": {},
                     "data": {mime: value, "text/plain": "shown"}}],
    }  # fmt: skip


def write_book(root, page=PAGE, cells=None):
    (root / "chapters").mkdir(parents=True)
    (root / "data").mkdir()
    (root / "_build").mkdir()
    (root / "data" / "effects.csv").write_text("a\n")
    shutil.copyfile(CONFIG, root / "_config.yml")
    (root / "_toc.yml").write_text(
        "format: jb-book\nroot: index\nparts:\n- caption: P\n  numbered: true\n  chapters:\n"
        "  - file: chapters/one\n"
    )
    (root / "references.bib").write_text("")
    (root / "index.md").write_text("# Front\n\nr is {n}`core.r`.\n")
    if cells is None:
        cells = [
            output("text/html", TABLE, "tab-one", "All {n}`core.k` rows.", ["table"]),
            output("image/svg+xml", SVG, "fig-one", "First, r {n}`core.r`."),
            output("image/svg+xml", SVG, "fig-two", "Second."),
        ]
    text = {"cell_type": "markdown", "id": "text", "metadata": {}, "source": page}
    notebook = {
        "nbformat": 4, "nbformat_minor": 5, "cells": [text, *cells],
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    }  # fmt: skip
    (root / "chapters" / "one.ipynb").write_text(json.dumps(notebook))
    (root / "_build" / "results.json").write_text(json.dumps(RESULTS))
    return root


def build(root):
    return html.build_site(root, root / "_build" / "site", root / "_build" / "trees", epoch=EPOCH)


def read(root, name="chapters/one"):
    return (root / "_build" / "site" / f"{name}.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    root = write_book(tmp_path_factory.mktemp("book") / "review")
    assert build(root) == 2
    return root


@pytest.fixture(scope="module")
def page(book):
    return BeautifulSoup(read(book), "html.parser")


def test_a_number_in_prose_carries_its_path(page):
    found = {(n["data-n"], n.get_text()) for n in page.select("article span.n")}
    assert found == {("core.r", "0.204"), ("core.note", "a < b & c"), ("core.r", "0.2")}


def test_a_number_in_a_heading_is_plain_text_everywhere(book, page):
    title = page.select_one("article h1")
    assert title.get_text().startswith("1. The pool of eleven")
    assert title.select("span.n") == []
    assert page.title.get_text().startswith("1. The pool of eleven")
    assert "The pool of eleven" in read(book, "index")
    assert "The pool of eleven" in (book / "_build" / "site" / "searchindex.js").read_text()


def test_a_number_in_a_caption_is_plain_text(page):
    caption = page.select_one("#fig-one figcaption")
    assert caption.get_text().strip().startswith("Fig. 1.1 First, r .20.")
    assert caption.select("span.n") == []


def test_a_table_is_numbered_and_carries_its_caption(page):
    table = page.select_one("table#tab-one")
    first = table.find(True)
    assert first.name == "caption"
    assert first.get_text().startswith("Table 1.1 All 11 rows.")
    region = table.parent
    assert region["aria-labelledby"] == first["id"] and "aria-label" not in region.attrs
    assert page.find("a", href="#tab-one", class_="reference").get_text() == "Table 1.1"
    assert table.find_parent("figure") is None


def test_drawings_follow_the_theme_and_name_themselves(book):
    text = read(book)
    found = re.findall(r"<svg\b.*?</svg>", text, re.S)
    assert len(found) == 2
    for svg in found:
        assert "fill: var(--ar-accent, #0b5a6e)" in svg
        assert "stroke: #ABCDEF" in svg  # no token: stays
        assert "<desc>A square, #0b5a6e &amp; more.</desc>" in svg
        assert ' role="img" aria-label="A square, #0b5a6e &amp; more.">' in svg
        assert "metadata" not in svg and "<!--" not in svg and "<?xml" not in svg
    assert list((book / "_build" / "site").glob("_images/*")) == []


def test_identifiers_are_unique_and_references_hold(page):
    ids = [tag["id"] for tag in page.find_all(id=True)]
    assert len(ids) == len(set(ids))
    for use in page.find_all("use"):
        assert use["xlink:href"][1:] in ids
    clips = re.findall(r"url\(#([^)]+)\)", str(page))
    assert len(clips) == 2 and set(clips) <= set(ids)


def test_formulas_are_mathml_with_their_source(page):
    inline, block = page.select("article math")
    assert inline["alttext"] == r"r = \tanh z"
    assert block["display"] == "block" and block.find_parent("div")["id"] == "equation-eq-z"
    assert page.select_one("div.math .eqno").get_text() == "(1.1)"


def test_links_to_published_files_are_relative(page):
    hrefs = {a.get_text(): a["href"] for a in page.select("article a.reference")}
    assert hrefs["effects"] == "../data/effects.csv"
    assert hrefs["results.json"] == "../results.json"


def test_nothing_is_fetched_from_elsewhere(book):
    for file in (book / "_build" / "site").rglob("*.html"):
        soup = BeautifulSoup(file.read_text(encoding="utf-8"), "html.parser")
        for tag in soup.find_all(["script", "link", "img", "iframe", "source"]):
            address = tag.get("src") or tag.get("href") or ""
            assert not re.match(r"(https?:)?//", address), (file.name, address)
        scripts = " ".join(s.get_text() for s in soup.find_all("script"))
        assert "http" not in scripts, file.name


def test_the_search_button_is_named_by_its_text(page):
    buttons = page.select("button.search-button-field")
    assert buttons and not any(b.has_attr("aria-label") for b in buttons)


@pytest.mark.parametrize(
    ("prose", "message"),
    [
        ("# T\n\nHere {n}`core.rr`.\n", r"one\.ipynb, cell 1, line 3: .*core has no 'rr'"),
        ("# T\n\n{n}`core.k|percent`\n", r"one\.ipynb, cell 1.*unknown format 'percent'"),
        ("# T\n\n{n}`core`\n", r"one\.ipynb, cell 1.*branch"),
        ("# T {n}`nothing`\n", r"one\.ipynb.*no 'nothing'"),
        ("# T\n\n{site}`data/none.csv`\n", r"one\.ipynb.*'data/none\.csv' is not published"),
        ("# T\n\n{numref}`tab-two`\n", r"one\.ipynb.*tab-two"),
        ("# T\n\n$\\frac{1}$\n", r"one\.ipynb.*formula"),
    ],
)
def test_a_fault_stops_the_build_with_its_place(tmp_path, prose, message):
    root = write_book(tmp_path / "review", prose, cells=[])
    for _ in range(2):  # the second build must not forget what the first one said
        with pytest.raises(html.PagesFailed) as caught:
            build(root)
        assert re.search(message, "\n".join(caught.value.messages)), caught.value.messages


def test_a_figure_without_a_description_stops_the_build(tmp_path):
    bare = re.sub("<desc>.*</desc>", "", SVG)
    root = write_book(tmp_path / "r", "# T\n", [output("image/svg+xml", bare, "fig-x", "C.")])
    with pytest.raises(html.PagesFailed) as caught:
        build(root)
    assert "fig-x: the figure has no <desc>" in "\n".join(caught.value.messages)


def test_changed_results_reach_every_page(tmp_path):
    root = write_book(tmp_path / "review")
    build(root)
    assert "r is <span" in read(root, "index") and ">.20<" in read(root, "index")
    changed = {"core": {**RESULTS["core"], "r": 0.31}}
    (root / "_build" / "results.json").write_text(json.dumps(changed))
    build(root)
    assert ">.31<" in read(root, "index") and "First, r .31." in read(root)


def test_two_builds_are_the_same_bytes(tmp_path):
    code = (
        "import sys; from pathlib import Path; from alliance_review.book import html\n"
        "root = Path(sys.argv[1])\n"
        f"html.build_site(root, root / '_build/site', root / '_build/trees', epoch={EPOCH})"
    )
    digests = []
    for seed in ("1", "2"):
        root = write_book(tmp_path / seed / "review")
        subprocess.run(
            [sys.executable, "-c", code, str(root)], check=True,
            env={**os.environ, "PYTHONPATH": str(SOURCE.parent), "PYTHONHASHSEED": seed},
        )  # fmt: skip
        site = root / "_build" / "site"
        digests.append({
            file.relative_to(site).as_posix(): file.read_bytes() for file in cache.files(site)
        })  # fmt: skip
    assert list(digests[0]) == list(digests[1])
    assert [name for name in digests[0] if digests[0][name] != digests[1][name]] == []


def test_a_page_built_again_is_as_if_built_at_once(tmp_path):
    once = write_book(tmp_path / "once" / "review")
    build(once)
    twice = write_book(tmp_path / "twice" / "review", PAGE + "\nAn unusual word: xylophone.\n")
    build(twice)
    shutil.copyfile(once / "chapters" / "one.ipynb", twice / "chapters" / "one.ipynb")
    build(twice)
    sites = [root / "_build" / "site" for root in (once, twice)]
    names = [[f.relative_to(s) for f in cache.files(s) if f.name != ".buildinfo"] for s in sites]
    assert names[0] == names[1]
    differing = [n for n in names[0] if (sites[0] / n).read_bytes() != (sites[1] / n).read_bytes()]
    assert differing == []


def test_every_token_becomes_a_variable():
    for name, (light, _) in TOKENS.items():
        shown = drawings.themed(f'<svg><path fill="{light.upper()}"/></svg>', TOKENS)
        assert f'fill="var(--ar-{name}, {light})"' in shown


def test_the_colours_are_those_of_the_figures():
    assert sphinx_extension.tokens() == TOKENS


def test_text_and_references_are_no_colours():
    svg = '<svg><text>#0b5a6e</text><use href="#0b5a6e-x"/><g clip-path="url(#0b5a6e)"/></svg>'
    assert drawings.themed(svg, TOKENS) == svg


def test_a_drawing_that_is_unique_already_is_not_renamed():
    svg = '<svg class="ar-figure" role="img" aria-labelledby="f1-t"><desc id="f1-t">D.</desc></svg>'
    assert drawings.inline(svg, "fig", TOKENS) == svg
    again = drawings.inline(svg, "fig", TOKENS, taken={"f1-t"})
    assert 'aria-labelledby="fig-f1-t"' in again and 'id="fig-f1-t"' in again


def test_what_is_no_drawing_is_refused():
    with pytest.raises(ValueError, match="not an SVG"):
        drawings.inline("<p>no</p>", "fig", TOKENS)
