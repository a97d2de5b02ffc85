"""From a correlation to a test: t, F with one numerator degree of freedom, p, R squared.

Each function undoes the one of ``from_tests`` of the same name, under the same assumption, so that
``from_x(to_x(r, ...), ...)`` is r again. What the forward way loses (the sign of F, p and R
squared) has to be supplied or stays lost.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtr

from ._checks import Number, correlation, degrees, plain, sample_size, sign_of, tails_of
from ._forms import root_to_ratio


def to_t(r: ArrayLike, df: ArrayLike) -> Number:
    """The t statistic of a (partial) correlation: ``r sqrt(df / (1 - r^2))``; undoes ``from_t``.

    Assumes a correlation of the kind a regression by least squares gives.

    Parameters
    ----------
    r : float or array
        Correlation, -1 < r < 1.
    df : float or array
        Residual degrees of freedom, at least 1 (n - 2 for a zero-order correlation).

    Returns
    -------
    float or array
        t, with the sign of r.

    Raises
    ------
    ValueError
        If |r| >= 1 or df is below 1.

    References
    ----------
    Rosenthal R (1991). Meta-Analytic Procedures for Social Research, chapter 2.
    """
    return plain(root_to_ratio(r) * np.sqrt(degrees(df)))


def to_f(r: ArrayLike, df2: ArrayLike) -> Number:
    """F with one numerator degree of freedom, the square of t; undoes ``from_f``, sign apart.

    ``F = r^2 df2 / (1 - r^2)``. Assumes what :func:`to_t` assumes.

    Parameters
    ----------
    r : float or array
        Correlation, -1 < r < 1.
    df2 : float or array
        Denominator degrees of freedom, at least 1.

    Returns
    -------
    float or array
        F, at least 0.

    Raises
    ------
    ValueError
        If |r| >= 1 or df2 is below 1.

    References
    ----------
    Rosenthal R (1991). Meta-Analytic Procedures for Social Research, chapter 2.
    """
    return plain(np.asarray(to_t(r, df2)) ** 2)


def to_p(r: ArrayLike, n: ArrayLike, sign: ArrayLike = 1, tails: int = 2) -> Number:
    """The p value of the t test with n - 2 degrees of freedom; undoes ``from_p``.

    Assumes pairs drawn independently from a bivariate normal distribution.

    Parameters
    ----------
    r : float or array
        Correlation, -1 < r < 1.
    n : int or array
        Sample size, at least 4.
    sign : 1 or -1
        One-sided, the direction the test looks in; two-sided, it does not matter.
    tails : 1 or 2
        Sides of the test.

    Returns
    -------
    float or array
        p; 0 where it lies below the smallest floating-point number.

    Raises
    ------
    ValueError
        If |r| >= 1, n is below 4, sign neither 1 nor -1 or tails neither 1 nor 2.

    References
    ----------
    Fisher RA (1915). Frequency distribution of the values of the correlation coefficient in
    samples from an indefinitely large population. Biometrika 10, 507-521.
    """
    df = sample_size(n) - 2.0
    t = np.asarray(to_t(r, df))
    t = np.abs(t) * np.abs(sign_of(sign)) if tails_of(tails) == 2 else t * sign_of(sign)
    return plain(tails * stdtr(df, -t))


def to_r_squared(r: ArrayLike) -> Number:
    """Share of variance: ``r^2``; undoes ``from_r_squared``, sign apart.

    Assumes a single predictor.

    Parameters
    ----------
    r : float or array
        Correlation, -1 < r < 1.

    Returns
    -------
    float or array
        R squared, at least 0 and below 1.

    Raises
    ------
    ValueError
        If |r| >= 1 or r is no finite number.

    References
    ----------
    Cohen J, Cohen P, West SG, Aiken LS (2003). Applied Multiple Regression/Correlation Analysis
    for the Behavioral Sciences, chapter 2.
    """
    return plain(correlation(r) ** 2)
