"""The tables of the verification appendix, on made-up rows and on what is kept."""

import json

import pytest

from alliance_review import paths, verification
from alliance_review.reporting import verification_tables as tables
from alliance_review.verification import Row


def row(topic, quantity, largest, *, count=3, where="somewhere"):
    return Row(topic, quantity, count, largest, where, "closed form", 1e-10, True)


@pytest.mark.parametrize(
    "value, words",
    [(0, "none"), (3e-13, "10⁻¹²"), (1e-12, "10⁻¹²"), (1.01e-12, "10⁻¹¹"),
     (0.05, "10⁻¹"), (1e-40, "10⁻¹⁵"), (2.0, "1 or more"), (float("inf"), "1 or more")],
)  # fmt: skip
def test_a_difference_is_rounded_up_to_a_power_of_ten(value, words):
    assert tables.difference(value) == words


def test_every_topic_has_a_title_and_a_place():
    assert sorted(tables.TOPICS) == verification.topics()


def test_every_quantity_of_the_matrix_exists():
    names = {topic: {r.quantity for r in verification.summary([topic])}
             for topic in verification.topics()}  # fmt: skip
    for prefix in tables.NOT_METAFOR:
        assert any(n.startswith(prefix) for found in names.values() for n in found), prefix
    for title, reference, peers in tables.MATRIX:
        for topic, wanted in reference.items():
            assert wanted is None or set(wanted) <= names[topic], title
        for name in peers:
            assert any(f"{p}: {name}" in names["peers"] for p in tables.PACKAGES), (title, name)
    asked = {f"{p}: {name}" for _, _, peers in tables.MATRIX for name in peers
             for p in tables.PACKAGES}  # fmt: skip
    assert names["peers"] <= asked  # nothing that is compared is left out of the page


def test_the_matrix_takes_the_largest_difference_of_each_package():
    rows = [row("pooling", "estimate", 1e-14), row("pooling", "estimate", 3e-12),
            row("peers", "PyMARE: estimate", 2e-7), row("peers", "statsmodels: estimate", 0.0)]
    line = tables.by_package(rows).iloc[0]
    assert line.tolist() == ["Pooled effect", "6", "10⁻¹¹", "none", "10⁻⁶", "–"]


def test_codes_of_data_sets_and_settings_become_words():
    assert tables.readable("cor16_k14_mu0.5_tau0.0, hksj") == (
        "made-up set 16 (k = 14, mean 0.5, tau 0.0), Hartung–Knapp"
    )
    assert tables.readable("bimodal_zero_is_global_1") == "two maxima (zero is global), set 1"
    assert tables.readable("cohen1981, k2, k - 2, -0.5, X'WX") == (
        "Cohen 1981, 2 effects, k − 2, −0.5, XᵀWX"
    )


def test_the_nine_data_sets_are_named():
    names = set(tables.data_sets()["Name"])
    assert names == set(tables.NAMES.values()) and len(names) == 9


def test_answers_left_out_are_counted():
    table = tables.left_out(verification.summary(["peers"])).set_index("Package")
    assert list(table.index) == ["statsmodels", "PyMARE", "PyMetaAnalysis"]
    for line in table.to_dict("records"):
        given, compared, left = (int(line[n].replace(",", ""))
                                 for n in ("Numbers given", "Compared", "Left out"))  # fmt: skip
        assert 0 < compared < given and left == given - compared
    total = sum(int(n.replace(",", "")) for n in table["Compared"])
    assert total == sum(row.comparisons for row in verification.summary(["peers"]))


def test_phrases_are_written_as_the_book_writes_them():
    phrase = "tau squared by 1e-10, I squared by 1.2e-4 (bcg, 2e3)"
    space = "\N{NO-BREAK SPACE}"
    times = f"{space}×{space}"
    shown = f"tau² by 10⁻¹⁰, I² by 1.2{times}10⁻⁴ (BCG vaccine, 2{times}10³)"
    assert tables.readable(phrase) == shown


def test_topics_name_the_worst_quantity():
    rows = [row("funnel", "a", 1e-14), row("funnel", "b", 1e-6, where="there", count=5)]
    assert tables.topics(rows).to_dict("records") == [
        {"Topic": "Funnel asymmetry", "Numbers compared": "8",
         "Largest difference": "10⁻⁶", "Where it occurs": "b: there"}
    ]  # fmt: skip


def test_one_cause_is_one_line():
    found = {"peers": [("A", "x"), ("B", "y"), ("C", "x")], "pooling": [("D", "z")]}
    assert tables.reasons(found)[["What", "Why"]].to_numpy().tolist() == [
        ["D", "z"], ["A; C", "x"], ["B", "y"]
    ]  # fmt: skip
    many = {"peers": [(name, "x") for name in "ABCDE"]}
    assert tables.reasons(many)["What"].tolist() == ["A; B; and 3 more"]


def test_published_counts_what_is_printed_and_what_differs():
    document = {"title": "T", "read_at": "https://a.org", "prints_metafor": True, "analyses": [
        {"where": "p. 1: x", "printed": {"a": "1", "b": ["2", "3"]}, "differs": {"b": "why"}},
        {"where": "p. 2", "printed": {"a": "1"}},
        {"where": "p. 1: y", "printed": {"c": "1"}}]}  # fmt: skip
    rows = tables.published({"t": document}).to_numpy().tolist()
    assert rows == [["T (output of metafor)", "https://a.org", "p. 1; p. 2", "5", "3"],
                    ["All", "", "–", "5", "3"]]  # fmt: skip
    kept = verification.module("published").documents()
    agree = int(tables.published(kept)["Ours round to them"].iloc[-1])
    assert agree == sum(row.comparisons for row in verification.summary(["published"]))


@pytest.mark.parametrize(
    "value, words",
    [(2.5, "2.5\N{NO-BREAK SPACE}s"), (0.0123, "12\N{NO-BREAK SPACE}ms"),
     (0.00015, "150\N{NO-BREAK SPACE}µs"), (2e-7, "0.2\N{NO-BREAK SPACE}µs")],
)  # fmt: skip
def test_times_have_the_unit_that_suits_them(value, words):
    assert tables.seconds(value) == words


def test_kept_times_are_shown_as_ratios():
    kept = json.loads((paths.VALIDATION / "timings.json").read_text("utf-8"))
    table = tables.timings(kept)
    assert list(table.columns) == ["Task", "Here", *tables.PACKAGES]
    assert len(table) == len(kept["seconds"])
    times = {"this review": 0.001, "PyMARE": 0.0452, "statsmodels (PM)": 0.0015}
    line = tables.timings({"seconds": {"one": times}}).iloc[0].tolist()
    assert line == ["One", "1.0\N{NO-BREAK SPACE}ms", "–", "× 1.5", "× 45", "–"]
    named = {package for times in kept["seconds"].values() for package in times}
    shown = ("this review", *tables.PACKAGES)
    assert all(name.startswith(shown) for name in named)
    machine = tables.measured_on(kept).set_index("What")["Value"]
    assert machine["Processor"] and machine["Python"]


def test_kept_times_are_within_their_bounds():
    """The figures of a version are published only if the targets were met when it was made."""
    kept = json.loads((paths.VALIDATION / "timings.json").read_text("utf-8"))
    for task, bound in kept["bounds"].items():
        assert kept["seconds"][task]["this review"] <= bound, task
