"""Every correlation derived again, in code, from the statistic its source reports.

The coders derived r by hand and calculator. Here each effect with a printed number or an exact p
value goes through the conversion its row names, and the result is compared with the coder's r.
Differences are listed for the reader, not corrected: the coder's r is what enters the pools.
Where the printed figures allow another conversion as well, that one is tried too: how far the two
are apart is the uncertainty of the conversion itself, which no confidence interval shows.
"""

from __future__ import annotations

import pandas as pd

from ..effect_sizes import FIGURES, from_statistic

TOLERANCE = 0.01
_OTHER_WAYS = {
    # not the reverse: the distance between groups means nothing for a ratio per scale unit
    "odds_ratio": ("wald-z-root-z2-n",),
    "hazard_ratio": ("wald-z-root-z2-n",),
    "b": ("b-se-to-r", "b-interval-to-r"),
    "beta": ("b-se-to-r", "b-interval-to-r"),
    "t": ("t-to-r",),
    "F": ("f-to-r",),
}


def _reported(row: pd.Series) -> dict[str, float | None]:
    """The figures of a row that a conversion may need."""
    return {f: None if pd.isna(row[f]) else float(row[f]) for f in FIGURES}


def _sign(row: pd.Series) -> int | None:
    return None if pd.isna(row["sign"]) or row["sign"] == 0 else int(row["sign"])


def rederive(effects: pd.DataFrame) -> pd.DataFrame:
    """Correlations of all effects that carry one, derived again from the reported statistic.

    Parameters
    ----------
    effects : DataFrame
        The table ``effects``.

    Returns
    -------
    DataFrame
        effect_id, conversion, r_coded, r_derived, difference (derived minus coded), agrees
        (within .01), problem (why nothing could be derived; empty otherwise). Scale: r.
    """
    records = []
    for _, row in effects[effects["r_coded"].notna()].iterrows():
        derived, problem = float("nan"), ""
        try:
            derived = from_statistic(row["conversion"], sign=_sign(row), **_reported(row))
        except ValueError as error:
            problem = str(error)
        difference = derived - row["r_coded"]
        records.append(
            {
                "effect_id": row["effect_id"],
                "conversion": row["conversion"],
                "r_coded": float(row["r_coded"]),
                "r_derived": derived,
                "difference": difference,
                "agrees": bool(abs(difference) <= TOLERANCE),
                "problem": problem,
            }
        )
    columns = ["effect_id", "conversion", "r_coded", "r_derived", "difference", "agrees", "problem"]
    return pd.DataFrame(records, columns=columns)


def disagreements(derived: pd.DataFrame) -> pd.DataFrame:
    """Rows of :func:`rederive` that differ from the coder's r by more than .01, or have none."""
    return derived[~derived["agrees"].astype(bool)].reset_index(drop=True)


def alternatives(effects: pd.DataFrame) -> pd.DataFrame:
    """Other conversions that the reported figures allow and that give another r (by over .01).

    Parameters
    ----------
    effects : DataFrame
        The table ``effects``.

    Returns
    -------
    DataFrame
        effect_id, conversion, r_coded, other_conversion, r_other, difference. Scale: r.
    """
    records = []
    for _, row in effects[effects["r_coded"].notna()].iterrows():
        figures = _reported(row)
        others = list(_OTHER_WAYS.get(row["statistic"], ()))
        if figures["p_value"] is not None and row["p_relation"] == "=":
            others.append("p-to-r")
            if figures["df"] is None and figures["n"] is not None:
                figures["df"] = figures["n"] - 2
        for other in others:
            try:
                r = from_statistic(other, sign=_sign(row), **figures)
            except ValueError:
                continue  # the figures it needs were not printed
            difference = r - row["r_coded"]
            if other != row["conversion"] and abs(difference) > TOLERANCE:
                records.append(
                    (row["effect_id"], row["conversion"], row["r_coded"], other, r, difference)
                )
    columns = ["effect_id", "conversion", "r_coded", "other_conversion", "r_other", "difference"]
    return pd.DataFrame(records, columns=columns)


def summary(effects: pd.DataFrame) -> list[str]:
    """Lines for the report of the check: what was derived again, and what came out otherwise."""
    derived, others = rederive(effects), alternatives(effects)
    apart = disagreements(derived)
    lines = [
        f"{len(derived)} correlations derived again from the reported statistics; "
        f"{len(apart)} of them not within {TOLERANCE} of the coder's r."
    ]
    for row in apart.itertuples():
        found = row.problem or f"derived r = {row.r_derived:.3f}"
        lines.append(f"  {row.effect_id}: coder r = {row.r_coded:.3f}, {found} ({row.conversion})")
    if len(others):
        lines.append("Another conversion of the same figures gives another r:")
    for row in others.itertuples():
        lines.append(
            f"  {row.effect_id}: r = {row.r_coded:.3f} ({row.conversion}), "
            f"{row.r_other:.3f} ({row.other_conversion})"
        )
    return lines
