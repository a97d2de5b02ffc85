"""What a meta-regression returns, and what it predicts."""

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from .. import checks
from ..distributions import quantile
from ..results import Result, frozen
from .moderators import Design


@dataclass(frozen=True, repr=False, eq=False)
class Predicted(Result):
    """Effects expected at given values of the moderators, on the scale of the effects.

    Attributes
    ----------
    estimate, se, ci_low, ci_high : ndarray, shape (r,)
        Mean effect at each row of values, its standard error and its confidence interval.
    prediction_low, prediction_high : ndarray, shape (r,)
        Where the true effect of a new setting with these values is expected; ``nan`` for the
        common-effect model.
    level : float
    """

    _shown: ClassVar = ("level",)
    _rows: ClassVar = (
        *("estimate", "se", "ci_low", "ci_high", "prediction_low", "prediction_high"),
    )

    estimate: np.ndarray
    se: np.ndarray
    ci_low: np.ndarray
    ci_high: np.ndarray
    prediction_low: np.ndarray
    prediction_high: np.ndarray
    level: float


def predicted(rows, estimate, covariance, df, tau2: float, level: float) -> Predicted:
    """What coefficients (p,) with their covariance say of each of the rows (r, p).

    ``df`` is a number or one per row. ``tau2`` is the variance of true effects; nan where the
    model has none, and no prediction interval.
    """
    mean = rows @ estimate
    se = np.sqrt(np.einsum("ij,jk,ik->i", rows, covariance, rows))
    factor = quantile(level, df)
    half, spread = factor * se, factor * np.sqrt(tau2 + se * se)
    arrays = (mean, se, mean - half, mean + half, mean - spread, mean + spread)
    return Predicted(*map(frozen, arrays), level=level)


@dataclass(frozen=True, repr=False, eq=False)
class MetaRegression(Result):
    """A meta-regression; p coefficients, on the scale of the effects per unit of the moderator.

    Attributes
    ----------
    names : tuple of str, length p
        The coefficients, "intercept" first where there is one.
    estimate, se, statistic, p_value, ci_low, ci_high : ndarray, shape (p,)
        Coefficients, standard errors, tests of zero and confidence intervals. Where coefficient
        and standard error are both 0 the statistic is 0 and the p value 1.
    df : float
        Degrees of freedom of the tests: k - p, or ``inf`` for the normal test.
    covariance : ndarray, shape (p, p)
        Of the coefficients.
    tau2, i2, h2 : float
        Variance of the true effects that the moderators leave; I squared in per cent and H
        squared from it and the typical variance (from ``q`` for the common-effect model).
    r2 : float
        Share of tau squared explained, in per cent; ``nan`` without an intercept or where there
        is nothing to explain. For the common-effect model the adjusted R squared.
    q, q_df, q_p : float
        Residual heterogeneity: the weighted sum of squared residuals at tau squared 0.
    q_moderators, q_moderators_df, q_moderators_p : float
        Test of all coefficients but the intercept: chi-square, or F with ``df`` as its second
        degrees of freedom for the Hartung-Knapp tests; ``nan`` with the intercept alone.
    vif : ndarray, shape (p,)
        Variance inflation factors; ``nan`` for the intercept.
    k, p : int
        Numbers of effects and of coefficients.
    level : float
    tau2_method, test : str
        The methods used.
    """

    _shown: ClassVar = (
        *("k", "tau2", "i2", "r2", "q", "q_p", "q_moderators", "q_moderators_df"),
        *("q_moderators_p", "tau2_method", "test"),
    )
    _rows: ClassVar = (
        *("names", "estimate", "se", "ci_low", "ci_high", "statistic", "p_value", "vif"),
    )

    names: tuple[str, ...]
    estimate: np.ndarray
    se: np.ndarray
    statistic: np.ndarray
    df: float
    p_value: np.ndarray
    ci_low: np.ndarray
    ci_high: np.ndarray
    covariance: np.ndarray
    tau2: float
    i2: float
    h2: float
    r2: float
    q: float
    q_df: int
    q_p: float
    q_moderators: float
    q_moderators_df: int
    q_moderators_p: float
    vif: np.ndarray
    k: int
    p: int
    level: float
    tau2_method: str
    test: str
    _design: Design = field(repr=False)

    def predict(self, X_new, *, level: float | None = None) -> Predicted:
        """Effects expected at new values of the moderators.

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
        """
        level = self.level if level is None else checks.level(level)
        rows = self._design.rows(X_new)
        tau2 = np.nan if self.tau2_method == "FE" else self.tau2
        return predicted(rows, self.estimate, self.covariance, self.df, tau2, level)
