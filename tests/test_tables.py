"""The tables of the chapters: every one can be made, and says what the results say."""

import inspect
import re

import nbformat
import pandas as pd
import pytest

from alliance_review import analysis, paths
from alliance_review.reporting import display, robustness_tables, tables
from alliance_review.reporting.numbers import format_value

FRAMES = [name for name, f in inspect.getmembers(tables, inspect.isfunction)
          if f.__module__ == tables.__name__
          and inspect.signature(f).return_annotation is pd.DataFrame]  # fmt: skip
TIERED = {"moderators", "studies"}


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


ROBUSTNESS = [name for name, f in inspect.getmembers(robustness_tables, inspect.isfunction)
              if f.__module__ == robustness_tables.__name__
              and inspect.signature(f).return_annotation is pd.DataFrame]  # fmt: skip


@pytest.mark.parametrize("name", ROBUSTNESS)
def test_every_table_of_the_robustness_chapter_can_be_shown(name, results):
    frame = getattr(robustness_tables, name)(results)
    assert len(frame) and not frame.columns.duplicated().any()
    html = display.show_table(frame)._repr_mimebundle_()["text/html"]
    assert "nan" not in html.lower() and "None" not in html and "not recorded" not in html


def test_the_multiverse_table_has_every_answer_with_its_numbers(results):
    frame = robustness_tables.multiverse(results).set_index("Answer")
    stored = results["robustness"]["multiverse"]["answers"]
    assert len(frame) == len(stored)
    row, level = frame.loc["no cross-sectional"], stored["no_cross_sectional"]
    assert row["Median r"] == format_value(level["median"], "r")
    assert row["Lost"] == f"{level['lost']:,} of {level['pairs']:,}"
    primary = frame[frame.index.str.endswith("(primary)")]
    assert len(primary) == len(results["robustness"]["multiverse"]["choices"])
    assert set(primary["Median change"]) == {"–"}


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.05, "+.05"), (-0.05, "−.05"), (0.001, ".00"), (-0.001, ".00"), (None, None)],
)
def test_a_change_has_its_sign(value, shown):
    assert robustness_tables.change(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0, "0 %"), (0.001, "< 1 %"), (0.999, "> 99 %"), (1, "100 %"), (0.5, "50 %"), (None, None)],
)
def test_a_share_is_all_only_where_it_is_all(value, shown):
    found = robustness_tables.share(value)
    assert found == shown if found is None else found.replace("\xa0", " ") == shown


def test_the_tipping_table_names_the_size_or_says_none():
    never = {"n": None, "until": None}
    kind = {"label": "not significant", "holds_zero": never, "below_small": {"n": 1200,
            "until": None}, "holds_zero_t": {"n": 13, "until": 308}, "lowest_r": 0.05,
            "lowest_limit": 0.01, "lowest_limit_t": -0.03, "largest_tau": 0.2}  # fmt: skip
    single = {"small": 0.1, "largest": 100_000, "lowest_r": -0.95, "kinds": {"null": kind},
              "needed": [{"n": 400, "holds_zero_r": -0.37, "below_small_r": None}]}  # fmt: skip
    tree = {"robustness": {"tipping_study": single}}
    row = robustness_tables.tipping_study(tree).iloc[0]
    assert list(row)[1:] == ["none", "13 to 308", "1,200 or more", ".05", ".01",
                             "−.03", ".20"]  # fmt: skip
    kind["below_small"]["until"] = 5000
    assert robustness_tables.tipping_study(tree).iloc[0, 3] == "1,200 to 5,000"
    row = robustness_tables.tipping_number(tree).iloc[0]
    assert list(row) == ["400", "−.37 or lower", "none down to −.95"]


def test_a_difference_of_medians_is_that_of_the_medians_shown():
    def sample(name: str, with_it: float, without: float) -> dict:
        return {"sample_id": name, "label": name, "median_with": with_it,
                "median_without": without, "difference": with_it - without, "above_with": 0.5,
                "above_without": 0.5}  # fmt: skip

    # .1449 and .2351 differ by .0902, what is shown differs by .10
    samples = [sample("A", 0.1949, 0.1051), sample("B", 0.1449, 0.2351), sample("C", 0.2, 0.2049)]
    frame = robustness_tables.subset_samples({"robustness": {"subsets": {"samples": samples}}})
    shown = frame[["Sample", "Median r with", "Without", "Difference"]].to_numpy().tolist()
    assert shown == [["B", ".14", ".24", "−.10"], ["A", ".19", ".11", "+.08"],
                     ["C", ".20", ".20", ".00"]]  # fmt: skip


def test_the_moderator_table_shows_t_limits_where_there_are_some(results):
    frame = tables.moderators(results, "core")
    for shown, row in zip(frame["With t limits"], results["moderators"]["core"], strict=True):
        has = row["samples"] >= 3 and row["r"] is not None
        assert (shown != "–") == has == (row["t_low"] is not None)
        if has:
            assert row["t_low"] < row["r_low"] and row["r_high"] < row["t_high"]


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
