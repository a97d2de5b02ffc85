"""What ``bayesian_reports`` returns."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ...bayes.distributions import NormalMixture, flat, like
from ...results import Result, frame
from .nodes import Joint


@dataclass(frozen=True, repr=False, eq=False)
class BayesianReports(Result):
    """Posterior of the mean and tau of reports, on the Fisher z scale.

    Attributes
    ----------
    estimate, median, sd, ci_low, ci_high : float
        Posterior mean, median, standard deviation and equal-tailed credible interval of the mean
        of the true effects.
    tau_mean, tau_median, tau_sd, tau_ci_low, tau_ci_high : float
        The same of tau, the standard deviation of the true effects.
    prediction_median, prediction_sd, prediction_low, prediction_high : float
        Of the true effect in a new setting; its mean is ``estimate``.
    log_marginal_likelihood : float
        Natural log of the density of numbers and probability of words under the model and its
        priors; ``nan`` where a prior is improper.
    bayes_factor_mu_zero : float
        Evidence for a mean of exactly 0 against its prior, tau having its prior in both; ``nan``
        if the prior of the mean is flat.
    bayes_factor_tau_zero : float
        Evidence for tau = 0 against its prior: above 1 for equal true effects; ``nan`` if that
        prior is improper.
    log_integral : float
        Log of the integral of priors times likelihood, an improper prior having density 1.
    k, k_exact : int
        Number of reports, and of those with a number.
    level : float
    mean_prior : tuple of float
        Mean and standard deviation, (0, inf) for the flat prior.
    tau_prior : tuple

    Notes
    -----
    Where the tails are too heavy (a half-Cauchy or flat prior of tau and few reports that hold the
    mean from both sides) the standard deviations and the mean of tau are ``inf``, and with a flat
    prior of the mean its own mean is ``nan``. Probabilities are right to about ten decimals, so
    that one of 1e-12 says no more than that it is all but 0.
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
    prediction_median: float
    prediction_sd: float
    prediction_low: float
    prediction_high: float
    log_marginal_likelihood: float
    bayes_factor_mu_zero: float
    bayes_factor_tau_zero: float
    log_integral: float
    k: int
    k_exact: int
    level: float
    mean_prior: tuple[float, float]
    tau_prior: tuple[str, float]
    _pooled: NormalMixture
    _new: NormalMixture
    _joint: Joint

    _shown: ClassVar = (
        "estimate", "sd", ("ci_low", "ci_high"), "tau_mean", ("tau_ci_low", "tau_ci_high"),
        ("prediction_low", "prediction_high"), "bayes_factor_mu_zero", "bayes_factor_tau_zero",
        "k", "k_exact", "level",
    )  # fmt: skip

    def to_frame(self):
        """Three lines: the posterior of the mean effect, of tau, and of a new true effect."""
        pooled = (self.estimate, self.median, self.sd, self.ci_low, self.ci_high)
        tau = (self.tau_mean, self.tau_median, self.tau_sd, self.tau_ci_low, self.tau_ci_high)
        ahead = (self.prediction_median, self.prediction_sd)
        new = (self.estimate, *ahead, self.prediction_low, self.prediction_high)
        lines = [("mean effect", *pooled), ("tau", *tau), ("new effect", *new)]
        names = ("quantity", "mean", "median", "sd", "low", "high")
        return frame([dict(zip(names, line, strict=True)) for line in lines])

    def probability_above(self, value) -> float | np.ndarray:
        """Posterior probability that the mean exceeds a Fisher z (or each of an array).

        That the mean correlation exceeds .1 is ``probability_above(atanh(.1))``.
        """
        return _above(self._pooled, value)

    def probability_new_above(self, value) -> float | np.ndarray:
        """Posterior probability that the true effect in a new setting exceeds a Fisher z."""
        return _above(self._new, value)

    def density(self, value) -> float | np.ndarray:
        """Posterior density of the mean at a Fisher z (or each of an array)."""
        return like(value, np.maximum(self._pooled.pdf(flat(value)), 0.0))

    def tau_density(self, tau) -> float | np.ndarray:
        """Posterior density of tau at a value (or each of an array); 0 outside its support."""
        points = flat(tau)
        inside = (points >= 0) & (points <= self._joint.priors.upper)
        log_value = self._joint.log_density(np.where(inside, points, 0.0)) - self.log_integral
        return like(tau, np.where(inside, np.exp(log_value), 0.0))


def _above(mixture: NormalMixture, value):
    return like(value, np.clip(mixture.above(flat(value)), 0.0, 1.0))
