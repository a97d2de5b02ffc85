"""Partial and semi-partial correlations of one predictor in a regression, with their variances.

From what a regression table prints: the t of the predictor, the residual degrees of freedom
(n - m - 1 with m predictors) and R squared of the whole model. The partial correlation itself is
:func:`from_t`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ._checks import Number, array, correlation, degrees, plain, require, sample_size, share
from .from_tests import from_t


def partial_variance(r: ArrayLike, df: ArrayLike) -> Number:
    """Large-sample variance of a partial correlation: ``(1 - r^2)^2 / df``.

    Parameters
    ----------
    r : float or array
        Partial correlation, -1 < r < 1.
    df : float or array
        Residual degrees of freedom of the regression, n - m - 1, at least 1.

    References
    ----------
    Aloe AM, Thompson CG (2013). The synthesis of partial effect sizes. Journal of the Society for
    Social Work and Research 4, 390-405.
    """
    return plain((1 - correlation(r) ** 2) ** 2 / degrees(df))


def partial_z_variance(df: ArrayLike) -> Number:
    """Sampling variance of Fisher's z of a partial correlation: ``1 / (df - 1)``.

    A partial correlation given q variables from n people is distributed as a correlation from
    n - q people, so its z has variance ``1 / (n - q - 3)``. With ``df = n - q - 2`` that is
    ``1 / (df - 1)``; for q = 0 it is :func:`z_variance`.

    Parameters
    ----------
    df : float or array
        Residual degrees of freedom of the regression, n - q - 2, at least 2.

    References
    ----------
    Fisher RA (1924). The distribution of the partial correlation coefficient. Metron 3, 329-332.
    """
    df_ = degrees(df)
    require(df_ >= 2, "df", "at least 2", df)
    return plain(1.0 / (df_ - 1.0))


def semipartial_r(t: ArrayLike, df: ArrayLike, r_squared: ArrayLike) -> Number:
    """Semi-partial correlation of a predictor: ``sr = t sqrt((1 - R^2) / df)``.

    Its square is the share of the outcome's variance that the model loses without the predictor.

    Parameters
    ----------
    t : float or array
        t statistic of the predictor; its sign becomes the sign of the result.
    df : float or array
        Residual degrees of freedom, n - m - 1, at least 1.
    r_squared : float or array
        R squared of the whole model, at least 0 and below 1.

    Raises
    ------
    ValueError
        Also if the predictor alone would explain more than the whole model does.

    References
    ----------
    Aloe AM, Becker BJ (2012). An effect size for regression predictors in meta-analysis. Journal
    of Educational and Behavioral Statistics 37, 278-297.
    """
    share_ = share(r_squared, "R squared")
    sr = array(t, "t") * np.sqrt((1 - share_) / degrees(df))
    _explained(sr, share_, r_squared)
    return plain(sr)


def semipartial_variance(sr: ArrayLike, n: ArrayLike, r_squared: ArrayLike) -> Number:
    """Large-sample variance of a semi-partial correlation.

    ``(R^4 - 2 R^2 + R0^2 + 1 - R0^4) / n``, where ``R0^2 = R^2 - sr^2`` is R squared of the model
    without the predictor.

    Parameters
    ----------
    sr : float or array
        Semi-partial correlation, ``sr^2 <= R^2``.
    n : int or array
        Sample size, at least 4.
    r_squared : float or array
        R squared of the whole model, at least 0 and below 1.

    References
    ----------
    Aloe AM, Becker BJ (2012). Journal of Educational and Behavioral Statistics 37, 278-297.
    """
    sr_, share_ = correlation(sr, "sr"), share(r_squared, "R squared")
    _explained(sr_, share_, r_squared)
    without = share_ - sr_**2
    return plain((share_**2 - 2 * share_ + without + 1 - without**2) / sample_size(n))


def semipartial_to_t(sr: ArrayLike, df: ArrayLike, r_squared: ArrayLike) -> Number:
    """The t statistic of a semi-partial correlation; inverse of :func:`semipartial_r`."""
    sr_, share_ = correlation(sr, "sr"), share(r_squared, "R squared")
    _explained(sr_, share_, r_squared)
    return plain(sr_ * np.sqrt(degrees(df) / (1 - share_)))


def semipartial_to_partial(sr: ArrayLike, r_squared: ArrayLike) -> Number:
    """Partial correlation of a semi-partial one: ``sr / sqrt(1 - R0^2)``, R0^2 = R^2 - sr^2."""
    # the degrees of freedom cancel: any value gives the same correlation
    return from_t(semipartial_to_t(sr, 1, r_squared), 1)


def partial_to_semipartial(r: ArrayLike, r_squared: ArrayLike) -> Number:
    """Semi-partial correlation of a partial one; inverse of :func:`semipartial_to_partial`.

    ``sr = r sqrt((1 - R^2) / (1 - r^2))``. Raises ``ValueError`` where R squared of the whole
    model is too small for the partial correlation.
    """
    r_ = correlation(r)
    return semipartial_r(r_ / np.sqrt(1 - r_**2), 1, r_squared)


def _explained(sr, share_, r_squared) -> None:
    require(
        sr**2 <= share_ * (1 + 1e-12),
        "R squared of the model",
        "no less than the square of the semi-partial correlation",
        r_squared,
    )
