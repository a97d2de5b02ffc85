"""What a three-level model returns: the pooled effect, or p coefficients, and two variances."""

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from .. import checks
from ..regression.moderators import Design
from ..regression.result import Predicted, predicted
from ..results import Result


@dataclass(frozen=True, repr=False, eq=False)
class ThreeLevel(Result):
    """A pooled effect from effects nested in clusters, on the scale of the effects.

    Attributes
    ----------
    estimate, se, statistic, df, p_value, ci_low, ci_high : float
        The pooled effect, its standard error, the test of zero and the confidence interval;
        ``df`` is ``inf`` for the normal test.
    tau2_between, tau2_within : float
        Variances of the true effects: between the clusters, and between the effects of a
        cluster. Where the likelihood is highest, 0 included.
    lrt_between, lrt_between_p, lrt_within, lrt_within_p : float
        Likelihood-ratio tests of each variance being 0, the other one free. As 0 is the end of
        its range, the statistic is 0 half of the time where the variance is 0 and chi-square
        with 1 degree of freedom otherwise: the p value is half the chi-square tail (Self & Liang
        1987), 1 where the statistic is 0.
    i2, i2_between, i2_within : float
        Share of the variance of an effect that is not sampling variance, in per cent: in all,
        between and within the clusters.
    prediction_low, prediction_high : float
        Where a true effect of a new cluster is expected; ``nan`` with moderators.
    q, q_df, q_p : float
        Heterogeneity in all (left by the moderators): the weighted sum of squared residuals with
        both variances 0.
    q_moderators, q_moderators_df, q_moderators_p : float
        Test of all coefficients but the intercept: chi-square, or F with the smallest ``df`` of
        theirs for the t tests; ``nan`` without moderators.
    log_likelihood : float
        At the maximum, with the normal constants; restricted for REML, 0.5 log det X'X included.
    covariance : ndarray, shape (p, p)
        Of the coefficients.
    names : tuple of str, length p
        The coefficients; "intercept" alone without moderators.
    k, clusters, p : int
        Numbers of effects, of clusters and of coefficients.
    rho, level : float
        Sampling correlation within a cluster, and the confidence level.
    method, test : str
        The methods used.
    """

    _shown: ClassVar = (
        *("k", "clusters", "estimate", "se", ("ci_low", "ci_high"), "p_value", "tau2_between"),
        *("tau2_within", "i2", ("prediction_low", "prediction_high"), "q", "q_p"),
        *("log_likelihood", "rho", "method", "test"),
    )

    estimate: float | np.ndarray
    se: float | np.ndarray
    statistic: float | np.ndarray
    df: float | np.ndarray
    p_value: float | np.ndarray
    ci_low: float | np.ndarray
    ci_high: float | np.ndarray
    tau2_between: float
    tau2_within: float
    lrt_between: float
    lrt_between_p: float
    lrt_within: float
    lrt_within_p: float
    i2: float
    i2_between: float
    i2_within: float
    prediction_low: float
    prediction_high: float
    q: float
    q_df: int
    q_p: float
    q_moderators: float
    q_moderators_df: int
    q_moderators_p: float
    log_likelihood: float
    covariance: np.ndarray
    names: tuple[str, ...]
    k: int
    clusters: int
    p: int
    rho: float
    level: float
    method: str
    test: str
    _design: Design = field(repr=False)


@dataclass(frozen=True, repr=False, eq=False)
class ThreeLevelRegression(ThreeLevel):
    """A three-level meta-regression; the attributes are those of ``ThreeLevel``, with

    ``estimate, se, statistic, df, p_value, ci_low, ci_high`` of shape (p,), one per coefficient.
    """

    _shown: ClassVar = (
        *("k", "clusters", "tau2_between", "tau2_within", "i2", "q", "q_p", "q_moderators"),
        *("q_moderators_df", "q_moderators_p", "log_likelihood", "rho", "method", "test"),
    )
    _rows: ClassVar = (
        *("names", "estimate", "se", "ci_low", "ci_high", "statistic", "df", "p_value"),
    )

    def predict(self, X_new, *, level: float | None = None) -> Predicted:
        """Effects expected in a new cluster with the given values of the moderators.

        Parameters
        ----------
        X_new : array_like, shape (m,), (r,) or (r, m)
            Columns as in the moderators the model was fitted with; those of a data frame are
            found by their names, in any order. A single dimension is one row where the model has
            several moderators, one row per value where it has one.
        level : float, optional
            Confidence level; that of the model where not given.

        Raises
        ------
        ValueError
            A wrong number of columns, a data frame whose columns are not named as the
            moderators are, or a value that is not finite.

        Notes
        -----
        A row has the smallest degrees of freedom of the coefficients it involves.
        """
        level = self.level if level is None else checks.level(level)
        rows = self._design.rows(X_new)
        df = np.where(rows != 0, self.df, np.inf).min(axis=1)
        tau2 = self.tau2_between + self.tau2_within
        return predicted(rows, self.estimate, self.covariance, df, tau2, level)


@dataclass(frozen=True, repr=False, eq=False)
class VarianceIntervals(Result):
    """Profile-likelihood intervals of the two variances of a three-level model.

    Attributes
    ----------
    tau2_between, tau2_between_ci_low, tau2_between_ci_high : float
        Variance between clusters and its interval.
    tau2_within, tau2_within_ci_low, tau2_within_ci_high : float
        Variance between the effects of a cluster and its interval.
    level : float
    method : str
        Likelihood that was profiled, "REML" or "ML".
    """

    _shown: ClassVar = (
        *("tau2_between", ("tau2_between_ci_low", "tau2_between_ci_high"), "tau2_within"),
        *(("tau2_within_ci_low", "tau2_within_ci_high"), "level", "method"),
    )

    tau2_between: float
    tau2_between_ci_low: float
    tau2_between_ci_high: float
    tau2_within: float
    tau2_within_ci_low: float
    tau2_within_ci_high: float
    level: float
    method: str
