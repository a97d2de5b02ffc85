"""The same pools by other estimators: restricted likelihood, Bayes, every effect at three levels.

The primary answer is in ``pools``; what stands here is set beside it.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from alliance_review import synthesis
from alliance_review.analysis.pools import all_reports, in_r, t_level, to_report
from alliance_review.evidence.select import flag_usable
from alliance_review.synthesis import Report


def prior_pair(text: str) -> tuple[str, float]:
    """A prior of tau as the protocol writes it: ``half-normal 0.25``."""
    family, scale = text.rsplit(" ", 1)
    return family, float(scale)


def bayes(
    reports: Sequence[Report], mean_sd: float, tau_prior: tuple[str, float], small: float,
    level: float,
) -> dict:  # fmt: skip
    """The posterior in r: mean, intervals, chances that matter, and Bayes factors.

    Parameters
    ----------
    reports : sequence of Report
    mean_sd : float
        Standard deviation of the normal prior of the mean, around 0, on Fisher z.
    tau_prior : (str, float)
        Family and scale, on Fisher z.
    small : float
        The correlation from which on the text says small.
    level : float
        Of the credible intervals.
    """
    fit = synthesis.bayesian_reports(
        reports, mean_prior=(0.0, mean_sd), tau_prior=tau_prior, level=level
    )
    return {
        "mean_sd": mean_sd, "tau_family": tau_prior[0], "tau_scale": tau_prior[1],
        "r": np.tanh(fit.estimate), "r_low": np.tanh(fit.ci_low), "r_high": np.tanh(fit.ci_high),
        "tau": fit.tau_mean, "tau_low": fit.tau_ci_low, "tau_high": fit.tau_ci_high,
        "prediction_r_low": np.tanh(fit.prediction_low),
        "prediction_r_high": np.tanh(fit.prediction_high),
        "above_zero": fit.probability_above(0.0),
        "above_small": fit.probability_above(np.arctanh(small)),
        "new_above_zero": fit.probability_new_above(0.0),
        "for_an_association": 1 / fit.bayes_factor_mu_zero,
        "for_no_spread": fit.bayes_factor_tau_zero,
        "k": fit.k, "k_exact": fit.k_exact,
    }  # fmt: skip


def three_level(effects: pd.DataFrame, rho: float, level: float) -> dict:
    """Every usable effect of a tier, several per sample, with their dependence modelled.

    Parameters
    ----------
    effects : DataFrame
        All effects of the tier.
    rho : float
        Correlation of the sampling errors of two effects of one sample, 0 to 1.
    level : float
        Of the profile intervals.
    """
    flagged = flag_usable(effects)
    rows = flagged[flagged["usable"] == "yes"].to_dict("records")
    reports = [to_report(row) for row in rows]
    fit = synthesis.three_level_reports(
        reports, [row["sample_id"] for row in rows], rho=rho, level=level
    )
    return {
        "rho": rho,
        "r": np.tanh(fit.estimate), "r_low": np.tanh(fit.ci_low), "r_high": np.tanh(fit.ci_high),
        "tau": fit.tau, "tau_between": fit.tau_between, "tau_within": fit.tau_within,
        "prediction_r_low": np.tanh(fit.prediction_low),
        "prediction_r_high": np.tanh(fit.prediction_high),
        "k": fit.k, "k_exact": fit.k_exact, "samples": fit.clusters,
    }  # fmt: skip


def difference(every: dict, printed: dict) -> dict:
    """What the words change: every report against the printed numbers alone (REML).

    ``than_printed`` says it in a phrase for the prose.
    """
    if "REML" not in printed:
        phrase = ("cannot be compared: there is one printed number, and one number cannot be "
                  "pooled") if printed["k"] else "cannot be compared: no number was printed"
        return {"r": None, "width_share": None, "than_printed": phrase}
    alone = printed["REML"]
    # a difference is read off the two values as they are printed
    gap = round(every["r"], 2) - round(alone["r"], 2)
    share = (every["r_high"] - every["r_low"]) / (alone["r_high"] - alone["r_low"])
    size = f"{abs(gap):.2f}".lstrip("0")
    phrase = ("is the same to two decimals" if round(abs(gap), 2) == 0
              else f"is {size} {'lower' if gap < 0 else 'higher'}")
    return {"r": gap, "width_share": share, "than_printed": phrase}


def estimators(
    tier: dict, rows: pd.DataFrame, effects: pd.DataFrame, protocol: dict[str, str]
) -> dict:
    """One pool by every estimator of the protocol beside maximum likelihood.

    Parameters
    ----------
    tier : dict
        The pool's branch of the results tree.
    rows : DataFrame
        Usable rows of the primary selection.
    effects : DataFrame
        All effects of the tier, with context.
    protocol : dict
        Parameter to value, as text.
    """
    reports = [to_report(row) for row in rows.to_dict("records")]
    level, small = float(protocol["level"]), float(protocol["r_small"])
    mean_sd, primary = float(protocol["prior_mean_sd"]), prior_pair(protocol["prior_tau"])
    others = [prior_pair(text) for text in protocol["prior_tau_sensitivity"].split(";")]
    wider = float(protocol["prior_mean_sd_sensitivity"])
    priors = [(mean_sd, prior) for prior in (primary, *others)] + [(wider, primary)]
    posteriors = [bayes(reports, sd, prior, small, level) for sd, prior in priors]
    rho = [float(value) for value in protocol["three_level_rho"].split(";")]
    nested = [three_level(effects, value, level) for value in rho]
    return {
        "t_limits": all_reports(reports, t_level(level, len(reports) - 1)),
        "restricted": in_r(synthesis.pool_reports(reports, level=level, estimator="REML")),
        "bayes": posteriors[0],
        "priors": posteriors,
        "three_level": nested[0],
        "three_level_rho": nested,
        "words": difference(tier["all_reports"], tier["printed_only"]),
    }
