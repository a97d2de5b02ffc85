"""Semi-partial correlations of one predictor in a regression, with their variance.

From what a regression table prints: the t of the predictor, the residual degrees of freedom
(n - m - 1 with m predictors) and R squared of the whole model.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ._checks import Number, array, correlation, degrees, plain, require, sample_size, share
from ._forms import as_correlation, root_to_ratio
from .from_tests import from_t


def semipartial_r(t: ArrayLike, df: ArrayLike, r_squared: ArrayLike) -> Number:
    """Semi-partial correlation of a predictor: ``sr = t sqrt((1 - R^2) / df)``.

    Its square is the share of the outcome's variance that the model loses without the predictor.
    Assumes a regression by least squares, and R squared of the same model, not adjusted.

    Parameters
    ----------
    t : float or array
        t statistic of the predictor, finite; its sign becomes the sign of the result.
    df : float or array
        Residual degrees of freedom, n - m - 1, at least 1.
    r_squared : float or array
        R squared of the whole model, at least 0 and below 1.

    Returns
    -------
    float or array
        Semi-partial correlation, above -1 and below 1.

    Raises
    ------
    ValueError
        If a value is out of range, or if the predictor alone would explain more than the whole
        model does.

    References
    ----------
    Aloe AM, Becker BJ (2012). An effect size for regression predictors in meta-analysis. Journal
    of Educational and Behavioral Statistics 37, 278-297.
    """
    share_ = share(r_squared, "R squared")
    sr = array(t, "t") * np.sqrt((1 - share_) / degrees(df))
    _explained(sr, share_, r_squared)
    return as_correlation(sr, "t")


def semipartial_variance(sr: ArrayLike, n: ArrayLike, r_squared: ArrayLike) -> Number:
    """Large-sample variance of a semi-partial correlation.

    ``(R^4 - 2 R^2 + R0^2 + 1 - R0^4) / n``, where ``R0^2 = R^2 - sr^2`` is R squared of the model
    without the predictor. Assumes a multivariate normal distribution.

    Parameters
    ----------
    sr : float or array
        Semi-partial correlation, -1 < sr < 1 and ``sr^2 <= R^2``.
    n : int or array
        Sample size, at least 4.
    r_squared : float or array
        R squared of the whole model, at least 0 and below 1.

    Returns
    -------
    float or array
        Variance on the scale of sr.

    Raises
    ------
    ValueError
        If a value is out of range, or R squared is below the square of sr.

    References
    ----------
    Aloe AM, Becker BJ (2012). Journal of Educational and Behavioral Statistics 37, 278-297.
    """
    sr_, share_ = correlation(sr, "sr"), share(r_squared, "R squared")
    _explained(sr_, share_, r_squared)
    without = share_ - sr_**2
    return plain((share_**2 - 2 * share_ + without + 1 - without**2) / sample_size(n))


def semipartial_to_t(sr: ArrayLike, df: ArrayLike, r_squared: ArrayLike) -> Number:
    """The t statistic of a semi-partial correlation: ``t = sr sqrt(df / (1 - R^2))``.

    The inverse of :func:`semipartial_r`, which assumes the same.

    Parameters
    ----------
    sr : float or array
        Semi-partial correlation, -1 < sr < 1 and ``sr^2 <= R^2``.
    df : float or array
        Residual degrees of freedom, n - m - 1, at least 1.
    r_squared : float or array
        R squared of the whole model, at least 0 and below 1.

    Returns
    -------
    float or array
        t, with the sign of sr.

    Raises
    ------
    ValueError
        If a value is out of range, or R squared is below the square of sr.

    References
    ----------
    Aloe AM, Becker BJ (2012). Journal of Educational and Behavioral Statistics 37, 278-297.
    """
    sr_, share_ = correlation(sr, "sr"), share(r_squared, "R squared")
    _explained(sr_, share_, r_squared)
    return plain(sr_ * np.sqrt(degrees(df) / (1 - share_)))


def semipartial_to_partial(sr: ArrayLike, r_squared: ArrayLike) -> Number:
    """Partial correlation of a semi-partial one: ``sr / sqrt(1 - R0^2)``, R0^2 = R^2 - sr^2.

    Assumes both of the same regression by least squares.

    Parameters
    ----------
    sr : float or array
        Semi-partial correlation, -1 < sr < 1 and ``sr^2 <= R^2``.
    r_squared : float or array
        R squared of the whole model, at least 0 and below 1.

    Returns
    -------
    float or array
        Partial correlation, above -1 and below 1.

    Raises
    ------
    ValueError
        If a value is out of range, or R squared is below the square of sr.

    References
    ----------
    Aloe AM, Becker BJ (2012). Journal of Educational and Behavioral Statistics 37, 278-297.
    """
    # the degrees of freedom cancel: any value gives the same correlation
    return from_t(semipartial_to_t(sr, 1, r_squared), 1)


def partial_to_semipartial(r: ArrayLike, r_squared: ArrayLike) -> Number:
    """Semi-partial correlation of a partial one; inverse of :func:`semipartial_to_partial`.

    ``sr = r sqrt((1 - R^2) / (1 - r^2))``. Assumes both of the same regression by least squares.

    Parameters
    ----------
    r : float or array
        Partial correlation, -1 < r < 1.
    r_squared : float or array
        R squared of the whole model, at least 0 and below 1.

    Returns
    -------
    float or array
        Semi-partial correlation, above -1 and below 1.

    Raises
    ------
    ValueError
        If a value is out of range, or R squared is too small for the partial correlation.

    References
    ----------
    Aloe AM, Becker BJ (2012). Journal of Educational and Behavioral Statistics 37, 278-297.
    """
    return semipartial_r(root_to_ratio(r), 1, r_squared)


def _explained(sr, share_, r_squared) -> None:
    require(
        np.abs(sr) <= np.sqrt(share_ * (1 + 1e-12)),
        "R squared of the model",
        "no less than the square of the semi-partial correlation",
        r_squared,
    )
