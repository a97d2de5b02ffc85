"""The evidence: the only reader of ``data/``.

``load()`` gives the checked tables as data frames, ``check()`` the list of faults, ``report()``
the text of ``make check``. Nothing is repaired in silence: a package with a fault does not load.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path

import pandas as pd

from .faults import Fault, InvalidEvidence
from .package import Package, missing_tables, read_package
from .rules import ROW_RULES, tier_of
from .schema import Field, Table, read_schema
from .select import pool_rows, rank_effects

__all__ = [
    "ROW_RULES",
    "Evidence",
    "Fault",
    "Field",
    "InvalidEvidence",
    "Table",
    "check",
    "load",
    "pool_rows",
    "rank_effects",
    "read_schema",
    "report",
    "tier_of",
]

_DTYPES = {"integer": "Int64", "year": "Int64", "number": "float64", "boolean": "boolean"}


@dataclass(frozen=True, eq=False)
class Evidence:
    """The checked evidence: one data frame per table of the package, columns as in the schema.

    Integers are ``Int64``, numbers ``float64``, all else (dates too, as ISO text) ``string``;
    an empty cell is ``pd.NA`` (NaN in number columns). ``digest`` is the SHA-256 of the package.
    The reporting checklists are the one table a package may lack; the frame is then empty.
    """

    samples: pd.DataFrame
    studies: pd.DataFrame
    effects: pd.DataFrame
    codes: pd.DataFrame
    conversions: pd.DataFrame
    benchmarks: pd.DataFrame
    claims: pd.DataFrame
    points: pd.DataFrame
    documents: pd.DataFrame
    policy: pd.DataFrame
    measures: pd.DataFrame
    search_queries: pd.DataFrame
    search_results: pd.DataFrame
    upgrades: pd.DataFrame
    omissions: pd.DataFrame
    flow: pd.DataFrame
    protocol: pd.DataFrame
    history: pd.DataFrame
    digest: str
    checklists: pd.DataFrame = field(default_factory=pd.DataFrame)


TABLES = tuple(f.name for f in fields(Evidence) if f.name != "digest")
REQUIRED = tuple(name for name in TABLES if name != "checklists")


def _read(folder: Path | None) -> Package:
    package = read_package(folder)
    package.faults[:0] = missing_tables(REQUIRED, package.tables)
    return package


def _frame(table: Table, rows: list) -> pd.DataFrame:
    return pd.DataFrame(
        {
            column.name: pd.array(
                [row[column.name] for row in rows], dtype=_DTYPES.get(column.type, "string")
            )
            for column in table.fields
        }
    )


def _evidence(package: Package) -> Evidence:
    frames = {name: _frame(*package.tables[name][:2]) for name in TABLES if name in package.tables}
    return Evidence(**frames, digest=package.digest)


def check(folder: Path | str | None = None) -> list[Fault]:
    """Every fault of the package in ``folder`` (default: the review's ``data/``)."""
    return _read(folder).faults


def load(folder: Path | str | None = None) -> Evidence:
    """The evidence in ``folder`` (default: the review's ``data/``), checked.

    Raises
    ------
    InvalidEvidence
        If the package has any fault; the exception lists them all.
    """
    package = _read(folder)
    if package.faults:
        raise InvalidEvidence(package.faults)
    return _evidence(package)


def report(folder: Path | str | None = None) -> tuple[str, bool]:
    """Text of the check and whether the package is free of faults.

    One line per fault, or else the disagreements between the coders' correlations and those
    derived again from the reported statistics (information, not faults); the counts come last.
    """
    package = _read(folder)
    count = len(package.faults)
    if count:
        closing = f"{count} fault{'s' if count > 1 else ''}. Nothing was read further."
        return "\n".join([*map(str, package.faults), closing]), False
    from .derive import summary  # scipy, needed for this text alone

    evidence = _evidence(package)
    sizes = [
        f"{len(getattr(evidence, name)):,} {words}"
        for name, words in (
            ("effects", "effects"),
            ("samples", "samples"),
            ("studies", "studies"),
            ("codes", "coder rows"),
            ("benchmarks", "benchmarks"),
            ("search_results", "search results"),
        )
    ]
    lines = [
        *summary(evidence.effects),
        f"{', '.join(sizes)}; {len(package.tables)} tables, no faults.",
    ]
    return "\n".join(lines), True
