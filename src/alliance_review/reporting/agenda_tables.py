"""The tables of the research agenda: gaps, empty cells, sizes of studies, texts to obtain."""

from collections.abc import Mapping

import pandas as pd

from alliance_review.interpretation import planning
from alliance_review.reporting.appendix_tables import STATUS, chapter
from alliance_review.reporting.numbers import format_value
from alliance_review.reporting.tables import RATER, r, sized, words

POWERS = (0.8, 0.9)
READINGS = (("r_low", "lower limit"), ("r", "estimate"), ("r_high", "upper limit"))
LINKS = {"core": "relationship and outcome", "adherence": "relationship and adherence"}
DOMAINS = ("symptoms", "remission", "functioning", "hospitalisation", "other")
FORMS = {"exact": "number", "significant": "in words: significant",
         "null": "in words: not significant", "sign": "in words: direction"}  # fmt: skip


def study_sizes(results: Mapping) -> pd.DataFrame:
    """People needed to detect the pooled associations, at their limits and their estimates.

    Both links that one study of relationship, adherence and outcome has to detect. A reading at
    which the association is zero has no size. The last column counts the samples of the pool that
    are as large as the first power asks (see `counted_size`).
    """
    rows = []
    for tier, name in LINKS.items():
        fit = results["pools"][tier]["all_reports"]
        sizes = [counted_size(row) for row in results["pools"][tier]["rows"]]
        for key, reading in READINGS:
            row = {"Association": name, "If the true r is the": reading, "r": r(fit[key])}
            for power in POWERS:
                row[f"People, {format_value(power, 'pct')} power"] = (
                    f"{planning.required_n(fit[key], power=power):,}" if fit[key] else None
                )
            large = fit[key] and planning.required_n(fit[key], power=POWERS[0])
            row[f"Samples here as large, {format_value(POWERS[0], 'pct')} power"] = (
                f"{sum(n >= large for n in sizes)} of {len(sizes)}" if large else None
            )
            rows.append(row)
    return pd.DataFrame(rows)


def counted_size(row: Mapping) -> int:
    """People of a pooled row, for both tables that need one number; of a range, its upper end."""
    return row["n_high"] if row["n"] is None else row["n"]


def trial_sizes(results: Mapping, icc: float, cluster: int, power: float = 0.8) -> pd.DataFrame:
    """Patients for a trial of training, by the causal share of the association.

    The difference to detect is causal share x r x shift, in standard deviations of the outcome;
    ``icc`` and ``cluster`` (patients per prescriber) set the design effect.
    """
    fit, shift = results["pools"]["core"]["all_reports"], results["policy"]["inputs"]["shift"]
    inflation = planning.design_effect(cluster, icc)
    rows = []
    for share in (1.0, 0.5, 0.25):
        d = share * fit["r"] * shift
        rows.append({
            "Causal share": format_value(share, "pct"), "Difference, SD": f"{d:.3f}",
            "Patients, no clustering": f"{planning.required_trial(d, power=power):,}",
            "Patients, clustered":
                f"{planning.required_trial(d, power=power, inflation=inflation):,}",
            "Interaction of equal size, clustered":
                f"{planning.required_trial(d / 2, power=power, inflation=inflation):,}",
        })  # fmt: skip
    return pd.DataFrame(rows)


def upgrade_queue(core: Mapping, information: float, dois: Mapping[str, str]) -> pd.DataFrame:
    """Core samples whose full text would add most, by the information its number would bring.

    Parameters
    ----------
    core : mapping
        ``results["pools"]["core"]``.
    information : float
        Information of the pool about its mean: one over the squared standard error, Fisher z.
    dois : mapping
        DOI by citation key; where there is none, the address at which the report was read.

    Notes
    -----
    Listed are samples reported in words, and printed numbers whose sample size is not printed.
    Order: gain in information (see `planning.information_gain`), largest first; then label.
    A printed number gains nothing by a second printing, so those come last. Of a range of sizes
    the upper end counts (see `counted_size`), so that its gain is the most that can be hoped for.
    """
    tau = core["all_reports"]["tau"]
    listed = []
    for row in core["rows"]:
        worded = row["form"] != "exact"
        if not worded and row["n_basis"] == "reported":
            continue
        n = counted_size(row)
        gain = planning.information_gain(n, tau, row["weight"], information) if worded else 0.0
        listed.append((gain, worded, row))
    listed.sort(key=lambda item: (-item[0], item[2]["label"]))
    return pd.DataFrame(
        {"Place": place, "Sample": row["label"], "address": address(row, dois), "n": sized(row),
         "Reported": FORMS[row["form"]],
         "Ask for": "coefficient" + ("" if row["n_basis"] == "reported" else " and sample size")
         if worded else "sample size",
         "Information gained": format_value(gain, "pct")}
        for place, (gain, worded, row) in enumerate(listed, 1)
    )  # fmt: skip


def address(row: Mapping, dois: Mapping[str, str]) -> str | None:
    """Where the publication of a pooled row can be found."""
    doi = dois.get(row["citation_key"])
    return f"https://doi.org/{doi}" if doi else row["source_url"]


def gaps(data) -> pd.DataFrame:
    """Gaps named by the literature, in order.

    Order: by status, those not yet answered first, those answered last; then the number of claims
    of priority A that bear on them, most first; then the identifier.
    """
    weighty = set(data.claims.loc[data.claims["priority"] == "A", "claim_id"])
    names = data.documents.set_index("document_id")["short_title"]
    rows = []
    for row in data.points[data.points["kind"] == "gap"].to_dict("records"):
        cited = [] if pd.isna(row["evidence"]) else row["evidence"].split("; ")
        count = sum(c in weighty for c in cited)
        rows.append((-STATUS.index(row["status"]), -count, row["point_id"], row))
    rows.sort(key=lambda item: item[:3])
    return pd.DataFrame(
        {"Rank": place, "Gap": row["point"], "Raised by": names[row["document"]],
         "Weighty claims": -count, "Status": row["status"], "Where": chapter(row["chapter"])[0],
         "address": chapter(row["chapter"])[1], "What this book does": row["answer"]}
        for place, (_, count, _, row) in enumerate(rows, 1)
    )  # fmt: skip


def open_points(data) -> pd.DataFrame:
    """Points of any other kind that this book does not answer yet."""
    rows = data.points[(data.points["status"] == "not yet") & (data.points["kind"] != "gap")]
    return pd.DataFrame({"Point": rows["point_id"], "Kind": rows["kind"],
                         "What is raised": rows["point"], "State": rows["answer"]})  # fmt: skip


def cells(data) -> pd.DataFrame:
    """Core samples by rater of the relationship and outcome; an empty cell is a gap.

    Raters of no core sample have no line.
    """
    rows = data.effects[data.effects["tier"] == "core"]
    counts = rows.groupby(["rater", "outcome_domain"])["sample_id"].nunique()
    domains = [d for d in DOMAINS if d != "other" or "other" in set(rows["outcome_domain"])]
    return pd.DataFrame(
        {"Relationship rated by": RATER[rater] or "not stated"}
        | {words(d): int(counts.get((rater, d), 0)) or "none" for d in domains}
        for rater in ("patient", "observer", "clinician", "other", "unclear")
        if rater in set(rows["rater"])
    )


def populations(data) -> pd.DataFrame:
    """Samples of each tier by diagnosis group; groups without a sample in any tier are left out."""
    groups = data.samples.set_index("sample_id")["diagnosis_group"]
    rows = data.effects.assign(group=data.effects["sample_id"].map(groups))
    counts = rows.groupby(["group", "tier"])["sample_id"].nunique()
    table = [
        {"Diagnosis": "ADHD" if group == "adhd" else words(group)}
        | {tier.capitalize(): int(counts.get((group, tier), 0)) or "none"
           for tier in ("core", "adherence", "extended")}
        for group in sorted(set(rows.loc[rows["tier"] != "excluded", "group"]))
    ]  # fmt: skip
    return pd.DataFrame(table)
