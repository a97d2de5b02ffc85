"""The schema of the data package, read from ``datapackage.json``: the only statement of it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .faults import Fault, shown

PACKAGE = "datapackage.json"
TYPES = ("string", "integer", "number", "date", "year", "boolean")


@dataclass(frozen=True)
class Field:
    """One column: its type and what its values must satisfy."""

    name: str
    type: str
    title: str = ""
    description: str = ""
    example: str = ""
    unit: str = ""
    remedy: str = ""
    required: bool = False
    unique: bool = False
    enum: tuple[str, ...] = ()
    minimum: float | str | None = None
    maximum: float | str | None = None
    pattern: re.Pattern[str] | None = None


@dataclass(frozen=True)
class ForeignKey:
    """Columns of this table whose values must stand in columns of another."""

    columns: tuple[str, ...]
    table: str
    target: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """One table of the package. ``may_be_empty``: a header alone is valid (a change log)."""

    name: str
    path: str
    title: str
    description: str
    fields: tuple[Field, ...]
    primary_key: tuple[str, ...]
    foreign_keys: tuple[ForeignKey, ...] = ()
    may_be_empty: bool = False
    by_name: dict[str, Field] = field(default_factory=dict, compare=False, repr=False)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns, in the order of the file."""
        return tuple(f.name for f in self.fields)


def _tuple(value: str | list[str] | None) -> tuple[str, ...]:
    return () if value is None else (value,) if isinstance(value, str) else tuple(value)


def _field(entry: dict[str, Any]) -> Field:
    rules = entry.get("constraints", {})
    if entry["type"] not in TYPES:
        raise ValueError(f"field {entry['name']}: unknown type {entry['type']!r}")
    return Field(
        name=entry["name"],
        type=entry["type"],
        title=entry.get("title", ""),
        description=entry.get("description", ""),
        example=str(entry.get("example", "")),
        unit=entry.get("unit", ""),
        remedy=entry.get("remedy", ""),
        required=bool(rules.get("required", False)),
        unique=bool(rules.get("unique", False)),
        enum=tuple(str(v) for v in rules.get("enum", ())),
        minimum=rules.get("minimum"),
        maximum=rules.get("maximum"),
        pattern=re.compile(rules["pattern"]) if "pattern" in rules else None,
    )


def _table(entry: dict[str, Any]) -> Table:
    schema = entry["schema"]
    fields = tuple(_field(f) for f in schema["fields"])
    return Table(
        name=entry["name"],
        path=entry["path"],
        title=entry.get("title", ""),
        description=entry.get("description", ""),
        fields=fields,
        primary_key=_tuple(schema.get("primaryKey")),
        foreign_keys=tuple(
            # an empty resource name is Frictionless for "this very table"
            ForeignKey(
                _tuple(key["fields"]),
                key["reference"].get("resource") or entry["name"],
                _tuple(key["reference"]["fields"]),
            )
            for key in schema.get("foreignKeys", ())
        ),
        may_be_empty=bool(entry.get("mayBeEmpty", False)),
        by_name={f.name: f for f in fields},
    )


def _consistent(tables: tuple[Table, ...]) -> tuple[Table, ...]:
    """The tables, if every key names columns that exist and every limit fits its type."""
    by_name = {table.name: table for table in tables}
    if len(by_name) < len(tables):
        raise ValueError("two tables have the same name")
    for table in tables:
        keys = [(table, table.primary_key)]
        for key in table.foreign_keys:
            if key.table not in by_name:
                raise ValueError(f"{table.name} refers to the table {key.table}, which is missing")
            keys += [(table, key.columns), (by_name[key.table], key.target)]
        for owner, columns in keys:
            for column in columns:
                if column not in owner.by_name:
                    raise ValueError(f"a key of {table.name} names {owner.name}.{column}")
        for column in table.fields:
            limits = [v for v in (column.minimum, column.maximum) if v is not None]
            if column.type in ("integer", "number", "year") and not all(
                isinstance(v, int | float) for v in limits
            ):
                raise ValueError(f"{table.name}.{column.name}: a limit is no number")
    return tables


def read_schema(folder: Path) -> tuple[tuple[Table, ...], list[Fault]]:
    """Tables of the package in ``folder``, in the order of the file, and what is wrong with it.

    A schema that cannot be read leaves nothing to check the tables by: one fault, no tables.
    """
    path = folder / PACKAGE
    try:
        package = json.loads(path.read_bytes().decode("utf-8"))
        return _consistent(tuple(_table(entry) for entry in package["resources"])), []
    except FileNotFoundError:
        rule, value = "the schema of the data package is missing", ""
    except UnicodeDecodeError as error:
        rule, value = f"not UTF-8 at byte {error.start}", ""
    except json.JSONDecodeError as error:
        rule, value = f"not valid JSON: {error.msg} (line {error.lineno})", ""
    except (KeyError, TypeError, ValueError, AttributeError, re.error) as error:
        rule, value = "not a schema this review can read", str(error)
    remedy = "Restore the file from the last version that passed the check."
    return (), [Fault(PACKAGE, 0, "", "", shown(value), rule, remedy)]
