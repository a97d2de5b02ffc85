"""Joint posterior of the mean and tau of reports, by quadrature: no sampling."""

import math
from collections.abc import Sequence

import numpy as np

from ... import checks
from ...bayes import priors as bayes_priors
from ...bayes.model import exp
from ...bayes.priors import Priors
from ...distributions import ndtri
from ..likelihood import Rows, rows_of
from ..pooling import checked_reports
from ..report import Report
from .nodes import Joint
from .result import BayesianReports
from .tau_nodes import Axis, TauDistribution, TauNodes, quantiles, tau_nodes

NO_POSTERIOR = "there is no posterior: "


def bayesian_reports(
    reports: Sequence[Report], *, mean_prior=(0.0, 1.0), tau_prior=("half-normal", 0.5), level=0.95
) -> BayesianReports:
    """Pool reports with priors of the mean and of tau, exactly.

    The model is that of ``pool_reports``: a number contributes the normal density of its value
    with variance v + tau**2, a worded result the probability of its interval. The mean mu and tau
    are independent a priori. Both integrals are taken by trapezoidal rules that are refined until
    they no longer move, to ten digits; nothing is drawn at random. With numbers alone this is
    ``bayesian_pool(..., interval="equal-tailed")``.

    Parameters
    ----------
    reports : sequence of Report
        At least one.
    mean_prior : (mean, sd) or None
        Normal prior of mu on the Fisher z scale; None, or an sd of ``inf``, is flat.
    tau_prior : (family, number)
        ``("half-normal", scale)``, ``("half-cauchy", scale)`` or ``("uniform", upper)``; an upper
        end of ``inf`` is the improper flat prior.
    level : float
        Probability of the intervals, which leave out the same probability on both sides.

    Returns
    -------
    BayesianReports

    Raises
    ------
    ValueError
        No reports, what is no prior, a level outside 0 to 1, and improper priors for which there
        is no posterior. Proper priors always have one, also where ``pool_reports`` has no
        maximum because all reports are words that bound the mean on one side.

    References
    ----------
    Gelman A (2006). Prior distributions for variance parameters in hierarchical models. Bayesian
    Analysis 1, 515-534. Roever C (2020). Bayesian random-effects meta-analysis using the bayesmeta
    R package. Journal of Statistical Software 93(6).
    """
    rows = rows_of(checked_reports(reports, 1))
    level = checks.level(level)
    priors = bayes_priors.checked(mean_prior, tau_prior)
    return posterior_of_rows(rows, priors, level)


def posterior_of_rows(rows: Rows, priors: Priors, level: float) -> BayesianReports:
    """``bayesian_reports`` for reports already taken apart and priors already checked."""
    moments = existing_moments(rows, priors)
    # at tau = i times this the spread of a new effect vanishes: no singularity is nearer
    least = (float((1 / rows.v[rows.first]).sum()) + priors.sd**-2) ** -0.5
    axis = Axis(min(priors.scale, least), priors.upper)
    near = float(np.abs(np.clip(0.0, rows.low, rows.high)).max())
    far = 10 * max(x for x in (1.0, near, priors.scale, abs(priors.mean)) if math.isfinite(x))
    joint = Joint(rows, priors, axis)
    nodes = tau_nodes(joint.rough, joint.exact, axis, far, moments)
    pooled, new = joint.mixtures(nodes)
    tau = TauDistribution(nodes)
    log_total, flat = nodes.log_total, priors.flat_mean or priors.flat_tau
    zero_mean = math.nan if priors.flat_mean else exp(joint.without_mean(far) - log_total)
    none = np.zeros(1)
    at_zero = float((joint.log_density(none) - priors.log_density(none))[0])
    zero_tau = math.nan if priors.flat_tau else exp(at_zero - log_total)
    summary = _moments(joint, nodes, tau, moments)
    summary |= _quantiles(joint, nodes, pooled, new, tau, level)
    joint.forget()
    return BayesianReports(
        **summary,
        log_marginal_likelihood=math.nan if flat else log_total,
        bayes_factor_mu_zero=zero_mean,
        bayes_factor_tau_zero=zero_tau,
        log_integral=log_total,
        k=rows.first.size,
        k_exact=int(rows.exact[rows.first].sum()),
        level=level,
        mean_prior=(priors.mean, priors.sd),
        tau_prior=(priors.family, priors.scale),
        _pooled=pooled,
        _new=new,
        _joint=joint,
    )


def existing_moments(rows: Rows, priors: Priors) -> int:
    """How many moments (0, 1, or 2 for two and more) the posterior of tau has.

    For large tau every report that holds the mean from both sides contributes ``1 / tau``, and
    words that bound it on one side a constant. A flat prior of the mean takes one of these powers
    away, the half-Cauchy prior of tau adds two; the moment of order m exists where the posterior
    falls faster than ``tau**-(m + 1)``.

    Raises
    ------
    ValueError
        If there is no posterior: its integral is infinite.
    """
    anchors, cauchy = int(rows.anchored.sum()), priors.family == "half-cauchy"
    both = np.isfinite(rows.low).any() and np.isfinite(rows.high).any()
    if priors.flat_mean and not both:
        raise ValueError(
            f"{NO_POSTERIOR}with a flat prior of the mean some report must bound it from above and "
            "some from below"
        )
    if not cauchy and not priors.flat_tau:
        return 2
    power = anchors - priors.flat_mean + 2 * cauchy
    if power <= 1:
        needed = 2 + priors.flat_mean - 2 * cauchy
        raise ValueError(
            f"{NO_POSTERIOR}with these priors at least {needed} reports must hold the mean from "
            f"both sides (a number, or a two-sided 'not significant'), and {anchors} do"
        )
    return min(power - 2, 2)


def _moments(joint: Joint, nodes: TauNodes, tau: TauDistribution, moments: int) -> dict:
    """Means and standard deviations, as far as they exist."""
    bounded = not joint.priors.flat_mean  # the mean given tau has a bounded variance
    means, variances = joint.given(nodes)
    mean = float(nodes.weight @ means)
    variance = float(nodes.weight @ (variances + (means - mean) ** 2))
    square = float(nodes.weight @ nodes.tau**2)
    tau_mean = tau.mean() if moments > 0 else math.inf
    return {
        "estimate": mean if bounded or moments > 0 else math.nan,
        "sd": math.sqrt(variance) if bounded or moments > 1 else math.inf,
        "tau_mean": tau_mean,
        "tau_sd": math.sqrt(max(square - tau_mean**2, 0.0)) if moments > 1 else math.inf,
        "prediction_sd": math.sqrt(variance + square) if moments > 1 else math.inf,
    }


def _quantiles(joint, nodes, pooled, new, tau, level: float) -> dict:
    """Medians and equal-tailed intervals."""
    p = np.array([(1 - level) / 2, 0.5, (1 + level) / 2])
    # begin with the normal distributions at the median of tau
    half = min(np.searchsorted(np.cumsum(nodes.weight), 0.5), nodes.x.size - 1)
    mean, variance = (part[half] for part in joint.given(nodes))
    values = [tau.quantile(p)]
    for mixture, square in ((pooled, variance), (new, variance + nodes.tau[half] ** 2)):
        values.append(quantiles(mixture, p, mean + ndtri(p) * math.sqrt(square)))
    names = ("tau_ci_low", "tau_median", "tau_ci_high", "ci_low", "median", "ci_high",
             "prediction_low", "prediction_median", "prediction_high")  # fmt: skip
    return dict(zip(names, np.concatenate(values).tolist(), strict=True))
