"""The tables of the robustness and moderator chapters that set many pools side by side."""

import pandas as pd

from alliance_review.formats import MINUS
from alliance_review.reporting.numbers import format_value
from alliance_review.reporting.tables import interval, r, words


def share(value: float | None) -> str | None:
    """A share in per cent; never all or none of what is not all or none."""
    if value is None:
        return None
    text = format_value(value, "pct")
    if 0 < value < 1 and text.split()[0] in ("0", "100"):
        return "< 1 %" if value < 0.5 else "> 99 %"
    return text


def change(value: float | None) -> str | None:
    """A difference of correlations with its sign: ``+.05``."""
    if value is None:
        return None
    text = r(value)
    return text if text.startswith("−") or round(value, 2) == 0 else f"+{text}"


def shown(value: float) -> float:
    """A correlation rounded as the tables print it."""
    return float(r(value).replace(MINUS, "-"))


def z(value: float) -> str:
    """A difference on Fisher z, written as a correlation where it could be one."""
    return r(value) if abs(value) <= 1 else format_value(value, "f2")


def multiverse(results: dict) -> pd.DataFrame:
    """What each answer does to the pooled r, all other choices being equal."""
    rows = []
    for choice in results["robustness"]["multiverse"]["choices"]:
        for level in choice["levels"]:
            pairs = level.get("pairs")
            rows.append({
                "Choice": choice["label"],
                "Answer": level["label"] + (" (primary)" if level["primary"] else ""),
                "Specifications": level["count"], "Median r": r(level.get("median")),
                "Lowest to highest": interval(level.get("lowest"), level.get("highest")),
                "Above zero": share(level.get("share_above_zero")),
                "Median change": change(level.get("change")) or "–",
                "Lost": f"{level['lost']:,} of {pairs:,}" if pairs else "–",
            })  # fmt: skip
    return pd.DataFrame(rows)


def multiverse_counts(results: dict) -> pd.DataFrame:
    """The multiverse in numbers: all distinct pools, and those of each family."""
    tree = results["robustness"]["multiverse"]
    parts = {"All distinct pools": tree["summary"], "Every report": tree["family"]["every_report"],
             "Printed numbers only": tree["family"]["numbers_only"]}  # fmt: skip
    return pd.DataFrame(
        {"Pools": name, "Number": part["count"], "Median r": r(part.get("median")),
         "Central 95 %": interval(part.get("low"), part.get("high")),
         "Lowest to highest": interval(part.get("lowest"), part.get("highest")),
         "r above zero": share(part.get("share_positive")),
         "Interval above zero": share(part.get("share_above_zero"))}
        for name, part in parts.items()
    )  # fmt: skip


def subset_samples(results: dict) -> pd.DataFrame:
    """What the presence of each sample does: subsets with it against subsets without it."""
    samples = results["robustness"]["subsets"]["samples"]

    def gap(s: dict) -> float:
        # of the medians as they are shown, so that the row adds up
        return round(shown(s["median_with"]) - shown(s["median_without"]), 2)

    ranked = sorted(samples, key=lambda s: (-abs(gap(s)), -abs(s["difference"]), s["sample_id"]))
    return pd.DataFrame(
        {"Sample": s["label"], "Median r with": r(s["median_with"]),
         "Without": r(s["median_without"]), "Difference": change(gap(s)),
         "Above zero with": share(s["above_with"]), "And without": share(s["above_without"])}
        for s in ranked
    )  # fmt: skip


def tipping_study(results: dict) -> pd.DataFrame:
    """The smallest single further study of each kind that would change the conclusion."""
    single = results["robustness"]["tipping_study"]

    def cell(found: dict) -> str:
        if found["n"] is None:
            return "none"
        stop = f" to {found['until']:,}" if found["until"] else " or more"
        return f"{found['n']:,}{stop}"

    return pd.DataFrame(
        {"The further study reports": kind["label"],
         "Interval holds zero with n": cell(kind["holds_zero"]),
         "With t limits": cell(kind["holds_zero_t"]),
         f"r below {r(single['small'])} with n": cell(kind["below_small"]),
         "Lowest r": r(kind["lowest_r"]), "Lowest limit": r(kind["lowest_limit"]),
         "Lowest t limit": r(kind["lowest_limit_t"]),
         "Largest tau": r(kind["largest_tau"])}
        for kind in single["kinds"].values()
    )  # fmt: skip


def tipping_number(results: dict) -> pd.DataFrame:
    """The number a single further study would have to print, by its size."""
    single = results["robustness"]["tipping_study"]

    def cell(value: float | None) -> str:
        return f"none down to {r(single['lowest_r'])}" if value is None else f"{r(value)} or lower"

    return pd.DataFrame(
        {"People in the further study": f"{row['n']:,}",
         "Interval holds zero": cell(row["holds_zero_r"]),
         f"r below {r(single['small'])}": cell(row["below_small_r"])}
        for row in single["needed"]
    )  # fmt: skip


def moderator_contrasts(results: dict) -> pd.DataFrame:
    """Every comparison of levels that the rule allows, in all pools."""
    rows = []
    for tier, by_moderator in results["moderator_contrast"].items():
        for moderator, found in by_moderator.items():
            for pair in found.get("pairs", ()):
                rows.append({
                    "Pool": tier, "Moderator": words(moderator),
                    "Levels": f"{words(pair['a'])} (k = {pair['k_a']}) less {words(pair['b'])} "
                              f"(k = {pair['k_b']})",
                    "Difference, z": z(pair["difference"]),
                    "95 % interval": f"{z(pair['low'])} to {z(pair['high'])}",
                    "p, all levels": format_value(found["p_value"], "p"),
                })  # fmt: skip
    none = {"Pool": "none", "Moderator": "–", "Levels": "no two levels meet the rule",
            "Difference, z": "–", "95 % interval": "–", "p, all levels": "–"}  # fmt: skip
    return pd.DataFrame(rows or [none])
