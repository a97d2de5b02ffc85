"""Does the answer survive other choices? Leave-one-out, and one other choice at a time."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from alliance_review import effect_sizes, synthesis
from alliance_review.analysis.pools import all_reports, plain, printed_numbers, to_report
from alliance_review.analysis.t_limits import t_limits
from alliance_review.evidence.select import flag_usable, rank_effects, selection_order


def brief(fit: dict | None) -> dict:
    """The part of a fit that robustness tables show; all None where there is no maximum."""
    keys = ("r", "r_low", "r_high", "tau", "prediction_r_low", "prediction_r_high", "k", "k_exact")
    return {key: None if fit is None else fit[key] for key in keys}


def pooled(reports: list[synthesis.Report]) -> dict:
    """`brief` of the pool of reports, with its t limits: ``t_low`` and ``t_high``, in r."""
    return brief(all_reports(reports)) | t_limits(reports)


def leave_one_out(rows: pd.DataFrame) -> list[dict]:
    """The pool without each sample in turn."""
    records = rows.to_dict("records")
    reports = [to_report(row) for row in records]
    return [
        {"sample_id": row["sample_id"], "label": row["label"]}
        | pooled(reports[:i] + reports[i + 1 :])
        for i, row in enumerate(records)
    ]


def parameter(protocol: pd.DataFrame, name: str) -> str:
    """The value of a protocol parameter, as text."""
    return str(protocol.set_index("parameter").loc[name, "value"])


def without_unverified(rows: pd.DataFrame, protocol: pd.DataFrame) -> dict:
    """The pool without samples of which something rests on memory and was not seen."""
    named = parameter(protocol, "unverified_samples").split(";")
    kept = rows[~rows["sample_id"].isin(named)]
    fit = all_reports([to_report(row) for row in kept.to_dict("records")])
    return {"removed": len(rows) - len(kept)} | brief(fit)


def choose(
    effects: pd.DataFrame, protocol: pd.DataFrame, last: bool = False, **first: list[str]
) -> pd.DataFrame:
    """One usable effect per sample, with some columns of the protocol's hierarchy reordered.

    ``first`` maps a column of the hierarchy to the values that come first, best first; ``last``
    settles ties by the highest identifier instead of the lowest.
    """
    order = tuple(
        (column, (*first[column], *(v for v in values if v not in first[column])))
        if column in first else (column, values)
        for column, values in selection_order(protocol)
    )  # fmt: skip
    if last:
        order += (("effect_id", tuple(sorted(effects["effect_id"], reverse=True))),)
    usable = flag_usable(effects)
    ranked = rank_effects(usable[usable["usable"] == "yes"], order)
    return ranked[ranked["rank"] == 1].drop(columns="rank")


def specifications(
    primary: pd.DataFrame, effects: pd.DataFrame, protocol: pd.DataFrame
) -> list[dict]:
    """The same question under other defensible rules; each is reproducible from its label.

    Parameters
    ----------
    primary : DataFrame
        Usable rows of the primary selection.
    effects : DataFrame
        All effects of the tier, with context.
    protocol : DataFrame
        The protocol, which holds the hierarchy that some specifications reorder.
    """

    def fit(rows: pd.DataFrame, alpha: float = 0.05) -> dict:
        reports = [to_report(row, alpha) for row in rows.to_dict("records")]
        return pooled(reports) if len(reports) > 1 else brief(None) | t_limits(reports)

    def without(mask: Iterable[bool]) -> pd.DataFrame:
        return primary[~np.asarray(mask, dtype=bool)]

    assumed_direction = parameter(protocol, "direction_assumed_samples").split(";")
    misprinted = parameter(protocol, "misprinted_samples").split(";")
    cross = primary["design"] == "cross_sectional"
    missing = primary["n"].isna()
    assumed = primary["n_basis"] != "reported"
    adjusted = primary["adjusted"] == "yes"
    early = primary["timing"] == "early"
    drug_only = effects[effects["drug_role"] != "placebo"]
    strict = effects[effects["measure_kind"] == "alliance_scale"]
    plans = [
        ("primary", "Primary: all reports, one effect per sample", "primary", fit(primary)),
        ("no_cross_sectional", "Without cross-sectional samples", "samples", fit(without(cross))),
        ("size_reported", "Without samples of missing or assumed size", "samples",
         fit(without(assumed))),
        ("size_printed", "Without the sample whose size is not printed", "samples",
         fit(without(missing))),
        ("hazard_misprint", "Without the number read from a misprinted interval", "samples",
         fit(without(primary["sample_id"].isin(misprinted)))),
        ("direction_stated", "Without the sample whose direction is assumed", "samples",
         fit(without(primary["sample_id"].isin(assumed_direction)))),
        ("not_adjusted", "Without adjusted associations", "samples", fit(without(adjusted))),
        ("early", "Early ratings only", "samples", fit(primary[early])),
        ("alliance_scales", "Alliance scales only, no proxies", "effects",
         fit(choose(strict, protocol))),
        ("drug_arms", "Without separate placebo arms", "effects", fit(choose(drug_only, protocol))),
        ("clinician_first", "Clinician’s rating before patient’s", "selection",
         fit(choose(effects, protocol, rater=["clinician"]))),
        ("observer_first", "Observer’s rating first", "selection",
         fit(choose(effects, protocol, rater=["observer"]))),
        ("placebo_first", "Placebo arm before drug arm", "selection",
         fit(choose(effects, protocol, drug_role=["placebo"]))),
        ("concurrent_first", "Concurrent or late rating first", "selection",
         fit(choose(effects, protocol, timing=["concurrent", "late"]))),
        ("proxies_first", "Proxies before alliance scales", "selection",
         fit(choose(effects, protocol, measure_kind=["proxy"]))),
        ("last_identifier", "Rickels 1971 at two weeks, not four (ties: last identifier)",
         "selection",
         fit(choose(effects, protocol, last=True))),
        ("alpha_01", "Words read at alpha .01", "reading", fit(primary, 0.01)),
        ("alpha_10", "Words read at alpha .10", "reading", fit(primary, 0.10)),
    ]  # fmt: skip
    return [
        {"key": key, "label": label, "group": group} | result
        for key, label, group, result in plans
    ]


def other_conversions(rows: pd.DataFrame, alternatives: list[dict]) -> dict:
    """The pool with every number that another conversion would make smaller, made smaller."""
    smallest: dict[str, float] = {}
    for item in alternatives:
        if abs(item["r_other"]) < abs(smallest.get(item["effect_id"], item["r_coded"])):
            smallest[item["effect_id"]] = item["r_other"]
    replaced = rows["effect_id"].map(smallest)
    changed = rows.assign(r_coded=replaced.fillna(rows["r_coded"].astype(float)))
    reports = [to_report(row) for row in changed.to_dict("records")]
    return {"replaced": int(replaced.notna().sum())} | brief(all_reports(reports))


def crude_contrasts(rows: pd.DataFrame) -> dict:
    """Two common shortcuts, shown for what they do to the answer.

    ``nulls_as_zero`` sets every result "not significant" to r = 0 and leaves out results called
    significant without a number, and those whose size is not printed; ``vote_count`` counts.
    """
    y, v = [], []
    for row in rows.to_dict("records"):
        report = to_report(row)
        n = report.n if isinstance(report.n, int) else None
        if n is None or report.form == "significant":
            continue
        y.append(report.z if report.form == "exact" else 0.0)
        v.append(effect_sizes.z_variance(n))
    fit = synthesis.pool(np.array(y), np.array(v), tau2="REML", test="hksj")
    forms = rows["evidence_form"]
    return {
        "nulls_as_zero": {"k": fit.k, "r": np.tanh(fit.estimate), "r_low": np.tanh(fit.ci_low),
                          "r_high": np.tanh(fit.ci_high)},
        "vote_count": {"not_significant": int((forms == "null").sum()),
                       "significant_or_printed": int((forms != "null").sum())},
    }  # fmt: skip


def egger(rows: pd.DataFrame) -> dict:
    """Egger's regression where the printed numbers allow it, and how many they are."""
    y, v = printed_numbers([to_report(row) for row in rows.to_dict("records")])
    out: dict = {"k": len(y)}
    if len(y) >= 3:
        test = synthesis.egger_test(y, v)
        out |= {"bias": test.bias, "se": test.se, "p_value": test.p_value}
    return out


def likelihood_curve(rows: pd.DataFrame, low: float = -0.2, high: float = 0.6) -> dict:
    """Profile deviance of the pooled mean over a grid of r, for the figure."""
    reports = [to_report(row) for row in rows.to_dict("records")]
    r = np.round(np.linspace(low, high, 81), 4)
    deviance = np.asarray(synthesis.profile(reports, np.arctanh(r)).deviance)
    return {"r": [plain(x) for x in r], "deviance": [plain(x) for x in deviance]}


def extremes(results: dict) -> dict:
    """The range of the pooled r over single omissions and over specifications."""

    def span(rows: list[dict]) -> dict:
        fitted = [row for row in rows if row["r"] is not None]
        low, high = (f(fitted, key=lambda row: row["r"]) for f in (min, max))
        t_low = [row["t_low"] for row in fitted if row["t_low"] is not None]
        return {
            "low": low["r"], "low_label": low["label"], "high": high["r"],
            "high_label": high["label"], "count": len(fitted),
            "not_estimable": len(rows) - len(fitted),
            "all_intervals_above_zero": all(row["r_low"] > 0 for row in fitted),
            "lowest_limit": min(row["r_low"] for row in fitted),
            "holding_zero": sum(row["r_low"] <= 0 for row in fitted),
            "lowest_limit_t": min(t_low, default=None),
            "holding_zero_t": sum(limit <= 0 for limit in t_low),
        }  # fmt: skip

    return {
        "leave_one_out_range": span(results["leave_one_out"]),
        "specification_range": span(results["specifications"]),
    }
