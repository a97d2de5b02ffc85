"""A fault in the data: where it is, what is wrong, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass

VALUE_SHOWN = 60


def printable(text: str) -> str:
    """``text`` with every character that does not print written as an escape."""
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode("ascii")
        for c in text
    )


def shown(value: object) -> str:
    """``value`` as one printable line of at most 60 characters, so that no cell floods a message.

    Characters that do not print are written as escapes: they are often the fault itself.
    """
    text = "" if value is None else str(value)
    cut = printable(text[:VALUE_SHOWN])
    if len(text) > VALUE_SHOWN:
        return f"{cut[:VALUE_SHOWN]}... ({len(text):,} characters)"
    return cut


@dataclass(frozen=True, order=True)
class Fault:
    """One fault.

    Attributes
    ----------
    file : str
        File name inside ``data/``.
    row : int
        Row as a spreadsheet counts (the header is row 1); 0 when the fault is the file's.
    row_id : str
        Primary key of the row, parts joined by ``/``; empty when there is none.
    column : str
        Column name; empty when the fault is the row's or the file's.
    value : str
        The value refused, printable and cut to 60 characters.
    rule : str
        The rule it breaks.
    remedy : str
        What to do.
    """

    file: str
    row: int
    row_id: str
    column: str
    value: str
    rule: str
    remedy: str

    def __str__(self) -> str:
        place = self.file
        if self.row:
            place += f" row {self.row}"
        if self.row_id:
            place += f" ({self.row_id})"
        if self.column:
            place += f", {self.column} = '{self.value}'"
        elif self.value:
            place += f", '{self.value}'"
        return printable(f"{place}: {self.rule}. {self.remedy}")


class InvalidEvidence(Exception):
    """The data package breaks its rules; ``faults`` lists every fault found."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = list(faults)
        count = f"{len(self.faults)} fault{'s' if len(self.faults) != 1 else ''} in the data"
        super().__init__("\n".join([count + ":", *map(str, self.faults)]))
