"""Two groups: the standardised mean difference d, its unbiased form g, and their variances.

Sign: positive where the first group is higher. ``d`` is in standard deviations within groups,
which are assumed equal in both groups, and scores normal.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaln

from ._checks import Number, array, at_least, group_factor, plain, positive, require

KINDS = ("LS", "UB")


def d_from_means(
    mean1: ArrayLike, sd1: ArrayLike, n1: ArrayLike, mean2: ArrayLike, sd2: ArrayLike, n2: ArrayLike
) -> Number:
    """Standardised mean difference: ``(mean1 - mean2) / S``, S pooled over both groups.

    ``S^2 = ((n1 - 1) sd1^2 + (n2 - 1) sd2^2) / (n1 + n2 - 2)``.

    Parameters
    ----------
    mean1, mean2 : float or array
    sd1, sd2 : float or array
        Standard deviations within the groups, above 0.
    n1, n2 : int or array
        Group sizes, each at least 2.

    References
    ----------
    Borenstein M, Hedges LV, Higgins JPT, Rothstein HR (2009). Introduction to Meta-Analysis,
    chapter 4.
    """
    f1, f2 = at_least(n1, "n1", 2) - 1, at_least(n2, "n2", 2) - 1
    squares = f1 * positive(sd1, "sd1") ** 2 + f2 * positive(sd2, "sd2") ** 2
    return plain((array(mean1, "mean1") - array(mean2, "mean2")) / np.sqrt(squares / (f1 + f2)))


def d_from_t(t: ArrayLike, n1: ArrayLike, n2: ArrayLike) -> Number:
    """Standardised mean difference of an independent-groups t: ``t sqrt(1/n1 + 1/n2)``.

    References
    ----------
    Borenstein M, Hedges LV, Higgins JPT, Rothstein HR (2009). Introduction to Meta-Analysis,
    chapter 4.
    """
    return plain(array(t, "t") / np.sqrt(_precision(n1, n2)))


def t_from_d(d: ArrayLike, n1: ArrayLike, n2: ArrayLike) -> Number:
    """The t statistic of a standardised mean difference; inverse of :func:`d_from_t`."""
    return plain(array(d, "d") * np.sqrt(_precision(n1, n2)))


def small_sample_factor(df: ArrayLike) -> Number:
    """Factor J that takes the bias from d: ``G(df/2) / (sqrt(df/2) G((df - 1)/2))``, G the gamma.

    Close to ``1 - 3 / (4 df - 1)``, the form usually printed. ``df`` is n1 + n2 - 2, at least 2.

    References
    ----------
    Hedges LV (1981). Distribution theory for Glass's estimator of effect size and related
    estimators. Journal of Educational Statistics 6, 107-128.
    """
    half = at_least(df, "df", 2) / 2
    return plain(np.exp(gammaln(half) - gammaln(half - 0.5)) / np.sqrt(half))


def d_to_g(d: ArrayLike, n1: ArrayLike, n2: ArrayLike) -> Number:
    """Unbiased standardised mean difference: ``g = J d``, see :func:`small_sample_factor`.

    References
    ----------
    Hedges LV (1981). Journal of Educational Statistics 6, 107-128.
    """
    return plain(array(d, "d") * small_sample_factor(_df(n1, n2)))


def g_to_d(g: ArrayLike, n1: ArrayLike, n2: ArrayLike) -> Number:
    """Standardised mean difference of its unbiased form: ``d = g / J``."""
    return plain(array(g, "g") / small_sample_factor(_df(n1, n2)))


def d_variance(d: ArrayLike, n1: ArrayLike, n2: ArrayLike) -> Number:
    """Large-sample variance of d: ``(n1 + n2) / (n1 n2) + d^2 / (2 (n1 + n2))``.

    References
    ----------
    Borenstein M, Hedges LV, Higgins JPT, Rothstein HR (2009). Introduction to Meta-Analysis,
    chapter 4.
    """
    precision = _precision(n1, n2)  # before the sum: it checks the sizes
    total = np.asarray(n1, dtype=float) + np.asarray(n2, dtype=float)
    return plain(1 / precision + array(d, "d") ** 2 / (2 * total))


def g_variance(g: ArrayLike, n1: ArrayLike, n2: ArrayLike, kind: str = "LS") -> Number:
    """Sampling variance of g.

    Parameters
    ----------
    g : float or array
        Unbiased standardised mean difference.
    n1, n2 : int or array
        Group sizes, each at least 2.
    kind : {"LS", "UB"}
        "LS": ``J^2`` times :func:`d_variance` of ``d = g / J``. "UB": unbiased,
        ``1/n1 + 1/n2 + (1 - (m - 2) / (m J^2)) g^2`` with ``m = n1 + n2 - 2``, which follows from
        the mean and variance of d in Hedges (1981).

    References
    ----------
    Borenstein M, Hedges LV, Higgins JPT, Rothstein HR (2009). Introduction to Meta-Analysis,
    chapter 4. Hedges LV (1981). Journal of Educational Statistics 6, 107-128.
    """
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}, got {kind!r}")
    df = _df(n1, n2)
    factor = np.asarray(small_sample_factor(df))
    if kind == "LS":
        return plain(factor**2 * d_variance(g_to_d(g, n1, n2), n1, n2))
    return plain(1 / _precision(n1, n2) + (1 - (df - 2) / (df * factor**2)) * array(g, "g") ** 2)


def r_variance_of_d(
    d: ArrayLike, variance: ArrayLike, n1: ArrayLike | None = None, n2: ArrayLike | None = None
) -> Number:
    """Variance of the correlation that :func:`from_d` makes of d: ``a^2 V / (d^2 + a)^3``.

    First order in the variance (delta method); ``a`` as in :func:`from_d`.

    References
    ----------
    Borenstein M, Hedges LV, Higgins JPT, Rothstein HR (2009). Introduction to Meta-Analysis,
    chapter 7.
    """
    a = group_factor(n1, n2)
    return plain(a**2 * positive(variance, "variance") / (array(d, "d") ** 2 + a) ** 3)


def d_variance_of_r(
    r: ArrayLike, variance: ArrayLike, n1: ArrayLike | None = None, n2: ArrayLike | None = None
) -> Number:
    """Variance of the difference that :func:`to_d` makes of r: ``a V / (1 - r^2)^3``.

    First order in the variance (delta method); with equal groups a = 4.

    References
    ----------
    Borenstein M, Hedges LV, Higgins JPT, Rothstein HR (2009). Introduction to Meta-Analysis,
    chapter 7.
    """
    r_ = array(r, "r")
    require(np.abs(r_) < 1, "r", "above -1 and below 1", r)
    return plain(group_factor(n1, n2) * positive(variance, "variance") / (1 - r_**2) ** 3)


def _df(n1: ArrayLike, n2: ArrayLike):
    return at_least(n1, "n1", 2) + at_least(n2, "n2", 2) - 2


def _precision(n1: ArrayLike, n2: ArrayLike):
    """n1 n2 / (n1 + n2): one over the variance of a difference of two means, in SDs squared."""
    first, second = at_least(n1, "n1", 2), at_least(n2, "n2", 2)
    return first * second / (first + second)
