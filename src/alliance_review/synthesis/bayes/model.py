"""Bayesian random-effects pooling by exact integration: no sampling, no approximation."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from .. import checks
from ..distributions import ndtri
from . import priors as bayes_priors
from .distributions import NormalMixture, TauPosterior
from .intervals import equal_tailed, shortest
from .posterior import given_tau, integrate, null_likelihood
from .result import ARRAYS, BayesianPool

INTERVALS = {"shortest": shortest, "equal-tailed": equal_tailed}


def bayesian_pool(
    y, v, *, mean_prior=None, tau_prior=("half-normal", 0.5), level=0.95, interval="shortest"
) -> BayesianPool:
    """Pool effects with priors of the mean and of tau, exactly.

    ``y_i ~ N(theta_i, v_i)``, ``theta_i ~ N(mu, tau^2)``, mu and tau independent a priori. Given
    tau, mu is normal; what is left is one integral over tau, taken to nine digits or more.

    Parameters
    ----------
    y, v : array_like, shape (k,)
        Effects and their sampling variances, on any one scale.
    mean_prior : (mean, sd) or None
        Normal prior of mu; None, or an sd of ``inf``, is flat over the whole line.
    tau_prior : (family, number)
        ``("half-normal", scale)``, ``("half-cauchy", scale)`` or ``("uniform", upper)``; an upper
        end of ``inf`` is the improper flat prior. The default suits effects such as Fisher z,
        standardised differences and log odds ratios, where tau above 1 is all but impossible;
        another scale needs its own.
    level : float
        Probability of the intervals.
    interval : {"shortest", "equal-tailed"}
        Kind of the intervals of mu, tau and a new effect.

    Raises
    ------
    ValueError
        Whatever ``checks.effects`` refuses, a prior that is none, and improper priors for which
        there is no posterior: with the flat prior of tau at least three effects are needed (two
        with a normal prior of the mean), and one effect needs proper priors of both.

    References
    ----------
    Roever C (2020). Bayesian random-effects meta-analysis using the bayesmeta R package. Journal
    of Statistical Software 93(6). Gelman A (2006). Prior distributions for variance parameters in
    hierarchical models. Bayesian Analysis 1, 515-534.
    """
    y, v = checks.effects(y, v, minimum=1)
    level = checks.level(level)
    find = INTERVALS[checks.choice("interval", interval, tuple(INTERVALS))]
    priors = bayes_priors.checked(mean_prior, tau_prior)
    moments = priors.moments(y.size)
    # centred and in units of the largest standard error, so that no scale is special
    origin, unit = float(np.mean(y)) if priors.flat_mean else priors.mean, math.sqrt(v.max())
    standard = _posterior(
        (y - origin) / unit, v / unit**2, priors.in_units(origin, unit), -origin / unit,
        moments, level, find,
    )  # fmt: skip
    values = {name: unit * value for name, value in standard.spreads.items()}
    values |= {name: origin + unit * value for name, value in standard.places.items()}
    flat = priors.flat_mean + priors.flat_tau
    # a density 1 over the values stays 1 when these are measured in units
    log_integral = standard.log_total - (y.size - flat) * math.log(unit)
    result = BayesianPool(
        **values,
        log_marginal_likelihood=math.nan if flat else log_integral,
        bayes_factor_tau_zero=standard.tau_zero,
        bayes_factor_mu_zero=standard.mu_zero,
        log_integral=log_integral,
        y=y.copy(),
        v=v.copy(),
        k=y.size,
        level=level,
        interval=interval,
        mean_prior=(priors.mean, priors.sd),
        tau_prior=(priors.family, priors.scale),
        node_weight=standard.weight,
    )
    for name in ARRAYS:
        getattr(result, name).flags.writeable = False
    return result


class _Standard(NamedTuple):
    """Posterior of effects in standard units: what moves with their origin, what only scales."""

    places: dict
    spreads: dict
    weight: np.ndarray
    log_total: float
    tau_zero: float
    mu_zero: float


def _posterior(y, v, priors, zero: float, moments: int, level: float, find) -> _Standard:
    """``zero`` is where an effect of 0 lies in standard units."""

    def log_density(tau):
        return priors.log_density(tau) + given_tau(y, v, tau, priors.mean, priors.sd).log_likelihood

    def log_density_null(tau):
        return priors.log_density(tau) + null_likelihood(y - zero, v, tau)

    reach = [1.0, np.abs(y).max(), *(x for x in (priors.scale, priors.sd) if math.isfinite(x))]
    small, large = min(priors.scale, math.sqrt(v.min())), 10 * max(reach)
    nodes = integrate(log_density, small, large, priors.upper, moments)
    given = given_tau(y, v, nodes.tau, priors.mean, priors.sd)
    mean = float(nodes.weight @ given.mean)
    variance = float(nodes.weight @ (given.variance + (given.mean - mean) ** 2))
    tau_mean = float(nodes.weight @ nodes.tau)
    tau_variance = float(nodes.weight @ (nodes.tau - tau_mean) ** 2)

    few = nodes.enough()
    weight, tau = nodes.weight[few] / nodes.weight[few].sum(), nodes.tau[few]
    centre, spread = given.mean[few], np.sqrt(given.variance[few])
    pooled = NormalMixture(weight, centre, spread)
    own = TauPosterior(nodes, log_density)
    low, high = find(pooled, level)
    tau_low, tau_high = find(own, level)
    new_low, new_high = find(NormalMixture(weight, centre, np.hypot(spread, tau)), level)
    half = np.array([0.5])
    effects = _own_effects(y, v, weight, tau, centre, spread, level)
    bounded = not priors.flat_mean  # the mean given tau has a bounded variance
    places = {
        "estimate": mean if bounded or moments > 0 else math.nan,
        "median": float(pooled.quantile(half)[0]),
        "ci_low": low,
        "ci_high": high,
        "prediction_low": new_low,
        "prediction_high": new_high,
        "effect_mean": effects[0],
        "effect_low": effects[2],
        "effect_high": effects[3],
        "node_mean": centre,
    }
    total = variance + tau_variance + tau_mean**2
    spreads = {
        "sd": math.sqrt(variance) if bounded or moments > 1 else math.inf,
        "tau_mean": tau_mean if moments > 0 else math.inf,
        "tau_median": float(own.quantile(half)[0]),
        "tau_sd": math.sqrt(tau_variance) if moments > 1 else math.inf,
        "tau_ci_low": tau_low,
        "tau_ci_high": tau_high,
        "prediction_sd": math.sqrt(total) if moments > 1 else math.inf,
        "effect_sd": effects[1],
        "tau_nodes": tau,
        "node_sd": spread,
    }
    tau_zero = mu_zero = math.nan
    if not priors.flat_tau:
        alone = given_tau(y, v, np.zeros(1), priors.mean, priors.sd).log_likelihood[0]
        tau_zero = exp(alone - nodes.log_total)
    if not priors.flat_mean:
        large = max(large, 10 * np.abs(y - zero).max())
        null = integrate(log_density_null, small, large, priors.upper, 0)
        mu_zero = exp(null.log_total - nodes.log_total)
    return _Standard(places, spreads, weight, nodes.log_total, tau_zero, mu_zero)


def _own_effects(y, v, weight, tau, centre, spread, level):
    """Mean, sd and equal-tailed interval of each true effect, mixtures of normals as well."""
    share = (tau**2)[:, None] / (tau**2 + v[:, None]).T  # of the study's own result
    means = share * y + (1 - share) * centre[:, None]
    sds = np.sqrt(share * v + ((1 - share) * spread[:, None]) ** 2)
    mean = weight @ means
    sd = np.sqrt(weight @ (sds**2 + (means - mean) ** 2))
    both = NormalMixture(weight, np.hstack([means, means]), np.hstack([sds, sds]))
    tails = np.repeat([(1 - level) / 2, (1 + level) / 2], y.size)
    start = np.hstack([mean, mean]) + ndtri(tails) * np.hstack([sd, sd])
    low, high = both.quantile(tails, start).reshape(2, y.size)
    return mean, sd, low, high


def exp(value: float) -> float:
    """``math.exp``, infinite where that overflows."""
    return math.exp(value) if value < 709 else math.inf
