"""From the bytes of a CSV file to rows of cells, or to a fault that says what the bytes are.

What is accepted is narrow on purpose, so that a file has one reading and one digest:
UTF-8 without byte order mark, LF line ends (one at the end of the file), comma, double quotes,
a header equal to the schema's columns in their order. A byte order mark, CRLF and a changed
column order are reported and then read past, so that one run shows every fault of a file;
whatever makes the cells themselves doubtful stops the reading of that file.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from pathlib import Path

from .faults import Fault, shown
from .schema import Table

MAX_BYTES = 50_000_000
_BOM = b"\xef\xbb\xbf"


@dataclass
class Rows:
    """Cells of one file. ``cells[i]`` belongs to row ``numbers[i]``; ``intact`` is False for a
    table whose rows could not be read, which then can neither pass nor break a foreign key."""

    table: Table
    numbers: list[int] = field(default_factory=list)
    cells: list[list[str]] = field(default_factory=list)
    ragged: set[int] = field(default_factory=set)
    faults: list[Fault] = field(default_factory=list)
    intact: bool = False

    key_at: tuple[int, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.key_at = tuple(self.table.columns.index(c) for c in self.table.primary_key)

    def row_id(self, cells: list[str]) -> str:
        """The primary key of a row as messages show it, parts joined by a slash."""
        return shown("/".join(cells[i] for i in self.key_at))

    def add(
        self,
        rule: str,
        remedy: str,
        *,
        row: int = 0,
        row_id: str = "",
        column: str = "",
        value: object = "",
    ) -> None:
        """Report one fault of this file."""
        self.faults.append(Fault(self.table.path, row, row_id, column, shown(value), rule, remedy))


def _decode(data: bytes, rows: Rows) -> str | None:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or data.count(0) > len(data) // 4:
        rows.add("the file is UTF-16, not UTF-8", "Save it as UTF-8 (CSV UTF-8).")
        return None
    if data.startswith(_BOM):
        rows.add(
            "the file starts with a byte order mark",
            "Save it as UTF-8 without byte order mark.",
            value="\ufeff",
        )
        data = data[len(_BOM) :]
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        start = data.rfind(b"\n", 0, error.start) + 1
        line = data[start : error.start + 20].split(b"\n")[0].decode("latin-1")
        rows.add(
            f"byte 0x{data[error.start]:02X} is not UTF-8 (an older encoding, such as Latin-1)",
            "Save the file as UTF-8.",
            row=data.count(b"\n", 0, error.start) + 1,
            row_id=shown(line.split(",")[0]),
            value=line[max(0, error.start - start - 20) :],
        )
        return None
    if "\r" in text:
        rows.add(
            "line ends are CRLF, not LF",
            "Save the file with LF (Unix) line ends.",
            row=text[: text.index("\r")].count("\n") + 1,
            value=r"\r\n" if "\r\n" in text else r"\r",
        )
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text


def _header_ok(header: list[str], rows: Rows) -> bool:
    """True if the cells can be read by position or by name; reports what differs."""
    expected = list(rows.table.columns)
    if header == expected:
        return True
    if len(header) == 1:
        for name, mark in (("semicolons", ";"), ("tabs", "\t"), ("vertical bars", "|")):
            if header[0].count(mark) == len(expected) - 1 > 0:
                rows.add(
                    f"columns are separated by {name}, not by commas",
                    "Save the file with commas; then look for decimal commas too.",
                    row=1,
                    value=header[0],
                )
                return False
    twice = sorted({c for c in header if header.count(c) > 1})
    extra = [c for c in header if c not in expected]
    missing = [c for c in expected if c not in header]
    for column in twice:
        rows.add(
            "the header names this column twice",
            "Remove one of the two columns.",
            row=1,
            column=shown(column),
            value=column,
        )
    for column in missing:
        rows.add(
            "the column is missing",
            f"Put back the column {column}, in the schema's order.",
            row=1,
            column=column,
        )
    for column in dict.fromkeys(extra):
        rows.add(
            "the schema has no such column",
            f"Remove the column, or describe it in datapackage.json ({rows.table.name}).",
            row=1,
            column=shown(column),
            value=column,
        )
    if twice or extra or missing:
        return False
    first = next(i for i, (a, b) in enumerate(zip(header, expected, strict=True)) if a != b)
    rows.add(
        "the columns are not in the order of the schema",
        f"Put the columns in the order {', '.join(expected[:6])}, ...",
        row=1,
        column=header[first],
        value=header[first],
    )
    return True


def read_rows(folder: Path, table: Table) -> tuple[Rows, bytes]:
    """Rows of one table, with the faults of its file, and the file's bytes (for the digest)."""
    rows = Rows(table)
    path = folder / table.path
    if not path.is_file():
        rows.add("the file is missing", "Restore it, or remove its table from datapackage.json.")
        return rows, b""
    if path.stat().st_size > MAX_BYTES:
        rows.add(f"the file is larger than {MAX_BYTES:,} bytes", "Look for a pasted document.")
        return rows, b""
    data = path.read_bytes()
    if not data.strip():
        rows.add("the file is empty", "Restore the header and the rows.")
        return rows, data
    text = _decode(data, rows)
    if text is not None:
        _split(text, rows)
    return rows, data


def as_written(folder: Path, name: str) -> list[dict[str, str]]:
    """Rows of the table ``name`` as they stand in its file: for showing, never for computing.

    Nothing is checked and nothing refused, so that a row can be looked at while the package has
    faults: every cell is text, bytes that are not UTF-8 are replaced, a missing file has no rows.
    """
    path = folder / f"{name}.csv"
    if not path.is_file():
        return []
    text = path.read_bytes().decode("utf-8-sig", "replace")
    limit = csv.field_size_limit(len(text) + 1)
    try:
        rows = list(csv.DictReader(io.StringIO(text, newline="")))
    finally:
        csv.field_size_limit(limit)
    # cells beyond the header have no name, cells short of it no value
    return [{k: v or "" for k, v in row.items() if k is not None} for row in rows]


def _split(text: str, rows: Rows) -> None:
    if not text.endswith("\n"):
        rows.add(
            "the last line has no line end: the file may have been cut",
            "Check that no row is lost, and end the last line with a line feed.",
            row=text.count("\n") + 1,
        )
    limit = csv.field_size_limit(len(text) + 1)
    records: list[list[str]] = []
    try:
        for record in csv.reader(io.StringIO(text, newline=""), strict=True):
            records.append(record)
    except csv.Error as error:
        unclosed = "unexpected end" in str(error)
        rows.add(
            "a quotation mark is opened and not closed"
            if unclosed
            else "a quotation mark stands inside a cell where it cannot be read",
            'Close the quoted cell, and write a quotation mark inside it twice ("").',
            row=len(records) + 1,
        )
        if not records:
            return
    finally:
        csv.field_size_limit(limit)
    broken = any("quotation mark" in f.rule for f in rows.faults)
    header, body = records[0], records[1:]
    if not _header_ok(header, rows) or broken:
        return
    order = [header.index(c) for c in rows.table.columns]
    width = len(order)
    for number, record in enumerate(body, start=2):
        if not record:
            rows.add("the row is blank", "Delete the blank line.", row=number)
            continue
        ragged = len(record) != width
        filled = (record + [""] * width)[:width]
        cells = [filled[i] for i in order]
        if ragged:
            rows.ragged.add(number)
            rows.add(
                f"the row has {len(record)} cells, the header has {width}",
                "Quote a cell that holds a comma, and give every column a cell.",
                row=number,
                row_id=rows.row_id(cells),
                value=f"{len(record)} cells",
            )
        rows.numbers.append(number)
        rows.cells.append(cells)
    if not rows.cells and not rows.table.may_be_empty:
        rows.add("the file holds a header and no rows", "Restore the rows.", row=1)
        return
    rows.intact = True
