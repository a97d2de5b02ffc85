"""What the pooling of reports returns."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..results import Result


@dataclass(frozen=True, repr=False, eq=False)
class PooledReports(Result):
    """Pooling of reports by (restricted) maximum likelihood, on the Fisher z scale.

    Attributes
    ----------
    estimate, ci_low, ci_high : float
        Mean of the true effects with its profile-likelihood interval.
    se : float
        One over the root of the observed information about the mean at the maximum, tau given;
        with numbers alone the usual standard error. Used for the prediction interval only.
    tau, tau_ci_low, tau_ci_high : float
        Standard deviation of the true effects with its profile-likelihood interval; the lower
        limit is 0 where tau = 0 is not ruled out.
    prediction_low, prediction_high : float
        estimate -/+ the normal quantile times sqrt(tau**2 + se**2), as ``pool`` with
        ``test="z"``: where the true effect of a new setting is expected.
    log_likelihood : float
        At the maximum, normal constants included.
    k, k_exact : int
        Number of reports, and of those with a number.
    weights : ndarray, shape (k,)
        Share of each report in the observed information about the mean; they sum to 1. With
        numbers alone the usual inverse-variance weights.
    level : float
        Of the three intervals.
    estimator : {"ML", "REML"}
        Which likelihood was made greatest.
    """

    estimate: float
    se: float
    ci_low: float
    ci_high: float
    tau: float
    tau_ci_low: float
    tau_ci_high: float
    prediction_low: float
    prediction_high: float
    log_likelihood: float
    k: int
    k_exact: int
    weights: np.ndarray
    level: float
    estimator: str = "ML"

    _shown: ClassVar = (
        "estimate", "se", ("ci_low", "ci_high"), "tau", ("tau_ci_low", "tau_ci_high"),
        ("prediction_low", "prediction_high"), "log_likelihood", "k", "k_exact", "level",
        "estimator",
    )  # fmt: skip


@dataclass(frozen=True, repr=False, eq=False)
class Profile(Result):
    """Profile log-likelihood of the mean of true effects.

    Attributes
    ----------
    mu : ndarray, shape (B,)
        Means asked for, on the Fisher z scale.
    tau : ndarray, shape (B,)
        The standard deviation of true effects, 0 or more, with the highest likelihood at each
        mean; Fisher z.
    log_likelihood : ndarray, shape (B,)
        At that mean and that tau, normal constants included.
    deviance : ndarray, shape (B,)
        Twice its distance from the maximum over all means; 0 or more.
    """

    mu: np.ndarray
    tau: np.ndarray
    log_likelihood: np.ndarray
    deviance: np.ndarray

    _rows: ClassVar = ("mu", "tau", "log_likelihood", "deviance")
