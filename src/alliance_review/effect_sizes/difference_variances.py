"""Two groups: sampling variances of d and g, and what becomes of them between d and r."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ._checks import Number, array, correlation, group_factor, plain, positive, within_floats
from .differences import degrees_within, precision
from .from_groups import from_d
from .small_sample import g_to_d, log_factor

KINDS = ("LS", "UB")


def d_variance(d: ArrayLike, n1: ArrayLike, n2: ArrayLike) -> Number:
    """Large-sample variance of d: ``(n1 + n2) / (n1 n2) + d^2 / (2 (n1 + n2))``.

    Assumes normal scores with equal variances, and groups that are not small.

    Parameters
    ----------
    d : float or array
        Standardised mean difference, finite.
    n1, n2 : int or array
        Group sizes, each at least 2.

    Returns
    -------
    float or array
        Variance on the scale of d, above 0.

    Raises
    ------
    ValueError
        If d is not finite, a group size is below 2, or the square of d is beyond the
        floating-point numbers.

    References
    ----------
    Borenstein M, Hedges LV, Higgins JPT, Rothstein HR (2009). Introduction to Meta-Analysis,
    chapter 4.
    """
    means = 1 / precision(n1, n2)  # before the sum: it checks the sizes
    total = np.asarray(n1, dtype=float) + np.asarray(n2, dtype=float)
    with np.errstate(over="ignore"):
        return within_floats(means + array(d, "d") ** 2 / (2 * total), "variance of d")


def g_variance(g: ArrayLike, n1: ArrayLike, n2: ArrayLike, kind: str = "LS") -> Number:
    """Sampling variance of g.

    Assumes normal scores with equal variances; "LS" also that the groups are not small.

    Parameters
    ----------
    g : float or array
        Unbiased standardised mean difference, finite.
    n1, n2 : int or array
        Group sizes, each at least 2.
    kind : {"LS", "UB"}
        "LS": ``J^2`` times :func:`d_variance` of ``d = g / J``. "UB": unbiased,
        ``1/n1 + 1/n2 + (1 - (m - 2) / (m J^2)) g^2`` with ``m = n1 + n2 - 2``, which follows from
        the mean and variance of d in Hedges (1981).

    Returns
    -------
    float or array
        Variance on the scale of g, above 0.

    Raises
    ------
    ValueError
        If g is not finite, a group size is below 2, kind is unknown, or the square of g is beyond
        the floating-point numbers.

    References
    ----------
    Borenstein M, Hedges LV, Higgins JPT, Rothstein HR (2009). Introduction to Meta-Analysis,
    chapter 4. Hedges LV (1981). Journal of Educational Statistics 6, 107-128.
    """
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}, got {kind!r}")
    m = degrees_within(n1, n2)
    log_j = log_factor(m)
    if kind == "LS":
        return plain(np.exp(2 * log_j) * d_variance(g_to_d(g, n1, n2), n1, n2))
    # 1 - (m - 2)/(m J^2) through logarithms: the difference nears 0 as 1/(2 m)
    with np.errstate(divide="ignore"):  # m = 2: log 0, and nothing is taken off
        share = -np.expm1(np.log1p(-2 / m) - 2 * log_j)
    with np.errstate(over="ignore"):
        return within_floats(1 / precision(n1, n2) + share * array(g, "g") ** 2, "variance of g")


def r_variance_of_d(
    d: ArrayLike, variance: ArrayLike, n1: ArrayLike | None = None, n2: ArrayLike | None = None
) -> Number:
    """Variance of the correlation that :func:`from_d` makes of d: ``a^2 V / (d^2 + a)^3``.

    First order in the variance (delta method), which assumes that it is small; ``a`` as in
    :func:`from_d`, 4 for the equal groups assumed where no sizes are given.

    Parameters
    ----------
    d : float or array
        Standardised mean difference, finite.
    variance : float or array
        Its variance, above 0.
    n1, n2 : int or array, optional
        Group sizes, each at least 1; both or neither.

    Returns
    -------
    float or array
        Variance on the r scale.

    Raises
    ------
    ValueError
        If the variance is not above 0, or d or a group size is one that :func:`from_d` refuses.

    References
    ----------
    Borenstein M, Hedges LV, Higgins JPT, Rothstein HR (2009). Introduction to Meta-Analysis,
    chapter 7.
    """
    from_d(d, n1, n2)  # refuses a d whose square, or its cube, would overflow below
    a = group_factor(n1, n2)
    return plain(a**2 * positive(variance, "variance") / (array(d, "d") ** 2 + a) ** 3)


def d_variance_of_r(
    r: ArrayLike, variance: ArrayLike, n1: ArrayLike | None = None, n2: ArrayLike | None = None
) -> Number:
    """Variance of the difference that :func:`to_d` makes of r: ``a V / (1 - r^2)^3``.

    First order in the variance (delta method), which assumes that it is small; with equal groups,
    assumed where no sizes are given, a = 4.

    Parameters
    ----------
    r : float or array
        Correlation, -1 < r < 1.
    variance : float or array
        Its variance on the r scale, above 0.
    n1, n2 : int or array, optional
        Group sizes, each at least 1; both or neither.

    Returns
    -------
    float or array
        Variance on the scale of d.

    Raises
    ------
    ValueError
        If |r| >= 1, the variance is not above 0, or a group size is below 1 or alone.

    References
    ----------
    Borenstein M, Hedges LV, Higgins JPT, Rothstein HR (2009). Introduction to Meta-Analysis,
    chapter 7.
    """
    r_ = correlation(r)
    within = (1 - r_) * (1 + r_)
    return plain(group_factor(n1, n2) * positive(variance, "variance") / within**3)
