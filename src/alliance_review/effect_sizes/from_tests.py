"""To a correlation from a test: t, F with one numerator degree of freedom, p, R squared."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtrit

from ._checks import (
    Number,
    array,
    degrees,
    plain,
    require,
    sample_size,
    share,
    sign_of,
    tail_probability,
)
from ._forms import as_correlation, ratio_to_root


def from_t(t: ArrayLike, df: ArrayLike) -> Number:
    """(Partial) correlation of a t statistic: ``r = t / sqrt(t^2 + df)``.

    Exact for the t of one coefficient in a regression by least squares; assumes that it is one,
    and not a t with degrees of freedom adjusted for unequal variances.

    Parameters
    ----------
    t : float or array
        t statistic of one coefficient, finite; its sign becomes the sign of r.
    df : float or array
        Residual degrees of freedom, at least 1 (n - 2 for a zero-order correlation).

    Returns
    -------
    float or array
        r, -1 < r < 1.

    Raises
    ------
    ValueError
        If t is not finite, df is below 1, or t is so large that r rounds to 1 or -1.

    References
    ----------
    Rosenthal R (1991). Meta-Analytic Procedures for Social Research, chapter 2.
    """
    return ratio_to_root(array(t, "t"), degrees(df), "t")


def from_f(f: ArrayLike, df2: ArrayLike, sign: ArrayLike = 1) -> Number:
    """Correlation of an F statistic with one numerator degree of freedom.

    ``r = sign * sqrt(F / (F + df2))``. Assumes one numerator degree of freedom, so that F is the
    square of a t; with more, F has no direction and is no correlation.

    Parameters
    ----------
    f : float or array
        F statistic, at least 0.
    df2 : float or array
        Denominator degrees of freedom, at least 1.
    sign : 1 or -1
        Direction, which F does not carry.

    Returns
    -------
    float or array
        r, -1 < r < 1.

    Raises
    ------
    ValueError
        If F is below 0, df2 below 1 or sign neither 1 nor -1, or if F is so large that r rounds
        to 1 or -1.

    References
    ----------
    Rosenthal R (1991). Meta-Analytic Procedures for Social Research, chapter 2.
    """
    f_ = array(f, "F")
    require(f_ >= 0, "F", "0 or more", f)
    return plain(sign_of(sign) * ratio_to_root(np.sqrt(f_), degrees(df2), "F"))


def from_p(p: ArrayLike, n: ArrayLike, sign: ArrayLike = 1, tails: int = 2) -> Number:
    """Correlation that would give an exact p value in a t test with n - 2 degrees of freedom.

    ``t = F_t^-1(1 - p / tails; n - 2)``, then ``r = sign * t / sqrt(t^2 + n - 2)``. Assumes that
    p is of a test with a t distribution, or of one about as powerful.

    Parameters
    ----------
    p : float or array
        Exact p value, 0 < p <= 1 (a bound such as "p < .05" is no exact p value); below 1 where
        the test is one-sided.
    n : int or array
        Sample size, at least 4.
    sign : 1 or -1
        Direction, which a two-sided p does not carry.
    tails : 1 or 2
        Sides of the test. A one-sided p above .5 points against ``sign``.

    Returns
    -------
    float or array
        r, -1 < r < 1.

    Raises
    ------
    ValueError
        If p, n, sign or tails is out of range, or p is so small that r rounds to 1 or -1.

    References
    ----------
    Rosenthal R, Rubin DB (2003). r equivalent: a simple effect size indicator. Psychological
    Methods 8, 492-496.
    """
    return plain(sign_of(sign) * r_of_tail(tail_probability(p, tails), n, "the t of p"))


def r_of_tail(upper: ArrayLike, n: ArrayLike, source: str) -> Number:
    """Correlation whose t, with n - 2 degrees of freedom, has the upper tail ``upper``."""
    df = sample_size(n) - 2.0
    # the lower tail keeps all digits of a small p, where 1 - p would lose them
    t = -stdtrit(df, upper)
    return ratio_to_root(t, df, source)


def from_r_squared(r_squared: ArrayLike, sign: ArrayLike = 1) -> Number:
    """Correlation of a share of variance: ``sign * sqrt(R^2)``.

    Assumes that the share is explained by this one predictor, and is not adjusted for df.

    Parameters
    ----------
    r_squared : float or array
        Share of variance, 0 <= R^2 < 1 (41 % is 0.41).
    sign : 1 or -1
        Direction, which a share does not carry.

    Returns
    -------
    float or array
        r, -1 < r < 1.

    Raises
    ------
    ValueError
        If R squared is below 0, or 1 or more, or sign is neither 1 nor -1.

    References
    ----------
    Cohen J, Cohen P, West SG, Aiken LS (2003). Applied Multiple Regression/Correlation Analysis
    for the Behavioral Sciences, chapter 2.
    """
    r = np.sqrt(share(r_squared, "R squared"))
    return as_correlation(sign_of(sign) * r, "R squared")
