"""What ``robust_variance`` returns."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..results import Result


@dataclass(frozen=True, repr=False, eq=False)
class RobustVariance(Result):
    """A pooled effect with a cluster-robust standard error, on the scale of the effects.

    Attributes
    ----------
    estimate, se, statistic, df, p_value, ci_low, ci_high : float
        The pooled effect, its robust standard error, the t test of zero with its degrees of
        freedom, and the confidence interval.
    warning : str
        Says so where ``df`` is below 4: p value and interval are then not to be trusted, as
        the t distribution is a poor approximation (Tipton 2015). Empty otherwise.
    covariance : ndarray, shape (p, p)
        Of the coefficients, robust.
    names : tuple of str, length p
        The coefficients; "intercept" alone without moderators.
    tau2_between, tau2_within : float
        Variances of the working model; the first is 0 where the effects are taken as
        independent.
    k, clusters, p : int
        Numbers of effects, of clusters and of coefficients.
    rho, level : float
        Sampling correlation of the working model, and the confidence level.
    working, kind, df_method : str
        The methods used.
    """

    _shown: ClassVar = (
        *("k", "clusters", "estimate", "se", ("ci_low", "ci_high"), "statistic", "df", "p_value"),
        *("tau2_between", "tau2_within", "working", "rho", "kind", "warning"),
    )

    estimate: float | np.ndarray
    se: float | np.ndarray
    statistic: float | np.ndarray
    df: float | np.ndarray
    p_value: float | np.ndarray
    ci_low: float | np.ndarray
    ci_high: float | np.ndarray
    warning: str
    covariance: np.ndarray
    names: tuple[str, ...]
    tau2_between: float
    tau2_within: float
    k: int
    clusters: int
    p: int
    rho: float
    level: float
    working: str
    kind: str
    df_method: str


@dataclass(frozen=True, repr=False, eq=False)
class RobustRegression(RobustVariance):
    """Coefficients with cluster-robust standard errors; attributes as of ``RobustVariance``, with

    ``estimate, se, statistic, df, p_value, ci_low, ci_high`` of shape (p,), one per coefficient.
    """

    _shown: ClassVar = (
        *("k", "clusters", "tau2_between", "tau2_within", "working", "rho", "kind", "warning"),
    )
    _rows: ClassVar = (
        *("names", "estimate", "se", "ci_low", "ci_high", "statistic", "df", "p_value"),
    )
