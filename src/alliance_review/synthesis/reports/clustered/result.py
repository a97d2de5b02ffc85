"""What the pooling of several reports of one sample returns."""

from dataclasses import dataclass
from typing import ClassVar

from ...results import Result


@dataclass(frozen=True, repr=False, eq=False)
class ThreeLevelReports(Result):
    """Maximum-likelihood pooling of reports nested in samples, on the Fisher z scale.

    Attributes
    ----------
    estimate, ci_low, ci_high : float
        Mean of the true effects with its profile-likelihood interval.
    se : float
        One over the root of the observed information about the mean at the maximum, both
        variances given; with numbers alone the usual standard error. Used for the prediction
        interval only.
    tau_between, tau_between_ci_low, tau_between_ci_high : float
        Standard deviation of the true effects between samples with its profile-likelihood
        interval; the lower limit is 0 where 0 is not ruled out.
    tau_within, tau_within_ci_low, tau_within_ci_high : float
        Standard deviation of the true effects within a sample, likewise.
    tau, tau_ci_low, tau_ci_high : float
        Standard deviation of a true effect in all, sqrt(tau_between**2 + tau_within**2), with
        its profile-likelihood interval.
    share_between : float
        tau_between**2 / tau**2; ``nan`` where tau is 0.
    prediction_low, prediction_high : float
        estimate -/+ the normal quantile times sqrt(tau**2 + se**2): where a true effect in a new
        sample is expected.
    log_likelihood : float
        At the maximum, normal constants included.
    k, k_exact, clusters : int
        Numbers of reports, of those with a number, and of samples.
    rho, level : float
        Sampling correlation within a sample, and the level of all intervals.
    warning : str
        Says so where every sample has one report, which tells the two variances apart by nothing;
        otherwise empty.
    """

    estimate: float
    se: float
    ci_low: float
    ci_high: float
    tau_between: float
    tau_between_ci_low: float
    tau_between_ci_high: float
    tau_within: float
    tau_within_ci_low: float
    tau_within_ci_high: float
    tau: float
    tau_ci_low: float
    tau_ci_high: float
    share_between: float
    prediction_low: float
    prediction_high: float
    log_likelihood: float
    k: int
    k_exact: int
    clusters: int
    rho: float
    level: float
    warning: str

    _shown: ClassVar = (
        "estimate", "se", ("ci_low", "ci_high"), "tau_between",
        ("tau_between_ci_low", "tau_between_ci_high"), "tau_within",
        ("tau_within_ci_low", "tau_within_ci_high"), "tau", ("tau_ci_low", "tau_ci_high"),
        "share_between", ("prediction_low", "prediction_high"), "log_likelihood", "k", "k_exact",
        "clusters", "rho", "level", "warning",
    )  # fmt: skip
