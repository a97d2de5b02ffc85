"""Read the built website and PDF as a reader would, and compare them with the results."""

import csv
import json
import re
from contextlib import suppress
from functools import cache
from pathlib import Path

import nbformat
import pytest
import yaml
from bs4 import BeautifulSoup
from pypdf import PdfReader

from alliance_review import paths
from alliance_review.reporting import numbers

pytestmark = pytest.mark.book

HEADLINES = (
    "pools.core.all_reports.r", "pools.core.all_reports.r_low", "pools.core.all_reports.r_high",
    "pools.core.all_reports.prediction_r_low", "pools.core.all_reports.prediction_r_high",
    "pools.core.printed_only.REML.r", "pools.adherence.all_reports.r",
    "pools.adherence.all_reports.r_low", "pools.adherence.all_reports.r_high",
    "robustness.leave_one_out_range.low", "robustness.leave_one_out_range.high",
)  # fmt: skip
LEFTOVERS = (r"\?\?", r"<Figure size", r"object at 0x", r"\b(nan|NaN)\b", r"\{n\}",
             r"\{cite", r"\{claim\}", r"\{site\}", r"\{numref\}", r"Traceback")  # fmt: skip


def toc() -> list[str]:
    tree = yaml.safe_load(paths.TOC.read_text(encoding="utf-8"))
    return [tree["root"]] + [c["file"] for part in tree["parts"] for c in part["chapters"]]


PAGES = toc()
NOTEBOOKS = [page for page in PAGES if (paths.ROOT / f"{page}.ipynb").is_file()]


@cache
def article(built: Path, page: str):
    soup = BeautifulSoup((built / f"{page}.html").read_text(encoding="utf-8"), "html.parser")
    return soup.select_one("article")


@cache
def pdf() -> PdfReader:
    return PdfReader(paths.PDF)


@cache
def pdf_text() -> str:
    text = "\n".join(page.extract_text() for page in pdf().pages)
    return re.sub(r"\s+", " ", text.replace("\u00ad", ""))


@cache
def results() -> dict:
    return json.loads(paths.RESULTS.read_text(encoding="utf-8"))


def ways_to_write(value) -> set[str]:
    """The value in every format that fits it."""
    ways = set()
    for name in numbers.FORMATS:
        with suppress(ValueError):
            ways.add(numbers.format_value(value, name))
    return ways


def named_cells(page: str, prefix: str) -> list[str]:
    notebook = nbformat.read(paths.ROOT / f"{page}.ipynb", 4)
    names = [c.metadata.get("mystnb", {}).get("figure", {}).get("name", "") for c in notebook.cells]
    return [name for name in names if name.startswith(prefix)]


@pytest.mark.parametrize("page", PAGES)
def test_every_page_of_the_contents_is_there_and_says_something(built, page):
    text = article(built, page).get_text(" ", strip=True)
    assert len(text) > 500, f"{page} is trivial"


@pytest.mark.parametrize("page", PAGES)
def test_nothing_is_left_unrendered_on_a_page(built, page):
    soup = BeautifulSoup(str(article(built, page)), "html.parser")
    for code in soup.select("pre, code"):
        code.decompose()
    text = soup.get_text(" ")
    for pattern in LEFTOVERS:
        assert not re.search(pattern, text), f"{page}: {pattern}"


def test_nothing_is_left_unrendered_in_the_pdf(built):
    for pattern in LEFTOVERS[:4]:
        assert not re.search(pattern, pdf_text()), pattern


@pytest.mark.parametrize("path", HEADLINES)
def test_headline_numbers_are_the_results_on_site_and_in_pdf(built, path):
    wanted = numbers.render(results(), path)
    shown = article(built, "index").select(f'[data-n="{path}"]')
    assert shown and all(node.get_text() == wanted for node in shown)
    assert wanted in summary_text()


@cache
def summary_text() -> str:
    """The PDF's summary: what the front page says, between its heading and the first chapter."""
    pages = [re.sub(r"\s+", " ", page.extract_text()) for page in pdf().pages[:12]]
    first = next(i for i, text in enumerate(pages) if "Abstract Background" in text)
    return " ".join(pages[first : first + 2])


def test_the_pdf_opens_with_the_answer_and_its_interval():
    value = {name: numbers.render(results(), f"pools.core.all_reports.{name}")
             for name in ("r", "r_low", "r_high")}  # fmt: skip
    answer = summary_text().split("Abstract Background")[0]
    assert f"r = {value['r']}" in answer
    assert f"{value['r_low']} to {value['r_high']}" in answer
    assert numbers.render(results(), "certainty.level|text") in answer


def test_every_number_on_the_site_is_its_result(built):
    count = 0
    for page in PAGES:
        for node in article(built, page).select("[data-n]"):
            value = numbers.lookup(results(), node["data-n"])
            count += 1
            assert node.get_text() in ways_to_write(value), f"{page}: {node['data-n']}"
    assert count > 150


def test_every_figure_is_on_its_page_with_a_description(built):
    total = 0
    for page in NOTEBOOKS:
        for name in named_cells(page, "fig-"):
            figure = article(built, page).find(id=name)
            assert figure is not None, f"{page}: {name}"
            drawing = figure.select_one("svg[role=img]")
            assert drawing is not None, f"{page}: {name} has no drawing"
            assert len(drawing.find("desc").get_text()) > 80
            assert figure.find("figcaption") is not None
            total += 1
    assert total >= 12


def test_every_table_is_on_its_page_with_caption_and_headings(built):
    total = 0
    for page in NOTEBOOKS:
        for name in named_cells(page, "tab-"):
            table = article(built, page).find(id=name)
            assert table is not None, f"{page}: {name}"
            assert table.find("caption").get_text(strip=True)
            assert table.select("thead th[scope=col]") and table.select("tbody tr")
            cells = [cell.get_text(strip=True) for cell in table.select("th, td")]
            assert not {"", "None", "NaN", "<NA>"} & set(cells), f"{page}: {name}"
            total += 1
    assert total >= 25


def test_figures_and_tables_are_numbered_alike_in_the_pdf(built):
    text, labels = pdf_text(), 0
    for page in NOTEBOOKS:
        for number in article(built, page).select("figcaption .caption-number, caption "
                                                  ".caption-number"):  # fmt: skip
            label = re.sub(r"\s+", " ", number.get_text()).strip()
            assert label in text, f"{page}: {label}"
            labels += 1
    assert labels >= 37  # the figures and tables that the two tests above count


def test_figures_in_the_pdf_are_vector_drawings(built):
    images = [image for page in pdf().pages for image in page.images]
    assert images == []


def test_pdf_is_tagged_a4_and_titled(built):
    root = pdf().trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] and "/StructTreeRoot" in root and root["/Lang"] == "en"
    assert pdf().metadata.title == yaml.safe_load(paths.CONFIG.read_text())["title"]
    assert "pdfuaid" in pdf().trailer["/Root"]["/Metadata"].get_data().decode()
    sizes = {tuple(sorted(round(float(x)) for x in page.mediabox[2:])) for page in pdf().pages}
    assert sizes == {(595, 842)}


def test_pdf_outline_names_every_page_of_the_contents(built):
    def titles(entries):
        for entry in entries:
            if isinstance(entry, list):
                yield from titles(entry)
            else:
                yield re.sub(r"\s+", " ", entry.title)

    outline = list(titles(pdf().outline))
    for page in PAGES[1:]:
        heading = article(built, page).find("h1")
        for extra in heading.select("a.headerlink, .section-number"):
            extra.extract()
        title = re.sub(r"\s+", " ", heading.get_text()).strip()
        assert any(title in entry for entry in outline), title


def test_pages_ask_nothing_of_the_network(built):
    for file in sorted(built.rglob("*.html")):
        soup = BeautifulSoup(file.read_text(encoding="utf-8"), "html.parser")
        for node in soup.select("script[src], img[src], iframe[src], link[href], source[src]"):
            address = node.get("src") or node.get("href")
            assert not re.match(r"(https?:)?//", address), f"{file.name}: {address}"
    for file in sorted(built.rglob("*.css")):
        assert not re.search(r"url\(\s*['\"]?https?:", file.read_text(encoding="utf-8")), file.name


def test_internal_links_and_anchors_exist(built):
    ids = {}
    pages = sorted(built.rglob("*.html"))
    soups = {p: BeautifulSoup(p.read_text(encoding="utf-8"), "html.parser") for p in pages}
    for page, soup in soups.items():
        ids[page.resolve()] = {node["id"] for node in soup.find_all(id=True)}
    for page, soup in soups.items():
        for link in soup.select("article a[href]"):
            target, _, fragment = link["href"].partition("#")
            if re.match(r"\w+:", target):
                continue
            file = (page.parent / target).resolve() if target else page.resolve()
            assert file.exists(), f"{page.name}: {link['href']}"
            if fragment and file in ids:
                assert fragment in ids[file], f"{page.name}: {link['href']}"


def test_every_reference_is_cited_and_listed_once(built):
    keys = re.findall(r"^@\w+\{([^,]+),", paths.BIBLIOGRAPHY.read_text(encoding="utf-8"), re.M)
    assert len(keys) == len(set(keys))
    cited = set()
    for page in PAGES:
        if (paths.ROOT / f"{page}.md").is_file():
            sources = [(paths.ROOT / f"{page}.md").read_text(encoding="utf-8")]
        else:
            cells = nbformat.read(paths.ROOT / f"{page}.ipynb", 4).cells
            sources = [c.source for c in cells if c.cell_type == "markdown"]
        for group in re.findall(r"\{cite:[tp]\}`([^`]+)`", "\n".join(sources)):
            cited |= {key.strip() for key in group.split(",")}
    assert cited <= set(keys)
    named = set()
    for file in sorted(paths.DATA.glob("*.csv")):
        with file.open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream):
                for column in ("citation_key", "citation_keys"):
                    named |= {k.strip() for k in (row.get(column) or "").split(";")}
    assert set(keys) <= cited | named, "entries that nothing refers to"
    listed = [d.get_text(" ", strip=True) for d in
              article(built, "chapters/references").select(".citation")]  # fmt: skip
    assert len(listed) == len(cited) == len(set(listed))


def test_studies_and_bibliography_agree_on_dois():
    entries = re.split(r"\n(?=@)", paths.BIBLIOGRAPHY.read_text(encoding="utf-8"))
    dois = {}
    for entry in entries:
        key = re.match(r"@\w+\{([^,]+),", entry)[1]
        found = re.search(r"^\s*doi = \{([^}]*)\}", entry, re.M)
        dois[key] = found[1].lower() if found else ""
    with (paths.DATA / "studies.csv").open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            assert dois[row["citation_key"]] == row["doi"].lower(), row["study_id"]


def test_results_and_data_are_published(built):
    published = json.loads((built / "results.json").read_text(encoding="utf-8"))
    assert published == results()
    for file in sorted(paths.DATA.iterdir()):
        assert (built / "data" / file.name).read_bytes() == file.read_bytes()
    assert (built / "review.pdf").read_bytes() == paths.PDF.read_bytes()
