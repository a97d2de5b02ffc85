"""Tables of what each report tells, and of what the reporting of results may have done."""

import pandas as pd

from alliance_review.reporting.numbers import format_value
from alliance_review.reporting.tables import REASONS, interval, r

TIERS = {"core": "Core", "adherence": "Adherence", "extended": "Extended", "excluded": "Excluded",
         "eligible": "All three pools", "all": "All"}  # fmt: skip
KINDS = {"significant positive": "Significant, positive", "not significant": "Not significant",
         "significant negative": "Significant, negative"}  # fmt: skip


def count(value: float | None) -> str | None:
    """An expected count, to one decimal."""
    return None if value is None else format_value(value, "f1")


def p(value: float | None) -> str:
    """A p value; a dash where there is no test."""
    return "–" if value is None else format_value(value, "p")


def information(results: dict, tier: str) -> pd.DataFrame:
    """What each report of a pool tells about the mean, most first, and what leaving it out does."""
    sizes = {row["label"]: row["n"] for row in results["pools"][tier]["rows"]}
    found = results["reporting_model"]["pools"][tier]["information"]["rows"]
    return pd.DataFrame(
        {"Sample": row["label"], "Report": REASONS[row["form"]],
         "People": "–" if sizes[row["label"]] is None else f"{sizes[row['label']]:,}",
         "Worth a number in": format_value(row["equivalent_n"], "f0"),
         "Share": format_value(row["share"], "pct"),
         "Change without it": format_value(row["shift"], "f3"),
         "in standard errors": format_value(row["shift_se"], "f2")}
        for row in sorted(found, key=lambda row: row["share"], reverse=True)
    )  # fmt: skip


def forms(results: dict) -> pd.DataFrame:
    """Observed against predicted kinds of results, and printed numbers, in every pool."""
    lines = []
    for tier, part in results["reporting_model"]["pools"].items():
        found, numbers = part["forms"], part["forms"]["numbers"]
        rows = [(KINDS[kind["kind"]], kind) for kind in found["kinds"]]
        for name, row in [*rows, ("Printed as a number", numbers)]:
            lines.append(
                {"Pool": TIERS[tier], "Reports": name, "Observed": row["observed"],
                 "Predicted": count(row["predicted"]), "p": p(row["p_value"])}
            )  # fmt: skip
    return pd.DataFrame(lines)


def chances(results: dict) -> pd.DataFrame:
    """The chance that a result is printed as a number, given that it is significant or not."""
    lines = []
    for tier, name in TIERS.items():
        part = results["reporting_model"]["chance"][tier]
        line: dict = {"Associations": name}
        for kind, head in (("significant", "Significant"), ("not_significant", "Not significant")):
            found = part[kind]
            line[f"{head}, with a number"] = f"{found['number']} of {found['total']}"
            line[f"{head}, share"] = share(found)
        line["Odds ratio"] = ratio(part)
        lines.append(line)
    return pd.DataFrame(lines)


def share(found: dict) -> str:
    """A share with Wilson's interval; a dash where nothing could be counted."""
    if found["share"] is None:
        return "–"
    ends = [format_value(found[end], "pct").split()[0] for end in ("low", "high")]
    return f"{format_value(found['share'], 'pct')} ({ends[0]} to {ends[1]})"


def ratio(part: dict) -> str:
    """An odds ratio with its interval; a dash where a cell is empty."""
    if part["odds_ratio"] is None:
        return "–"
    ends = [format_value(part[f"odds_ratio_{end}"], "f1") for end in ("low", "high")]
    return f"{format_value(part['odds_ratio'], 'f1')} ({ends[0]} to {ends[1]})"


def _fit(row: dict) -> str:
    """An estimate with its interval in one cell."""
    if row["r"] is None:
        return "no estimate"
    limits = interval(row["r_low"], row["r_high"])
    return f"{r(row['r'])} ({limits})" if limits else r(row["r"])


def tilted(results: dict) -> pd.DataFrame:
    """The pools if larger significant results were printed more readily."""
    pools = results["reporting_model"]["pools"]
    first = next(iter(pools.values()))["tilted"]
    lines = []
    for i, row in enumerate(first):
        line: dict = {"Tilt": format_value(row["tilt"], "f1")}
        for tier, part in pools.items():
            line[TIERS[tier]] = _fit(part["tilted"][i])
            line[f"{TIERS[tier]}: fit"] = gain(part["tilted"][i]["deviance"])
        lines.append(line)
    return pd.DataFrame(lines)


def selected(results: dict) -> pd.DataFrame:
    """The pools if disfavoured results entered the record less often, of either kind."""
    lines = []
    for tier, part in results["reporting_model"]["pools"].items():
        both = zip(part["selected"]["two-sided"], part["selected"]["positive"], strict=True)
        for silent, wrong in both:
            unseen = silent["unseen"]
            lines.append(
                {"Pool": TIERS[tier], "Enter the record": chance(silent["weight"]),
                 "r if those not significant are rarer": _fit(silent),
                 "Unseen": "–" if unseen is None else format_value(unseen, "f0"),
                 "Fit": gain(silent["deviance"]),
                 "r if those of the wrong sign are too": _fit(wrong),
                 "Fit of that": gain(wrong["deviance"])}
            )  # fmt: skip
    return pd.DataFrame(lines)


def chance(weight: float) -> str:
    """The chance of entering the record, as a reader says it."""
    return "all" if weight == 1 else f"1 in {format_value(1 / weight, 'f0')}"


def gain(deviance: float | None) -> str:
    """How much better than without it the reports are explained; worse has a minus."""
    return "–" if deviance is None else format_value(0.0 - deviance, "f1")
