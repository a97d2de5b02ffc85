"""To a correlation from a test with a normal reference: Wald z, or its p value."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from ._checks import (
    Number,
    array,
    require,
    sample_size,
    sign_of,
    tail_probability,
)
from ._forms import as_correlation, ratio_to_root


def from_p_normal(
    p: ArrayLike, n: ArrayLike, sign: ArrayLike = 1, tails: int = 2, bounded: bool = True
) -> Number:
    """Correlation that would give an exact p value in a test with a normal reference.

    ``z = Phi^-1(1 - p / tails)``, then :func:`from_wald_z`. Assumes a Wald test of n independent
    people, as mixed models and generalised estimating equations print it.

    Parameters
    ----------
    p : float or array
        Exact p value, 0 < p <= 1; below 1 where the test is one-sided.
    n : int or array
        Sample size, at least 4.
    sign : 1 or -1
        Direction, which a two-sided p does not carry.
    tails : 1 or 2
        Sides of the test. A one-sided p above .5 points against ``sign``.
    bounded : bool
        As in :func:`from_wald_z`.

    Returns
    -------
    float or array
        r, -1 < r < 1.

    Raises
    ------
    ValueError
        If p, n, sign or tails is out of range, or, where not ``bounded``, if z reaches sqrt(n).

    References
    ----------
    Rosenthal R (1991). Meta-Analytic Procedures for Social Research, chapter 2.
    """
    z = -ndtri(tail_probability(p, tails))
    return from_wald_z(sign_of(sign) * z, n, bounded)


def from_wald_z(z: ArrayLike, n: ArrayLike, bounded: bool = True) -> Number:
    """Correlation of a Wald (normal) test statistic: ``r = z / sqrt(z^2 + n)``.

    Assumes n independent people; with clusters n is too large and r too small.

    Parameters
    ----------
    z : float or array
        Wald z, finite; its sign becomes the sign of r.
    n : int or array
        Sample size, at least 4.
    bounded : bool
        False gives ``z / sqrt(n)``, the older form: it agrees for small z and leaves (-1, 1) for
        large ones, which is refused.

    Returns
    -------
    float or array
        r, -1 < r < 1.

    Raises
    ------
    ValueError
        If z is not finite, n is below 4, or z is so large that r rounds to 1 or -1 (where not
        ``bounded``: that it reaches sqrt(n)).

    References
    ----------
    Rosenthal R (1991). Meta-Analytic Procedures for Social Research, chapter 2.
    """
    z_, n_ = array(z, "z"), sample_size(n)
    if bounded:
        return ratio_to_root(z_, n_, "z")
    require(np.abs(z_) < np.sqrt(n_), "z", "smaller than sqrt(n) in absolute value", z)
    return as_correlation(z_ / np.sqrt(n_), "z")
