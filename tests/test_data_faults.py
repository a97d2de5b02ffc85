"""Planted faults: each changes one thing in a copy of the real data, and is reported as that.

The untouched copy has no fault, so whatever is reported comes from the plant: the tests ask for
exactly the faults named, with file, row, row id, column, value, rule and remedy, and no others.
"""

import csv
import io
import json
import random
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from alliance_review import evidence, paths
from alliance_review.evidence.faults import shown


class Copy:
    """A copy of the data package that can be damaged."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(paths.DATA, folder)
        schema = json.loads((folder / "datapackage.json").read_text("utf-8"))
        self.keys = {r["name"]: r["schema"]["primaryKey"] for r in schema["resources"]}

    def path(self, table: str) -> Path:
        return self.folder / f"{table}.csv"

    def text(self, table: str) -> str:
        return self.path(table).read_bytes().decode("utf-8")

    def write(self, table: str, text: str | bytes) -> None:
        data = text if isinstance(text, bytes) else text.encode("utf-8")
        self.path(table).write_bytes(data)

    def rows(self, table: str) -> list[list[str]]:
        return list(csv.reader(io.StringIO(self.text(table), newline="")))

    def save(self, table: str, rows: list[list[str]]) -> None:
        out = io.StringIO(newline="")
        csv.writer(out, lineterminator="\n").writerows(rows)
        self.write(table, out.getvalue())

    def find(self, table: str, row_id: str) -> int:
        """Row number as a spreadsheet counts; several key columns are joined by a slash."""
        rows = self.rows(table)
        key = self.keys[table]
        where = [rows[0].index(c) for c in ([key] if isinstance(key, str) else key)]
        ids = ["/".join(row[i] for i in where) for row in rows]
        return ids.index(row_id) + 1

    def get(self, table: str, row_id: str, column: str) -> str:
        rows = self.rows(table)
        return rows[self.find(table, row_id) - 1][rows[0].index(column)]

    def set(self, table: str, row_id: str, **cells: str) -> None:
        rows = self.rows(table)
        row = rows[self.find(table, row_id) - 1]
        for column, value in cells.items():
            row[rows[0].index(column)] = value
        self.save(table, rows)

    def append(self, table: str, like: str, **cells: str) -> int:
        """A further row, equal to ``like`` but for ``cells``; its row number."""
        rows = self.rows(table)
        row = list(rows[self.find(table, like) - 1])
        for column, value in cells.items():
            row[rows[0].index(column)] = value
        self.save(table, [*rows, row])
        return len(rows) + 1

    def drop(self, table: str, row_id: str) -> None:
        rows = self.rows(table)
        del rows[self.find(table, row_id) - 1]
        self.save(table, rows)

    def first(self, table: str, **cells: str) -> str:
        """Id of the first row (single key) with these values."""
        rows = self.rows(table)
        where = {rows[0].index(c): v for c, v in cells.items()}
        key = self.keys[table]
        at = rows[0].index(key if isinstance(key, str) else key[0])
        return next(r[at] for r in rows[1:] if all(r[i] == v for i, v in where.items()))


@dataclass(frozen=True)
class Expected:
    """A fault as it must be reported; ``rule`` and ``remedy`` by words they contain."""

    file: str
    row: int
    row_id: str
    column: str
    value: str
    rule: str
    remedy: str = ""


@pytest.fixture
def copy(tmp_path):
    return Copy(tmp_path / "data")


def assert_faults(folder: Path, expected: list[Expected]) -> None:
    found = evidence.check(folder)
    assert [f.rule for f in found] and len(found) == len(expected), "\n".join(map(str, found))
    for fault, want in zip(found, expected, strict=True):
        place = (fault.file, fault.row, fault.row_id, fault.column, fault.value)
        assert place == (want.file, want.row, want.row_id, want.column, want.value)
        assert want.rule in fault.rule
        assert want.remedy in fault.remedy and fault.remedy.endswith(".")
        line = str(fault)
        assert "\n" not in line and line.isprintable()
        for part in (fault.file, fault.row_id, fault.column, fault.value, fault.rule, fault.remedy):
            assert part in line


def test_the_untouched_copy_has_no_fault(copy):
    assert evidence.check(copy.folder) == []


# One cell changed: table, row id, column, new value, rule, remedy.
E, S = "effects", "studies"
MAXIMUM = "x" * 2001
CELLS = [
    # numbers that are none
    (E, "E215", "se", "0,1102", "decimal comma", "decimal point"),
    (E, "E215", "n", "8,13", "decimal comma", "decimal point"),
    (E, "E215", "n", "813.0", "no whole number", "digits only"),
    (E, "E215", "n", "about 813", "no whole number", "digits only"),
    (E, "E215", "value", "−0.3541", "is no number", "hyphen for minus"),
    (E, "E215", "value", "NaN", "is no number", "Leave the cell empty"),
    (E, "E215", "df", "n/a", "is no number", "Leave the cell empty"),
    (E, "E215", "p_value", "1e999", "is no number", "decimal point"),
    # what spreadsheets do
    (E, "E215", "value", "5-Jan", "date made by a spreadsheet", "format the column as text"),
    (S, "Weiss1997", "journal", "Jan-97", "date made by a spreadsheet", "column as text"),
    (S, "Weiss1997", "year", "1/5/1997", "date made by a spreadsheet", "column as text"),
    (S, "Krupnick1996", "pmid", "8.69E+06", "shortened by a spreadsheet", "Restore all digits"),
    (E, "E215", "n", "#REF!", "spreadsheet's error value", "from the source"),
    # dates
    ("search_queries", "S1Q05", "date", "22.11.2026", "date made by", "column as text"),
    ("search_queries", "S1Q05", "date", "2026-13-01", "no date of the form", "2026-11-22"),
    ("search_queries", "S1Q05", "date", "20261122", "no date of the form", "2026-11-22"),
    # unclean text
    (S, "Weiss1997", "journal", "Journal ", "starts or ends with white space", "Remove"),
    (S, "Weiss1997", "journal", "\u00a0Journal", "starts or ends with white space", "Remove"),
    (S, "Weiss1997", "title", "The role\x07", "character U+0007", "Delete"),
    (S, "Weiss1997", "title", "The\x00role", "character U+0000", "Delete"),
    (S, "Weiss1997", "title", "The\trole", "character U+0009", "Delete"),
    (S, "Weiss1997", "title", "The\nrole", "character U+000A", "Delete"),
    (S, "Weiss1997", "title", "The\u200brole", "character U+200B", "Delete"),
    (S, "Weiss1997", "title", "The \u202erole", "character U+202E", "Delete"),
    (S, "Weiss1997", "authors", "Flu\u0308ckiger", "not Unicode NFC", "normalise"),
    (S, "Weiss1997", "authors", "Fl\ufffdckiger", "replacement character", "from the source"),
    (S, "Weiss1997", "authors", "FlÃ¼ckiger", "read as Latin-1", "from the source"),
    (S, "Weiss1997", "title", MAXIMUM, "2,001 characters, the limit is 2,000", "Shorten"),
    (S, "Weiss1997", "title", "y" * 10**6, "1,000,000 characters", "unclosed quotation mark"),
    # constraints of the schema
    (E, "E215", "rater", "patients", "is not one of patient, clinician", "Use one of"),
    (E, "E215", "outcome", "", "a required value is missing", "Fill in"),
    (S, "Weiss1997", "doi", "doi:10.1000/1", "does not have the form", "starting with 10."),
    (S, "Weiss1997", "url", "www.example.org", "does not have the form", "full address"),
    (S, "Weiss1997", "year", "1907", "below the minimum", "four-digit year"),
    (E, "E215", "p_value", "1.4", "above the maximum", "between 0 and 1"),
    (E, "E215", "p_value", "-0.01", "below the minimum", "between 0 and 1"),
    (E, "E215", "r_coded", "1", "above the maximum", "between -1 and 1"),
    (E, "E215", "n", "3", "below the minimum 4", "at least 4"),
    (E, "E215", "sign", "2", "is not one of -1, 0, 1", "1, 0 or -1"),
    (S, "Krupnick1996", "citation_key", "weiss1997", "must be unique", "merge"),
    # keys that point nowhere
    (E, "E034", "sample_id", "NoSuch", "no such sample_id in samples", "samples.csv"),
    (E, "E215", "conversion", "by-guess", "no such conversion in conversions", "conversions.csv"),
    # figures that cannot stand together
    (E, "E001", "value", "41", "share of variance lies between 0 and 1", "0.41"),
    (E, "E044", "value", "3.6", "correlation lies between -1 and 1", "another statistic"),
    (E, "E040", "value", "1.2", "interval does not contain the value", "against the source"),
    (E, "E040", "ci_low", "1.05", "lower bound is above the upper bound", "Exchange"),
    (E, "E040", "ci_high", "", "an interval has two bounds", "other bound"),
    (E, "E215", "se", "0", "standard error is above 0", "Check"),
    (E, "E215", "se", "3.142", "standard error and the p value disagree", "standard deviation"),
    (E, "E135", "se", "0.76", "width of the confidence interval disagree", "standard deviation"),
    (E, "E030", "se", "40", "more than 50 times the value", "standard deviation"),
    (E, "E117", "p_value", "0.2", "p value and the confidence interval disagree", "source"),
    (E, "E117", "p_relation", "", "belong together", "Fill in the other one"),
    # sample sizes
    (E, "E215", "n", "5000", "people of its sample COMBINE", "samples.csv"),
    (E, "E044", "n", "", "n_basis is missing exactly when n is empty", "set n_basis"),
    (E, "E044", "n_basis", "missing", "n_basis is missing exactly when n is empty", "set n_basis"),
    (E, "E219", "n", "30", "n lies outside its own range", "Correct n"),
    (E, "E219", "n_high", "", "a range of n has two ends", "other end"),
    (E, "E219", "n_low", "200", "the range of n is upside down", "Exchange"),
    (E, "E219", "n_basis", "reported", "a reported n needs no range", "assumed"),
    # form of evidence, sign, r
    (E, "E045", "r_coded", "", "an effect with a number carries the coder's r", "Derive r"),
    (E, "E044", "r_coded", "-0.36", "sign and r point in different directions", "Correct one"),
    (E, "E135", "note", "Adjusted.", "no reversal is stated", "say in the note"),
    (E, "E147", "r_coded", "0.3", "a result reported in words has no r", "Remove r"),
    (E, "E044", "conversion", "", "the conversion that gives it belong together", "conversions"),
    (E, "E147", "conversion", "reported-r", "gives it belong together", "remove it"),
    (E, "E044", "statistic", "words", "exact means that a statistic was printed", "Fill in"),
    (E, "E220", "p_relation", "<", "an exact p value was printed", "evidence_form"),
    (E, "E215", "sign", "-1", "sign and r point in different directions", "better outcome"),
    (E, "E147", "sign", "0", "sign 0 means a null result", "direction"),
    (E, "E147", "sign", "", "an effect that enters a pool has a sign", "direction"),
    # coding
    (E, "E215", "clinician", "keyworker", "tier does not follow from the coded fields", "methods"),
    (E, "E215", "tier", "extended", "tier does not follow from the coded fields", "methods"),
    (E, "E215", "unit_ok", "", "is coded in full", "codebook"),
    (E, "E215", "exclusion_reason", "unit_duplicate", "an included one has none", "reason"),
    ("codes", "E001/a", "tier", "excluded", "does not follow from the coder's fields", "Restore"),
    # other tables
    (S, "Weiss1997", "year", "2031", "later than the last search (2026)", "against the source"),
    ("benchmarks", "B009", "value", "0.9", "interval does not contain the value", "both bounds"),
    ("benchmarks", "B009", "ci_low", "0.4", "lower bound is above", "Exchange"),
    ("benchmarks", "B009", "r_low", "0.4", "lower bound is above", "Exchange"),
    ("policy", "P-VIS-1", "low", "25", "lower bound is above", "Exchange"),
    ("policy", "P-FEE-4", "value", "1000000", "interval does not contain the value", "both bounds"),
    ("protocol", "selection_3", "value", "r_coded=high>low", "selected by r_coded", "measured"),
    ("search_queries", "S1Q01", "results_returned", "9", "holds 8 results", "search_results.csv"),
    ("search_results", "S1Q01/4", "reason", "", "an excluded result has a reason", "reason"),
]
# faults reported at another column than the one changed
ELSEWHERE = {
    ("E044", "r_coded"): ("sign", "1"),
    ("E135", "note"): ("r_coded", "0.156"),
    ("E040", "ci_high"): ("ci_low", "1.001"),
    ("E219", "n_high"): ("n_low", "40"),
    ("E219", "n_basis"): ("n_low", "40"),
    ("E044", "n"): ("n_basis", "reported"),
    ("E215", "clinician"): ("tier", "core"),
    ("E044", "statistic"): ("evidence_form", "exact"),
    ("E220", "p_relation"): ("p_value", "0.013"),
}


@pytest.mark.parametrize(
    ("table", "row_id", "column", "value", "rule", "remedy"),
    CELLS,
    ids=[f"{t}-{i}-{c}-{n}" for n, (t, i, c, *_) in enumerate(CELLS)],
)
def test_one_bad_cell(copy, table, row_id, column, value, rule, remedy):
    row = copy.find(table, row_id)
    copy.set(table, row_id, **{column: value})
    at, seen = ELSEWHERE.get((row_id, column), (column, value))
    assert_faults(
        copy.folder, [Expected(f"{table}.csv", row, row_id, at, shown(seen), rule, remedy)]
    )


# Rows: each plant returns what must be reported.
def double_row(copy):
    row = copy.append(E, "E215")
    rule = f"already used in row {copy.find(E, 'E215')}"
    return [Expected("effects.csv", row, "E215", "effect_id", "E215", rule, "Delete the repeated")]


def double_coder_row(copy):
    row = copy.append("codes", "E001/a", clinician="unclear", tier="extended")
    rule = "the id (effect_id, coder) is already used in row 2"
    return [Expected("codes.csv", row, "E001/a", "effect_id", "E001/a", rule, "Delete")]


def same_row_under_another_id(copy):
    row = copy.append("points", "T001-01", point_id="T001-99")
    rule = "every value but the id equals row 2 (T001-01)"
    return [Expected("points.csv", row, "T001-99", "point_id", "T001-99", rule, "Delete")]


def coder_row_lost(copy):
    copy.drop("codes", "E001/b")
    rule = "the codes of coder b for effect E001 are missing"
    return [Expected("codes.csv", 0, "E001/b", "coder", "b", rule, "independent codes")]


def coder_row_of_no_effect(copy):
    row = copy.find("codes", "E001/b")
    copy.set("codes", "E001/b", effect_id="E999")
    lost = "the codes of coder b for effect E001 are missing"
    return [
        Expected("codes.csv", 0, "E001/b", "coder", "b", lost, "Add the row"),
        Expected("codes.csv", row, "E999/b", "effect_id", "E999", "no such effect_id", "effects"),
    ]


def result_of_no_query(copy):
    row = copy.find("search_results", "S1Q01/1")
    copy.set("search_results", "S1Q01/1", query_id="S1Q99")
    rule = "no such query_id in search_queries"
    return [Expected("search_results.csv", row, "S1Q99/1", "query_id", "S1Q99", rule, "Correct")]


def search_result_lost(copy):
    row, count = (
        copy.find("search_queries", "S1Q02"),
        int(copy.get("search_queries", "S1Q02", "results_returned")),
    )
    copy.drop("search_results", "S1Q02/3")
    rule = f"the log holds {count - 1} results of this query"
    return [
        Expected(
            "search_queries.csv",
            row,
            "S1Q02",
            "results_returned",
            str(count),
            rule,
            "Restore the lost rows",
        )
    ]


def effect_of_the_wrong_round(copy):
    copy.set(E, "E215", round="2")
    return [
        Expected(
            "effects.csv",
            copy.find(E, "E215"),
            "E215",
            "round",
            "2",
            "effects of round 1 are E..., of round 2 S...",
            "Correct the id",
        )
    ]


def unusable_with_a_sign(copy):
    effect = copy.first(E, evidence_form="unusable", sign="")
    copy.set(E, effect, sign="1")
    return [
        Expected(
            "effects.csv",
            copy.find(E, effect),
            effect,
            "sign",
            "1",
            "an unusable result has no sign",
            "Leave sign empty",
        )
    ]


def excluded_without_a_reason(copy):
    effect = copy.first(E, tier="excluded")
    copy.set(E, effect, exclusion_reason="")
    return [
        Expected(
            "effects.csv",
            copy.find(E, effect),
            effect,
            "exclusion_reason",
            "",
            "an excluded effect has a reason",
            "first rule that fails",
        )
    ]


def excluded_effect_in_a_pool(copy):
    effect = copy.first(E, tier="excluded", outcome_family="engagement", clinician="prescriber")
    reason = copy.get(E, effect, "exclusion_reason")
    copy.set(E, effect, tier="core")
    row = copy.find(E, effect)
    return [
        Expected("effects.csv", row, effect, "exclusion_reason", reason, "an included one has"),
        Expected("effects.csv", row, effect, "tier", "core", "does not follow", "Correct"),
    ]


def worded_effects_without_any_n(copy):
    for effect in ("E017", "E018"):
        copy.set(E, effect, n_low="", n_high="")
    return [
        Expected(
            "effects.csv",
            copy.find(E, "E017"),
            "E017",
            "sample_id",
            "Leuchter2014",
            "no core effect of this sample can be selected: n missing",
            "n_high",
        )
    ]


def sample_and_study_of_no_effect(copy):
    sample = copy.append("samples", "COMBINE", sample_id="Later2026", label="Later 2026")
    study = copy.append(S, "Weiss1997", study_id="Later2026", citation_key="later2026")
    return [
        Expected(
            "samples.csv",
            sample,
            "Later2026",
            "sample_id",
            "Later2026",
            "no effect belongs to this sample",
            "Delete the sample",
        ),
        Expected(
            "studies.csv",
            study,
            "Later2026",
            "study_id",
            "Later2026",
            "no effect belongs to this study",
            "Delete the study",
        ),
    ]


def ratio_below_zero(copy):
    row = copy.find(E, "E048")
    copy.set(E, "E048", value="-0.49")
    return [
        Expected("effects.csv", row, "E048", "value", "-0.49", "a ratio is above 0", "Check"),
        Expected("effects.csv", row, "E048", "value", "-0.49", "does not contain the value"),
    ]


# Files: each plant returns what must be reported.
def missing_file(copy):
    copy.path("conversions").unlink()
    return [Expected("conversions.csv", 0, "", "", "", "the file is missing", "Restore it")]


def empty_file(copy):
    copy.write("codes", b"")
    return [Expected("codes.csv", 0, "", "", "", "the file is empty", "Restore the header")]


def header_only(copy):
    copy.save("codes", copy.rows("codes")[:1])
    return [Expected("codes.csv", 1, "", "", "", "a header and no rows", "Restore the rows")]


def unlisted_file(copy):
    shutil.copy(copy.path(E), copy.folder / "effects (1).csv")
    return [Expected("effects (1).csv", 0, "", "", "", "lists no such file", "Delete it")]


def extra_column(copy):
    copy.save(S, [[*row, "x" if i else "remark"] for i, row in enumerate(copy.rows(S))])
    return [
        Expected(
            "studies.csv",
            1,
            "",
            "remark",
            "remark",
            "the schema has no such column",
            "datapackage.json",
        )
    ]


def missing_column(copy):
    rows = copy.rows(E)
    at = rows[0].index("tier")
    copy.save(E, [row[:at] + row[at + 1 :] for row in rows])
    return [Expected("effects.csv", 1, "", "tier", "", "the column is missing", "Put back")]


def misspelt_column(copy):
    rows = copy.rows("samples")
    rows[0][rows[0].index("n_total")] = "n total"
    copy.save("samples", rows)
    return [
        Expected("samples.csv", 1, "", "n_total", "", "the column is missing", "n_total"),
        Expected("samples.csv", 1, "", "n total", "n total", "no such column", "Remove"),
    ]


def repeated_column(copy):
    rows = copy.rows("samples")
    rows[0][rows[0].index("note")] = "label"
    copy.save("samples", rows)
    return [
        Expected("samples.csv", 1, "", "label", "label", "names this column twice", "Remove"),
        Expected("samples.csv", 1, "", "note", "", "the column is missing", "Put back"),
    ]


def columns_in_another_order(copy):
    copy.save("samples", [[row[1], row[0], *row[2:]] for row in copy.rows("samples")])
    return [
        Expected(
            "samples.csv",
            1,
            "",
            "label",
            "label",
            "not in the order of the schema",
            "sample_id, label",
        )
    ]


def separated_by(mark, words):
    def plant(copy):
        rows = copy.rows("samples")
        out = io.StringIO(newline="")
        csv.writer(out, delimiter=mark, lineterminator="\n").writerows(rows)
        copy.write("samples", out.getvalue())
        return [
            Expected(
                "samples.csv",
                1,
                "",
                "",
                shown(mark.join(rows[0])),
                f"separated by {words}",
                "with commas",
            )
        ]

    plant.__name__ = f"separated_by_{words.replace(' ', '_')}"
    return plant


def latin_1(copy):
    copy.set("samples", "COMBINE", note="Universit\u00e9")
    row = copy.find("samples", "COMBINE")
    line = copy.text("samples").split("\n")[row - 1]
    start = max(0, line.index("\u00e9") - 20)
    text = "".join(c if ord(c) < 256 else "?" for c in copy.text("samples"))
    before = text.split("\n")[: row - 1]
    assert all(part.isascii() for part in before), "the first bad byte must be the planted one"
    copy.write("samples", text.encode("latin-1"))
    return [
        Expected(
            "samples.csv",
            row,
            "COMBINE",
            "",
            line[start : start + 40].strip(),
            "byte 0xE9 is not UTF-8",
            "UTF-8",
        )
    ]


def utf_16(copy):
    copy.write("samples", copy.text("samples").encode("utf-16"))
    return [Expected("samples.csv", 0, "", "", "", "UTF-16, not UTF-8", "UTF-8")]


def utf_16_without_mark(copy):
    copy.write("samples", copy.text("samples").encode("utf-16-le"))
    return [Expected("samples.csv", 0, "", "", "", "UTF-16, not UTF-8", "UTF-8")]


def byte_order_mark(copy):
    copy.write("samples", copy.text("samples").encode("utf-8-sig"))
    return [
        Expected(
            "samples.csv",
            0,
            "",
            "",
            "\\ufeff",
            "starts with a byte order mark",
            "without byte order mark",
        )
    ]


def windows_line_ends(copy):
    copy.write("samples", copy.text("samples").replace("\n", "\r\n"))
    return [Expected("samples.csv", 1, "", "", "\\r\\n", "line ends are CRLF", "LF")]


def cut_file(copy):
    text = copy.text("samples")[:-1]
    copy.write("samples", text)
    return [
        Expected(
            "samples.csv", text.count("\n") + 1, "", "", "", "may have been cut", "no row is lost"
        )
    ]


def blank_line(copy):
    lines = copy.text("samples").split("\n")
    lines.insert(3, "")
    copy.write("samples", "\n".join(lines))
    return [Expected("samples.csv", 4, "", "", "", "the row is blank", "Delete")]


def row_too_long(copy):
    rows = copy.rows("samples")
    row = copy.find("samples", "COMBINE")
    rows[row - 1].append("one too many")
    width = len(rows[0])
    copy.save("samples", rows)
    return [
        Expected(
            "samples.csv",
            row,
            "COMBINE",
            "",
            f"{width + 1} cells",
            f"the row has {width + 1} cells, the header has {width}",
            "comma",
        )
    ]


def row_too_short(copy):
    rows = copy.rows(E)
    row = copy.find(E, "E215")
    rows[row - 1] = rows[row - 1][:10]
    copy.save(E, rows)
    return [Expected("effects.csv", row, "E215", "", "10 cells", "the row has 10 cells", "comma")]


def unclosed_quote(copy):
    lines = copy.text("conversions").split("\n")
    lines[-2] = '"' + lines[-2].replace('"', "")
    copy.write("conversions", "\n".join(lines))
    return [
        Expected(
            "conversions.csv",
            len(lines) - 1,
            "",
            "",
            "",
            "opened and not closed",
            "Close the quoted cell",
        )
    ]


def stray_quote(copy):
    lines = copy.text("conversions").split("\n")
    lines[1] = '"reported-r"x,' + lines[1].split(",", 1)[1]
    copy.write("conversions", "\n".join(lines))
    return [
        Expected("conversions.csv", 2, "", "", "", "quotation mark stands inside a cell", "twice")
    ]


def schema_missing(copy):
    (copy.folder / "datapackage.json").unlink()
    return [
        Expected(
            "datapackage.json",
            0,
            "",
            "",
            "",
            "the schema of the data package is missing",
            "Restore",
        )
    ]


def schema_cut(copy):
    path = copy.folder / "datapackage.json"
    path.write_bytes(path.read_bytes()[:-40])
    return [Expected("datapackage.json", 0, "", "", "", "not valid JSON", "Restore")]


def schema_without_a_table(copy):
    path = copy.folder / "datapackage.json"
    package = json.loads(path.read_text("utf-8"))
    package["resources"] = [r for r in package["resources"] if r["name"] != "measures"]
    path.write_text(json.dumps(package), "utf-8")
    return [
        Expected("datapackage.json", 0, "", "", "measures", "does not describe this table"),
        Expected("measures.csv", 0, "", "", "", "the schema lists no such file", "Delete it"),
    ]


def schema_with_an_unknown_type(copy):
    path = copy.folder / "datapackage.json"
    package = json.loads(path.read_text("utf-8"))
    field = package["resources"][0]["schema"]["fields"][0]
    field["type"] = "currency"
    path.write_text(json.dumps(package), "utf-8")
    return [
        Expected(
            "datapackage.json",
            0,
            "",
            "",
            f"field {field['name']}: unknown type 'currency'",
            "not a schema this review can read",
            "Restore",
        )
    ]


def schema_with_a_key_to_nowhere(copy):
    path = copy.folder / "datapackage.json"
    package = json.loads(path.read_text("utf-8"))
    package["resources"] = [r for r in package["resources"] if r["name"] != "conversions"]
    path.write_text(json.dumps(package), "utf-8")
    value = shown("effects refers to the table conversions, which is missing")
    return [
        Expected(
            "datapackage.json", 0, "", "", value, "not a schema this review can read", "Restore"
        )
    ]


PLANTS = [
    schema_with_a_key_to_nowhere,
    double_row,
    double_coder_row,
    same_row_under_another_id,
    coder_row_lost,
    coder_row_of_no_effect,
    result_of_no_query,
    search_result_lost,
    effect_of_the_wrong_round,
    unusable_with_a_sign,
    excluded_without_a_reason,
    excluded_effect_in_a_pool,
    worded_effects_without_any_n,
    sample_and_study_of_no_effect,
    ratio_below_zero,
    missing_file,
    empty_file,
    header_only,
    unlisted_file,
    extra_column,
    missing_column,
    misspelt_column,
    repeated_column,
    columns_in_another_order,
    separated_by(";", "semicolons"),
    separated_by("\t", "tabs"),
    separated_by("|", "vertical bars"),
    latin_1,
    utf_16,
    utf_16_without_mark,
    byte_order_mark,
    windows_line_ends,
    cut_file,
    blank_line,
    row_too_long,
    row_too_short,
    unclosed_quote,
    stray_quote,
    schema_missing,
    schema_cut,
    schema_without_a_table,
    schema_with_an_unknown_type,
]


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.__name__)
def test_one_bad_row_or_file(copy, plant):
    expected = plant(copy)
    assert_faults(copy.folder, expected)


def test_several_faults_give_one_line_each_in_the_order_of_the_tables(copy):
    copy.set(E, "E215", se="0,1102", n="3")
    copy.set(E, "E044", rater="patients")
    copy.set("samples", "COMBINE", label="COMBINE ")
    copy.write("policy", copy.text("policy").encode("utf-8-sig"))
    text, ok = evidence.report(copy.folder)
    lines = text.split("\n")
    assert not ok
    assert len(lines) == 6
    starts = (
        "samples.csv row",
        "effects.csv row",
        "effects.csv row",
        "effects.csv row",
        "policy.csv, ",
        "5 faults",
    )
    assert all(line.startswith(start) for line, start in zip(lines, starts, strict=True)), text
    with pytest.raises(evidence.InvalidEvidence) as caught:
        evidence.load(copy.folder)
    assert [str(f) for f in caught.value.faults] == lines[:5]
    assert str(caught.value).split("\n") == ["5 faults in the data:", *lines[:5]]


MARKUP = (
    '<script>alert("1")</script> & <b>bold</b> #set text(red) $x^2$ *strong* @ref `code` '
    "\\ [x](javascript:0) {{ 7*7 }}"
)


def test_markup_is_text_and_comes_through_unharmed(copy):
    copy.set(S, "Weiss1997", title=MARKUP)
    copy.set(E, "E215", note=MARKUP)
    assert evidence.check(copy.folder) == []
    data = evidence.load(copy.folder)
    assert data.studies.set_index("study_id").loc["Weiss1997", "title"] == MARKUP
    assert data.effects.set_index("effect_id").loc["E215", "note"] == MARKUP


@pytest.mark.parametrize("text", ["Zoë Müller-Łoś", "中文题目", "5 > 3 = \u2212\u221e", "0,5"])
def test_text_of_any_language_is_accepted_where_text_belongs(copy, text):
    copy.set(S, "Weiss1997", title=text)
    assert evidence.check(copy.folder) == []


@pytest.mark.parametrize("table", ["effects", "samples", "protocol", "conversions"])
def test_no_damage_ends_in_a_traceback(copy, table):
    """Bytes overwritten, removed and inserted at random: a list of faults, whatever they do."""
    rng = random.Random(table)
    sound = copy.path(table).read_bytes()
    pieces = [b"", b",", b'"', b"\n", b"\r", b"\x00", b"\xff", b";", b"-1", b"1e999", b"\xc2\xa0"]
    reported = 0
    for _ in range(12):
        at = rng.randrange(len(sound))
        damaged = sound[:at] + rng.choice(pieces) + sound[at + rng.randrange(200) :]
        copy.write(table, damaged)
        faults = evidence.check(copy.folder)
        assert all(str(f).isprintable() for f in faults)
        reported += bool(faults)
    assert reported >= 6
