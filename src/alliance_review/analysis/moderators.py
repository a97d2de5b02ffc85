"""The pool by level of a moderator, and levels compared, with restraint stated by rule."""

import pandas as pd

from alliance_review import synthesis
from alliance_review.analysis.pools import all_reports, to_report
from alliance_review.analysis.robustness import brief
from alliance_review.analysis.t_limits import t_limits
from alliance_review.formats import FORMATS

#: What stands for a gap in the record and is no level of its own.
GAPS = {"unclear", "other"}
#: Chance of a false alarm that all comparisons of the review share.
FALSE_ALARM = 0.05
MODERATORS = ("rater", "timing", "diagnosis_group", "design", "adjusted", "measure_kind")


def by_level(table: list[dict]) -> dict:
    """The table as a tree: moderator, level, row."""
    out: dict = {}
    for row in table:
        out.setdefault(row["moderator"], {})[row["level"]] = row
    return out


def reading(table: list[dict]) -> str:
    """Which moderators have levels that can be compared; `contrast_reading` says what came of it.

    A level called unclear or other is a gap in the record and is not compared.
    """
    levels: dict[str, int] = {}
    for row in table:
        if row["claim"] and row["level"] not in GAPS:
            levels[row["moderator"]] = levels.get(row["moderator"], 0) + 1
    names = [moderator.replace("_", " ") for moderator, count in levels.items() if count > 1]
    if not names:
        return ("No moderator has two stated levels that meet the rule and have an estimate: no "
                "levels are compared.")  # fmt: skip
    noun = "moderator" if len(names) == 1 else "moderators"
    return (f"Stated levels that meet the rule can be compared for {FORMATS['word'](len(names))} "
            f"{noun}: {', '.join(names)}.")  # fmt: skip


def table(rows: pd.DataFrame, minimum: int) -> list[dict]:
    """One entry per moderator and level: counts, and a fit where the likelihood has a maximum.

    ``claim`` is False below ``minimum`` samples, or where there is no maximum: the numbers are
    then shown for completeness and not interpreted. ``t_low`` and ``t_high`` are None below three
    samples.
    """
    out = []
    for moderator in MODERATORS:
        for level, part in sorted(rows.groupby(moderator), key=lambda item: str(item[0])):
            reports = [to_report(row) for row in part.to_dict("records")]
            fit = all_reports(reports) if len(reports) > 1 else None
            out.append(
                {"moderator": moderator, "level": str(level), "samples": len(reports)}
                | brief(fit)
                | t_limits(reports)
                | {
                    "k": len(reports),
                    "k_exact": sum(r.form == "exact" for r in reports),
                    "claim": bool(fit is not None and len(reports) >= minimum),
                }
            )
    return out


def contrasts(rows: pd.DataFrame, table: list[dict]) -> dict[str, dict]:
    """The levels of each moderator that meet the rule, compared by likelihood ratio.

    Levels have means of their own and share one spread of true effects. A level takes part where
    the table lets it be read: enough samples, an estimate, and no gap in the record.

    Parameters
    ----------
    rows : DataFrame
        Usable rows of one pool.
    table : list of dict
        As from `table`, of the same rows.

    Returns
    -------
    dict
        By moderator: ``levels``; where there are two or more also ``statistic``, ``df``,
        ``p_value`` of the test that all means are equal, ``tau``, and ``pairs`` with the levels
        ``a`` and ``b``, their sizes, and the ``difference`` of a less b with its interval
        (``low``, ``high``), on Fisher z.
    """
    out: dict[str, dict] = {}
    for moderator in MODERATORS:
        levels = [row["level"] for row in table if row["moderator"] == moderator
                  and row["claim"] and row["level"] not in GAPS]  # fmt: skip
        out[moderator] = {"levels": levels}
        if len(levels) > 1:
            groups = {
                level: [to_report(row) for row in rows[rows[moderator] == level].to_dict("records")]
                for level in levels
            }
            out[moderator] |= compared(groups)
    return out


def compared(groups: dict[str, list[synthesis.Report]]) -> dict:
    """Groups of reports compared; see `contrasts`."""
    found = synthesis.contrast_reports(groups)
    columns = (found.first, found.second, found.difference, found.difference_ci_low,
               found.difference_ci_high)  # fmt: skip
    pairs = [
        {"a": a, "b": b, "k_a": len(groups[a]), "k_b": len(groups[b]), "difference": difference,
         "low": low, "high": high}
        for a, b, difference, low, high in zip(*columns, strict=True)
    ]  # fmt: skip
    return {"statistic": found.statistic, "df": found.df, "p_value": found.p_value,
            "tau": found.tau, "pairs": pairs}  # fmt: skip


def contrast_reading(pool: dict[str, dict], tests: int) -> str:
    """What the comparisons of one pool allow to be said; it follows `reading` on the page.

    Parameters
    ----------
    pool : dict
        As from `contrasts`.
    tests : int
        Moderators compared in all pools together, among which the chance of a false alarm is
        divided.
    """
    made = {moderator: found for moderator, found in pool.items() if "p_value" in found}
    if not made:
        return "Nothing is tested."
    p = FORMATS["p"]
    told = []
    for moderator, found in made.items():
        largest = max(found["pairs"], key=lambda pair: abs(pair["difference"]))
        names = " less ".join(largest[side].replace("_", " ") for side in ("a", "b"))
        told.append(
            f"{moderator.replace('_', ' ')} ({names}: {on_z(largest['difference'])}, "
            f"{on_z(largest['low'])} to {on_z(largest['high'])}; "
            f"{equals('p', p(found['p_value']))})"
        )
    passed = [m.replace("_", " ") for m, found in made.items()
              if found["p_value"] < FALSE_ALARM / tests]  # fmt: skip
    verdict = f"The difference by {' and by '.join(passed)}" if passed else "No difference"
    return (
        f"With one common spread, the largest differences on Fisher z are: {'; '.join(told)}. "
        f"{verdict} passes {equals('p', p(FALSE_ALARM / tests))}, the share of .05 that each of "
        f"{tests} such tests in the three pools has."
    )


def on_z(value: float) -> str:
    """A difference on Fisher z, written as a correlation where it could be one."""
    return FORMATS["r" if abs(value) <= 1 else "f2"](value)


def equals(name: str, text: str) -> str:
    """``p = .014``, and ``p < .001`` where the text has its own sign."""
    return f"{name} {text}" if text.startswith("<") else f"{name} = {text}"
