"""Two groups: the standardised mean difference d.

Sign: positive where the first group is higher. ``d`` is in standard deviations within groups,
which are assumed equal in both groups, and scores normal. ``small_sample`` takes the bias from d,
``difference_variances`` has the variances.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._checks import Number, array, at_least, plain, positive


def d_from_means(
    mean1: ArrayLike, sd1: ArrayLike, n1: ArrayLike, mean2: ArrayLike, sd2: ArrayLike, n2: ArrayLike
) -> Number:
    """Standardised mean difference: ``(mean1 - mean2) / S``, S pooled over both groups.

    ``S^2 = ((n1 - 1) sd1^2 + (n2 - 1) sd2^2) / (n1 + n2 - 2)``. Assumes equal standard deviations
    in both populations.

    Parameters
    ----------
    mean1, mean2 : float or array
        Means of the groups, finite.
    sd1, sd2 : float or array
        Standard deviations within the groups, above 0.
    n1, n2 : int or array
        Group sizes, each at least 2.

    Returns
    -------
    float or array
        d, in standard deviations.

    Raises
    ------
    ValueError
        If a mean is not finite, a standard deviation not above 0 or a group size below 2.

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

    Assumes the t test with a pooled standard deviation, not the one for unequal variances.

    Parameters
    ----------
    t : float or array
        t statistic, finite; positive where the first group is higher.
    n1, n2 : int or array
        Group sizes, each at least 2.

    Returns
    -------
    float or array
        d, in standard deviations.

    Raises
    ------
    ValueError
        If t is not finite or a group size is below 2.

    References
    ----------
    Borenstein M, Hedges LV, Higgins JPT, Rothstein HR (2009). Introduction to Meta-Analysis,
    chapter 4.
    """
    return plain(array(t, "t") / np.sqrt(precision(n1, n2)))


def t_from_d(d: ArrayLike, n1: ArrayLike, n2: ArrayLike) -> Number:
    """The t statistic of a standardised mean difference; inverse of :func:`d_from_t`.

    ``t = d / sqrt(1/n1 + 1/n2)``. Assumes that d was standardised by the pooled standard deviation.

    Parameters
    ----------
    d : float or array
        Standardised mean difference, finite.
    n1, n2 : int or array
        Group sizes, each at least 2.

    Returns
    -------
    float or array
        t, with n1 + n2 - 2 degrees of freedom.

    Raises
    ------
    ValueError
        If d is not finite or a group size is below 2.

    References
    ----------
    Borenstein M, Hedges LV, Higgins JPT, Rothstein HR (2009). Introduction to Meta-Analysis,
    chapter 4.
    """
    return plain(array(d, "d") * np.sqrt(precision(n1, n2)))


def degrees_within(n1: ArrayLike, n2: ArrayLike) -> NDArray[np.float64]:
    """Degrees of freedom within two groups of at least 2: ``n1 + n2 - 2``."""
    return at_least(n1, "n1", 2) + at_least(n2, "n2", 2) - 2


def precision(n1: ArrayLike, n2: ArrayLike) -> NDArray[np.float64]:
    """n1 n2 / (n1 + n2): one over the variance of a difference of two means, in SDs squared."""
    first, second = at_least(n1, "n1", 2), at_least(n2, "n2", 2)
    return first * second / (first + second)
