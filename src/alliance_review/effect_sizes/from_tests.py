"""To a correlation from a test: t, F with one numerator degree of freedom, p, R squared, Wald z."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri, stdtrit

from ._checks import (
    Number,
    array,
    degrees,
    plain,
    probability,
    require,
    sample_size,
    share,
    sign_of,
    tails_of,
)


def from_t(t: ArrayLike, df: ArrayLike) -> Number:
    """(Partial) correlation of a t statistic: ``r = t / sqrt(t^2 + df)``.

    Parameters
    ----------
    t : float or array
        t statistic of one coefficient; its sign becomes the sign of r.
    df : float or array
        Residual degrees of freedom, at least 1 (n - 2 for a zero-order correlation).

    References
    ----------
    Rosenthal R (1991). Meta-Analytic Procedures for Social Research, chapter 2.
    """
    t_ = array(t, "t")
    df_ = degrees(df)
    return plain(t_ / np.sqrt(t_**2 + df_))


def from_f(f: ArrayLike, df2: ArrayLike, sign: ArrayLike = 1) -> Number:
    """Correlation of an F statistic with one numerator degree of freedom.

    ``r = sign * sqrt(F / (F + df2))``; F with more than one numerator degree of freedom has no
    direction and is no correlation.

    Parameters
    ----------
    f : float or array
        F statistic, at least 0.
    df2 : float or array
        Denominator degrees of freedom, at least 1.
    sign : 1 or -1
        Direction, which F does not carry.

    References
    ----------
    Rosenthal R (1991). Meta-Analytic Procedures for Social Research, chapter 2.
    """
    f_ = array(f, "F")
    require(f_ >= 0, "F", "0 or more", f)
    df_ = degrees(df2)
    return plain(sign_of(sign) * np.sqrt(f_ / (f_ + df_)))


def from_p(p: ArrayLike, n: ArrayLike, sign: ArrayLike = 1, tails: int = 2) -> Number:
    """Correlation that would give an exact p value in a t test with n - 2 degrees of freedom.

    ``t = F_t^-1(1 - p / tails; n - 2)``, then ``r = sign * t / sqrt(t^2 + n - 2)``.

    Parameters
    ----------
    p : float or array
        Exact p value, 0 < p <= 1 (a bound such as "p < .05" is no exact p value).
    n : int or array
        Sample size, at least 4.
    sign : 1 or -1
        Direction, which a two-sided p does not carry.
    tails : 1 or 2
        Sides of the test. A one-sided p above .5 points against ``sign``.

    References
    ----------
    Rosenthal R, Rubin DB (2003). r equivalent: a simple effect size indicator. Psychological
    Methods 8, 492-496.
    """
    p_ = probability(p)
    df = sample_size(n) - 2.0
    # the lower tail keeps all digits of a small p, where 1 - p would lose them
    t = -stdtrit(df, p_ / tails_of(tails))
    return plain(sign_of(sign) * t / np.sqrt(t**2 + df))


def from_p_normal(
    p: ArrayLike, n: ArrayLike, sign: ArrayLike = 1, tails: int = 2, bounded: bool = True
) -> Number:
    """As :func:`from_p` for a test with a normal reference (Wald test, mixed model, GEE).

    ``bounded`` as in :func:`from_wald_z`.
    """
    z = -ndtri(probability(p) / tails_of(tails))
    return from_wald_z(sign_of(sign) * z, n, bounded)


def from_r_squared(r_squared: ArrayLike, sign: ArrayLike = 1) -> Number:
    """Correlation of a share of variance explained by this one predictor: ``sign * sqrt(R^2)``.

    Parameters
    ----------
    r_squared : float or array
        Share of variance, 0 <= R^2 < 1 (41 % is 0.41).
    sign : 1 or -1
        Direction, which a share does not carry.

    References
    ----------
    Cohen J, Cohen P, West SG, Aiken LS (2003). Applied Multiple Regression/Correlation Analysis
    for the Behavioral Sciences, chapter 2.
    """
    return plain(sign_of(sign) * np.sqrt(share(r_squared, "R squared")))


def from_wald_z(z: ArrayLike, n: ArrayLike, bounded: bool = True) -> Number:
    """Correlation of a Wald (normal) test statistic: ``r = z / sqrt(z^2 + n)``.

    Parameters
    ----------
    z : float or array
        Wald z; its sign becomes the sign of r.
    n : int or array
        Sample size, at least 4.
    bounded : bool
        False gives ``z / sqrt(n)``, the older form: it agrees for small z and leaves (-1, 1) for
        large ones, which is refused.

    References
    ----------
    Rosenthal R (1991). Meta-Analytic Procedures for Social Research, chapter 2.
    """
    z_, n_ = array(z, "z"), sample_size(n)
    if bounded:
        return plain(z_ / np.sqrt(z_**2 + n_))
    require(np.abs(z_) < np.sqrt(n_), "z", "smaller than sqrt(n) in absolute value", z)
    return plain(z_ / np.sqrt(n_))
