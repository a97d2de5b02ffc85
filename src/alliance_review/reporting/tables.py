"""The tables of the chapters: results or evidence in, a data frame with reader's headings out.

Numbers arrive computed; here they are only worded. ``None`` stays missing and is shown as such.
"""

import re

import pandas as pd

from alliance_review.analysis.flow import reason_words
from alliance_review.reporting.numbers import format_value

# Coded fields as readers know them.
FIELDS = {
    "construct": "what was rated", "clinician": "who treated", "drug_role": "role of the drug",
    "outcome_family": "kind of outcome", "unit_ok": "an association of its own",
    "evidence_form": "form of the report", "sign": "direction", "n": "number of people",
    "adjusted": "adjusted for other variables", "timing": "time of the rating", "tier": "pool",
}  # fmt: skip
RATER = {"patient": "patient", "clinician": "clinician", "observer": "observer",
         "other": "mixed or other", "unclear": None}  # fmt: skip
REASONS = {"exact": "number printed", "significant": "in words: significant",
           "null": "in words: not significant"}  # fmt: skip
PRINTED_NAMES = {"DL": "Printed numbers: DerSimonian–Laird", "PM": "Printed numbers: Paule–Mandel",
                 "REML": "Printed numbers: REML"}  # fmt: skip


def r(value: float | None) -> str | None:
    """A correlation as the book prints it."""
    return None if value is None else format_value(value, "r")


def interval(low: float | None, high: float | None) -> str | None:
    """An interval of correlations, ``.11 to .36``."""
    return None if low is None or high is None else f"{r(low)} to {r(high)}"


def words(code: str | None) -> str | None:
    """A code as words: underscores become spaces."""
    return None if code is None or pd.isna(code) else str(code).replace("_", " ")


def totura_implied(results: dict) -> pd.DataFrame:
    """What the predecessor's interval implies, by assumption."""
    return pd.DataFrame(
        {
            "Largest : smallest": f"{row['spread']:g} : 1",
            "Quantile": row["quantile"],
            "Limits on z": f"{row['limits'][0]:.3f} to {row['limits'][1]:.3f}",
            "Tau": r(row["tau"]),
            "Prediction, z": interval(row["prediction_low"], row["prediction_high"]),
        }
        for row in results["totura"]["implied"]["rows"]
    )


def agreement(results: dict) -> pd.DataFrame:
    """Agreement of the coders by field."""
    fields = results["agreement"]["fields"]
    return pd.DataFrame(
        {"Field": FIELDS.get(name, words(name)), "Kappa": r(f["kappa"]),
         "Raw agreement": format_value(f["agreement"], "pct"), "Rows that differ": f["differ"]}
        for name, f in sorted(fields.items(), key=lambda item: -item[1]["kappa"])
    )  # fmt: skip


def conversions(data) -> pd.DataFrame:
    """The conversions in use, with how many numbers go through each."""
    used = data.effects["conversion"].value_counts()
    sources = data.conversions["citation_key"]
    return pd.DataFrame({
        "Conversion": data.conversions["conversion"].map(words).str.replace("-", " "),
        "Formula": data.conversions["formula"],
        "Assumes": data.conversions["assumption"],
        "Numbers": [int(used.get(c, 0)) for c in data.conversions["conversion"]],
        "Source": [cited(key) for key in sources],
    })  # fmt: skip


def cited(key: str | None) -> str | None:
    """A bibliography key as author and year, ``rosenthal1994`` as ``Rosenthal 1994``."""
    if key is None or pd.isna(key):
        return None
    name = str(key).rstrip("abcdefgh") if str(key)[-1:].isalpha() else str(key)
    author, year = name.rstrip("0123456789"), name[len(name.rstrip("0123456789")) :]
    return f"{author.capitalize()} {year}".strip()


def alternatives(results: dict) -> pd.DataFrame:
    """Numbers that another conversion of the same printed figures would make another."""
    return pd.DataFrame(
        {"Effect": row["effect_id"], "Conversion used": row["conversion"].replace("-", " "),
         "r used": f"{row['r_coded']:.3f}", "Other conversion":
         row["other_conversion"].replace("-", " "), "r by it": f"{row['r_other']:.3f}"}
        for row in results["rederivation"]["alternatives"]
    )  # fmt: skip


def protocol(data, selection: bool = False) -> pd.DataFrame:
    """The protocol's parameters, their values and reasons; the selection hierarchy or the rest."""
    rows = data.protocol.sort_values(["group", "order"])
    rows = rows[(rows["group"] == "selection") == selection]
    return pd.DataFrame({
        "Parameter": rows["parameter"].map(words), "Value": rows["value"].map(wrappable),
        "Meaning": rows["meaning"], "Why": rows["why"],
    })  # fmt: skip


def wrappable(value: str) -> str:
    """A list of codes with room to break: ``a>b`` becomes ``a > b``."""
    return str(value).replace("_", " ").replace(">", " > ").replace("=", ": ").replace(";", "; ")


def fit_row(name: str, fit: dict, k: int, exact: int) -> dict:
    """One line of a table that sets pooled results side by side."""
    return {
        "Analysis": name, "Samples": k, "With a number": exact, "r": r(fit.get("r")),
        "95 % interval": interval(fit.get("r_low"), fit.get("r_high")), "Tau": r(fit.get("tau")),
        "Prediction": interval(fit.get("prediction_r_low"), fit.get("prediction_r_high")),
    }  # fmt: skip


def pools(results: dict) -> pd.DataFrame:
    """The three pools, each beside its printed numbers."""
    rows = []
    for tier, pool in results["pools"].items():
        fit, printed = pool["all_reports"], pool["printed_only"]
        name = tier.capitalize()
        rows.append(fit_row(f"{name}: all reports", fit, fit["k"], fit["k_exact"]))
        if "REML" in printed:
            rows.append(fit_row(f"{name}: printed numbers", printed["REML"], printed["k"],
                                printed["k"]))  # fmt: skip
    return pd.DataFrame(rows)


def specifications(results: dict) -> pd.DataFrame:
    """The specification curve in numbers."""
    return pd.DataFrame(
        {"Specification": row["label"], "k": row["k"], "Numbers": row["k_exact"], "r": r(row["r"]),
         "95 % interval": interval(row["r_low"], row["r_high"]),
         "Prediction": interval(row["prediction_r_low"], row["prediction_r_high"])}
        for row in results["robustness"]["specifications"]
    )  # fmt: skip


def tipping_point(results: dict) -> pd.DataFrame:
    """The pool with one further report called not significant, by its size."""
    return pd.DataFrame(
        {"Further samples": row["added"], "People in each": f"{row['n']:,}", "r": r(row["r"]),
         "95 % interval": interval(row["r_low"], row["r_high"]),
         "Prediction": interval(row["prediction_r_low"], row["prediction_r_high"])}
        for row in results["robustness"]["tipping_point"]["steps"]
    )  # fmt: skip


def moderators(results: dict, tier: str) -> pd.DataFrame:
    """The pool by level of each moderator."""
    rows = results["moderators"][tier]
    return pd.DataFrame(
        {"Moderator": words(row["moderator"]), "Level": words(row["level"]),
         "Samples": row["samples"], "Numbers": row["k_exact"],
         "r": r(row["r"]) or "no maximum", "95 % interval": interval(row["r_low"], row["r_high"])
         or "–", "With t limits": interval(row["t_low"], row["t_high"]) or "–",
         "Tau": r(row["tau"]) or "–", "Read": "yes" if row["claim"] else "no"}
        for row in rows
    )  # fmt: skip


def rater_benchmarks(results: dict) -> pd.DataFrame:
    """Published associations by who rated the outcome."""
    rows = [b for b in results["benchmarks"] if b["citation_key"] in ("shirk2003", "birkhauer2017")]
    return pd.DataFrame(
        {"Review": b["label"], "Association": b["association"], "r": r(b["r"]),
         "95 % interval": interval(b["r_low"], b["r_high"])}
        for b in rows
    )  # fmt: skip


def exclusions(data) -> pd.DataFrame:
    """Reasons for exclusion, counted."""
    rows = data.effects[data.effects["tier"] == "excluded"]
    counts = rows.groupby("exclusion_reason").agg(n=("effect_id", "size"),
                                                  samples=("sample_id", "nunique"))  # fmt: skip
    counts = counts.sort_values(["n", "samples"], ascending=False, kind="stable")
    return pd.DataFrame({"Reason": [reason_words(c) for c in counts.index],
                         "Associations": counts["n"], "Samples": counts["samples"]})  # fmt: skip


def sized(row: dict) -> str | None:
    """The size of a row as printed, or its range."""
    if row["n"] is not None:
        return f"{row['n']:,}" + ("" if row["n_basis"] == "reported" else " (assumed)")
    if row["n_low"] is not None:
        return f"{row['n_low']} to {row['n_high']} (range)"
    return None


def studies(results: dict, tier: str) -> pd.DataFrame:
    """The selected association of every sample of a pool."""
    return pd.DataFrame(
        {"Sample": row["label"], "Patients": row["diagnosis"], "Treatment": row["treatment"],
         "Country": row["country"],
         "n": sized(row), "Measure of the relationship": row["measure"],
         "Rated by": RATER.get(row["rater"], row["rater"]), "When": words(row["timing"]) if
         row["timing"] != "unclear" else None, "Outcome": row["outcome"],
         "As reported": row["reported_as"], "Effect": row["effect_id"]}
        for row in results["pools"][tier]["rows"]
    )  # fmt: skip


def left_out(results: dict) -> pd.DataFrame:
    """Samples of a pool that carry nothing a likelihood can use."""
    rows = [
        {"Pool": tier, "Sample": row["label"], "Effect": row["effect_id"], "Why": row["why_not"]}
        for tier, pool in results["pools"].items()
        for row in pool["left_out"]
    ]
    none = {"Pool": "none", "Sample": "–", "Effect": "–", "Why": "every sample can be used"}
    return pd.DataFrame(rows or [none])


def paths(results: dict) -> pd.DataFrame:
    """The adherence path under each published link."""
    return pd.DataFrame(
        {"Adherence and outcome from": p["label"], "read as": p["reading"],
         "r": r(p["adherence_outcome"]), "Indirect": r(p["indirect"]), "Direct": r(p["direct"]),
         "Direct, 95 %": interval(p["direct_interval"]["low"], p["direct_interval"]["high"]),
         "Share": format_value(p["share"], "pct"),
         "Share, 95 %": f"{format_value(p['share_interval']['low'], 'pct')} to "
                        f"{format_value(p['share_interval']['high'], 'pct')}"}
        for p in results["mechanisms"]["paths"]
    )  # fmt: skip


def placebo_arms(results: dict) -> pd.DataFrame:
    """Associations in placebo arms."""
    return pd.DataFrame(
        {"Sample": a["label"], "n": None if a["n"] is None else str(a["n"]),
         "Measure of the relationship": a["measure"],
         "As reported": a["reported_as"], "Effect": a["effect_id"]}
        for a in results["mechanisms"]["placebo_arms"]
    )  # fmt: skip


def certainty(results: dict) -> pd.DataFrame:
    """The domains of certainty: rule, number, levels off."""
    return pd.DataFrame(
        {"Domain": d["domain"], "One level off when": d["rule"], "Value looked at": r(d["number"]),
         "Levels off": d["steps"]}
        for d in results["certainty"]["domains"]
    )  # fmt: skip


def appraisal(results: dict) -> pd.DataFrame:
    """Design appraisal marks, one line per sample."""
    marks = {"concern": "● concern", "no concern": "○ none", "not recorded": "–"}
    names = {"temporality": "Order in time", "adjustment": "Adjusted", "same_source": "Raters",
             "selection": "Choice of result", "size": "Size", "withheld": "Number"}  # fmt: skip
    return pd.DataFrame(
        {"Sample": row["label"]} | {names[k]: marks[v] for k, v in row["verdicts"].items()}
        for row in results["appraisal"]["rows"]
    )


def appraisal_counts(results: dict) -> pd.DataFrame:
    """Appraisal questions with their counts."""
    return pd.DataFrame(
        {"Question": rule["question"], "Concern": rule["concern"], "No concern": rule["clear"],
         "Not recorded": rule["unknown"]}
        for rule in results["appraisal"]["rules"].values()
    )  # fmt: skip


def indirectness(results: dict) -> pd.DataFrame:
    """Samples and people of the core pool by diagnosis, country and design."""
    rows = pd.DataFrame(results["pools"]["core"]["rows"])
    parts = []
    for column, name in (("diagnosis_group", "Diagnosis"), ("country", "Country"),
                         ("design", "Design")):  # fmt: skip
        grouped = rows.assign(**{column: rows[column].fillna("not recorded")}).groupby(column)
        table = grouped.agg(samples=("sample_id", "size"), people=("n", "sum"))
        table = table.sort_values(["samples", "people"], ascending=False, kind="stable")
        parts += [{"By": name, "Level": words(level), "Samples": int(t["samples"]),
                   "People": f"{int(t['people']):,}"} for level, t in table.iterrows()]  # fmt: skip
    return pd.DataFrame(parts)


def scenario(results: dict) -> pd.DataFrame:
    """Extra people improved and cost, by causal share."""
    return pd.DataFrame(
        {"Causal share": format_value(row["share"], "pct"),
         "Extra improved per 1,000": f"{row['extra']:.0f}",
         "At the limits of r": f"{row['low']:.0f} to {row['high']:.0f}",
         "At the limits of the shift": f"{row['shift_low']:.0f} to {row['shift_high']:.0f}",
         "US dollars per extra person improved": "no gain" if row["cost"] is None
         else f"{row['cost']:,.0f}"}
        for row in results["policy"]["rows"]
    )  # fmt: skip


def policy(data) -> pd.DataFrame:
    """Policy figures with sources and caveats; the source links to where it was seen."""
    return pd.DataFrame(
        {"Figure": row["quantity"], "Value": quantity(row), "Among": setting(row),
         "Caveat": row["caveat"], "Source": source(row), "address": row["url"]}
        for row in data.policy.to_dict("records")
    )  # fmt: skip


def setting(row: dict) -> str | None:
    """Population, country and years of one policy figure."""
    parts = [row[name] for name in ("population", "country", "data_years")]
    return ", ".join(str(part) for part in parts if not pd.isna(part)) or None


TITLE_WORDS = 4


def source(row: dict) -> str | None:
    """Authors and year, or the beginning of the title where no author was seen."""
    year = "" if pd.isna(row["source_year"]) else f" {row['source_year']}"
    if not pd.isna(row["source_authors"]):
        names = str(row["source_authors"]).split(",")
        surname = re.sub(r" [A-Z]{1,3}$", "", names[0])
        return surname + (" and others" if len(names) > 1 else "") + year
    title = row["source_journal"] if pd.isna(row["source_title"]) else row["source_title"]
    if pd.isna(title):
        return None
    words = str(title).split()
    short = " ".join(words[:TITLE_WORDS]) + ("…" if len(words) > TITLE_WORDS else "")
    return short + year


def quantity(row: dict) -> str | None:
    """Value, range and unit of one policy figure in a phrase."""
    value, low, high = (number(row[name]) for name in ("value", "low", "high"))
    limits = None if low is None or high is None else f"{low} to {high}"
    unit = "" if pd.isna(row["unit"]) else f" {row['unit']}"
    if value is None:
        return None if limits is None else limits + unit
    return value + unit + ("" if limits is None else f" ({limits})")


def number(value) -> str | None:
    """A number as it was printed: no trailing zeros, thousands separated."""
    if value is None or pd.isna(value):
        return None
    return f"{value:,.4f}".rstrip("0").rstrip(".")
