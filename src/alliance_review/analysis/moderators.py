"""The pool by level of a moderator, with restraint stated by rule."""

import pandas as pd

from alliance_review.analysis.pools import all_reports, to_report
from alliance_review.analysis.robustness import brief

MODERATORS = ("rater", "timing", "diagnosis_group", "design", "adjusted", "measure_kind")


def by_level(table: list[dict]) -> dict:
    """The table as a tree: moderator, level, row."""
    out: dict = {}
    for row in table:
        out.setdefault(row["moderator"], {})[row["level"]] = row
    return out


def reading(table: list[dict]) -> str:
    """What the table allows to be said, computed from it.

    A level called unclear or other is a gap in the record and is not compared.
    """
    compared: dict[str, list[dict]] = {}
    for row in table:
        if row["claim"] and row["level"] not in {"unclear", "other"}:
            compared.setdefault(row["moderator"], []).append(row)
    compared = {m: rows for m, rows in compared.items() if len(rows) > 1}
    if not compared:
        return ("No moderator has two stated levels with enough samples and an estimate, so no "
                "levels can be compared.")  # fmt: skip
    apart = [m for m, rows in compared.items()
             if max(r["r_low"] for r in rows) > min(r["r_high"] for r in rows)]  # fmt: skip
    names = ", ".join(m.replace("_", " ") for m in compared)
    if not apart:
        return f"Stated levels can be compared by {names}; in each the intervals overlap."
    which = ", ".join(m.replace("_", " ") for m in apart)
    return f"Stated levels can be compared by {names}; the intervals do not overlap by {which}."


def table(rows: pd.DataFrame, minimum: int) -> list[dict]:
    """One entry per moderator and level: counts, and a fit where the likelihood has a maximum.

    ``claim`` is False below ``minimum`` samples, or where there is no maximum: the numbers are
    then shown for completeness and not interpreted.
    """
    out = []
    for moderator in MODERATORS:
        for level, part in sorted(rows.groupby(moderator), key=lambda item: str(item[0])):
            reports = [to_report(row) for row in part.to_dict("records")]
            fit = all_reports(reports) if len(reports) > 1 else None
            out.append(
                {"moderator": moderator, "level": str(level), "samples": len(reports)}
                | brief(fit)
                | {
                    "k": len(reports),
                    "k_exact": sum(r.form == "exact" for r in reports),
                    "claim": bool(fit is not None and len(reports) >= minimum),
                }
            )
    return out
