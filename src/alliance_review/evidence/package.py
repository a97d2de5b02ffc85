"""The whole package: read, check and type every table, in one pass over the files."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from .. import paths
from .across import table_faults
from .faults import Fault, shown
from .read import Rows, read_rows
from .rules import row_faults
from .schema import PACKAGE, Table, read_schema
from .validate import Row, foreign_faults, key_faults, typed_rows


@dataclass
class Package:
    """Tables by name (schema, typed rows, readable or not), their faults, and the digest."""

    tables: dict[str, tuple[Table, list[Row], bool]]
    faults: list[Fault]
    digest: str


def unlisted(folder: Path, tables: tuple[Table, ...]) -> list[Fault]:
    """CSV files of the folder that the schema does not list: a copy that nothing would read."""
    listed = {table.path for table in tables}
    return [
        Fault(
            path.name,
            0,
            "",
            "",
            "",
            "the schema lists no such file",
            f"Delete it, or describe it in {PACKAGE}.",
        )
        for path in sorted(folder.glob("*.csv"))
        if path.name not in listed
    ]


def read_package(folder: Path | None = None) -> Package:
    """Read and check the package in ``folder`` (default: the review's own ``data/``).

    Faults come in the order of the tables in the schema, then by row; the digest is the SHA-256
    of every file's name and bytes and of the schema.
    """
    folder = Path(folder) if folder is not None else paths.DATA
    schema, faults = read_schema(folder)
    digest = hashlib.sha256()
    if schema:
        digest.update((folder / PACKAGE).read_bytes())
        faults += unlisted(folder, schema)
    tables: dict[str, tuple[Table, list[Row], bool]] = {}
    for table in schema:
        rows, data = read_rows(folder, table)
        digest.update(f"\0{table.path}\0{len(data)}\0".encode())
        digest.update(data)
        faults += rows.faults
        tables[table.name] = _typed(rows, faults)
    faults += foreign_faults(tables)
    faults += row_faults(tables)
    faults += table_faults(tables)
    order = {table.path: i for i, table in enumerate(schema)}
    faults.sort(key=lambda f: (order.get(f.file, -1), f.file, f.row))
    return Package(tables, faults, digest.hexdigest())


def _typed(rows: Rows, faults: list[Fault]) -> tuple[Table, list[Row], bool]:
    typed, found = typed_rows(rows)
    faults += found
    faults += key_faults(rows.table, typed)
    return rows.table, typed, rows.intact


def missing_tables(names: tuple[str, ...], tables: dict[str, tuple]) -> list[Fault]:
    """Tables the review needs and the schema does not describe."""
    return [
        Fault(
            PACKAGE,
            0,
            "",
            "",
            shown(name),
            "the schema does not describe this table",
            "Restore the table's entry from the last version that passed the check.",
        )
        for name in names
        if tables and name not in tables
    ]
