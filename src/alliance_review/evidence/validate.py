"""Structural checks driven by the schema: clean text, types, constraints, primary and foreign keys.

Why own code and not the ``frictionless`` library, which the environment holds anyway: the library
reports position and note, but neither the row's id nor a remedy; it accepts what this review
refuses (byte order marks, CRLF, a guessed delimiter, zero-width characters, spreadsheet dates
where text is allowed); and importing it takes longer than a chapter may wait for its data. It stays
the independent second opinion: a test asks it whether the package is valid.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Iterable
from datetime import date

from .faults import Fault, shown
from .read import Rows
from .schema import Field, Table

MAX_CELL = 2_000

Value = str | int | float | None


class Row(dict[str, Value]):
    """Typed cells of one row by column name. ``bad`` holds the columns already reported, so
    that later rules do not report the consequences of a fault as further faults; ``texts`` holds
    the cells as they stand in the file."""

    __slots__ = ("number", "row_id", "bad", "ragged", "texts")

    def __init__(self, number: int, row_id: str, ragged: bool) -> None:
        super().__init__()
        self.number = number
        self.row_id = row_id
        self.bad: set[str] = set()
        self.ragged = ragged
        self.texts: dict[str, str] = {}


_UNWANTED = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffd]"
)
_MOJIBAKE = re.compile("Ã[\x80-\xbf]|â€|Â[\xa0-\xbf]")
_MONTH = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_SPREADSHEET_DATE = re.compile(
    rf"\d{{1,2}}[- ](?:{_MONTH})(?:[- ]\d{{2,4}})?|(?:{_MONTH})[- ]\d{{2,4}}"
    r"|\d{1,2}[/.]\d{1,2}[/.](?:\d{2}|\d{4})",
    re.IGNORECASE,
)
_SPREADSHEET_NUMBER = re.compile(r"\d(?:[.,]\d+)?E\+\d+")
_SPREADSHEET_ERROR = re.compile(r"#(?:REF!|VALUE!|N/A|NAME\?|DIV/0!|NUM!|NULL!)|#{3,}")
_NUMBER = re.compile(r"-?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?")
_INTEGER = re.compile(r"-?\d+")
_DECIMAL_COMMA = re.compile(r"-?\d*,\d+")
_MISSING_WORDS = {"na", "n/a", "nan", "null", "none", "-", "--", "?", ".", "inf", "-inf"}

Problem = tuple[str, str]


def text_problem(text: str) -> Problem | None:
    """What is unclean about a cell's text, and the remedy. Markup is not: study text is data."""
    if len(text) > MAX_CELL:
        return (
            f"the cell holds {len(text):,} characters, the limit is {MAX_CELL:,}",
            "Shorten it; look for a pasted document or an unclosed quotation mark.",
        )
    if text.isascii() and text.isprintable() and text == text.strip():
        pass
    else:
        if found := _UNWANTED.search(text):
            code = f"U+{ord(found[0]):04X}"
            if found[0] == "\ufffd":
                return (
                    f"holds the replacement character {code}: a letter was lost",
                    "Type the letter again from the source.",
                )
            return (f"holds the control or invisible character {code}", "Delete that character.")
        if text != text.strip():
            return "starts or ends with white space", "Remove it."
        if not unicodedata.is_normalized("NFC", text):
            return (
                "accents are written as separate characters (not Unicode NFC)",
                "Type the accented letters again, or normalise the text to NFC.",
            )
        if _MOJIBAKE.search(text):
            return (
                "looks like UTF-8 text that was read as Latin-1",
                "Type the garbled letters again from the source.",
            )
    if _SPREADSHEET_DATE.fullmatch(text):
        return (
            "looks like a date made by a spreadsheet",
            "Restore the value from the source, and format the column as text.",
        )
    if _SPREADSHEET_NUMBER.fullmatch(text):
        return (
            "looks like a number shortened by a spreadsheet",
            "Restore all digits, and format the column as text.",
        )
    if _SPREADSHEET_ERROR.fullmatch(text):
        return "is a spreadsheet's error value", "Restore the value from the source."
    return None


def _parse(text: str, kind: str) -> tuple[Value, Problem | None]:
    if kind == "string":
        return text, None
    if kind == "date":
        try:
            if len(text) != 10:
                raise ValueError
            date.fromisoformat(text)
        except ValueError:
            return None, ("is no date of the form YYYY-MM-DD", "Write it as 2026-11-22.")
        return text, None
    if kind == "boolean":
        if text in ("true", "false"):
            return int(text == "true"), None
        return None, ("is neither true nor false", "Write true or false.")
    if _DECIMAL_COMMA.fullmatch(text):
        return None, ("has a decimal comma", "Write a decimal point.")
    if text.lower() in _MISSING_WORDS:
        return None, ("is no number", "Leave the cell empty when the value is not recorded.")
    if kind == "number":
        if _NUMBER.fullmatch(text) and math.isfinite(float(text)):
            return float(text), None
        return None, ("is no number", "Write digits, a decimal point and a hyphen for minus.")
    if _INTEGER.fullmatch(text):
        return int(text), None
    return None, ("is no whole number", "Write digits only.")


def _constraint_problem(value: Value, text: str, field: Field) -> Problem | None:
    if field.enum and text not in field.enum:
        return (
            f"is not one of {', '.join(field.enum)}",
            field.remedy or "Use one of these values.",
        )
    if field.minimum is not None and value < type(value)(field.minimum):
        return (
            f"is below the minimum {field.minimum}",
            field.remedy or "Check the value against the source.",
        )
    if field.maximum is not None and value > type(value)(field.maximum):
        return (
            f"is above the maximum {field.maximum}",
            field.remedy or "Check the value against the source.",
        )
    if field.pattern is not None and not field.pattern.fullmatch(text):
        example = f" Write it as in the example: {field.example}." if field.example else ""
        return (
            f"does not have the form {field.pattern.pattern}",
            field.remedy or f"Correct the value.{example}",
        )
    return None


def _cell(text: str, field: Field) -> tuple[Value, Problem | None]:
    """Typed value of one cell, or what is wrong with it."""
    if text == "":
        if field.required:
            return None, (
                "a required value is missing",
                field.remedy or f"Fill in {field.title or field.name}.",
            )
        return None, None
    if problem := text_problem(text):
        # the cleaned text stays usable as a key, so that one stray space is one fault
        clean = unicodedata.normalize("NFC", _UNWANTED.sub("", text)).strip()
        return (clean if field.type == "string" else None), problem
    value, problem = _parse(text, field.type)
    return value, problem or _constraint_problem(value, text, field)


def typed_rows(rows: Rows) -> tuple[list[Row], list[Fault]]:
    """Typed rows of a table and the faults of their cells. Ragged rows keep their key only."""
    table = rows.table
    result = [
        Row(number, rows.row_id(cells), number in rows.ragged)
        for number, cells in zip(rows.numbers, rows.cells, strict=True)
    ]
    faults: list[Fault] = []
    for index, field in enumerate(table.fields):
        known: dict[str, tuple[Value, Problem | None]] = {}
        for row, cells in zip(result, rows.cells, strict=True):
            text = cells[index]
            if text not in known:
                known[text] = _cell(text, field)
            value, problem = known[text]
            row[field.name] = value
            row.texts[field.name] = text
            if row.ragged:
                row.bad.add(field.name)
            elif problem:
                row.bad.add(field.name)
                faults.append(
                    Fault(table.path, row.number, row.row_id, field.name, shown(text), *problem)
                )
    return result, faults


def _repeated(
    rows: list[Row], key: Callable[[Row], tuple[Value, ...] | None]
) -> Iterable[tuple[Row, Row]]:
    first: dict[tuple[Value, ...], Row] = {}
    for row in rows:
        value = key(row)
        if value is None:
            continue
        if value in first:
            yield row, first[value]
        else:
            first[value] = row


def key_faults(table: Table, rows: list[Row]) -> list[Fault]:
    """Repeated primary keys, repeated unique values, and rows that differ in their key alone."""
    faults: list[Fault] = []

    def values(columns: tuple[str, ...]) -> Callable[[Row], tuple[Value, ...] | None]:
        def key(row: Row) -> tuple[Value, ...] | None:
            if row.bad.intersection(columns) and not row.ragged:
                return None
            found = tuple(row[c] for c in columns)
            return None if None in found else found

        return key

    def add(row: Row, column: str, value: object, rule: str, remedy: str) -> None:
        faults.append(Fault(table.path, row.number, row.row_id, column, shown(value), rule, remedy))

    repeated: set[int] = set()
    if table.primary_key:
        for row, other in _repeated(rows, values(table.primary_key)):
            repeated.add(row.number)
            add(
                row,
                table.primary_key[0],
                row.row_id,
                f"the id ({', '.join(table.primary_key)}) is already used in row {other.number}",
                "Delete the repeated row, or give it an id of its own.",
            )
    for field in table.fields:
        if field.unique and (field.name,) != table.primary_key:
            for row, other in _repeated(rows, values((field.name,))):
                if row.number not in repeated:
                    add(
                        row,
                        field.name,
                        row[field.name],
                        f"the value is already used in row {other.number}, and must be unique",
                        "Correct the value, or merge the two rows.",
                    )
    rest = tuple(c for c in table.columns if c not in table.primary_key)
    if table.primary_key and rest:

        def whole(row: Row) -> tuple[Value, ...] | None:
            return None if row.bad or row.number in repeated else tuple(row[c] for c in rest)

        if len(table.primary_key) == 1:  # rows of a compound key may well agree in the rest
            for row, other in _repeated(rows, whole):
                add(
                    row,
                    table.primary_key[0],
                    row.row_id,
                    f"every value but the id equals row {other.number} ({other.row_id})",
                    "Delete the repeated row, or state in a note what makes it another finding.",
                )
    return faults


def foreign_faults(tables: dict[str, tuple[Table, list[Row], bool]]) -> list[Fault]:
    """Keys that point nowhere. ``tables`` maps a name to its schema, rows and intactness."""
    faults: list[Fault] = []
    for table, rows, intact in tables.values():
        for key in table.foreign_keys if intact else ():
            _, targets, complete = tables[key.table]
            if not complete:
                continue
            present = {tuple(t[c] for c in key.target) for t in targets}
            for row in rows:
                value = tuple(row[c] for c in key.columns)
                if row.ragged or row.bad.intersection(key.columns) or None in value:
                    continue
                if value not in present:
                    name = "/".join(map(str, value))
                    faults.append(
                        Fault(
                            table.path,
                            row.number,
                            row.row_id,
                            key.columns[0],
                            shown(name),
                            f"there is no such {', '.join(key.target)} in {key.table}",
                            f"Correct the value, or add its row to {tables[key.table][0].path}.",
                        )
                    )
    return faults
