"""What ``bayesian_pool`` returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..results import Result, frame
from .distributions import NormalMixture, flat, like
from .posterior import given_tau
from .priors import Priors

ARRAYS = (
    "y", "v", "effect_mean", "effect_sd", "effect_low", "effect_high",
    "tau_nodes", "node_weight", "node_mean", "node_sd",
)  # fmt: skip


@dataclass(frozen=True, repr=False, eq=False)
class BayesianPool(Result):
    """Posterior of a normal-normal model, on the scale of the effects (tau too, not its square).

    Attributes
    ----------
    estimate, median, sd, ci_low, ci_high : float
        Posterior mean, median, standard deviation and credible interval of the pooled effect.
    tau_mean, tau_median, tau_sd, tau_ci_low, tau_ci_high : float
        The same of tau, the standard deviation of true effects.
    prediction_sd, prediction_low, prediction_high : float
        Of the true effect in a new setting: standard deviation and interval.
    log_marginal_likelihood : float
        Natural log of the density of the effects under the model and its priors; ``nan`` where a
        prior is improper, for then it is defined up to a constant only.
    bayes_factor_tau_zero : float
        Evidence for tau = 0 against the prior of tau: above 1 for equal true effects; ``nan`` if
        that prior is improper.
    bayes_factor_mu_zero : float
        Evidence for a mean of exactly 0 against its prior; ``nan`` if that prior is flat.
    log_integral : float
        Log of the integral of priors times likelihood, an improper prior having density 1; equal
        to ``log_marginal_likelihood`` where that is defined.
    y, v : ndarray, shape (k,)
        The effects and variances that went in.
    effect_mean, effect_sd, effect_low, effect_high : ndarray, shape (k,)
        Posterior of each study's own true effect ("shrunken"); the intervals are equal-tailed.
    k : int
        Number of effects.
    level : float
    interval : str
    mean_prior : tuple of float
        Mean and standard deviation, (0, inf) for the flat prior.
    tau_prior : tuple
    tau_nodes, node_weight, node_mean, node_sd : ndarray, shape (N,)
        The quadrature: given ``tau_nodes`` the pooled effect is normal with ``node_mean`` and
        ``node_sd``; its posterior is the mixture with ``node_weight``, which sum to 1.

    Notes
    -----
    Where the tails are too heavy (a half-Cauchy or improper prior of tau and few effects) the
    standard deviations and the mean of tau are ``inf``, the mean of the pooled effect ``nan``.
    """

    estimate: float
    median: float
    sd: float
    ci_low: float
    ci_high: float
    tau_mean: float
    tau_median: float
    tau_sd: float
    tau_ci_low: float
    tau_ci_high: float
    prediction_sd: float
    prediction_low: float
    prediction_high: float
    log_marginal_likelihood: float
    bayes_factor_tau_zero: float
    bayes_factor_mu_zero: float
    log_integral: float
    y: np.ndarray
    v: np.ndarray
    effect_mean: np.ndarray
    effect_sd: np.ndarray
    effect_low: np.ndarray
    effect_high: np.ndarray
    k: int
    level: float
    interval: str
    mean_prior: tuple[float, float]
    tau_prior: tuple[str, float]
    tau_nodes: np.ndarray
    node_weight: np.ndarray
    node_mean: np.ndarray
    node_sd: np.ndarray

    _shown: ClassVar = (
        "estimate", "sd", ("ci_low", "ci_high"), "tau_mean", ("tau_ci_low", "tau_ci_high"),
        ("prediction_low", "prediction_high"), "bayes_factor_tau_zero", "bayes_factor_mu_zero",
        "k",
    )  # fmt: skip
    _rows: ClassVar = ("y", "v", "effect_mean", "effect_sd", "effect_low", "effect_high")

    def to_frame(self):
        """Three lines: the posterior of the mean effect, of tau, and of a new true effect.

        ``entries()`` has the posterior of each study's own effect, ``summary()`` the rest.
        """
        spread = np.hypot(self.node_sd, self.tau_nodes)
        new = NormalMixture(self.node_weight, self.node_mean, spread)
        pooled = ("mean effect", self.estimate, self.median, self.sd, self.ci_low, self.ci_high)
        tau = (self.tau_mean, self.tau_median, self.tau_sd, self.tau_ci_low, self.tau_ci_high)
        median = float(new.quantile(np.array([0.5]))[0])
        ahead = (self.prediction_sd, self.prediction_low, self.prediction_high)
        lines = [pooled, ("tau", *tau), ("new effect", self.estimate, median, *ahead)]
        names = ("quantity", "mean", "median", "sd", "low", "high")
        return frame([dict(zip(names, line, strict=True)) for line in lines])

    def probability_above(self, value) -> float | np.ndarray:
        """Posterior probability that the pooled effect exceeds a value (or each of an array)."""
        return self._above(value, self.node_sd)

    def probability_new_above(self, value) -> float | np.ndarray:
        """Posterior probability that the true effect in a new setting exceeds a value."""
        return self._above(value, np.hypot(self.node_sd, self.tau_nodes))

    def density(self, value) -> float | np.ndarray:
        """Posterior density of the pooled effect at a value (or each of an array)."""
        pooled = NormalMixture(self.node_weight, self.node_mean, self.node_sd)
        return like(value, pooled.pdf(flat(value)))

    def tau_density(self, tau) -> float | np.ndarray:
        """Posterior density of tau at a value (or each of an array); 0 outside its support."""
        priors = Priors(*self.mean_prior, *self.tau_prior)
        points = flat(tau)
        inside = (points >= 0) & (points <= priors.upper)
        at = np.where(inside, points, 0.0)
        given = given_tau(self.y, self.v, at, priors.mean, priors.sd)
        log_value = priors.log_density(at) + given.log_likelihood - self.log_integral
        return like(tau, np.where(inside, np.exp(log_value), 0.0))

    def _above(self, value, sd):
        pooled = NormalMixture(self.node_weight, self.node_mean, sd)
        return like(value, pooled.above(flat(value)))
