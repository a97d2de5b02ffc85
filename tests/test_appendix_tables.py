"""Tables of the audit, the agenda and the appendices: nothing lost, nothing invented."""

import json
import math
import re
from types import SimpleNamespace

import nbformat
import pandas as pd
import pytest

from alliance_review import analysis, evidence, paths
from alliance_review.interpretation import planning
from alliance_review.reporting import agenda_tables, appendix_tables, record_tables
from alliance_review.synthesis import Report, pool_reports

# --- the pages exist and are called what the tables call them ---------------------------------


@pytest.mark.parametrize("stem", [s for s in appendix_tables.CHAPTERS if s != "index"])
def test_every_page_named_in_a_table_exists_under_that_title(stem):
    notebook = nbformat.read(paths.CHAPTERS / f"{stem}.ipynb", as_version=4)
    heading = re.match(r"(?:\(.+\)=\n)?# (.+)", notebook.cells[0].source)
    assert heading[1].strip() == appendix_tables.CHAPTERS[stem]


def page(stem):
    """The text of all Markdown cells of a page; a line break inside a paragraph is a space."""
    notebook = nbformat.read(paths.CHAPTERS / f"{stem}.ipynb", as_version=4)
    text = "\n\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")
    return re.sub(r"(?<=\S)\n(?=\S)", " ", text)


def test_chapter_gives_name_and_address_and_refuses_a_page_that_does_not_exist():
    assert appendix_tables.chapter("07_mechanisms") == ("7 Mechanisms", "07_mechanisms.html")
    assert appendix_tables.chapter("appendix_measures")[1] == "a5_measures.html"
    assert appendix_tables.chapter("index")[1] == "../index.html"
    with pytest.raises(KeyError):
        appendix_tables.chapter("12_nowhere")


# --- claims ------------------------------------------------------------------------------------


def test_every_claim_is_in_the_table_of_its_document_once(data):
    documents = list(data.documents["document_id"])
    shown = pd.concat([appendix_tables.claims(data, d) for d in documents])
    assert list(shown["Claim"]) == list(data.claims["claim_id"])
    assert shown["Verdict"].isin(appendix_tables.VERDICTS.values()).all()
    for said, claim in zip(shown["What is said"], data.claims["claim"], strict=True):
        assert said.startswith(claim) and ". Cited: " in said
    with pytest.raises(ValueError, match="'999'"):
        appendix_tables.claims(data, "999")


@pytest.mark.parametrize("column", ["document", "kind"])
def test_counts_of_claims_add_up(data, column):
    table = appendix_tables.claims_by(data, column)
    *lines, total = table.to_dict("records")
    assert total["All"] == len(data.claims) == sum(line["All"] for line in lines)
    assert list(appendix_tables.SHORT) == list(appendix_tables.VERDICTS)
    for code, word in appendix_tables.SHORT.items():
        assert total[word] == (data.claims["verdict"] == code).sum()
    assert all(line["All"] == sum(line[w] for w in appendix_tables.SHORT.values())
               for line in lines)  # fmt: skip


PATTERNS = {
    "The hedge falls off": {"supported_with_caveats"},
    "One of several becomes the one": {"source_differs"},
    "Association is worded as cause": {"supported_with_caveats"},
    "Psychotherapy is quoted for drug treatment": {"psychotherapy_only", "source_differs"},
    "Numbers arrive second-hand": {
        "source_differs", "not_checkable", "supported_with_caveats"},
    "The paper is real, the content is another": {"citation_not_as_described", "source_differs"},
    "Better support exists than was cited": {"supported", "supported_with_caveats"},
    "Silence is not refutation": {"not_checkable"},
}  # fmt: skip
"""Paragraphs on patterns in the chapter on claims, and the verdicts that their examples have."""


def test_what_is_called_unsupported_is_not_borne_out_by_the_pool():
    assert "the relationship is a *strong* predictor" in page("10_claims").split("What nothing")[1]
    assert analysis.load()["summary"]["label"] != "large"


def test_patterns_rest_on_claims_with_the_verdicts_they_describe(data):
    verdicts = data.claims.set_index("claim_id")["verdict"]
    section = page("10_claims").split("## Patterns")[1].split("\n## ")[0]
    paragraphs = dict(re.findall(r"^\*\*(.+?)\.\*\* (.+)", section, flags=re.M))
    assert set(paragraphs) == set(PATTERNS)
    for head, text in paragraphs.items():
        named = re.findall(r"A\d{3}-\d+", text.replace("A003-1 to A003-3", "A003-1 A003-2 A003-3"))
        assert {verdicts[claim] for claim in named} == PATTERNS[head], head


@pytest.mark.parametrize(
    ("authors", "years", "expected"),
    [
        ("McCabe R, Priebe S; Chang JG", "2004; 2019", "McCabe and Priebe 2004; Chang 2019"),
        ("Totura, Fields, Karver", "2018", "Totura and others 2018"),
        ("McCabe R, John P et al.", "2016", "McCabe and others 2016"),
        ("Kim et al.", "2016", "Kim and others 2016"),
        ("McKay KM, Imel ZE, Wampold BE", "2006", "McKay and others 2006"),
        ("TACK team", None, "TACK team"),
        (None, "2007", "A title"),
        (None, None, "A title"),
    ],
)
def test_sources_are_named_by_author_and_year_or_by_title(authors, years, expected):
    assert appendix_tables.source(authors, years, "A title") == expected


def test_a_source_with_neither_author_nor_title_is_missing():
    assert appendix_tables.source(pd.NA, pd.NA, pd.NA) is None


# --- points ------------------------------------------------------------------------------------


def test_every_point_is_shown_with_a_page_that_exists(data):
    documents = sorted(set(data.points["document"]))
    shown = pd.concat([appendix_tables.points(data, d) for d in documents])
    assert sorted(shown["Point"]) == sorted(data.points["point_id"])
    for address in shown["address"]:
        assert (paths.CHAPTERS / address.replace(".html", ".ipynb")).is_file(), address
    kinds = appendix_tables.points_by_kind(data)
    assert kinds["All"].sum() == len(data.points)
    with pytest.raises(ValueError, match="'999'"):
        appendix_tables.points(data, "999")


def test_points_are_counted_by_status(data):
    *lines, total = appendix_tables.points_by_status(data).to_dict("records")
    for status in appendix_tables.STATUS:
        assert total[status] == (data.points["status"] == status).sum()
        assert total[status] == sum(line[status] for line in lines)
    assert total["all"] == len(data.points) == sum(total[s] for s in appendix_tables.STATUS)
    shown = pd.concat([appendix_tables.points(data, d) for d in set(data.points["document"])])
    assert (shown["Status"] == "not yet").sum() == total["not yet"]


def test_a_point_says_what_is_missing_unless_it_is_answered(data):
    missing = data.points["answer"].str.contains(
        r"Not done in this version|Not seen|not answered|cannot decide"
    )
    assert list(missing) == list(data.points["status"] != "answered")
    undone = data.points[data.points["status"] == "not yet"]
    assert undone["answer"].str.startswith("Not done in this version: ").all()
    assert set(undone["chapter"]) == {"11_agenda"}  # whose tables list what is left


# --- codebook ----------------------------------------------------------------------------------


def test_codebook_shows_every_field_and_every_table_has_its_cell(data):
    schema, faults = evidence.read_schema(paths.DATA)
    package = json.loads(paths.PACKAGE.read_text(encoding="utf-8"))
    assert not faults
    sizes = {t.name: len(getattr(data, t.name)) for t in schema}
    assert list(appendix_tables.codebook_tables(schema, sizes)["Table"]) == [
        r["name"] for r in package["resources"]
    ]
    for table, resource in zip(schema, package["resources"], strict=True):
        shown = appendix_tables.codebook(table)
        assert list(shown["Field"]) == [f["name"] for f in resource["schema"]["fields"]]
        assert shown["Meaning"].str.len().min() > 0 and shown["Example"].str.len().min() > 0
    page = nbformat.read(paths.CHAPTERS / "a4_codebook.ipynb", as_version=4)
    named = {c.metadata.get("mystnb", {}).get("figure", {}).get("name") for c in page.cells}
    assert {f"tab-codebook-{t.name.replace('_', '-')}" for t in schema} <= named


def test_allowed_values_are_put_into_words():
    def field(**rules):
        empty = dict(enum=(), minimum=None, maximum=None, pattern=None, unique=False)
        return SimpleNamespace(**(empty | rules))

    allowed = appendix_tables.allowed
    assert allowed(field()) == "any"
    assert allowed(field(enum=("yes", "no"))) == "yes, no"
    assert allowed(field(minimum=-1, maximum=1)) == "\N{MINUS SIGN}1 to 1"
    assert allowed(field(minimum=0)) == "0 or more"
    assert allowed(field(minimum=4)) == "4 or more"
    assert allowed(field(maximum=1)) == "1 or less"
    assert allowed(field(pattern=re.compile("[a-z]+"), unique=True)) == (
        "pattern [a-z]+; each once"
    )
    assert allowed(field(unique=True), "sample_id of samples") == "sample_id of samples; each once"


# --- measures and checklists -------------------------------------------------------------------


def test_every_measure_is_shown_once_in_a_table_or_named_in_the_text(data):
    kinds = ("alliance", "related", "not_identified", "overview")
    shown = pd.concat([appendix_tables.measures(data, [k]) for k in kinds])
    left = data.measures[appendix_tables.undescribed(data)]
    assert len(shown) + len(left) == len(data.measures) and len(left)
    assert len(shown) == len(appendix_tables.measures(data, kinds[:2]))  # those of the two tables
    assert shown["Measure"].is_unique
    assert not any("." in items for items in shown["Items"].dropna())
    text = page("a5_measures")
    for row in left.to_dict("records"):
        for named in (row["abbreviation"], *re.findall(r"\d+", str(row["psychometrics"]))):
            assert pd.isna(named) or re.search(rf"\b{named}\b", text), (row["measure_id"], named)


def test_the_text_on_scales_is_true_of_the_table(data):
    purposes = data.measures.loc[data.measures["kind"] == "alliance", "developed_for"]
    counts = purposes.value_counts()
    assert "More were made for psychotherapy than for any other setting" in page("a5_measures")
    assert counts.index[0] == "psychotherapy" and counts.iloc[0] > counts.iloc[1]
    assert "Only one form made for drug treatment was found" in page("a5_measures")
    assert counts["drug treatment"] == 1


def test_a_measure_is_named_by_what_is_known_of_it():
    row = {"measure_id": "x", "name": "Some Scale", "abbreviation": "SS"}
    assert appendix_tables.named(row) == "Some Scale (SS)"
    assert appendix_tables.named(row | {"name": pd.NA}) == "SS"
    assert appendix_tables.named(row | {"abbreviation": pd.NA}) == "Some Scale"
    assert appendix_tables.named(row | {"name": None, "abbreviation": None}) == "x"


def test_prisma_is_complete_and_counted(data):
    shown = appendix_tables.checklist(data, "PRISMA 2020")
    numbers = {re.match(r"\d+", item)[0] for item in shown["Item"]}
    assert numbers == {str(i) for i in range(1, 28)} and len(shown) == 42
    counts = appendix_tables.checklist_counts(data).iloc[0]
    assert counts["met"] == (shown["Status"] == "met").sum()
    assert counts["met"] + counts["partly"] + counts["not met"] == counts["all"] == 42
    unmet = shown.loc[shown["Status"] == "not met", "Item"]
    assert set(unmet) == {"24c", "25", "26"}  # the text gives their two causes
    with pytest.raises(ValueError, match="no checklist"):
        appendix_tables.checklist(data, "PRISMA 1920")


# --- agenda ------------------------------------------------------------------------------------

FIT = {"r": 0.2, "r_low": 0.1, "r_high": 0.3, "tau": 0.1, "k": 2}
RESULTS = {
    "meta": {"version": "1.2.3"},
    "pools": {
        "core": {
            "all_reports": FIT,
            "printed_only": {"k": 2, "REML": FIT | {"r": 0.25}},
            "rows": [{"n": 194, "n_high": None}, {"n": None, "n_high": 90}],
        },
        "adherence": {
            "all_reports": FIT | {"r_low": 0.0},
            "printed_only": {"k": 1},
            "rows": [{"n": 100, "n_high": None}],
        },
    },
    "policy": {"inputs": {"shift": 0.5}},
}


def test_sizes_of_studies_are_those_of_the_formula():
    table = agenda_tables.study_sizes(RESULTS)
    assert len(table) == 6
    eighty = table[[c for c in table.columns if c.startswith("People, 80")][0]]
    assert list(eighty[:3]) == ["783", "194", "85"]
    assert pd.isna(eighty[3])  # no sample detects an association of zero
    large = table[[c for c in table.columns if c.startswith("Samples here")][0]]
    assert list(large[:3]) == ["0 of 2", "1 of 2", "2 of 2"]  # 194 is enough for 194
    assert pd.isna(large[3]) and list(large[4:]) == ["0 of 1", "1 of 1"]


def test_sizes_of_trials_grow_as_the_causal_share_falls():
    table = agenda_tables.trial_sizes(RESULTS, icc=0.1, cluster=11)

    def people(column):
        return [int(x.replace(",", "")) for x in table[column]]

    plain = people("Patients, no clustering")
    assert plain[0] == planning.required_trial(0.2 * 0.5)
    assert plain[2] == pytest.approx(16 * plain[0], rel=0.01)
    assert people("Patients, clustered")[0] == pytest.approx(2 * plain[0], rel=0.01)
    interaction = people("Interaction of equal size, clustered")
    assert interaction[0] == pytest.approx(8 * plain[0], rel=0.01)


def row(label, form, n, basis="reported", **more):
    fields = dict(n_low=None, n_high=None, weight=0.1, source_url=f"https://x.test/{label}",
                  citation_key=label)  # fmt: skip
    return {"label": label, "form": form, "n": n, "n_basis": basis} | fields | more


def test_the_queue_is_ordered_by_information_and_leaves_out_what_is_complete():
    core = {"all_reports": FIT, "rows": [
        row("known", "exact", 800), row("small", "null", 20, weight=0.0),
        row("large", "significant", 300, weight=0.0), row("size", "exact", 50, "assumed"),
        row("range", "significant", None, "missing", n_low=15, n_high=57, weight=0.0),
    ]}  # fmt: skip
    table = agenda_tables.upgrade_queue(core, 500.0, {"large": "10.1/x"})
    assert list(table["Sample"]) == ["large", "range", "small", "size"]
    assert list(table["Place"]) == [1, 2, 3, 4]
    assert list(table["Ask for"]) == [
        "coefficient", "coefficient and sample size", "coefficient", "sample size"
    ]  # fmt: skip
    assert table["address"][0] == "https://doi.org/10.1/x"
    assert table["address"][1] == "https://x.test/range"
    for place, n in ((0, 300), (1, 57), (2, 20)):  # of a range the upper end, as in the sizes
        gained = planning.information_gain(n, 0.1, 0.0, 500.0)
        assert table["Information gained"][place] == f"{100 * gained:.0f}\N{NO-BREAK SPACE}%"


def test_gaps_left_open_come_first_and_weighty_ones_before_others(data):
    shown = agenda_tables.gaps(data)
    gaps = data.points[data.points["kind"] == "gap"]
    assert sorted(shown["Gap"]) == sorted(gaps["point"])
    order = [-appendix_tables.STATUS.index(s) for s in shown["Status"]]
    assert order == sorted(order) and len(set(order)) > 1
    for _, part in shown.groupby("Status"):
        weights = list(part["Weighty claims"])
        assert weights == sorted(weights, reverse=True)
    assert shown["Weighty claims"].nunique() > 1
    left = (shown["Status"] == "not yet").sum()
    others = agenda_tables.open_points(data)
    assert not set(others["What is raised"]) & set(shown["Gap"])
    assert len(others) + left == (data.points["status"] == "not yet").sum()


def test_cells_count_samples_and_say_where_there_are_none(data):
    table = agenda_tables.cells(data).set_index("Relationship rated by")
    core = data.effects[data.effects["tier"] == "core"]
    patient = core[(core["rater"] == "patient") & (core["outcome_domain"] == "symptoms")]
    assert table.loc["patient", "symptoms"] == patient["sample_id"].nunique()
    assert "none" in set(table.to_numpy().ravel())
    assert not (table == "none").all(axis=1).any()  # a rater of no core sample has no line
    # no association of the core tier falls outside the table
    assert set(core["outcome_domain"]) <= set(agenda_tables.DOMAINS)
    people = agenda_tables.populations(data)
    assert people["Core"].replace("none", 0).sum() == core["sample_id"].nunique()
    assert not (people.iloc[:, 1:] == "none").all(axis=1).any()


# --- the record --------------------------------------------------------------------------------


def test_estimates_of_this_version_hold_every_pool():
    table = record_tables.estimates(RESULTS)
    assert list(zip(table["Pool"], table["Method"], table["r"], strict=True)) == [
        ("core", "all reports", ".20"), ("core", "printed numbers, REML", ".25"),
        ("adherence", "all reports", ".20"),
    ]  # fmt: skip
    assert set(table["Version"]) == {"1.2.3"}


def test_pools_side_by_side_are_shown_as_r():
    report = Report("exact", 103, z=0.5)
    fit = pool_reports([report, report])
    shown = record_tables.fits({"both": fit}).iloc[0]
    assert (shown["Pool"], shown["Samples"], shown["With a number"]) == ("both", 2, 2)
    assert shown["r"] == ".46" and shown["Tau"] == ".00"  # tanh(0.5) = .4621
    low, high = (f"{math.tanh(limit):.2f}"[1:] for limit in (fit.ci_low, fit.ci_high))
    assert shown["95 % interval"] == f"{low} to {high}" and low < ".46" < high


def test_pools_side_by_side_have_the_prediction_interval_of_the_results(data):
    rows = evidence.pool_rows(data, "core")
    rows = rows[rows["usable"] == "yes"].to_dict("records")
    reports = [analysis.pools.to_report(row) for row in rows]
    shown = record_tables.fits({"core": pool_reports(reports)}).iloc[0]
    ours = analysis.load()["pools"]["core"]["all_reports"]
    for column, low, high in (("95 % interval", "r_low", "r_high"),
                              ("Prediction", "prediction_r_low", "prediction_r_high")):  # fmt: skip
        assert shown[column] == record_tables.interval(ours[low], ours[high])
    assert shown["r"] == record_tables.r(ours["r"]) and shown["Samples"] == ours["k"]
    # wider than the interval of the mean on both sides
    assert ours["prediction_r_low"] < ours["r_low"] < ours["r_high"] < ours["prediction_r_high"]


def test_codes_that_stand_are_counted_where_the_coders_differ():
    both = pd.DataFrame(
        {
            "effect_id": ["E1", "E2", "E3", "E1", "E2", "E3"],
            "coder": list("aaabbb"),
            "sign": [1, 0, pd.NA, 1, 1, 1],
            "n": [10, 20, pd.NA, 11, 20, 30],
        }
    )
    kept = pd.DataFrame(
        {"effect_id": ["E3", "E2", "E1"], "sign": [pd.NA, 1, 1], "n": [30, 20, 12], "note": ""}
    )
    shown = record_tables.codes_that_stand(SimpleNamespace(codes=both, effects=kept))
    assert shown.to_numpy().tolist() == [
        ["direction", 2, 1, 1, 0], ["number of people", 2, 0, 1, 1], ["all", 4, 1, 2, 1]
    ]  # fmt: skip


def test_every_coded_field_has_a_name_for_readers(data):
    coded = set(data.codes.columns) - {"effect_id", "coder"}
    assert set(record_tables.FIELDS) == coded
    assert len(set(record_tables.FIELDS.values())) == len(coded)


def test_change_log_begins_with_this_version_and_lists_the_newest_first(data):
    empty = SimpleNamespace(history=data.history.iloc[:0])
    now = record_tables.estimates(RESULTS)
    pd.testing.assert_frame_equal(record_tables.change_log(RESULTS, empty), now)
    rows = [
        {"version": v, "date": d, "pool": "core", "method": "all_reports", "k": 3, "r": 0.2,
         "r_low": 0.1, "r_high": 0.3, "change": "a"}
        for v, d in (("1.0.0", "2026-01-01"), ("1.1.0", "2026-02-01"))
    ]  # fmt: skip
    shown = record_tables.change_log(RESULTS, SimpleNamespace(history=pd.DataFrame(rows)))
    assert list(shown["Version"]) == ["1.2.3"] * len(now) + ["1.1.0", "1.0.0"]
    assert list(shown["Released"][-3:]) == ["this version", "2026-02-01", "2026-01-01"]
    last = shown.iloc[-1]
    assert (last["95 % interval"], last["Method"]) == (".10 to .30", "all reports")
    assert last["Samples"] == 3 and pd.isna(shown["What changed"][0])


def test_environment_reads_the_lock():
    lock = "numpy==2.4 ; python_full_version < '3.12' \\\n  --hash=sha256:a\nnumpy==2.5\nscipy==1\n"
    table = record_tables.environment(lock, ["scipy", "numpy"])
    assert table.to_dict("list") == {
        "Package": ["scipy", "numpy"], "Locked version": ["1", "2.4 or 2.5"]
    }  # fmt: skip
    with pytest.raises(ValueError, match="pandas"):
        record_tables.environment(lock, ["pandas"])
