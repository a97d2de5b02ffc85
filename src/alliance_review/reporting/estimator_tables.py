"""Tables that set the estimators of one pool side by side, and what each rests on."""

import pandas as pd

from alliance_review.reporting.numbers import format_value
from alliance_review.reporting.tables import PRINTED_NAMES, fit_row, interval, r

# Families of priors as a sentence names them.
FAMILIES = {"half-normal": "half-normal", "half-cauchy": "half-Cauchy", "uniform": "uniform"}


def estimators(results: dict, tier: str) -> pd.DataFrame:
    """One pool by every estimator: all reports first, then the printed numbers alone."""
    pool, others = results["pools"][tier], results["estimates"][tier]
    every, printed = pool["all_reports"], pool["printed_only"]
    bayes, nested = others["bayes"], others["three_level"]
    rows = [
        fit_row("All reports: maximum likelihood (primary)", every, every["k"], every["k_exact"]),
        fit_row("The same, with limits of Student’s t", others["t_limits"], every["k"],
                every["k_exact"]),
        fit_row("All reports: restricted likelihood", others["restricted"], every["k"],
                every["k_exact"]),
        fit_row("All reports: Bayesian", bayes, bayes["k"], bayes["k_exact"]),
        fit_row(f"Every association, three levels ({nested['k']} associations)", nested,
                nested["samples"], nested["k_exact"]),
    ]  # fmt: skip
    rows += [fit_row(PRINTED_NAMES[m], printed[m], printed["k"], printed["k"])
             for m in PRINTED_NAMES if m in printed]  # fmt: skip
    return pd.DataFrame(rows)


def priors(results: dict) -> pd.DataFrame:
    """The Bayesian answer under each prior, all pools."""
    return pd.DataFrame(
        {"Pool": tier.capitalize(), "Prior of the mean": f"normal, sd {row['mean_sd']:g}",
         "Prior of tau": f"{FAMILIES[row['tau_family']]} {row['tau_scale']:g}", "r": r(row["r"]),
         "95 % interval": interval(row["r_low"], row["r_high"]), "Tau": r(row["tau"]),
         "r above 0": format_value(row["above_zero"], "chance"),
         "r above .1": format_value(row["above_small"], "chance"),
         "Odds against r = 0": format_value(row["for_an_association"], "odds")}
        for tier, part in results["estimates"].items() for row in part["priors"]
    )  # fmt: skip


def three_level(results: dict) -> pd.DataFrame:
    """Every association at three levels, by the correlation of sampling errors assumed."""
    return pd.DataFrame(
        {"Pool": tier.capitalize(), "Error correlation": f"{row['rho']:g}",
         "Associations": row["k"], "Samples": row["samples"], "r": r(row["r"]),
         "95 % interval": interval(row["r_low"], row["r_high"]),
         "Tau between": r(row["tau_between"]), "Tau within": r(row["tau_within"])}
        for tier, part in results["estimates"].items()
        for row in sorted(part["three_level_rho"], key=lambda row: row["rho"])
    )  # fmt: skip
