"""From selected rows to reports, and from reports to one pool of the results tree."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy.special import ndtr, stdtrit

from alliance_review import effect_sizes, synthesis
from alliance_review.evidence import Evidence, pool_rows
from alliance_review.synthesis import NoMaximum, Report

LABELS = {
    "core": "Alliance with the prescriber and clinical outcome of drug treatment",
    "adherence": "Relationship or communication and taking the medicine",
    "extended": "Alliance and clinical outcome beyond the prescriber or drug treatment alone",
}
EXACT = {"exact", "p_exact"}
Z95 = 1.959963984540054
METHODS = ("DL", "PM", "REML")


def plain(value):
    """A value for the results tree: missing becomes None, NumPy scalars become Python's."""
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return None
    return value.item() if hasattr(value, "item") else value


def with_context(data: Evidence, effects: pd.DataFrame) -> pd.DataFrame:
    """Effects joined to what their sample and their publication say, one row each, same order."""
    samples = data.samples[["sample_id", "label", "diagnosis_group", "diagnosis", "country"]]
    studies = data.studies[["study_id", "citation_key", "design", "year"]]
    joined = effects.merge(samples, on="sample_id", how="left", validate="m:1")
    return joined.merge(studies, on="study_id", how="left", validate="m:1")


def selected(data: Evidence, tier: str) -> pd.DataFrame:
    """The rows of a pool: one effect per sample by the protocol, with context and ``usable``."""
    return with_context(data, pool_rows(data, tier))


def size(row: Mapping) -> int | tuple[int, int] | None:
    """Sample size of a row, or its stated range when none was printed."""
    if plain(row["n"]) is not None:
        return int(row["n"])
    low, high = plain(row["n_low"]), plain(row["n_high"])
    return None if low is None or high is None else (int(low), int(high))


def to_report(row: Mapping, alpha: float = 0.05) -> Report:
    """The evidence of one row as a report on the Fisher z scale.

    Raises
    ------
    ValueError
        If the row is not usable: no sample size and no range, or no direction for a result that
        is significant.
    """
    n = size(row)
    if n is None:
        raise ValueError(f"{row['effect_id']}: no sample size and no range")
    form = row["evidence_form"]
    if form in EXACT:
        return Report("exact", n, z=float(effect_sizes.r_to_z(row["r_coded"])))
    if form == "null":
        return Report("null", n, alpha=alpha)
    return Report("significant", n, sign=int(row["sign"]), alpha=alpha)


def bounds(row: Mapping, report: Report) -> tuple[float, float]:
    """Limits of a row in r: the 95 % interval of a number, or what words allow."""
    if report.form == "exact":
        half = Z95 / np.sqrt(report.n - 3)
        return float(np.tanh(report.z - half)), float(np.tanh(report.z + half))
    low, high = synthesis.report_bounds(report)
    return float(np.tanh(low)), float(np.tanh(high))


def describe(row: Mapping, report: Report, weight: float) -> dict:
    """One row of a pool, as the figures and tables need it."""
    low, high = bounds(row, report)
    keep = (
        "effect_id", "sample_id", "label", "citation_key", "n", "n_low", "n_high", "n_basis",
        "rater", "timing", "diagnosis_group", "design", "adjusted", "measure", "measure_kind",
        "outcome", "outcome_domain", "reported_as", "drug_role", "clinician", "source_url",
        "source_depth", "country", "diagnosis", "treatment", "note",
    )  # fmt: skip
    return {key: plain(row[key]) for key in keep} | {
        "form": report.form,
        "p_exact": row["evidence_form"] == "p_exact",
        "sign": plain(row["sign"]),
        "r": float(np.tanh(report.z)) if report.form == "exact" else None,
        "r_low": low,
        "r_high": high,
        "weight": weight,
    }


def prediction(fit: synthesis.PooledReports) -> tuple[float, float]:
    """Where the true effect of a new sample is expected, on Fisher z.

    The spread of true effects and the uncertainty of their mean are added as independent errors,
    on each side by its own profile limit: ``estimate -/+ hypot(1.96 tau, distance to the limit)``.
    The conditional standard error of the fit (tau taken as known) would give an interval whose
    end can lie inside the confidence interval of the mean, which no reader should be shown.
    """
    spread = Z95 * fit.tau
    return (
        fit.estimate - float(np.hypot(spread, fit.estimate - fit.ci_low)),
        fit.estimate + float(np.hypot(spread, fit.ci_high - fit.estimate)),
    )


def t_level(level: float, df: int) -> float:
    """Level at which the squared normal quantile is the squared quantile of t at ``level``.

    Profile limits at it lie where those of Student's t would, in place of the normal.
    """
    return float(1 - 2 * ndtr(-stdtrit(df, 0.5 + level / 2)))


def fitted(reports: Sequence[Report], level: float = 0.95) -> synthesis.PooledReports | None:
    """`pool_reports`; None where the likelihood has no maximum."""
    try:
        return synthesis.pool_reports(list(reports), level=level)
    except NoMaximum:
        return None


def all_reports(reports: Sequence[Report], level: float = 0.95) -> dict | None:
    """`pool_reports` in r; None where the likelihood has no maximum."""
    fit = fitted(reports, level)
    return None if fit is None else in_r(fit)


def in_r(fit: synthesis.PooledReports) -> dict:
    """A fit as the results tree holds it: in r, but for tau and the pooled z."""
    low, high = prediction(fit)
    return {
        "z": fit.estimate,
        "r": np.tanh(fit.estimate),
        "r_low": np.tanh(fit.ci_low),
        "r_high": np.tanh(fit.ci_high),
        "tau": fit.tau,
        "tau_low": fit.tau_ci_low,
        "tau_high": fit.tau_ci_high if np.isfinite(fit.tau_ci_high) else None,
        "prediction_r_low": np.tanh(low),
        "prediction_r_high": np.tanh(high),
        "log_likelihood": fit.log_likelihood,
        "k": fit.k,
        "k_exact": fit.k_exact,
    }


def printed_numbers(reports: Sequence[Report]) -> tuple[np.ndarray, np.ndarray]:
    """Fisher z and sampling variances of the reports that are numbers, each of shape (k,)."""
    exact = [r for r in reports if r.form == "exact"]
    y = np.array([r.z for r in exact], dtype=float)
    v = np.array([effect_sizes.z_variance(r.n) for r in exact], dtype=float)
    return y, v


def printed_only(reports: Sequence[Report]) -> dict:
    """Pool of the printed numbers alone, by each estimator; the contrast, not the answer."""
    y, v = printed_numbers(reports)
    out: dict = {"k": len(y)}
    if len(y) < 2:
        return out
    for method in METHODS:
        fit = synthesis.pool(y, v, tau2=method, test="hksj")
        out[method] = {
            "z": fit.estimate, "r": np.tanh(fit.estimate), "r_low": np.tanh(fit.ci_low),
            "r_high": np.tanh(fit.ci_high), "tau2": fit.tau2, "tau": np.sqrt(fit.tau2),
            "i2": fit.i2, "h2": fit.h2, "q": fit.q, "q_df": fit.q_df, "q_p": fit.q_p,
            "prediction_r_low": np.tanh(fit.prediction_low),
            "prediction_r_high": np.tanh(fit.prediction_high), "p_value": fit.p_value,
        }  # fmt: skip
    second = synthesis.by_statsmodels(y, v)
    out["statsmodels"] = {
        # it has no answer where its moment estimate falls below zero
        method: {"r": plain(float(np.tanh(second[method]["estimate"]))),
                 "tau2": plain(float(second[method]["tau2"]))}
        for method in ("DL", "PM")
    }
    return out


def pool(tier: str, rows: pd.DataFrame, effects: pd.DataFrame, alpha: float = 0.05) -> dict:
    """One pool of the results tree.

    Parameters
    ----------
    tier : str
        ``core``, ``adherence`` or ``extended``.
    rows : DataFrame
        One selected row per sample, with ``usable`` and ``why_not``.
    effects : DataFrame
        All effects of the tier, for the counts.
    """
    usable = rows[rows["usable"] == "yes"]
    records = usable.to_dict("records")
    reports = [to_report(row, alpha) for row in records]
    fit = fitted(reports)
    if fit is None:
        raise ValueError(
            f"the {tier} pool has no estimate: all its reports lie on one side. Keep at least one "
            "printed number or result called not significant in it."
        )
    shares = (float(weight) for weight in fit.weights)
    described = [describe(*row) for row in zip(records, reports, shares, strict=True)]
    forms = effects["evidence_form"].value_counts()
    sizes = sorted(int(n) for n in usable["n"].dropna())
    largest = max(described, key=lambda row: row["n"] or 0)
    return {
        "tier": tier,
        "label": LABELS[tier],
        "rows": described,
        "left_out": [
            {"effect_id": r["effect_id"], "label": r["label"], "why_not": r["why_not"]}
            for r in rows[rows["usable"] != "yes"].to_dict("records")
        ],
        "all_reports": in_r(fit) | {"n_total": sum(sizes)},
        "weight_exact": sum(row["weight"] for row in described if row["form"] == "exact"),
        "exact_communication": sum(row["form"] == "exact" and row["measure_kind"] == "communication"
                                   for row in described),
        "trial_samples": sum(row["design"] == "rct_secondary" for row in described),
        "size_median": int(np.median(sizes)),
        "size_unknown": int((usable["n_basis"] != "reported").sum()),
        "largest_label": largest["label"],
        "largest_share": largest["n"] / sum(sizes),
        "printed_only": printed_only(reports),
        "counts": {
            "effects": len(effects),
            "samples": int(effects["sample_id"].nunique()),
            "selected": len(described),
            "worded": sum(r["form"] != "exact" for r in described),
            "selected_exact": sum(r["form"] == "exact" for r in described),
            "selected_significant": sum(r["form"] == "significant" for r in described),
            "selected_null": sum(r["form"] == "null" for r in described),
            "number_printed": int(sum(forms.get(f, 0) for f in EXACT)),
            **{form: int(forms.get(form, 0)) for form in
               ("exact", "p_exact", "significant", "null")},
        },
    }  # fmt: skip
