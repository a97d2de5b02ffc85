"""What the comparison of levels by reports returns."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ...results import Result, frame


@dataclass(frozen=True, repr=False, eq=False)
class ReportContrast(Result):
    """Means of g levels of a moderator, with one spread for all, on the Fisher z scale.

    Attributes
    ----------
    levels : tuple of str, length g
        Names, in the order given.
    estimate, ci_low, ci_high : ndarray, shape (g,)
        Mean of the true effects of each level with its profile-likelihood interval.
    k, k_exact : ndarray of int, shape (g,)
        Reports of each level, and of those with a number.
    tau, tau_ci_low, tau_ci_high : float
        Common standard deviation of the true effects around the means of their levels, with its
        profile-likelihood interval; the lower limit is 0 where 0 is not ruled out.
    statistic, df, p_value : float, int, float
        Likelihood-ratio test of equal means: twice the log-likelihood lost when all levels share
        one mean, chi-square with g - 1 degrees of freedom. 0, 0 and 1 where there is one level.
    first, second : tuple of str, length g (g - 1) / 2
        The levels of each pair.
    difference, difference_ci_low, difference_ci_high : ndarray, shape (g (g - 1) / 2,)
        Mean of the first less that of the second, with its profile-likelihood interval.
    log_likelihood, log_likelihood_equal : float
        At the maximum, and at that with one mean; normal constants included.
    level : float
        Of all intervals.
    """

    levels: tuple[str, ...]
    estimate: np.ndarray
    ci_low: np.ndarray
    ci_high: np.ndarray
    k: np.ndarray
    k_exact: np.ndarray
    tau: float
    tau_ci_low: float
    tau_ci_high: float
    statistic: float
    df: int
    p_value: float
    first: tuple[str, ...]
    second: tuple[str, ...]
    difference: np.ndarray
    difference_ci_low: np.ndarray
    difference_ci_high: np.ndarray
    log_likelihood: float
    log_likelihood_equal: float
    level: float

    _shown: ClassVar = (
        "tau", ("tau_ci_low", "tau_ci_high"), "statistic", "df", "p_value", "log_likelihood",
        "log_likelihood_equal", "level",
    )  # fmt: skip
    _rows: ClassVar = ("levels", "estimate", "ci_low", "ci_high", "k", "k_exact")

    def pairs(self):
        """A ``pandas.DataFrame`` of one line per pair of levels: the difference and its limits."""
        names = ("first", "second", "difference", "difference_ci_low", "difference_ci_high")
        return frame({name: getattr(self, name) for name in names})
