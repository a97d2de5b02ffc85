"""Tables and figures as notebooks store them."""

from __future__ import annotations

import os
import subprocess
import sys

import pandas as pd
import pytest
from bs4 import BeautifulSoup

from alliance_review import paths
from alliance_review.figures.style import Sheet
from alliance_review.reporting import show_figure, show_table

SOURCE = str(paths.SOURCE.parent)
FRAME = pd.DataFrame(
    {
        "sample": ["Test <script>alert(1)</script>", "Test & sample"],
        "n": pd.array([31, None], dtype="Int64"),
        "r": [0.5, float("nan")],
        "doi": ["https://doi.org/10.1000/182", "javascript:alert(1)"],
        "note": ["", "two\nlines"],
    }
)


def soup(shown) -> BeautifulSoup:
    return BeautifulSoup(shown._repr_mimebundle_()["text/html"], "html.parser")


def test_figure_has_one_picture_and_its_description():
    sheet = Sheet(100)
    sheet.text(0, 12, "x")
    drawn = (sheet.finish(20), "One letter is shown. Nothing more.")
    bundle = show_figure(drawn)._repr_mimebundle_()
    assert set(bundle) == {"image/svg+xml", "text/plain"}
    assert bundle["text/plain"] == drawn[1]
    svg = BeautifulSoup(bundle["image/svg+xml"], "html.parser").svg
    assert svg.desc.string == drawn[1] and svg.title.string == "One letter is shown"
    assert bundle == show_figure(drawn)._repr_mimebundle_()


def test_tables_need_no_drawing_library():
    code = "import sys; import alliance_review.reporting; sys.exit('matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": SOURCE})
    assert done.returncode == 0


def test_ipython_stores_exactly_these_representations():
    from IPython.core.formatters import DisplayFormatter

    data, _ = DisplayFormatter().format(show_table(FRAME))
    assert set(data) == {"text/html", "text/plain"}
    assert "object at 0x" not in data["text/plain"]


def test_table_is_escaped_and_complete():
    table = soup(show_table(FRAME, numeric=["n", "r"], formats={"r": ".2f"}))
    assert not table.find("script")
    assert len(table.select("tbody tr")) == 2
    assert [th.get("scope") for th in table.select("thead th")] == ["col"] * 5
    heads = table.select('tbody th[scope="row"]')
    assert [th.text for th in heads] == ["Test <script>alert(1)</script>", "Test & sample"]
    assert [td.text for td in table.select("td.num")] == ["31", "0.50", "not recorded",
                                                          "not recorded"]  # fmt: skip
    assert [th["class"] for th in table.select("thead th.num")] == [["num"], ["num"]]
    region = table.find("div")
    assert region["class"] == ["ar-scroll"] and region["tabindex"] == "0"
    assert region["role"] == "region" and region["aria-label"] == "Table"
    assert not table.find(id=True)


def test_only_declared_http_addresses_become_links():
    assert not soup(show_table(FRAME)).find("a")
    anchors = soup(show_table(FRAME, links=["doi"])).find_all("a")
    assert [a["href"] for a in anchors] == ["https://doi.org/10.1000/182"]
    assert anchors[0].text == "doi.org/10.1000/182"
    joined = soup(show_table(FRAME, links={"sample": "doi"}))
    assert [a.text for a in joined.find_all("a")] == ["Test <script>alert(1)</script>"]
    assert "doi" not in [th.text for th in joined.select("thead th")]


def test_address_cannot_break_out_of_its_attribute():
    rows = [{"x": "a", "url": 'https://x.org/"><script>alert(1)</script>'}]
    table = soup(show_table(rows, links=["url"]))
    assert not table.find("script")
    assert table.a["href"] == rows[0]["url"]


def test_missing_by_column_and_callables():
    table = soup(show_table(FRAME, missing={"r": "–"}, formats={"n": lambda n: f"n {n}"}))
    cells = [td.text for td in table.select("tbody td")]
    assert cells[0] == "n 31" and cells[5] == "–" and cells[4] == "not recorded"
    assert len(table.select(".missing")) == 3


def test_headers_wrap_and_no_row_headers():
    table = soup(
        show_table(FRAME, headers={"n": "Sample <size>"}, wrap=["note"], row_headers=False,
                   label='All "samples"')
    )  # fmt: skip
    assert table.select("thead th")[1].text == "Sample <size>"
    assert not table.select("tbody th") and table.select("td.wrap")
    assert table.div["aria-label"] == 'All "samples"'


def test_plain_text_has_one_line_per_row():
    lines = show_table(FRAME)._repr_mimebundle_()["text/plain"].split("\n")
    assert len(lines) == 3 and lines[0] == "sample\tn\tr\tdoi\tnote"
    assert lines[2].endswith("two lines")


def test_list_of_dicts_equals_frame():
    rows = [{"a": "x", "b": 1}, {"a": "y", "b": None}]
    frame = pd.DataFrame({"a": ["x", "y"], "b": pd.array([1, None], dtype="Int64")})
    assert show_table(rows)._repr_mimebundle_() == show_table(frame)._repr_mimebundle_()


@pytest.mark.parametrize("argument", ["numeric", "wrap", "formats", "headers", "links"])
def test_unknown_column_is_refused(argument):
    value = {"nope": "x"} if argument in ("formats", "headers") else ["nope"]
    with pytest.raises(ValueError, match=f"{argument}.*'nope'"):
        show_table(FRAME, **{argument: value})


@pytest.mark.parametrize(("numeric", "count"), [("all", 5), ("all-but-first", 4)])
def test_numeric_by_name(numeric, count):
    assert len(soup(show_table(FRAME, numeric=numeric)).select("thead .num")) == count
    with pytest.raises(ValueError, match="all-but-first"):
        show_table(FRAME, numeric="n")


def test_empty_table_is_refused():
    with pytest.raises(ValueError, match="at least one column"):
        show_table([])


def test_width_of_a_column_follows_its_longest_text():
    rows = [{"id": "A000-1", "kind": "number of participants", "said": "word " * 12, "n": 3},
            {"id": "A000-2", "kind": None, "said": "short", "n": None}]  # fmt: skip
    table = soup(show_table(rows, numeric=["n"]))
    assert [th.get("class", []) for th in table.select("thead th")] == [
        ["short"], [], ["wrap"], ["num"]
    ]  # fmt: skip
    asked = soup(show_table(rows, wrap=["id"]))
    assert asked.select_one("thead th")["class"] == ["wrap"]


def test_long_codes_may_break_after_their_marks_and_nowhere_else():
    code, prose = "alliance_scale>proxy|communication", "either/or of a <plain> sentence"
    cells = soup(show_table([{"a": code, "b": prose}])).select("tbody tr > *")
    assert str(cells[0]).count("<wbr") == 3
    assert [cell.text for cell in cells] == [code, prose]
    assert "<wbr" not in str(cells[1])
    address = "https://example.org/a_long/path?x=1&lt=2"
    link = soup(show_table([{"a": address}], links=["a"])).a
    assert link["href"] == address
    assert link.text == "example.org/a_long/path?x=1&lt=2"
