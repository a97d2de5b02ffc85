"""Where a number comes from: its value, the rows of the evidence behind it, their sources.

Reads ``results.json`` as the last build left it, and the tables as they are written now, faults
and all: a row can be looked at before it passes the check.
"""

import json
from pathlib import Path
from typing import Any

from alliance_review.evidence.read import as_written
from alliance_review.reporting import numbers

#: What is shown of a row behind a pool, in this order.
_SHOWN = ("label", "reported_as", "form", "r", "n", "rater", "timing", "weight")
#: Tables that an identifier may belong to, with their key.
_KEYS = {"effects": "effect_id", "samples": "sample_id", "studies": "study_id"}


class Unknown(Exception):
    """Neither a path into the results nor an identifier of the data."""


def explain(what: str, results: Path, data: Path) -> str:
    """Explain a path into the results or an identifier of the data.

    Parameters
    ----------
    what : str
        ``pools.core.all_reports.r``, or an ``effect_id``, ``sample_id`` or ``study_id``.
    results, data : Path
        The results file and the folder of the data package.

    Raises
    ------
    Unknown
        If it is neither, or there are no results yet.
    """
    for table, key in _KEYS.items():
        for row in as_written(data, table):
            if row.get(key) == what:
                return _record(table, row, data)
    if not results.is_file():
        raise Unknown("there are no results yet: run `make book` first")
    tree = json.loads(results.read_text(encoding="utf-8"))
    path = what.partition("|")[0].strip()
    try:
        value = numbers.lookup(tree, path)
    except KeyError as error:
        raise Unknown(f"{error.args[0]}; nor is it an id of the data") from None
    lines = [_value(tree, what, path, value)]
    rows = _rows_behind(tree, path)
    if rows:
        lines += ["", f"Rows behind it ({len(rows)}):", *_pool(rows, data)]
    return "\n".join(lines)


def _value(tree: dict, what: str, path: str, value: Any) -> str:
    if isinstance(value, dict):
        return f"{path} holds: {', '.join(map(str, value))}"
    if isinstance(value, list):
        return f"{path} is a list of {len(value)}"
    if value is None:
        return f"{path} has no value"
    return f"{path} = {value}, written {numbers.render(tree, what)}"


def _rows_behind(tree: dict, path: str) -> list[dict[str, Any]]:
    """Return the rows of the innermost branch on `path` that lists effects."""
    parts = path.split(".")
    for length in range(len(parts), 0, -1):
        branch = numbers.lookup(tree, ".".join(parts[:length]))
        if isinstance(branch, dict) and "effect_id" in branch:
            return [branch]
        rows = branch.get("rows") if isinstance(branch, dict) else None
        if isinstance(rows, list) and rows and "effect_id" in rows[0]:
            return rows
    return []


def _pool(rows: list[dict[str, Any]], data: Path) -> list[str]:
    effects = {row["effect_id"]: row for row in as_written(data, "effects")}
    lines = []
    for row in rows:
        told = [f"{key} {_short(row[key])}" for key in _SHOWN if row.get(key) is not None]
        source = effects.get(row["effect_id"], {}).get("source_url", "")
        lines.append(f"  {row['effect_id']}  {'; '.join(told)}")
        lines.append(f"        {source or 'source address not recorded'}")
    return lines


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _record(table: str, row: dict[str, str], data: Path) -> str:
    """Show one row of a table, what is recorded of it, and the rows that point to it."""
    key = _KEYS[table]
    lines = [f"{table}: {row[key]}"]
    lines += [f"  {name}: {value}" for name, value in row.items() if value and name != key]
    if table != "effects":
        ids = [e["effect_id"] for e in as_written(data, "effects") if e.get(key) == row[key]]
        lines.append(f"  effects: {', '.join(ids) or 'none'}")
    return "\n".join(lines)
