"""From a correlation to a test with a normal reference; undoes ``from_wald``."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from ._checks import Number, correlation, plain, sample_size, sign_of, tails_of
from ._forms import root_to_ratio


def to_wald_z(r: ArrayLike, n: ArrayLike, bounded: bool = True) -> Number:
    """Wald z of a correlation: ``r sqrt(n / (1 - r^2))``, or ``r sqrt(n)`` where not ``bounded``.

    Undoes ``from_wald_z``. Assumes n independent people.

    Parameters
    ----------
    r : float or array
        Correlation, -1 < r < 1.
    n : int or array
        Sample size, at least 4.
    bounded : bool
        As in :func:`from_wald_z`.

    Returns
    -------
    float or array
        Wald z, with the sign of r.

    Raises
    ------
    ValueError
        If |r| >= 1 or n is below 4.

    References
    ----------
    Rosenthal R (1991). Meta-Analytic Procedures for Social Research, chapter 2.
    """
    return plain((root_to_ratio(r) if bounded else correlation(r)) * np.sqrt(sample_size(n)))


def to_p_normal(
    r: ArrayLike, n: ArrayLike, sign: ArrayLike = 1, tails: int = 2, bounded: bool = True
) -> Number:
    """As :func:`to_p` for a test with a normal reference; undoes ``from_p_normal``.

    Assumes n independent people.

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
    bounded : bool
        As in :func:`from_wald_z`.

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
    Rosenthal R (1991). Meta-Analytic Procedures for Social Research, chapter 2.
    """
    z = np.asarray(to_wald_z(r, n, bounded))
    z = np.abs(z) * np.abs(sign_of(sign)) if tails_of(tails) == 2 else z * sign_of(sign)
    return plain(tails * ndtr(-z))
