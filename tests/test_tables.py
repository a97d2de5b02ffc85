"""The tables of the chapters: every one can be made, and says what the results say."""

import inspect
import re

import nbformat
import pandas as pd
import pytest

from alliance_review import analysis, paths
from alliance_review.reporting import display, tables
from alliance_review.reporting.numbers import format_value

FRAMES = [name for name, f in inspect.getmembers(tables, inspect.isfunction)
          if f.__module__ == tables.__name__
          and inspect.signature(f).return_annotation is pd.DataFrame]  # fmt: skip
TIERED = {"contrast", "moderators", "studies"}


@pytest.mark.parametrize("name", FRAMES)
def test_every_table_can_be_shown(name, data, results):
    make = getattr(tables, name)
    first = next(iter(inspect.signature(make).parameters))
    source = data if first == "data" else results
    frames = [make(source, t) for t in analysis.TIERS] if name in TIERED else [make(source)]
    for frame in frames:
        assert len(frame) and not frame.columns.duplicated().any()
        html = display.show_table(frame)._repr_mimebundle_()["text/html"]
        assert "nan" not in html.lower().replace("financ", "") and "<NA>" not in html


def test_contrast_shows_the_pool_and_its_printed_numbers(results):
    frame = tables.contrast(results, "core")
    pool = results["pools"]["core"]
    assert frame.loc[0, "r"] == format_value(pool["all_reports"]["r"], "r")
    assert list(frame["Samples"]) == [pool["all_reports"]["k"], *[pool["printed_only"]["k"]] * 3]


def test_selection_rules_are_shown_apart_and_none_is_lost(data):
    first, rest = tables.protocol(data, selection=True), tables.protocol(data)
    assert len(first) + len(rest) == len(data.protocol)
    assert first.iloc[0]["Value"].startswith("measure kind: alliance scale > proxy")


@pytest.mark.parametrize(
    ("row", "shown"),
    [({"value": 32.7, "low": None, "high": None, "unit": "minutes"}, "32.7 minutes"),
     ({"value": None, "low": 15.0, "high": 20.0, "unit": "minutes"}, "15 to 20 minutes"),
     ({"value": 1270.0, "low": 1.0, "high": 2.5, "unit": None}, "1,270 (1 to 2.5)"),
     ({"value": None, "low": None, "high": None, "unit": "people"}, None)],
)  # fmt: skip
def test_a_policy_figure_in_a_phrase(row, shown):
    assert tables.quantity(row) == shown


@pytest.mark.parametrize(
    ("authors", "title", "shown"),
    [("McCabe R, John P", "T", "McCabe and others 2016"), ("Olfson M", "T", "Olfson 2016"),
     (None, "A title", "A title 2016"), (None, "One two three four five six seven",
     "One two three four… 2016"), (None, None, None)],
)  # fmt: skip
def test_a_source_is_its_authors_or_its_title(authors, title, shown):
    row = {"source_authors": authors, "source_title": title, "source_year": "2016",
           "source_journal": None}  # fmt: skip
    assert tables.source(row) == shown


def test_chapter_three_cites_every_sample_of_every_pool(results):
    notebook = nbformat.read(paths.CHAPTERS / "03_evidence.ipynb", 4)
    text = "\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")
    groups = re.findall(r"\{cite:p\}`([^`]+)`", text)
    cited = {key.strip() for group in groups for key in group.split(",")}
    pooled = {row["citation_key"] for pool in results["pools"].values() for row in pool["rows"]}
    assert pooled <= cited
