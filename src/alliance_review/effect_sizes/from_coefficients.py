"""To a correlation from a regression coefficient, with its standard error or its interval."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ._checks import Number, array, correlation, interval, plain, positive, share
from .from_ratios import standard_error
from .from_tests import from_t


def from_coefficient(b: ArrayLike, se: ArrayLike, df: ArrayLike) -> Number:
    """Partial correlation of a regression coefficient and its standard error: ``t = b / se``.

    Assumes that b / se follows a t distribution with df degrees of freedom, as in a regression by
    least squares; the correlation is then given all other predictors of the model.

    Parameters
    ----------
    b : float or array
        Coefficient (unstandardised or standardised), finite.
    se : float or array
        Its standard error, above 0.
    df : float or array
        Residual degrees of freedom, at least 1.

    Returns
    -------
    float or array
        r, -1 < r < 1.

    Raises
    ------
    ValueError
        If a value is out of range, or b / se is so large that r rounds to 1 or -1.

    References
    ----------
    Aloe AM, Thompson CG (2013). The synthesis of partial effect sizes. Journal of the Society for
    Social Work and Research 4, 390-405.
    """
    b_, se_ = array(b, "b"), positive(se, "se")
    with np.errstate(over="ignore"):  # an infinite t is refused in words
        return from_t(array(b_ / se_, "b / se"), df)


def from_coefficient_interval(
    b: ArrayLike, ci_low: ArrayLike, ci_high: ArrayLike, df: ArrayLike, level: float = 0.95
) -> Number:
    """As :func:`from_coefficient`, the standard error taken from the width of the interval.

    Assumes a symmetric interval with normal quantiles, see :func:`standard_error`.

    Parameters
    ----------
    b : float or array
        Coefficient, finite.
    ci_low, ci_high : float or array
        Bounds of its interval, ci_low <= b <= ci_high and ci_low < ci_high.
    df : float or array
        Residual degrees of freedom, at least 1.
    level : float
        Confidence level of the interval, between 0 and 1.

    Returns
    -------
    float or array
        r, -1 < r < 1.

    Raises
    ------
    ValueError
        If a value is not finite, the interval is empty, b lies outside it, df is below 1, or
        level is not between 0 and 1.

    References
    ----------
    Altman DG, Bland JM (2011). BMJ 343, d2304. Aloe AM, Thompson CG (2013). Journal of the
    Society for Social Work and Research 4, 390-405.
    """
    middle, low, high = interval(b, ci_low, ci_high, "b")
    return from_coefficient(middle, standard_error(low, high, level), df)


def from_standardised(beta: ArrayLike, predictor_r_squared: ArrayLike = 0.0) -> Number:
    """Semi-partial correlation of a standardised coefficient: ``sr = beta sqrt(1 - R_x^2)``.

    With a single predictor R_x^2 is 0 and the coefficient is the correlation itself: the default
    assumes so. With others the zero-order correlation is not to be had from beta alone; rules
    that add a constant for it are not offered here.

    Parameters
    ----------
    beta : float or array
        Standardised coefficient, finite.
    predictor_r_squared : float or array
        Share of this predictor's variance that the other predictors explain (one less the
        tolerance), 0 <= R_x^2 < 1.

    Returns
    -------
    float or array
        Semi-partial correlation, above -1 and below 1.

    Raises
    ------
    ValueError
        If a value is out of range, or if the result is no correlation: |beta| too large for the
        stated R_x^2.

    References
    ----------
    Cohen J, Cohen P, West SG, Aiken LS (2003). Applied Multiple Regression/Correlation Analysis
    for the Behavioral Sciences, chapter 3.
    """
    tolerance = 1 - share(predictor_r_squared, "R squared of the predictor")
    return plain(correlation(array(beta, "beta") * np.sqrt(tolerance), "beta sqrt(1 - R_x^2)"))
