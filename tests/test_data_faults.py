"""Planted faults: each changes one thing in a copy of the real data, and is reported as that.

The untouched copy has no fault, so whatever is reported comes from the plant: the tests ask for
exactly the faults named, with file, row, row id, column, value, rule and remedy, and no others.
"""

import csv
import io
import json
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
    (E, "E215", "rater", "patients", "not one of the allowed values", "Use one of"),
    (E, "E215", "outcome", "", "a required value is missing", "Fill in"),
    (S, "Weiss1997", "doi", "doi:10.1000/1", "does not have the form", "starting with 10."),
    (S, "Weiss1997", "url", "www.example.org", "does not have the form", "full address"),
    (S, "Weiss1997", "year", "1907", "below the minimum", "four-digit year"),
    (E, "E215", "p_value", "1.4", "above the maximum", "between 0 and 1"),
    (E, "E215", "p_value", "-0.01", "below the minimum", "between 0 and 1"),
    (E, "E215", "r_coded", "1", "above the maximum", "between -1 and 1"),
    (E, "E215", "n", "3", "below the minimum 4", "at least 4"),
    (E, "E215", "sign", "2", "not one of the allowed values", "1, 0 or -1"),
    (S, "Krupnick1996", "citation_key", "weiss1997", "must be unique", "merge"),
    # keys that point nowhere
    (E, "E034", "sample_id", "NoSuch", "no such sample_id in samples", "samples.csv"),
    (E, "E215", "conversion", "by-guess", "no such conversion in conversions", "conversions.csv"),
    ("search_results", "S1Q01/1", "query_id", "S1Q99", "no such query_id", "search_queries.csv"),
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
    ("policy", "P-VIS-1", "low", "25", "lower bound is above", "Exchange"),
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
