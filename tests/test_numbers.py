"""Numbers in prose: every format, every refusal."""

import pytest

from alliance_review.reporting.numbers import FORMATS, lookup, render

TREE = {
    "core": {"r": 0.2043, "k": 11, "rows": [{"n": 813}, {"n": None}], "label": "Core"},
    "half": 0.125,
    "no": {"nan": float("nan"), "inf": float("inf"), "flag": True},
}


def one(value, how=None):
    return render({"x": value}, "x" if how is None else f"x|{how}")


@pytest.mark.parametrize(
    ("value", "how", "text"),
    [
        (0.2043, None, ".20"),
        (-0.2043, None, "−.20"),
        (1.0, None, "1.00"),
        (-1.0, None, "−1.00"),
        (0.999, "r", "1.00"),
        (-0.001, "r", ".00"),
        (0.0, "r", ".00"),
        (11, None, "11"),
        (12345, None, "12,345"),
        (-3, None, "−3"),
        (7.0, "int", "7"),
        (0.314, "pct", "31\u00a0%"),
        (0.005, "pct", "1\u00a0%"),
        (0.874, "chance", "87\u00a0%"),
        (0.9962, "chance", ">\u00a099\u00a0%"),
        (0.99996, "chance", ">\u00a099.9\u00a0%"),
        (0.003, "chance", "<\u00a01\u00a0%"),
        (0.0004, "chance", "<\u00a00.1\u00a0%"),
        (1.0, "chance", "100\u00a0%"),
        (0.0, "chance", "0\u00a0%"),
        (8.94, "odds", "8.9 to 1"),
        (12.4, "odds", "12 to 1"),
        (4e5, "odds", ">\u00a01,000 to 1"),
        (0.25, "odds", "1 to 4.0"),
        (-0.05, "pct", "−5\u00a0%"),
        (1.4, "f0", "1"),
        (1.25, "f1", "1.3"),
        (0.5, "f2", "0.50"),
        (-2.0004, "f3", "−2.000"),
        (1234.5, "f1", "1,234.5"),
        (0.0144, "p", ".014"),
        (0.0009, "p", "<\u00a0.001"),
        (0.001, "p", ".001"),
        (1.0, "p", "1.000"),
        (0, "word", "zero"),
        (11, "word", "eleven"),
        (20, "word", "twenty"),
        (0, "none_word", "none"),
        (2, "none_word", "two"),
        ("2026-11-02", "date", "2 November 2026"),
        ("Core", None, "Core"),
        (True, None, "yes"),
        (-3, "text", "−3"),
    ],
)
def test_formats(value, how, text):
    assert one(value, how) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.125, ".13"), (-0.125, "−.13"), (0.135, ".14"), (0.285, ".29")]
)
def test_halves_are_rounded_away_from_zero_on_the_printed_decimal(value, text):
    # 0.285 is stored as 0.28499..., and round(0.125, 2) is 0.12: neither is what a reader expects.
    assert one(value, "r") == text


def test_the_minus_is_the_sign_not_the_hyphen():
    for how in ("r", "int", "pct", "f0", "f1", "f2", "f3", "text"):
        assert "-" not in one(-1, how)


def test_paths_go_through_keys_and_positions():
    assert render(TREE, "core.rows.0.n") == "813"
    assert render(TREE, " core.k | word ") == "eleven"
    assert lookup(TREE, "core.rows") == TREE["core"]["rows"]


@pytest.mark.parametrize(
    "path", ["core.rr", "core.rows.2.n", "core.rows.x", "core.rows.-1", "core.k.0", "", "core."]
)
def test_a_path_that_leads_nowhere_is_refused_and_named(path):
    with pytest.raises(KeyError) as caught:
        render(TREE, path)
    assert path in str(caught.value)


def test_the_message_names_what_there_is():
    with pytest.raises(KeyError, match="core has no 'rr' .there is: r, k, rows, label"):
        render(TREE, "core.rr")


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("core.rows.1.n", "no value"),
        ("core.rows", "branch"),
        ("core", "branch"),
        ("no.nan", "cannot be printed"),
        ("no.inf|f2", "cannot be printed"),
        ("core.r|percent", "unknown format"),
        ("core.r|", "unknown format"),
        ("core.r|int", "whole number"),
        ("core.r|word", "0 to 20"),
        ("core.k|r", "between -1 and 1"),
        ("core.k|p", "between 0 and 1"),
        ("core.label|r", "not a number"),
        ("no.flag|int", "not a number"),
        ("core.label|date", "cannot be written as 'date'"),
    ],
)
def test_what_cannot_be_written_is_refused(expression, reason):
    with pytest.raises(ValueError, match=reason) as caught:
        render(TREE, expression)
    assert expression.partition("|")[0] in str(caught.value)


def test_every_format_of_the_authors_guide_exists():
    names = "r int pct chance odds f0 f1 f2 f3 p word none_word date text"
    assert set(FORMATS) == set(names.split())
