"""The pool by level of a moderator, with restraint stated by rule."""

import pandas as pd

from alliance_review.analysis.pools import all_reports, to_report
from alliance_review.analysis.robustness import brief

MODERATORS = ("rater", "timing", "diagnosis_group", "design", "adjusted", "measure_kind")


def reading(table: list[dict]) -> str:
    """One or two sentences on what the table allows to be said, computed from it."""
    allowed = [row for row in table if row["claim"]]
    by_moderator: dict[str, list[dict]] = {}
    for row in allowed:
        by_moderator.setdefault(row["moderator"], []).append(row)
    compared = {m: rows for m, rows in by_moderator.items() if len(rows) > 1}
    if not compared:
        return ("No moderator has two levels with enough samples and an estimate, so no levels "
                "can be compared.")  # fmt: skip
    parts = []
    for moderator, rows in compared.items():
        levels = ", ".join(
            f"{row['level'].replace('_', ' ')} r = {r_text(row['r'])} "
            f"({r_text(row['r_low'])} to {r_text(row['r_high'])}, {row['k']} samples)"
            for row in rows
        )  # fmt: skip
        apart = max(r["r_low"] for r in rows) > min(r["r_high"] for r in rows)
        words = "intervals that do not overlap" if apart else "overlapping intervals"
        parts.append(f"By {moderator.replace('_', ' ')}: {levels}; {words}.")
    return " ".join(parts)


def r_text(value: float) -> str:
    """A correlation to two decimals without its leading zero, as the book prints it."""
    return f"{round(value, 2) + 0.0:.2f}".replace("0.", ".", 1).replace("-", "\u2212")


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
